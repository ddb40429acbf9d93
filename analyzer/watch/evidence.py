"""What ``--write-evidence`` keeps: the packets of subjects with findings, with those of some seconds before.

Every packet waits for `HOLD`; who turns out to have a finding meanwhile has it written. The registration of a set that
is alive waits as long as the set, so that what was written can be audited again. All of it is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import Final

from analyzer.finding import Finding
from analyzer.frame import SECOND
from analyzer.sources.recording import Recording, Rotation
from analyzer.sources.split import Piece

HOLD: Final = 10 * SECOND
"""How long a packet waits, by the frames' times (ns)."""
WAITING: Final = 1 << 26
"""Octets that wait; beyond, the oldest are judged early, and how many is told."""
REGISTRATIONS: Final = 1 << 26
"""Octets of packets that wait for the end of their set; beyond, the oldest are forgotten, and how many is told."""
SUBJECTS: Final = 10_000
"""Addresses of subjects with findings; further ones are not looked for, and the report says so."""
HEAD: Final = 256
"""Octets of a frame in which the address of its subject is looked for, in whatever tunnel it is."""


class Evidence(Recording):
    """Writes what belongs to findings."""

    def __init__(self, path: str, rotation: Rotation | None = None) -> None:
        """Make the file, or the first of a row. Raises OSError."""
        super().__init__(path, rotation)
        self.pinned: Callable[[], Collection[int]] = tuple
        """The frames that the sets which are alive began with."""
        self._addresses: dict[bytes, None] = {}
        self._frames: set[int] = set()
        self._waiting: deque[tuple[int, Piece]] = deque()
        self._octets = 0
        self._registrations: dict[int, Piece] = {}
        self._size_of_registrations = 0
        self._unwanted = self._early = self._forgotten = 0

    def feed(self, octets: memoryview | bytes) -> None:
        """Take what came; nothing is raised."""
        latest = 0
        for piece in self._splitter.feed(octets):
            if not piece.numbered:
                self.write([(0, piece)])
                continue
            self.frames += 1
            self._waiting.append((self.frames, piece))
            self._octets += len(piece.block)
            latest = piece.time or latest
        self._judge(latest - HOLD)

    def want(self, finding: Finding, address: str | None) -> None:
        """Somebody at this address has a finding."""
        frames = {finding.frame, *finding.related}
        self._frames |= frames
        if address is not None and len(self._addresses) < SUBJECTS:
            try:
                self._addresses[ip_address(address).packed] = None
            except ValueError:
                return
        elif address is not None:
            self._unwanted += 1
        for number in sorted(self._registrations):
            if self._wanted(number, self._registrations[number]):
                self.write([(number, self._forget(number))], sparse=True)

    def finish(self, until: int | None) -> None:
        """Nothing more comes: all that waits is judged."""
        self._judge(None)
        super().finish(until)

    @property
    def whole(self) -> None:
        """Nobody has every frame."""

    @property
    def notices(self) -> list[str]:
        """What the user should know."""
        more = [f"--write-evidence: {self._unwanted:,} findings had no room"] if self._unwanted else []
        for count, what in ((self._early, "were judged before their time"), (self._forgotten, "were forgotten")):
            if count:
                more.append(f"--write-evidence: {count:,} packets {what}, since too many waited")
        return [*super().notices, *more]

    def _judge(self, until: int | None) -> None:
        """Write or forget what has waited long enough."""
        pinned: Collection[int] | None = None
        waiting = self._waiting
        while waiting and (until is None or self._octets > WAITING or waiting[0][1].time < until):
            number, piece = waiting.popleft()
            self._octets -= len(piece.block)
            if self._wanted(number, piece):
                self.write([(number, piece)], sparse=True)
                continue
            self._early += until is not None and piece.time >= until
            if pinned is None:
                pinned = set(self.pinned())
                for old in [each for each in self._registrations if each not in pinned]:
                    self._forget(old)
            if number in pinned:
                self._registrations[number] = piece
                self._size_of_registrations += len(piece.block)
                while self._size_of_registrations > REGISTRATIONS:
                    self._forget(next(iter(self._registrations)))
                    self._forgotten += 1

    def _wanted(self, number: int, piece: Piece) -> bool:
        head = piece.block[28 : 28 + HEAD]
        return number in self._frames or any(address in head for address in self._addresses)

    def _forget(self, number: int) -> Piece:
        piece = self._registrations.pop(number)
        self._size_of_registrations -= len(piece.block)
        return piece
