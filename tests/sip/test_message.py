from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.sip.headers import HEADER_LIMIT, USUAL_LINES, content_length, header_end
from analyzer.sip.message import ENTRIES_LIMIT, START_LINE_SHOWN, Message, parse
from tests.sip.samples import NOTIFY, SM1, SM6, SM7


def message(data: bytes) -> Message:
    found = parse(data)
    assert found is not None
    return found


def written(*lines: str, start: str = "OPTIONS sip:a@h SIP/2.0", body: bytes = b"") -> Message:
    return message("\r\n".join((start, *lines, "", "")).encode("latin-1") + body)


def test_register_of_the_lab() -> None:
    sm7 = message(SM7)
    assert sm7.is_request
    assert (sm7.method, sm7.uri, sm7.status, sm7.reason) == (
        "REGISTER",
        "sip:ims.mnc001.mcc001.3gppnetwork.org",
        0,
        "",
    )
    assert sm7.start_line == "REGISTER sip:ims.mnc001.mcc001.3gppnetwork.org SIP/2.0"
    assert (sm7.call_id, sm7.cseq, sm7.expires) == ("6fdd91b05e0dfbe161a0@10.20.0.11", 2, 600000)
    assert sm7.top_via
    assert (sm7.top_via.port, sm7.top_via.branch, sm7.via_count) == (46432, "z9hG4bKaf3508247fa25c27", 1)
    assert [(contact.uri and contact.uri.port, contact.expires) for contact in sm7.contacts] == [(46432, 600000)]
    assert [(route.host, route.port) for route in sm7.routes] == [("10.20.0.1", 6100)]
    assert sm7.record_routes == []
    assert (sm7.from_tag, sm7.to_tag) == ("4985bf67088a", None)
    assert sm7.from_uri
    assert sm7.to_uri
    assert sm7.from_uri.user == sm7.to_uri.user == "001010000000101"
    assert sm7.has_option("Require", "sec-agree")
    assert sm7.has_option("supported", "SEC-AGREE")
    assert not sm7.has_option("supported", "sec")
    assert sm7.values("Security-Verify") == [
        "ipsec-3gpp;prot=esp;mod=trans;spi-c=4096;spi-s=4097;port-c=5100;port-s=6100;alg=hmac-sha-1-96;ealg=aes-cbc"
    ]
    assert (sm7.body, sm7.truncated_body, sm7.truncated_headers) == (b"", False, False)
    assert sm7.raw == SM7


def test_response_of_the_lab() -> None:
    sm6 = message(SM6)
    assert not sm6.is_request
    assert (sm6.status, sm6.reason, sm6.method, sm6.cseq, sm6.uri) == (401, "Unauthorized", "REGISTER", 1, None)
    assert sm6.to_tag == "915276e825a9"
    assert sm6.call_id == message(SM1).call_id


def test_several_via_and_a_body() -> None:
    notify = message(NOTIFY)
    assert notify.via_count == 2
    assert notify.top_via
    assert notify.top_via.port == 5100
    assert notify.body.startswith(b"<?xml")
    assert len(notify.body) == 95


def test_compact_forms_any_case_and_blanks_before_the_colon() -> None:
    found = written(
        "v: SIP/2.0/UDP h:1;branch=a",
        "VIA : SIP/2.0/UDP h:2;branch=b",
        "f: <sip:a@h>;tag=x",
        "T\t: <sip:b@h>",
        "I:call",
        "cSeQ: 7 OPTIONS",
        "m: <sip:c@h:7>",
        "k: path",
        "securITY-client: tls",
    )
    assert found.values("Via") == ["SIP/2.0/UDP h:1;branch=a", "SIP/2.0/UDP h:2;branch=b"]
    assert found.values("v") == found.values("vIA") == found.values("Via")
    assert found.via_count == 2
    assert (found.from_tag, found.call_id, found.cseq) == ("x", "call", 7)
    assert found.to_uri
    assert found.to_uri.user == "b"
    assert found.first("M") == found.first("contact") == "<sip:c@h:7>"
    assert found.has_option("Supported", "path")
    assert found.first("Security-Client") == "tls"


def test_names_that_this_module_does_not_know() -> None:
    found = written("X-Mine: 1", "x-MINE : 2", "Other: 3")
    assert found.values("X-mine") == ["1", "2"]
    assert found.first("other") == "3"
    assert found.first("absent") is None
    assert found.values("absent") == []


