"""What protects a set, held against what both sides named, what the UE had before, and the keys of its other sets.

Asked once an association, when its first packet has been opened (CRY-01 to CRY-07).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analyzer.frame import FrameRef
from analyzer.ims.events import AlgorithmsInUse, AssociationKeyed, KeyReused, Notice, StrongerBefore
from analyzer.ims.oldest import in_order
from analyzer.ims.receipts import Emit, Passed
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ipsec.algorithms import encryption, integrity, weaker
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.sip.digest import challenge

if TYPE_CHECKING:
    from analyzer.ims.subjects import Context

SEVERAL: Final = 8
"""So many pairs of algorithms in common are no more usual: what is counted by them has to be small."""
SUBSCRIBERS: Final = 65_536
"""Subscribers whose strongest algorithms are remembered for a P-CSCF; the oldest goes first."""


class Strength:
    """The strongest algorithms that each subscriber had at each P-CSCF."""

    __slots__ = ("_had",)

    def __init__(self) -> None:
        self._had: dict[tuple[str, bytes, str], StrongerBefore] = {}

    def opened(
        self,
        emit: Emit,
        passed: Passed,
        context: Context,
        owner: SaSet,
        association: SecurityAssociation,
        at: FrameRef,
    ) -> None:
        """The first packet of a set that was opened, verified or at least read."""
        pair = integrity(association.alg).name, encryption(association.ealg).name
        verified, common = association.icv > 0, owner.terms.common
        stronger = tuple([each for each in common if verified and weaker(*pair, each)])
        before = self._before(emit, context, pair, at) if verified else None
        kind = AlgorithmsInUse, pair, common
        usual = verified and before is None and not stronger and len(common) < SEVERAL
        if usual and passed.again(kind):
            return
        procedure = context.newest
        if procedure is None or procedure.set is not owner:
            procedure = next((each for each in context.challenges.values() if each.set is owner), None)
        receipt = emit(
            AlgorithmsInUse(
                at=at,
                subject=context.subject,
                terms=owner.terms,
                pair=pair,
                verified=verified,
                offer=procedure.offer if procedure is not None else (),
                server=procedure.server if procedure is not None else (),
                stronger=stronger,
                before=before,
            )
        )
        if usual:
            passed.learn(kind, receipt)

    def _before(self, emit: Emit, context: Context, pair: tuple[str, str], at: FrameRef) -> StrongerBefore | None:
        """What this subscriber had before with this device (FP9), if that was stronger; the strongest is remembered."""
        if not context.impi:
            return None
        key = context.impi, context.pair.pcscf, context.instance[0] if context.instance is not None else ""
        known = self._had.get(key)
        if known is None or weaker(*known.pair, pair):
            self._had[key] = StrongerBefore(pair, at)
            if len(self._had) > SUBSCRIBERS:
                self._had = oldest = in_order(self._had)
                oldest.popitem(last=False)
                text = f"more than {SUBSCRIBERS} subscribers: the oldest's algorithms are not compared any more"
                emit(Notice(at=at, subject=None, text=text))
            return None
        return known if weaker(*pair, known.pair) else None


def keyed(emit: Emit, passed: Passed, context: Context, binding: Binding, at: FrameRef) -> None:
    """The first packet of an association that a key verified."""
    owner = binding.set
    siblings = [
        other for other in owner.bindings if other.proven and other.role is not binding.role and _alike(other, binding)
    ]
    differing = next((other for other in siblings if not _same_keys(other, binding)), None)
    earlier = [] if siblings else _of_other_sets(context, owner)
    reused = next((other for other in earlier if _alike(other, binding) and _same_keys(other, binding)), None)
    kind = AssociationKeyed, bool(siblings or earlier)
    usual = differing is None and reused is None
    if usual and passed.again(kind):
        return
    receipt = emit(
        AssociationKeyed(
            at=at,
            subject=context.subject,
            terms=owner.terms,
            role=binding.role,
            differs_from=differing.role if differing is not None else None,
            mistaken=next((each.sender for each in (binding, differing) if each is not None and each.mistake), None),
            reused=_reused(owner, reused.set) if reused is not None else None,
            compared=bool(siblings or earlier),
        )
    )
    if usual:
        passed.learn(kind, receipt)


def _of_other_sets(context: Context, owner: SaSet) -> list[Binding]:
    """What the first association of a set is compared with; its others are compared with the first.

    With the same SPIs it is one set that goes on after another challenge (FP17), or new keys under them (R11).
    """
    mine = owner.terms
    found = []
    for each in context.sets:
        terms = each.terms
        if each is not owner and (terms.spi_uc, terms.spi_us, terms.spi_pc, terms.spi_ps) != (
            mine.spi_uc,
            mine.spi_us,
            mine.spi_pc,
            mine.spi_ps,
        ):
            found += _first_proven(each)
    return found


def _first_proven(owner: SaSet) -> list[Binding]:
    """One association of a set that a key verified, since its others have the same keys, or were told of."""
    proven = (each for each in owner.bindings if each.proven and _verifies(each))
    first = next(proven, None)
    return [first] if first is not None else []


def _verifies(binding: Binding) -> bool:
    return binding.association is not None and binding.association.icv > 0


def _alike(one: Binding, other: Binding) -> bool:
    """Whether both have a key, and for the same algorithms."""
    first, second = one.association, other.association
    if first is None or second is None or not first.icv or not second.icv:
        return False
    if first.alg == second.alg and first.ealg == second.ealg:
        return True
    return (integrity(first.alg), encryption(first.ealg)) == (integrity(second.alg), encryption(second.ealg))


def _same_keys(one: Binding, other: Binding) -> bool:
    """Whether both keys are the same; an HMAC pads its own with zeros, so with them or without it is the same (R2)."""
    assert one.association is not None and other.association is not None
    first, second = one.association.keys, other.association.keys
    assert first is not None and second is not None
    if first is second:  # as a rule: both follow from one challenge
        return True
    before, after = first.auth.octets.rstrip(b"\0"), second.auth.octets.rstrip(b"\0")
    return before == after and first.enc.octets == second.enc.octets


def _reused(owner: SaSet, before: SaSet) -> KeyReused:
    made = [challenge(each.challenge.message) if each.challenge is not None else None for each in (owner, before)]
    one, other = made
    if one is None or other is None or one.rand is None or other.rand is None:
        return KeyReused(before.terms, None, None)
    return KeyReused(before.terms, one.rand == other.rand, one.autn == other.autn)
