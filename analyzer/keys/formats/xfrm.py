"""What ``ip xfrm state`` prints, with or without statistics, alone or with ``ip xfrm policy`` among it.

A state begins with ``src A dst B`` at the margin, a policy with ``src A/n dst B/n``; all that belongs to it is
indented. Of a state only the lines with identity, keys and ports matter; of a policy nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from analyzer.ipsec.algorithms import (
    Encryption,
    Integrity,
    Keys,
    Spelling,
    UnknownAlgorithm,
    encryption,
    integrity,
)
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import (
    Contents,
    ExplicitSa,
    KeyFileError,
    address_of,
    exactly,
    octets_of,
    place,
    wrong_length,
)

_HEAD: Final = re.compile(r"src (\S+) dst (\S+)(.*)")
_PROTO: Final = re.compile(r"proto (\S+) spi (0x[0-9a-fA-F]{1,8}|[0-9]{1,10})(?:\([0-9]+\))?((?:\s.*)?)")
_MODE: Final = re.compile(r"\bmode (\S+)")
_ALGORITHM: Final = re.compile(r"(auth-trunc|auth|enc)\s+(\S+)(?:\s+(0x\S*))?((?:\s.*)?)")
_TRUNCATION: Final = re.compile(r"(?:\s*\([0-9]+ bits\))?\s*([0-9]+)\s*")
_HIDDEN: Final = "<<Keys hidden>>"


def recognises(line: str) -> bool:
    """Whether a file whose first line with content is this one is such a listing."""
    return _HEAD.match(line) is not None


def read(text: str, name: str) -> Contents:
    """Read a listing. ``name`` is how messages call it. Raises KeyFileError.

    States with an algorithm or key length that IMS does not have are left out with a notice: a host has other tunnels.
    """
    contents = Contents([], [])
    state: _State | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            if not line[0].isspace():
                if state is not None:
                    state.finish(contents, name)
                state = _head(line.rstrip(), number)
            elif state is not None:
                state.read(line.strip())
        except _WrongLine as error:
            raise KeyFileError(name, number, str(error)) from None
    if state is not None:
        state.finish(contents, name)
    return contents


class _WrongLine(Exception):
    """What is wrong with a line."""


class _LeftOut(Exception):
    """Why a state is of no use."""


def _head(line: str, number: int) -> _State | None:
    found = _HEAD.fullmatch(line)
    if found is None:
        raise _WrongLine("this is not a line of ip xfrm state, where all begin with src or are indented")
    if "/" in found[1]:
        return None
    source, destination = address_of(found[1]), address_of(found[2])
    if source is None or destination is None or len(source) != len(destination):
        raise _WrongLine("src and dst must be two IPv4 or two IPv6 addresses")
    return _State(number, source, destination)


@dataclass(slots=True)
class _State:
    """One state while it is read."""

    line: int
    source: bytes
    destination: bytes
    spi: int = 0
    esp: bool = False
    mode: str | None = None
    ports: dict[str, int] = field(default_factory=dict)
    found: dict[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)
    """Algorithm and key by ``auth`` and ``enc``."""
    flaw: str = ""
    """Why it will be left out."""

    def read(self, line: str) -> None:
        """Take in one of the indented lines."""
        word = line.partition(" ")[0]
        if word == "proto":
            self._read_proto(line)
        elif word in ("auth", "auth-trunc", "enc"):
            self._read_algorithm(line)
        elif word == "aead":
            self.flaw = str(UnknownAlgorithm("encryption"))
        elif word == "sel":
            for side in ("sport", "dport"):
                port = re.search(rf"\b{side} ([0-9]{{1,5}})(?:\s|$)", line)
                if port is not None:
                    self.ports[side] = int(port[1])

    def _read_proto(self, line: str) -> None:
        found = _PROTO.fullmatch(line)
        if found is None:
            raise _WrongLine("proto must be followed by a protocol, spi and a number")
        self.esp = found[1] == "esp"
        self.spi = int(found[2], 0 if found[2].startswith("0x") else 10)
        if self.spi > 0xFFFFFFFF:
            raise _WrongLine("an SPI has 32 bits")
        mode = _MODE.search(found[3])
        self.mode = mode[1] if mode is not None and mode[1] in ("transport", "tunnel") else None

    def _read_algorithm(self, line: str) -> None:
        if _HIDDEN in line:
            self.flaw = 'its keys are hidden: list it without "nokeys"'
            return
        found = _ALGORITHM.fullmatch(line)
        key = None if found is None else octets_of(found[3] or "")
        if found is None or key is None:
            raise _WrongLine("after auth or enc the name of an algorithm is expected, then 0x and the key")
        if found[1] == "auth-trunc":
            bits = _TRUNCATION.fullmatch(found[4])
            if bits is None:
                raise _WrongLine("auth-trunc ends with the length of the ICV in bits")
            if bits[1] != "96":
                self.flaw = "its ICV does not have 96 bits"
        self.found["enc" if found[1] == "enc" else "auth"] = (found[2], key)

    def finish(self, contents: Contents, name: str) -> None:
        """Make an entry, or a notice, or nothing of what was read."""
        origin = place(name, self.line)
        if not self.esp or not (self.found or self.flaw):
            return  # another protocol, or the kernel's placeholder for an association that is yet to be made
        try:
            contents.entries.append(self._association(origin))
        except (_LeftOut, UnknownAlgorithm) as error:
            contents.notices.append(f"{origin}: left out: {error}")

    def _association(self, origin: str) -> ExplicitSa:
        if self.flaw:
            raise _LeftOut(self.flaw)
        alg, auth = self.found.get("auth", ("digest_null", b""))
        ealg, enc = self.found.get("enc", ("cipher_null", b""))
        integrity_row, encryption_row = integrity(alg, Spelling.KERNEL), encryption(ealg, Spelling.KERNEL)
        return ExplicitSa(
            sources=exactly(self.source),
            destinations=exactly(self.destination),
            spis=exactly(self.spi.to_bytes(4)),
            source_port=self.ports.get("sport"),
            destination_port=self.ports.get("dport"),
            alg=integrity_row.name,
            ealg=encryption_row.name,
            keys=Keys(_key(auth, integrity_row), _key(enc, encryption_row)),
            mode=self.mode,
            since=None,
            until=None,
            origin=origin,
        )


def _key(octets: bytes, algorithm: Integrity | Encryption) -> Secret:
    problem = wrong_length(octets, algorithm)
    if problem is not None:
        raise _LeftOut(problem)
    return Secret(octets)
