"""Attacks on what is remembered: subjects, sets, transactions, SPIs, keys, Diameter, and on key files."""

from __future__ import annotations

import base64
import struct

from benchmarks.frames import Writer, octets
from benchmarks.hostile import (
    ESP,
    SCTP,
    TCP,
    Kept,
    address,
    aka,
    another,
    attack,
    ip4,
    keys_of,
    message,
    registered,
    tcp,
)
from benchmarks.phones import Phone

# --- the session model ----------------------------------------------------------------------------------------------


@attack(20_000)
def subjects(writer: Writer, count: int) -> None:
    """Every one asks to be registered, and gets a challenge."""
    for number in range(count):
        phone = Phone(number + 1, writer)
        text = phone.register(phone.set, None, 5060, "")
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, phone.challenge(text, phone.set))


@attack(20_000)
def spis_announced_again(writer: Writer, count: int) -> None:
    """Every one asks to be registered; the P-CSCF has five SPIs for them all."""
    for number in range(count):
        phone = Phone(number + 1, writer)
        phone.set = phone.set._replace(spi_pc=0x70000000 + number % 5, spi_ps=0x70000010 + number % 5)
        text = phone.register(phone.set, None, 5060, "")
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
        writer.udp(phone.address, phone.pcscf, 5060, 5060, phone.register(phone.set, None, 5060, ""))
        for turn in range(200):
            writer.udp(phone.address, phone.pcscf, 5060, 5060, message(phone, "", f"{turn}"))


@attack(1_500)
def violations_by_the_thousand(writer: Writer, count: int) -> str:
    """Every UE registers and then sends a long message in clear from its protected port to each of two others."""
    keys = Phone(1, writer).set
    for number in range(count):
        phone = Phone(number + 1, writer)
        phone.set = phone.set._replace(ck=keys.ck, ik=keys.ik)
        phone.begin()
        for turn in range(2):
            text = message(phone, f"Subject: {'x' * 6000}\r\n", f"v{turn}")
            writer.udp(phone.address, phone.pcscf, phone.set.port_uc, phone.set.port_ps, text)
            phone.down(phone.set, phone.answer(text, "200 OK"))
    return aka(keys)


@attack(5_000)
def contexts_of_one_ue(writer: Writer, count: int) -> None:
    """The same address with another IMPI, instance and port each time."""
    one = Phone(1, writer)
    for number in range(count):
        phone = Phone(number + 1, writer)
        phone.address, phone.text = one.address, one.text
        text = phone.register(phone.set, None, 5060, "")
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, phone.challenge(text, phone.set))


@attack(3_000)
def challenges_of_one_ue(writer: Writer, count: int) -> None:
    """Registrations that never end."""
    phone = Phone(1, writer)
    for number in range(count):
        new = another(number, 0)
        text = phone.register(new, None, 5060, "").replace("Call-ID: reg", f"Call-ID: c{number}")
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, phone.challenge(text, new))


@attack(1_000)
def sets_of_one_ue(writer: Writer, count: int) -> str:
    """Re-registrations on the set of the last one."""
    phone = registered(writer)
    for number in range(count):
        old, new = phone.set, another(number, 1)
        text = phone.register(new, old, 45_000, old.nonce)
        phone.up(old, text)
        phone.down(old, phone.challenge(text, new))
        phone.confirm(new)
    return keys_of(registered(Kept())) + aka(another(0, 1))


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
    text = phone.register(new, old, 45_000, old.nonce)
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
    return "".join(aka(another(0, number)._replace(ck=octets(f"{number}", 16))) for number in range(40))


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
        one = another(number, 2)
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
