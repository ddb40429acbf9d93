"""Whose packets are looked at whatever they carry: addresses and ports of sets, and some ports of everybody."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container
from struct import Struct
from typing import Final

MAX_WATCHED: Final = 1 << 17
"""Watched pairs of address and port (up to 40 MB); beyond, the one goes that was last watched the longest ago."""

FEW: Final = 4
"""Addresses at one port that are kept in a tuple; a set would need three times the memory for them, and most ports of a
large capture have one."""


class _Everybody(Container[bytes]):
    def __contains__(self, address: object) -> bool:
        return True


EVERYBODY: Final = _Everybody()
"""Who is watched at a port that deserves the complete answer wherever it is used."""

Ports = list[Container[bytes] | None]
"""Addresses that are watched, by port; None: nobody is. To ask a list of all ports takes 5 ns, and a set 17; so loops
have one (512 KB), and everybody else asks a dictionary."""


MAX_FLOWS: Final = 1 << 18
"""Flows that are noted (70 MB, with their ends); the packets of others are kept."""

_ports = Struct(">HH").unpack_from


def swap(value: int, width: int) -> int:
    """A number of so many octets, read the other way round."""
    return int.from_bytes(value.to_bytes(width, "little"), "big")


class Watched:
    """The watched pairs of address and port."""

    def __init__(self, always: frozenset[int]) -> None:
        """``always``: the ports that stand for everybody."""
        self.evicted = 0
        """Pairs that had to make room for newer ones."""
        self.pairs: dict[bytes, None] = {}
        """Address (4 or 16 octets) and port as they stand in a packet."""
        self.ports: dict[int, Container[bytes]] = dict.fromkeys(always, EVERYBODY)
        """Addresses that are watched, by port."""
        self._tables: dict[str, Ports] = {}

    def add(self, address: bytes, port: int) -> None:
        """Watch a pair of address and port from now on, or go on to."""
        pair = address + port.to_bytes(2, "big")
        self.pairs.pop(pair, None)
        self.pairs[pair] = None
        there = self.ports.get(port)
        if there is None:
            self._put(port, (address,))
        elif isinstance(there, set):
            there.add(address)
        elif isinstance(there, tuple) and address not in there:
            self._put(port, (*there, address) if len(there) < FEW else {*there, address})
        if len(self.pairs) > MAX_WATCHED:
            if not isinstance(self.pairs, OrderedDict):  # which takes 70 octets more for a pair
                self.pairs = OrderedDict(self.pairs)
            self._give_up(self.pairs.popitem(last=False)[0])

    def _give_up(self, pair: bytes) -> None:
        self.evicted += 1
        port = int.from_bytes(pair[-2:], "big")
        there = self.ports.get(port)
        if isinstance(there, set):
            there.discard(pair[:-2])
            if not there:
                self._put(port, None)
        elif isinstance(there, tuple):
            left = tuple(each for each in there if each != pair[:-2])
            self._put(port, left or None)

    def _put(self, port: int, there: Container[bytes] | None) -> None:
        if there is None:
            del self.ports[port]
        else:
            self.ports[port] = there
        for order, table in self._tables.items():
            table[swap(port, 2) if order == "<" else port] = there

    def table(self, order: str) -> Ports:
        """The same, by port as a byte order reads it; it goes on to change."""
        if order not in self._tables:
            table: Ports = [None] * 65536
            for port, there in self.ports.items():
                table[swap(port, 2) if order == "<" else port] = there
            self._tables[order] = table
        return self._tables[order]


class Flows:
    """Who sends packets to whom that are only kept if one of the two is watched."""

    def __init__(self, ports: Ports) -> None:
        self.known: set[bytes] = set()
        """Source, destination, and both ports, as they stand in a packet."""
        self._everybody = ports
        self._new: list[bytes] = []
        self._ends: set[bytes] = set()

    def boring(self, flow: bytes) -> bool:
        """Whether a packet, in which no SIP message begins, may be left out; then its flow is noted."""
        source, target = _ports(flow, len(flow) - 4)
        if self._everybody[source] or self._everybody[target] or len(self.known) >= MAX_FLOWS:
            return False
        self.known.add(flow)
        self._new.append(flow)
        return True

    def gather(self) -> None:
        """Get ready for `meet`, while nobody waits for it: 0.4 µs for each flow that was noted since."""
        for flow in self._new:
            width = (len(flow) - 4) // 2
            self._ends.add(flow[:width] + flow[-4:-2])
            self._ends.add(flow[width:-4] + flow[-2:])
        self._new.clear()

    def meet(self, pairs: set[bytes]) -> bool:
        """Whether one of these addresses and ports (in one string) is an end of a flow."""
        self.gather()
        return not self._ends.isdisjoint(pairs)
