"""Who chose the algorithms of a set, and what was negotiated side by side (evidence E3)."""

from collections.abc import Iterable

from analyzer.ims.events import AlgorithmsInUse, Mechanism
from analyzer.rule import Actor, Profile, Table

SHOWN = 8
"""Entries and names that a finding shows; a list of mechanisms may be as long as an attacker likes."""
WIDTH = 60

Pair = tuple[str, str]

REMOVED = frozenset({"hmac-md5-96", "des-ede3-cbc"})
"""Names of early releases that later ones took out (requirements, 7; CRY-02)."""


def named(pair: Pair) -> str:
    """A pair of algorithms in words."""
    return f"{_short(pair[0] or '(no alg)')}/{_short(pair[1])}"


def listed(pairs: Iterable[Pair]) -> str:
    """Several pairs in words."""
    return ", ".join(named(pair) for pair in list(pairs)[:SHOWN]) or "none"


def pairs_of(entries: Iterable[Mechanism]) -> list[Pair]:
    """The pairs of the ipsec-3gpp entries of a list, in its order, each once."""
    return list(dict.fromkeys([entry.pair for entry in entries if entry.is_ipsec and not entry.is_mediasec]))


def chooser(event: AlgorithmsInUse) -> Actor:
    """Who could have had it otherwise.

    The UE, if it passed over a stronger entry that the P-CSCF preferred; the P-CSCF, if it preferred the weaker one,
    or left out all that the UE offered besides; else the UE, which offered nothing better. Nobody where the negotiation
    is not in the capture.
    """
    common = event.terms.common
    if event.stronger:
        return Actor.PCSCF if common and common[0] == event.pair else Actor.UE
    if not event.offer:
        return Actor.UNKNOWN
    return Actor.PCSCF if any(pair != event.pair for pair in pairs_of(event.offer)) else Actor.UE


def negotiated(event: AlgorithmsInUse) -> tuple[Table, ...]:
    """Offer, answer and what the packets prove, pair by pair."""
    offer, server = pairs_of(event.offer), pairs_of(event.server)
    pairs = list(dict.fromkeys((*offer, *server, event.pair)))[:SHOWN]
    rows = tuple(
        (named(pair), *("yes" if found else "-" for found in (pair in offer, pair in server, pair == event.pair)))
        for pair in pairs
    )
    return (Table("Algorithms", ("alg/ealg", "Security-Client", "Security-Server", "on the wire"), rows),)


def unknown_names(pairs: Iterable[Pair], profile: Profile) -> list[str]:
    """Names of algorithms that the release does not have, but for those that it has had."""
    names = [alg for alg, _ in pairs if alg and alg not in profile.integrity]
    names += [ealg for _, ealg in pairs if ealg not in profile.encryption]
    if not names:
        return names
    return [_short(name) for name in dict.fromkeys(names) if name not in REMOVED][:SHOWN]


def removed_names(pairs: list[Pair], profile: Profile) -> list[str]:
    """Names of algorithms that the release has had and has no more."""
    if not [pair for pair in pairs if pair[0] in REMOVED or pair[1] in REMOVED]:
        return []
    removed = REMOVED - profile.integrity - profile.encryption
    return [name for name in dict.fromkeys([name for pair in pairs for name in pair]) if name in removed]


def _short(text: str) -> str:
    """A name from the wire as a report may show it."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:WIDTH])
    return shown if len(text) <= WIDTH else f"{shown[: WIDTH - 3]}..."
