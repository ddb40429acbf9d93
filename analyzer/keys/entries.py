"""What a key file can hold, whatever its format: subscribers, authentication vectors, security associations.

No error says what stood in a field: it might be a key, also where a name was expected.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from analyzer.frame import SECOND
from analyzer.ipsec.algorithms import Encryption, Integrity, Keys
from analyzer.ipsec.secret import Secret


class KeyFileError(ValueError):
    """A key file that cannot be used; the text is ``name:line: what is wrong, what to do``, without any key."""

    def __init__(self, name: str, line: int | None, problem: str) -> None:
        super().__init__(f"{place(name, line)}: {problem}")


class NoKeys(KeyFileError):
    """A key file without any key: useless, unless somebody is still writing to it."""

    def __init__(self, name: str) -> None:
        super().__init__(name, None, "there are no keys in it")


class Subscriber(NamedTuple):
    """A test SIM: all keys follow from the challenge."""

    impi: str
    k: Secret
    opc: Secret
    origin: str


class Vector(NamedTuple):
    """CK and IK of one authentication, 16 octets each."""

    impi: str | None
    """Whose, if the source says so."""
    rand: bytes | None
    """For which challenge, if the source says so."""
    ck: Secret
    ik: Secret
    res: Secret | None
    """The response to the challenge, where it follows from K."""
    origin: str
    """Where it is from, for the reader: ``file:line``, or a frame of the core leg."""


class Pattern(NamedTuple):
    """A number of octets with some of its bits left open."""

    value: int
    mask: int
    """One bits where ``value`` counts."""
    length: int | None
    """Octets; None if any number of them fits (and then all bits are open)."""

    def matches(self, octets: bytes) -> bool:
        """Whether these octets fit."""
        if self.length is None:
            return True
        return len(octets) == self.length and int.from_bytes(octets) & self.mask == self.value

    @property
    def exact(self) -> bytes | None:
        """The octets, if none of their bits is open."""
        if self.length is None or self.mask != (1 << 8 * self.length) - 1:
            return None
        return self.value.to_bytes(self.length)


ANYTHING = Pattern(0, 0, None)


def exactly(octets: bytes) -> Pattern:
    """The pattern that only these octets fit."""
    return Pattern(int.from_bytes(octets), (1 << 8 * len(octets)) - 1, len(octets))


class ExplicitSa(NamedTuple):
    """A security association that a user gave with its keys, perhaps for many addresses or SPIs at once."""

    sources: Pattern
    destinations: Pattern
    spis: Pattern
    source_port: int | None
    destination_port: int | None
    alg: str
    """As in Security-Client."""
    ealg: str
    keys: Keys
    mode: str | None
    """``transport`` or ``tunnel``, if the source says so."""
    since: int | None
    """From when on it exists, in nanoseconds since the epoch, if the source says so."""
    until: int | None
    origin: str

    @property
    def source(self) -> bytes | None:
        """The source address, None if it leaves a choice."""
        return self.sources.exact

    @property
    def destination(self) -> bytes | None:
        """The destination address, None if it leaves a choice."""
        return self.destinations.exact

    @property
    def spi(self) -> int | None:
        """The SPI, None if it leaves a choice."""
        exact = self.spis.exact
        return None if exact is None else int.from_bytes(exact)


def content_of(entry: ExplicitSa) -> tuple[object, ...]:
    """What makes two entries the same association: addresses, SPI, algorithms and keys; it can be compared by hash."""
    # An HMAC pads its key with zeros, so with them or without them it is the same key (R2).
    auth = entry.keys.auth.octets.rstrip(b"\0")
    return *entry[:3], entry.alg, entry.ealg, auth, entry.keys.enc.octets


class Contents(NamedTuple):
    """What one key file held."""

    entries: list[Subscriber | Vector | ExplicitSa]
    notices: list[str]
    """What was left out and why, for the user to read."""


def place(name: str, line: int | None) -> str:
    """How errors, notices and origins point into a file."""
    return name if line is None else f"{name}:{line}"


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEX: Final = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})*)")


def octets_of(text: str) -> bytes | None:
    """The octets of a hexadecimal text with or without ``0x``; None if it is something else."""
    found = _HEX.fullmatch(text.strip())
    return None if found is None else bytes.fromhex(found[1])


def address_of(text: str) -> bytes | None:
    """The octets of an IPv4 or IPv6 address in text form; None if it is something else."""
    try:
        return ipaddress.ip_address(text.strip()).packed
    except ValueError:
        return None


def time_of(when: datetime) -> int:
    """Nanoseconds since the epoch of a date and time that has a zone."""
    passed = when - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds * 1_000


def wrong_length(key: bytes, algorithm: Integrity | Encryption) -> str | None:
    """What to tell the user if a key cannot be one of this algorithm."""
    if len(key) in algorithm.key_lengths:
        return None
    wanted = " or ".join(str(length) for length in sorted(algorithm.key_lengths))
    return f"{algorithm.name} wants a key of {wanted} octets, this one has {len(key)}"
