"""The quality of a capture (K8): what it cut, lost, dated wrongly or saw from one side only.

Nothing here accuses anybody. It is noted where something is unusual, and `audit/doubts.py` weakens what cannot be sure
then.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.vocabulary import Side
from analyzer.network.checksums import Checksum, look
from analyzer.network.packets import Datagram
from analyzer.network.taps import Taps

STEP: Final = SECOND // 10
"""A frame that is so much earlier than the one before it: the clock was set back (ns). Less is the order of buffers."""
SILENCE: Final = 32 * SECOND
"""A gap between two frames in which a UDP request that was answered would have been repeated (64 times 500 ms)."""
STEPS: Final = 1000
"""Steps of the clock that are remembered; beyond them there is only the count."""
SILENCES: Final = 64
"""Gaps that are remembered, until an answer shows that the clock jumped in one of them."""
SAMPLE: Final = 8
"""Checksums that are looked at in each direction of a pair."""

_ALIKE: Final = {(each,) * times: (each,) * times for each in Checksum for times in range(1, SAMPLE + 1)}
"""What nearly all directions have: one object for all."""


class Step(NamedTuple):
    """The clock of a capture jumped between two frames."""

    before: FrameRef
    after: FrameRef
    by: int
    """Nanoseconds; negative: backwards."""


class Quality:
    """What the engine notices of the captures themselves."""

    __slots__ = ("_last", "_silences", "cut", "holes", "more_steps", "octets", "steps", "taps")

    def __init__(self, taps: Taps) -> None:
        self.taps = taps
        self.cut: dict[str, int] = {}
        """Packets that the capture cut, by what could not be judged for it."""
        self.holes = 0
        """Places where octets of a SIP stream over TCP in clear are missing."""
        self.octets = 0
        """How many octets they are."""
        self.steps: list[Step] = []
        self.more_steps = 0
        self._silences: deque[Step] = deque(maxlen=SILENCES)
        self._last: dict[int, FrameRef] = {}

    def odd(self, before: FrameRef, now: FrameRef) -> None:
        """Two frames that follow each other lie further apart than usual, or in the wrong order."""
        elapsed = now.time - before.time
        if elapsed >= SILENCE:
            self._silences.append(Step(before, now, elapsed))
        elif elapsed < -STEP:
            self._step(Step(before, now, elapsed))

    def late_answer(self, asked: int, answered: FrameRef, patience: int) -> None:
        """A request that nobody repeated was answered long after it: the clock jumped in the silence between them."""
        elapsed = answered.time - asked
        if elapsed < max(patience, SILENCE):
            return
        for silence in self._silences:
            if silence.before.time >= asked and silence.by * 10 >= elapsed * 9:
                self._silences.remove(silence)
                self._step(silence)
                return

    def _step(self, step: Step) -> None:
        if len(self.steps) < STEPS:
            self.steps.append(step)
        else:
            self.more_steps += 1

    def cut_off(self, what: str) -> None:
        """The capture cut a packet, and what it held could not be judged."""
        self.cut[what] = self.cut.get(what, 0) + 1


class Sides:
    """What the packets of one pair tell of the capture: that both spoke, whose checksums were not finished."""

    __slots__ = ("_pcscf", "_ue", "spoke")

    def __init__(self) -> None:
        self.spoke = 0
        """Packets that show that the other side had spoken, although that was not read: ESP, answers."""
        self._ue: tuple[Checksum, ...] = ()
        self._pcscf: tuple[Checksum, ...] = ()

    def wants(self, sender: Side) -> bool:
        """Whether another checksum of this side is to be looked at."""
        return len(self._ue if sender is Side.UE else self._pcscf) < SAMPLE

    def look(self, sender: Side, datagram: Datagram) -> None:
        """Verify the checksum of a packet in clear; in a tunnel a network card has nothing to do with it."""
        if datagram.cut or datagram.depth:
            return
        found = look(datagram.source, datagram.destination, datagram.protocol, datagram.payload)
        if found is Checksum.NONE:
            return
        if sender is Side.UE:
            looked = (*self._ue, found)
            self._ue = _ALIKE.get(looked, looked)
        else:
            looked = (*self._pcscf, found)
            self._pcscf = _ALIKE.get(looked, looked)

    def unfinished(self, side: Side) -> bool:
        """Whether that side left its checksums to its network card, and the other did not."""
        return self._unfinished(side) and not self._unfinished(side.other)

    @property
    def both_unfinished(self) -> bool:
        """Whether both sides run on the capturing host, as neither has finished its checksums."""
        return self._unfinished(Side.UE) and self._unfinished(Side.PCSCF)

    def _unfinished(self, side: Side) -> bool:
        looks = self._ue if side is Side.UE else self._pcscf
        if Checksum.RIGHT in looks:
            return False
        return Checksum.PARTIAL in looks or len(looks) >= 2
