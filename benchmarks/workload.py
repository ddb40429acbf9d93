"""Makes captures of signalling traffic: deterministic, written fast, never stored in the project.

Workload A of the plan: UEs that register twice over UDP (aes-cbc with hmac-sha-1-96) and exchange MESSAGEs in both
directions. The cryptography is done by `cryptography` directly, not by the code that is measured.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

DOMAIN = "ims.mnc001.mcc001.3gppnetwork.org"
START = 1_700_000_000
SECOND = 1_000_000


class Set(NamedTuple):
    spi_uc: int
    spi_us: int
    spi_pc: int
    spi_ps: int
    port_uc: int
    port_us: int
    port_pc: int
    port_ps: int
    ck: bytes
    ik: bytes
    nonce: str

    def client(self) -> str:
        return (
            f"ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c={self.spi_uc};spi-s={self.spi_us};"
            f"port-c={self.port_uc};port-s={self.port_us};prot=esp;mod=trans"
        )

    def server(self) -> str:
        return (
            f"ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c={self.spi_pc};spi-s={self.spi_ps};"
            f"port-c={self.port_pc};port-s={self.port_ps};prot=esp;mod=trans"
        )


def octets(text: str, size: int) -> bytes:
    return hashlib.shake_128(text.encode()).digest(size)


class Writer:
    """Ethernet frames into a pcap, with a running ESP sequence number for each association."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._time = START * SECOND
        self._sequence: dict[int, int] = {}
        self.esp_packets = 0
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def wait(self, microseconds: int) -> None:
        self._time += microseconds

    def frame(self, source: bytes, destination: bytes, protocol: int, payload: bytes) -> None:
        header = struct.pack(
            "!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0, source, destination
        )
        total = sum(struct.unpack("!10H", header))
        total = (total & 0xFFFF) + (total >> 16)
        checksum = ~(total + (total >> 16)) & 0xFFFF
        self.packet(header[:10] + checksum.to_bytes(2, "big") + header[12:] + payload)

    def packet(self, packet: bytes) -> None:
        """An IP packet as it is, half a millisecond after the one before."""
        self._time += 500
        data = b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" + packet
        seconds, micro = divmod(self._time, SECOND)
        self._file.write(struct.pack("<IIII", seconds, micro, len(data), len(data)) + data)

    def udp(self, source: bytes, destination: bytes, sport: int, dport: int, text: str) -> None:
        body = text.encode()
        self.frame(source, destination, 17, struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body)

    def esp(self, source: bytes, destination: bytes, spi: int, keys: Set, sport: int, dport: int, text: str) -> None:
        body = text.encode()
        plain = struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body
        pad = -(len(plain) + 2) % 16
        plain += bytes(range(1, pad + 1)) + bytes((pad, 17))
        number = self._sequence[spi] = self._sequence.get(spi, 0) + 1
        iv = hashlib.md5(struct.pack("!II", spi, number)).digest()
        encryptor = Cipher(algorithms.AES(keys.ck), modes.CBC(iv)).encryptor()
        packet = struct.pack("!II", spi, number) + iv + encryptor.update(plain)
        icv = hmac.digest(keys.ik + bytes(4), packet, "sha1")[:12]
        self.frame(source, destination, 50, packet + icv)
        self.esp_packets += 1


