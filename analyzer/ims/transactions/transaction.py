"""One SIP transaction (RFC 3261 clause 17): its first request with the protection that it had, and what answered it.

Of a request of the usual shape no more is kept than its octets and where it was (`Seen`), until somebody asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.rare import Rare
from analyzer.ims.vocabulary import Protection, Sighting, State
from analyzer.profile import Profile
from analyzer.sip.message import parse

if TYPE_CHECKING:
    from analyzer.ims.sets.association import Binding

UDP: Final = object()
"""Stands for the connection of a copy over UDP of a request that came over TCP (RFC 3261 18.1.1)."""


class Seen(NamedTuple):
    """What a `Sighting` of a protected request would be made of, its octets apart."""

    at: FrameRef
    frames: tuple[FrameRef, ...]
    end: int
    """Where in the octets all ends that is needed once there is an answer: Via, Call-ID and CSeq."""
    binding: Binding
    """Whose ports it was sent between."""
    sequence: int
    connection: object
    """None: it came over UDP."""


class Transaction:
    """One request and what answered it."""

    __slots__ = (
        "_data",
        "_request",
        "final",
        "final_status",
        "last",
        "last_request",
        "method",
        "odd",
        "owner",
        "provisional",
        "seen",
    )

    kind = Rare("")
    """For a REGISTER: ``SM1``, ``SM7`` or ``failure`` (MAC or SQN)."""
    deregisters = Rare(False)
    procedure = Rare[object](None)
    """For a REGISTER: its procedure; opaque here."""
    context = Rare[object](None)
    """For a REGISTER: the registration context; opaque here."""
    elsewhere = Rare(False)
    """A copy of the request came on another set than the first one."""
    moved_to = Rare[object](None)
    """The TCP connection of its latest copy, if that is another than the first one's, or `UDP`; opaque here."""
    told = Rare(False)
    """Whether it has been told that it began on a set which had to be gone."""
    copies = Rare[tuple[int, ...]](())
    """When it was repeated, the last `COPIES` times."""
    repeats = Rare(0)
    """How often its sender repeated the request."""
    before_last = Rare(0)
    """When the request was sent before its latest copy."""
    replayed = Rare(False)
    """The packet of its request was replayed, and what follows is watched."""
    final_clear = Rare(False)

    def __init__(self, request: Sighting, owner: object) -> None:
        self._request: Sighting | None = request
        self.odd: dict[str, object] | None = None
        """What is out of the ordinary with it; None: nothing."""
        self.seen: Seen | None = None
        """What `request` will be made of, if anybody asks for it."""
        self._data = b""
        self.owner = owner
        """The set that protected the request (None in clear); opaque here."""
        self.method = request.message.method
        self.last = self.last_request = request.at.time
        self.provisional: FrameRef | None = None
        self.final: FrameRef | None = None
        self.final_status = 0

    @classmethod
    def of(cls, seen: Seen, data: bytes, method: str) -> Transaction:
        """The transaction of a request of the usual shape; a `Sighting` is made of it only if somebody asks for it."""
        made = cls.__new__(cls)
        made._request = made.odd = made.provisional = made.final = None
        made.seen = seen
        made._data = data
        made.owner = seen[3].set
        made.method = method
        made.last = made.last_request = seen[0][2]
        made.final_status = 0
        return made

    @property
    def request(self) -> Sighting:
        """Its first request."""
        if self._request is None:
            assert self.seen is not None
            self._request = sighting_of(self.seen, self._data, self.final is not None)
            self.seen, self._data = None, b""
        return self._request

    @property
    def connection(self) -> object:
        """The TCP connection of its first request; None over UDP."""
        return self.seen.connection if self.seen is not None else self.request.connection

    def over(self, answer: FrameRef, status: int) -> None:
        """The final answer to a request of a plain transaction: most of its octets are needed no more."""
        self.last = answer.time
        self.final = answer
        self.final_status = status
        if self.seen is not None:
            self._data = self._data[: self.seen.end]
        else:
            self.request.message.forget()

    def shorten(self) -> Sighting:
        """Nobody asks this transaction for the headers of its request any more; what is left of it."""
        short = self._request = self.request._replace(message=self.request.message.stub())
        return short

    def answered(self, response: Sighting) -> bool:
        """Note a response; true if it is the first final one."""
        self.last = response.at.time
        if response.message.status < 200:
            self.provisional = response.at
            return False
        if self.final is not None:
            return False
        self.final, self.final_status = response.at, response.message.status
        if response.protection is None:
            self.final_clear = True
        return True

    def open(self, now: int, profile: Profile) -> bool:
        """Whether it still waits for its final response: 64*T1, or Timer C for an INVITE that is ringing."""
        if self.final is not None or self.method == "ACK":
            return False
        ringing = self.method == "INVITE" and self.provisional is not None
        patience = max(profile.timer_c, profile.timer_64_t1) if ringing else profile.timer_64_t1
        return now - self.last <= patience


class Register(Transaction):
    """The transaction of a REGISTER, which has slots for what is rare with others."""

    __slots__ = ("context", "deregisters", "kind", "procedure")

    def __init__(self, request: Sighting, owner: object) -> None:
        super().__init__(request, owner)
        self.kind = ""
        self.deregisters = False
        self.procedure = self.context = None


def sighting_of(seen: Seen, data: bytes, answered: bool) -> Sighting:
    """What `Seen` stands for. Of a request with a final answer only what `Message.forget` leaves is of use."""
    message = parse(data + b"\r\n" if answered else data)
    assert message is not None  # it had the usual shape
    if answered:
        message.forget()
    owner, role = seen.binding.set, seen.binding.role
    # Only the UE's first request on a new set finds the P-CSCF not using it yet.
    there = State.NEW if owner.terms.parent is not None and owner.uplink in (None, seen.at) else State.USE
    protection = Protection(owner.terms, role, seen.sequence, State.USE, there)
    sport, dport = seen.binding.ports
    assert sport is not None and dport is not None
    transport = "UDP" if seen.connection is None else "TCP"
    where = transport, sport, dport
    return Sighting(seen.at, seen.frames, message, role.sender, *where, protection, seen.connection)
