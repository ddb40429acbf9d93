"""Attacks on what is remembered of one UE and its sets: ports, handshakes, identities, calls, and what waits."""

from __future__ import annotations

import struct

from benchmarks.frames import Writer
from benchmarks.hostile import ESP, TCP, aka, attack, ip4, keys_of, message, registered, tcp
from benchmarks.phones import Phone


@attack(20_000)
def odd_ports_on_one_set(writer: Writer, count: int) -> str:
    """Every request from another port."""
    phone = registered(writer)
    keys = phone.set
    for number in range(count):
        text = message(phone, "", f"p{number}")
        writer.esp_udp(phone.address, phone.pcscf, keys.spi_ps, keys, 1024 + number % 60_000, keys.port_ps, text)
    return keys_of(phone)


@attack(40_000)
def handshakes_on_one_set(writer: Writer, count: int) -> str:
    """The first segment of a connection each time, and never an answer."""
    phone = registered(writer)
    keys = phone.set
    for number in range(count):
        segment = tcp(b"", 7, sport=1024 + number % 60_000, dport=keys.port_ps, flags=2)
        writer.esp(phone.address, phone.pcscf, keys.spi_ps, keys, TCP, segment)
    return keys_of(phone)


@attack(20_000)
def emergency_calls_of_one_ue(writer: Writer, count: int) -> str:
    """In clear, each a call of its own."""
    phone = registered(writer)
    for number in range(count):
        text = message(phone, "", f"e{number}").replace("MESSAGE sip:callee", "MESSAGE urn:service:sos;sip:callee", 1)
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
    return keys_of(phone)


@attack(5_000)
def identities_of_one_ue(writer: Writer, count: int) -> str:
    """A registration that is refreshed for another identity each time."""
    phone = registered(writer)
    keys = phone.set
    for number in range(count):
        text = phone.register(keys, keys, 45_000, "").replace("To: <sip:", f"To: <sip:{number}")
        phone.up(keys, text)
        contact = next(line for line in text.split("\r\n") if line.startswith("Contact"))
        phone.down(keys, phone.answer(text, "200 OK", contact))
    return keys_of(phone)


@attack(10_000)
def reserved_spis(writer: Writer, count: int) -> None:
    """Every subject announces SPIs below 256."""
    for number in range(count):
        phone = Phone(number + 1, writer)
        phone.set = phone.set._replace(spi_uc=number % 200, spi_us=number % 200 + 1)
        text = phone.register(phone.set, None, 5060, "")
        writer.udp(phone.address, phone.pcscf, 5060, 5060, text)
        writer.udp(phone.pcscf, phone.address, 5060, 5060, phone.challenge(text, phone.set))


@attack(20_000)
def clear_packets_on_protected_ports(writer: Writer, count: int) -> str:
    """Many at one moment, any of which might be the shadow of an ESP packet; now and then there is one."""
    phone = registered(writer)
    keys = phone.set
    for number in range(count):
        writer.wait(-490)
        text = message(phone, "", f"h{number}")
        if number % 5:
            writer.udp(phone.address, phone.pcscf, keys.port_uc, keys.port_ps, text)
        else:
            phone.up(keys, text)
    return keys_of(phone)


@attack(20_000)
def clear_packets_beside_unknown_spis(writer: Writer, count: int) -> str:
    """ESP that no key opens, and now and then a clear packet that any of it might hold; all in one moment."""
    phone = registered(writer)
    keys = phone.set
    for number in range(count):
        writer.wait(-490)
        if number % 4:
            writer.packet(ip4(ESP, struct.pack("!II", 0x70000000 + number, 1) + bytes(60), source=phone.address))
        else:
            text = message(phone, "", f"c{number}")
            writer.udp(phone.address, phone.pcscf, keys.port_uc, keys.port_ps, text)
    return keys_of(phone)


@attack(5_000)
def messages_before_sm12(writer: Writer, count: int) -> str:
    """On the set that the challenge announced, and in clear."""
    phone = Phone(1, writer)
    text = phone.register(phone.set, None, 5060, "")
    phone.clear(True, text)
    phone.clear(False, phone.challenge(text, phone.set))
    phone.up(phone.set, phone.register(phone.set, phone.set, 45_000, phone.set.nonce))
    for number in range(count):
        phone.up(phone.set, message(phone, "", f"t{number}"))
        writer.udp(phone.address, phone.pcscf, 5060, 5060, message(phone, "", f"u{number}"))
    return keys_of(phone)


@attack(10_000)
def requests_on_a_set_that_the_ue_never_uses(writer: Writer, count: int) -> str:
    """The P-CSCF goes on with the new set, and nothing shows whether it may."""
    phone = registered(writer)
    old = phone.set
    phone.again()
    for number in range(count):
        phone.down(phone.set, message(phone, "", f"w{number}"))
    return aka(old) + aka(phone.set)