class Phone:
    """One UE and what it says; conformant in every header that the rules look at."""

    def __init__(self, number: int, writer: Writer) -> None:
        self.number = number
        self.address = bytes((10, 1 + (number >> 16), (number >> 8) & 255, number & 255))
        self.pcscf = bytes((10, 200, 0, 1))
        self.text = ".".join(map(str, self.address))
        self.impi = f"00101{number:010d}@{DOMAIN}"
        self.user = self.impi.split("@")[0]
        self.writer = writer
        self.cseq = 0
        self.turn = 0
        self.set = self.make(0)

    def make(self, generation: int) -> Set:
        base = (self.number * 2 + generation) * 4 + 0x10000
        name = f"{self.number}.{generation}"
        rand = octets("rand" + name, 32)
        return Set(
            base + 0x10000000,
            base + 0x10000001,
            base,
            base + 1,
            20000 + (self.number * 7 + generation) % 20000,
            45000,
            5100 + (self.number * 3 + generation) % 900,
            6100,
            octets("ck" + name, 16),
            octets("ik" + name, 16),
            base64.b64encode(rand).decode(),
        )

    def register(self, new: Set, verify: Set | None, answered: bool, port: int, nonce: str) -> str:
        self.cseq += 1
        instance = f'+sip.instance="<urn:gsma:imei:{self.number}>"'
        response = "6629fae49393a05397450978507c4ef1" if nonce else ""
        lines = [
            f"REGISTER sip:{DOMAIN} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.text}:{port};branch=z9hG4bKr{self.number}x{self.cseq}",
            "Max-Forwards: 70",
            f"From: <sip:{self.impi}>;tag=f{self.number}",
            f"To: <sip:{self.impi}>",
            f"Call-ID: reg{self.number}@{self.text}",
            f"CSeq: {self.cseq} REGISTER",
            f"Contact: <sip:{self.user}@{self.text}:{port}>;{instance};expires=600000",
            "Expires: 600000",
            f'Authorization: Digest username="{self.impi}", realm="{DOMAIN}", uri="sip:{DOMAIN}", nonce="{nonce}", '
            f'response="{response}"',
            f"Security-Client: {new.client()}",
            "Require: sec-agree",
            "Proxy-Require: sec-agree",
            *([f"Security-Verify: {verify.server()}"] if verify else []),
            "Supported: path",
            "Content-Length: 0",
        ]
        return "\r\n".join(lines) + "\r\n\r\n"

    def answer(self, request: str, status: str, *more: str) -> str:
        kept = [
            line for line in request.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")
        ]
        return "\r\n".join([f"SIP/2.0 {status}", *kept, *more, "Content-Length: 0"]) + "\r\n\r\n"

    def up(self, keys: Set, text: str) -> None:
        self.writer.esp(self.address, self.pcscf, keys.spi_ps, keys, keys.port_uc, keys.port_ps, text)

    def down(self, keys: Set, text: str) -> None:
        self.writer.esp(self.pcscf, self.address, keys.spi_us, keys, keys.port_pc, keys.port_us, text)

    def challenge(self, request: str, new: Set) -> str:
        return self.answer(
            request,
            "401 Unauthorized",
            f"Security-Server: {new.server()}",
            f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="{new.nonce}", algorithm=AKAv1-MD5',
        )

    def begin(self) -> None:
        first = self.set
        sm1 = self.register(first, None, False, 5060, "")
        self.writer.udp(self.address, self.pcscf, 5060, 5060, sm1)
        self.writer.udp(self.pcscf, self.address, 5060, 5060, self.challenge(sm1, first))
        self.confirm(first)

    def again(self) -> None:
        old, new = self.set, self.make(1)
        sm1 = self.register(new, old, False, 45000, old.nonce)
        self.up(old, sm1)
        self.down(old, self.challenge(sm1, new))
        self.confirm(new)

    def confirm(self, new: Set) -> None:
        sm7 = self.register(new, new, True, 45000, new.nonce)
        self.up(new, sm7)
        contact = next(line for line in sm7.split("\r\n") if line.startswith("Contact"))
        self.down(new, self.answer(sm7, "200 OK", contact, f"P-Associated-URI: <sip:{self.impi}>"))
        self.set = new

    def exchange(self) -> None:
        """Two transactions: four protected messages."""
        self.turn += 1
        keys, body = self.set, "x" * 330
        name = f"{self.number}x{self.turn}"
        mine = self.request(f"sip:callee@{DOMAIN}", f"{self.text}:45000", name, f"<sip:{self.impi}>", body, verify=True)
        self.up(keys, mine)
        self.down(
            keys,
            self.answer(mine, "202 Accepted", "P-Asserted-Identity: <sip:callee@example.org>", "X-Pad: " + "y" * 420),
        )
        theirs = self.request(
            f"sip:{self.impi.split('@')[0]}@{self.text}:45000",
            "10.200.0.1:6100",
            "n" + name,
            "<sip:caller@x.org>",
            body,
        )
        self.down(keys, theirs)
        self.up(keys, self.answer(theirs, "200 OK", "X-Pad: " + "y" * 420))

    def request(self, uri: str, sent_by: str, name: str, caller: str, body: str, verify: bool = False) -> str:
        lines = [
            f"MESSAGE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {sent_by};branch=z9hG4bKm{name}",
            "Max-Forwards: 70",
            f"From: {caller};tag=t{name}",
            f"To: <{uri}>",
            f"Call-ID: c{name}@{self.text}",
            "CSeq: 1 MESSAGE",
            *(
                [
                    "Route: <sip:10.200.0.1:6100;lr>",
                    f"Security-Verify: {self.set.server()}",
                    "Require: sec-agree",
                    "Proxy-Require: sec-agree",
                ]
                if verify
                else []
            ),
            "Content-Type: text/plain",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body


def write(folder: Path, packets: int, phones: int) -> tuple[Path, Path, Path]:
    """A capture with so many ESP packets, its keys for us (TOML), and the same keys for tshark (esp_sa lines)."""
    capture, keys, wireshark = folder / "load.pcap", folder / "keys.toml", folder / "esp_sa"
    with capture.open("wb") as file:
        writer = Writer(file)
        everybody = [Phone(number, writer) for number in range(1, phones + 1)]
        sets = []
        for phone in everybody:
            phone.begin()
            sets.append((phone, phone.set))
        _talk(everybody, writer, packets // 2)
        for phone in everybody:
            phone.again()
            sets.append((phone, phone.set))
        _talk(everybody, writer, packets)
    keys.write_text("".join(_vector(one) for _, one in sets), "utf-8")
    wireshark.write_text("".join(line for phone, one in sets for line in _esp_sa(phone, one)), "utf-8")
    return capture, keys, wireshark


def _talk(everybody: list[Phone], writer: Writer, until: int) -> None:
    while writer.esp_packets < until:
        for phone in everybody:
            phone.exchange()


def _vector(one: Set) -> str:
    rand = base64.b64decode(one.nonce)[:16].hex()
    return f'[[aka]]\nrand = "{rand}"\nck = "{one.ck.hex()}"\nik = "{one.ik.hex()}"\n\n'


def _esp_sa(phone: Phone, one: Set) -> Iterator[str]:
    for spi, downlink in ((one.spi_uc, True), (one.spi_us, True), (one.spi_pc, False), (one.spi_ps, False)):
        ends = ("10.200.0.1", phone.text) if downlink else (phone.text, "10.200.0.1")
        yield (
            f'"IPv4","{ends[0]}","{ends[1]}","0x{spi:08x}","AES-CBC [RFC3602]","0x{one.ck.hex()}",'
            f'"HMAC-SHA-1-96 [RFC2404]","0x{one.ik.hex()}00000000"\n'
        )
