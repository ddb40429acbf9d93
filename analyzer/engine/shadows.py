"""Shadows: what a host or a tap shows in clear of a packet that it shows as ESP too (FP5, R25).

A capture on all interfaces of a host has an inbound packet as ESP and, once the kernel has decrypted it, in clear;
with a virtual interface (VTI, xfrm) an outbound one in clear and then as ESP. Segments of one TCP stream may have been
merged meanwhile (GRO), or not yet be cut (GSO). Nothing of that was unprotected on the wire.

What comes in clear behind its ESP packet is recognised at once. What comes before it has to wait: a clear packet on
the ports of an association is held until its ESP packet comes, or until something shows that none will: the next
packet of the same flow, an answer, or the time `HOLD`. Without a key the ESP packet is known by its size alone.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from struct import Struct
from typing import Final

from analyzer.ims.packets.clear_packets import SIP_PORTS
from analyzer.ims.subjects import Pair
from analyzer.network.copies import TCP, UDP, WINDOW
from analyzer.network.packets import Datagram

RECENT: Final = 1024
"""Contents of ESP packets remembered: those of the last moment. That more came in it is told."""
SEALED: Final = 256
"""ESP packets that no key opened, remembered by their sizes; likewise."""
HELD: Final = 256
"""Clear packets that wait for their ESP packet; of more, the oldest is believed to be clear, and it is told."""

HOLD: Final = 20_000_000
"""How long a clear packet waits for its ESP packet (ns): a host encrypts within microseconds."""

LEAST_AROUND: Final = 10
MOST_AROUND: Final = 8 + 16 + 15 + 2 + 20
"""What ESP puts around its content: SPI and number, IV, padding to a block, trailer, ICV."""

UDP_HEADER: Final = 8
MASK: Final = 0xFFFFFFFF
SYN_FIN_RST: Final = 0x07

_ports = Struct(">HH").unpack_from
_segment = Struct(">4xIIBB").unpack_from
_branch = re.compile(rb"branch=([^\s;,>]+)", re.IGNORECASE).search


class _Held:
    """A clear packet that waits, and how much of its stream came as ESP so far."""

    __slots__ = ("branch", "datagram", "done")

    def __init__(self, datagram: Datagram) -> None:
        self.datagram = datagram
        self.done = 0
        found = _branch(datagram.payload, 0, 4096)
        self.branch = found[1] if found else b""


class Shadows:
    """Tells what is but the shadow of an ESP packet; releases what is not."""

    __slots__ = (
        "_heads",
        "_newest",
        "_on_shadow",
        "_release",
        "counted",
        "crowded",
        "guessed",
        "held",
        "recent",
        "tunnelled",
        "unread",
    )

    def __init__(self, release: Callable[[Datagram], None], on_shadow: Callable[[Datagram], None]) -> None:
        """``release`` gets what was held and proved to be in clear, ``on_shadow`` what did not."""
        self._release = release
        self._on_shadow = on_shadow
        self.unread: deque[Datagram] = deque(maxlen=SEALED)
        """ESP packets that nothing opened, and no clear packet explains."""
        self.recent: deque[tuple[int, bytes]] = deque(maxlen=RECENT)
        """Times and contents of ESP packets. While nothing is held, `express.py` appends to it without `opened`."""
        self._heads: set[bytes] = set()
        """The pairs of ports of what is in `recent`, as far as it was looked at, and of some that was in it before."""
        self._newest: tuple[int, bytes] | None = None
        """The last entry of `recent` whose ports are in there."""
        self.held: deque[_Held] = deque()
        """What waits; to be looked at only for whether there is any."""
        self.counted = 0
        """Shadows that were recognised and left out."""
        self.guessed = 0
        """Shadows whose ESP packet nothing opened, so that only its size spoke."""
        self.crowded = 0
        """How often what might have shown that a clear packet is a shadow was forgotten too early."""
        self.tunnelled = False
        """Tunnel mode was seen: shadows have the addresses inside."""

    # --- ESP -------------------------------------------------------------------------------------------------------

    def opened(self, time: int, inner: bytes, source: bytes, destination: bytes) -> None:
        """An ESP packet held this, from the transport header on."""
        if self.held:
            if self._belongs(inner):
                return
            self.answered(inner, source, destination)
        self.recent.append((time, inner))

    def sealed(self, packet: Datagram) -> None:
        """An ESP packet that nothing opened."""
        for held in self.held:
            if _fits(packet, held.datagram):
                self.held.remove(held)
                self._count(held.datagram, guessed=True)
                return
        self.unread.append(packet)

    def _belongs(self, inner: bytes) -> bool:
        """Whether this is what a held packet shows; one of the same flow that does not come next was in clear."""
        for held in self.held:
            payload = held.datagram.payload
            if payload[:4] != inner[:4]:
                continue
            if held.datagram.protocol == UDP:
                if payload[UDP_HEADER:] == inner[UDP_HEADER:]:
                    self._drop(held)
                    return True
            else:
                done = _covered(payload, inner, held.done)
                if done:
                    held.done = done
                    if done >= max(1, len(payload) - _offset(payload)):
                        self._drop(held)
                    return True
            self._release_until(held)
            return False
        return False

    def _drop(self, held: _Held) -> None:
        self.held.remove(held)
        self._count(held.datagram, guessed=False)

    # --- clear -----------------------------------------------------------------------------------------------------

    def hides(self, datagram: Datagram, found: tuple[Pair, object] | None) -> bool:
        """Whether a clear packet is but a shadow, or has to wait until that is known; `found` is its pair."""
        if found is None:
            return self.tunnelled and self.seen(datagram)
        if self.recent and self.seen(datagram):
            return True
        payload = datagram.payload
        if len(payload) >= UDP_HEADER:
            if self.unread and self.sealed_before(datagram):
                return True
            ports = _ports(payload)
            # Where ESP cannot be read, there may be associations on ports that nobody has heard of.
            if found[0].leads(*ports) or ((self.unread or self.guessed) and SIP_PORTS.isdisjoint(ports)):
                self.hold(datagram)
                return True
        if self.held:
            self.answered(payload, datagram.source, datagram.destination)
        return False

    def seen(self, datagram: Datagram) -> bool:
        """Whether a clear packet is the shadow of an ESP packet that came before it."""
        payload, protocol, now = datagram.payload, datagram.protocol, datagram.at.time
        ports = payload[:4]
        if not self._same_ports(ports):
            return False
        if protocol == UDP:
            text = payload[UDP_HEADER:]
            for time, inner in reversed(self.recent):
                if now - time > WINDOW:
                    break
                if inner[:4] == ports and inner[UDP_HEADER:] == text:
                    self._count(datagram, guessed=False)
                    return True
            return False
        pieces = []
        for time, inner in reversed(self.recent):
            if now - time > WINDOW:
                break
            if inner[:4] == ports and len(inner) >= 20:
                pieces.append(inner)
        if pieces and _put_together(payload, pieces):
            self._count(datagram, guessed=False)
            return True
        return False

    def _same_ports(self, ports: bytes) -> bool:
        """Whether an ESP packet of late may have held a packet of these ports.

        Each is looked at once, not once for each packet in clear: where many phones register, 300 lie between.
        """
        heads, recent, newest = self._heads, self.recent, self._newest
        if len(heads) > 4 * RECENT:
            heads.clear()
            newest = None
        for each in reversed(recent):
            if each is newest:
                break
            heads.add(each[1][:4])
        self._newest = recent[-1] if recent else None
        return ports in heads

    def sealed_before(self, datagram: Datagram) -> bool:
        """Whether an ESP packet that nothing opened may have held a clear packet; each speaks for one."""
        for packet in self.unread:
            if _fits(packet, datagram):
                self.unread.remove(packet)
                self._count(datagram, guessed=True)
                return True
        return False

    def hold(self, datagram: Datagram) -> None:
        """Let a clear packet wait for its ESP packet, since none that came before it is known."""
        recent, unread, now = self.recent, self.unread, datagram.at.time
        too_many = len(recent) == RECENT and now - recent[0][0] <= WINDOW
        if too_many or (len(unread) == SEALED and now - unread[0].at.time <= WINDOW):
            self.crowded += 1
        self.held.append(_Held(datagram))
        if len(self.held) > HELD:
            self._release(self.held.popleft().datagram)
            self.crowded += 1

    def answered(self, payload: bytes, source: bytes, destination: bytes) -> None:
        """A packet of any kind: if it answers one that is held, that one was sent, and no ESP packet with it."""
        for held in self.held:
            one = held.datagram
            if one.source != destination or one.destination != source:
                continue
            if one.protocol == TCP:
                answers = _acknowledges(payload, one.payload)
            else:
                answers = bool(held.branch) and held.branch in payload
            if answers:
                self._release_until(held)
                return

    def expire(self, now: int) -> None:
        """Release what has waited too long; a clock that was set back counts as that."""
        while self.held and not -HOLD <= now - self.held[0].datagram.at.time <= HOLD:
            self._release(self.held.popleft().datagram)

    def close(self) -> None:
        """Release everything."""
        while self.held:
            self._release(self.held.popleft().datagram)

    def _release_until(self, last: _Held) -> None:
        while self.held:
            held = self.held.popleft()
            self._release(held.datagram)
            if held is last:
                return

    def _count(self, shadow: Datagram, *, guessed: bool) -> None:
        self.counted += 1
        self.guessed += guessed
        self._on_shadow(shadow)


def _fits(packet: Datagram, inside: Datagram) -> bool:
    """Whether an ESP packet may hold what a clear one shows, by addresses, moment and size."""
    if packet.source != inside.source or packet.destination != inside.destination:
        return False
    if not -WINDOW <= packet.at.time - inside.at.time <= WINDOW:
        return False
    around = len(packet.payload) - len(inside.payload)
    return packet.cut or inside.cut or LEAST_AROUND <= around <= MOST_AROUND


def _offset(segment: bytes) -> int:
    """Where the octets of the stream begin in a TCP segment."""
    return (segment[12] >> 4) * 4 if len(segment) > 12 else len(segment)


def _covered(whole: bytes, part: bytes, done: int) -> int:
    """How many octets of a clear segment are covered once ``part`` came, given that ``done`` were; 0 if it is no part.

    Counts at least 1 for a segment without octets that is the same.
    """
    if len(whole) < 20 or len(part) < 20:
        return 0
    octets, more = whole[_offset(whole) :], part[_offset(part) :]
    begin, ack, _, flags = _segment(whole)
    sequence, acknowledged, _, others = _segment(part)
    if not octets or not more:
        same = not octets and not more and (begin, ack, flags) == (sequence, acknowledged, others)
        return 1 if same else 0
    at = (sequence - begin) & MASK
    if at != done or octets[at : at + len(more)] != more:
        return 0
    return done + len(more)


def _put_together(whole: bytes, pieces: list[bytes]) -> bool:
    """Whether a clear segment is one of the pieces, or several of them that follow each other."""
    if len(whole) < 20:
        return False
    octets = whole[_offset(whole) :]
    begin, ack, _, flags = _segment(whole)
    by_sequence: dict[int, bytes] = {}
    seen = 0
    for piece in pieces:
        sequence, acknowledged, _, others = _segment(piece)
        more = piece[_offset(piece) :]
        if not octets and not more and (begin, ack, flags) == (sequence, acknowledged, others):
            return True
        if more:
            seen |= others
            by_sequence[(sequence - begin) & MASK] = more
    if not octets or flags & SYN_FIN_RST & ~seen:
        return False
    done = 0
    while done < len(octets):
        piece_octets = by_sequence.get(done)
        if piece_octets is None or octets[done : done + len(piece_octets)] != piece_octets:
            return False
        done += len(piece_octets)
    return done == len(octets)


def _acknowledges(payload: bytes, held: bytes) -> bool:
    """Whether a TCP segment of the other side acknowledges all of a held one."""
    if len(payload) < 20 or len(held) < 20 or payload[:2] != held[2:4] or payload[2:4] != held[:2]:
        return False
    if not payload[13] & 0x10:
        return False
    begin, _, _, flags = _segment(held)
    end = int(begin + len(held) - _offset(held) + bool(flags & 0x03)) & MASK
    acknowledged: int = _segment(payload)[1]
    return end != begin and (acknowledged - end) & MASK < 1 << 24
