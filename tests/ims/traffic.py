"""Frames and messages by hand, many and cheap: clear REGISTERs and challenges over UDP."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

from analyzer.frame import SECOND, Frame

START = 1_704_067_200 * SECOND
PCSCF = bytes((10, 20, 0, 1))


def ue(number: int) -> bytes:
    """The address of a UE."""
    return bytes((11, number >> 16 & 255, number >> 8 & 255, number & 255))


def text(address: bytes) -> str:
    return ".".join(str(octet) for octet in address)


def udp_frame(number: int, time: int, source: bytes, target: bytes, ports: tuple[int, int], payload: bytes) -> Frame:
    """Ethernet, IPv4 and UDP, without checksums."""
    length = len(payload) + 8
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, number & 0xFFFF, 0, 64, 17, 0) + source + target
    data = bytes(12) + b"\x08\x00" + header + struct.pack("!HHHH", *ports, length, 0) + payload
    return Frame(0, number, time, 1, data, len(data))


def security(name: str, number: int, *, ports: tuple[int, int] = (5100, 6100)) -> str:
    return (
        f"{name}: ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;prot=esp;mod=trans;spi-c={1000 + 4 * number};"
        f"spi-s={1002 + 4 * number};port-c={ports[0]};port-s={ports[1]}"
    )


def register(number: int, *, address: bytes, more: str = "", nonce: str = "", response: str = "") -> str:
    """A REGISTER with branch, Call-ID, offer and contact of its own."""
    here = text(address)
    return (
        "REGISTER sip:ims.example.org SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {here}:5060;branch=z9hG4bK{number}\r\n"
        f"From: <sip:u{number}@ims.example.org>;tag=1\r\nTo: <sip:u{number}@ims.example.org>\r\n"
        f"Call-ID: c{number}@{here}\r\nCSeq: 1 REGISTER\r\nContact: <sip:u@{here}:{7000 + number % 50000}>\r\n"
        "Expires: 600000\r\n"
        f'Authorization: Digest username="u@ims.example.org", realm="ims.example.org", uri="sip:ims.example.org", '
        f'nonce="{nonce}", response="{response}"\r\n'
        f"{security('Security-Client', number, ports=(7001, 7000 + number % 50000))}\r\n{more}Content-Length: 0\r\n\r\n"
    )


def challenge(number: int, *, address: bytes, status: int = 401) -> str:
    """The 401 to that REGISTER, with a nonce of its own."""
    nonce = base64.b64encode(number.to_bytes(32, "big")).decode()
    return (
        f"SIP/2.0 {status} Unauthorized\r\nVia: SIP/2.0/UDP {text(address)}:5060;branch=z9hG4bK{number}\r\n"
        f"From: <sip:u{number}@ims.example.org>;tag=1\r\nTo: <sip:u{number}@ims.example.org>;tag=2\r\n"
        f"Call-ID: c{number}@{text(address)}\r\nCSeq: 1 REGISTER\r\n"
        f'WWW-Authenticate: Digest realm="ims.example.org", nonce="{nonce}", algorithm=AKAv1-MD5\r\n'
        f"{security('Security-Server', number)}\r\nContent-Length: 0\r\n\r\n"
    )


def registers(count: int, *, addresses: int, challenged: int) -> Iterator[Frame]:
    """That many clear REGISTERs from so many addresses in turn, one every second; each so-many-th gets its 401."""
    for number in range(count):
        address, time = ue(number % addresses), START + number * SECOND
        nonce = base64.b64encode(number.to_bytes(33, "big")).decode()
        asked = register(number, address=address, nonce=nonce, response="00").encode()
        yield udp_frame(2 * number + 1, time, address, PCSCF, (5060, 5060), asked)
        if number % challenged == 0:
            answer = challenge(number, address=address).encode()
            yield udp_frame(2 * number + 2, time + SECOND // 50, PCSCF, address, (5060, 5060), answer)
