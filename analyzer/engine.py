"""The engine: frames in, events out; no I/O and no clock.

It wires `network/`, `ipsec/`, `sip/` and `ims/` in the one direction of the design. Offline and live drive the same
three calls: `receive(frame)`, `advance(now)` and `close()`. Events go to the callable that the owner gives, at the
moment at which they are true.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final, Protocol

from analyzer.express import Express
from analyzer.frame import Frame
from analyzer.ims import clear_packets
from analyzer.ims.associations import Binding
from analyzer.ims.encapsulation import MARKER, NAT_TRAVERSAL, Encapsulation
from analyzer.ims.events import Notice
from analyzer.ims.latekeys import more_keys
from analyzer.ims.quality import SILENCE
from analyzer.ims.receipts import Emit
from analyzer.ims.session import TUNNEL, Packet
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.tracker import Tracker
from analyzer.ims.trials import Trials, flaw
from analyzer.ims.vocabulary import Side, Sighting, Subject
from analyzer.ipsec.database import MALFORMED, Refusal
from analyzer.ipsec.esp import Opened, SecurityAssociation
from analyzer.keys.cx import CxKeys
from analyzer.keys.keyring import Keyring
from analyzer.layers.tunnels import IP_IN_IP
from analyzer.lines import Line, Lines
from analyzer.network.packets import Datagram, PacketReader
from analyzer.network.tcp import ACK, SYN, Closing, Connection, Data, Endpoint, Hole, Segment, TcpTracker, parse_segment
from analyzer.profile import Profile
from analyzer.segments import Segments
from analyzer.shadows import Shadows
from analyzer.sip.framing import Framed
from analyzer.sip.large import LARGE, LargeMessages
from analyzer.sip.message import parse
from analyzer.telling import Telling

TCP, UDP, ESP, SCTP = 6, 17, 50, 132

_PORTS = Struct("!HH")
_UDP_HEADER = 8
CUT: Final = Refusal("cut by the capture", ())
"""What stands for the outcome of a packet that cannot be verified because a part of it is missing."""
COPY: Final = "a decrypted copy of an ESP packet was captured too, and left out"
TRIED: Final = 100_000
"""SPIs that nobody announced, remembered so that keys are looked for once; when there are more, all are forgotten."""


class Strangers(Protocol):
    """Who counts the ESP packets of others where the frames come from, so that they need not come."""

    def ignore(self, source: bytes, destination: bytes, packet: bytes) -> None:
        """Nobody can make anything of this packet, nor of others like it."""

    def announced(self, destination: bytes, spi: bytes) -> None:
        """Something is known of this SPI."""

    def related(self, one: bytes, other: bytes) -> None:
        """These two are a UE and its P-CSCF."""


class Engine:
    """One audit's state, from the frame to the events."""

    def __init__(
        self,
        profile: Profile,
        keyring: Keyring,
        emit: Emit,
        *,
        watch: Callable[[bytes, int], None] = lambda address, port: None,
        vantage: str = "auto",
        on_sighting: Callable[[Context | None, Sighting], None] | None = None,
        tracker: Callable[..., Tracker] = Tracker,
        judge_told: Callable[[object], None] = lambda event: None,
    ) -> None:
        """``emit`` gets the events of the wire, ``judge_told`` those of what tools tell (`telling.py`)."""
        self._emit = emit
        self._reader = PacketReader(on_evict=self._evicted)
        self._streams = TcpTracker(on_evict=self._evicted)
        self.tracker = tracker(profile, keyring, emit, watch, vantage, on_sighting)
        self.tracker.session.acknowledged = self._streams.acknowledged
        self.telling = Telling(profile, keyring, emit, judge_told, self.tracker, on_sighting)
        self.quality = self.tracker.quality
        self.quality.taps = self.tracker.directory.taps = self._reader.taps
        self._keyring = keyring
        self.cx = CxKeys(keyring)
        self._database = self.tracker.session.database
        self.trials = Trials(self.tracker.session)
        self._calm = self.tracker.calm
        self._encapsulation = Encapsulation(self.tracker.session)
        self._lines = Lines(self._framed, self._evicted)
        self._large = LargeMessages(self._evicted)
        self._tried: set[bytes] = set()
        self.shadows = Shadows(self._clear, self._shadowed)
        self._held = self.shadows.held
        self._now = Frame(0, 0, 0, 0, b"", 0)
        self.keyless: Callable[[Datagram], bool] | None = None
        """Asked about a packet for whose association there is no key yet; true if it will come again (`once_more`)."""
        self._deadlines = self.tracker.session.deadlines
        self.malformed = 0
        self._packet: Datagram | None = None
        self._segments = Segments(self._streams, self._lines, self.tracker)
        self._express = Express(self._reader, self.tracker, self._segments, self.shadows, self._deliver)
        self._strangers: Strangers | None = None

    def leave_out(self, strangers: Strangers) -> None:
        """Let ESP packets of others be left out; the caller adds them to the counts in the end."""
        self._strangers = strangers
        self.tracker.directory.learned = strangers.related
        self.tracker.session.heard = strangers.announced

    @property
    def reader(self) -> PacketReader:
        """The packet reader, for its counts of copies and of what it skipped."""
        return self._reader

    @property
    def packet(self) -> Datagram | None:
        """The ESP packet that came last: what a finding shows of it."""
        if self._express.last is not None:
            self._packet = next(iter(PacketReader().read(self._express.last)), None)
            self._express.last = None
        return self._packet

    @property
    def framed(self) -> Framed | None:
        """The message that came last out of TCP: what a finding shows of it."""
        return self._segments.framed

    def context(self, subject: Subject) -> Context | None:
        """The registration that a subject stands for, of the wire or of what tools tell, if it is remembered."""
        return self.telling.context(subject) if subject.told else self.tracker.directory.context(subject)

    def connection(self, source: Endpoint, destination: Endpoint) -> Connection | None:
        """The TCP connection between two endpoints, if it is remembered."""
        return self._streams.find(source, destination)

    def receive(self, frame: Frame) -> None:
        """One frame, later than all before it or at least of the same timeline."""
        before, self._now = self._now, frame
        if not 0 <= frame.time - before.time < SILENCE and before.number:
            self.quality.odd(before.ref, frame.ref)
        if self._held:
            self.shadows.expire(frame.time)
        if frame.time >= self._deadlines.due:
            self.advance(frame.time)
        if self._express.takes(frame):
            return
        for datagram in self._reader.read(frame):
            protocol = datagram.protocol
            if datagram.origin:
                self.telling.datagram(datagram)
            elif protocol == ESP:
                self._esp(datagram)
            elif protocol in (UDP, TCP):
                if not self.shadows.hides(datagram, self.tracker.directory.find(datagram.source, datagram.destination)):
                    self._clear(datagram)
            elif protocol == SCTP:
                self.cx.sctp(datagram.payload, datagram.at)

    def advance(self, now: int) -> None:
        """Let time pass without a frame: what waited too long is given up, in the order in which it began to."""
        if self._held:
            self.shadows.expire(now)
        streams, deadlines = self._streams, self._deadlines
        while (due := min(streams.due, deadlines.first)) <= now:
            if due == streams.due:
                for event in streams.advance(due):
                    self._stream(event)
            else:
                deadlines.settle()
        deadlines.due = due

    def once_more(self, datagram: Datagram) -> None:
        """A packet that `keyless` has kept."""
        self._esp(datagram)

    def keys_came(self) -> None:
        """The keyring has new keys: they are tried on packets to come, also where there was none before."""
        self._tried.clear()
        for context in (context for pair in self.tracker.directory for context in pair.contexts):
            for owner in context.sets:
                more_keys(self.tracker.session, context, owner)

    def close(self) -> None:
        """No more frames: everything that waits is told."""
        self.shadows.close()
        for event in self._streams.close():
            self._stream(event)
        self.quality.taps.close()
        self.tracker.close()
        self.telling.close()

    # --- ESP ---------------------------------------------------------------------------------------------------------

    def _esp(self, datagram: Datagram) -> None:
        self._packet = datagram
        self._express.last = None
        at, _, source, destination, _, packet, _, _, _, cut, _, shell = datagram
        opened = CUT if cut else self._database.open(source, destination, packet)
        if isinstance(opened, Refusal):
            again = self._again(datagram, opened)
            if again is None:
                return
            opened = again
        association, content = opened
        protocol, inner, sequence, _ = content
        binding, packets = association.owner, self.tracker.packets
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
        flow = _PORTS.unpack_from(inner) if protocol in (UDP, TCP) and len(inner) >= _UDP_HEADER else None
        if isinstance(binding, Binding):
            packets.place(binding, datagram)
            if not packets.verified(binding, sequence, packet, at, source, flow):
                if packets.elsewhere(binding, sequence, datagram, self.quality.taps):
                    self._reader.copies += 1
                elif protocol == UDP and flow is not None:
                    self.tracker.replays.heard(binding, inner[_UDP_HEADER:], flow, at)
                return
            tunnel = binding.set.terms.mod == TUNNEL
            if shell is not None or tunnel:
                self._encapsulation.look(binding, shell, False, at)
            else:
                binding.place = datagram[6:9]
                plain = binding.receipt is not None and binding.place[1:] == (None, 0)
                binding.ttl = datagram.ttl if plain else -1
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
        if self._held:
            self.shadows.opened(datagram.at.time, inner, datagram.source, datagram.destination)
        else:
            self.shadows.recent.append((datagram.at.time, inner))
        binding = tag.binding
        if protocol == UDP and binding is not None and inner[:4] == binding.flow:
            at, frames = datagram[:2]
            if self._calm.takes(binding, tag.sequence, at, frames, inner[_UDP_HEADER:]):
                self.tracker.protected_messages += 1
                return
        self._deliver(datagram, protocol, inner, tag)

    def _deliver(self, datagram: Datagram, protocol: int, inner: bytes, tag: Packet) -> None:
        if protocol == UDP:
            sport, dport = _PORTS.unpack_from(inner)
            self._sip(datagram, inner[_UDP_HEADER:], sport, dport, tag)
        else:
            self._tcp(datagram, inner, tag)

    def _again(self, datagram: Datagram, refusal: Refusal) -> tuple[SecurityAssociation, Opened] | None:
        """A packet that no association opened: perhaps one does that is found only now. None: it is dealt with."""
        packets, packet = self.tracker.packets, datagram.payload
        if self.keyless is not None and not (refusal.tried or datagram.cut) and self.keyless(datagram):
            return None
        if not (refusal.tried or datagram.cut) and self.tracker.movements.recognised(datagram):
            packets.verified_count += 1
            return None
        if not refusal.tried and self._explicit(datagram.source, datagram.destination, packet):
            opened = self._database.open(datagram.source, datagram.destination, packet)
            if not isinstance(opened, Refusal):
                return opened
            refusal = opened
        self._refused(datagram, refusal)
        return None

    def _tunnel(self, outer: Datagram, association: SecurityAssociation, content: Opened) -> None:
        """Tunnel mode: a whole packet was inside, perhaps with ESP of its own; the reader bounds how deep that goes.

        An association of Gm (TS 33.203 Annex M) protects what is in it. One that no negotiation names may be that of
        another service, whose tunnel to an ePDG is no protection of Gm: then neither of its ends is the packet's.
        """
        found = self._reader.read_inside(outer, content.payload, isinstance(association.owner, Binding))
        inside = found[0] if found else None
        flow = None
        if inside is not None and inside.protocol in (UDP, TCP) and len(inside.payload) >= _UDP_HEADER:
            flow = _PORTS.unpack_from(inside.payload)
        binding, packets = association.owner, self.tracker.packets
        tag: Packet | None = None
        if isinstance(binding, Binding):
            packets.place(binding, outer)
            source = outer.source if inside is None else packets.inner_source(binding, inside.source)
            if not packets.verified(binding, content.sequence, outer.payload, outer.at, source, flow):
                return
            self.tracker.session.follow(binding, outer.source)
            self._encapsulation.look(binding, outer.shell, True, outer.at)
            tag = Packet(binding, content.sequence)
        else:
            packets.unbound(association)
            if inside is not None and (inside.source == outer.source or inside.destination == outer.destination):
                tag = Packet(None, content.sequence)
        if inside is None or inside.origin:
            return
        self.shadows.tunnelled = True
        self.shadows.opened(outer.at.time, inside.payload, inside.source, inside.destination)
        if inside.protocol == ESP:
            self._esp(inside)
        elif inside.protocol == TCP:
            self._tcp(inside, inside.payload, tag)
        elif flow is not None and inside.protocol == UDP:
            self._sip(inside, inside.payload[_UDP_HEADER:], flow[0], flow[1], tag)

    def _explicit(self, source: bytes, destination: bytes, packet: bytes) -> bool:
        """Look once whether there are keys for this SPI; true if the database got something new."""
        key = source + destination + packet[:4]
        if len(packet) < 8 or key in self._tried:
            return False
        if len(self._tried) >= TRIED:
            self._tried.clear()
        self._tried.add(key)
        found = self._keyring.explicit(source, destination, int.from_bytes(packet[:4], "big"))
        known = self.tracker.directory.find(source, destination)
        if not found and (known is None or not any(context.sets for context in known[0].contexts)):
            found = self.trials.stranger(source, destination, packet)
        for association in found:
            self._database.add(association)
        return bool(found)

    def _refused(self, datagram: Datagram, refusal: Refusal) -> None:
        packets, packet = self.tracker.packets, datagram.payload
        found = self._pair(datagram)
        if found is not None:
            found[0].vantage.sides.spoke += 1
        if datagram.cut:
            self.quality.cut_off("ESP packet")
        binding = refusal.tried[0].owner if refusal.tried else None
        if isinstance(binding, Binding) and len(packet) >= 8:
            if not datagram.cut and self.trials.rescue(refusal, packet):
                self._esp(datagram)
                return
            spi, sequence = int.from_bytes(packet[:4], "big"), int.from_bytes(packet[4:8], "big")
            if refusal.reason in MALFORMED:
                packets.noise(binding, spi, flaw(refusal))
                packets.forms.refused(binding, refusal, datagram.at)
            else:
                self.shadows.sealed(datagram)
                packets.failed(binding, sequence, spi, datagram.at)
            return
        if refusal.tried and refusal.reason in MALFORMED:
            packets.noise(None, int.from_bytes(packet[:4], "big"), flaw(refusal))
            return
        pair = found[0] if found is not None else None
        self.shadows.sealed(datagram)
        packets.unopened(pair, datagram)
        if pair is None and self._strangers is not None and not (refusal.tried or datagram.cut):
            session, spis = self.tracker.session, (datagram.destination, packet[:4])
            if b"".join(spis) not in session.announced and not session.database.candidates(*spis):
                self._strangers.ignore(datagram.source, datagram.destination, packet)

    # --- in clear --------------------------------------------------------------------------------------------------

    def _shadowed(self, datagram: Datagram) -> None:
        self._emit(Notice(at=datagram.at, subject=None, text=COPY))

    def _clear(self, datagram: Datagram) -> None:
        """A packet that really was in clear."""
        if datagram.protocol == UDP:
            self._udp(datagram)
        else:
            self._tcp(datagram, datagram.payload, None)

    def _udp(self, datagram: Datagram) -> None:
        payload = datagram.payload
        if len(payload) < _UDP_HEADER:
            return
        sport, dport = _PORTS.unpack_from(payload)
        if datagram.shell is not None:
            self._clear_ah(datagram, sport, dport)
        elif NAT_TRAVERSAL in (sport, dport) and payload[8:12] == MARKER:
            self._marked(datagram, payload[12:])
        self._sip(datagram, payload[_UDP_HEADER:], sport, dport, None)

    def _sip(self, datagram: Datagram, text: bytes, sport: int, dport: int, tag: Packet | None) -> None:
        """The content of a UDP datagram, in clear or out of ESP."""
        message = parse(text) if len(text) > 4 else None
        if message is not None and not datagram.cut:
            if len(text) > LARGE:
                self._large.note(message)
            known = tag is not None or self._pair(datagram) is not None
            at, frames, source, destination = datagram[:4]
            self.tracker.message(at, frames, source, destination, "UDP", sport, dport, message, tag)
            if not known:
                self._pair(datagram)  # perhaps it is known now, by this REGISTER
        elif tag is None:
            if message is not None:
                self.quality.cut_off("SIP message in clear")
            self._clear_packet(datagram, "UDP", sport, dport, f"UDP datagram of {len(text)} octets")

    def _tcp(self, datagram: Datagram, payload: bytes, tag: Packet | None) -> None:
        segment = parse_segment(payload, datagram.at, datagram.frames, datagram.source, datagram.destination, tag)
        if segment is None:
            return
        if segment.flags & SYN and segment.flags & ACK:
            if tag is not None:
                self.tracker.connections.accepting(tag, segment.sport, segment.dport, datagram.at)
        elif segment.flags & SYN:
            found = self._pair(datagram)
            if found is not None:
                self.tracker.connections.opening(*found, segment.sport, segment.dport, tag, datagram.at)
        for event in self._streams.receive(segment):
            self._stream(event)
        if self._streams.waiting:
            self._deadlines.by(self._streams.due)
        if tag is None:
            if datagram.cut:
                self.quality.cut_off("TCP segment in clear")
            if datagram.shell is not None:
                self._clear_ah(datagram, segment.sport, segment.dport)
            self._clear_packet(datagram, "TCP", segment.sport, segment.dport, _segment_name(segment))

    def _marked(self, datagram: Datagram, packet: bytes) -> None:
        """What follows a non-ESP marker should be IKE; if an association of Gm opens it, it is ESP (ESP-11)."""
        opened = self._database.open(datagram.source, datagram.destination, packet)
        if not isinstance(opened, Refusal) and isinstance(opened[0].owner, Binding) and opened[0].icv:
            self._encapsulation.marker(opened[0].owner, datagram.at)

    def _clear_ah(self, datagram: Datagram, sport: int, dport: int) -> None:
        found = self._pair(datagram)
        if found is not None and datagram.shell is not None and datagram.shell.ah:
            pair, sender = found
            self._encapsulation.clear_ah(pair, sender, sport in pair.guarded or dport in pair.guarded, datagram.at)

    def _clear_packet(self, datagram: Datagram, transport: str, sport: int, dport: int, what: str) -> None:
        found = self._pair(datagram)
        if found is None:
            return
        pair, sender = found
        if sport in pair.guarded or dport in pair.guarded:
            clear_packets.told(self.tracker.session, pair, sender, datagram.at, transport, sport, dport, what)

    def _pair(self, datagram: Datagram) -> tuple[Pair, Side] | None:
        """The pair of a packet, which learns from it where the capture was taken."""
        found = self.tracker.directory.find(datagram.source, datagram.destination)
        if found is not None:
            found[0].vantage.packet(found[1], datagram.ttl, datagram.outbound, datagram.depth)
            if datagram.protocol in (UDP, TCP) and found[0].vantage.sides.wants(found[1]):
                found[0].vantage.sides.look(found[1], datagram)
        return found

    def _stream(self, event: object) -> None:
        """What the TCP reassembly says."""
        if isinstance(event, Data):
            if self._lines.feed(event).is_diameter:
                self.cx.stream(event)
        elif isinstance(event, Hole):
            line = self._lines.hole(event)
            if line.is_diameter:
                self.cx.stream(event)
            if line.is_sip:
                self.quality.holes += 1
                self.quality.octets += event.octets
                text = f"{event.octets} octets of a SIP stream over TCP are missing in the capture"
                self._emit(Notice(at=event.at, subject=None, text=text))
        elif isinstance(event, Closing):
            self._closing(event)

    def _framed(self, line: Line, framed: Framed) -> None:
        if framed.kind == "keepalive":
            return
        connection, by = line.connection, line.by
        (source, sport), (destination, dport) = connection.endpoints[by], connection.endpoints[1 - by]
        # One clear segment makes the whole message readable to anybody, so it counts as clear
        tags = [each for each in framed.tags if isinstance(each, Packet)]
        tag = tags[-1] if len(tags) == len(framed.tags) and tags else None
        if tag is not None and tag.binding is not None and line.is_sip and framed.kind == "message":
            self._segments.framed = framed
            if (sport, dport) == tag.binding.ports and self._calm.takes(
                tag.binding, tag.sequence, framed.at, framed.frames, framed.data, connection
            ):
                self.tracker.protected_messages += 1
                return
        message = parse(framed.data) if framed.kind == "message" else None
        if message is None:
            self.malformed += line.is_sip
            return
        line.is_sip = True
        self._segments.framed = framed
        if len(framed.data) > LARGE:
            self._large.note(message)
        self.tracker.message(
            framed.at,
            framed.frames,
            source,
            destination,
            "TCP",
            sport,
            dport,
            message,
            tag,
            connection,
            by,
            framed.end,
        )

    def _closing(self, event: Closing) -> None:
        if isinstance(event.tag, Packet):
            self.tracker.connections.closing(event.tag, event.by, event.connection, event.how, event.at)

    def _evicted(self, text: str) -> None:
        self._emit(Notice(at=self._now.ref, subject=None, text=text))


def _segment_name(segment: Segment) -> str:
    flags = [name for bit, name in ((0x02, "SYN"), (0x10, "ACK"), (0x01, "FIN"), (0x04, "RST")) if segment.flags & bit]
    size = f" with {len(segment.payload)} octets" if segment.payload else ""
    return f"TCP {' '.join(flags) or 'segment'}{size}"
