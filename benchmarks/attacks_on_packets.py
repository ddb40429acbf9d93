"""Attacks on IP, TCP and SIP as text: fragments, tunnels, streams, headers."""

from __future__ import annotations

import struct
from collections.abc import Callable

from benchmarks.frames import Writer, octets
from benchmarks.hostile import (
    TCP,
    UDP,
    address,
    attack,
    ip4,
    keys_of,
    message,
    offering,
    registered,
    tcp,
    udp,
)

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
