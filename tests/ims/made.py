"""Sets, sightings and frames made by hand, for the tests of the trackers."""

from __future__ import annotations

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import Protection, SetTerms, Side, Sighting, State
from analyzer.ims.sets.associations import SaSet
from analyzer.sip.message import Message, parse

START = 1_704_067_200 * SECOND


def at(seconds: float, number: int = 0) -> FrameRef:
    """A frame so many seconds after the beginning."""
    return FrameRef(0, number or round(seconds * 1000) + 1, START + round(seconds * SECOND))


def now(seconds: float) -> int:
    return START + round(seconds * SECOND)


def terms(generation: int = 1, parent: int | None = None) -> SetTerms:
    base = 1000 * generation
    return SetTerms(
        generation=generation, parent=parent, spi_uc=base + 1, spi_us=base + 2, spi_pc=base + 3, spi_ps=base + 4,
        port_uc=7000 + generation, port_us=7900, port_pc=5100 + generation, port_ps=6100, mod="trans",
        sm1=at(0), sm6=at(0.1),
    )  # fmt: skip


def established(
    generation: int = 1, parent: SaSet | None = None, *, sm12: float = 1.0, expires: float | None = None
) -> SaSet:
    """A set with SM12; a parent becomes OLD at both sides, as after a registration that began protected."""
    made = SaSet(None, terms(generation, parent.generation if parent else None), parent)
    made.sm7, made.sm12 = at(sm12 - 0.1), at(sm12)
    made.sm12_last = made.sm12
    made.states = {Side.UE: State.USE, Side.PCSCF: State.NEW if parent else State.USE}
    if parent is not None:
        parent.states = {Side.UE: State.OLD, Side.PCSCF: State.OLD}
    if expires is not None:
        made.expires_at, made.expiry_from = now(sm12 + expires), made.sm12
    return made


def message(start: str, *, branch: str = "z9hG4bKa", call_id: str = "a@ue", cseq: str = "", more: str = "") -> Message:
    """A SIP message from its start line; CSeq follows from a request's method unless given."""
    cseq = cseq or f"1 {start.split()[0]}"
    via = f"Via: SIP/2.0/UDP 10.20.0.11:7900{f';branch={branch}' if branch else ''}\r\n"
    made = parse(f"{start}\r\n{via}Call-ID: {call_id}\r\nCSeq: {cseq}\r\n{more}Content-Length: 0\r\n\r\n".encode())
    assert made is not None
    return made


def sighting(
    what: Message, seconds: float = 0.0, *, sender: Side = Side.UE, on: SaSet | None = None, transport: str = "UDP"
) -> Sighting:
    """The message as it was seen, on uc>ps or pc>us of a set, or in clear."""
    from analyzer.ims.events import Role

    protection = None
    if on is not None:
        role = Role.UC_PS if sender is Side.UE else Role.PC_US
        protection = Protection(on.terms, role, 1, on.states[Side.UE], on.states[Side.PCSCF])
    where = at(seconds)
    return Sighting(where, (where,), what, sender, transport, 7001, 6100, protection, None)


def request(
    method: str, seconds: float = 0.0, *, sender: Side = Side.UE, on: SaSet | None = None, **how: str
) -> Sighting:
    """A request; ``branch``, ``call_id``, ``cseq`` and ``more`` as for a message."""
    return sighting(message(f"{method} sip:x@home SIP/2.0", **how), seconds, sender=sender, on=on)


def response(
    status: int, method: str, seconds: float = 0.0, *, sender: Side = Side.PCSCF, on: SaSet | None = None, **how: str
) -> Sighting:
    """A response; ``branch`` and ``call_id`` as for a message."""
    return sighting(message(f"SIP/2.0 {status} Reason", cseq=f"1 {method}", **how), seconds, sender=sender, on=on)
