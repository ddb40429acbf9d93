"""Which pairs of algorithms two lists of mechanisms have in common, and in which order (RFC 3329 2.3.1; R8)."""

from collections.abc import Iterable

from analyzer.ims.events import Mechanism
from analyzer.rule import Profile

Pair = tuple[str, str]


def pairs_of(entries: Iterable[Mechanism]) -> list[Pair]:
    """The pairs of a list in its order; `ealg` left out is ``null``, and spellings are those of Annex H (FP20)."""
    return list(dict.fromkeys([entry.pair for entry in entries if usable(entry)]))


def common_pairs(offer: Iterable[Mechanism], server: Iterable[Mechanism]) -> list[Pair]:
    """The pairs that both sides name with the same protocol and mode, the P-CSCF's favourite first.

    Higher q first; equal or absent q: order of appearance (R8).
    """
    mine = {(*entry.pair, entry.prot, entry.mod) for entry in offer if usable(entry)}
    theirs = [entry for entry in server if usable(entry) and (*entry.pair, entry.prot, entry.mod) in mine]
    if len(theirs) > 1:
        theirs.sort(key=lambda entry: -(entry.q if entry.q is not None else 1000))
    return list(dict.fromkeys([entry.pair for entry in theirs]))


def usable(entry: Mechanism) -> bool:
    """An ipsec-3gpp entry that names an integrity algorithm, and is not about media."""
    return entry.is_ipsec and not entry.is_mediasec and bool(entry.alg)


def permitted(pair: Pair, profile: Profile) -> bool:
    """Whether the release has both algorithms, and lets them go together (TS 33.203 Annex H)."""
    alg, ealg = pair
    if alg not in profile.integrity or ealg not in profile.encryption:
        return False
    return (alg == "null") == (ealg == "aes-gcm") and (alg != "aes-gmac" or ealg == "null")
