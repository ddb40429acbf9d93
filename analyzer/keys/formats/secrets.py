"""The file of ESP secrets that ``tcpdump -E 'file NAME'`` takes: ``SPI@ADDRESS ALGORITHM:KEY``, one in a line.

It has the key of the encryption alone: tcpdump cuts the ICV off (``-hmac96``) and does not check it. So what such a
line opens is only as certain as the plaintext looks. A line without SPI and address is meant for every association.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.ipsec.algorithms import Keys, Spelling, UnknownAlgorithm, encryption, integrity
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import (
    ANYTHING,
    Contents,
    ExplicitSa,
    KeyFileError,
    Pattern,
    address_of,
    exactly,
    octets_of,
    place,
    wrong_length,
)

_SECRET: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*):(.+)")
_NUMBER: Final = re.compile(r"0[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10})")
_NAMES: Final = {
    "3des": "des-ede3-cbc", "des3": "des-ede3-cbc", "des-ede3": "des-ede3-cbc",
    "aes": "aes-cbc", "aes128": "aes-cbc", "aes192": "aes-cbc", "aes256": "aes-cbc",
    "aes-128": "aes-cbc", "aes-192": "aes-cbc", "aes-256": "aes-cbc",
    "none": "null", "null": "null",
}  # fmt: skip
"""What tcpdump, or the OpenSSL behind it, calls an algorithm of the table."""
_UNCHECKED: Final = "any 96 bit authentication"
"""Wireshark's name for an ICV of twelve octets that nobody can check."""


def recognises(line: str) -> bool:
    """Whether a file whose first line with content is this one is such a file."""
    return re.match(r"(?:0[xX][0-9a-fA-F]+|[0-9]+)@\S+\s+\S|file\s+\S|ikev2\s+[IR]\s", line) is not None or (
        re.match(r"([A-Za-z0-9-]+):(?:0x)?\S+$", line) is not None and _cipher(line.partition(":")[0])[0] in _NAMES
    )


def read(text: str, name: str) -> Contents:
    """Read such a file. ``name`` is how messages call it. Raises KeyFileError.

    Lines about IKE, about another file, and with an algorithm that IMS does not have are left out with a notice.
    """
    contents = Contents([], [])
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        origin = place(name, number)
        word = line.split(maxsplit=1)[0].lower()
        if word == "file":
            contents.notices.append(f"{origin}: left out: it names another file; give that one with --keys")
        elif word == "ikev2":
            contents.notices.append(f"{origin}: left out: it holds keys of IKE, which IMS does not use")
        else:
            try:
                contents.entries.append(_association(line, origin))
            except UnknownAlgorithm as error:
                contents.notices.append(f"{origin}: left out: {error}")
            except _WrongLine as error:
                raise KeyFileError(name, number, str(error)) from None
    return contents


class _WrongLine(Exception):
    """What is wrong with a line."""


def _association(line: str, origin: str) -> ExplicitSa:
    words = line.split(maxsplit=1)
    who = words[0] if len(words) == 2 and "@" in words[0] else ""
    found = _SECRET.fullmatch(words[1] if who else line)
    if found is None:
        raise _WrongLine("a secret is written as SPI@ADDRESS ALGORITHM:KEY")
    cipher, has_icv = _cipher(found[1])
    alg = integrity(_UNCHECKED if has_icv else "null", Spelling.WIRESHARK)
    ealg = encryption(_NAMES.get(cipher, cipher))
    key = octets_of(found[2]) if found[2][:2] in ("0x", "0X") else _plain(found[2])
    if key is None:
        raise _WrongLine("a key must be 0x and hexadecimal digits, two for each octet, or plain text")
    problem = wrong_length(key, ealg)
    if problem is not None:
        raise _WrongLine(problem)
    destination, spi = _named(who) if who else (ANYTHING, ANYTHING._replace(length=4))
    return ExplicitSa(
        sources=ANYTHING,
        destinations=destination,
        spis=spi,
        source_port=None,
        destination_port=None,
        alg=alg.name,
        ealg=ealg.name,
        keys=Keys(Secret(b""), Secret(key)),
        mode=None,
        since=None,
        until=None,
        origin=origin,
    )


def _named(text: str) -> tuple[Pattern, Pattern]:
    """Destination and SPI of ``SPI@ADDRESS``."""
    number, _, rest = text.partition("@")
    spi, address = _NUMBER.fullmatch(number), address_of(rest)
    if spi is None or address is None:
        raise _WrongLine("before the algorithm there must be an SPI, @ and an IPv4 or IPv6 address")
    value = int(spi[1], 16) if spi[1] else int(spi[2])
    if value > 0xFFFFFFFF:
        raise _WrongLine("an SPI has 32 bits")
    return exactly(address), exactly(value.to_bytes(4))


def _cipher(text: str) -> tuple[str, bool]:
    """The name of the cipher in tcpdump's notation, and whether an ICV of twelve octets follows."""
    text = text.lower()
    return text.removesuffix("-hmac96").removesuffix("-cbc"), text.endswith("-hmac96")


def _plain(text: str) -> bytes | None:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None
