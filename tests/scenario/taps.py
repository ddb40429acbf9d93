"""What the place and the manner of capturing do to a scenario: taps, clocks, cards, kernels (FP5, FP13, FP14).

Each function changes the records of a scenario after its steps were written down; only `captures` makes frames.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import Any

from scapy.layers.inet import IP, TCP, UDP, Ether
from scapy.layers.inet6 import IPv6

from analyzer.frame import SECOND, Frame

from . import crypto
from .reading import opened
from .recorder import Record, Recorder
from .scenario import Scenario
from .sender import TTL
from .state import Who


def _ns(seconds: float) -> int:
    return round(seconds * SECOND)


def decrypted(scenario: Scenario, *, delay: float = 0.00002, who: Who | None = None, merge: int = 1) -> None:
    """Each ESP packet (of one side) once more in clear, so much later, or with a negative delay earlier.

    With ``merge`` that many TCP segments of a message become one, as GRO and GSO have them. Labels get ``.clear``.
    """
    records = sorted(scenario.records, key=lambda record: record.time)
    groups: dict[str, list[tuple[Record, Any]]] = {}
    for record, (_, inner, role) in zip(records, opened(scenario), strict=True):
        if role is None or (who is not None and record.uplink != (who == "ue")):
            continue
        has_data = TCP in inner and len(inner[TCP].payload) > 0
        groups.setdefault(record.label if has_data else f"{record.label} {id(record)}", []).append((record, inner))
    for group in groups.values():
        for at in range(0, len(group), merge):
            part = group[at : at + merge]
            inner = part[0][1].copy()
            if len(part) > 1:
                octets = b"".join(bytes(each[TCP].payload) for _, each in part)
                inner[TCP].remove_payload()
                inner[TCP].add_payload(octets)
                for layer, names in ((inner, ("len", "chksum", "plen")), (inner[TCP], ("chksum",))):
                    for name in names:
                        if name in layer.fields:
                            delattr(layer, name)
            base = part[-1][0] if delay > 0 else part[0][0]
            data = crypto.ethernet(inner, base.uplink)
            scenario.records.append(Record(f"{base.label}.clear", base.time + _ns(delay), data, base.uplink, len(data)))


def both_vantages(scenario: Scenario, *, delay: float, clock: float = 0.0) -> None:
    """The capture has each packet where it was sent and again where it arrived, ``delay`` later and with another TTL.

    The clock of the point at the P-CSCF is ``clock`` seconds ahead. Labels of the second sightings get ``.far``.
    """
    for record in list(scenario.records):
        if record.uplink is None:
            continue
        near, far = (TTL["ue"], TTL["pcscf"]) if record.uplink else (TTL["pcscf"], TTL["ue"])
        who: Who = "ue" if record.uplink else "pcscf"
        record.data = with_ttl(record.data, near[who])
        again = replace(record, label=f"{record.label}.far", data=with_ttl(record.data, far[who]))
        again.time += _ns(delay)
        for each, at_pcscf in ((record, not record.uplink), (again, bool(record.uplink))):
            each.time += _ns(clock) if at_pcscf else 0
        scenario.records.append(again)


def with_ttl(data: bytes, ttl: int) -> bytes:
    """The frame with that TTL or hop limit."""
    frame = Ether(data)
    if IPv6 in frame:
        return data[:21] + bytes((ttl,)) + data[22:]
    header = IP(data[14:34])
    header.ttl = ttl
    del header.chksum
    return data[:14] + bytes(header)[:20] + data[34:]


def offload(scenario: Scenario, who: Who, *, partial: bool = True) -> None:
    """The checksums of what a side sends in clear are left to its network card: of the pseudo-header alone, or junk."""
    for record in scenario.records:
        frame = Ether(record.data)
        layer = next((kind for kind in (UDP, TCP) if kind in frame), None)
        if record.uplink != (who == "ue") or layer is None:
            continue
        place = len(record.data) - len(bytes(frame[layer])) + (6 if layer is UDP else 16)
        value = pseudo(frame.payload, layer) if partial else 0xBEEF
        record.data = record.data[:place] + value.to_bytes(2, "big") + record.data[place + 2 :]


def pseudo(packet: Any, layer: Any) -> int:
    """The sum over the pseudo-header, as a kernel leaves it for the card."""
    raw = bytes(packet)
    ends = raw[8:40] if packet.version == 6 else raw[12:20]
    octets = ends + len(bytes(packet[layer])).to_bytes(4, "big") + (17 if layer is UDP else 6).to_bytes(4, "big")
    total = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def step(scenario: Recorder, label: str, seconds: float) -> None:
    """The clock of the capture jumps before this message: from there on all times are so much later (or earlier)."""
    first = min(record.time for record in scenario.records if record.label == label)
    for record in scenario.records:
        if record.time >= first:
            record.shift += _ns(seconds)


def behind_decryption(scenario: Scenario, *, clock: float) -> list[Frame]:
    """Two captures as one timeline: that of the scenario, and what a host traced of its ESP once it was decrypted."""
    decrypted(scenario, delay=0.00005)
    traced = {record.label for record in scenario.records if record.label.endswith(".clear")}
    parts = [
        [(record.time, record) for record in scenario.records if record.label not in traced],
        [(record.time + _ns(clock), record) for record in scenario.records if record.label in traced],
    ]
    frames = [
        [
            Frame(capture, number, time, 1, record.data, record.length)
            for number, (time, record) in enumerate(sorted(part, key=lambda each: each[0]), 1)
        ]
        for capture, part in enumerate(parts)
    ]
    return list(heapq.merge(*frames, key=lambda frame: frame.time))


def captures(scenario: Scenario, second: Who, *, clock: float = 0.0, both: bool = False) -> list[Frame]:
    """Two captures as one timeline: the second has what that side sent, by a clock that is ``clock`` seconds ahead.

    With ``both`` each capture has everything.
    """
    parts: list[list[tuple[int, Record]]] = [[], []]
    for record in sorted(scenario.records, key=lambda each: each.time):
        if both or record.uplink is not (second == "ue"):
            parts[0].append((record.time, record))
        if both or record.uplink is (second == "ue"):
            parts[1].append((record.time + _ns(clock), record))
    frames = [
        [Frame(capture, number, time, 1, record.data, record.length) for number, (time, record) in enumerate(part, 1)]
        for capture, part in enumerate(parts)
    ]
    return list(heapq.merge(*frames, key=lambda frame: frame.time))
