"""Loops made to measure, which walk over the frames that cannot matter: the quick answer of triage.

Nearly every frame of a capture has the same headers as one of those before. So a loop is written for these headers, as
source text, and compiled (0.4 ms): it fetches the size of the record and all that tells whether the frame can matter
with a single ``unpack_from``, proves on the spot that it cannot, and goes to the next. A frame without that proof is
handed back: for a loop that knows its headers too, and then for the complete answer. A wrong guess costs time and
never a frame: what a loop walks over, the complete answer would have dropped (tests hold the two together).

One loop takes 220 ns a frame, of which 90 are the fetching and 40 the reading of the capture; one that asks something
which headers there are took 400 to 1,000. Written out for each kind of record and each stack of headers, the loops
would be thirty copies of twenty lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from struct import Struct
from typing import Any, Final, NamedTuple

from analyzer.layers.link import VLAN_TYPES
from analyzer.layers.tunnels import GTP_U
from analyzer.sources.strangers import Sieve
from analyzer.sources.triage import EDGES, FIRSTS, FRAGMENTED, IPV4, IPV6, UDP, ByteOrder, Octets, Triage
from analyzer.sources.watched import swap

MAX_LOOPS: Final = 64
"""Loops of one kind of record (20 KB each); beyond, frames with other headers get the complete answer."""

MAX_STACKS: Final = 4
"""Stacks of headers for which a loop has proofs; that of the second costs 110 ns more than that of the first."""

MAX_TAGS: Final = 2
"""VLAN tags before the IP header for which there are loops."""

DONT_FRAGMENT: Final = 0x4000
"""All that most hosts write into IPv4's fragment field."""

G_PDU: Final = 0x30FF
G_PDU_SESSION: Final = 0x34FF
"""How a G-PDU begins: without optional fields, and with an extension header, of which only the PDU session counts."""

SESSION: Final = (0x85, 1, 0)
"""A PDU session container of four octets and nothing behind it."""

Stack = tuple[int, ...]
"""Headers, each as the two octets that announce it: an EtherType, or the first octets of GTP-U. UDP goes without saying
before GTP-U, and so do TCP, UDP and ESP at the end."""

CERTAIN: Final = 0
"""A loop stops since the last frame is to be kept."""
UNPROVEN: Final = 1
"""A loop stops since nothing proves that the last frame cannot matter: the complete answer is needed."""
LATE: Final = 2
"""A loop ends since the next frame is later than the limit."""
MORE: Final = 3
"""A loop ends since the next record is not whole, or of another kind."""

Walk = Callable[..., Iterator[tuple[int, int, int, int]]]
"""``walk(buffer, view, start, after, end, number, limit, ...)`` goes on from ``after``, before which there were
``number`` frames, the last one at ``start``. Wherever it stops it yields these three as they are then, ``number``
without the last frame if that is why it stops, and why it does. Who asks again lets it go on: 200 ns less than to call
it anew."""

_TYPE = Struct(">H").unpack_from
_CONTAINER = Struct(">BBxxB").unpack_from

_STARTING: Final = [octet in FIRSTS for octet in range(256)]
"""Whether a SIP message can begin with an octet. To ask a list takes 5 ns, and a set 15."""

_SPACE: Final = {"count": count, "MORE": MORE, "LATE": LATE, "CERTAIN": CERTAIN, "UNPROVEN": UNPROVEN}
"""What a loop seldom asks for."""

_LOOP: Final = """
def walk(buffer, view, start, after, end, number, limit{parameters}, {known}):
    for number in count(number):
        {names} = unpack0(buffer, after)
        following = {following}
        if {stop}:
            yield start, after, number, MORE
            return
        {late}start, after = after, following
        {also}{proofs}yield start, after, number, UNPROVEN
"""
# For a pcap file with Ethernet and IPv4 that comes to (EtherType 0x0800 read in little-endian order is 8):
#
#     for number in count(number):
#         size, kind, version0, fragment0, protocol0, source, target, head, flags = unpack0(buffer, after)
#         following = after + 16 + size
#         if following > end:
#             yield start, after, number, MORE
#             return
#         start, after = after, following
#         if kind == 8 and version0 == 0x45 and (fragment0 == 64 or fragment0 & 65343 == 0):
#             if protocol0 == 17:
#                 if not starting[head] and (not ports[source] or ...) and (not ports[target] or ...):
#                     continue  # it begins no SIP message and goes between ports on which nobody is watched
#             ...
#         yield start, after, number, UNPROVEN

