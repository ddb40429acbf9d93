"""The expression for messages of the usual shape says what the careful way says, or nothing."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.sip import message as reading
from analyzer.sip.message import START_LINE_SHOWN, Message, parse
from analyzer.sip.text import IDENTIFIER_LIMIT
from analyzer.sip.usual import LONGEST, any_order, usual_shape
from tests.sip.samples import NOTIFY, SM1, SM6, SM7

STARTS = [
    "REGISTER sip:h SIP/2.0",
    "SIP/2.0 200 OK",
    "SIP/2.0 699 ",
    "SIP/2.0 200",
    "SIP/2.0 700 x",
    "sip/2.0 200 OK",
    "PING sip:\xe9 SIP/2.0",
    "ACK  sip:h SIP/2.0",
    "ACK \tsip:h SIP/2.0",
    "ACK a b SIP/2.0",
    "Ack sip:h SIP/2.0",
    "ACK sip:h SIP/2.0 ",
    "ACK sip:h\r SIP/2.0",
    "M" * 64 + " sip:h SIP/2.0",
    "M" * 65 + " sip:h SIP/2.0",
    "ACK" + " " * 300 + "sip:h SIP/2.0",
    "ACK sip:" + "h" * 300 + " SIP/2.0",
    "SIP/2.0 200 " + "h" * 300,
    "",
]
VIAS = [
    "SIP/2.0/UDP 10.1.0.7:45000;branch=z9hG4bKm7x1",
    "SIP/2.0/TCP [2001:DB8::1]:5060;rport;branch=z;keep",
    "SIP/2.0/UDP h",
    "SIP/2.0/TLS-SCTP A.Example;branch=a;BRANCH=b",
    "SIP/2.0/UDP h:1;Branch=b;branch=a",
    "SIP/2.0/UDP h:65536;branch=a",
    "SIP/2.0/UDP h:99999;branch=a",
    "SIP/2.0/UDP h:100000;branch=a",
    "SIP/2.0/UDP h:;branch=a",
    "SIP/2.0/UDP h:1;branch=",
    "SIP/2.0/UDP [::1];branch=a",
    "SIP/2.0/UDP [abc]:5;branch=a",
    "SIP/2.0/UDP ::1;branch=a",
    "SIP/2.0/udp h:1;branch=a",
    "SIP/2.0/UDP h:1;branch=a, SIP/2.0/TCP g:2;branch=b",
    "SIP/2.0/UDP h:1;branch=a;rport ,SIP/2.0/TCP g:2;branch=b",
    'SIP/2.0/UDP h:1;branch=a,SIP/2.0/TCP g:2;x=",;branch=b',
    "SIP/2.0/UDP h:1;branch=a,",
    "SIP/2.0/UDP h:1,x;branch=a",
    'SIP/2.0/UDP h:1;x=";branch=q";branch=a',
    "SIP / 2.0/UDP h:1",
    "SIP/2.0/UDP h:1;branch=a b",
    "SIP/2.0/UDP h:1;branch=a ;rport",
    "SIP/2.0/UDP  h:1;branch=a",
    "SIP/2.0/UDP h :1;branch=a",
    "SIP/2.0/UDP h:1; branch=a",
    "SIP/2.0/UDP h:1 ;branch=a",
    "SIP/2.0/UDP h:1;;branch=a;;",
    "SIP/2.0/UDP h:1;branch=a;branch=b",
    "SIP/2.0/UDP h:1" + ";x" * 8 + ";branch=a",
    "SIP/2.0/UDP h:1" + ";x" * 9 + ";branch=a",
    "SIP/2.0/UDP h:0001;branch=\xe9;x=\x85",
    "SIP/2.0/UDP h:1;branch=" + "a" * IDENTIFIER_LIMIT,
    "SIP/2.0/UDP h:1;branch",
    "SIP/2.0/UDP h:1;branch=" + "a" * (IDENTIFIER_LIMIT + 1),
    "SIP/2.0/UDP h:1;x=" + "y" * 5000 + ";branch=z",
    ",",
    "",
]
CALLS = ["a@b", "a b", "", " a", "\xa0a\x85", "a\r", "c" * IDENTIFIER_LIMIT, "c" * (IDENTIFIER_LIMIT + 1)]
SEQUENCES = ["1 REGISTER", "0009  ACK", "9999999999 BYE", "1", "x BYE", "1 b(d", "1 BYE now", "", "\xb2 BYE", "1\tBYE"]
VIA = st.builds("{}: {}".format, st.sampled_from(["Via", "Via", "v", "VIA", "via ", "V\t"]), st.sampled_from(VIAS))
CALL = st.builds("{}: {}".format, st.sampled_from(["Call-ID", "Call-ID", "i", "CALL-ID", "I "]), st.sampled_from(CALLS))
CSEQ = st.builds("{}: {}".format, st.sampled_from(["CSeq", "CSeq", "cseq", "CSEQ "]), st.sampled_from(SEQUENCES))
OTHER = st.sampled_from(
    [
        "Contact: <sip:a@h>",
        "Max-Forwards: 70",
        "Subject",
        "X: y",
        " folded: line",
        "\tv: w",
        "\r",
        "",
        "Via",
        "i",
        "CSeq",
        f"From: <sip:a@h>;tag={'t' * 900}",
        "Con",
        "C: text",
        "Warning: \x00\xff\x0b",
        ": x",
        "\x0bVia: y",
        "\rCall-ID: x",
    ]
)
LINES = VIA | CALL | CSEQ | OTHER | st.sampled_from(STARTS)
ENDS = ["\r\n"] * 8 + ["\n", "\r\r\n"]
RESTS = ["\r\n"] * 4 + ["\r\n\r\nVia: x\r\n\r\n", "\n", "", "\r", " \r\n\r\n", "X: y\r\n\r\nbody", "\r\n" + "b" * 5000]
MARKS = [b" ", b"\t", b"\r", b"\n", b":", b";", b",", b'"', b"[", b"]", b"\r\n", b"\r\n ", b"\n\n", b"\nv: ", b"\ni:z"]


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A usual message, its headers in any order, of which some lines, its line ends or its end are not as usual."""
    via = f"Via: {draw(st.sampled_from(VIAS[:2]) | st.sampled_from(VIAS))}"
    headers = ["X: y", via, "Contact: <sip:a@h>", "Call-ID: a@b", "From: <sip:a@h>", "CSeq: 1 REGISTER", "X: z"]
    lines = [draw(st.sampled_from(STARTS[:2])), *draw(st.just(headers) | st.permutations(headers))]
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        place = draw(st.integers(0, len(lines)))
        lines[place : place + draw(st.integers(0, 1))] = [draw(LINES)]
    end = draw(st.sampled_from(ENDS))
    return (end.join((*lines, "")) + draw(st.sampled_from(RESTS))).encode("latin-1")


