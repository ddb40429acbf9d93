"""What a few packets of one SPI betray: which algorithms protect them, or which mistake was made with their keys.

For a set whose negotiation is not in the capture, or is not obeyed (requirements, section 7); and for senders that
derive the keys otherwise than TS 33.203 Annex I says (ESP-14), cut the ICV otherwise (ESP-05) or number otherwise
(ESP-13). Nothing is kept here. One try costs what a packet costs, and there are less than fifty for one CK and IK.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

from analyzer.ipsec.algorithms import PAIRS, Keys, expand, integrity, pair
from analyzer.ipsec.esp import BAD_ICV, SecurityAssociation
from analyzer.ipsec.secret import Secret
from analyzer.ipsec.variants import Variant, VariantAssociation, variants

SWAPPED: Final = "ck-ik-swapped"
"""CK and IK are exchanged."""


class Found(NamedTuple):
    """Keys that opened every packet of a trial."""

    alg: str
    ealg: str
    keys: Keys
    mistake: str
    """How they differ from those of Annex I: SWAPPED or one that the table names; empty if they do not."""
    variant: Variant | None = None
    """How the packets differ from what the algorithms demand, None if they do not."""


def find(
    ck: Secret, ik: Secret, packets: Sequence[bytes], *, likely: Iterable[tuple[str, str]] = (), mistakes: bool = False
) -> Found | None:
    """The first pair of algorithms whose keys, from CK and IK of 16 octets each, open all these packets of one SPI.

    Every pair that the standard allows is tried, the ``likely`` ones first; with ``mistakes`` also the known wrong
    derivations and variants of the packets, after all that is right. Packets are given from their SPI on; without any
    there is nothing to find.
    Raises UnknownAlgorithm for a likely pair that is not in the table.
    """
    pairs = dict.fromkeys((*likely, *PAIRS))
    right = Candidates(ck, ik, pairs)
    found = right.find(packets)
    if found is not None or not mistakes or not packets:
        return found
    wrong = (each for alg, ealg in pairs for each in mistaken(alg, ealg, ck, ik))
    odd = (each._replace(variant=variant) for each in right.found for variant in variants(each.alg, each.ealg))
    return next((each for each in (*wrong, *odd) if _outcome(associate(each), packets) is None), None)


class Candidates:
    """The right keys of pairs of algorithms, from one CK and IK, to be tried on packets of any number of SPIs.

    Whoever has to try them often keeps them: their ciphers are made once (10 µs a packet instead of 50).
    Raises UnknownAlgorithm for a pair that is not in the table.
    """

    __slots__ = ("_associations", "found")

    def __init__(self, ck: Secret, ik: Secret, pairs: Iterable[tuple[str, str]] = PAIRS) -> None:
        self.found = [Found(alg, ealg, expand(alg, ealg, ck, ik), "") for alg, ealg in pairs]
        self._associations = [associate(each) for each in self.found]

    def find(self, packets: Sequence[bytes]) -> Found | None:
        """The first that opens all these packets of one SPI, given from it on; None if there are no packets."""
        if not packets:
            return None
        refuted = set[str]()
        for each, association in zip(self.found, self._associations, strict=True):
            # One ICV speaks for all ciphers beside the same algorithm.
            if each.alg not in refuted:
                outcome = _outcome(association, packets)
                if outcome is None:
                    return each
                if outcome is BAD_ICV and integrity(each.alg).icv:
                    refuted.add(each.alg)
        return None


def mistaken(alg: str, ealg: str, ck: Secret, ik: Secret) -> list[Found]:
    """The keys that known mistakes make of CK and IK, where they differ from the right ones.

    A SHA-1 key without its zeros is not among them: to HMAC it is the same key (R2). Raises UnknownAlgorithm.
    """
    first, second = pair(alg, ealg)
    right, octets = expand(alg, ealg, ck, ik), (ck.octets, ik.octets)
    found = [Found(alg, ealg, Keys(Secret(derive(*octets)), right.enc), name) for name, derive in first.mistakes]
    found += [Found(alg, ealg, Keys(right.auth, Secret(derive(*octets))), name) for name, derive in second.mistakes]
    swapped = expand(alg, ealg, ik, ck)
    if (swapped.auth, swapped.enc) != (right.auth, right.enc):
        found.append(Found(alg, ealg, swapped, SWAPPED))
    return found


def _outcome(association: SecurityAssociation, packets: Sequence[bytes]) -> str | None:
    """Why the first packet that an association does not open is refused; None if it opens all."""
    for packet in packets:
        outcome = association.open(packet)
        if isinstance(outcome, str):
            return outcome
    return None


def associate(
    found: Found,
    spi: int = 0,
    destination: bytes = b"",
    source: bytes | None = None,
) -> SecurityAssociation:
    """The association that these keys make."""
    kind = SecurityAssociation if found.variant is None else partial(VariantAssociation, found.variant)
    return kind(
        spi=spi,
        destination=destination,
        source=source,
        alg=found.alg,
        ealg=found.ealg,
        keys=found.keys,
    )