_LATE: Final = """if {late}:
            yield start, after, number, LATE
            return
        """

_ANOTHER: Final = """{names} = unpack{which}(buffer, start)
        """

_PROOF: Final = """if {checks}:
            if {protocol} == 17:
                if not starting[head] and {elsewhere}:
                    continue
            elif {protocol} == 6:
                if {elsewhere} and not starting[buffer[start + text{which}[flags]]]:
                    continue
            elif {protocol} == 50:
                if strangers and stranger{which}(buffer, start, {close}):
                    continue
                if size >= {least}:
                    yield start, after, number, CERTAIN
                    continue
        """


class Records(NamedTuple):
    """How the records of a capture lie in the buffer, in the words of a loop."""

    order: ByteOrder
    data: int
    """At which octet of the record the frame begins."""
    plain: tuple[str, str]
    """What is to be fetched before the frame: struct layout and names, ``size`` among them."""
    bounded: tuple[str, str]
    """The same together with the time."""
    following: str
    """Where the next record begins."""
    stop: str
    """When the record at ``after`` is none to be walked over."""
    late: str
    """When its time is beyond ``limit``."""
    close: str
    """Where the frame ends."""
    clock: str
    """Struct layout that fetches the two halves of the time, and nothing else of what is before the frame."""
    ticks: int = 0
    """How many ticks a second has, if the time is a number of them in two halves; 0: the first half is the seconds."""
    parameters: str = ""
    """Further parameters."""
    also: str = ""
    """What else is done with each record."""


