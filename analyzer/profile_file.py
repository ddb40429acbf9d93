"""A profile of the user's own: a TOML file that changes constants, levels, flags and policy of a built-in one.

    base = "rel-17"                 # optional, as everything here
    name = "our lab"
    flags = ["ir92"]
    [constants]                     # seconds; most_sets is a number
    timer_64_t1 = 32
    [levels]                        # MUST, SHOULD, INFO or off
    NEG-13 = "MUST"
    [policy]
    encryption = "required"

Errors say what is wrong, and where, in one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from analyzer import toml
from analyzer.frame import SECOND
from analyzer.profile import DEFAULT, FLAGS, POLICIES, PROFILES, Profile
from analyzer.verdict import Level

SECONDS: Final = (
    *("timer_t1", "timer_t2", "timer_64_t1", "timer_c", "reg_await_auth"),
    *("lifetime_margin", "grace", "clock_tolerance"),
)
"""Constants that a file gives in seconds."""

LARGEST: Final = 1 << 20
"""Octets of a file that is read."""

LONGEST: Final = 10 * 366 * 24 * 3600
"""Seconds that no constant is longer than: ten years."""

MOST_SETS: Final = 1000

_ID: Final = re.compile(r"[A-Z][A-Z0-9]*-[0-9]+")


class ProfileError(ValueError):
    """The profile cannot be used; the text says why, in one line."""


def read(text: bytes, origin: str) -> Profile:
    """The profile that a file describes; `origin` is its name, for errors.

    Raises ProfileError.
    """
    if len(text) > LARGEST:
        raise ProfileError(f"{origin}: has more than {LARGEST >> 20} MiB, which no profile has")
    try:
        content = toml.loads(text.decode())
    except (UnicodeDecodeError, toml.TomlError) as error:
        raise ProfileError(f"{origin}: no TOML: {error}") from error
    _known(content, ("base", "name", "flags", "constants", "levels", "policy"), origin, "profile")
    base = content.get("base", DEFAULT)
    if not isinstance(base, str) or base not in PROFILES:
        raise ProfileError(f"{origin}: base: {_quoted(base)} is none of {', '.join(PROFILES)}")
    name = content.get("name", f"{base} with {origin.rpartition('/')[2]}")
    if not isinstance(name, str) or not name or len(name) > 100:
        raise ProfileError(f"{origin}: name: a text of 1 to 100 characters is needed")
    flags = content.get("flags", [])
    if not isinstance(flags, list) or not all(isinstance(each, str) for each in flags):
        raise ProfileError(f"{origin}: flags: a list of texts is needed")
    try:
        profile = flagged(PROFILES[base], flags)
    except ProfileError as error:
        raise ProfileError(f"{origin}: {error}") from error
    return replace(
        profile,
        name=name,
        levels=MappingProxyType(_levels(_table(content, "levels", origin), origin)),
        policy=MappingProxyType(_policy(_table(content, "policy", origin), origin)),
        **_constants(_table(content, "constants", origin), origin),
    )


def flagged(profile: Profile, flags: Iterable[str]) -> Profile:
    """The profile with these flags set besides its own. Raises ProfileError for one that does not exist."""
    names = frozenset(flags)
    for name in sorted(names):
        if name not in FLAGS:
            raise ProfileError(f"no flag is called {_quoted(name)}; there are {', '.join(FLAGS)}")
    if {"seed-solution-1", "seed-solution-2"} <= names | profile.flags:
        raise ProfileError("seed-solution-1 and seed-solution-2 exclude each other")
    return replace(profile, flags=profile.flags | names) if names else profile


def _constants(table: Mapping[str, Any], origin: str) -> dict[str, Any]:
    _known(table, (*SECONDS, "most_sets"), origin, "constant")
    found: dict[str, Any] = {}
    for name, value in table.items():
        where = f"{origin}: constants.{name}"
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if name == "most_sets":
            # In this order, since inf and nan have no int()
            if not number or not 1 <= value <= MOST_SETS or value != int(value):
                raise ProfileError(f"{where}: a whole number from 1 to {MOST_SETS} is needed")
            found[name] = int(value)
        elif not number or not 0 <= value <= LONGEST:
            raise ProfileError(f"{where}: seconds from 0 to {LONGEST} are needed")
        else:
            found[name] = round(value * SECOND)
    return found


def _levels(table: Mapping[str, Any], origin: str) -> dict[str, Level | None]:
    found: dict[str, Level | None] = {}
    for row, value in table.items():
        if not _ID.fullmatch(row):
            raise ProfileError(f"{origin}: levels: {_quoted(row)} is no rule id such as NEG-13")
        if value == "off":
            found[row] = None
        elif isinstance(value, str) and value.upper() in Level.__members__:
            found[row] = Level(value.upper())
        else:
            raise ProfileError(f"{origin}: levels.{row}: {_quoted(value)} is none of MUST, SHOULD, INFO, off")
    return found


def _policy(table: Mapping[str, Any], origin: str) -> dict[str, str]:
    _known(table, POLICIES, origin, "policy")
    for name, value in table.items():
        if value not in POLICIES[name]:
            raise ProfileError(f"{origin}: policy.{name}: {_quoted(value)} is none of {', '.join(POLICIES[name])}")
    return dict(table)


def _table(content: Mapping[str, Any], name: str, origin: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise ProfileError(f"{origin}: {name}: a table, [{name}], is needed")
    return table


def _known(table: Mapping[str, Any], names: Iterable[str], origin: str, what: str) -> None:
    names = list(names)
    for name in table:
        if name not in names:
            import difflib  # seldom needed: 2 ms of every start

            close = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
            raise ProfileError(f"{origin}: no {what} entry is called {_quoted(name)}; {hint}")


def _quoted(value: object) -> str:
    """A value of the user's for an error: short, and of one line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
