"""When a rule has something to judge, in words: from the events that it asks for, and why it had nothing.

A rule whose condition never arose is no pass (requirements, section 0), so the reader has to learn what was not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.profile import Profile
from analyzer.rule import Rule

PHRASES: Final = {
    "CallOpenedRight": "The UE's first protected request of a call, with Route and agreement as they should be",
    "RouteRight": "Such a request that opens a dialog or stands alone",
    "ContactRight": "The UE's first protected request of a call, with a right Contact",
    "PacketRead": "An ESP packet that could be read but not verified: null encryption without a key",
    "PacketUnread": "An ESP packet on an announced SPI that no key opened",
    "PacketVerified": "An ESP packet whose ICV is right",
    "SetRetired": "A set that had to go, at its end",
}
"""Of events whose documentation begins with other things than what a reader of a report needs."""

NEEDS: Final = {
    "AUTH-13": "the capture must show the messages behind the P-CSCF",
    "CRY-05": 'a profile file must say encryption = "required" under [policy]',
    "NEG-18": "the capture must show the messages behind the P-CSCF",
}
"""What some rules need besides their events."""


def phrase(event: type) -> str:
    """What an event tells, in a few words that begin with a capital: the first sentence of its documentation."""
    if (known := PHRASES.get(event.__name__)) is not None:
        return known
    words = " ".join((event.__doc__ or event.__name__).split())
    return words.partition(";")[0].partition(". ")[0].rstrip(".")


def condition(rule: Rule) -> str:
    """When a rule has something to judge."""
    return "; or ".join(_small(phrase(event)) for event in (*rule.events, *rule.met_by))


def told(rule: Rule) -> str:
    """What the rule judges of messages of which only a tool tells (`rule.by_headers`)."""
    if not rule.by_headers:
        return "nothing that only a tool tells of (HEP, exported PDU, SCAT)"
    judged = "; or ".join(_small(phrase(event)) for event in rule.by_headers)
    return f"by its headers alone, where only a tool tells of it (HEP, exported PDU, SCAT): {judged}"


def why_not(rule: Rule, seen: Mapping[type, int]) -> str:
    """Why a rule was not exercised; ``seen`` counts the events that it asks for."""
    events = (*rule.events, *rule.met_by)
    there = [f"{_small(phrase(event))} ({_times(seen[event])})" for event in events if seen.get(event)]
    text = f"never seen: {condition(rule)}"
    if there:
        text = f"seen, but never a case for this rule: {'; '.join(there)}"
    needs = NEEDS.get(rule.id)
    return f"{text}; {needs}" if needs is not None else text


def why_not_in_force(rule: Rule, profile: Profile) -> str:
    """Why a rule is not in force; empty if it is."""
    if rule.in_force(profile):
        return ""
    if profile.levels.get(rule.id, rule.level) is None:
        return "the profile file has switched it off"
    return "not in the papers of 2003, nor owed by every stack of that time"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _small(text: str) -> str:
    """With a small first letter, but for names (``SM7``, ``SIP``, ``UE``)."""
    return text if text[1:2].isupper() or text[1:2].isdigit() else text[:1].lower() + text[1:]
