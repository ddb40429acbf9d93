"""Digest headers with one parameter changed, for the tests of the AUTH rows."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from tests.scenario import Scenario, audited

NONCE = base64.b64encode(bytes(range(32))).decode()
"""A nonce of the right form that no challenge of the scripted network has."""


def put(name: str, value: str | None, *, quoted: bool = True) -> Callable[[str], str]:
    """A header with this parameter set, added, or (None) taken out."""

    def change(text: str) -> str:
        scheme, _, rest = text.partition(" ")
        kept = [each for each in re.split(r",\s*", rest) if not re.match(rf"{name}=", each, re.IGNORECASE)]
        if value is not None:
            kept.append(f'{name}="{value}"' if quoted else f"{name}={value}")
        return f"{scheme} {', '.join(kept)}"

    return change


def all_of(*changes: Callable[[str], str]) -> Callable[[str], str]:
    """Several changes one after the other."""

    def change(text: str) -> str:
        for each in changes:
            text = each(text)
        return text

    return change


def in_force(scenario: Scenario, rule: str, profile: str) -> bool:
    return any(each.id == rule for each in audited(scenario, profile=profile).rules)
