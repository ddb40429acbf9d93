"""Who an endpoint is, where it is, and whether all four of its associations work (TS 33.203 7.1, 7.5)."""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import Knowledge, Role, SetTerms, Side, Sighting


class ForeignIdentity(Event, frozen=True, kw_only=True):
    """A protected request with an identity that is not bound to its set, and what became of it."""

    request: Sighting
    kind: str
    """``impi`` (of a REGISTER) or ``impu``."""
    claimed: str
    bound: tuple[str, ...]
    """The identities of the set."""
    outcome: str
    """``refused``, ``accepted`` (a 2xx, or a challenge to a REGISTER) or ``forwarded``."""
    answer: str
    """First line of the answer, or of the request behind the P-CSCF."""
    asserted: tuple[str, ...]
    """Where it was forwarded: the identities that the P-CSCF asserted there."""


class AddressChanged(Event, frozen=True, kw_only=True):
    """Packets on a set of the UE come from another address than the one that negotiated it."""

    terms: SetTerms
    addresses: tuple[str, str]
    """The old one and the new one."""
    what: str
    """First line of the message, where there is one."""
    before: FrameRef | None
    """The last packet of the UE on this set from the old address."""
    settled: bool
    """Several packets came from the new address, none from the old one in between."""


class AddressLeft(Event, frozen=True, kw_only=True):
    """A subscriber that had a set at another address registers in clear from a new one."""

    register: Sighting
    addresses: tuple[str, str]


class HandshakeEnded(Event, frozen=True, kw_only=True):
    """A TCP handshake on an association: answered, refused, or repeated in vain."""

    terms: SetTerms
    role: Role
    """The association of the SYN."""
    receiver: Side
    outcome: str
    """``answered``, ``refused`` or ``silent``."""
    attempts: int
    exchanged: FrameRef | None
    """A packet of the receiver on another association meanwhile, while the sender, too, sent more than its SYNs."""
    near: str | None
    """Why the SYNs reached the receiver for sure."""
    complete: Knowledge
    replaced: bool
    """At the receiver the set is one that a newer one replaces, or that is over."""
    early: bool
    """In that case: the SYN's sender has not used the newer one yet, so that the old one has to be served."""
    alive: FrameRef | None
    """In that case: a packet of the receiver on the newer one, since the first SYN."""
