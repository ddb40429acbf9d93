"""Ciphers with their keys, ready to verify and decrypt (RFC 2403, 2404, 2451, 3602, 4106, 4543).

The four associations of a set have one pair of algorithms and one pair of keys, so that all which follows from these is
here but once: in each of the four it would take 0.1 KB more.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import MD5, SHA1, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

from analyzer.ipsec.algorithms import UNCHECKED, Decrypt, Keys, pair
from analyzer.ipsec.secret import Secret

UNPREPARED: Final = 1 << 62
"""Stands for the octets that the shortest packet has, as long as there are no contexts."""

_HASHES: Final[dict[type[HashAlgorithm], HashAlgorithm]] = {SHA1: SHA1(), MD5: MD5()}
_MODES: Final = {octets: CBC(bytes(octets)) for octets in (8, 16)}
"""What all contexts are made with: the same objects, of which each would keep its own."""


class _Checked(Cipher[CBC]):
    """A cipher whose key and mode are known to fit (`algorithms.py`): that base class asks abstract ones about each,
    which takes longer than to make the context, 2 % of a registration."""

    def __init__(self, algorithm: BlockCipherAlgorithm, mode: CBC) -> None:
        self.algorithm = algorithm
        self.mode = mode


class Ciphers:
    """One pair of algorithms with one pair of keys.

    The contexts are made for the first packet, since many associations of a large capture never see one.
    The constructor raises UnknownAlgorithm, and ValueError if a key has a length that the cipher does not take.
    """

    __slots__ = (
        "alg",
        "block",
        "combined",
        "cut",
        "decrypt",
        "ealg",
        "encryption",
        "icv",
        "integrity",
        "iv",
        "keys",
        "mac",
        "salt",
        "shortest",
    )

    def __init__(self, alg: str, ealg: str, keys: Keys | None, cut: int | None = None) -> None:
        """``cut``: octets of the ICV, if not as many as the algorithms demand."""
        self.alg = alg
        self.ealg = ealg
        self.keys = keys
        self.integrity, self.encryption = first, second = pair(alg, ealg)
        if keys is not None:
            # An HMAC takes any key; what has an IV is a cipher.
            if first.iv and len(keys.auth) not in first.key_lengths:
                raise ValueError(f"a key of {len(keys.auth)} octets does not fit {first.name}")
            if second.iv and len(keys.enc) not in second.key_lengths:
                raise ValueError(f"a key of {len(keys.enc)} octets does not fit {second.name}")
        self.cut = first.icv + second.icv if cut is None else cut
        """Octets at the end of a packet that are an ICV."""
        self.icv = 0 if first is UNCHECKED else self.cut
        """Octets of the ICV that are checked: all of them, or none."""
        self.iv, self.block = second.iv, second.block
        self.shortest = UNPREPARED
        self.mac: HMAC | None = None
        self.decrypt: Decrypt | None = None
        self.combined: AESGCM | None = None
        self.salt = b""

    @property
    def demanded(self) -> int:
        """Octets that the algorithms demand of the ICV."""
        return self.integrity.icv + self.encryption.icv

    @property
    def unproven(self) -> bool:
        """Whether a good ICV, if there is any, says nothing of the encryption key."""
        first, second = self.integrity, self.encryption
        return not self.icv or (second.cipher is not None and not (first.combined or second.combined))

    def prepare(self, keys: Keys) -> None:
        """Make the contexts."""
        alg, ealg = self.integrity, self.encryption
        if alg.combined or ealg.combined:
            key, self.salt = _divided(keys.auth if alg.combined else keys.enc, alg.salt or ealg.salt)
            self.combined = AESGCM(key)
        else:
            self.mac = None if alg.digest is None else HMAC(keys.auth.octets, _HASHES[alg.digest])
            if ealg.cipher is not None:
                self.decrypt = _Checked(ealg.cipher(keys.enc.octets), _MODES[ealg.iv]).decryptor().update
        self.shortest = 8 + alg.iv + ealg.iv + max(ealg.block, 2)

    def shelve(self) -> None:
        """Let go of the contexts, 2 KB; a further packet makes them again."""
        self.shortest = UNPREPARED
        self.mac = self.decrypt = self.combined = None


def ciphers(alg: str, ealg: str, keys: Keys | None, cut: int | None = None) -> Ciphers:
    """The ciphers of these keys and algorithms: the same object for all who have both."""
    for known in keys.ciphers if keys is not None else ():
        if known.alg == alg and known.ealg == ealg and known.cut == (known.demanded if cut is None else cut):
            return known
    made = Ciphers(alg, ealg, keys, cut)
    if keys is not None:
        keys.ciphers += (made,)
    return made


def _divided(key: Secret, salt: int) -> tuple[bytes, bytes]:
    """A key and the salt at its end."""
    octets = key.octets
    return octets[: len(octets) - salt], octets[len(octets) - salt :]
