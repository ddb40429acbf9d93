"""Clear packets on the protected ports of a set that lives (TS 33.203 7.1; CLR-01): what each looks like."""

from __future__ import annotations

from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.events import ClearOnProtectedPort
from analyzer.ims.messages.connections import told_to
from analyzer.ims.messages.traffic import sent_astray
from analyzer.ims.session import Session
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Side, Sighting

SIP_PORTS: Final = frozenset({5060, 5061})
"""Ports that must not be announced as protected (R7)."""


def told(
    session: Session,
    pair: Pair,
    sender: Side,
    at: FrameRef,
    transport: str,
    sport: int,
    dport: int,
    what: str,
    sighting: Sighting | None = None,
    transaction: Transaction | None = None,
) -> None:
    """A clear UDP datagram or TCP segment that has a protected port; the caller has looked at `pair.guarded`."""
    ue_port, pcscf_port = (sport, dport) if sender is Side.UE else (dport, sport)
    for owner in reversed(pair.guarded.get(ue_port) or pair.guarded.get(pcscf_port) or ()):
        if isinstance(owner.contact, Context):
            for side in Side:
                overdue(owner, owner.contact.newest_established(), side, at.time, session.profile)
        if owner.alive(sender) and owner.alive(sender.other):
            break
    else:
        return
    used = owner.unopened or any(each.ledger.highest for each in owner.bindings)
    if owner.sm12 is None and not used:
        return  # SM6 has announced the set, but nobody has used it: nothing lives on these ports yet
    terms, context = owner.terms, owner.contact
    assert isinstance(context, Context)
    at_ue, at_pcscf = ue_port in (terms.port_uc, terms.port_us), pcscf_port in (terms.port_pc, terms.port_ps)
    request = transaction.request if transaction is not None and sighting is not None else None
    answer = request is not None and sighting is not None and not sighting.message.is_request
    via = request.message.top_via if request is not None and answer else None
    named = via.port if via is not None else None
    protected_ports = {port for port, fits in ((ue_port, at_ue), (pcscf_port, at_pcscf)) if fits}
    session.emit(
        ClearOnProtectedPort(
            at=at,
            subject=context.subject,
            sender=sender,
            terms=terms,
            transport=transport,
            sport=sport,
            dport=dport,
            what=what,
            ue_port=at_ue,
            follows_via=answer
            and request is not None
            and request.protection is None
            and dport in protected_ports
            and len(protected_ports) == 1
            and named == dport,
            invited=(sighting is not None and sent_astray(sighting, request))
            or (
                sighting is None
                and sender is Side.UE
                and dport == terms.port_pc
                and sport != terms.port_us
                and told_to(pair, dport)
            ),
            begins_anew=sender is Side.UE
            and not at_pcscf
            and (sighting is None or (sighting.message.is_request and sighting.message.method == "REGISTER")),
            reaction=sender is Side.PCSCF
            and not at_pcscf
            and sighting is None
            and transport == "TCP"
            and what != "TCP SYN",
            unprotected_port=bool(protected_ports) and protected_ports <= SIP_PORTS,
            deregistration=transaction is not None and transaction.deregisters,
            answers_protected=answer and request is not None and request.protection is not None,
            answers_clear=answer
            and request is not None
            and request.protection is None
            and (request.sport, request.dport) == (dport, sport),
            is_request=sighting is not None and sighting.message.is_request,
        )
    )
