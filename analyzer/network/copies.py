"""Tells a copy of a packet that was captured before from a packet of its own (trap FP5 of the catalogue).

Captures on all interfaces of a host, mirror ports and taps around a GTP-U tunnel hold the same IP packet two or three
times. A copy has the same addresses, protocol and payload and follows within ``WINDOW``. What changes on the way
is not compared: TTL, and the checksums of TCP and UDP, which a network card may fill in after the capture.

A packet that was captured at two points of its way has another TTL at the second one, or comes from another capture:
then it is a copy also if it took longer. `taps.py` gathers what that tells of the points.

Equal packets can also be two: a retransmission of TCP, or an ESP packet that somebody replays. Seen at the same depth
of the same link, those have different IPv4 identifications, and then they are no copies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from operator import itemgetter
from typing import Final

from analyzer.network.taps import FAR, Taps

WINDOW: Final = 200_000_000
"""How far apart copies may lie (ns). Copies of one host or tap lie within a few milliseconds; no retransmission of
SIP comes sooner than T1, 500 ms at least, so none can be taken for a copy."""

OCTETS: Final = 4 << 20
"""How much one generation of the table may remember; there are two. About 3,800 packets of 800 octets."""

OVERHEAD: Final = 300
"""What an entry is charged besides its payload: key, tuple and slot in the table."""

FRESH: Final = 4096
"""Packets of ESP that cannot be copies, and wait to be remembered until somebody asks for one that could be theirs."""

LATEST: Final = 256
"""So many of them wait whatever their clocks say, and so many more come before it is looked which are too old."""

CLOSE: Final = 16
"""Among how many of them the one is looked for of which a packet is a copy: on one host it is mostly the last."""

PIECE: Final = 64
"""As many of them go at once, which takes a fifth of the time of one by one."""

CROWDED: Final = "packets remembered to tell copies: too many in one moment"

TCP: Final = 6
UDP: Final = 17
ESP: Final = 50

Entry = tuple[int, int, bytes, int, int, int]
"""Time, protocol, payload, identification (0: none), `place`, and the index of the capture."""

Fresh = tuple[int, bytes, bytes, bytes, int, int, tuple[int, bool | None, int], int]
"""An ESP packet that is kept: time, source, destination, payload, identification (0, b"": none), `place` without a TTL,
TTL and more, and capture."""

_WHEN: Final = itemgetter(0)

TTL: Final = 0xFF0
"""The bits of a place that hold the TTL."""


def place(link: int, depth: int, ttl: int) -> int:
    """A number that stands for where a packet was seen. Where there are millions of packets it is worked out inline."""
    return link << 12 | ttl << 4 | depth


def fingerprint(addresses: bytes, protocol: int, payload: bytes) -> bytes:
    """A small part of a packet that differs between any two of a conversation; ``addresses`` is source + destination.

    For ESP: SPI, sequence number and the end of the ICV; for TCP the numbers, for UDP the beginning; and the end.
    """
    if protocol == ESP:
        return addresses + payload[:8] + payload[-12:]
    if protocol == TCP:
        return addresses + payload[:16] + payload[max(18, len(payload) - 12) :]
    if protocol == UDP:
        return addresses + payload[:6] + payload[8:264] + payload[max(264, len(payload) - 12) :]
    return addresses + payload[:64] + payload[max(64, len(payload) - 12) :]


class Copies:
    """Remembers the packets of the last moment, in two generations, so that ageing costs nothing per packet.

    The moment is ``WINDOW``, and ``FAR`` once a packet was seen at two points of its way.
    """

    __slots__ = (
        "_old",
        "_on_evict",
        "_room",
        "_shut",
        "_shut_before",
        "_since",
        "_until",
        "_young",
        "crowd",
        "evicted",
        "fresh",
        "taps",
    )

    def __init__(self, on_evict: Callable[[str], None]) -> None:
        self._on_evict = on_evict
        self._young: dict[bytes, Entry] = {}
        self._old: dict[bytes, Entry] = {}
        self._room = OCTETS
        self._until = 0
        self._since = 0
        """Packets before that time have a clock of their own, or one that was set back: then all is as good as old."""
        self.taps = Taps()
        self.fresh: deque[Fresh] = deque(maxlen=FRESH)
        """ESP packets that were kept (`keep`) and not remembered yet; all that fit in would be 3.4 MB."""
        self.crowd = 2 * LATEST
        """How many of them wait before it is looked which are too old."""
        self._shut: set[bytes] = set()
        """Destinations and SPIs of the packets of the young generation that nobody could open."""
        self._shut_before: set[bytes] = set()
        """Those of the packets of the old generation."""
        self.evicted = 0
        """Packets forgotten before their time, since more came than the table holds."""

    def seen(self, key: bytes, entry: Entry) -> bool:
        """Whether this packet, under its fingerprint, is a copy of one seen before; if not, remember it."""
        if self.fresh:
            self._catch_up(entry[0])
        return self._seen(key, entry)

    def keep(self, packet: Fresh) -> None:
        """Keep an ESP packet that was verified, with a number higher than all before: it is no copy, but one of it may
        come.

        This costs 0.1 µs where `seen` costs 0.8: nearly always nobody asks for the packet any more.
        """
        self.fresh.append(packet)
        if len(self.fresh) > self.crowd:
            self.thin_out(packet[0])

    def thin_out(self, now: int) -> None:
        """Let go of what waits and is too old to have a copy, even if the clock of what comes is somewhat behind."""
        fresh, before = self.fresh, now - (FAR if self.taps.sightings else 2 * WINDOW)
        spare, old = len(fresh) - LATEST, 0
        while old + PIECE <= spare and max(map(_WHEN, islice(fresh, old, old + PIECE))) < before:
            old += PIECE
        if old:
            fresh = self.fresh = deque(islice(fresh, old, None), FRESH)
        self.crowd = min(len(fresh) + LATEST, FRESH - 1)

    def shut(self, spi: bytes) -> None:
        """The packet that was asked about last goes to this destination and SPI, and nobody can open it."""
        self._shut.add(spi)

    def may_open(self, spi: bytes) -> bool:
        """Whether a packet to this destination and SPI that nobody could open then may come again and be known."""
        return spi in self._shut or spi in self._shut_before

    def _seen(self, key: bytes, entry: Entry) -> bool:
        time, young = entry[0], self._young
        if not self._since <= time <= self._until:
            self._rotate(time)
            young = self._young
        found = young.get(key) or self._old.get(key)
        if found and _equal(found, entry):
            if self._is_copy(found, entry):
                return True
            # Two packets that look the same: the second is kept apart, so that a copy of either finds its own.
            key += entry[3].to_bytes(4, "big")
            found = young.get(key) or self._old.get(key)
            if found and _equal(found, entry):
                return True
        young[key] = entry
        self._room -= len(entry[2]) + OVERHEAD
        if self._room < 0:
            self._crowded(time)
        return False

    def _is_copy(self, found: Entry, entry: Entry) -> bool:
        """Whether a packet that is equal to one that was seen is a copy of it, and not another."""
        same = not entry[3] or not found[3] or entry[3] == found[3]
        if entry[4] == found[4] and entry[5] == found[5]:
            return same
        level = not (entry[4] ^ found[4]) & ~TTL
        if not level or entry[5] != found[5] or same:
            self._elsewhere(found, entry, level)
            return True
        return False

    def follows(self, source: bytes, destination: bytes, entry: Entry) -> bool:
        """Whether this ESP packet is a copy of one that came right before it and waits to be remembered.

        Nothing is remembered of it, and then `seen` says the same; it takes 1 instead of 7 µs.
        """
        time, _, packet, _, _, _ = entry
        for before, whence, whither, other, ident, where, (ttl, _, _), capture in islice(reversed(self.fresh), CLOSE):
            if other == packet:
                if whence != source or whither != destination or not -WINDOW <= time - before <= WINDOW:
                    return False
                return self._is_copy((before, ESP, other, ident or 0, where | ttl << 4, capture), entry)
        return False

    def _catch_up(self, now: int) -> None:
        """Remember what waits to be, as far as a packet of this moment could be a copy of it.

        Or one that comes later: what came last is remembered in any case, for this packet may have a clock of its own.
        """
        fresh = self.fresh
        if len(fresh) == FRESH and -WINDOW < now - fresh[0][0] < WINDOW:
            self._forgets(1)
        since = min(now, fresh[-1][0]) - FAR  # a moment is not long enough: the first packet seen at two points tells
        young, first, last = self._young, self._since, self._until
        for time, source, destination, packet, ident, where, (ttl, _, _), capture in fresh:
            if time >= since:
                if not first <= time <= last:
                    self._rotate(time)
                    young, first, last = self._young, self._since, self._until
                # As `fingerprint` has it; and with a number that is higher than all before it is no copy itself
                key = source + destination + packet[:8] + packet[-12:]
                young[key] = time, ESP, packet, ident or 0, where | ttl << 4, capture
                self._room -= len(packet) + OVERHEAD
                if self._room < 0:
                    self._crowded(time)
                    young, first, last = self._young, self._since, self._until
        fresh.clear()

    def _crowded(self, time: int) -> None:
        early = sum(-WINDOW < time - old[0] < WINDOW for old in self._old.values())
        if early:
            self._forgets(early)
        self._rotate(time)

    def _forgets(self, packets: int) -> None:
        self.evicted += packets
        self._on_evict(CROWDED)

    def _rotate(self, time: int) -> None:
        self._old, self._young = self._young, {}
        self._shut_before, self._shut = self._shut, set()
        self._room = OCTETS
        # As long as nothing was seen at two points, a long memory would only cost time (5 %).
        self._until = time + (FAR if self.taps.sightings else WINDOW)
        self._since = self._until - 3 * FAR

    def _elsewhere(self, first: Entry, second: Entry, level: bool) -> None:
        """A copy from another point. Within a tunnel and outside of it TTLs cannot be compared."""
        ttls = ((first[4] & TTL) >> 4, (second[4] & TTL) >> 4) if level else None
        elapsed = second[0] - first[0]
        if first[5] != second[5] or (ttls is not None and ttls[0] != ttls[1]) or abs(elapsed) > WINDOW:
            self.taps.again((first[5], second[5]), ttls, elapsed)


def _equal(one: Entry, other: Entry) -> bool:
    """Whether the packets are equal, the checksum aside, given that their fingerprints are."""
    protocol = one[1]
    if protocol != other[1]:
        return False
    if not -WINDOW <= one[0] - other[0] <= WINDOW and not _from_afar(one, other):
        return False
    if one[2] == other[2]:
        return True
    if protocol == UDP:
        return one[2][8:] == other[2][8:]
    if protocol == TCP:
        return one[2][18:] == other[2][18:]
    return False


def _from_afar(one: Entry, other: Entry) -> bool:
    """Whether packets further apart than ``WINDOW`` can be one that was seen at two points, and no repetition.

    A packet keeps its identification on its way; without one, only the numbers of ESP tell it from a repetition.
    """
    if (one[4] == other[4] and one[5] == other[5]) or abs(one[0] - other[0]) > FAR:
        return False
    return one[1] == ESP or (one[3] == other[3] != 0)
