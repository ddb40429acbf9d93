"""The life of the sets: which one is to be used, and the end of each (TS 33.203 7.4, requirements section 9)."""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import End, Knowledge, SetTerms, Side, Sighting


class FreshRequest(Event, frozen=True):
    """A new transaction (no REGISTER, no ACK, no CANCEL) on an established set; the switch rules judge it."""

    request: Sighting
    newer: SetTerms | None
    """The newer established set of this contact, if the request is on an older one."""
    older: SetTerms | None
    """The set that the one used replaces, if the request is on the newest one and SM1 was protected."""
    knew: Knowledge | None
    """On an older set: how sure it is that the sender had to use the newer one."""
    trigger: FrameRef | None
    """First further message of the UE on the newest set."""
    pending: bool
    """A transaction of the older set is open, as far as the capture shows."""
    older_expires: int | None
    """Deadline of the older set, ns since the epoch."""
    complete: Knowledge
    """Whether what speaks against the P-CSCF on the newest set could be a gap in the capture: an earlier message of the
    UE there, or the end of what was pending on the older one."""


class DeadSetUsed(Event, frozen=True, kw_only=True):
    """A SIP message on a set that its sender had to have given up."""

    sighting: Sighting
    terms: SetTerms
    end: End
    since: FrameRef
    """The message by which the set had to go."""
    since_time: int
    """From when on it had to be gone, ns since the epoch (a deadline, or the time of `since`)."""
    knew: Knowledge
    pending: bool
    """It belongs to a transaction that began while the set was still good (FP6)."""
    repeat: bool
    """A retransmission of a message that was sent while the set was still good (FP1)."""
    invited: bool
    """It answers a request that the other side should not have sent there."""
    complete: Knowledge


class SetsAtOnce(Event, frozen=True, kw_only=True):
    """The P-CSCF used a set that it had to have deleted while others of the same contact were alive: more than it may
    keep at once."""

    sighting: Sighting
    sets: tuple[SetTerms, ...]
    """All that are alive, or were used by the P-CSCF since the newest of them was announced; oldest first."""
    ends: tuple[End | None, ...]
    """Why each had to be gone; None for one that is alive."""
    knew: Knowledge


class DeadSetAnswered(Event, frozen=True, kw_only=True):
    """An answer, on whichever set or in clear, to a request that came on a set which its receiver had to have given
    up before; or, at the end, that there was none."""

    response: Sighting | None
    """None: nothing answered it."""
    request: Sighting
    receiver: Side
    """Who had to discard the request."""
    terms: SetTerms
    end: End
    since: FrameRef
    since_time: int
    knew: Knowledge
    """Whether the receiver knew, when the request came, that the set was over."""
    complete: Knowledge
    """Whether the capture has all that bears on the end of the set."""
    elsewhere: bool
    """Another copy of the request came by another way, so that the answer may be to that one."""


class SetRetired(Event, frozen=True, kw_only=True):
    """The end of the capture, or of the set's memory: a set that had to go, and whether a side used it after that."""

    terms: SetTerms
    end: End
    used_by_ue: bool
    """The UE used it after that, or this end was none of its."""
    used_by_pcscf: bool
    observed: bool
    """Something was seen on this contact after the set had to be gone: without it there is nothing to pass."""
