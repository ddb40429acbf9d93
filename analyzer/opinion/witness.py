"""What the engine saw in each frame, written down for the comparison: an engine that remembers.

It does nothing differently, and is used only where a second opinion is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from analyzer.engine.engine import COPY, Engine
from analyzer.engine.telling import UNJUDGED
from analyzer.frame import Frame, FrameRef
from analyzer.ims.events import Notice
from analyzer.ims.receipts import Emit
from analyzer.ims.tracker import Tracker
from analyzer.keys.keyring import Keyring
from analyzer.profile import Profile
from analyzer.seen import HEADERS, LINE, PARAMETERS, VALUE, SeenHeader, SeenMessage, plain
from analyzer.sip.message import Message
from analyzer.sip.secagree import Mechanism, mechanisms

REMEMBERED: Final = 64 << 20
"""Octets that may be remembered, as they are charged: some 50,000 messages. What comes later is not compared."""
FRAME: Final = 300
"""What a frame is charged for its entry."""
MESSAGE: Final = 800
"""What a message is charged besides its texts."""

Tell = Callable[[FrameRef, tuple[FrameRef, ...], Message, str], None]
"""Gets the frame that completed a message, all its frames, the message and its transport."""


class Noted(NamedTuple):
    """A SIP message, as it was read."""

    message: SeenMessage
    frames: tuple[FrameRef, ...]
    """All that it needed."""
    transport: str


class NotedFrame(Struct):
    """One frame in which there was ESP, SIP or a copy."""

    packets: int = 0
    """ESP packets."""
    verified: int = 0
    """Those with a good ICV."""
    replayed: int = 0
    """Those whose content was not read, since it had been before."""
    copy: bool = False
    """It was dropped as a copy of another, or of what was inside of another."""
    told: bool = False
    """It holds a message that a tool tells of, which is not judged."""
    messages: list[Noted] = field(default_factory=list)


class Witness(Engine):
    """An engine that remembers what it saw, up to a limit."""

    def __init__(self, profile: Profile, keyring: Keyring, emit: Emit, **options: Any) -> None:
        self.frames: dict[int, dict[int, NotedFrame]] = {}
        """By capture and number; a frame of which there is nothing to tell is not there."""
        self.reached: dict[int, int] = {}
        """The last frame of each capture that there was room for, once it is `full`."""
        self.full = False
        self._room = REMEMBERED
        super().__init__(
            profile, keyring, partial(self._heard, emit), tracker=partial(_Listening, self._message), **options
        )

    def receive(self, frame: Frame) -> None:
        """As the engine does, and note what became of it."""
        if self.full:
            super().receive(frame)
            return
        ledger = self.tracker.packets
        packets, verified, replayed = ledger.packets, ledger.verified_count, ledger.replayed
        copies = self.reader.copies
        super().receive(frame)
        if ledger.packets != packets or self.reader.copies != copies:
            noted = self._noted(frame.ref)
            noted.packets += ledger.packets - packets
            noted.verified += ledger.verified_count - verified
            noted.replayed += ledger.replayed - replayed
            noted.copy |= self.reader.copies != copies
        self.reached[frame.capture] = frame.number
        self.full = self._room < 0

    def _heard(self, emit: Emit, event: object) -> None:
        if type(event) is Notice and not self.full:
            if event.text == COPY:
                self._noted(event.at).copy = True
            elif event.text in UNJUDGED.values():
                self._noted(event.at).told = True
        emit(event)

    def _message(self, at: FrameRef, frames: tuple[FrameRef, ...], message: Message, transport: str) -> None:
        if self.full:
            return
        seen = _seen(message)
        self._noted(at).messages.append(Noted(seen, frames, transport))
        self._room -= MESSAGE + sum(map(len, seen.identity)) + sum(3 * len(header.text) for header in seen.security)

    def _noted(self, at: FrameRef) -> NotedFrame:
        frames = self.frames.setdefault(at.capture, {})
        found = frames.get(at.number)
        if found is None:
            found = frames[at.number] = NotedFrame()
            self._room -= FRAME
        return found


class _Listening(Tracker):
    """A tracker that tells of each message before it does anything with it."""

    __slots__ = ("_tell",)

    def __init__(self, tell: Tell, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._tell = tell

    def message(
        self,
        at: FrameRef,
        frames: tuple[FrameRef, ...],
        source: bytes,
        destination: bytes,
        transport: str,
        sport: int,
        dport: int,
        message: Message,
        *more: Any,
    ) -> None:
        """As the tracker does."""
        self._tell(at, frames, message, transport)
        super().message(at, frames, source, destination, transport, sport, dport, message, *more)


def _seen(message: Message) -> SeenMessage:
    security = [
        SeenHeader(name, plain(value, VALUE), _parameters(value)) for name in HEADERS for value in message.values(name)
    ]
    call_id, cseq = message.first("call-id") or "", message.first("cseq") or ""
    # Not as reports may show it: there, other characters stand for controls.
    line = message.raw[: 2 * LINE].partition(b"\n")[0].decode("latin-1")
    return SeenMessage(plain(line), plain(call_id), plain(cseq), tuple(security))


def _parameters(value: str) -> tuple[tuple[str, str], ...]:
    found = [
        (name, _understood(entry, name))
        for entry in mechanisms([value])
        for name in PARAMETERS
        if entry.params.get(name) is not None
    ]
    return tuple(sorted(found))


def _understood(entry: Mechanism, name: str) -> str:
    """A parameter's value; a number as it is understood, or as it stands there if it makes no sense."""
    numbers = {"spi-c": entry.spi_c, "spi-s": entry.spi_s, "port-c": entry.port_c, "port-s": entry.port_s}
    number = numbers.get(name)
    return plain(entry.params[name] or "").lower() if number is None else str(number)
