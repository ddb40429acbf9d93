"""ESP between hosts that have nothing to do with Gm: tunnels of others, which a capture may hold by the million.

Whoever judges packets has looked at one of them, found that nobody can make anything of it, and asked for no more. From
then on such packets are only counted (0.4 µs instead of 17), as long as they are what that one was: whole, and each
with a higher sequence number than the one before. Copies, replays and packets in the wrong order tell of the capture,
so with the first of them the association is looked at again, for good. So it is as soon as anything is known of its SPI
or of its ends.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, calcsize
from typing import Any, Final

Octets = bytes | bytearray

Dismiss = Callable[[Octets, int, int], bool]
"""Whether the ESP packet of the record at an octet, in a frame that ends at another, is a stranger's, and counted."""

MAX_STRANGERS: Final = 8192
"""Associations of strangers that are remembered (4 MB); of more, the oldest are looked at again."""

Unpack = Callable[[Octets, int], tuple[Any, ...]]

ESP_HEADER: Final = 8


class Strangers:
    """The associations whose packets nobody asks for, in all captures of one timeline."""

    def __init__(self) -> None:
        self.last: dict[bytes, bytes] = {}
        """Source, destination and SPI, and the sequence number of the last packet, as they stand in the packet."""
        self.count = 0
        """Packets that were only counted, in all captures."""
        self.moment = -1
        """The second in which a stranger was last let through. One in each second is: whoever watches the time between
        frames is to see that there were some."""
        self._of_spi: dict[bytes, set[bytes]] = {}
        self._of_ends: dict[bytes, set[bytes]] = {}
        self._odd: set[bytes] = set()

    def ignore(self, source: bytes, destination: bytes, packet: bytes) -> None:
        """Ask for no more packets like this one, which is given from its SPI on. Some of them may come all the same."""
        key = source + destination + packet[:4]
        if len(packet) < ESP_HEADER or key in self._odd:
            return
        if key not in self.last:
            if len(self.last) >= MAX_STRANGERS:
                self._forget(next(iter(self.last)))
            self._of_spi.setdefault(destination + packet[:4], set()).add(key)
            self._of_ends.setdefault(source + destination, set()).add(key)
        self.last[key] = packet[4:8]

    def announced(self, destination: bytes, spi: bytes) -> None:
        """Something is known now of this SPI of this host: its packets are left out no more."""
        for key in tuple(self._of_spi.get(destination + spi, ())):
            self._forget(key)

    def related(self, one: bytes, other: bytes) -> None:
        """These two hosts have to do with Gm, as is known now: packets between them are left out no more."""
        for ends in (one + other, other + one):
            for key in tuple(self._of_ends.get(ends, ())):
                self._forget(key)

    def surprise(self, key: bytes) -> None:
        """A packet came twice, or in the wrong order: those like it are never left out again."""
        self._forget(key)
        if len(self._odd) < MAX_STRANGERS:
            self._odd.add(key)

    def _forget(self, key: bytes) -> None:
        del self.last[key]
        width = (len(key) - 4) // 2
        for table, part in ((self._of_spi, key[width:]), (self._of_ends, key[:-4])):
            table[part].discard(key)
            if not table[part]:
                del table[part]


def fields(order: str, clock: str, ip: int, width: int) -> tuple[Unpack, int, int]:
    """What fetches the clock of a record, and of the IP header in it the length, the association and the number.

    Also how many octets that length does not count, and how many the packet has at least. The arguments are those of
    `Sieve.over`.
    """
    header, layout = (20, "2xBB8x12s4s") if width == 4 else (40, "4xBBxx36s4s")
    unpack = Struct(f"{order}{clock}{ip - calcsize('=' + clock)}x{layout}").unpack_from
    return unpack, 0 if width == 4 else header, header + ESP_HEADER


class Sieve:
    """Counts the packets of strangers in one capture."""

    def __init__(self, strangers: Strangers) -> None:
        self.count = 0
        self.watchful: object = strangers.last
        """False or empty as long as nothing has to be looked at: to ask this takes 10 ns, and what `over` makes 250."""
        self._strangers = strangers

    def over(self, order: str, clock: str, ticks: int, ip: int, width: int) -> Dismiss:
        """What looks at ESP behind an IP header ``ip`` octets after the beginning of a record.

        ``width`` is that of its addresses; the others are explained in `proofs.Records`.
        """
        unpack, uncounted, least = fields(order, clock, ip, width)
        strangers, last = self._strangers, self._strangers.last

        def dismiss(buffer: Octets, start: int, end: int) -> bool:
            upper, lower, high, low, key, sequence = unpack(buffer, start)
            if key not in last or not least <= uncounted + high * 256 + low <= end - start - ip:
                return False
            if sequence <= last[key]:
                strangers.surprise(key)
                return False
            now = (upper << 32 | lower) // ticks if ticks else upper
            if now != strangers.moment:
                strangers.moment = now
                return False
            last[key] = sequence
            self.count += 1
            strangers.count += 1
            return True

        return dismiss

    def dismissed(self, key: bytes, sequence: bytes, second: int) -> bool:
        """The same of a packet that is whole, for whoever has its fields already."""
        strangers = self._strangers
        previous = strangers.last.get(key)
        if previous is None:
            return False
        if sequence <= previous:
            strangers.surprise(key)
            return False
        if second != strangers.moment:
            strangers.moment = second
            return False
        strangers.last[key] = sequence
        self.count += 1
        strangers.count += 1
        return True
