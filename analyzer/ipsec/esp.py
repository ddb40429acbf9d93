"""One security association: is a packet genuine, and what is inside (RFC 4303).

Algorithms: RFC 2403, 2404, 2451 and 3602, and the combined modes of RFC 4106 and 4543. The ICV is checked before
anything is decrypted, so NOT_BLOCKS and BAD_PADDING are faults of the one who has the key, except where the association
has no integrity algorithm.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from analyzer.ipsec.algorithms import Keys
from analyzer.ipsec.ciphers import UNPREPARED, Ciphers, ciphers

NO_KEY: Final = "no key"
"""The association is known, its keys are not."""
TOO_SHORT: Final = "too short"
"""Too few octets for header, IV, trailer and ICV; nothing was checked."""
BAD_ICV: Final = "bad ICV"
"""Another key, or octets that were changed on the way."""
NOT_BLOCKS: Final = "not whole blocks"
"""The ICV is good, but the ciphertext is no multiple of the cipher's block (RFC 3602 2.4)."""
BAD_PADDING: Final = "bad padding"
"""The ICV is good, but the content makes no sense: another encryption key, or a fault of the sender (RFC 4303 2.4)."""

TCP: Final = 6
UDP: Final = 17
_HEADED: Final = frozenset({4, TCP, UDP, 41})
"""Next headers whose own header shows whether the decryption was right: IPv4, TCP, UDP, IPv6."""
_BARE: Final = frozenset({1, 50, 51, 58, 59, 60})
"""Others that a sender may put there, rightly or not: ICMP, ESP, AH, dummy packets, destination options."""

UNKNOWN_PORTS: Final = None, None
"""The ports of an association of which nobody asks for them."""

_PADDING: Final = tuple(bytes(range(1, length + 1)) for length in range(256))
_sequence = Struct(">4xI").unpack_from
_ports = Struct(">HH").unpack_from
_new = tuple.__new__


class Opened(NamedTuple):
    """What an ESP packet held."""

    next_header: int
    """Protocol number: 17 UDP, 6 TCP; 4 and 41 in tunnel mode."""
    payload: bytes
    """From the inner header on, without the padding."""
    sequence: int
    """The ESP sequence number."""
    padding: int
    """How many octets of padding there were."""


class Trailer(NamedTuple):
    """The end of what a packet holds (RFC 4303 2.4 to 2.6), as it is and not as it should be."""

    padding: bytes
    length: int
    """What the pad length field says."""
    next_header: int


