"""A message that is respelt says the same, and is written as most would write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sip.message import parse
from analyzer.sip.spelling import respelt
from analyzer.sip.usual import any_order, usual_shape
from tests.ims.manners import manner
from tests.sip.samples import NOTIFY, SM1, SM6, SM7
from tests.sip.test_usual import messages

SAMPLES = [SM1, SM6, SM7, NOTIFY]
NAMES = [
    "via",
    "call-id",
    "cseq",
    "from",
    "to",
    "contact",
    "security-client",
    "require",
    "x",
    "subject",
    "content-type",
]


def said(data: bytes) -> object:
    found = parse(data)
    if found is None:
        return None
    start = found.start_line, found.method, found.uri, found.call_id, found.cseq, found.via_count, found.body
    return start, [found.values(name) for name in NAMES], found.to_tag, repr(found.contacts), found.expires


@given(st.sampled_from(SAMPLES), st.integers(0, 10_000))
def test_whatever_the_manner_the_same_is_said(data: bytes, seed: int) -> None:
    written = manner(seed, whole=False)(data)
    plain = respelt(written)
    assert said(plain) == said(written)
    text = plain.decode("latin-1")
    assert usual_shape(text) or any_order(text) or b"\r\n b" in written
    assert respelt(plain) == plain


@given(messages())
def test_whatever_the_message_the_same_is_said(data: bytes) -> None:
    assert said(respelt(data)) == said(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\r\nBYE sip:a@h SIP/2.0\r\nVIA: x\r\n\r\n",
        b"BYE sip:a@h SIP/2.0\r\nVIA: x\r\n",
        b"BYE sip:a@h SIP/2.0\r\nVIA: x\r\n y\r\n\r\n",
        b"BYE sip:a@h SIP/2.0\r\nVIA: x\r\n\ty\r\n\r\n",
        b"BYE sip:a@h SIP/2.0\r\nVIA: x\r\nVIA\r\n\r\n",
        b"BYE sip:a@h SIP/2.0\r\nVIA: x\nI: y\r\n\r\n",
        b"BYE sip:a@h SIP/2.0\r\nVIA: x\ry\r\n\r\n",
        b"BYE sip:a@h SIP/2.0\nVIA: x\r\n\r\n",
    ],
)
def test_what_is_not_plain_in_its_lines_stays_as_it_is(data: bytes) -> None:
    assert respelt(data) is data


def test_how_it_is_written() -> None:
    lines = b"v:SIP/2.0/UDP h", b"CALL-id : a\xe9 ", b"cseq:\t1 BYE", b"X-Own:y", b"k: a:b", b"", b"v: body"
    data = b"\r\n".join((b"BYE sip:a@h SIP/2.0", *lines))
    assert respelt(data) == (
        b"BYE sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nCall-ID: a\xe9\r\nCSeq: 1 BYE\r\nX-Own: y\r\nSupported: a:b\r\n"
        b"\r\nv: body"
    )


def test_what_a_message_is_in_plain() -> None:
    usual = parse(SM7)
    assert usual is not None
    assert usual.usual
    assert usual.plain is usual.raw
    odd = parse(SM7.replace(b"Call-ID:", b"i:"))
    assert odd is not None
    assert not odd.usual
    assert odd.plain == SM7
    assert odd.raw != SM7
    stub = odd.stub()
    assert not stub.usual
    assert stub.plain == stub.raw
