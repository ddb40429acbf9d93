"""Whether the packets of an association are made as RFC 4303 2.2 to 2.6 and TS 33.203 6.3 ask: IV, padding, payload.

Faults are told as they are seen; what was looked at, at the end of the set. Nothing is done for an ordinary packet but
one test of its length, and a look at the IVs of the first packets (`ivs.py`).
"""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events import AssociationExamined, BadIvSeen, ForeignPayload, TrailerMalformed
from analyzer.ims.session import Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.ivs import CBC_PACKETS, COMBINED_PACKETS, CbcIvs, CombinedIvs
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Subject
from analyzer.ipsec.algorithms import encryption, integrity
from analyzer.ipsec.database import Refusal
from analyzer.ipsec.esp import NOT_BLOCKS


class Forms:
    """Looks at the form of packets that a key has verified."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, binding: Binding, at: FrameRef) -> None:
        """An association has its first verified packet: from now on its form is looked at."""
        association = binding.association
        if association is None or not association.icv or association.keys is None:
            return
        binding.proven_at = at
        if binding.variant is not None and binding.variant.lax:
            self._trailer(binding, "padding", at)
        alg, ealg = integrity(association.alg), encryption(association.ealg)
        if alg.combined or ealg.combined:
            key = association.keys.auth if alg.combined else association.keys.enc
            shared = binding.set.ivs
            if shared is None:
                shared = binding.set.ivs = key, CombinedIvs()
            binding.ivs = shared[1] if shared[0] == key else CombinedIvs()
        elif ealg.cipher is not None:
            binding.ivs = CbcIvs(ealg.block, association.icv)

    def iv(self, binding: Binding, packet: bytes, sequence: int, at: FrameRef) -> None:
        """A packet of an association whose algorithm has an IV, captured for the first time."""
        ivs = binding.ivs
        if type(ivs) is CbcIvs:
            bad = ivs.look(packet, sequence, at, binding.ledger)
            if ivs.looked_at >= CBC_PACKETS:
                binding.looked_at, binding.ivs = ivs.looked_at, None
        else:
            assert isinstance(ivs, CombinedIvs)
            bad = ivs.look(packet, binding.role, at)
        if bad is None:
            return
        association = binding.association
        assert association is not None
        binding.faults |= {bad.kind}
        self._session.emit(
            BadIvSeen(
                at=at,
                subject=_subject(binding),
                terms=binding.set.terms,
                role=binding.role,
                kind=bad.kind,
                earlier=bad.earlier,
                other_role=bad.other_role,
                combined=isinstance(ivs, CombinedIvs),
                ealg=association.ealg,
            )
        )

    def misaligned(self, binding: Binding, at: FrameRef) -> None:
        """The trailer of a verified packet does not end on a boundary of four octets."""
        self._trailer(binding, "alignment", at)

    def refused(self, binding: Binding, refusal: Refusal, at: FrameRef) -> None:
        """A packet whose ICV is good and whose content is no whole blocks or has wrong padding."""
        association = refusal.tried[0]
        if association.icv and not association.doubtful and binding.proven:
            self._trailer(binding, "blocks" if refusal.reason is NOT_BLOCKS else "padding", at)

    def payload(self, binding: Binding, next_header: int, at: FrameRef) -> None:
        """A verified packet holds neither UDP nor TCP nor IP."""
        binding.faults |= {"payload"}
        self._session.emit(
            ForeignPayload(
                at=at,
                subject=_subject(binding),
                terms=binding.set.terms,
                role=binding.role,
                next_header=next_header,
            )
        )

    def retire(self, owner: SaSet) -> None:
        """The end of a set: say what was looked at."""
        for binding in owner.bindings:
            association = binding.association
            if association is None or binding.proven_at is None:
                continue
            ivs = binding.ivs
            self._session.emit(
                AssociationExamined(
                    at=binding.proven_at,
                    subject=_subject(binding),
                    terms=owner.terms,
                    role=binding.role,
                    pair=(association.alg, association.ealg),
                    packets=association.verified,
                    ivs=ivs.looked_at if ivs is not None else binding.looked_at,
                    window=COMBINED_PACKETS if isinstance(ivs, CombinedIvs) else CBC_PACKETS,
                    combined=isinstance(ivs, CombinedIvs),
                    faults=binding.faults,
                )
            )

    def _trailer(self, binding: Binding, kind: str, at: FrameRef) -> None:
        binding.faults |= {kind}
        self._session.emit(
            TrailerMalformed(at=at, subject=_subject(binding), terms=binding.set.terms, role=binding.role, kind=kind)
        )


def _subject(binding: Binding) -> Subject | None:
    context = binding.set.contact
    return context.subject if isinstance(context, Context) else None
