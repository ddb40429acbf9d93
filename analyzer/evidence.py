"""What a finding shows: the evidence codes E1 to E8 (requirements catalogue, section 3), as plain values.

`proof/` gathers it at the moment a finding is made, since sets, transactions and connections go on changing; every
form of report can show it. Texts are as the capture has them, so a report cleans them (`report/safe.py`); nothing here
ever holds a key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from analyzer.frame import FrameRef
from analyzer.verdict import Table

MEANINGS = {
    "E1": "frames, times, directions and first lines of the messages",
    "E2": "the protection of each message",
    "E3": "parameters side by side, with what differs marked",
    "E4": "the life of the sets: messages, first uses, deadlines, ends",
    "E5": "the transactions, and which timer runs",
    "E6": "the TCP connection",
    "E7": "rule, clause, profile, level, verdict, and how the traps were excluded",
    "E8": "facts of the ESP packet",
}
"""The codes in words."""

ALWAYS = ("E1", "E7")
"""What every finding shows, whatever its row asks for."""


class Protected(NamedTuple):
    """The association that a message came in (E2)."""

    generation: int
    role: str
    spi: int | None
    sequence: int | None
    """ESP sequence number; None where it is not kept."""
    state_ue: str
    state_pcscf: str
    icv: str
    """``good``, ``bad``, ``not checked`` or ``not known``."""


class Seen(NamedTuple):
    """One message or packet of a finding (E1, E2)."""

    what: str
    """What it is to the finding: ``response``, ``SM6 of set 2`` ..."""
    at: FrameRef
    sender: str | None
    """``UE`` or ``P-CSCF``; None where it is not known."""
    first_line: str | None
    """None: no SIP message, or one that is no longer remembered."""
    flow: Flow | None
    """None: not known any more, or not asked for."""
    clear: bool | None
    """Whether it was unprotected; None: not known any more, or not asked for."""
    protection: Protected | None


class Flow(NamedTuple):
    """A 5-tuple, inside of any ESP."""

    transport: str
    source: str
    sport: int
    destination: str
    dport: int


class Deadline(NamedTuple):
    """When a set has to go, and what set that time."""

    what: str
    time: int
    set_by: FrameRef | None


class Ended(NamedTuple):
    """That a side had to give a set up: why, by which message, from when on."""

    side: str
    why: str
    since: FrameRef
    time: int


class SetLife(NamedTuple):
    """The life of one set until the finding (E4)."""

    generation: int
    parent: int | None
    """The set that protected SM1; None if that was in clear."""
    algorithms: str
    keyed: bool
    state_ue: str
    state_pcscf: str
    sm1: FrameRef | None
    sm6: FrameRef | None
    sm7: FrameRef | None
    sm12: FrameRef | None
    sm12_inferred: bool
    """SM12 is not in the capture; `sm12` is the message that shows that there was one."""
    first_uplink: FrameRef | None
    """First further message of the UE on it, after SM12."""
    first_downlink: FrameRef | None
    deadlines: tuple[Deadline, ...]
    ends: tuple[Ended, ...]


class Step(NamedTuple):
    """One message of a transaction; `on` says in words what protected it."""

    at: FrameRef
    sender: str
    text: str
    on: str


class Ladder(NamedTuple):
    """One transaction until the finding (E5)."""

    method: str
    branch: str
    cseq: int | None
    steps: tuple[Step, ...]
    repeats: int
    """How often the request was repeated."""
    timer: str
    """The timer that runs, in words; empty if none does."""
    timer_until: int | None


class Close(NamedTuple):
    """A FIN or RST."""

    sender: str
    how: str
    at: FrameRef


class TcpConnection(NamedTuple):
    """The connection of a message (E6)."""

    flow: Flow
    """From the opener, where that is known."""
    opener: str | None
    opened: FrameRef | None
    """The SYN; None if it is not in the capture, or forgotten, as `Evidence.missing` says."""
    closing: tuple[Close, ...]
    first_octet: int | None
    """Where the message begins in its direction of the stream, counted from 0, or from the first octet that is known if
    its beginning is not; None where that is not kept."""
    last_octet: int | None
    """The octet after its last."""


class EspPacket(NamedTuple):
    """What is known of one ESP packet (E8); octets are hexadecimal. None: no longer known, or not readable."""

    at: FrameRef
    spi: int
    sequence: int | None
    octets: int | None
    """Length from the SPI to the ICV."""
    iv: str | None
    padding: str | None
    pad_length: int | None
    next_header: int | None
    icv_expected: int | None
    """Octets of ICV that the algorithms demand."""
    icv_seen: int | None
    """Octets of ICV that the packets of this association have."""


class Evidence(NamedTuple):
    """All that one finding shows."""

    codes: tuple[str, ...]
    """What the rule's row asks for, E1 and E7 included."""
    profile: str
    """E7, as are the next two; rule, clause, level, verdict and argument stand in the finding."""
    source: str
    """Where the row comes from, with the marks of the catalogue."""
    traps: tuple[str, ...]
    """Traps of the row; `Finding.excluded` says which of them were ruled out."""
    messages: tuple[Seen, ...] = ()
    tables: tuple[Table, ...] = ()
    timeline: tuple[SetLife, ...] = ()
    transactions: tuple[Ladder, ...] = ()
    connections: tuple[TcpConnection, ...] = ()
    packets: tuple[EspPacket, ...] = ()
    missing: tuple[str, ...] = ()
    """What the row asks for and is no longer known, in words."""

    def through(self, text: Callable[[str], str]) -> Evidence:
        """The same with every text of the capture replaced (pseudonyms); the rule's own words stay."""
        made = _through(self, text)
        assert isinstance(made, Evidence)
        return made._replace(profile=self.profile, source=self.source)


def differs(row: tuple[str, ...]) -> bool:
    """Whether the cells of a row of a comparison differ; the first one names the parameter."""
    return len(set(row[1:])) > 1


def _through(value: Any, text: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, FrameRef) or not isinstance(value, tuple):
        return value
    parts = [_through(part, text) for part in value]
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
