"""Damages the recordings in a thousand seeded ways each: ``python -m tests.fuzz.damage --all``.

`rough` damage is what wear, disks and attackers do: cuts, flipped bits, frames lost, doubled, shuffled, garbage among
them, a damaged file. Whatever it is, there must be a report, and nothing else is asked of it. `gentle` damage is what a
capture may do without anybody's fault: exact copies within the window in which copies are known, and neighbouring
frames that travel in one direction in each other's place. It must not change a finding.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import struct
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import click

from analyzer.network.copies import WINDOW
from analyzer.profile import PROFILES
from analyzer.report.chronicle import Chronicle
from analyzer.report.model import Report
from analyzer.report.renderers import Material
from analyzer.rule import Rule, collect
from analyzer.run import Options, audit

from .targets import FORMS, show

CAPTURES: Final = Path(__file__).parents[2] / "captures"

MEMORY: Final = 256
"""Megabytes that the process may reach over all damaged recordings: no state of one may stay for the next."""

NEIGHBOURS: Final = 10_000_000
"""Nanoseconds between two frames that a network card, its queues or a tap may have put in the wrong order."""

_HEADER: Final = struct.Struct("<IIII")
_NETWORK: Final = {1: 14, 113: 16, 276: 20, 101: 0}


class Packet(NamedTuple):
    """One frame of a recording."""

    time: int
    """Nanoseconds since the epoch."""
    data: bytes
    length: int
    origin: int
    """Its number in the recording, of several copies or fragments that of the first; 0 if it was not in it."""


class Recording(NamedTuple):
    """A capture file of the project."""

    folder: str
    file: str
    head: bytes
    packets: list[Packet]

    @property
    def link(self) -> int:
        return int.from_bytes(self.head[20:24], "little")


Way = Callable[[Recording, random.Random], list[Packet]]


def recordings() -> list[tuple[str, str]]:
    """Folder and file of every recording with findings that are known."""
    folders = sorted(path.parent for path in CAPTURES.glob("*/expected.json"))
    return [(path.name, file) for path in folders for file in json.loads((path / "expected.json").read_text("utf-8"))]


@cache
def load(folder: str, file: str) -> Recording:
    """Read a recording (pcap, little-endian)."""
    data = (CAPTURES / folder / file).read_bytes()
    unit = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[int.from_bytes(data[:4], "little")]
    packets, position = list[Packet](), 24
    while position < len(data):
        seconds, part, kept, length = _HEADER.unpack_from(data, position)
        content = data[position + 16 : position + 16 + kept]
        packets.append(Packet(seconds * 10**9 + part * unit, content, length, len(packets) + 1))
        position += 16 + kept
    head = struct.pack("<I", 0xA1B23C4D) + data[4:24]
    link = int.from_bytes(head[20:24], "little")
    first: dict[bytes, int] = {}
    packets = [each._replace(origin=first.setdefault(_same(link, each), each.origin)) for each in packets]
    return Recording(folder, file, head, packets)


def file_of(head: bytes, packets: list[Packet]) -> bytes:
    """A capture file of nanoseconds."""
    parts = [head]
    for time, data, length, _ in packets:
        seconds, nanos = divmod(max(time, 0), 10**9)
        parts.append(_HEADER.pack(seconds & 0xFFFFFFFF, nanos, len(data), length & 0xFFFFFFFF) + data)
    return b"".join(parts)


# --- rough damage ---------------------------------------------------------------------------------------------------


def cut(recording: Recording, rng: random.Random) -> list[Packet]:
    """Frames that the capture did not keep whole."""
    part = rng.choice((0.02, 0.2, 1.0))
    limit = rng.choice((0, 14, 34, 42, 60, 96, 200, 400))
    return [
        each._replace(data=each.data[: rng.randrange(limit + 1)]) if rng.random() < part else each
        for each in recording.packets
    ]


def flipped(recording: Recording, rng: random.Random) -> list[Packet]:
    """Bits that changed, anywhere or in the headers."""
    changed = []
    part, reach = rng.choice((0.02, 0.3, 1.0)), rng.choice((60, 20_000))
    for each in recording.packets:
        data = bytearray(each.data)
        if data and rng.random() < part:
            for _ in range(rng.choice((1, 1, 3, 20))):
                data[rng.randrange(min(len(data), reach))] ^= 1 << rng.randrange(8)
        changed.append(each._replace(data=bytes(data)))
    return changed


def doubled(recording: Recording, rng: random.Random) -> list[Packet]:
    """Frames that come again, at once or much later: repetitions, replays."""
    packets = list(recording.packets)
    for _ in range(rng.randrange(1, 40)):
        again = rng.choice(recording.packets)
        packets.insert(rng.randrange(len(packets) + 1), again)
    return _in_time(packets) if rng.random() < 0.5 else packets


def shuffled(recording: Recording, rng: random.Random) -> list[Packet]:
    """Frames in another order, near their places or anywhere; with their own times, or those of their new places."""
    reach = rng.choice((2.0, 8.0, 1e9))
    order = sorted(range(len(recording.packets)), key=lambda place: place + rng.uniform(0, reach))
    packets = [recording.packets[place] for place in order]
    return _in_time(packets) if rng.random() < 0.5 else packets


def lost(recording: Recording, rng: random.Random) -> list[Packet]:
    """Frames that the capture does not have: here and there, a whole stretch, or the beginning."""
    packets = recording.packets
    if rng.random() < 0.5:
        part = rng.choice((0.02, 0.2, 0.6))
        return [each for each in packets if rng.random() > part]
    begin, end = sorted((rng.randrange(len(packets) + 1), rng.randrange(len(packets) + 1)))
    return packets[end:] if rng.random() < 0.3 else packets[:begin] + packets[end:]


def garbage(recording: Recording, rng: random.Random) -> list[Packet]:
    """Frames that nobody sent: any octets, or the headers of a frame with any octets behind them."""
    packets = list(recording.packets)
    for _ in range(rng.randrange(1, 60)):
        place = rng.randrange(len(packets) + 1)
        like = rng.choice(recording.packets)
        head = like.data[: rng.choice((0, 12, 14, 34, 42, 62, 120))]
        data = head + rng.randbytes(rng.choice((0, 1, 30, 200, 1400)))
        packets.insert(place, Packet(like.time, data, len(data), 0))
    return packets


def mistimed(recording: Recording, rng: random.Random) -> list[Packet]:
    """Clocks that jump, stand still, or run backwards."""
    jump = rng.choice((-(10**18), -(10**9), 10**9, 600 * 10**9, 10**18))
    begin = rng.randrange(len(recording.packets))
    packets = list(recording.packets)
    if rng.random() < 0.3:
        return [each._replace(time=packets[begin].time) for each in packets]
    return [each._replace(time=each.time + jump) if place >= begin else each for place, each in enumerate(packets)]


def file_damaged(recording: Recording, rng: random.Random) -> bytes:
    """The file itself: cut, octets changed, a stretch taken out or put in."""
    data = bytearray(file_of(recording.head, recording.packets))
    kind = rng.randrange(4)
    if kind == 0:
        del data[rng.randrange(len(data)) :]
    elif kind == 1:
        for _ in range(rng.choice((1, 4, 200))):
            data[rng.randrange(len(data))] = rng.randrange(256)
    else:
        begin = rng.randrange(len(data))
        size = rng.choice((1, 4, 16, 3000))
        data[begin : begin + (size if kind == 2 else 0)] = b"" if kind == 2 else rng.randbytes(size)
    return bytes(data)


ROUGH: Final[tuple[Way, ...]] = (cut, flipped, doubled, shuffled, lost, garbage, mistimed)


def rough(recording: Recording, seed: int) -> bytes:
    """One way to damage a recording badly: one kind of damage, two of them, or damage to the file."""
    rng = random.Random(f"{recording.file} {seed}")
    if rng.random() < 0.12:
        return file_damaged(recording, rng)
    packets = rng.choice(ROUGH)(recording, rng)
    if packets and rng.random() < 0.3:
        packets = rng.choice(ROUGH)(recording._replace(packets=packets), rng)
    return file_of(recording.head, packets)


# --- gentle damage --------------------------------------------------------------------------------------------------


def copied(recording: Recording, rng: random.Random) -> list[Packet]:
    """Exact copies of frames within the window of copies, which begins with the first of them."""
    part = rng.choice((0.03, 0.3, 1.0))
    reach = rng.choice((1, 1_000_000, WINDOW // 2, WINDOW))
    packets = []
    first: dict[bytes, int] = {}
    for each in recording.packets:
        packets.append((each.time, 0, each))
        if each.time - first.setdefault(each.data, each.time) > WINDOW:
            first[each.data] = each.time
        if rng.random() < part:
            later = min(each.time + rng.randrange(reach + 1), first[each.data] + WINDOW)
            packets.append((later, 1, each._replace(time=later)))
    packets.sort(key=lambda entry: entry[:2])
    return [each for _, _, each in packets]


def swapped(recording: Recording, rng: random.Random) -> list[Packet]:
    """Neighbouring frames of one direction in each other's place, a moment apart; each place keeps its time."""
    part = rng.choice((0.1, 0.5, 1.0))
    packets = list(recording.packets)
    place = 0
    while place + 1 < len(packets):
        one, other = packets[place], packets[place + 1]
        near = other.time - one.time <= NEIGHBOURS and _way(recording.link, one) == _way(recording.link, other)
        if near and _way(recording.link, one) is not None and rng.random() < part:
            # Either may complete a message now, and what is found in it has the number of that frame.
            origin = min(one.origin, other.origin)
            swap = other._replace(time=one.time, origin=origin), one._replace(time=other.time, origin=origin)
            packets[place : place + 2] = swap
            place += 1
        place += 1
    return packets


