"""Targets of one parser each, with what must hold of its result whatever the octets."""

from __future__ import annotations

import itertools

from analyzer.engine.lines import Line, Lines
from analyzer.frame import Frame, FrameRef
from analyzer.ipsec.algorithms import expand
from analyzer.ipsec.database import Refusal, SaDatabase
from analyzer.ipsec.esp import Opened, SecurityAssociation
from analyzer.ipsec.secret import Secret
from analyzer.keys import formats
from analyzer.keys.cx import CxKeys
from analyzer.keys.diameter import MAX_MESSAGE, vectors
from analyzer.keys.diameter import Framer as DiameterFramer
from analyzer.keys.entries import KeyFileError
from analyzer.keys.keyring import Keyring
from analyzer.network.fragments import DATAGRAMS, Reassembler
from analyzer.network.packets import PacketReader
from analyzer.network.stream import Data, Event, Hole
from analyzer.network.tcp import WAITING_TOTAL, TcpTracker, parse_segment
from analyzer.sip.addresses import read_address, read_uri, read_via
from analyzer.sip.digest import Challenge, Credentials, verify
from analyzer.sip.framing import Framed, Framer
from analyzer.sip.message import Message, parse
from analyzer.sip.secagree import compare, mechanisms
from analyzer.sip.text import after_quoted, number, parameters, printable, seconds, split, split_addresses, unquote

from . import script

CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))
PIECES = 40
"""A target that takes several pieces takes this many at most."""


# --- network --------------------------------------------------------------------------------------------------------


def packets(data: bytes) -> None:
    """Frames of any link type, cut or not."""
    reader = PacketReader()
    link = script.LINKS[data[0] % len(script.LINKS)] if data else 1
    for index, piece in enumerate(_pieces(data[1:])):
        more = 7 * (index & 1)
        for found in reader.read(Frame(0, index + 1, index * 1_000_000, link, piece, len(piece) + more)):
            assert len(found.source) == len(found.destination)
            assert len(found.source) in (4, 16)
            assert found.at in found.frames
            assert found.payload in piece or len(found.frames) > 1


def fragments(data: bytes) -> None:
    """Fragments of a few datagrams in any order; a whole one must consist of what was sent."""
    skipped: list[str] = []
    waiting = Reassembler(lambda reason, frames: skipped.append(reason), lambda: None)
    for index, piece in enumerate(_pieces(data)):
        if len(piece) < 3:
            continue
        where, more, content = (piece[0] << 8 | piece[1]) & 0x1FFF, bool(piece[2] & 1), piece[3:]
        at = FrameRef(0, index + 1, index * 10_000_000 << (piece[2] >> 5))
        key = (0, b"from", b"towards", piece[2] >> 1 & 3, 17)
        whole = waiting.add(key, where * 8, more, 17, content, (at,))
        assert waiting.pending <= DATAGRAMS
        if whole is not None:
            assert whole[0].find(content) >= 0
            assert at in whole[2]


def tcp(data: bytes) -> None:
    """Segments between two or three ports; whatever comes, each direction is delivered once and in order."""
    told: list[str] = []
    tracker = TcpTracker(told.append)
    after: dict[tuple[int, int], int] = {}

    def check(events: tuple[Event, ...]) -> None:
        for event in events:
            if isinstance(event, Data):
                key = (id(event.connection), event.by)
                kept.append(event)
                assert event.data and len(event.data) == event.end - event.start
                assert event.start >= after.get(key, 0)
                after[key] = event.end
            elif isinstance(event, Hole):
                assert event.octets > 0

    kept: list[Data] = []
    for index, piece in enumerate(_pieces(data)):
        at = FrameRef(0, index + 1, index * 400_000_000)
        uplink = bool(piece) and bool(piece[0] & 1)
        ends = (b"\x0a\0\0\1", b"\x0a\0\0\2") if uplink else (b"\x0a\0\0\2", b"\x0a\0\0\1")
        segment = parse_segment(piece[1:], at, (at,), *ends)
        if segment is not None:
            check(tuple(tracker.receive(segment)))
        check(tuple(tracker.advance(at.time)))
        assert tracker._octets <= WAITING_TOTAL
    check(tuple(tracker.close()))
    assert tracker.waiting == 0