def test_folded_lines() -> None:
    found = written(
        "Subject: one", "  two", "\tthree", "Via: SIP/2.0/UDP h:5;branch=b", " , SIP/2.0/TCP g", "CSeq: 1", " OPTIONS"
    )
    assert found.first("subject") == "one two three"
    assert found.via_count == 2
    assert found.top_via
    assert found.top_via.branch == "b"
    assert found.cseq == 1
    assert not found.truncated_headers


def test_a_fold_right_after_the_start_line_harms_nothing() -> None:
    found = written(" nonsense", "Call-ID: c")
    assert found.call_id == "c"


def test_comma_lists() -> None:
    found = written(
        'Via: SIP/2.0/UDP a:1;x="1,2";branch=p, SIP/2.0/UDP b:2',
        'Contact: "Doe, J" <sip:a,b@h:1>;q=1, <sip:c@h:2>',
        "Contact: <sip:d@h:3>",
        "Record-Route: <sip:r1:5;lr>,<sip:r2:6;lr>",
        "Record-Route: rubbish, <sip:r3:7>",
    )
    assert found.via_count == 2
    assert found.top_via
    assert (found.top_via.host, found.top_via.branch) == ("a", "p")
    assert [contact.uri and contact.uri.port for contact in found.contacts] == [1, 2, 3]
    assert [uri.host for uri in found.record_routes] == ["r1", "r2", "r3"]
    assert found.contacts is found.contacts


def test_contact_star() -> None:
    found = written("Contact: *", "Expires: 0")
    assert found.contacts[0].star
    assert found.expires == 0


def test_tags_in_unusual_places() -> None:
    assert written("From: <sip:a@h;tag=uri>;tag=mine").from_tag == "mine"
    assert written('From: "x;tag=name" <sip:a@h>;tag=mine').from_tag == "mine"
    assert written('From: <sip:a@h>;x=";tag=quoted";TAG=mine').from_tag == "mine"
    assert written("From: sip:a@h;tag=mine;tag=second").from_tag == "mine"
    assert written("From: <sip:a@h>").from_tag is None
    assert written().from_tag is None


def test_octets_that_are_not_utf8_survive() -> None:
    found = message(b"MESSAGE sip:a@h SIP/2.0\r\nSubject: \xff\xa0\xc3\xa4\x85\r\nCall-ID: \xe9\r\n\r\n\xfe")
    subject = found.first("subject")
    assert subject is not None
    assert subject.encode("latin-1") == b"\xff\xa0\xc3\xa4\x85"
    assert found.call_id == "\xe9"
    assert found.body == b"\xfe"


def test_terminal_escapes_stay_in_raw_alone() -> None:
    found = message(b"MESSAGE sip:\x1b[2J SIP/2.0\r\n\r\n")
    assert found.uri == "sip:\x1b[2J"
    assert found.start_line == "MESSAGE sip:?[2J SIP/2.0"
    answer = message(b"SIP/2.0 200 \x1b[31mOK\r\nCSeq: 1 \x1b[31m\r\n\r\n")
    assert (answer.reason, answer.start_line, answer.method) == ("?[31mOK", "SIP/2.0 200 ?[31mOK", "")
    assert len(message(b"MESSAGE sip:" + b"x" * 5000 + b" SIP/2.0\r\n\r\n").start_line) == START_LINE_SHOWN


@pytest.mark.parametrize(
    "start",
    [
        "SIP/2.0 99 x",
        "SIP/2.0 700 x",
        "SIP/2.0 2000 x",
        "SIP/2.0 2x0 x",
        "SIP/2.0 5",
        "SIP/2.0",
        "SIP/3.0 200 OK",
        "HTTP/1.1 200 OK",
        "GET / HTTP/1.1",
        "OPTIONS sip:a@h",
        "OPTIONS SIP/2.0",
        "OPTIONS  SIP/2.0",
        " SIP/2.0",
        "OP(IONS sip:a@h SIP/2.0",
        "X" * 65 + " sip:a@h SIP/2.0",
        "\xa0 sip:a@h SIP/2.0",
        "",
    ],
)
def test_what_is_no_sip(start: str) -> None:
    assert parse(start.encode("latin-1") + b"\r\nVia: SIP/2.0/UDP h\r\n\r\n") is None
    assert parse(start.encode("latin-1")) is None