def gentle(recording: Recording, seed: int) -> list[Packet]:
    """One way to damage a recording without any harm."""
    rng = random.Random(f"{recording.file} gentle {seed}")
    if rng.random() < 0.5:
        return copied(recording, rng)
    packets = swapped(recording, rng)
    return copied(recording._replace(packets=packets), rng) if rng.random() < 0.3 else packets


def _way(link: int, packet: Packet) -> bytes | None:
    """Source and destination of a frame."""
    begin = _NETWORK[link]
    version = packet.data[begin] >> 4 if len(packet.data) > begin else 0
    return packet.data[begin + 12 : begin + 20] if version == 4 else packet.data[begin + 8 : begin + 40] or None


def _same(link: int, packet: Packet) -> bytes:
    """What a frame has in common with the recorded copies of it, and with the other fragments of its packet."""
    begin = _NETWORK[link]
    ip = packet.data[begin:]
    if ip[:1] >= b"\x60" and ip[6:7] == b"\x2c":
        return ip[8:40] + ip[44:48]
    if ip[6:8] > b"\x40\x00" or b"\x00\x00" < ip[6:8] < b"\x40\x00":
        return ip[12:20] + ip[4:6]
    return ip


def _in_time(packets: list[Packet]) -> list[Packet]:
    """The frames in this order, with times that rise: those that there are."""
    times = sorted(each.time for each in packets)
    return [each._replace(time=time) for time, each in zip(times, packets, strict=True)]