class Judge:
    """Judges the frames of one link type in one kind of record, and remembers which headers they have."""

    def __init__(self, triage: Triage, records: Records, link: int, sieve: Sieve) -> None:
        self.shape = triage.shape(link)
        self._edge = EDGES.get(link)
        self._records = records
        self._sieve = sieve
        self._ports = triage.ports(records.order)
        self._flows = triage.flows
        self._codes = triage.codes
        self._loops: dict[tuple[tuple[Stack, ...], bool], Walk] = {}
        self._stacks: list[Stack] = []
        self._votes: Counter[Stack] = Counter()
        self._plain: Walk | None = None
        self._bounded: Walk | None = None

    def walk(self, *, bounded: bool) -> Walk:
        """The loop for the headers that were seen; ``bounded``: it looks at the time."""
        loop = self._bounded if bounded else self._plain
        if loop is not None:
            return loop
        key = tuple(self._stacks) or ((IPV4,),), bounded
        loop = self._loops.get(key)
        if loop is None:
            loop = self._loops[key] = self._compile(*key)
        if bounded:
            self._bounded = loop
        else:
            self._plain = loop
        return loop

    def turn(self, buffer: Octets, start: int, end: int) -> bool:
        """Prove something of headers like those of this frame from now on; false if that is done, or cannot be."""
        stack = self._find(buffer, start, end)
        if stack is None or stack in self._stacks or len(self._loops) >= MAX_LOOPS:
            return False
        del self._stacks[MAX_STACKS - 1 :]
        self._stacks.append(stack)
        self._plain = self._bounded = None
        return True

    def look(self, buffer: Octets, start: int, end: int) -> None:
        """Look at a frame now and then: the headers that most of these have come first."""
        stack = self._find(buffer, start, end)
        if stack is None or stack not in self._stacks or len(self._loops) >= MAX_LOOPS:
            return
        self._votes[stack] += 1
        if self._votes[stack] > self._votes[self._stacks[0]]:
            self._stacks.remove(stack)
            self._stacks.insert(0, stack)
            self._plain = self._bounded = None

    def _find(self, buffer: Octets, start: int, end: int) -> Stack | None:
        """The headers of a frame; None if no loop can be written for them."""
        at, found = start + self.shape.network, list[int]()
        if self.shape.kind is None:
            kind = _version(buffer[at])
        else:
            (kind,) = _TYPE(buffer, start + self.shape.kind)
            while kind in VLAN_TYPES and len(found) < MAX_TAGS:
                found.append(kind)
                (kind,) = _TYPE(buffer, at + 2)
                at += 4
        for _ in range(2):
            if kind == IPV4 and buffer[at] == 0x45:
                protocol, inner = buffer[at + 9], at + 20
            elif kind == IPV6 and buffer[at] >> 4 == 6:
                protocol, inner = buffer[at + 6], at + 40
            else:
                return None
            found.append(kind)
            if protocol != UDP or _TYPE(buffer, inner + 2)[0] != GTP_U:
                return tuple(found) if inner <= end else None
            (message,) = _TYPE(buffer, inner + 8)
            if message == G_PDU:
                at = inner + 16
            elif message == G_PDU_SESSION and _CONTAINER(buffer, inner + 19) == SESSION:
                at = inner + 24
            else:
                return None
            if at >= end:
                return None
            found.append(message)
            kind = _version(buffer[at])
        return None

    def _compile(self, stacks: tuple[Stack, ...], bounded: bool) -> Walk:
        """Write the loop with proofs for these stacks of headers, in this order; ``bounded``: it looks at the time."""
        records, flows = self._records, self._flows is not None
        layout, names = records.bounded if bounded else records.plain
        texts = [_Text(records, self._edge, self.shape.network, stack, flows) for stack in stacks]
        proofs = ""
        for which, text in enumerate(texts):
            if which:
                proofs += _ANOTHER.format(names=", ".join(text.names), which=which)
            proofs += _PROOF.format(
                checks=" and ".join(text.checks),
                protocol=text.protocol,
                elsewhere=text.elsewhere(which),
                close=records.close,
                which=which,
                least=text.at - records.data,
            )
        known: dict[str, Any] = {
            "ports": self._ports,
            "starting": _STARTING,
            "strangers": self._sieve.watchful,
            "flows": None if self._flows is None else self._flows.known,
            "boring": None if self._flows is None else self._flows.boring,
        }
        for which, text in enumerate(texts):
            before = f"{records.data}x" if which else layout
            known[f"unpack{which}"] = Struct(records.order + before + text.layout).unpack_from
            addresses = text.ip + (12 if text.width == 4 else 8)
            known[f"sender{which}"] = Struct(f"{addresses}x{text.width}s").unpack_from
            known[f"receiver{which}"] = Struct(f"{addresses + text.width}x{text.width}s").unpack_from
            known[f"text{which}"] = [text.at + (flags >> 4 << 2) for flags in range(256)]
            known[f"stranger{which}"] = self._sieve.over(
                records.order, records.clock, records.ticks, text.ip, text.width
            )
        source = _LOOP.format(
            parameters=records.parameters,
            known=", ".join(f"{name}={name}" for name in known),
            names=", ".join((names, *texts[0].names)),
            following=records.following,
            stop=records.stop,
            late=_LATE.format(late=records.late) if bounded else "",
            also=records.also,
            proofs=proofs,
        )
        code = self._codes.get(source)
        if code is None:
            code = self._codes[source] = compile(source, f"<loop over {stacks}>", "exec")
        space: dict[str, Any] = {**known, **_SPACE}
        exec(code, space)
        walk: Walk = space["walk"]
        return walk


