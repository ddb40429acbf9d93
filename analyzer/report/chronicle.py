"""What happened, for the forms of a report that draw it: messages, traffic and the life of the sets, by subject.

Kept only if such a form is wanted, and then beside the audit: `Chronicle.sighting` gets every SIP message on Gm,
`Chronicle.around` overhears the events of ESP packets, `Chronicle.pin` is told which frames a new finding names. All
of it is bounded: `MESSAGES` arrows (those of findings come on top), `QUOTES` octets of headers, `LINES` directions of
sets with a bounded number of ticks each. What did not fit is counted, and `notices` says so.

    chronicle = Chronicle()
    report = audit(captures, options, chronicle=chronicle)
    for arrow in chronicle.arrows: ...            # the ladder, in the order of time
    chronicle.lives[subject_id]                   # its sets, oldest first: SM1 to SM12, deadlines, ends
    chronicle.ticks[subject_id, generation, True] # ESP packets from the UE on that set
    chronicle.quote(capture, frame)               # headers of one message, None if they are not kept
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from analyzer.evidence import SetLife
from analyzer.frame import FrameRef
from analyzer.ims.events import PacketRead, PacketUnread, PacketVerified
from analyzer.ims.vocabulary import HEARSAY, Side, Sighting
from analyzer.proof.sets import lives
from analyzer.report.quotes import BUDGET, Quote, Shelf, head
from analyzer.report.ticks import Ticks

if TYPE_CHECKING:
    from analyzer.engine.engine import Engine
    from analyzer.ims.subjects import Context
    from analyzer.profile import Profile
    from analyzer.report.pseudonyms import Pseudonyms

MESSAGES: Final = 200_000
"""Arrows that are kept, the first; later ones are counted, save those that findings are about."""

PINNED: Final = 50_000
"""Arrows and frames of findings that are kept beside these."""

LINES: Final = 8_192
"""Directions of sets whose traffic is kept; the packets of further ones are counted."""

QUOTES: Final = BUDGET
"""Octets of headers of each of three kinds: those that findings name, those of registrations, all others."""

_PACKETS: Final = frozenset({PacketVerified, PacketRead, PacketUnread})


class Arrow(NamedTuple):
    """One SIP message between a UE and a P-CSCF."""

    at: FrameRef
    """The frame that completed it."""
    frames: tuple[FrameRef, ...]
    """All frames that it needed."""
    subject: str | None
    """Id of the subject; None if it belongs to no registration."""
    ue: str
    """Address, ``?`` if there is no subject."""
    pcscf: str
    uplink: bool
    """The UE sent it."""
    start_line: str
    method: str
    """Of the request, or for a response the one that it answers."""
    status: int
    """0 for a request."""
    call_id: str
    cseq: int | None
    transport: str
    """``UDP``, ``TCP``, or ``told`` where only a tool told of it."""
    sport: int
    dport: int
    generation: int | None
    """Set that protected it; None: in clear, or told."""
    role: str
    """Which of the four associations, ``uc>ps`` say; empty in clear."""
    spi: int | None
    sequence: int | None
    """ESP sequence number of the packet that completed it."""
    state_ue: str
    """State of the set at that moment; empty in clear."""
    state_pcscf: str

    @property
    def told(self) -> bool:
        """Only a tool told of it: nobody knows what protected it."""
        return self.transport == HEARSAY

    @property
    def clear(self) -> bool:
        """It was unprotected on the wire."""
        return self.generation is None and not self.told


class Chronicle:
    """Collects while the audit runs; to be read when it is over."""

    def __init__(self, messages: int = MESSAGES, budget: int = QUOTES) -> None:
        self._messages = messages
        self._budget = budget
        self._names: Callable[[str], str] | None = None
        self.clear()

    def clear(self) -> None:
        """Forget all that happened: the audit begins once more."""
        self.arrows: list[Arrow] = []
        """In the order of time."""
        self.missed = 0
        """Messages that are not among them."""
        self.ticks: dict[tuple[str, int, bool], Ticks] = {}
        """By subject, generation of the set, and whether the UE sent."""
        self.unticked = 0
        """ESP packets that are not among them."""
        self.lives: dict[str, tuple[SetLife, ...]] = {}
        """The sets of each subject, the oldest first."""
        self._found, self._registers, self._others = (Shelf(self._budget) for _ in range(3))
        self._late: dict[tuple[int, int], Arrow] = {}
        """The latest messages that found no room, in case a finding is about one of them."""
        self._pinned: set[tuple[int, int]] = set()
        """Frames that findings name."""

    # --- while the audit runs ----------------------------------------------------------------------------------------

    def sighting(self, context: Context | None, sighting: Sighting) -> None:
        """Take one message; the audit calls it in the order of time."""
        arrow = _arrow(context, sighting)
        place = arrow.at.capture, arrow.at.number
        if len(self.arrows) < self._messages or place in self._pinned:
            self.arrows.append(arrow)
        else:
            self.missed += 1
            self._late[place] = arrow
            if len(self._late) > 2 * _LATE:
                self._late = dict(islice(self._late.items(), _LATE, None))
        others = self._registers if arrow.method == "REGISTER" else self._others
        shelf = self._found if place in self._pinned else others
        shelf.put(place, head(sighting.message.raw))

    def around(self, emit: Callable[[object], object]) -> Callable[[object], None]:
        """A receiver of events that notes ESP packets, and hands everything on.

        It gives no receipts (`ims/receipts.py`), so that it is told of each packet, also where nothing changes.
        """
        ticks = self.ticks

        def overhear(event: object) -> None:
            if type(event) in _PACKETS and event.subject is not None:  # type: ignore[attr-defined]
                uplink = event.role.sender is Side.UE  # type: ignore[attr-defined]
                key = event.subject.id, event.terms.generation, uplink  # type: ignore[attr-defined]
                at: FrameRef = event.at  # type: ignore[attr-defined]
                line = ticks.get(key)
                if line is None and len(ticks) < LINES:
                    line = ticks[key] = Ticks(at)
                if line is None:
                    self.unticked += 1
                else:
                    line.add(at)
                    line.unread += type(event) is PacketUnread
            emit(event)

        return overhear

    def pin(self, places: Iterable[FrameRef]) -> None:
        """A new finding is about these frames: what they held is kept."""
        for at in places:
            place = at.capture, at.number
            if place in self._pinned or len(self._pinned) >= PINNED:
                continue
            self._pinned.add(place)
            late = self._late.pop(place, None)
            if late is not None:
                self.arrows.append(late)
                self.missed -= 1
            made = self._others.take(place) or self._registers.get(place)
            if made is not None:
                self._found.put(place, made)

    def close(self, engine: Engine, profile: Profile) -> None:
        """The audit is over: what became of the sets."""
        self.arrows.sort(key=lambda arrow: arrow.at.time)
        self._late.clear()
        for context in (context for pair in engine.tracker.directory for context in pair.contexts):
            self.lives[context.subject.id] = lives(context, profile)

    # --- afterwards --------------------------------------------------------------------------------------------------

    def through(self, names: Pseudonyms) -> Chronicle:
        """The same with pseudonyms; of headers that hold more than this project reads, only the names are left."""
        made = copy(self)
        text = made._names = names.text
        known: dict[str, str] = {}

        def name(value: str) -> str:
            if value not in known:
                known[value] = text(value)
            return known[value]

        made.arrows = [
            arrow._replace(
                subject=None if arrow.subject is None else name(arrow.subject),
                ue=name(arrow.ue),
                pcscf=name(arrow.pcscf),
                start_line=text(arrow.start_line),
                call_id=text(arrow.call_id),
            )
            for arrow in self.arrows
        ]
        made.ticks = {(name(subject), set_, up): line for (subject, set_, up), line in self.ticks.items()}
        made.lives = {name(subject): found for subject, found in self.lives.items()}
        return made

    def quote(self, capture: int, frame: int) -> Quote | None:
        """Headers of the message that this frame completed, without keys; None if they are not kept (any more)."""
        place = capture, frame
        kept = self._found.get(place) or self._registers.get(place) or self._others.get(place)
        if kept is None:
            return None
        made = kept.quote()
        return made if self._names is None else made.pseudonymous(self._names)

    @property
    def notices(self) -> list[str]:
        """What the pictures lack, in sentences."""
        told = []
        if self.missed:
            told.append(f"{self.missed:,} later messages are not in the ladders: the first {self._messages:,} are")
        if self.unticked:
            told.append(f"{self.unticked:,} ESP packets are not in the timelines: there are too many sets")
        return told


_LATE: Final = 1_024


def _arrow(context: Context | None, sighting: Sighting) -> Arrow:
    subject = context.subject if context is not None else None
    message, protection = sighting.message, sighting.protection
    return Arrow(
        sighting.at,
        sighting.frames,
        subject.id if subject else None,
        subject.ue if subject else "?",
        subject.pcscf if subject else "?",
        sighting.sender is Side.UE,
        message.start_line,
        message.method,
        message.status,
        message.call_id,
        message.cseq,
        sighting.transport,
        sighting.sport,
        sighting.dport,
        protection.generation if protection else None,
        str(protection.role) if protection else "",
        protection.terms.spi(protection.role) if protection else None,
        protection.sequence if protection else None,
        str(protection.state_ue) if protection else "",
        str(protection.state_pcscf) if protection else "",
    )