def carefully(data: bytes) -> Message | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "usual_shape", lambda text: None)
        patch.setattr(reading, "any_order", lambda text: None)
        return parse(data)


def lasting(found: Message) -> tuple[object, ...]:
    """What a message says after it was forgotten, too."""
    via = found.top_via
    start = found.is_request, found.method, found.status, found.start_line.rstrip()
    return (
        *(*start, found.call_id, found.cseq, found.truncated_headers),
        via and (via.transport, via.host, via.port, via.branch, via.params),
    )


def told(found: Message | None) -> object:
    """All that a message says; it is forgotten then."""
    if found is None:
        return None
    before, uri = lasting(found), found.uri
    values = [found.values(name) for name in ("via", "call-id", "cseq", "contact", "from", "x")]
    others = found.raw, uri, found.start_line, found.reason, found.body, found.via_count, values
    found.forget()
    assert lasting(found) == before
    assert (uri or "").startswith(found.uri or "")
    assert (found.values("via"), found.body, len(found.raw) < START_LINE_SHOWN + 20) == ([], b"", True)
    return before, others


@pytest.mark.parametrize("data", [SM1, SM6, SM7, NOTIFY])
def test_messages_of_the_lab_are_usual(data: bytes) -> None:
    assert usual_shape(data.decode("latin-1"))
    assert told(parse(data)) == told(carefully(data))


@pytest.mark.parametrize(
    "via",
    [
        "Via: SIP/2.0/UDP 10.1.0.7:45000;branch=z9hG4bKm7x1",
        "Via: SIP/2.0/TCP [2001:DB8::1]:5060;rport;branch=z9hG4bK.a_b~c;keep;transport=TCP",
        "Record-Route: <sip:h;lr>\r\nVia: SIP/2.0/TLS proxy.example;branch=z9hG4bK1;i=7",
        'Via: SIP/2.0/UDP h:1;branch=z9hG4bK1;rport, SIP/2.0/TCP [::1]:2;branch=b;x="a, b"',
    ],
)
def test_what_is_usual_in_the_field(via: str) -> None:
    for call in ("Contact: <sip:a@h>\r\nCall-ID: a", "Call-ID: i"):
        data = f"BYE sip:a@h SIP/2.0\r\n{via}\r\n{call}\r\nCSeq: 1 BYE\r\nX: a\r\n b\r\n\r\n".encode()
        assert usual_shape(data.decode("latin-1"))
        assert told(parse(data)) == told(carefully(data))


