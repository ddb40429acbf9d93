"""E1 and E2: the messages of a finding, and what protected each of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from analyzer.evidence import Flow, Protected, Seen
from analyzer.frame import FrameRef
from analyzer.ims.events import IntegrityFailed
from analyzer.ims.vocabulary import Protection, Role, SetTerms, Side, Sighting
from analyzer.proof.around import Around

MOST: Final = 16
"""Messages of one finding."""

WORDS: Final = {"sighting": "message", "first": "first copy", "register": "REGISTER", "sm7": "SM7"}
"""Field names of events that do not say well what they hold."""


def messages(around: Around, related: Iterable[FrameRef], protection: bool) -> tuple[Seen, ...]:
    """The event's own messages, then what the related frames were; ``protection`` adds what protected them (E2)."""
    known: dict[FrameRef, Seen] = {}
    for name, each in around.sightings.items():
        known.setdefault(each.at, _seen(WORDS.get(name, name), each, around, protection))
    known.setdefault(around.at, _packet(around, protection))
    # The event's own frame comes first: it is the one that the finding names.
    known = {around.at: known.pop(around.at), **known}
    wanted = dict.fromkeys((*_frames(around), *related))
    strange = [at for at in wanted if at not in known]
    if strange:
        names = {at: name for name, at in around.named.items() if isinstance(at, FrameRef)}
        index = _index(around, protection)
        for at in strange:
            name = names.get(at, "related").replace("_", " ")
            known[at] = index.get(at) or Seen(WORDS.get(name, name), at, None, None, None, None, None)
    return tuple(known.values())[:MOST]


def _frames(around: Around) -> Iterable[FrameRef]:
    """Frames that the event itself names, apart from its own."""
    return (value for name, value in around.named.items() if isinstance(value, FrameRef) and name != "at")


def _seen(what: str, each: Sighting, around: Around, protection: bool) -> Seen:
    made = Seen(what, each.at, str(each.sender), each.message.start_line, None, None, None)
    if not protection:
        return made
    source, destination = around.address(each.sender), around.address(each.sender.other)
    return made._replace(
        flow=Flow(each.transport, source, each.sport, destination, each.dport),
        clear=each.protection is None,
        protection=None if each.protection is None else _protected(each.protection, around),
    )


def _protected(protection: Protection, around: Around) -> Protected:
    binding = around.binding(protection.terms, protection.role)
    if binding is None or binding.association is None:
        icv = "not known"
    else:
        icv = "good" if binding.association.icv else "not checked"
    return Protected(
        protection.generation,
        str(protection.role),
        protection.terms.spi(protection.role),
        protection.sequence,
        str(protection.state_ue),
        str(protection.state_pcscf),
        icv,
    )


def _packet(around: Around, protection: bool) -> Seen:
    """The event's frame where the event is about a packet and not about a message."""
    named = around.named
    terms, role, sender = named.get("terms"), named.get("role"), named.get("sender")
    if isinstance(role, Role):
        sender = role.sender
    line = named.get("what") if isinstance(named.get("what"), str) else None
    made = Seen("packet", around.at, str(sender) if isinstance(sender, Side) else None, line, None, None, None)
    if isinstance(named.get("spi"), int) and not isinstance(terms, SetTerms):
        return made._replace(what=f"ESP packet with SPI 0x{named['spi']:08x}", clear=False if protection else None)
    if not protection or not isinstance(terms, SetTerms) or not isinstance(sender, Side):
        return made
    made = made._replace(flow=_flow(around, sender))
    if isinstance(role, Role):
        return made._replace(clear=False, protection=_association(around, terms, role))
    return made._replace(clear=True) if made.flow is not None else made


def _flow(around: Around, sender: Side) -> Flow | None:
    """The 5-tuple of a packet, as far as its event tells."""
    named = around.named
    ports, transport = named.get("flow"), named.get("transport", "IP")
    if "sport" in named:
        ports, transport = (named["sport"], named["dport"]), named.get("transport", "TCP")
    if not isinstance(ports, tuple) or len(ports) != 2:
        return None
    return Flow(transport, around.address(sender), ports[0], around.address(sender.other), ports[1])


def _association(around: Around, terms: SetTerms, role: Role) -> Protected:
    owner, binding, sequence = around.owner(terms), around.binding(terms, role), around.named.get("sequence")
    if isinstance(around.event, IntegrityFailed):
        icv = "bad"
    elif binding is None or binding.association is None:
        icv = "not known"
    else:
        icv = "good" if binding.association.icv else "not checked"
    return Protected(
        terms.generation,
        str(role),
        terms.spi(role),
        sequence if isinstance(sequence, int) else None,
        str(owner.states[Side.UE]) if owner is not None else "",
        str(owner.states[Side.PCSCF]) if owner is not None else "",
        icv,
    )


def _index(around: Around, protection: bool) -> dict[FrameRef, Seen]:
    """Messages that are still remembered, by their frame."""
    context = around.context
    found: dict[FrameRef, Seen] = {}
    if context is None:
        return found

    def note(what: str, each: Sighting | None) -> None:
        if each is not None:
            found[each.at] = _seen(what, each, around, protection)

    for made in context.sets:
        terms = made.terms
        marks = (("SM1", terms.sm1), ("SM6", terms.sm6), ("SM7", made.sm7), ("SM12", made.sm12))
        uses = (("first use by the UE", made.uplink), ("first use by the P-CSCF", made.downlink))
        for name, at in (*marks, *uses):
            if at is not None:
                found[at] = Seen(f"{name} of set {terms.generation}", at, None, None, None, None, None)
    for transaction in (*around.recent(), *(each for each, _ in around.transactions)):
        request = transaction.request
        note(_what(found, request.at, "request"), request)
        for at, line in (
            (transaction.provisional, "provisional answer"),
            (transaction.final, str(transaction.final_status)),
        ):
            if at is not None:
                line = f"SIP/2.0 {line} to {transaction.method}"
                found[at] = Seen(_what(found, at, "answer"), at, str(request.sender.other), line, None, None, None)
    for made in context.sets:
        note(f"SM6 of set {made.terms.generation}", made.challenge)
        note(f"SM7 of set {made.terms.generation}", made.sm7_last)
    for procedure in (context.newest, context.current):
        if procedure is not None:
            for each in (procedure.register, procedure.challenge, procedure.sm7):
                note(_what(found, each.at, "registration") if each is not None else "", each)
    return found


def _what(found: dict[FrameRef, Seen], at: FrameRef, else_: str) -> str:
    known = found.get(at)
    return known.what if known is not None else else_
