"""Keys in Diameter: the Multimedia-Auth-Answer of Cx (TS 29.229 6.1.8; header and AVPs of RFC 6733 3 and 4).

Its SIP-Auth-Data-Item has CK and IK as 16 raw octets each, and beside them SIP-Authenticate, which is RAND and AUTN:
that ties the keys to the challenge. Any octets can be fed; what is no such answer is passed over, never kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from analyzer.ipsec.secret import Secret

MAX_MESSAGE: Final = 1 << 16
"""Octets of an answer that is put together; real ones have some hundred."""
MAX_LENGTH: Final = 1 << 20
"""Octets of a message of any kind: what claims to be longer is none."""
HEADER: Final = 20

_AUTH_ANSWER: Final = 303
_SEARCHED: Final = _AUTH_ANSWER.to_bytes(3)
_REQUEST: Final = 0x80
_RESERVED: Final = 0x0F
_VENDOR_FLAG: Final = 0x80
_3GPP: Final = 10415
_ITEM: Final = 612
_AUTHENTICATE: Final = 609
_CK: Final = 625
_IK: Final = 626

_header = Struct(">II").unpack_from
_avp = Struct(">IIxxxx").unpack_from
_vendor = Struct(">8xI").unpack_from


class CxVector(NamedTuple):
    """One authentication vector of an answer; each part has 16 octets."""

    rand: bytes
    ck: Secret
    ik: Secret


def vectors(message: bytes) -> list[CxVector]:
    """The vectors of a Diameter message from its header on; none if it is no whole Multimedia-Auth-Answer."""
    length = _length(message, 0) if len(message) >= HEADER else None
    if length is None or len(message) < length or not _is_answer(message, 0):
        return []
    found = []
    for code, item in _avps(message[HEADER:length]):
        if code != _ITEM:
            continue
        parts = dict(_avps(item))
        rand, ck, ik = parts.get(_AUTHENTICATE, b"")[:16], parts.get(_CK, b""), parts.get(_IK, b"")
        if len(rand) == len(ck) == len(ik) == 16:
            found.append(CxVector(rand, Secret(ck), Secret(ik)))
    return found


def _length(data: bytes | bytearray, at: int) -> int | None:
    """The length of the message whose header begins here; None if that is no header (RFC 6733 3)."""
    first, second = _header(data, at)
    length = int(first & 0xFFFFFF)
    if first >> 24 != 1 or length < HEADER or length & 3 or (second >> 24) & _RESERVED:
        return None
    return length


def _is_answer(data: bytes | bytearray, at: int) -> bool:
    return data[at + 5 : at + 8] == _SEARCHED and not data[at + 4] & _REQUEST


def _avps(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Code and content of the AVPs of 3GPP, up to the first that makes no sense."""
    position, end = 0, len(data)
    while position + 12 <= end:
        code, second = _avp(data, position)
        length = second & 0xFFFFFF
        begin = 12 if (second >> 24) & _VENDOR_FLAG else 8
        if length < begin or position + length > end:
            return
        if begin == 12 and _vendor(data, position)[0] == _3GPP:
            yield code, data[position + 12 : position + length]
        position += (length + 3) & ~3


class Framer:
    """Cuts one direction of a TCP connection into messages, and keeps only those that may be answers with keys.

    Where the stream makes no sense, or was not captured from its beginning, it looks for the next answer by its
    header; of what it looks through it keeps nothing but the last octets.
    """

    __slots__ = ("_buffer", "_lost", "_skip", "_wanted")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = HEADER
        """Octets of the buffer without which there is nothing to do."""
        self._skip = 0
        """Octets of a message of no interest that are still to come."""
        self._lost = False
        """No message is known to begin here."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next octets of the stream; returns the Multimedia-Auth-Answers that they complete."""
        if self._skip >= len(data):
            self._skip -= len(data)
            return []
        buffer = self._buffer
        buffer += data[self._skip :] if self._skip else data
        self._skip = 0
        found: list[bytes] = []
        at, wanted = 0, self._wanted
        while len(buffer) - at >= wanted:
            wanted = HEADER
            length = _length(buffer, at) if not self._lost or _is_answer(buffer, at) else None
            if length is None or length > MAX_LENGTH:
                self._lost = True
                code = buffer.find(_SEARCHED, at + 6)
                at = code - 5 if code >= 0 else max(at + 1, len(buffer) - HEADER + 1)
                continue
            self._lost = False
            if _is_answer(buffer, at) and length <= MAX_MESSAGE:
                if at + length > len(buffer):
                    wanted = length
                    continue
                found.append(bytes(buffer[at : at + length]))
            at += length
        self._skip = max(0, at - len(buffer))
        self._wanted = wanted
        del buffer[:at]
        return found

    def hole(self) -> None:
        """Octets are missing here."""
        self._buffer.clear()
        self._wanted, self._skip, self._lost = HEADER, 0, True