# --- SIP ------------------------------------------------------------------------------------------------------------


def message(data: bytes) -> None:
    """One message, and everything that can be asked of it."""
    found = parse(data)
    if found is None:
        return
    everything(found)
    assert data.endswith(found.raw)
    again = parse(found.raw)
    assert again is not None
    assert (again.method, again.call_id, again.cseq, again.start_line) == (
        found.method,
        found.call_id,
        found.cseq,
        found.start_line,
    )
    found.forget()
    assert _calm(found.start_line)


def everything(found: Message) -> None:
    """Ask a message for all that it can tell, in the order of the names."""
    assert _calm(repr(found))
    assert len(found.body) <= len(found.raw)
    assert found.is_request == (found.status == 0) == (found.uri is not None)
    assert found.is_request or 100 <= found.status < 700
    assert _calm(found.reason) and _calm(found.method)
    for name in ("top_via", "via_count", "contacts", "routes", "record_routes", "from_uri", "from_tag", "to_uri"):
        getattr(found, name)
    for name in ("to_tag", "expires", "truncated_body", "truncated_headers"):
        getattr(found, name)
    for entry in found.contacts:
        _address(entry.uri.text if entry.uri else "")
        entry.params, entry.expires  # noqa: B018 - reading is the test
    for header in ("security-client", "security-server", "security-verify"):
        mechanisms(found.values(header))
    assert found.has_option("Require", "sec-agree") in (True, False)


def framing(data: bytes) -> None:
    """A stream, once in one piece and once in many: the messages must be the same."""
    if not data:
        return
    step, stream = data[0] % 61 + 1, data[1:]
    whole, parts = _framed(stream, len(stream) or 1), _framed(stream, step)
    assert [each for each in whole if each[0] == "message"] == [each for each in parts if each[0] == "message"]


def _framed(stream: bytes, step: int) -> list[tuple[str, bytes, int]]:
    framer, found = Framer(), list[Framed]()
    for begin in range(0, len(stream), step):
        piece, at = stream[begin : begin + step], FrameRef(0, begin + 1, begin)
        found += framer.feed(piece, at, (at,), None, begin + len(piece))
    found += framer.hole()
    assert all(a.end <= b.end for a, b in itertools.pairwise(found))
    return [(each.kind, each.data, each.end) for each in found]


def headers(data: bytes) -> None:
    """Header values: sec-agree, digest, addresses, and the lexical layer beneath."""
    texts = [piece.decode("latin-1") for piece in _pieces(data)]
    for text in texts:
        _address(text)
        read_via(text)
        _digest(text)
        for separator in ",;":
            assert separator.join(split(text, separator)) == text
        assert ",".join(split_addresses(text)) == text
        parameters(split(text, ";"))
        unquote(text), number(text), seconds(text), after_quoted(text)
        assert _calm(printable(text, 50))
    found = mechanisms(texts)
    for each in found:
        each.canonical(), each.missing(), each.q, each.spi_c, each.port_s
        assert _calm(each.text)
    half = len(texts) // 2
    forth, back = compare(texts[:half], texts[half:]), compare(texts[half:], texts[:half])
    assert forth.rows is not None
    assert back.rows is not None
    assert compare(texts, texts).ok or not found or found.dropped


def _address(text: str) -> None:
    contact = read_address(text)
    uri = contact.uri
    assert _calm(repr(contact))
    if uri is not None:
        assert uri.port is None or 0 <= uri.port <= 65535
        uri.params, read_uri(uri.text)


def _digest(text: str) -> None:
    for found in (Challenge(text), Credentials(text)):
        assert found.rand is None or len(found.rand) == 16
        assert found.autn is None or len(found.autn) == 16
        assert _calm(repr(found))
        if isinstance(found, Challenge):
            assert found.ck is None or len(found.ck) == 16
            assert found.ik is None or len(found.ik) == 16
        else:
            verify(found, "REGISTER", b"12345678", text.encode("latin-1"))


