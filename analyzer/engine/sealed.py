"""ESP packets that did not go the express way: whose they are, what is in them, what becomes of those that do not open.

An association is found by destination, SPI and source (RFC 4301 4.4.2), and believed when the ICV proves it. Of a
packet that none opens, its keys may be found only now: explicit ones, or those of a trial (`ims/packets/trials.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final, Protocol

from analyzer.engine.layouts import AROUND, view
from analyzer.engine.segments import Segments
from analyzer.engine.shadows import Shadows
from analyzer.ims.packets.encapsulation import Encapsulation
from analyzer.ims.packets.trials import Trials, flaw
from analyzer.ims.session import TUNNEL, Packet
from analyzer.ims.sets.association import NOWHERE, Binding, Wrapping
from analyzer.ims.subjects import Pair
from analyzer.ims.tracker import Tracker
from analyzer.ims.vocabulary import Side
from analyzer.ipsec.database import MALFORMED, Refusal
from analyzer.ipsec.esp import Opened, SecurityAssociation
from analyzer.layers.tunnels import IP_IN_IP
from analyzer.network.copies import ESP, TCP, UDP
from analyzer.network.ip import DESTINATION_OPTIONS, behind_options, plain
from analyzer.network.packets import TUNNEL_PORTS, WIRE, Datagram, PacketReader

CUT: Final = Refusal("cut by the capture", ())
"""What stands for the outcome of a packet that cannot be verified because a part of it is missing."""
TRIED: Final = 100_000
"""SPIs that nobody announced, remembered so that keys are looked for once; when there are more, all are forgotten.

Nobody needs to be told: all that comes of it is that keys are looked for once more, which finds no less, and the trials
among these have a limit that is told."""

_PORTS = Struct("!HH")
_UDP_HEADER = 8
_IPV6 = 16

Deliver = Callable[[Datagram, int, bytes, Packet | None], None]


class Strangers(Protocol):
    """Who counts the ESP packets of others where the frames come from, so that they need not come."""

    def ignore(self, source: bytes, destination: bytes, packet: bytes) -> None:
        """Nobody can make anything of this packet, nor of others like it."""

    def announced(self, destination: bytes, spi: bytes) -> None:
        """Somebody is known to use this SPI from now on: its packets are no strangers'."""

    def related(self, one: bytes, other: bytes) -> None:
        """Two addresses are those of a UE and its P-CSCF: packets between them are no strangers'."""


PLACES: Final = tuple((ttl, None, 0) for ttl in range(256))
"""By TTL where an ordinary packet was seen, if direction and depth say nothing: the same objects for all, too."""


