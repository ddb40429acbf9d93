"""Wireshark's ``esp_sa`` table: quoted, comma-separated fields, with wildcards in addresses and SPIs.

Fields: protocol, source, destination, SPI, encryption, its key, authentication, its key; newer versions append columns
for extended sequence numbers, which IMS does not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from analyzer.ipsec.algorithms import (
    Encryption,
    Integrity,
    Keys,
    Spelling,
    UnknownAlgorithm,
    encryption,
    integrity,
    pair,
)
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import Contents, ExplicitSa, KeyFileError, Pattern, address_of, exactly, place, wrong_length

_FIELD: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_UNCHECKED: Final = "any 128 bit authentication"
"""What old versions want beside AES-GCM, since they only cut its ICV off."""
_LENGTHS: Final = {"ipv4": 4, "ipv6": 16}
Row = TypeVar("Row", Integrity, Encryption)


def recognises(line: str) -> bool:
    """Whether a file whose first line with content is this one is an esp_sa table."""
    return line.startswith('"')


def read(text: str, name: str) -> Contents:
    """Read a table. ``name`` is how messages call it. Raises KeyFileError.

    Lines with an algorithm that IMS does not have may well stand in a user's profile: they are left out with a notice.
    """
    contents = Contents([], [])
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            contents.entries.append(_association(_fields(line), place(name, number)))
        except UnknownAlgorithm as error:
            contents.notices.append(f"{place(name, number)}: left out: {error}")
        except _WrongLine as error:
            raise KeyFileError(name, number, str(error)) from None
    return contents


class _WrongLine(Exception):
    """What is wrong with a line."""


def _fields(line: str) -> list[str]:
    fields, position = [], 0
    while position < len(line):
        found = _FIELD.match(line, position)
        if found is None:
            break
        fields.append(_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else escape[2], found[1]))
        position = found.end()
    if position < len(line) or len(fields) < 8:
        raise _WrongLine("a line of esp_sa has at least eight fields in quotation marks, separated by commas")
    return fields


def _association(fields: list[str], origin: str) -> ExplicitSa:
    protocol, source, destination, spi, cipher, cipher_key, digest, digest_key = fields[:8]
    length = _LENGTHS.get(protocol.lower())
    if length is None:
        raise _WrongLine('the first field must be "IPv4" or "IPv6"')
    ealg = _algorithm(cipher, encryption)
    if ealg.combined and digest.lower().startswith(_UNCHECKED):
        digest = "null"
    alg, _ = pair(_algorithm(digest, integrity).name, ealg.name)
    return ExplicitSa(
        sources=_address(source, length, "source"),
        destinations=_address(destination, length, "destination"),
        spis=_spi(spi),
        source_port=None,
        destination_port=None,
        alg=alg.name,
        ealg=ealg.name,
        keys=Keys(_key(digest_key, alg), _key(cipher_key, ealg)),
        mode=None,
        since=None,
        until=None,
        origin=origin,
    )


def _algorithm(name: str, find: Callable[[str, Spelling], Row]) -> Row:
    # Versions differ in whether and how they cite the RFC.
    return find(name.partition("[")[0].strip(), Spelling.WIRESHARK)


def _key(text: str, algorithm: Integrity | Encryption) -> Secret:
    if algorithm.key_lengths == (0,):
        return Secret(b"")
    try:
        if text[:2] in ("0x", "0X"):
            digits = text[2:]
            octets = bytes.fromhex("0" * (len(digits) % 2) + digits)
        else:
            octets = text.encode("latin-1")
    except ValueError:
        raise _WrongLine("a key must be 0x and hexadecimal digits, or plain text") from None
    problem = wrong_length(octets, algorithm)
    if problem is not None:
        raise _WrongLine(problem)
    return Secret(octets)


def _spi(text: str) -> Pattern:
    text = text.strip()
    if text == "*":
        return Pattern(0, 0, 4)
    digits = re.fullmatch(r"0[xX]([0-9a-fA-F*]{1,8})", text)
    if digits is not None:
        return _pattern(digits[1].rjust(8, "0"))
    if re.fullmatch(r"[0-9]{1,10}", text) and int(text) <= 0xFFFFFFFF:
        return exactly(int(text).to_bytes(4))
    raise _WrongLine("the SPI must be *, a number, or 0x and up to eight hexadecimal digits of which any may be *")


def _address(text: str, length: int, which: str) -> Pattern:
    text = text.strip()
    if text == "*":
        return Pattern(0, 0, length)
    octets = address_of(text)
    if octets is not None and len(octets) == length:
        return exactly(octets)
    digits = _dotted(text) if length == 4 else _colons(text)
    if digits is None or "*" not in text:
        example = "192.168.101.*" if length == 4 else "2001:db8:*"
        raise _WrongLine(f"the {which} must be *, an address, or a part of one such as {example}")
    return _pattern(digits)


def _dotted(text: str) -> str | None:
    """An IPv4 address with wildcards as eight digits."""
    parts = text.split(".")
    if parts[-1] == "*":
        parts += ["*"] * (4 - len(parts))
    if len(parts) != 4 or not all(part == "*" or re.fullmatch("[0-9]{1,3}", part) for part in parts):
        return None
    digits = "".join("**" if part == "*" else f"{int(part):02x}" for part in parts)
    return digits if len(digits) == 8 else None


def _colons(text: str) -> str | None:
    """An IPv6 address with wildcards as 32 digits."""
    head, gap, tail = text.partition("::")
    left, right = head.split(":") if head else [], tail.split(":") if tail else []
    if gap:
        left += ["0"] * (8 - len(left) - len(right))
    elif left and left[-1] == "*":
        left += ["*"] * (8 - len(left))
    groups = left + right
    if len(groups) != 8 or not all(re.fullmatch("[0-9a-fA-F*]{1,4}", group) for group in groups):
        return None
    return "".join("****" if group == "*" else group.rjust(4, "0") for group in groups)


def _pattern(digits: str) -> Pattern:
    """Hexadecimal digits of which some are ``*``."""
    mask = "".join("0" if digit == "*" else "f" for digit in digits)
    return Pattern(int(digits.replace("*", "0"), 16), int(mask, 16), len(digits) // 2)
