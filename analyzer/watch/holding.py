"""Key files that grow while a run goes on, and the packets that wait for what is written to them.

A test core writes the keys of a set when it makes it, which may be later than the first packet on it. That packet, and
all that comes after it, waits until its key is there, so that the engine gets everything in the order in which it was
sent and finds what `gmaudit check` would find with the complete file. It waits no longer than `PATIENCE`, and no more
than `FRAMES` do; then it is judged without the key, and nothing of that phone waits again until a key file changes.

All wait, and not only the packets of that phone: the engine has one clock, by which it gives up holes in TCP streams,
unanswered requests and handshakes of every phone, and what one phone does is held against another (a subscriber that
appears at a second address, a challenge that comes again, keys in the core leg). Out of order, a phone whose packets
wait would be accused of silence. So it is made sure that they wait seldom and shortly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from analyzer.engine.engine import Engine
from analyzer.frame import SECOND, Frame
from analyzer.ims.subjects import Context
from analyzer.keys.keyring import KeyFileError, Keyring
from analyzer.network.packets import Datagram

K = TypeVar("K")

PATIENCE: Final = 10 * SECOND
"""How long a packet waits after it came (ns of the steady clock), however many phones have no keys."""
FRAMES: Final = 20_000
"""Frames that wait at most."""
OCTETS: Final = 1 << 26
"""Octets of them."""
GIVEN_UP: Final = 10_000
"""Sets, and phones, for which nothing waits any more; the oldest goes first, and may be waited for once more."""
LOOK: Final = SECOND
"""How often the key files are looked at, at most (ns)."""
SHARE: Final = 20
"""Reading them takes no more than one part of so many of the time."""


class Holding:
    """Looks at the key files and keeps what waits for them."""

    def __init__(self, engine: Engine, keyring: Keyring, paths: Sequence[str]) -> None:
        self.waiting: deque[tuple[int, Datagram | Frame]] = deque()
        """The packet that has no key, and all that came after it, with when they came; empty if nothing waits."""
        self.given_up = 0
        """How often the patience was at its end."""
        self._engine = engine
        self._keyring = keyring
        self._seen = {path: _state(path) for path in paths}
        self._mistakes: dict[str, str] = {}
        self._octets = 0
        self._now = 0
        self._came: int | None = None
        """When that came which is judged at this moment, if it has waited."""
        self._due = 0
        self._hopeless: dict[tuple[str, int], None] = {}
        """Sets whose keys did not come in time."""
        self._without: dict[str, None] = {}
        """Subjects of such sets, until a key file changes."""
        if paths:
            engine.keyless = self._keyless

    def take(self, frame: Frame) -> None:
        """A frame that came while something waits."""
        self.waiting.append((self._now, frame))
        self._octets += len(frame.data)
        if len(self.waiting) > FRAMES or self._octets > OCTETS:
            self._give_up()

    def tick(self, now: int, spent: int = 0) -> None:
        """Look whether keys came; ``now`` is that of the steady clock (ns), ``spent`` what the last look cost."""
        self._now = now
        if now >= self._due:
            self._due = now + max(LOOK, SHARE * spent)
            if self._look():
                self._without.clear()
                self._engine.keys_came()
                self._release()
        while self.waiting and now - self.waiting[0][0] > PATIENCE:
            self._give_up()

    def close(self) -> None:
        """Nothing more comes: look once more, and judge all that waits."""
        self._due = 0
        self.tick(self._now)
        while self.waiting:
            self._give_up()

    @property
    def notices(self) -> list[str]:
        """What the user should know."""
        told = [f"{problem}; the keys that it had before are used" for problem in self._mistakes.values()]
        if self.given_up:
            told.append(
                f"sets whose packets were judged without a key, which had not come in time: {self.given_up:,} "
                f"(they waited {PATIENCE // SECOND} s, or for {FRAMES:,} frames)"
            )
        return told

    def _look(self) -> bool:
        """Read the files that have changed; whether there is anything new."""
        new = False
        for path, before in self._seen.items():
            state = _state(path)
            if state == before or state is None:
                continue
            self._seen[path] = state
            try:
                new |= self._keyring.read_again(path)
                self._mistakes.pop(path, None)
            except KeyFileError as error:  # perhaps it is being written at this moment
                self._mistakes[path] = str(error)
        return new

    def _keyless(self, datagram: Datagram) -> bool:
        """Whether a packet without a key waits for it."""
        session = self._engine.tracker.session
        announced = session.announced.get(datagram.destination + datagram.payload[:4])
        if not announced:
            return False
        owner = announced[0].set
        name = _name(owner.contact, owner.generation)
        if owner.keyed or name in self._hopeless:
            return False
        if name[0] in self._without:
            self._hopes_no_more(name)
            return False
        self.waiting.appendleft((self._now if self._came is None else self._came, datagram))
        return True

    def _release(self) -> None:
        """Judge what waits, until something waits again."""
        while self.waiting:
            self._came, first = self.waiting.popleft()
            before = len(self.waiting)
            if isinstance(first, Frame):
                self._octets -= len(first.data)
                self._engine.receive(first)
            else:
                self._engine.once_more(first)
            self._came = None
            if len(self.waiting) > before:
                return

    def _give_up(self) -> None:
        _, first = self.waiting[0]
        if isinstance(first, Datagram):
            announced = self._engine.tracker.session.announced.get(first.destination + first.payload[:4])
            if announced:
                owner = announced[0].set
                self._hopes_no_more(_name(owner.contact, owner.generation))
        self._release()

    def _hopes_no_more(self, name: tuple[str, int]) -> None:
        self.given_up += 1
        _remember(self._hopeless, name)
        _remember(self._without, name[0])


def _remember(table: dict[K, None], key: K) -> None:
    table[key] = None
    if len(table) > GIVEN_UP:
        del table[next(iter(table))]


def _name(contact: object, generation: int) -> tuple[str, int]:
    assert isinstance(contact, Context)
    return contact.subject.id, generation


def _state(path: str) -> tuple[int, int, int] | None:
    """What changes when a file is written; None as long as there is none."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