def test_start_lines_in_unusual_notation() -> None:
    assert message(b"sip/2.0 180\r\n\r\n").status == 180
    assert message(b"SIP/2.0 200 \r\n\r\n").reason == ""
    assert message(b"\r\n\r\nOPTIONS sip:a@h sip/2.0 \nCall-ID: c\n\n").call_id == "c"
    strange = message(b"X-New~1 sip:a b@h SIP/2.0\r\n\r\n")
    assert (strange.method, strange.uri) == ("X-New~1", "sip:a b@h")
    assert parse(b"\r\n\r\n") is None


def test_bare_line_feeds() -> None:
    found = message(SM7.replace(b"\r\n", b"\n"))
    assert (found.call_id, found.cseq, len(found.contacts)) == ("6fdd91b05e0dfbe161a0@10.20.0.11", 2, 1)
    assert found.first("content-length") == "0"


def test_cseq_and_expires_that_are_none() -> None:
    assert written("CSeq: x OPTIONS").cseq is None
    assert written("CSeq:").cseq is None
    assert written("CSeq: 0009   OPTIONS").cseq == 9
    assert written("CSeq: \xb2 OPTIONS").cseq is None
    assert written("CSeq: 5\tBYE", start="SIP/2.0 200 OK").method == "BYE"
    assert written("Expires: soon").expires is None
    assert written("Expires: " + "9" * 6000).expires == 2**32 - 1


def test_content_length_bounds_the_body() -> None:
    assert written("Content-Length: 3", body=b"abcdef").body == b"abc"
    short = written("l :  10", body=b"abc")
    assert (short.body, short.truncated_body) == (b"abc", True)
    for value in ("bad", "-5", "", "3x", "3, 3"):
        found = written(f"Content-Length: {value}", body=b"abcdef")
        assert (found.body, found.truncated_body) == (b"abcdef", False)
    assert written("Content-Length:", " 2", body=b"abcdef").body == b"ab"
    assert written("Content-Length: 00000000000002", body=b"abcdef").body == b"ab"
    assert written("Content-Length: " + "9" * 6000, body=b"abc").truncated_body


def test_headers_that_were_cut_off() -> None:
    cut = message(SM7[: SM7.index(b"Security-Verify") + 40])
    assert cut.truncated_headers
    assert cut.values("Security-Verify") == []
    assert cut.has_option("Proxy-Require", "sec-agree")
    assert cut.body == b""
    assert message(b"SIP/2.0 200 OK").truncated_headers
    assert message(b"SIP/2.0 200 OK\r\n").truncated_headers
    assert not message(b"SIP/2.0 200 OK\r\n\r\n").truncated_headers


