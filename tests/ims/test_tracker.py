"""Hostile traffic: whatever looks like SIP goes through tracker and rules without an exception."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.audit.audit import Audit, Options
from analyzer.frame import SECOND, Frame
from analyzer.keys.keyring import Keyring
from tests.ims.traffic import PCSCF, START, udp_frame, ue
from tests.scenario import Scenario

STARTS = st.sampled_from(
    [
        *["REGISTER sip:h SIP/2.0"] * 4,
        *["SIP/2.0 401 U"] * 4,
        *["SIP/2.0 200 OK"] * 3,
        *["SIP/2.0 403 F", "MESSAGE sip:h SIP/2.0", "INVITE urn:service:sos SIP/2.0"],
    ]
)
UE = ue(1)
CORE = bytes((10, 30, 0, 2))
JUNK = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20)
NUMBERS = st.sampled_from(["0", "1", "255", "256", "5060", "65535", "65536", "4294967295", "4294967296", "-1", "", "x"])
NONCES = st.sampled_from(["", "x", "AAAA", *(base64.b64encode(bytes((n,)) * 32).decode() for n in range(3))])


@st.composite
def mechanism(draw: st.DrawFn) -> str:
    names = ["spi-c", "spi-s", "port-c", "port-s"]
    parameters = [f"{name}={draw(NUMBERS)}" for name in names if draw(st.integers(0, 5))]
    algorithms = st.sampled_from(["hmac-sha-1-96", "hmac-md5-96", "aes-gmac", "null", "", "new"])
    ciphers = st.sampled_from(["aes-cbc", "aes-gcm", "des-ede3-cbc", "null", "x"])
    parameters += [f"alg={draw(algorithms)}", f"ealg={draw(ciphers)}", draw(JUNK)]
    return ";".join(
        [draw(st.sampled_from(["ipsec-3gpp", "ipsec-3gpp", "tls", ""])), *draw(st.permutations(parameters))]
    )


def entries(draw: st.DrawFn) -> str:
    return ", ".join(draw(st.lists(mechanism(), max_size=3)))


@st.composite
def message(draw: st.DrawFn) -> bytes:
    """A REGISTER, a 401, a 200 or a refusal; most headers make sense most of the time, and all may be junk."""

    def value(usual: str) -> str:
        return draw(JUNK) if draw(st.integers(0, 15)) == 0 else usual

    nonce = draw(NONCES)
    start = draw(STARTS)
    method = start.split()[0] if not start.startswith("SIP") else "REGISTER"
    number = draw(st.integers(0, 3))
    lines = [start, f"Via: SIP/2.0/UDP {value('11.0.0.1:5060')};branch={value(f'z9hG4bK{number}')}"]
    lines += [f"Call-ID: {value(f'c{number // 2}')}", f"CSeq: {value(f'{number} {method}')}"]
    lines += [f"To: {value('<sip:u@h>')}", f"From: {value('<sip:u@h>;tag=1')}"]
    contact = draw(st.sampled_from(["<sip:u@11.0.0.1:7000>;expires=600", "*", "<sip:u@h;sos>", '<sip:u>;reg-id="a"']))
    lines += [f"Contact: {value(contact)}", f"Expires: {value(draw(NUMBERS))}"]
    if method == "REGISTER" and not start.startswith("SIP"):
        answer = draw(st.sampled_from(["", "00", draw(JUNK)]))
        auts = draw(st.sampled_from(["", ', auts="AAAA"', ', qop=auth, nc=1, cnonce="x"']))
        lines.append(
            f'Authorization: Digest username="u", realm="h", uri="sip:h", nonce="{nonce}", response="{answer}"{auts}'
        )
        lines += [f"Security-Client: {entries(draw)}", f"Security-Verify: {entries(draw)}"]
    else:
        keys = draw(st.sampled_from(["", f', ck="{"11" * 16}", ik="{"22" * 16}"', ', ck="x", ik=""']))
        lines.append(f'WWW-Authenticate: Digest realm="h", nonce="{nonce}", algorithm={value("AKAv1-MD5")}{keys}')
        lines += [f"Security-Server: {entries(draw)}", f"P-Associated-URI: {value('<sip:u@h>, <tel:+1>')}"]
    lines += draw(st.lists(JUNK, max_size=2))
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode("latin-1")


def audited(frames: list[Frame]) -> Audit:
    ring = Keyring()
    ring.add_text(f'[[aka]]\nck = "{"11" * 16}"\nik = "{"22" * 16}"\n', "keys")
    running = Audit(Options(), ring)
    for frame in frames:
        running.engine.receive(frame)
    return running


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(message(), st.sampled_from([(UE, PCSCF), (PCSCF, UE), (PCSCF, CORE), (CORE, PCSCF)])), max_size=14
    )
)
def test_any_register_and_any_answer(steps: list[tuple[bytes, tuple[bytes, bytes]]]) -> None:
    frames = [
        udp_frame(number, START + number * SECOND, source, target, (5060, 5060), octets)
        for number, (octets, (source, target)) in enumerate(steps, 1)
    ]
    assert audited(frames).finish().crashed == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=120), max_size=8),
    st.sampled_from([b"", b"REGISTER sip:h SIP/2.0\r\n", b"SIP/2.0 401 U\r\n"]),
)
def test_any_octets(payloads: list[bytes], start: bytes) -> None:
    frames = [
        udp_frame(number, START, *((UE, PCSCF) if number % 2 else (PCSCF, UE)), (5060, 5060), start + octets)
        for number, octets in enumerate(payloads, 1)
    ]
    assert audited(frames).finish().crashed == []


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_registration_with_octets_changed_anywhere(transport: str) -> None:
    """Headers that turn into others, lengths that lie, ciphertext that is none."""
    s = Scenario(transport=transport)
    second = s.register(over=s.register())
    s.call("ue", on=second)
    s.deregister(on=second)
    dice, whole = random.Random(transport), s.records
    for _ in range(60):
        s.records = whole
        frames = []
        for frame in s.frames():
            octets = bytearray(frame.data)
            for _ in range(dice.choice((0, 0, 1, 3))):
                octets[dice.randrange(len(octets))] = dice.randrange(256)
            kept = bytes(octets[: dice.choice((len(octets), len(octets), dice.randrange(len(octets))))])
            frames.append(frame._replace(data=kept))
        ring = Keyring()
        ring.add_text(s.keys_toml(), "keys")
        running = Audit(Options(), ring)
        for frame in frames:
            running.engine.receive(frame)
        assert running.finish().crashed == []