# --- what must hold -------------------------------------------------------------------------------------------------


@cache
def _rules() -> list[Rule]:
    return [rule for rule in collect() if rule.in_force(PROFILES["rel-17"])]


@cache
def _folder() -> Path:
    fast = Path("/dev/shm")
    _kept.append(tempfile.TemporaryDirectory(prefix="gmaudit-damage-", dir=fast if fast.is_dir() else None))
    return Path(_kept[-1].name)


_kept: list[tempfile.TemporaryDirectory[str]] = []

Found = list[tuple[object, ...]]
"""Findings as they are compared: without what depends on places in the file."""


def report_of(recording: Recording, data: bytes) -> Report:
    """The report of a damaged recording, written in three forms, each in its turn; raises whatever goes wrong."""
    path = _folder() / "damaged.pcap"
    path.write_bytes(data)
    chronicle = Chronicle()
    options = Options(keys=[str(CAPTURES / recording.folder / "keys.toml")], rules=_rules())
    report = audit([str(path)], options, chronicle=chronicle)
    assert not report.crashed, report.crashed
    material = Material(report=report, chronicle=chronicle, captures=[str(path)])
    show(material, dict.fromkeys(("text", "json", FORMS[len(data) % len(FORMS)])))
    return report


def found(report: Report, origins: list[int]) -> Found:
    """The findings, their frames as numbers of the recording itself."""
    rules = {each.fingerprint: each.rule for each in report.findings}
    return sorted(
        (
            each.rule,
            each.verdict,
            each.actor,
            each.subject or "",
            each.fault,
            each.count,
            sorted(origins[number - 1] for number in each.occurrences),
            rules[each.cause] if each.cause else "",
        )
        for each in report.findings
    )


