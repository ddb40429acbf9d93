"""The engine: frames in, events out; no I/O and no clock.

It wires `network/`, `ipsec/`, `sip/` and `ims/` in the one direction of the design. Offline and live drive the same
three calls: `receive(frame)`, `advance(now)` and `close()`. Events go to the callable that the owner gives, at the
moment at which they are true.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final

from analyzer.engine.express import Express
from analyzer.engine.lines import Line, Lines
from analyzer.engine.sealed import Sealed, Strangers
from analyzer.engine.segments import Segments
from analyzer.engine.shadows import Shadows
from analyzer.engine.telling import Telling
from analyzer.frame import Frame
from analyzer.ims.events import Notice
from analyzer.ims.packets import clear_packets
from analyzer.ims.packets.clear_packets import ClearPacket
from analyzer.ims.packets.encapsulation import MARKER, NAT_TRAVERSAL, Encapsulation
from analyzer.ims.packets.trials import Trials
from analyzer.ims.quality import SILENCE
from analyzer.ims.receipts import Emit
from analyzer.ims.registration.latekeys import more_keys
from analyzer.ims.session import Packet
from analyzer.ims.sets.association import Binding
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.tracker import Tracker
from analyzer.ims.vocabulary import Side, Sighting, Subject
from analyzer.ipsec.database import Refusal
from analyzer.keys.cx import CxKeys
from analyzer.keys.keyring import Keyring
from analyzer.network.packets import Datagram, PacketReader
from analyzer.network.tcp import (
    ACK,
    SYN,
    Closing,
    Connection,
    Data,
    Endpoint,
    Forgotten,
    Hole,
    Segment,
    TcpTracker,
    parse_segment,
)
from analyzer.profile import Profile
from analyzer.sip.framing import Framed
from analyzer.sip.large import LARGE, LargeMessages
from analyzer.sip.message import parse

TCP, UDP, ESP, SCTP = 6, 17, 50, 132

_PORTS = Struct("!HH")
_UDP_HEADER = 8
COPY: Final = "a decrypted copy of an ESP packet was captured too, and left out"


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
        self.cx = CxKeys(keyring)
        self._database = self.tracker.session.database
        self._calm = self.tracker.calm
        self._encapsulation = Encapsulation(self.tracker.session)
        self._lines = Lines(self._framed, self._evicted)
        self._large = LargeMessages(self._evicted)
        self.shadows = Shadows(self._clear, self._shadowed)
        self._held = self.shadows.held
        self._now = Frame(0, 0, 0, 0, b"", 0)
        self._deadlines = self.tracker.session.deadlines
        self.malformed = 0
        self._segments = Segments(self._streams, self._lines, self.tracker)
        self._express = Express(self._reader, self.tracker, self._segments, self.shadows, self._deliver)
        self._reader.whole = self._express.takes_whole
        self._sealed = Sealed(
            self._reader, self.tracker, self._encapsulation, self.shadows, self._segments, self._deliver, self._pair
        )

    def leave_out(self, strangers: Strangers) -> None:
        """Let ESP packets of others be left out; the caller adds them to the counts in the end."""
        self._sealed.strangers = strangers
        self.tracker.directory.learned = strangers.related
        self.tracker.session.heard = strangers.announced

    @property
    def reader(self) -> PacketReader:
        """The packet reader, for its counts of copies and of what it skipped."""
        return self._reader

    @property
    def trials(self) -> Trials:
        """The tries of other keys and algorithms, for what is left of them."""
        return self._sealed.trials

    @property
    def packet(self) -> Datagram | None:
        """The ESP packet that came last: what a finding shows of it."""
        last = self._express.last
        if last is not None:
            self._sealed.last = last if isinstance(last, Datagram) else next(iter(PacketReader().read(last)), None)
            self._express.last = None
        return self._sealed.last

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

    @property
    def connections_forgotten(self) -> int:
        """TCP connections that may go on though it is not remembered any more how they began."""
        return self._streams.forgotten

    def receive(self, frame: Frame) -> None:
        """One frame, later than all before it or at least of the same timeline."""
        before, self._now, now = self._now, frame, frame[2]
        if not 0 <= now - before[2] < SILENCE and before.number:
            self.quality.odd(before.ref, frame.ref)
        if self._held:
            self.shadows.expire(now)
        if now >= self._deadlines.due:
            self.advance(now)
        if self._express.takes(frame):
            return
        for datagram in self._reader.read(frame):
            protocol = datagram.protocol
            if datagram.origin:
                self.telling.datagram(datagram)
            elif protocol == ESP:
                self._express.last = None
                self._sealed.open(datagram)
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
        self._express.last = None
        self._sealed.open(datagram)

    @property
    def keyless(self) -> Callable[[Datagram], bool] | None:
        """Asked about each packet for whose association there is no key yet; true if it will come `once_more`."""
        return self._sealed.keyless

    @keyless.setter
    def keyless(self, keeps: Callable[[Datagram], bool] | None) -> None:
        self._sealed.keyless = keeps

    def keys_came(self) -> None:
        """The keyring has new keys: they are tried on packets to come, also where there was none before."""
        self._sealed.keys_came()
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

    # --- what packets hold -----------------------------------------------------------------------------------------

    def _deliver(self, datagram: Datagram, protocol: int, inner: bytes, tag: Packet | None) -> None:
        if protocol == UDP:
            sport, dport = _PORTS.unpack_from(inner)
            self._sip(datagram, inner[_UDP_HEADER:], sport, dport, tag)
        else:
            self._tcp(datagram, inner, tag)

    # --- in clear --------------------------------------------------------------------------------------------------

    def _shadowed(self, datagram: Datagram) -> None:
        self._emit(Notice(at=datagram.at, subject=None, text=COPY))

    def _clear(self, datagram: Datagram) -> None:
        """A UDP or TCP packet that really was in clear, and not only captured in clear beside its ESP packet."""
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
        """A TCP segment, in clear or out of ESP."""
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
        """A clear packet in an authentication header (RFC 4302), which protects nothing on Gm."""
        found = self._pair(datagram)
        if found is not None and datagram.shell is not None and datagram.shell.ah:
            pair, sender = found
            self._encapsulation.clear_ah(pair, sender, sport in pair.guarded or dport in pair.guarded, datagram.at)

    def _clear_packet(self, datagram: Datagram, transport: str, sport: int, dport: int, what: str) -> None:
        """A clear packet, ``what`` in words, perhaps on a protected port (CLR-01)."""
        found = self._pair(datagram)
        if found is None:
            return
        pair, sender = found
        if sport in pair.guarded or dport in pair.guarded:
            packet = ClearPacket(datagram.at, sender, transport, sport, dport, what)
            clear_packets.told(self.tracker.session, pair, packet)

    def _pair(self, datagram: Datagram) -> tuple[Pair, Side] | None:
        """The pair of a packet, which learns from it where the capture was taken."""
        found = self.tracker.directory.find(datagram.source, datagram.destination)
        if found is not None:
            found[0].vantage.packet(found[1], datagram.ttl, datagram.outbound, datagram.depth)
            if datagram.protocol in (UDP, TCP) and found[0].vantage.sides.wants(found[1]):
                found[0].vantage.sides.look(found[1], datagram)
        return found

    def _stream(self, event: object) -> None:
        """Pass on what the reassembly of TCP says: octets, holes, connections that close or are forgotten."""
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
        elif isinstance(event, Forgotten):
            self._lines.forget(event.connection)

    def _framed(self, line: Line, framed: Framed) -> None:
        """A message that the text of a connection was cut into; keep-alives and what is no SIP end here."""
        if framed.kind == "keepalive":
            return
        connection, by = line.connection, line.by
        (source, sport), (destination, dport) = connection.endpoints[by], connection.endpoints[1 - by]
        # One clear segment makes the whole message readable to anybody, so it counts as clear
        tags = [each for each in framed.tags if isinstance(each, Packet)]
        tag = tags[-1] if len(tags) == len(framed.tags) and tags else None
        if tag is not None and tag.binding is not None and line.is_sip and framed.kind == "message":
            self._segments.framed = framed
            if _PORTS.pack(sport, dport) == tag.binding.flow and self._calm.takes(
                tag.binding, tag.sequence, framed.at, framed.frames, framed.data, connection
            ):
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
