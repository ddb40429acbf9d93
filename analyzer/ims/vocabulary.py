"""The words in which events speak: sides, roles, states, ends, and what is known of a set and of one message.

`SetTerms` is what was negotiated for a set and never changes; `Sighting` is one SIP message as it was seen on Gm. The
names are those of TS 33.203 (`spi_uc`, `port_ps`, TMP, USE, OLD; sections 1 and 9 of the requirements).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from analyzer.frame import FrameRef
from analyzer.sip.message import Message

HEARSAY: Final = "told"
"""In the place of the transport: a tool told of the message, and how it was sent nobody knows."""


CONTACT_UNUSED: Final = frozenset({"ACK", "BYE", "CANCEL", "INFO", "MESSAGE", "PRACK", "PUBLISH"})
"""Requests in which a Contact has no meaning, so that nobody sends anything to it (RFC 3261 20, RFC 3262 6,
RFC 3428 4, RFC 3903 4.1, RFC 6086)."""
NOT_PRELOADED: Final = frozenset({"ACK", "BYE", "CANCEL", "PRACK", "REGISTER", "UPDATE"})
"""Requests that only a dialog has, whose Route is that of Record-Route, or that have none of the registration's."""


class Side(StrEnum):
    """The two endpoints of Gm; the values are the actors of a finding (R15)."""

    UE = "UE"
    PCSCF = "P-CSCF"

    @property
    def other(self) -> Side:
        """The peer."""
        return Side.PCSCF if self is Side.UE else Side.UE


SIDES: Final = tuple(Side)
"""Both sides, as a tuple: to go through an enumeration takes ten times as long."""


class Role(StrEnum):
    """Which of the four associations of a set (table 1.2 of the catalogue), by its ports."""

    UC_PS = "uc>ps"
    PS_UC = "ps>uc"
    PC_US = "pc>us"
    US_PC = "us>pc"

    sender: Side
    """Who sends on it."""

    def __init__(self, ports: str) -> None:
        self.sender = Side.UE if ports[0] == "u" else Side.PCSCF


ROLES: Final = tuple(Role)
"""The four, as a tuple: each set asks for them a dozen times."""


class State(StrEnum):
    """State of a set at one side (section 9 of the catalogue)."""

    OFFERED = "offered"
    TMP = "tmp"
    NEW = "new"
    USE = "use"
    OLD = "old"
    GONE = "gone"

    @property
    def established(self) -> bool:
        """SM12 has been there, and the set is not given up."""
        return self in (State.NEW, State.USE, State.OLD)


class End(StrEnum):
    """Why a set is, or should be, gone."""

    SUPERSEDED = "superseded by a newer registration procedure"
    FAILED = "its authentication failed"
    CLEAR_START = "a registration that began in clear succeeded"
    OLDER = "only the set that protected SM1 is kept"
    REPLACED = "a newer set is in use and nothing is pending"
    EXPIRED = "its lifetime is over"
    DEREGISTERED = "the contact was deregistered"


class Knowledge(NamedTuple):
    """How sure it is that an endpoint knew something, and why (design: cause, place, time)."""

    sure: bool
    how: str


class Subject(NamedTuple):
    """One registration context (K1): a contact of one subscriber at one UE address and one P-CSCF address."""

    id: str
    ue: str
    pcscf: str
    told: bool = False
    """Tools told of its messages: nothing of them was seen on the wire, and nobody knows what was protected."""


class SetTerms(Struct, frozen=True, kw_only=True):
    """What SM1 and SM6 agreed for one set; numbers are None where a header did not give them."""

    generation: int
    """1 for the first set of a subject."""
    parent: int | None
    """Generation of the set that protected SM1, None if SM1 was in clear."""
    spi_uc: int | None
    spi_us: int | None
    spi_pc: int | None
    spi_ps: int | None
    port_uc: int | None
    port_us: int | None
    port_pc: int | None
    port_ps: int | None
    mod: str | None
    sm1: FrameRef | None
    sm6: FrameRef | None
    agreed: tuple[str, str] | None = None
    """Integrity and encryption algorithm that both sides should take (RFC 3329 2.3.1); None if nothing is common."""
    common: tuple[tuple[str, str], ...] = ()
    """All pairs of algorithms that both sides named, in the order of the P-CSCF."""

    def spi(self, role: Role) -> int | None:
        """The SPI of one of the four associations: the receiver chose it for the port that it receives on."""
        if role is Role.UC_PS:
            return self.spi_ps
        if role is Role.PS_UC:
            return self.spi_uc
        return self.spi_us if role is Role.PC_US else self.spi_pc

    def ports(self, role: Role) -> tuple[int | None, int | None]:
        """(source, destination) port of one of the four associations."""
        if role is Role.UC_PS:
            return self.port_uc, self.port_ps
        if role is Role.PS_UC:
            return self.port_ps, self.port_uc
        if role is Role.PC_US:
            return self.port_pc, self.port_us
        return self.port_us, self.port_pc


class Protection(NamedTuple):
    """The association that a message came in, and the states of its set at that moment."""

    terms: SetTerms
    role: Role
    sequence: int
    """ESP sequence number of the packet that completed the message."""
    state_ue: State
    state_pcscf: State

    @property
    def generation(self) -> int:
        """Generation of the set."""
        return self.terms.generation

    def state(self, side: Side) -> State:
        """The state of the set as that side has it."""
        return self.state_ue if side is Side.UE else self.state_pcscf


class Sighting(NamedTuple):
    """One SIP message as it was seen on Gm."""

    at: FrameRef
    """The frame that completed it."""
    frames: tuple[FrameRef, ...]
    message: Message
    sender: Side
    transport: str
    """``UDP`` or ``TCP``."""
    sport: int
    dport: int
    protection: Protection | None
    """None: in clear, or not known where the transport is `HEARSAY`."""
    connection: object
    """Identity of the TCP connection, None over UDP."""

    @property
    def where(self) -> str:
        """The protection in words, for expected and observed."""
        if self.transport == HEARSAY:
            return "told of by a tool, which does not tell the protection"
        if self.protection is None:
            return f"in clear ({self.transport} {self.sport}>{self.dport})"
        return f"set {self.protection.generation}, {self.protection.role} ({self.transport} {self.sport}>{self.dport})"
