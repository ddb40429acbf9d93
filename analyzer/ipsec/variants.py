"""Associations that break RFC 4303's terms for Gm but can be read: another ICV, other padding, extended numbers.

HMAC-MD5-96 and HMAC-SHA-1-96 cut their ICV to 12 octets (RFC 2403, 2404), AES-GMAC and AES-GCM have 16 (RFC 4543,
4106); senders are known to leave the HMAC whole or to cut the others. Extended sequence numbers (RFC 4303 2.2.1) put 32
bits that are not sent under the ICV, and nothing in TS 33.203 Annex H can negotiate them. Such an association is tried
only where nothing else opened a packet.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from analyzer.ipsec.algorithms import Keys, pair
from analyzer.ipsec.ciphers import UNPREPARED, Ciphers, ciphers
from analyzer.ipsec.esp import (
    BAD_ICV,
    BAD_PADDING,
    NO_KEY,
    NOT_BLOCKS,
    TOO_SHORT,
    UDP,
    Opened,
    SecurityAssociation,
    inner,
    makes_sense,
)

_HIGH: Final = bytes(4)
"""The upper half of an extended number, in the first 2^32 packets."""


class Variant(NamedTuple):
    """How an association differs from what its algorithms demand."""

    icv: int
    """Octets of its ICV."""
    esn: bool = False
    """It has extended sequence numbers."""
    lax: bool = False
    """Its padding is not 1, 2, 3 and so on (RFC 4303 2.4)."""


def variants(alg: str, ealg: str) -> list[Variant]:
    """What senders are known to do instead with this pair of algorithms. Raises UnknownAlgorithm."""
    first, second = pair(alg, ealg)
    if first.digest is not None:
        whole = first.digest().digest_size
        usual, lengths = first.icv, tuple(length for length in (16, 20) if length <= whole)
    elif first.combined or second.combined:
        usual, lengths = 16, (12, 8)
    else:
        return []
    return [Variant(usual, lax=True), *(Variant(length) for length in lengths), Variant(usual, esn=True)]


class VariantAssociation(SecurityAssociation):
    """An association with a `Variant`; otherwise as its base, whose hot path knows nothing of it."""

    __slots__ = ("_variant",)

    def __init__(self, variant: Variant, **fields: Any) -> None:
        self._variant = variant
        super().__init__(**fields)

    def _ciphers(self, alg: str, ealg: str, keys: Keys | None) -> Ciphers:
        return ciphers(alg, ealg, keys, self._variant.icv)

    def open(self, packet: bytes) -> Opened | str:
        """Verify and decrypt the packet, given from its SPI on; else one of the constants of `esp.py`."""
        with_all = self.ciphers
        keys, combined = with_all.keys, with_all.integrity.combined or with_all.encryption.combined
        if keys is None:
            return NO_KEY
        if with_all.shortest == UNPREPARED:
            with_all.prepare(keys)
        end = len(packet) - with_all.icv
        if end < with_all.shortest:
            return TOO_SHORT
        body = self._variant_body(packet, end, keys) if combined else self._body(packet, end)
        if body is None:
            self.failed += 1
            return BAD_ICV
        if with_all.decrypt is not None:
            if len(body) % with_all.block:
                self.failed += 1
                return NOT_BLOCKS
            body = with_all.decrypt(body)
        start = 0 if combined else with_all.iv
        opened = inner(packet, body, start)
        if self._variant.lax and (isinstance(opened, str) or not self.verified):
            # The first packet must be padded wrongly, else this is an association like any other.
            opened = _lax(packet, body, start) if isinstance(opened, str) else BAD_PADDING
        if isinstance(opened, str) or not makes_sense(opened):
            self.failed += 1
            return BAD_ICV
        self.verified += 1
        return opened

    def content(self, packet: bytes) -> tuple[int, bytes] | None:
        """Next header and payload of a packet that `open` would open, if its ICV is another only by its length."""
        if self._variant.esn or self.ciphers.combined is not None:
            return None
        found = super().content(packet)
        return found if found is not None and makes_sense(Opened(*found, 0, 0)) else None

    def _body(self, packet: bytes, end: int) -> bytes | None:
        keyed = self.ciphers.mac
        assert keyed is not None
        mac = keyed.copy()
        mac.update(packet[:end])
        if self._variant.esn:
            mac.update(_HIGH)
        return packet[8:end] if mac.finalize()[: self.icv] == packet[end:] else None

    def _variant_body(self, packet: bytes, end: int, keys: Keys) -> bytes | None:
        """GCM with a tag of another length, or with the extended number among what is authenticated."""
        alg, ealg = self.ciphers.integrity, self.ciphers.encryption
        octets = (keys.auth if alg.combined else keys.enc).octets
        key = octets[: len(octets) - (alg.salt or ealg.salt)]
        header = packet[:4] + _HIGH + packet[4:8] if self._variant.esn else packet[:8]
        mode = GCM(self.ciphers.salt + packet[8:16], packet[end:], min_tag_length=self.icv)
        gcm = Cipher(AES(key), mode).decryptor()
        gcm.authenticate_additional_data(header if ealg.combined else header + packet[8:end])
        try:
            body = gcm.update(packet[16:end]) if ealg.combined else packet[16:end]
            return body + gcm.finalize()
        except InvalidTag:
            return None


def _lax(packet: bytes, body: bytes, start: int) -> Opened | str:
    """What is inside, whatever the padding holds; only a UDP datagram, whose length proves where the padding begins."""
    trailer = len(body) - 2
    end = trailer - body[trailer]
    payload = body[start:end] if end >= start + 8 else b""
    if body[trailer + 1] != UDP or len(payload) != int.from_bytes(payload[4:6], "big"):
        return BAD_PADDING
    return Opened(UDP, payload, int.from_bytes(packet[4:8], "big"), body[trailer])
