"""The inputs of `benchmarks.adversarial`: each writes a capture whose size grows with a number, and gives its keys.

Addresses, sets and keys are those of `benchmarks.workload`; packets are made by hand, so that they can be wrong.
"""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.workload import DOMAIN, Phone, Set, Writer, octets

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
    text = phone.register(phone.set, None, False, 5060, "").replace("branch=z9hG4bKr", f"branch=z9hG4bKn{name}r")
    start, _, rest = text.partition("\r\n")
    return f"{start}\r\n{more}{rest}"


# --- IP -------------------------------------------------------------------------------------------------------------


@attack(50_000)
def fragments_never_whole(writer: Writer, count: int) -> None:
    for number in range(count):
        writer.packet(ip4(UDP, bytes(64), ident=number, source=address(number), part=0x2000))


@attack(50_000)
def fragments_overlapping(writer: Writer, count: int) -> None:
    """Teardrop: each covers a part of another, with other octets."""
    for number in range(count):
        writer.packet(ip4(UDP, octets(f"{number}", 64), ident=number // 50, part=0x2000 | (number * 5 % 8000)))


@attack(50_000)
def fragments_of_eight_octets(writer: Writer, count: int) -> None:
    """Every second one of a datagram, the last first: a span of its own for each."""
    for number in range(count):
        place = (4000 - number % 4000) * 2
        writer.packet(ip4(UDP, bytes(8), ident=number // 4000, part=0x2000 | place))


@attack(20_000)
def gtp_in_gtp(writer: Writer, count: int) -> None:
    inner = ip4(UDP, udp(b"OPTIONS sip:a SIP/2.0\r\n\r\n"))
    for number in range(count):
        packet = inner[:4] + struct.pack("!H", number & 0xFFFF) + inner[6:]
        for _ in range(20):
            packet = ip4(UDP, udp(b"\x30\xff" + struct.pack("!HI", len(packet), 1) + packet, 2152, 2152))
        writer.packet(packet)


@attack(40_000)
def packets_that_look_alike(writer: Writer, count: int) -> None:
    """Equal where copies are told by, different elsewhere."""
    for number in range(count):
        text = b"OPTIONS sip:a SIP/2.0\r\n" + bytes(300) + octets(f"{number}", 600) + bytes(20)
        writer.packet(ip4(UDP, udp(text), ident=number))


# --- TCP ------------------------------------------------------------------------------------------------------------


@attack(100_000)
def half_open_connections(writer: Writer, count: int) -> None:
    for number in range(count):
        writer.packet(ip4(TCP, tcp(b"", 7, sport=1024 + number % 60_000, flags=2), source=address(number // 60_000)))


@attack(20_000)
def segments_out_of_order(writer: Writer, count: int) -> None:
    """One connection, every second segment, the latest first in each window of 1 MB."""
    writer.packet(ip4(TCP, tcp(b"", 0, flags=2)))
    for number in range(count):
        place = number // 1000 * 1000 + 999 - number % 1000
        writer.packet(ip4(TCP, tcp(bytes(500), 1 + place * 1000)))


@attack(40_000)
def connections_with_holes(writer: Writer, count: int) -> None:
    for number in range(count):
        source, sport = address(number // 2), 1024 + number % 60_000
        writer.packet(ip4(TCP, tcp(b"", 0, sport=sport, flags=2), source=source))
        writer.packet(ip4(TCP, tcp(b"M" * 1200, 5000, sport=sport), source=source))


@attack(100_000)
def segments_of_one_octet(writer: Writer, count: int) -> None:
    text = b"OPTIONS sip:a SIP/2.0\r\nA: " + b"b" * count
    writer.packet(ip4(TCP, tcp(b"", 0, flags=2)))
    for number in range(count):
        writer.packet(ip4(TCP, tcp(text[number : number + 1], 1 + number)))


@attack(20_000)
def messages_never_finished(writer: Writer, count: int) -> None:
    """The beginning of a message on each of many connections."""
    for number in range(count):
        source, sport = address(number // 100), 1024 + number % 100
        writer.packet(ip4(TCP, tcp(b"", 0, sport=sport, flags=2), source=source))
        writer.packet(ip4(TCP, tcp(b"OPTIONS sip:a SIP/2.0\r\nA: " + b"b" * 1300, 1, sport=sport), source=source))


@attack(4_000)
def a_header_without_end(writer: Writer, count: int) -> None:
    """Megabytes of one header, over TCP."""
    writer.packet(ip4(TCP, tcp(b"", 0, flags=2)))
    text = b"OPTIONS sip:a SIP/2.0\r\nSubject: "
    for number in range(count):
        writer.packet(ip4(TCP, tcp(text.ljust(1400, b"b"), 1 + number * 1400)))
        text = b""


# --- SIP ------------------------------------------------------------------------------------------------------------


def _texts(writer: Writer, count: int, text: Callable[[int], str]) -> str:
    """Messages of a registered UE in clear and in ESP, one header as odd as it can be in each."""
    phone = registered(writer)
    for number in range(count):
        odd = text(number)
        writer.udp(phone.address, phone.pcscf, 5060, 5060, offering(phone, odd, number))
        phone.up(phone.set, message(phone, odd, f"o{number}"))
    return keys_of(phone)


@attack(150)
def header_lines_by_the_thousand(writer: Writer, count: int) -> str:
    return _texts(writer, count, lambda number: "a:\r\n" * 15_000)


@attack(150)
def folded_lines_without_end(writer: Writer, count: int) -> str:
    return _texts(writer, count, lambda number: "Subject: a\r\n" + " \t b\r\n" * 10_000)


@attack(150)
def ten_thousand_mechanisms(writer: Writer, count: int) -> str:
    return _texts(writer, count, lambda number: "Security-Client: " + ",".join(["a;q=1"] * 10_000) + "\r\n")


@attack(150)
def a_mechanism_of_parameters(writer: Writer, count: int) -> str:
    return _texts(writer, count, lambda number: "Security-Client: ipsec-3gpp" + ";a=b" * 15_000 + "\r\n")


@attack(150)
def quotes_and_backslashes(writer: Writer, count: int) -> str:
    odd = '\\"' * 15_000 + '"' * 15_001
    more = f'Contact: "{odd}" <sip:a>,"{odd[:9000]}\r\nAuthorization: Digest a="{odd[:9]}\r\n'
    return _texts(writer, count, lambda number: more)


@attack(150)
def contacts_by_the_thousand(writer: Writer, count: int) -> str:
    return _texts(writer, count, lambda number: "Contact: " + ",".join(["<sip:a@b>;q=1"] * 4_500) + "\r\n")


@attack(150)
def vias_by_the_thousand(writer: Writer, count: int) -> str:
    return _texts(writer, count, lambda number: "Via: " + ",".join(["SIP/2.0/UDP a:1;branch=b"] * 2_500) + "\r\n")


@attack(3_000)
def lengths_that_lie(writer: Writer, count: int) -> str:
    lies = (
        "-1",
        "99999999999999999999",
        "1\r\nContent-Length: 2",
        "abc",
        "0x10",
        "",
        " \t ",
        "+5",
        "1 2",
        "4294967296",
    )

    def lying(number: int) -> str:
        return f"Content-Length: {lies[number % len(lies)]}\r\n"

    phone = registered(writer)
    for number in range(count):
        phone.up(phone.set, message(phone, lying(number), f"l{number}", "body"))
        text = message(phone, lying(number), f"t{number}", "body").encode()
        writer.packet(ip4(TCP, tcp(text, 1, sport=1024 + number % 50_000), source=address(number // 50_000)))
    return keys_of(phone)


# --- the session model ----------------------------------------------------------------------------------------------


@attack(20_000)
def subjects(writer: Writer, count: int) -> None:
    """Every one asks to be registered, and gets a challenge."""
    for number in range(count):
        phone = Phone(number + 1, writer)
        text = phone.register(phone.set, None, False, 5060, "")
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, phone.challenge(text, phone.set))


@attack(4_000)
def subjects_with_sets(writer: Writer, count: int) -> str:
    """Every one registers and stays; one CK and IK serve them all."""
    keys = Phone(1, writer).set
    for number in range(count):
        phone = Phone(number + 1, writer)
        phone.set = phone.set._replace(ck=keys.ck, ik=keys.ik)
        phone.begin()
    return aka(keys)


@attack(100)
def requests_of_many_without_answers(writer: Writer, count: int) -> None:
    """Each of many UEs asks two hundred times, and nobody answers."""
    for number in range(count):
        phone = Phone(number + 1, writer)
        writer.udp(phone.address, phone.pcscf, 5060, 5060, phone.register(phone.set, None, False, 5060, ""))
        for turn in range(200):
            writer.udp(phone.address, phone.pcscf, 5060, 5060, message(phone, "", f"{turn}"))


@attack(5_000)
def contexts_of_one_ue(writer: Writer, count: int) -> None:
    """The same address with another IMPI, instance and port each time."""
    one = Phone(1, writer)
    for number in range(count):
        phone = Phone(number + 1, writer)
        phone.address, phone.text = one.address, one.text
        text = phone.register(phone.set, None, False, 5060, "")
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, phone.challenge(text, phone.set))


def _another(number: int, last: int) -> Set:
    base = 0x20000 + number * 4
    rand = octets(f"rand{number}.{last}", 32)
    nonce = base64.b64encode(rand).decode()
    ck, ik = octets("ck", 16), octets("ik", 16)
    ports = 20_000 + number % 40_000, 45_000, 5100 + number % 900, 6100
    return Set(base + 0x10000000, base + 0x10000001, base, base + 1, *ports, ck, ik, nonce)


@attack(3_000)
def challenges_of_one_ue(writer: Writer, count: int) -> None:
    """Registrations that never end."""
    phone = Phone(1, writer)
    for number in range(count):
        new = _another(number, 0)
        text = phone.register(new, None, False, 5060, "").replace("Call-ID: reg", f"Call-ID: c{number}")
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, phone.challenge(text, new))


@attack(1_000)
def sets_of_one_ue(writer: Writer, count: int) -> str:
    """Re-registrations on the set of the last one."""
    phone = registered(writer)
    for number in range(count):
        old, new = phone.set, _another(number, 1)
        text = phone.register(new, old, False, 45_000, old.nonce)
        phone.up(old, text)
        phone.down(old, phone.challenge(text, new))
        phone.confirm(new)
    return keys_of(registered(Kept())) + aka(_another(0, 1))


@attack(20_000)
def requests_without_answers(writer: Writer, count: int) -> str:
    phone = registered(writer)
    for number in range(count):
        phone.up(phone.set, message(phone, "", f"q{number}"))
    return keys_of(phone)


@attack(2_000)
def requests_around_a_switch(writer: Writer, count: int) -> str:
    """Many open ones on the old set, then many on the new: each of these asks for all of those."""
    phone = registered(writer)
    old, new = phone.set, phone.make(1)
    for number in range(count):
        phone.down(old, message(phone, "", f"o{number}"))
    text = phone.register(new, old, False, 45_000, old.nonce)
    phone.up(old, text)
    phone.down(old, phone.challenge(text, new))
    phone.confirm(new)
    for number in range(count):
        phone.up(new, message(phone, "", f"n{number}"))
        phone.down(new, message(phone, "", f"m{number}"))
        phone.down(old, message(phone, "", f"p{number}"))
    return aka(old) + aka(new)


@attack(20_000)
def requests_in_clear(writer: Writer, count: int) -> str:
    """A UE with a set that sends everything in clear, each on another port and in another call."""
    phone = registered(writer)
    for number in range(count):
        port = 1024 + number % 60_000
        writer.udp(phone.address, phone.pcscf, port, 6100, message(phone, "", f"c{number}"))
    return keys_of(phone)


@attack(10_000)
def forged_answers(writer: Writer, count: int) -> str:
    """200 to nothing that was asked."""
    phone = registered(writer)
    for number in range(count):
        text = phone.answer(message(phone, "", f"f{number}"), "200 OK")
        phone.down(phone.set, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, text)
    return keys_of(phone)


# --- ESP ------------------------------------------------------------------------------------------------------------


@attack(60_000)
def unknown_spis(writer: Writer, count: int) -> str:
    phone = registered(writer)
    for number in range(count):
        writer.packet(ip4(ESP, struct.pack("!II", 0x70000000 + number, 1) + bytes(60), source=phone.address))
    return keys_of(phone)


@attack(60_000)
def unknown_spis_of_strangers(writer: Writer, count: int) -> str:
    """No registration of these addresses is known, so keys at hand are tried."""
    for number in range(count):
        writer.packet(ip4(ESP, struct.pack("!II", 0x70000000 + number, 1) + bytes(60), source=address(number)))
    return "".join(aka(_another(0, number)._replace(ck=octets(f"{number}", 16))) for number in range(40))


@attack(40_000)
def packets_that_fail(writer: Writer, count: int) -> str:
    """A known SPI, and an ICV that is none; now and then a right one."""
    phone = registered(writer)
    for number in range(count):
        if number % 100 == 0:
            phone.up(phone.set, message(phone, "", f"g{number}"))
        wrong = struct.pack("!II", phone.set.spi_ps, 10 + number) + octets(f"{number}", 92)
        writer.packet(ip4(ESP, wrong, source=phone.address))
    return keys_of(phone)


@attack(20_000)
def replays(writer: Writer, count: int) -> str:
    """The same right packets again and again, too late to be copies."""
    kept = Kept()
    phone = registered(kept)
    for number in range(50):
        phone.up(phone.set, message(phone, "", f"r{number}"))
    packets = kept.packets
    for packet in packets:
        writer.packet(packet)
    writer.wait(1_000_000)
    for number in range(count):
        writer.wait(5_000)
        writer.packet(packets[number % len(packets)])
    return keys_of(phone)


@attack(30_000)
def diameter_that_is_none(writer: Writer, count: int) -> None:
    """Chunks of SCTP whose messages never end, and a TCP stream of headers that lie."""
    writer.packet(ip4(TCP, tcp(b"", 0, dport=3868, flags=2)))
    for number in range(count):
        chunk = struct.pack("!BBHIHHI", 0, 2 if not number % 7 else 0, 116, number * 3, 0, 0, 46) + bytes(100)
        writer.packet(ip4(SCTP, struct.pack("!HHII", 3868, 3868, number % 3000, 0) + chunk))
        junk = struct.pack("!II", 1 << 24 | 1000, 303) + bytes(12)
        writer.packet(ip4(TCP, tcp(junk * 20, 1 + number * 400, dport=3868)))


@attack(20_000)
def diameter_on_one_association(writer: Writer, count: int) -> None:
    """Chunks in the middle of messages, whose numbers never meet."""
    for number in range(count):
        chunk = struct.pack("!BBHIHHI", 0, 0, 116, number * 3, 0, 0, 46) + bytes(100)
        writer.packet(ip4(SCTP, struct.pack("!HHII", 3868, 3868, 7, 0) + chunk))


@attack(20_000)
def keys_that_leak(writer: Writer, count: int) -> None:
    """A 401 of the core leg for each of many challenges, with its keys."""
    for number in range(count):
        one = _another(number, 2)
        more = f'WWW-Authenticate: Digest realm="a", nonce="{one.nonce}", algorithm=AKAv1-MD5, '
        more += f'ck="{one.ck.hex()}", ik="{one.ik.hex()}"'
        via = f"Via: SIP/2.0/UDP a;branch=z9hG4bK{number}\r\n" * 2
        text = f"SIP/2.0 401 Unauthorized\r\n{via}Call-ID: {number}\r\nCSeq: 1 REGISTER\r\n{more}\r\n\r\n"
        writer.udp(address(1), address(2), 5060, 5060, text)


# --- key files ------------------------------------------------------------------------------------------------------


def _beside(writer: Writer, text: str) -> str:
    """A key file beside one registration."""
    registered(writer)
    return text


@attack(10_000)
def associations_in_a_key_file(writer: Writer, count: int) -> str:
    one = '[[sa]]\nsrc = "10.0.0.1"\ndst = "10.0.0.2"\nspi = {}\nalg = "hmac-sha-1-96"\nauth_key = "{:040x}"\n'
    return _beside(writer, "".join(one.format(number + 300, number) for number in range(count)))


@attack(20_000)
def states_in_a_listing(writer: Writer, count: int) -> str:
    one = "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x{:08x} mode transport\n\tauth-trunc hmac(md5) 0x{:032x} 96\n"
    return _beside(writer, "".join(one.format(number + 300, number) for number in range(count)))


@attack(20_000)
def lines_of_a_log(writer: Writer, count: int) -> str:
    one = '5({}) DEBUG: <script>: WWW-Authenticate: Digest realm="a",nonce="{}",ck="{:032x}",ik="{:032x}"\n'
    rand = base64.b64encode(bytes(32)).decode()
    return _beside(writer, "".join(one.format(number % 50, rand, number, number) for number in range(count)))


@attack(1_000_000)
def a_log_without_lines(writer: Writer, count: int) -> str:
    nonce, key = base64.b64encode(bytes(32)).decode(), "00" * 16
    start = f'5(1) DEBUG: <script>: WWW-Authenticate: Digest nonce="{nonce}",ck="{key}",ik="{key}"\n'
    return _beside(writer, start + "WWW-Authenticate \x1b[0" * (count // 20) + "Local IP: " * (count // 10))
