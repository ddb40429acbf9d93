"""How frames with ESP in them are laid out, and what the express way (`express.py`) fetches of one in one call.

A layout is a link layer, the length of what it puts before IP, perhaps a tunnel of GTP-U, and a version of IP. What of
all that is before the packet of a phone decides how the frame is read is fetched as one piece of octets: whether it is
read as this layout says is found out by `stacked`, the complete answer, once for each such piece. Lengths differ from
frame to frame and are compared each time.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, NamedTuple

from analyzer.layers.link import ETHERNET, find_ip
from analyzer.layers.tunnels import GTP_U, user_packet
from analyzer.network import ip
from analyzer.network.copies import ESP, UDP, place

BEFORE: Final = 64
"""Octets before IP that a layout may have; the addresses of Ethernet are none of them."""

KNOWN: Final = 256
"""Pieces that lead to IP that a layout remembers (VLAN tags, addresses of cooked captures); one that is beyond these is
looked at each time."""

AROUND: Final = tuple(ip.around(ESP, ttl) for ttl in range(256))
"""By TTL what may lie in the headers before ESP: the same objects for all associations."""

Fetch = Callable[[bytes], tuple[Any, ...]]

_V4: Final = "xHH4s2x4s8xI"
"""Fields of IPv4 behind the first octet, and of ESP: length, identification, fragment to protocol, source, number."""
_V6: Final = "3xH0s2s16s20xI"
"""The same fields of IPv6, which has no identification: that is empty."""
_OUTER_V4: Final = "xH2x4s10x2x2s4x"
"""The fields of IPv4 and UDP around GTP-U, behind the first octet: length, fragment to protocol, destination port."""
_OUTER_V6: Final = "3xH1s33x2x2s4x"
"""The same fields of IPv6, which has the next header alone."""
_GTP: Final = "2sH4x"
"""Flags and type of the message, and its length."""
_CONTAINER: Final = "3x2s2x1s"
"""Behind a G-PDU with one extension header of four octets: what it is, how long, and that nothing comes behind it."""


class Stack(NamedTuple):
    """What tells layouts apart."""

    link: int
    at: int
    """Where IP begins."""
    tunnel: int
    """The version of IP around GTP-U; 0: there is none."""
    extra: int
    """Octets behind the eight that each header of GTP-U has: 0, or 8 with a PDU session container (TS 38.415)."""
    version: int
    """The version of the innermost IP."""


class Layout(NamedTuple):
    """Where the fields lie in a frame that holds an ESP packet."""

    link: int
    where: slice
    """Destination and SPI, which lie side by side."""
    fetch: Fetch
    """What the frame has: what leads to the packet, as one piece (empty: not to a whole one), length, identification,
    what `ip.around` makes, source, and the number of the packet."""
    views: dict[bytes, int]
    """By that piece, the `view` that such a frame gives."""
    before: int
    """Octets before those that the length counts."""
    start: int
    """Where ESP begins."""
    place: int
    """What `copies.place` makes of the layout and no TTL."""


def view(outbound: bool | None, depth: int) -> int:
    """A number for where a packet shows itself: direction and depth as a `Datagram` has them."""
    return depth << 2 | (0 if outbound is None else 1 + outbound)


def stacked(link: int, data: bytes) -> tuple[Stack, int] | None:
    """How a frame is laid out and the view that it gives; None if it holds no whole ESP packet in a way that has a
    layout.
    """
    located = find_ip(link, data)
    if isinstance(located, str):
        return None
    at, outbound = located
    version, end = _version(data, at), len(data)
    if not version or at > BEFORE:
        return None
    if data[at + (9 if version == 4 else 6)] != UDP:
        return Stack(link, at, 0, 0, version), view(outbound, 0)
    begin = at + (20 if version == 4 else 40)
    if int.from_bytes(data[begin + 2 : begin + 4], "big") != GTP_U:
        return None
    packet = ip.parse(data, at, end, False)
    if isinstance(packet, str) or packet.offset or packet.more or packet.cut or packet.protocol != UDP:
        return None
    if begin != packet.begin:
        return None
    span = user_packet(data, begin + 8, packet.end)
    if span is None or not span[2] or span[0] - begin - 16 not in (0, 8):
        return None
    inside = _version(data, span[0])
    return (Stack(link, at, version, span[0] - begin - 16, inside), view(outbound, 1)) if inside else None


def _version(data: bytes, at: int) -> int:
    """The version of the IP header that begins there, without options; 0 if there is none."""
    if len(data) < at + 40:
        return 0
    return 4 if data[at] == 0x45 else 6 if data[at] >> 4 == 6 else 0


def layout(stack: Stack) -> Layout:
    """The layout of such frames."""
    link, at, tunnel, extra, version = stack
    skipped = 12 if link == ETHERNET else 0
    fields, inner = f">{skipped}x{at - skipped + 1}s", at
    packet = _V4 if version == 4 else _V6
    fetch: Fetch
    if not tunnel:
        fetch = Struct(fields + packet).unpack_from
    else:
        around = 20 if tunnel == 4 else 0
        header = 0 if version == 4 else 40
        inner += (20 if tunnel == 4 else 40) + 16 + extra
        outer = _OUTER_V4 if tunnel == 4 else _OUTER_V6
        unpack = Struct(f"{fields}{outer}{_GTP}{_CONTAINER if extra else '0s0s'}1s{packet}").unpack_from
        fetch = _through(unpack, around + 16 + extra + header, extra + header)
    source, end = (12, 24) if version == 4 else (8, 44)
    width = 4 if version == 4 else 16
    return Layout(
        link=link,
        where=slice(inner + source + width, inner + end),
        fetch=fetch,
        views={},
        before=inner + (0 if version == 4 else 40),
        start=inner + (20 if version == 4 else 40),
        place=place(link, 1 if tunnel else 0, 0),
    )


def _through(unpack: Fetch, outer: int, gtp: int) -> Fetch:
    """What is fetched through a tunnel, whose lengths are by so much larger than that of the packet in it."""

    def fetch(data: bytes) -> tuple[Any, ...]:
        link, around, header, port, message, told, kind, none, first, length, *packet = unpack(data)
        whole = around == length + outer and told == length + gtp
        return link + header + port + message + kind + none + first if whole else b"", length, *packet

    return fetch
