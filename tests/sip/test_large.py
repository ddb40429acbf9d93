"""Large messages, and monstrous names in them, do not fill the memory."""

from __future__ import annotations

import hashlib

import pytest

from analyzer.sip import large
from analyzer.sip.digest import Credentials, challenge, credentials, verify
from analyzer.sip.large import CROWDED, LARGE, LargeMessages
from analyzer.sip.message import Message, parse
from analyzer.sip.text import IDENTIFIER_LIMIT, identifier
from tests.sip.samples import SM6, SM7


def read(data: bytes) -> Message:
    message = parse(data)
    assert message is not None
    return message


def signed(params: dict[str, str | None], res: bytes) -> Credentials:
    """The same credentials with the right response (RFC 2617 3.2.2.1, without qop)."""

    def md5(octets: bytes) -> str:
        return hashlib.md5(octets, usedforsecurity=False).hexdigest()

    first = md5(f"{params['username']}:{params['realm']}:".encode() + res)
    second = md5(f"REGISTER:{params['uri']}".encode())
    right = params | {"response": md5(f"{first}:{params['nonce']}:{second}".encode())}
    return Credentials("Digest " + ",".join(f'{name}="{value}"' for name, value in right.items()))


def padded(octets: int, sample: bytes = SM7) -> Message:
    head, _, body = sample.partition(b"\r\n\r\n")
    filler = b"\r\nX-Filler: "
    missing = octets - len(sample) - len(filler)
    return read(head + filler + b"x" * missing + b"\r\n\r\n" + body)


def test_the_oldest_large_message_forgets_its_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "OCTETS", 5 * LARGE)
    told: list[str] = []
    table = LargeMessages(told.append)
    messages = [padded(2 * LARGE) for _ in range(3)]
    for message in messages[:2]:
        table.note(message)
    assert told == []
    table.note(messages[2])
    assert told == [CROWDED]
    assert [bool(message.first("security-verify")) for message in messages] == [False, True, True]
    assert messages[0].top_via is not None
    assert messages[0].method == "REGISTER"


def test_what_was_forgotten_already_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "OCTETS", 3 * LARGE)
    told: list[str] = []
    table = LargeMessages(told.append)
    for _ in range(20):
        message = padded(2 * LARGE)
        table.note(message)
        message.forget()
    assert told == []
    assert table._held <= large.OCTETS


def test_a_forgotten_message_keeps_no_long_line() -> None:
    message = read(b"OPTIONS sip:" + b"a" * 50_000 + b" SIP/2.0\r\nVia: SIP/2.0/UDP h" + b"b" * 9000 + b";x\r\n\r\n")
    start = message.start_line
    message.forget()
    assert message.start_line == start
    assert len(message.raw) + len(message.uri or "") < 1000
    assert message.top_via is not None
    assert len(message.top_via.host) < 5000


def test_monstrous_names_are_cut_and_stay_different() -> None:
    names = ["n" * 60_000 + end for end in ("a", "b")]
    kept = [identifier(name) for name in names]
    assert len(set(kept)) == 2
    assert all(len(each) == IDENTIFIER_LIMIT for each in kept)
    assert identifier("n" * IDENTIFIER_LIMIT) == "n" * IDENTIFIER_LIMIT
    for name in names:
        written = name.encode()
        text = b"REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=" + written[-3000:] + b"\r\nCall-ID: " + written
        quick = read(text + b"\r\nCSeq: 1 REGISTER\r\n\r\n")
        careful = read(text + b"\r\nCSeq : 1 REGISTER\r\n\r\n")
        assert quick.call_id == careful.call_id == identifier(name)
        assert quick.top_via is not None
        assert quick.top_via.branch == identifier(name[-3000:])
        header = b'REGISTER sip:h SIP/2.0\r\nAuthorization: Digest username="' + written + b'"\r\n\r\n'
        found = credentials(read(header))
        assert found is not None
        assert found.username == identifier(name)


def test_a_long_nonce_still_tells_rand_and_is_verified_as_written() -> None:
    asked = challenge(read(SM6))
    assert asked is not None
    assert asked.nonce is not None
    longer = asked.nonce.rstrip("=") + "A" * 4000
    again = challenge(read(SM6.replace(asked.nonce.encode(), longer.encode())))
    assert again is not None
    assert again.rand == asked.rand
    assert again.nonce == identifier(longer)
    answered = credentials(read(SM7.replace(asked.nonce.encode(), longer.encode())))
    assert answered is not None
    assert answered.nonce == again.nonce
    assert verify(answered, "REGISTER", b"res") is False
    assert verify(signed(answered.params, b"res"), "REGISTER", b"res") is True
