"""What two lists of mechanisms have in common, and which entry of each makes a set (RFC 3329 2.3.1; TS 33.203 7.2).

``offer`` is the UE's Security-Client, ``server`` the P-CSCF's Security-Server.
"""

from __future__ import annotations

from typing import Final

from analyzer.sip.secagree import Mechanism

TRANSPORT: Final = frozenset({"trans"})
"""What nearly every negotiation agrees on: one object for all of them."""


def agree(offer: tuple[Mechanism, ...], server: tuple[Mechanism, ...]) -> tuple[Mechanism, Mechanism] | None:
    """The entry of each side that the set is built from: the first of the server that the UE offered too.

    Where nothing is common the first of each side that have the same algorithms stand in, or just the first of each,
    so that a wrong choice can still be followed (NEG-15).
    """
    mine, theirs = _ipsec(offer), _preferred(_ipsec(server))
    for entry in theirs:
        for own in mine:
            if own.pair == entry.pair and own.mod == entry.mod and own.prot == entry.prot:
                return own, entry
    for entry in theirs:
        for own in mine:
            if own.pair == entry.pair:
                return own, entry
    return (mine[0], theirs[0]) if mine and theirs else None


def _ipsec(entries: tuple[Mechanism, ...]) -> list[Mechanism]:
    return [entry for entry in entries if entry.is_ipsec and not entry.is_mediasec]


def _preferred(entries: list[Mechanism]) -> list[Mechanism]:
    """Entries in the order of preference: by q, then as they stand there (R8)."""
    if len(entries) > 1:
        entries.sort(key=lambda entry: -(entry.q if entry.q is not None else 1000))
    return entries


def common(offer: tuple[Mechanism, ...], server: tuple[Mechanism, ...]) -> tuple[tuple[str, str], ...]:
    """The pairs of algorithms that both sides name with the same protocol and mode, the most preferred first.

    By q, then in the server's order (R8).
    """
    mine = {(*entry.pair, entry.prot, entry.mod) for entry in _ipsec(offer)}
    theirs = [entry for entry in _ipsec(server) if (*entry.pair, entry.prot, entry.mod) in mine]
    return tuple(dict.fromkeys([entry.pair for entry in _preferred(theirs)]))


def modes(offer: tuple[Mechanism, ...], server: tuple[Mechanism, ...]) -> frozenset[str]:
    """The modes that both sides name for a pair of algorithms."""
    mine = {(*entry.pair, entry.mod) for entry in _ipsec(offer)}
    found = {entry.mod for entry in _ipsec(server) if (*entry.pair, entry.mod) in mine}
    return TRANSPORT if found == TRANSPORT else frozenset(found)


def algorithms(offer: tuple[Mechanism, ...], server: tuple[Mechanism, ...]) -> list[tuple[str, str]]:
    """Every pair of algorithms that may be in use, the server's first, each once."""
    return list(dict.fromkeys([entry.pair for entry in (*_ipsec(server), *_ipsec(offer)) if entry.alg]))