# --- ESP and keys ---------------------------------------------------------------------------------------------------


def esp(data: bytes) -> None:
    """A packet with a right ICV and any content, and the same octets as a packet of their own."""
    if len(data) < 12:
        return
    alg, ealg = script.PAIRS[data[0] % len(script.PAIRS)]
    keys = expand(alg, ealg, CK, IK)
    association = SecurityAssociation(spi=1, destination=b"\x0a\0\0\2", alg=alg, ealg=ealg, keys=keys)
    whole = script.encrypt(alg, ealg, CK.octets, IK.octets, data[2:10], data[10:], data[1])
    opened = association.open(whole)
    if isinstance(opened, Opened):
        assert (opened.payload, opened.next_header) == (data[10:], data[1])
    database = SaDatabase()
    database.add(association)
    database.open(b"\x0a\0\0\1", b"\x0a\0\0\2", b"\0\0\0\1" + data)
    outcome = database.open(b"\x0a\0\0\1", b"\x0a\0\0\2", data)
    assert isinstance(outcome, Refusal) or outcome[0] is association


def _read_keys(data: bytes) -> None:
    """Read a key file, and ask for everything that it gives."""
    ring = Keyring()
    try:
        ring.add_text(data.decode("latin-1"), "keys")
    except KeyFileError as refusal:
        assert str(refusal).startswith("keys")
        assert "\n" not in str(refusal)
        return
    for entry in ring.associations():
        assert repr(entry.keys.auth).startswith("<secret")
    for source in (b"\x0a\0\0\1", bytes(16)):
        ring.explicit(source, source, 0x1001)
    ring.vectors("somebody@example.org", bytes(16))
    list(ring.loose())
    ring.unused()


def keyfile(data: bytes) -> None:
    """A key file of any format: read or refused, with one line that holds no key."""
    text = data.decode("latin-1")
    formats.is_log(text)
    _read_keys(data)


def diameter(data: bytes) -> None:
    """Cx over TCP, in one piece and in many, and over SCTP."""
    if not data:
        return
    ring = Keyring()
    cx = CxKeys(ring)
    cx.sctp(data, FrameRef(0, 1, 0))
    whole, parts = DiameterFramer().feed(data), list[bytes]()
    framer, step = DiameterFramer(), data[0] % 37 + 1
    for begin in range(0, len(data), step):
        parts += framer.feed(data[begin : begin + step])
    assert whole == parts
    for each in whole:
        assert len(each) <= MAX_MESSAGE
        for vector in vectors(each):
            assert len(vector.rand) == len(vector.ck) == len(vector.ik) == 16


def lines(data: bytes) -> None:
    """SIP over TCP on several connections, with holes: no more is kept than the framers hold."""
    delivered: list[tuple[Line, Framed]] = []
    table = Lines(lambda line, framed: delivered.append((line, framed)), lambda text: None)
    tracker = TcpTracker()
    for index, piece in enumerate(_pieces(data)):
        if len(piece) < 4:
            continue
        at = FrameRef(0, index + 1, index * 100_000_000)
        header = piece[:1] * 2 + b"\x13\xc4" + b"\0\0" + piece[1:3] + bytes(4) + b"\x50" + b"\x18" + bytes(6)
        segment = parse_segment(header + piece[3:], at, (at,), b"\x0a\0\0\1", b"\x0a\0\0\2")
        assert segment is not None
        for event in (*tracker.receive(segment), *tracker.advance(at.time)):
            if isinstance(event, Data):
                table.feed(event)
            elif isinstance(event, Hole):
                table.hole(event)
    assert table._held == sum(line.held for line in table.table.values())


def _calm(text: str) -> bool:
    """Whether no control character is in it: what parsers hand to reports, which look for the rest themselves."""
    return not any(letter < " " or "\x7f" <= letter < "\xa0" for letter in text)


def _pieces(data: bytes) -> list[bytes]:
    """Cut octets into pieces: each begins with its length in two octets, the last has what is left."""
    found: list[bytes] = []
    while data and len(found) < PIECES:
        length = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    return found
