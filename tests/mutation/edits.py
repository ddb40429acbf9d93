"""Small changes to header lines, and events beside the story, that several families use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.scenario import SaSet
from tests.scenario.state import Who

from . import stories
from .model import Act, Mutated, Mutation

Edit = Callable[[str], str]

TCP: dict[str, Any] = {"transport": "tcp"}
SHA_AES, SHA_NULL = ("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")
MD5_NULL, SHA_3DES = ("hmac-md5-96", "null"), ("hmac-sha-1-96", "des-ede3-cbc")
GCM, GMAC = ("null", "aes-gcm"), ("aes-gmac", "null")

UE, PCSCF, NETWORK = "UE", "P-CSCF", "network"


def headers(**edits: Any) -> dict[str, Any]:
    """Options of a step that edit header lines; ``_`` in a name stands for a hyphen."""
    return {"headers": {name.replace("_", "-"): edit for name, edit in edits.items()}}


def without(parameter: str) -> Edit:
    """Every entry of a Security-* header without a parameter."""
    return lambda text: re.sub(rf";\s*{parameter}=[^;, ]*", "", text)


def value(parameter: str, new: object) -> Edit:
    """Another value of a parameter of a Security-* header, in every entry."""
    return lambda text: re.sub(rf"(?<=;){parameter}=[^;, ]*", f"{parameter}={new}", text)


def digest(parameter: str, new: str | None) -> Edit:
    """Another quoted value of a parameter of Authorization or WWW-Authenticate; None takes it out."""

    def change(text: str) -> str:
        scheme, _, rest = text.partition(" ")
        kept = [each for each in re.split(r",\s*", rest) if not each.lower().startswith(f"{parameter}=")]
        if new is not None:
            kept.append(f'{parameter}="{new}"')
        return f"{scheme} {', '.join(kept)}"

    return change


def via_port(number: int | None) -> Edit:
    """Another port of sent-by in the topmost Via (the other lines stay as they are)."""

    def change(via: str) -> str:
        if "10.30.0." in via:  # a Via of the core, below the P-CSCF's own
            return via
        before, _, rest = via.partition(";")
        host = before.rpartition(":")[0]
        return f"{host};{rest}" if number is None else f"{host}:{number};{rest}"

    return change


def uri_port(number: int) -> Edit:
    """Another port of the UE in a Contact."""
    return lambda text: re.sub(r"(@[^:;>]+|@\[[^]]+\]):\d+", rf"\1:{number}", text)


def pause(seconds: float) -> Act:
    return lambda s: s.wait(seconds)


def then(*acts: Act) -> Act:
    """One event after the other."""

    def act(s: Mutated) -> None:
        for each in acts:
            each(s)

    return act


def own(name: str, side: str) -> Callable[[Mutated], dict[str, Any]]:
    """SM1 (``client``) or SM6 (``server``) with a value that the first set has: ``spi_uc`` as ``spi_c``, say."""
    parameter = name[:-2] + ("c" if name[-1] == "c" else "s")
    return lambda s: {side: {parameter: getattr(s.first, name)}}


def asks(
    who: Who, *, on: Callable[[Mutated], SaSet | None] | None = None, label: str = "extra", wait: float = 0, **how: Any
) -> Act:
    """One more request beside the story."""

    def act(s: Mutated) -> None:
        s.wait(wait)
        s.request(who, "MESSAGE", on=on(s) if on else None, label=label, **how)

    return act


def first(s: Mutated) -> SaSet:
    return s.first


def second(s: Mutated) -> SaSet:
    return s.second


def no_tag() -> dict[str, Any]:
    """A REGISTER that does not say that it wants the agreement."""
    return headers(Require=None, Proxy_Require=None)


def on_first(s: Mutated) -> dict[str, Any]:
    return {"on": s.first}


def on_second(s: Mutated) -> dict[str, Any]:
    return {"on": s.second}


def harmless(name: str, why: str, story: Callable[[Mutated], object] = stories.life, **options: Any) -> Mutation:
    return Mutation(name=name, why=why, story=story, **options)
