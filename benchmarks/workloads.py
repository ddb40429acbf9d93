"""The workloads by name: what each holds, what is asked of it, and how it is written. Deterministic, never stored."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.background import background
from benchmarks.day import Day
from benchmarks.frames import Writer
from benchmarks.phones import MEDIA, Phone


class Workload(NamedTuple):
    """One capture: UEs that register at equal distances and talk in between, and what must be reached on it."""

    name: str
    about: str
    esp: int
    """ESP packets of signalling."""
    phones: int = 5
    registrations: int = 2
    transport: str = "udp"
    pair: tuple[str, str] = ("hmac-sha-1-96", "aes-cbc")
    ipv6: bool = False
    link: str = "ethernet"
    day: bool = False
    """The UEs do all that phones do on a day, every other one over TCP."""
    one_media_port: bool = False
    """All SDP of all UEs names the same port, as load generators write it: tshark then needs the more time a packet the
    longer the capture is."""
    mixed: bool = False
    """Each packet of signalling comes after ninety-nine others."""
    ratio: float = 0.0
    """CPU time of tshark in that of gmaudit, at least; 0: nothing is asked."""
    memory: int = 0
    """Peak in megabytes, at most."""
    tshark_packets: int = 0
    """tshark reads only so many from the start, and the ratio is by packet; 0: all."""
    tshark_keys: bool = True
    profile: str = "rel-17"
    named: bool = False
    """Only where it is asked for by name."""
    whole: int = 0
    """The ESP packets of the capture of which this is the beginning."""


A5 = Workload("A5", "5 UEs, UDP, aes-cbc + hmac-sha-1-96", 200_000, ratio=8, memory=64)
C = Workload(
    "C", "1 % signalling of 300 UEs, 4 % foreign ESP, 60 % RTP, 30 % TCP 443, 5 % DNS", 29_400, phones=300, mixed=True,
    ratio=15, memory=64, tshark_keys=False,
)  # fmt: skip

WORKLOADS = {
    one.name: one
    for one in (
        A5._replace(
            name="A", about="2,000 UEs with 16,000 SAs", phones=2_000, ratio=200, memory=128, tshark_packets=2_000
        ),
        A5,
        A5._replace(name="A5-40k", about="the beginning of A5", esp=40_000, ratio=4, whole=A5.esp),
        A5._replace(name="B5", about="A5 over TCP", transport="tcp", ratio=4),
        A5._replace(
            name="D5", about="A5 with null + hmac-md5-96", pair=("hmac-md5-96", "null"), profile="rel-11", ratio=4
        ),
        A5._replace(name="A5-port", about="A5 with one media port in all SDP", one_media_port=True),
        A5._replace(
            name="A5-40k-port",
            about="its beginning",
            one_media_port=True,
            esp=40_000,
            ratio=4,
            whole=A5.esp,
            named=True,
        ),
        A5._replace(
            name="B5-port", about="A5-port over TCP", one_media_port=True, transport="tcp", ratio=4, named=True
        ),
        A5._replace(
            name="D5-port",
            about="A5-port with null + hmac-md5-96",
            one_media_port=True,
            pair=("hmac-md5-96", "null"),
            profile="rel-11",
            ratio=4,
            named=True,
        ),
        A5._replace(name="A5-gtp", about="A5 in GTP-U", link="gtp", ratio=0, named=True),
        A5._replace(name="A5-ipv6", about="A5 over IPv6", ipv6=True, ratio=A5.ratio * 2 / 3),
        A5._replace(name="M", about="days of 20 UEs", esp=50_000, phones=20, day=True, ratio=0),
        C,
        C._replace(name="C-ipv6", about="C over IPv6", ipv6=True, ratio=C.ratio * 2 / 3),
        C._replace(name="C-vlan", about="C with VLAN tags", link="vlan", ratio=C.ratio * 2 / 3),
        C._replace(name="C-gtp", about="C in GTP-U", link="gtp", ratio=C.ratio * 2 / 3),
        C._replace(name="C4", about="C, four times as long (4.7 GB)", esp=C.esp * 4, named=True),
    )
}


class Made(NamedTuple):
    """A workload as files."""

    capture: Path
    keys: Path
    """For us (TOML)."""
    wireshark: Path
    """A configuration folder for tshark, with the same keys and both switches of ESP on."""
    frames: int


def write(workload: Workload, folder: Path, share: float = 1.0) -> Made:
    """Write ``share`` of the workload; UEs of the large ones become fewer too, so that each still says as much."""
    esp, whole = max(1, round(workload.esp * share)), round((workload.whole or workload.esp) * share)
    count = max(min(5, workload.phones), round(workload.phones * share)) if workload.phones > 5 else workload.phones
    return record(workload, folder, esp, whole, count)


def record(workload: Workload, folder: Path, esp: int, whole: int, count: int) -> Made:
    """Write it with exactly so many ESP packets (but the last exchange is finished) and UEs."""
    made = Made(folder / f"{workload.name}.pcap", folder / "keys.toml", folder / "wireshark", 0)
    with made.capture.open("wb", buffering=1 << 20) as file:
        step = 20 if workload.mixed else 500
        writer = Writer(file, workload.link, step)
        how = (workload.transport, workload.pair, workload.ipv6)
        if workload.day:
            phones: list[Phone] = [Day(number, writer, ("udp", "tcp")[number % 2]) for number in range(1, count + 1)]
        else:
            phones = [Phone(number, writer, *how) for number in range(1, count + 1)]
        if workload.one_media_port:
            for phone in phones:
                phone.media = MEDIA
        if workload.mixed:
            writer.between = background([phone.address for phone in phones])
        for generation in range(workload.registrations):
            _register_and_talk(phones, writer, generation, min(esp, whole * (generation + 1) // workload.registrations))
    _write_keys(made, phones)
    return made._replace(frames=writer.frames)


def _register_and_talk(phones: list[Phone], writer: Writer, generation: int, until: int) -> None:
    for phone in phones:
        if writer.esp_packets >= until:
            return
        if generation:
            phone.again()
        else:
            phone.begin()
        phone.talk()
    while writer.esp_packets < until:
        for phone in phones:
            phone.talk()
            if writer.esp_packets >= until:
                break


def _write_keys(made: Made, phones: list[Phone]) -> None:
    made.keys.write_text("".join(_vectors(phones)), "utf-8")
    made.keys.chmod(0o600)
    made.wireshark.mkdir(exist_ok=True)
    lines = [line for phone in phones for line in _esp_sa(phone)]
    # tshark looks from the first line on: shuffled, the beginning of a capture finds its lines no sooner than the end.
    random.Random(len(lines)).shuffle(lines)
    (made.wireshark / "esp_sa").write_text("".join(lines), "utf-8")
    switches = "esp.enable_encryption_decode: TRUE\nesp.enable_authentication_check: TRUE\n"
    (made.wireshark / "preferences").write_text(switches, "utf-8")


def _vectors(phones: list[Phone]) -> Iterator[str]:
    for phone in phones:
        for one in phone.sets:
            rand = base64.b64decode(one.nonce)[:16].hex()
            yield f'[[aka]]\nrand = "{rand}"\nck = "{one.ck.hex()}"\nik = "{one.ik.hex()}"\n\n'


def _esp_sa(phone: Phone) -> Iterator[str]:
    family = "IPv6" if len(phone.address) == 16 else "IPv4"
    for one in phone.sets:
        cipher = '"NULL",""' if one.ealg == "null" else f'"AES-CBC [RFC3602]","0x{one.ck.hex()}"'
        sha = f'"HMAC-SHA-1-96 [RFC2404]","0x{one.ik.hex()}00000000"'
        mac = f'"HMAC-MD5-96 [RFC2403]","0x{one.ik.hex()}"' if one.alg == "hmac-md5-96" else sha
        for spi, down in ((one.spi_uc, True), (one.spi_us, True), (one.spi_pc, False), (one.spi_ps, False)):
            ends = (phone.pcscf_literal, phone.literal) if down else (phone.literal, phone.pcscf_literal)
            yield f'"{family}","{ends[0]}","{ends[1]}","0x{spi:08x}",{cipher},{mac}\n'