class SecurityAssociation:
    """One direction of one pair of ports; counts what it verified.

    ``destination`` and ``source`` are addresses as they lie in the packet (4 or 16 octets), ``source`` None if any may
    send. ``alg`` and ``ealg`` are names as in the Security-* headers. Without ``keys`` every packet is NO_KEY. Where
    there is no ICV the content is the only proof, and then ``ports`` (source and destination, None if not known) count.
    ``owner`` is the session model's own; ``origin`` says where the keys are from. The constructor raises
    UnknownAlgorithm, and ValueError if a key has a length that the cipher does not take.
    """

    __slots__ = (
        "ciphers",
        "destination",
        "doubtful",
        "failed",
        "origin",
        "owner",
        "ports",
        "serial",
        "source",
        "spi",
        "verified",
    )

    def __init__(
        self,
        *,
        spi: int,
        destination: bytes,
        alg: str,
        ealg: str,
        keys: Keys | None,
        source: bytes | None = None,
        ports: tuple[int | None, int | None] = (None, None),
        owner: object = None,
        origin: str = "",
    ) -> None:
        self.spi = spi
        self.destination = destination
        self.source = source
        self.owner = owner
        self.origin = origin
        self.serial = 0
        """Its place in the order in which associations came into the database; 0: it is not there."""
        self.verified = 0
        """Packets whose ICV was good."""
        self.failed = 0
        """Packets whose ICV was not good."""
        self.ciphers = found = self._ciphers(alg, ealg, keys)
        """What it has in common with the other three of its set."""
        self.ports = UNKNOWN_PORTS if found.icv else ports
        """What its content is held against where there is no ICV."""
        self.doubtful = keys is not None and found.unproven
        """Whether content that makes no sense may just come of another encryption key than the sender's: an HMAC proves
        nothing about that one, the first content does; without any ICV every packet must."""

    def _ciphers(self, alg: str, ealg: str, keys: Keys | None) -> Ciphers:
        return ciphers(alg, ealg, keys)

    @property
    def alg(self) -> str:
        """Name of the integrity algorithm, as it was given."""
        return self.ciphers.alg

    @property
    def ealg(self) -> str:
        """Name of the encryption algorithm, as it was given."""
        return self.ciphers.ealg

    @property
    def keys(self) -> Keys | None:
        """Its keys, if they are known."""
        return self.ciphers.keys

    @property
    def icv(self) -> int:
        """Octets of the ICV; 0 if it is not checked, and then nothing that this association opens is proven."""
        return self.ciphers.icv

    @property
    def demanded_icv(self) -> int:
        """Octets that the algorithms demand of the ICV."""
        return self.ciphers.demanded

    def open(self, packet: bytes) -> Opened | str:
        """Verify and decrypt the packet, given from its SPI on; else one of the constants of this module."""
        with_all = self.ciphers
        end = len(packet) - with_all.cut
        if end < with_all.shortest:
            if with_all.shortest < UNPREPARED:
                return TOO_SHORT
            if with_all.keys is None:
                return NO_KEY
            with_all.prepare(with_all.keys)
            return self.open(packet)
        keyed = with_all.mac
        if keyed is not None:
            mac = keyed.copy()
            mac.update(packet[:end])
            if not mac.finalize().startswith(packet[end:]):
                self.failed += 1
                return BAD_ICV
            self.verified += 1
        elif with_all.combined is not None:
            return self._open_combined(with_all.combined, packet, end)
        body = packet[8:end]
        decrypt = with_all.decrypt
        if decrypt is not None:
            if (end - 8) % with_all.block:
                return NOT_BLOCKS
            # The context is never finalised: in CBC the IV, fed as if it were ciphertext, makes the state right for
            # what follows, and its own "plaintext" is dropped with it.
            body = decrypt(body)
        # As `inner` does; the call would be a tenth of the time
        start, trailer = with_all.iv, len(body) - 2
        padding, next_header = body[trailer:]
        last = trailer - padding
        opened: Opened | str
        if last < start or (padding and body[last:trailer] != _PADDING[padding]):
            opened = BAD_PADDING
        else:
            opened = _new(Opened, (next_header, body[start:last], _sequence(packet)[0], padding))
        return self._weighed(opened) if self.doubtful else opened

    def content(self, packet: bytes) -> tuple[int, bytes] | None:
        """Next header and payload of a packet in which nothing is amiss, else None: then `open` says what is.

        Nothing is counted; whoever takes the packet adds it to `verified`. It is 0.6 µs cheaper than `open`, for the
        many packets of an association that is doing well.
        """
        with_all = self.ciphers
        keyed, decrypt, start = with_all.mac, with_all.decrypt, with_all.iv
        end = len(packet) - with_all.cut
        if end < with_all.shortest or self.doubtful:
            return None
        if keyed is None:
            return self._combined_content(packet, end)
        mac = keyed.copy()
        mac.update(packet[:end])
        if not mac.finalize().startswith(packet[end:]):
            return None
        body = packet[8:end]
        if decrypt is not None:
            if len(body) % with_all.block:
                return None
            body = decrypt(body)
        trailer = len(body) - 2
        padding, next_header = body[trailer:]
        last = trailer - padding
        if last < start or (padding and body[last:trailer] != _PADDING[padding]):
            return None
        return next_header, body[start:last]

    def layout(self, packet: bytes) -> tuple[bytes, Trailer | None]:
        """IV and trailer of a packet that has been verified, for the reader of a report; nothing is counted.

        The trailer is None where it cannot be read.
        """
        with_all = self.ciphers
        if self.verified and with_all.shortest == UNPREPARED and with_all.keys is not None:  # they were put away
            with_all.prepare(with_all.keys)
        iv = packet[8 : 8 + with_all.integrity.iv + with_all.encryption.iv]
        end = len(packet) - with_all.cut
        if end < with_all.shortest:
            return iv, None
        body: bytes = packet[8 + len(iv) : end]
        if with_all.decrypt is not None:
            if len(body) % with_all.block:
                return iv, None
            body = with_all.decrypt(iv + body)[len(iv) :]
        elif with_all.combined is not None and with_all.encryption.combined:
            try:
                body = with_all.combined.decrypt(with_all.salt + iv, packet[16:], packet[:8])
            except InvalidTag:
                return iv, None
        if len(body) < 2:
            return iv, None
        length = body[-2]
        return iv, Trailer(body[max(0, len(body) - 2 - length) : len(body) - 2], length, body[-1])

    def _combined_content(self, packet: bytes, end: int) -> tuple[int, bytes] | None:
        """What `content` says, of a packet in a combined mode."""
        gcm = self.ciphers.combined
        body = self._verified_body(gcm, packet, end) if gcm is not None else None
        found = inner(packet, body) if body is not None else BAD_ICV
        return None if isinstance(found, str) else found[:2]

    def _open_combined(self, gcm: AESGCM, packet: bytes, end: int) -> Opened | str:
        body = self._verified_body(gcm, packet, end)
        if body is None:
            self.failed += 1
            return BAD_ICV
        self.verified += 1
        return inner(packet, body)

    def _verified_body(self, gcm: AESGCM, packet: bytes, end: int) -> bytes | None:
        """Verify and decrypt in one (RFC 4106), or verify what can be read (RFC 4543: all but the ICV is AAD)."""
        nonce = self.ciphers.salt + packet[8:16]
        try:
            if self.ciphers.encryption.combined:
                return gcm.decrypt(nonce, packet[16:], packet[:8])
            gcm.decrypt(nonce, packet[end:], packet[:end])
        except InvalidTag:
            return None
        return packet[16:end]

    def _weighed(self, opened: Opened | str) -> Opened | str:
        """BAD_PADDING if nothing but chance, or another encryption key, made this content."""
        if isinstance(opened, str):
            return opened
        sense = makes_sense(opened)
        if not self.icv:
            return opened if sense and self._evident(opened) else BAD_PADDING
        self.doubtful = not sense
        return opened if sense else BAD_PADDING

    def _evident(self, opened: Opened) -> bool:
        """Whether content that makes sense could hardly do so by chance, and is that of this association."""
        if opened.next_header in (TCP, UDP):
            wanted, seen = self.ports, _ports(opened.payload)
            return wanted[0] in (None, seen[0]) and wanted[1] in (None, seen[1])
        return opened.next_header in _HEADED or opened.padding >= 2