@cache
def original(folder: str, file: str) -> Report:
    """The report of a recording as it is."""
    recording = load(folder, file)
    return report_of(recording, file_of(recording.head, recording.packets))


def differences(recording: Recording, seed: int) -> list[str]:
    """What gentle damage changes in the findings: nothing, if all is well."""
    packets = gentle(recording, seed)
    names = {each.data: each.origin for each in packets}
    before = found(original(recording.folder, recording.file), [names[each.data] for each in recording.packets])
    report = report_of(recording, file_of(recording.head, packets))
    after = found(report, [each.origin for each in packets])
    return [f"- {each}" for each in before if each not in after] + [f"+ {each}" for each in after if each not in before]


def tried(recording: Recording, seed: int, kind: str) -> str:
    """What is wrong with one damaged recording; nothing, if all is well."""
    from analyzer.sources.walker import UnreadableCapture

    try:
        if kind == "gentle":
            return "\n".join(differences(recording, seed))
        report_of(recording, rough(recording, seed))
    except UnreadableCapture:
        return "" if kind == "rough" else "was refused"
    except Exception:
        return traceback.format_exc()
    return ""


def main() -> int:
    """Try them, and say how it went."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="FOLDER", help="recordings, by the names of their folders")
    options.add_argument("--all", action="store_true", help="every recording")
    options.add_argument("--ways", type=int, default=1000, help="of each kind of damage (1000)")
    options.add_argument("--kind", choices=["rough", "gentle"], help="only this kind")
    options.add_argument("--seed", type=int, help="only this one")
    chosen = options.parse_args()
    bad = 0
    for folder, file in recordings():
        if not chosen.all and folder not in chosen.names:
            continue
        recording = load(folder, file)
        for kind in (chosen.kind,) if chosen.kind else ("rough", "gentle"):
            seeds = range(chosen.ways) if chosen.seed is None else [chosen.seed]
            wrong = {seed: text for seed in seeds if (text := tried(recording, seed, kind))}
            bad += len(wrong)
            click.echo(f"{file:45} {kind:6} {len(seeds):5} ways, {len(wrong)} wrong")
            for seed, text in list(wrong.items())[:3]:
                click.echo(f"--- {folder} {file} --kind {kind} --seed {seed}\n{text}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    click.echo(f"{bad} wrong, peak memory {peak} MB (at most {MEMORY})")
    return int(bad > 0 or peak > MEMORY)


if __name__ == "__main__":
    sys.exit(main())
