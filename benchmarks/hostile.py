"""What attacks are made of: packets by hand, so that they can be wrong, and UEs of `benchmarks.phones`."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.frames import Set, Writer, octets
from benchmarks.phones import DOMAIN, Phone

UE, PCSCF = bytes((10, 1, 0, 1)), bytes((10, 200, 0, 1))
TCP, UDP, ESP, SCTP = 6, 17, 50, 132


class Attack(NamedTuple):
    """One kind of hostile input."""

    name: str
    size: int
    """The n at which it is measured, and doubled."""
    make: Callable[[Writer, int], str]
    """Writes the frames and returns the text of a key file, or nothing."""


ATTACKS: list[Attack] = []


def attack(size: int) -> Callable[[Callable[[Writer, int], str | None]], Callable[[Writer, int], str | None]]:
    """Enter a function as an attack under its name."""

    def enter(function: Callable[[Writer, int], str | None]) -> Callable[[Writer, int], str | None]:
        name = function.__name__.replace("_", "-")
        ATTACKS.append(Attack(name, size, lambda writer, count: function(writer, count) or ""))
        return function

    return enter


# --- packets --------------------------------------------------------------------------------------------------------


def ip4(
    protocol: int, payload: bytes, source: bytes = UE, target: bytes = PCSCF, ident: int = 0, part: int = 0
) -> bytes:
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, ident & 0xFFFF, part, 64, protocol, 0)
    return head + source + target + payload


def udp(payload: bytes, sport: int = 5060, dport: int = 5060) -> bytes:
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def tcp(payload: bytes, seq: int, sport: int = 5060, dport: int = 5060, flags: int = 0x18, ack: int = 1) -> bytes:
    return struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack, 0x50, flags, 65535, 0, 0) + payload


def address(number: int) -> bytes:
    return (0x0B000000 + number).to_bytes(4, "big")


def keys_of(phone: Phone) -> str:
    return aka(phone.set)


def aka(keys: Set) -> str:
    return f'[[aka]]\nck = "{keys.ck.hex()}"\nik = "{keys.ik.hex()}"\n'


class Kept(Writer):
    """Keeps packets instead of writing them."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())
        self.packets: list[bytes] = []

    def packet(self, packet: bytes) -> None:
        self.packets.append(packet)


def registered(writer: Writer) -> Phone:
    """A UE with a set in use."""
    phone = Phone(1, writer)
    phone.begin()
    return phone


def message(phone: Phone, more: str, name: str = "1", body: str = "") -> str:
    """A conformant request with further header lines."""
    text = phone.request(f"sip:callee@{DOMAIN}", f"{phone.text}:45000", name, f"<sip:{phone.impi}>", body, verify=True)
    start, _, rest = text.partition("\r\n")
    return f"{start}\r\n{more}{rest}"


def offering(phone: Phone, more: str, name: int) -> str:
    """A REGISTER in clear, with further header lines."""
    text = phone.register(phone.set, None, 5060, "").replace("branch=z9hG4bKr", f"branch=z9hG4bKn{name}r")
    start, _, rest = text.partition("\r\n")
    return f"{start}\r\n{more}{rest}"


def another(number: int, last: int) -> Set:
    """The values of one more set, with keys that are always the same."""
    base = 0x20000 + number * 4
    rand = octets(f"rand{number}.{last}", 32)
    nonce = base64.b64encode(rand).decode()
    ck, ik = octets("ck", 16), octets("ik", 16)
    ports = 20_000 + number % 40_000, 45_000, 5100 + number % 900, 6100
    return Set(base + 0x10000000, base + 0x10000001, base, base + 1, *ports, ck, ik, nonce)
