"""What was shelved reads as before."""

from __future__ import annotations

import pytest

from analyzer.sip.digest import credentials
from analyzer.sip.message import Message, parse
from analyzer.sip.secagree import Mechanism
from analyzer.sip.shelf import kept, shelve

USUAL = (
    b"REGISTER sip:ims.example.org SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa\r\n"
    b"Call-ID: c@10.0.0.1\r\nCSeq: 1 REGISTER\r\nContact: <sip:1@10.0.0.1:5060>;expires=9\r\n"
    b'Authorization: Digest username="1@example.org", realm="example.org", nonce="", uri="sip:x", response=""\r\n'
    b"Security-Client: ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1;spi-s=2;port-c=3;port-s=4\r\nContent-Length: 2\r\n\r\nab"
)
FOLDED = USUAL.replace(b"CSeq: 1 ", b"CSeq:\r\n 1 ").replace(b"Contact", b"m")


def told(message: Message) -> list[object]:
    found = credentials(message)
    return [
        message.values("security-client"),
        message.first("contact"),
        [(str(each.uri.text if each.uri else None), each.params) for each in message.contacts],
        found.params if found is not None else None,
        (message.cseq, message.call_id, message.via_count, message.body, message.start_line, message.uri),
    ]


@pytest.mark.parametrize("octets", [USUAL, FOLDED, USUAL[:200], b"SIP/2.0 200 OK\r\n"])
def test_a_message_reads_as_before(octets: bytes) -> None:
    message = parse(octets)
    assert message is not None
    before = told(message)
    shelve(message)
    assert told(message) == before


def test_a_mechanism_that_is_made_again_reads_as_before() -> None:
    entry = Mechanism('ipsec-3gpp; alg="hmac-sha-1-96";q=0.5;alg=other;flag;spi-c=007')
    before = entry.params, entry.canonical(), entry.spi_c, entry.text
    entry = Mechanism(entry.written)
    assert (entry.params, entry.canonical(), entry.spi_c, entry.text) == before


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("folded", ["", "\r\n ", "\n\t"])
def test_of_a_message_only_some_headers_are_kept(end: str, folded: str) -> None:
    lines = (
        "SIP/2.0 401 Unauthorized",
        "Via: SIP/2.0/UDP 10.20.0.11:7900;branch=z9hG4bKa",
        "WWW-Authenticate : Digest realm=a,nonce=b",
        f"Subject: c{folded}www-authenticate: d",
        "www-authenticate:Digest nonce=e",
        "CSeq: 7 REGISTER",
        "Call-ID: f",
    )
    message = parse((end.join(lines) + 2 * end + "www-authenticate: body").encode())
    assert message is not None
    whole = message.raw
    short = kept(message, frozenset({b"www-authenticate"}))
    assert short.values("www-authenticate") == ["Digest realm=a,nonce=b", "Digest nonce=e"]
    assert (short.call_id, short.cseq, short.method, short.start_line) == ("f", 7, "REGISTER", lines[0])
    assert short.first("subject") == (message.first("subject") if end == "\n" or folded else None)
    assert message.raw == whole
    assert message.values("via") == [lines[1][5:]]