class _Text:
    """The part of a loop that depends on the headers: what is fetched, and what must hold of it.

    Numbers are as the byte order of the capture reads them, swapped in a little-endian capture: that saves a second
    ``unpack_from`` in network order (90 ns a frame). A frame that is too short for its headers is misread into the
    next record; what is misread can only ask for the complete answer, since that keeps no such frame. GTP-U may be
    kept for its ports alone, so there a frame must be long enough.
    """

    def __init__(self, records: Records, edge: str | None, network: int, stack: Stack, flows: bool) -> None:
        self.layout = f"{network}x" if edge is None else edge
        self.names = [] if edge is None else ["kind"]
        self.checks: list[str] = []
        self.at = records.data + network
        """Where in the record the next header begins; in the end, the transport header."""
        self.ip = self.width = 0
        """Where the innermost IP header begins, and how long its addresses are."""
        self.protocol = ""
        """The name of what the innermost IP header says to carry."""
        self._data = records.data
        self._addresses = ""
        self._flows = flows
        self._swaps = records.order == "<"
        announced = None if edge is None else "kind"
        for depth, header in enumerate(stack):
            if announced is not None:
                self._check(announced, header)
            announced = None
            if header in VLAN_TYPES:
                announced = f"kind{depth}"
                self._fetch("2xH", 4, announced)
            elif header == IPV4:
                self._ip4(str(depth))
            elif header == IPV6:
                self._ip6(str(depth))
            else:
                self._gtp(str(depth), header)
        self.layout += f"{2 * self.width + 4}s" if flows else f"{self._addresses}HH"
        self.layout += "4xBxxxB"
        self.names += [*(["flow"] if flows else ["source", "target"]), "head", "flags"]

    def elsewhere(self, which: int) -> str:
        """That a packet is of nobody who is watched.

        Few ports are anybody's, so the addresses are seldom needed; to fetch one takes 70 ns, and to cut it out of the
        view 120. Who notes flows has both in one string of octets.
        """
        if self._flows:
            return "(flow in flows or boring(flow))"
        ends = (("source", f"sender{which}"), ("target", f"receiver{which}"))
        return " and ".join(
            f"(not ports[{port}] or {end}(buffer, start)[0] not in ports[{port}])" for port, end in ends
        )

    def _fetch(self, layout: str, size: int, *names: str) -> None:
        self.layout += layout
        self.names += names
        self.at += size

    def _check(self, name: str, value: int, mask: int = 0xFFFF, usual: int = 0) -> None:
        """All numbers are of two octets, in network order; to compare with the ``usual`` one first is 10 ns less."""
        if self._swaps:
            value, mask, usual = swap(value, 2), swap(mask, 2), swap(usual, 2)
        masked = f"({name} == {usual} or {name} & {mask} == {value})"
        self.checks.append(masked if mask != 0xFFFF else f"{name} == {value}")

    def _ip4(self, of: str) -> None:
        self.ip, self.width, self.protocol = self.at, 4, f"protocol{of}"
        self._fetch("B5xHxBxx", 20, f"version{of}", f"fragment{of}", self.protocol)
        self._addresses = "8x"
        self.checks.append(f"version{of} == 0x45")
        self._check(f"fragment{of}", 0, FRAGMENTED, DONT_FRAGMENT)

    def _ip6(self, of: str) -> None:
        self.ip, self.width, self.protocol = self.at, 16, f"protocol{of}"
        self._fetch("H4xBx", 40, f"version{of}", self.protocol)
        self._addresses = "32x"
        self._check(f"version{of}", 0x6000, 0xF000, 0x6000)

    def _gtp(self, of: str, message: int) -> None:
        self.checks.append(f"{self.protocol} == {UDP}")
        self._fetch(f"{self._addresses}2xH4x", 8, f"tunnel{of}")
        self._check(f"tunnel{of}", GTP_U)
        self._fetch("HBB4x", 8, f"message{of}", f"high{of}", f"low{of}")
        self._check(f"message{of}", message)
        least = 20
        if message == G_PDU_SESSION:
            extension = [f"{name}{of}" for name in ("extension", "words", "last")]
            self._fetch("3xBBxxB", 8, *extension)
            self.checks += [f"{name} == {value}" for name, value in zip(extension, SESSION, strict=True)]
            least = 28
        self.checks.append(f"(low{of} >= {least} or high{of})")
        self.checks.append(f"size >= {self.at + 20 - self._data}")


def _version(first: int) -> int:
    """The EtherType of a packet that has none, by its first octet."""
    return IPV6 if first >> 4 == 6 else IPV4