class Sealed:
    """Opens ESP packets for one engine."""

    def __init__(
        self,
        reader: PacketReader,
        tracker: Tracker,
        encapsulation: Encapsulation,
        shadows: Shadows,
        segments: Segments,
        deliver: Deliver,
        pair: Callable[[Datagram], tuple[Pair, Side] | None],
    ) -> None:
        """``deliver`` gets what was in a packet: the datagram, the protocol, the octets and whose they are; ``pair``
        says between whom a datagram goes.
        """
        self._reader = reader
        self._tracker = tracker
        self._encapsulation = encapsulation
        self._shadows = shadows
        self._segments = segments
        self._deliver = deliver
        self._pair = pair
        self._database = tracker.session.database
        self._keyring = tracker.session.keyring
        self.trials = Trials(tracker.session)
        self._tried: set[bytes] = set()
        self.last: Datagram | None = None
        """The packet that came last."""
        self.keyless: Callable[[Datagram], bool] | None = None
        """Asked about a packet for whose association there is no key yet; true if it will come again."""
        self.strangers: Strangers | None = None

    def keys_came(self) -> None:
        """The keyring has new keys: they are looked for again."""
        self._tried.clear()

    def open(self, datagram: Datagram) -> None:
        """An ESP packet that did not go the express way."""
        self.last = datagram
        at, _, source, destination, _, packet, _, _, _, cut, _, shell = datagram
        opened = CUT if cut else self._database.open(source, destination, packet)
        if isinstance(opened, Refusal):
            again = self._again(datagram, opened)
            if again is None:
                return
            opened = again
        association, content = opened
        protocol, inner, sequence, _ = content
        binding, packets = association.owner, self._tracker.packets
        if (
            type(binding) is Binding
            and inner[:4] == binding.flow
            and protocol in (UDP, TCP)
            and len(inner) >= _UDP_HEADER
        ):
            if packets.ordinary(binding, sequence, datagram):
                self._inside(datagram, protocol, inner, Packet(binding, sequence))
                return
        elif protocol in IP_IN_IP:
            self._tunnel(datagram, association, content)
            return
        elif protocol == DESTINATION_OPTIONS and len(source) == _IPV6:
            protocol, inner = behind_options(inner)
        flow = _PORTS.unpack_from(inner) if protocol in (UDP, TCP) and len(inner) >= _UDP_HEADER else None
        if isinstance(binding, Binding):
            packets.place(binding, datagram)
            if not packets.verified(binding, sequence, packet, at, source, flow):
                if packets.elsewhere(binding, sequence, datagram, self._tracker.quality.taps):
                    self._reader.copies += 1
                elif protocol == UDP and flow is not None:
                    self._tracker.replays.heard(binding, inner[_UDP_HEADER:], flow, at)
                return
            tunnel = binding.set.terms.mod == TUNNEL
            if shell is not None or tunnel:
                self._encapsulation.look(binding, shell, False, at)
            else:
                shut = self._reader.recent.may_open(destination + packet[:4])
                place = datagram[6:9]
                usual = place[1:] == (None, 0)
                binding.place = NOWHERE if shut else PLACES[datagram.ttl] if usual else place
                binding.around = () if shut or binding.receipt is None else AROUND[datagram.ttl]
                binding.view = view(datagram.outbound, datagram.depth)
            tag = Packet(binding, sequence)
        else:
            packets.unbound(association)
            self._pair(datagram)
            tag = Packet(None, sequence, association)
        if flow is not None:
            self._inside(datagram, protocol, inner, tag)
        elif tag.binding is not None and tag.binding.proven_at is not None and protocol not in (UDP, TCP):
            packets.forms.payload(tag.binding, protocol, at)

    def _inside(self, datagram: Datagram, protocol: int, inner: bytes, tag: Packet) -> None:
        """What was in a packet: a UDP datagram or a TCP segment."""
        self._shadows.opened(datagram.at.time, inner, datagram.source, datagram.destination)
        binding = tag.binding
        if protocol == UDP and binding is not None and inner[:4] == binding.flow:
            at, frames = datagram[:2]
            if self._tracker.calm.takes(binding, tag.sequence, at, frames, inner[_UDP_HEADER:]):
                return
        self._deliver(datagram, protocol, inner, tag)

    def _again(self, datagram: Datagram, refusal: Refusal) -> tuple[SecurityAssociation, Opened] | None:
        """A packet that no association opened: perhaps one does that is found only now. None: it is dealt with."""
        packets, packet = self._tracker.packets, datagram.payload
        if self.keyless is not None and not (refusal.tried or datagram.cut) and self.keyless(datagram):
            self._closed(datagram)
            return None
        if not (refusal.tried or datagram.cut) and self._tracker.movements.recognised(datagram):
            packets.verified_count += 1
            self._closed(datagram)
            return None
        if not refusal.tried and self._explicit(datagram.source, datagram.destination, packet):
            opened = self._database.open(datagram.source, datagram.destination, packet)
            if not isinstance(opened, Refusal):
                return opened
            refusal = opened
        self._refused(datagram, refusal)
        return None

    def _closed(self, datagram: Datagram) -> None:
        """A packet was seen and not opened: if keys come now, a copy of it may open, and must be known as one.

        So as long as it would be, no association under its SPI may go the express way, which takes a number that
        follows for a new packet.
        """
        spi = datagram.destination, datagram.payload[:4]
        self._reader.recent.shut(b"".join(spi))
        for association in self._database.candidates(*spi):
            if isinstance(association.owner, Binding):
                association.owner.around = ()

    def _tunnel(self, outer: Datagram, association: SecurityAssociation, content: Opened) -> None:
        """Tunnel mode: a whole packet was inside, perhaps with ESP of its own; the reader bounds how deep that goes.

        An association of Gm (TS 33.203 Annex M) protects what is in it. One that no negotiation names may be that of
        another service, whose tunnel to an ePDG is no protection of Gm: then neither of its ends is the packet's.
        """
        if type(association.owner) is Binding and self._wrapped(association.owner, outer, content):
            return
        found = self._reader.read_inside(outer, content.payload, isinstance(association.owner, Binding))
        inside = found[0] if found else None
        flow = None
        if inside is not None and inside.protocol in (UDP, TCP) and len(inside.payload) >= _UDP_HEADER:
            flow = _PORTS.unpack_from(inside.payload)
        binding, packets = association.owner, self._tracker.packets
        tag: Packet | None = None
        if isinstance(binding, Binding):
            packets.place(binding, outer)
            source = outer.source if inside is None else packets.inner_source(binding, inside.source)
            if not packets.verified(binding, content.sequence, outer.payload, outer.at, source, flow):
                return
            self._tracker.session.follow(binding, outer.source)
            agreed = self._encapsulation.look(binding, outer.shell, True, outer.at)
            self._remember(binding, outer, inside, agreed and flow == binding.ports and source == binding.address)
            tag = Packet(binding, content.sequence)
        else:
            packets.unbound(association)
            if inside is not None and (inside.source == outer.source or inside.destination == outer.destination):
                tag = Packet(None, content.sequence)
        if inside is None or inside.origin:
            return
        self._shadows.tunnelled = True
        self._shadows.opened(outer.at.time, inside.payload, inside.source, inside.destination)
        if inside.protocol == ESP:
            self.open(inside)
        elif inside.protocol == TCP or flow is not None:
            self._deliver(inside, inside.protocol, inside.payload, tag)

    def _wrapped(self, binding: Binding, outer: Datagram, content: Opened) -> bool:
        """Whether a packet in tunnel mode is like the one before, so that nothing more has to be asked about it, and is
        dealt with, which takes 22 µs less.
        """
        wrapping, (_, packet, sequence, _) = binding.wrapping, content
        at, frames, source, _, _, payload, ttl, outbound, depth, _, _, shell = outer
        if (
            wrapping is None
            or wrapping[0] != (source, ttl, outbound, depth, shell)
            or sequence != binding.ledger.highest + 1
            or binding.refused
            or len(payload) & 3
        ):
            return False
        assert shell is not None and shell.udp is not None
        found = plain(packet)
        if found is None or found[:2] != wrapping[1:] or not self._encapsulation.usual(binding, shell.udp):
            return False
        *_, protocol, inner = found
        if inner[:4] != binding.flow or protocol not in (UDP, TCP) or len(inner) < _UDP_HEADER:
            return False
        self._tracker.packets.next(binding, sequence, payload, at)
        self._tracker.session.follow(binding, source)
        self._shadows.opened(at.time, inner, *wrapping[1:])
        if protocol == TCP:
            done = self._segments.takes(binding, sequence, at, inner)
        else:
            done = self._tracker.calm.takes(binding, sequence, at, frames, inner[_UDP_HEADER:])
        if not done:
            inside = self._reader.read_inside(outer, packet, True)[0]
            self._deliver(inside, protocol, inner, Packet(binding, sequence))
        return True

    def _remember(self, binding: Binding, outer: Datagram, inside: Datagram | None, ordinary: bool) -> None:
        """How a packet in tunnel mode was wrapped; ``ordinary``: all is as agreed, and all rules let it pass."""
        before, ports = binding.wrapping, binding.ports
        binding.wrapping = None
        if (
            ordinary
            and inside is not None
            and binding.receipt is not None
            and (inside.depth, inside.origin, inside.shell, inside.cut) == (outer.depth + 1, WIRE, None, False)
            and TUNNEL_PORTS.isdisjoint(ports)
        ):
            outside = outer.source, outer.ttl, outer.outbound, outer.depth, outer.shell
            binding.wrapping = Wrapping(outside, inside.source, inside.destination)
        if binding.wrapping != before:
            binding.course = None

    def _explicit(self, source: bytes, destination: bytes, packet: bytes) -> bool:
        """Look once whether there are keys for this SPI; true if the database got something new."""
        key = source + destination + packet[:4]
        if len(packet) < 8 or key in self._tried:
            return False
        if len(self._tried) >= TRIED:
            self._tried.clear()
        self._tried.add(key)
        found = self._keyring.explicit(source, destination, int.from_bytes(packet[:4], "big"))
        known = self._tracker.directory.find(source, destination)
        if not found and (known is None or not any(context.sets for context in known[0].contexts)):
            found = self.trials.stranger(source, destination, packet)
        for association in found:
            self._database.add(association)
        return bool(found)

    def _refused(self, datagram: Datagram, refusal: Refusal) -> None:
        packets, packet = self._tracker.packets, datagram.payload
        found = self._pair(datagram)
        if found is not None:
            found[0].vantage.sides.spoke += 1
        if datagram.cut:
            self._tracker.quality.cut_off("ESP packet")
        binding = refusal.tried[0].owner if refusal.tried else None
        if isinstance(binding, Binding) and len(packet) >= 8:
            if not datagram.cut and self.trials.rescue(refusal, packet):
                self.open(datagram)
                return
            self._closed(datagram)
            spi, sequence = int.from_bytes(packet[:4], "big"), int.from_bytes(packet[4:8], "big")
            if refusal.reason in MALFORMED:
                packets.noise(binding, spi, flaw(refusal))
                packets.forms.refused(binding, refusal, datagram.at)
            else:
                self._shadows.sealed(datagram)
                packets.failed(binding, sequence, spi, datagram.at)
            return
        self._closed(datagram)
        if refusal.tried and refusal.reason in MALFORMED:
            packets.noise(None, int.from_bytes(packet[:4], "big"), flaw(refusal))
            return
        pair = found[0] if found is not None else None
        self._shadows.sealed(datagram)
        packets.unopened(pair, datagram)
        if pair is None and self.strangers is not None and not (refusal.tried or datagram.cut):
            session, spis = self._tracker.session, (datagram.destination, packet[:4])
            if b"".join(spis) not in session.announced and not session.database.candidates(*spis):
                self.strangers.ignore(datagram.source, datagram.destination, packet)
