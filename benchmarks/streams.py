"""TCP between a UE and its P-CSCF: handshake, data, acknowledgements that ride on answers or go alone."""

from __future__ import annotations

import struct

from benchmarks.frames import TCP, Set, Writer, tcp_segment

SYN, ACK, PSH = 2, 16, 8
SEGMENT = 1360
"""Octets of a message in one segment: what ESP, and a tunnel of the radio network, leave of 1,500."""


class Stream:
    """One connection, in ESP if there is a set; opened at once by the UE or by the P-CSCF."""

    def __init__(self, writer: Writer, ue: bytes, pcscf: bytes, keys: Set | None, by_ue: bool) -> None:
        self._writer = writer
        self._ends = {True: (ue, pcscf), False: (pcscf, ue)}
        self._keys = keys
        if keys is None:
            at_ue, at_pcscf, self._spis = 40000, 5060, {True: 0, False: 0}
        elif by_ue:
            at_ue, at_pcscf, self._spis = keys.port_uc, keys.port_ps, {True: keys.spi_ps, False: keys.spi_uc}
        else:
            at_ue, at_pcscf, self._spis = keys.port_us, keys.port_pc, {True: keys.spi_pc, False: keys.spi_us}
        self._ports = {True: struct.pack("!HH", at_ue, at_pcscf), False: struct.pack("!HH", at_pcscf, at_ue)}
        first = int.from_bytes(self._ports[True], "big")
        self._next = {True: first, False: first ^ 0x5A5A5A5A}
        self._segment(by_ue, SYN)
        self._segment(not by_ue, SYN | ACK)
        self._segment(by_ue, ACK)

    def say(self, up: bool, text: str) -> None:
        """One SIP message, in as many segments as it takes. The answer to a request acknowledges it; answers and ACK
        are acknowledged alone.
        """
        octets = text.encode()
        for begin in range(0, len(octets), SEGMENT):
            self._segment(up, ACK | PSH, octets[begin : begin + SEGMENT])
        if text.startswith(("SIP/2.0 ", "ACK ")):
            self._segment(not up, ACK)

    def _segment(self, up: bool, flags: int, payload: bytes = b"") -> None:
        source, target = self._ends[up]
        acknowledged = self._next[not up] if flags & ACK else 0
        place = struct.pack("!II", self._next[up], acknowledged)
        segment = tcp_segment(source, target, self._ports[up], place, flags, payload)
        self._next[up] = (self._next[up] + len(payload) + (1 if flags & SYN else 0)) & 0xFFFFFFFF
        if self._keys is None:
            self._writer.frame(source, target, TCP, segment)
        else:
            self._writer.esp(source, target, self._spis[up], self._keys, TCP, segment)
