"""What did not happen: answers, re-registrations and sets that one side no longer serves (section 9.3; FP4, FP26)."""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import Knowledge, SetTerms, Side, Sighting


class ClearRestart(Event, frozen=True, kw_only=True):
    """A REGISTER in clear of a contact that has a valid set."""

    register: Sighting
    terms: SetTerms
    """The set that the UE has in use."""
    heard: FrameRef | None
    """The P-CSCF's last packet on it."""
    unanswered: tuple[FrameRef, ...]
    """Requests of the UE on the set since then, none of which has an answer."""
    timed_out: int
    """How many of them reached 64*T1."""
    excused: str
    """Why the UE may have had to begin anew, in words; empty if nothing shows that."""
    again: bool
    """It had begun in clear before since then: the set is given up already."""
    continues: Knowledge | None
    """That the UE goes on with the Call-ID of its last REGISTER, and whether no REGISTER between is missing; None for a
    new Call-ID, as after a loss of state (FP15)."""


class SilenceIgnored(Event, frozen=True, kw_only=True):
    """The UE goes on with a set on which several of its requests had no answer at all."""

    request: Sighting
    unanswered: tuple[FrameRef, ...]
    since: int
    """When the second of them had reached 64*T1, ns since the epoch."""
    certain: Knowledge
    """Whether the answers are not merely missing from the capture."""


class RenewalSeen(Event, frozen=True, kw_only=True):
    """A re-registration was due: it came, or it did not."""

    granted: FrameRef
    """The 2xx that set the time."""
    register: Sighting | None
    """The next REGISTER of this contact; None: there was none by `seen`."""
    due: int
    """By when it had to come, tolerance included, ns since the epoch."""
    expiry: int
    """When the registration ended, tolerance included."""
    alive: FrameRef | None
    """A packet of the UE on its set, well after the due date and well before that REGISTER: it was not off."""
    seen: FrameRef
    """Up to where it is known that no REGISTER came."""
    complete: Knowledge


class ExtendedSetDropped(Event, frozen=True, kw_only=True):
    """A set was given up at the deadline that its authentication gave it, although a refresh had extended it."""

    side: Side
    terms: SetTerms
    refresh: FrameRef
    """The 2xx that extended it without a challenge."""
    heard: FrameRef
    """The last packet by which the P-CSCF served it."""
    silent: tuple[FrameRef, ...]
    """The UE's requests that had no answer; none if it is the UE that dropped the set."""
    deadline: int
    """The first deadline, ns since the epoch."""
    expires: int
    """The extended one."""
    tight: bool
    """It was served until right before the first deadline, and no more right after it."""
    certain: Knowledge
    """Whether the side was there at all, and the capture is complete."""


class ExtendedSetServed(Event, frozen=True, kw_only=True):
    """A side used a set after its first deadline, since a refresh had extended it."""

    side: Side
    terms: SetTerms


class OldSetNeglected(Event, frozen=True, kw_only=True):
    """A request on a set that a newer one replaces stayed without an answer, although the set had to be served yet."""

    side: Side
    """Who did not answer."""
    request: Sighting
    terms: SetTerms
    newer: SetTerms
    copies: int
    """How often the request was repeated after SM12 of the newer set."""
    alive: FrameRef | None
    """A packet of that side on the newer set, after the request."""
    near: str | None
    """Why the request reached that side for sure."""
    complete: Knowledge


class OldSetServed(Event, frozen=True, kw_only=True):
    """A side answered on a set that a newer one is replacing."""

    side: Side
    terms: SetTerms
