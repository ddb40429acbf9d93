"""One association of a set, as the session model knows it: what its packets are like, and what they have shown so far.

TS 33.203 7.1 gives each of the four a role; RFC 4303 what a packet of it has.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.events import IntegrityFailed
from analyzer.ims.rare import Rare
from analyzer.ims.receipts import Receipt
from analyzer.ims.sets.ivs import CbcIvs, CombinedIvs
from analyzer.ims.sets.ledger import Ledger
from analyzer.ims.vocabulary import Role, Side
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.variants import Variant
from analyzer.keys.entries import Vector
from analyzer.network.stream import Course

if TYPE_CHECKING:
    from analyzer.ims.sets.associations import SaSet

REFUSED = 64
"""Packets of one association that did not verify, held back until it is clear whether its key has changed."""

NOWHERE: Final = -1, None, 0
"""Where no packet is seen: there is no such TTL."""

NOTHING: Final[frozenset[Any]] = frozenset()
"""What a set of rare things is until there is one; an empty set for each association would need 200 octets."""

UNUSED: Final = Ledger()
"""The ledger of all associations that have not seen a packet; nothing is ever entered in it (`Binding.begun`)."""

_flow: Final = Struct("!HH").pack


class Wrapping(NamedTuple):
    """How a packet in tunnel mode is wrapped, in UDP behind a NAT (TS 33.203 Annex M)."""

    outside: tuple[bytes, int, bool | None, int, object]
    """Source, TTL, direction, depth and shell of the packet around."""
    source: bytes
    """That inside."""
    destination: bytes
    """That inside."""


class Binding:
    """What an association of the database is in the session model: one role of one set."""

    __slots__ = (
        "address",
        "around",
        "association",
        "course",
        "flow",
        "ivs",
        "ledger",
        "odd",
        "place",
        "proven",
        "proven_at",
        "receipt",
        "refused",
        "role",
        "sender",
        "served",
        "set",
        "vector",
        "view",
    )

    mistake = Rare("")
    """How the key was derived from the vector, if not as TS 33.203 Annex I says."""
    variant = Rare[Variant | None](None)
    """How its packets differ from what its algorithms demand; None if they do not."""
    looked_at = Rare(0)
    """Packets whose IVs were looked at, once that is over."""
    faults = Rare[frozenset[str]](NOTHING)
    """Kinds of faults in the form of its packets that were told."""
    inner = Rare[bytes | None](None)
    """In tunnel mode the source address inside, of the first packet."""
    wrapping = Rare[Wrapping | None](None)
    """In tunnel mode that of the packet before, if it was an ordinary one."""

    def __init__(self, owner: SaSet, role: Role) -> None:
        self.odd: dict[str, object] | None = None
        """What is out of the ordinary with it; None: nothing."""
        self.set = owner
        self.role = role
        self.flow = b""
        """Source and destination port that its packets should have, as octets, once there is one and if both are known.
        """
        self.sender = role.sender
        self.served = owner.terms.port_us if self.sender is Side.UE else owner.terms.port_ps
        """The port on which its sender is served, which its Via has to name."""
        self.address = b""
        """Where an ordinary packet came from."""
        self.place: tuple[int, bool | None, int] = NOWHERE
        """TTL, direction and depth of the packet before, as a `Datagram` has them; `NOWHERE` if it was no ordinary one.
        """
        self.around: tuple[bytes, ...] = ()
        """What the IP header around an ordinary packet may have, as `ip.around` makes it; nothing if some rule has not
        let such a packet pass."""
        self.view = -1
        """What `layouts.view` makes of direction and depth of such a packet."""
        self.course: Course | None = None
        """The TCP connection between its ports, if that is followed segment by segment."""
        self.ledger = UNUSED
        self.association: SecurityAssociation | None = None
        self.vector: Vector | None = None
        """The authentication vector that the key came from; None for an explicit key."""
        self.proven = False
        self.proven_at: FrameRef | None = None
        """The first packet that a key verified."""
        self.ivs: CbcIvs | CombinedIvs | None = None
        """What watches its initialisation vectors; None if there are none, or enough were looked at."""
        self.receipt: Receipt | None = None
        """All rules have let its ordinary packets pass."""
        self.refused: tuple[IntegrityFailed, ...] = ()
        """Packets that did not verify, until a later one that does shows that the key is still the same."""

    @property
    def ports(self) -> tuple[int | None, int | None]:
        """Source and destination port that its packets should have."""
        return self.set.terms.ports(self.role)

    def begun(self) -> Ledger:
        """Its ledger, now that a packet has come: half of the associations of a large capture never see one."""
        if self.ledger is UNUSED:
            self.ledger = Ledger()
            sport, dport = self.ports
            if sport is not None and dport is not None:
                self.flow = _flow(sport, dport)
        return self.ledger
