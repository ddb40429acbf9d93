"""The one table of algorithms: names, lengths and keys (TS 33.203 Annex H and I, requirements section 7).

Every other module asks here: which name a header, Wireshark or the kernel gives to an algorithm, how long its key,
IV, block and ICV are, and how its key follows from CK and IK.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypeVar

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hmac import HMAC

from analyzer.ipsec.secret import Secret


class Spelling(Enum):
    """Whose name for an algorithm it is."""

    HEADER = "Security-Client, Security-Server, Security-Verify"
    WIRESHARK = "esp_sa, without the RFC in brackets"
    KERNEL = "ip xfrm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """One integrity algorithm."""

    name: str
    """As Annex H spells it."""
    names: dict[Spelling, tuple[str, ...]]
    """Every spelling that means it, in lower case."""
    key_lengths: tuple[int, ...]
    """Octets that a key may have; the first is what CK and IK yield."""
    icv: int
    """Octets at the end of the packet."""
    digest: type[hashes.HashAlgorithm] | None
    """The hash of the HMAC; None where there is nothing to check."""
    derive: Callable[[bytes, bytes], bytes]
    """The key that follows from CK and IK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """One encryption algorithm."""

    name: str
    names: dict[Spelling, tuple[str, ...]]
    key_lengths: tuple[int, ...]
    iv: int
    """Octets of IV in front of the ciphertext."""
    block: int
    """IV and ciphertext together are a multiple of this."""
    cipher: Callable[[bytes], BlockCipherAlgorithm] | None
    """The block cipher, used in CBC mode; None where nothing is encrypted."""
    derive: Callable[[bytes, bytes], bytes]


INTEGRITY: Final = (
    Integrity(
        name="hmac-sha-1-96",
        names={
            Spelling.HEADER: ("hmac-sha-1-96", "hmac-sha1-96"),
            Spelling.WIRESHARK: ("hmac-sha-1-96", "hmac-sha1-96"),
            Spelling.KERNEL: ("hmac(sha1)", "sha1"),
        },
        # R2: HMAC pads its key with zeros, so IK alone and IK with 32 zero bits are the same key.
        key_lengths=(20, 16),
        icv=12,
        digest=hashes.SHA1,
        derive=lambda ck, ik: ik + bytes(4),
    ),
    Integrity(
        name="hmac-md5-96",
        names={
            Spelling.HEADER: ("hmac-md5-96",),
            Spelling.WIRESHARK: ("hmac-md5-96",),
            Spelling.KERNEL: ("hmac(md5)", "md5"),
        },
        key_lengths=(16,),
        icv=12,
        digest=hashes.MD5,
        derive=lambda ck, ik: ik,
    ),
    Integrity(
        name="null",
        names={
            Spelling.HEADER: ("null",),
            Spelling.WIRESHARK: ("null",),
            Spelling.KERNEL: ("digest_null",),
        },
        key_lengths=(0,),
        icv=0,
        digest=None,
        derive=lambda ck, ik: b"",
    ),
)

ENCRYPTION: Final = (
    Encryption(
        name="aes-cbc",
        names={
            Spelling.HEADER: ("aes-cbc",),
            Spelling.WIRESHARK: ("aes-cbc",),
            Spelling.KERNEL: ("cbc(aes)", "aes"),
        },
        key_lengths=(16, 24, 32),
        iv=16,
        block=16,
        cipher=AES,
        derive=lambda ck, ik: ck,
    ),
    Encryption(
        name="des-ede3-cbc",
        names={
            Spelling.HEADER: ("des-ede3-cbc",),
            Spelling.WIRESHARK: ("tripledes-cbc",),
            Spelling.KERNEL: ("cbc(des3_ede)", "des3_ede"),
        },
        key_lengths=(24,),
        iv=8,
        block=8,
        cipher=TripleDES,
        derive=lambda ck, ik: ck + ck[:8],
    ),
    Encryption(
        name="null",
        names={
            Spelling.HEADER: ("null",),
            Spelling.WIRESHARK: ("null",),
            Spelling.KERNEL: ("ecb(cipher_null)", "cipher_null"),
        },
        key_lengths=(0,),
        iv=0,
        block=1,
        cipher=None,
        derive=lambda ck, ik: b"",
    ),
)


class UnknownAlgorithm(LookupError):
    """The table has no algorithm of this name. The name is not in the text: in a key file it might be a key."""

    def __init__(self, kind: Literal["integrity", "encryption"]) -> None:
        super().__init__(f"the {kind} algorithm is not one that this program knows")
        self.kind = kind


Decrypt = Callable[[bytes], bytes]
Contexts = tuple[HMAC | None, Decrypt | None]


class Keys:
    """The two keys of an association: ``auth`` for integrity, ``enc`` for encryption (empty where there is none).

    The four associations of a set have the same keys, so the contexts of the ciphers are kept here, once for all.
    """

    __slots__ = ("_contexts", "auth", "enc")

    def __init__(self, auth: Secret, enc: Secret) -> None:
        self.auth = auth
        self.enc = enc
        self._contexts: dict[tuple[str, str], Contexts] = {}

    def contexts(self, alg: Integrity, ealg: Encryption, make: Callable[[], Contexts]) -> Contexts:
        """What ``make`` returned when this pair of algorithms was first asked for."""
        key = (alg.name, ealg.name)
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = make()
        return found


Row = TypeVar("Row", Integrity, Encryption)


def _index(table: tuple[Row, ...]) -> dict[tuple[Spelling, str], Row]:
    return {(spelling, name): row for row in table for spelling, names in row.names.items() for name in names}


_INTEGRITY: Final = _index(INTEGRITY)
_ENCRYPTION: Final = _index(ENCRYPTION)


def integrity(name: str, spelling: Spelling = Spelling.HEADER) -> Integrity:
    """The integrity algorithm of this name, in any case. Raises UnknownAlgorithm."""
    try:
        return _INTEGRITY[spelling, name.lower()]
    except KeyError:
        raise UnknownAlgorithm("integrity") from None


def encryption(name: str, spelling: Spelling = Spelling.HEADER) -> Encryption:
    """The encryption algorithm of this name, in any case. Raises UnknownAlgorithm."""
    try:
        return _ENCRYPTION[spelling, name.lower()]
    except KeyError:
        raise UnknownAlgorithm("encryption") from None


def expand(alg: str, ealg: str, ck: Secret, ik: Secret) -> Keys:
    """The keys of all four associations of a set, from CK and IK of 16 octets each (TS 33.203 Annex I).

    ``alg`` and ``ealg`` as in the Security-* headers. Raises UnknownAlgorithm.
    """
    first, second = ck.octets, ik.octets
    return Keys(Secret(integrity(alg).derive(first, second)), Secret(encryption(ealg).derive(first, second)))
