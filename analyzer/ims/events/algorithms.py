"""Which algorithms and keys protect a set, as its packets prove it (TS 33.203 7.1, Annex H; requirements, 4.9)."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import Role, SetTerms, Side
from analyzer.sip.secagree import Mechanism


class StrongerBefore(NamedTuple):
    """A stronger pair of algorithms that this subscriber had at the same P-CSCF before."""

    pair: tuple[str, str]
    at: FrameRef


class AlgorithmsInUse(Event, frozen=True, kw_only=True):
    """The first packet of a set that was opened: what protects it, beside what was negotiated."""

    terms: SetTerms
    pair: tuple[str, str]
    """Integrity and encryption algorithm, as Annex H spells them."""
    verified: bool
    """The ICV proves it; else the packet could only be read, without encryption or without an ICV."""
    offer: tuple[Mechanism, ...]
    """Security-Client of SM1; empty if that is not in the capture."""
    server: tuple[Mechanism, ...]
    """Security-Server of SM6; empty if that is not in the capture."""
    stronger: tuple[tuple[str, str], ...]
    """Pairs that both sides had named and that are stronger than this one, the P-CSCF's favourite first."""
    before: StrongerBefore | None


class KeyReused(NamedTuple):
    """An earlier set of this contact whose packets verify with the same keys."""

    terms: SetTerms
    same_rand: bool | None
    """Whether the two were announced with the same RAND; None if a challenge is not in the capture."""
    same_autn: bool | None


class AssociationKeyed(Event, frozen=True, kw_only=True):
    """The first packet of an association that a key verified, and that key beside the others of this contact."""

    terms: SetTerms
    role: Role
    differs_from: Role | None
    """An association of the same set, with the same algorithms, that verified with other keys."""
    mistaken: Side | None
    """Whose of the two keys follow from CK and IK by a known mistake."""
    reused: KeyReused | None
    """Looked for with the first association of a set."""
    compared: bool
    """There was another association, of this set or an earlier one, to compare with."""