def test_headers_beyond_the_limit_are_ignored() -> None:
    filler = b"X: " + b"y" * 500 + b"\r\n"
    found = message(b"SIP/2.0 200 OK\r\nCall-ID: c\r\n" + filler * (3 * HEADER_LIMIT // 500) + b"Via: v\r\n\r\nbody")
    assert found.truncated_headers
    assert found.call_id == "c"
    assert found.values("via") == []
    assert len(found.values("x")) < HEADER_LIMIT // 500


def test_more_lines_than_usual() -> None:
    for count in (USUAL_LINES - 2, USUAL_LINES - 1, USUAL_LINES, USUAL_LINES + 1, 500):
        found = written(*(f"X-{each}: {each}" for each in range(count)), body=b"a:b\r\n\r\nc: d")
        assert found.first(f"x-{count - 1}") == str(count - 1)
        assert found.first("a") is None
        assert found.body == b"a:b\r\n\r\nc: d"
        assert not found.truncated_headers


def test_lists_are_bounded() -> None:
    found = written("Contact: " + ",".join(["<sip:a@h>"] * 3000), "Route: " + "x,," * 3000, "Via: " + "," * 3000)
    assert len(found.contacts) == ENTRIES_LIMIT
    assert found.routes == []
    assert found.via_count == 3001
    assert found.top_via is None


def test_a_message_shows_its_start_line() -> None:
    assert repr(message(SM6)) == "<Message SIP/2.0 401 Unauthorized>"


def read_everything(found: Message) -> None:
    for name in ("via", "m", "Security-Client", "X"):
        for value in found.values(name):
            assert "\n" not in value
        found.first(name)
    found.has_option("require", "sec-agree")
    assert found.via_count >= 0
    for contact in found.contacts:
        assert isinstance(contact.params, dict)
    for uri in (found.from_uri, found.to_uri, *found.routes, *found.record_routes):
        assert uri is None or isinstance(uri.params, dict)
    assert found.top_via is None or isinstance(found.top_via.params, dict)
    assert found.from_tag is None or isinstance(found.from_tag, str)
    assert found.to_tag is None or isinstance(found.to_tag, str)
    assert found.expires is None or found.expires >= 0
    assert len(found.body) <= len(found.raw)
    assert found.is_request == (found.status == 0)
    assert found.start_line.isprintable() or not found.start_line.isascii()
    assert found.method.isascii()


NAMES = [b"Via", b"v", b"From", b"t", b"Contact", b"CSeq", b"Route", b"Record-Route", b"Content-Length", b"Expires"]
MARKS = [bytes((octet,)) for octet in b':\r\n \t,;=<>"\\@[]*']
VALUES = [b": ", b"\r\n", b"SIP/2.0/UDP h:5060", b"sip:a@h:5060", b"tag", b"branch", b"0", b"4096", b"\xff", b"\x85"]
HEADER_BYTES = st.lists(st.sampled_from(NAMES + MARKS + VALUES) | st.binary(max_size=4), max_size=40).map(b"".join)


@given(st.binary(max_size=300))
def test_any_octets_are_a_message_or_none(data: bytes) -> None:
    found = parse(data)
    if found:
        read_everything(found)


@given(st.sampled_from([b"REGISTER sip:h SIP/2.0", b"SIP/2.0 200 OK"]), HEADER_BYTES)
@example(b"SIP/2.0 200 OK", b" \r\n \r\n\r\r\n")
def test_any_headers_can_be_read(start: bytes, headers: bytes) -> None:
    found = parse(start + b"\r\n" + headers)
    assert found
    read_everything(found)
    ended = parse(start + b"\r\n" + headers + b"\r\n\r\nbody")
    assert ended
    assert not ended.truncated_headers
    read_everything(ended)


@given(HEADER_BYTES, st.integers(0, 60))
def test_the_quick_and_the_careful_way_agree(headers: bytes, more: int) -> None:
    # The careful way is taken for more lines than usual; padding with lines must not change what was there before.
    padding = b"X-Pad: 1\r\n" * more
    one = parse(b"SIP/2.0 200 OK\r\n" + headers + b"\r\n\r\n")
    two = parse(b"SIP/2.0 200 OK\r\n" + padding + b"X-Pad: 1\r\n" + headers + b"\r\n\r\n")
    assert one
    assert two
    if headers[:1] not in (b" ", b"\t"):
        for name in ("via", "from", "contact", "cseq", "route", "expires", "content-length"):
            assert one.values(name) == two.values(name)


@given(HEADER_BYTES, st.integers(0, 50))
def test_the_end_of_the_headers_is_the_first_empty_line(data: bytes, start: int) -> None:
    begin, rest = header_end(data, start)
    lines = data[start:].split(b"\n")
    empty = next(
        (index for index, line in enumerate(lines) if index and line in (b"", b"\r") and index < len(lines) - 1), 0
    )
    if empty:
        assert begin == start + sum(len(line) + 1 for line in lines[:empty]) - 1
        assert data[begin:rest].replace(b"\r", b"") == b"\n\n"
    else:
        assert (begin, rest) == (-1, -1)
    assert content_length(data, len(data)) is None or b"\n" in data


@given(
    st.lists(
        st.sampled_from(["Via: SIP/2.0/UDP h:1;branch=z", "v: SIP/2.0/TCP g", "X: y", "CSeq: 7 INFO", "Call-ID: a"])
    )
)
def test_the_short_way_and_the_careful_one_agree(lines: list[str]) -> None:
    usual = "\r\n".join(("SIP/2.0 200 OK", *lines, "", "")).encode()
    folded = usual.replace(b"SIP/2.0 200 OK\r\n", b"SIP/2.0 200 OK\r\nSubject: a\r\n b\r\n", 1)
    short, careful = message(usual), message(folded)
    assert (short.call_id, short.cseq, short.method) == (careful.call_id, careful.cseq, careful.method)
    assert short.values("via") == careful.values("via")
    assert (short.top_via and short.top_via.transport) == (careful.top_via and careful.top_via.transport)


def test_many_headers_are_read_when_they_are_asked_for() -> None:
    many = [f"X-{number}: {number}" for number in range(2 * USUAL_LINES)]
    found = written("Call-ID: a", "CSeq: 1 OPTIONS", *many, "Contact: <sip:x@h:9>")
    assert found.first("x-60") == "60"
    assert [contact.uri and contact.uri.port for contact in found.contacts] == [9]