@pytest.mark.parametrize("order", list(permutations((0, 2, 4))))
def test_any_order_is_usual(order: tuple[int, ...]) -> None:
    for others in ("X: y", "Contact: <sip:a@h>", "Content-Type: a/b", "From: <sip:c@h>;tag=i"):
        headers = ["Via: SIP/2.0/UDP h:1;branch=a;keep", others, "Call-ID: a@b", others, "CSeq: 1 BYE", others]
        for place, header in zip((0, 2, 4), order, strict=True):
            headers[place] = ["Via: SIP/2.0/UDP h:1;branch=a;keep", "", "Call-ID: a@b", "", "CSeq: 1 BYE"][header]
        data = "\r\n".join(["BYE sip:a@h SIP/2.0", *headers, "", "body"])
        found = usual_shape(data) or any_order(data)
        assert found is not None
        assert found.group(8, 10, 12) == ("a", "a@b", "BYE")
        assert {"Via:", "Call", "CSeq"} <= {line[:4] for line in data[: found.end(13)].split("\r\n")}
        assert data[found.end() :] == "body"
        assert told(parse(data.encode())) == told(carefully(data.encode()))


def test_what_is_said_twice_or_folded_is_not_usual_in_another_order() -> None:
    start, via, call, cseq = "BYE sip:a@h SIP/2.0", "Via: SIP/2.0/UDP h:1;branch=a", "Call-ID: a", "CSeq: 1 BYE"
    for headers in (
        (call, cseq),
        (cseq, via),
        (call, via, "cseq: 2 BYE", cseq),
        ("call-id: b", call, cseq, via),
        ("V: x", call, cseq, via),
        (call, cseq, " 2", via),
        (call, cseq, via, "\tx"),
        (" x", call, cseq, via),
        (call, cseq, via, "Subject: a", " b"),
    ):
        data = "\r\n".join([start, *headers, "", ""])
        assert (usual_shape(data) or any_order(data)) is None
        assert told(parse(data.encode())) == told(carefully(data.encode()))


@given(messages())
@example(b"ACK sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=a\r\n b\r\nCall-ID: a\r\n b\r\nCSeq: 1 ACK\r\n b\r\n\r\n")
@example(
    b"ACK sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=a\r\ni: a\r\nCall-ID: b\r\ncseq: 2 ACK\r\nCSeq: 1 ACK\r\n\r\n"
)
def test_the_usual_way_and_the_careful_one_agree(data: bytes) -> None:
    assert told(parse(data)) == told(carefully(data))


@given(st.sampled_from([SM1, SM6, SM7, NOTIFY]), st.data())
def test_they_agree_on_damaged_messages(data: bytes, draw: st.DataObject) -> None:
    for _ in range(draw.draw(st.integers(1, 3))):
        begin = draw.draw(st.integers(0, min(len(data), 420)))
        end = begin + draw.draw(st.sampled_from([0, 0, 1, 2, 60, 5000]))
        data = data[:begin] + draw.draw(st.sampled_from(MARKS) | st.binary(max_size=2)) + data[end:]
    assert told(parse(data)) == told(carefully(data))


@pytest.mark.parametrize("start", STARTS)
def test_they_agree_on_every_start_line(start: str) -> None:
    data = f"{start}\r\nVia: SIP/2.0/UDP h:1;branch=a\r\nCall-ID: a\r\nCSeq: 1 ACK\r\n\r\n".encode("latin-1")
    assert told(parse(data)) == told(carefully(data))


@pytest.mark.parametrize("via", VIAS)
def test_they_agree_on_every_via(via: str) -> None:
    data = f"ACK sip:h SIP/2.0\r\nVia: {via}\r\nCall-ID: a\r\nCSeq: 1 ACK\r\n\r\n".encode("latin-1")
    assert told(parse(data)) == told(carefully(data))


def test_every_cut_of_a_message_reads_the_same() -> None:
    for end in range(len(SM7)):
        assert told(parse(SM7[:end])) == told(carefully(SM7[:end]))


def test_headers_beyond_what_the_usual_way_sees_are_read() -> None:
    for padding in range(LONGEST - 160, LONGEST, 7):
        data = SM6[:-2] + b"X: " + b"y" * (padding - len(SM6)) + b"\r\n\r\nbody"
        assert told(parse(data)) == told(carefully(data))