def inner(packet: bytes, body: bytes, start: int = 0) -> Opened | str:
    """Split what was decrypted into payload and trailer; BAD_PADDING if the trailer makes no sense.

    ``body`` is the plaintext up to and including the next header, of which the first ``start`` octets are the IV's.
    It has ``start + 2`` octets at least.
    """
    trailer = len(body) - 2
    padding = body[trailer]
    end = trailer - padding
    if end < start or body[end:trailer] != _PADDING[padding]:
        return BAD_PADDING
    return _new(Opened, (body[trailer + 1], body[start:end], _sequence(packet)[0], padding))


def makes_sense(opened: Opened) -> bool:
    """Whether what came out of a decryption can have been put in: a next header that fits what follows."""
    next_header, payload = opened[:2]
    length = len(payload)
    if next_header == UDP:
        return length >= 8 and 8 <= payload[4] << 8 | payload[5] <= length
    if next_header == TCP:
        return length >= 20 and 20 <= payload[12] >> 4 << 2 <= length and not payload[12] & 0x0E
    if next_header == 4:
        return length >= 20 and payload[0] >> 4 == 4 and 20 <= payload[2] << 8 | payload[3] <= length
    if next_header == 41:
        return length >= 40 and payload[0] >> 4 == 6 and (payload[4] << 8 | payload[5]) + 40 <= length
    return next_header in _BARE
