"""The one table of algorithms: names, lengths and keys (TS 33.203 Annex H and I, requirements section 7).

Every other module asks here: which name a header, Wireshark or the kernel gives to an algorithm, how long its key,
salt, IV, block and ICV are, how its key follows from CK and IK, how strong it is, and which two of them go together. In
which releases an algorithm is allowed stands in the profiles.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hmac import HMAC
from msgspec import Struct

from analyzer.ipsec.secret import Secret

if TYPE_CHECKING:
    from analyzer.ipsec.ciphers import Ciphers


class Spelling(Enum):
    """Where a name of an algorithm comes from."""

    HEADER = "Security-Client, Security-Server, Security-Verify"
    WIRESHARK = "esp_sa, without the RFC in brackets"
    KERNEL = "ip xfrm"


ZEROS: Final = "k3-zero"
"""The last eight octets of a 3DES key are zeros instead of the first eight of CK."""
REVERSED: Final = "salt-reversed"
"""The four octets of a salt are in reverse order."""


class Algorithm(Struct, frozen=True, kw_only=True):
    """What integrity and encryption algorithms have in common."""

    name: str
    """As Annex H spells it."""
    names: dict[Spelling, tuple[str, ...]]
    """Every spelling that means it, in lower case."""
    esp_sa: str | None
    """What Wireshark takes for it, letter by letter; None if it has no name for it."""
    strength: int
    """Rank among the algorithms of its kind (CRY-06): 0 is none at all, a higher one is stronger."""
    key_lengths: tuple[int, ...]
    """Octets that a key may have, its salt included; the first is what CK and IK yield."""
    derive: Callable[[bytes, bytes], bytes]
    """The key that follows from CK and IK."""
    mistakes: tuple[tuple[str, Callable[[bytes, bytes], bytes]], ...] = ()
    """How implementations are known to derive it instead, each with its name (ESP-14)."""
    salt: int = 0
    """Octets of salt at the end of the key: with the IV they are the nonce."""
    iv: int = 0
    """Octets of IV that it puts in front of what it protects."""
    icv: int = 0
    """Octets that it puts at the end of the packet."""

    @property
    def combined(self) -> bool:
        """Whether it is used alone, as a mode of AES-GCM (RFC 4106, RFC 4543)."""
        return self.salt > 0


class Integrity(Algorithm, frozen=True, kw_only=True):
    """One integrity algorithm."""

    digest: type[hashes.HashAlgorithm] | None
    """The hash of the HMAC; None where there is none."""


class Encryption(Algorithm, frozen=True, kw_only=True):
    """One encryption algorithm."""

    block: int
    """IV and ciphertext together are a multiple of this."""
    cipher: Callable[[bytes], BlockCipherAlgorithm] | None
    """The block cipher, used in CBC mode; None where there is none."""


def _salt(code: int, name: bytes, ck: bytes, ik: bytes) -> bytes:
    """The salt of TS 33.203 Annex I: the last four octets of the KDF of TS 33.220 Annex B."""
    kdf = HMAC(ck + ik, hashes.SHA256())
    kdf.update(bytes((code,)) + name + len(name).to_bytes(2))
    return kdf.finalize()[-4:]


INTEGRITY: Final = (
    Integrity(
        name="hmac-sha-1-96",
        names={
            Spelling.HEADER: ("hmac-sha-1-96", "hmac-sha1-96"),
            Spelling.WIRESHARK: ("hmac-sha-1-96", "hmac-sha1-96"),
            Spelling.KERNEL: ("hmac(sha1)", "sha1"),
        },
        esp_sa="HMAC-SHA-1-96 [RFC2404]",
        strength=2,
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
        esp_sa="HMAC-MD5-96 [RFC2403]",
        strength=1,
        key_lengths=(16,),
        icv=12,
        digest=hashes.MD5,
        derive=lambda ck, ik: ik,
    ),
    Integrity(
        name="aes-gmac",
        names={
            Spelling.HEADER: ("aes-gmac",),
            Spelling.WIRESHARK: (),
            Spelling.KERNEL: ("rfc4543(gcm(aes))",),
        },
        esp_sa=None,
        strength=3,
        key_lengths=(20, 28, 36),
        salt=4,
        iv=8,
        icv=16,
        digest=None,
        derive=lambda ck, ik: ik + _salt(0x58, b"AES_GMAC_SALT", ck, ik),
        mistakes=((REVERSED, lambda ck, ik: ik + _salt(0x58, b"AES_GMAC_SALT", ck, ik)[::-1]),),
    ),
    Integrity(
        name="null",
        names={
            Spelling.HEADER: ("null",),
            Spelling.WIRESHARK: ("null",),
            Spelling.KERNEL: ("digest_null",),
        },
        esp_sa="NULL",
        strength=0,
        key_lengths=(0,),
        digest=None,
        derive=lambda ck, ik: b"",
    ),
)

UNCHECKED: Final = Integrity(
    name="unchecked-96",
    names={
        Spelling.HEADER: ("unchecked-96",),
        Spelling.WIRESHARK: ("any 96 bit authentication",),
        Spelling.KERNEL: (),
    },
    esp_sa="ANY 96 bit authentication [no checking]",
    strength=0,
    key_lengths=(0,),
    icv=12,
    digest=None,
    derive=lambda ck, ik: b"",
)
"""Not an algorithm, but an ICV of twelve octets whose key nobody has: so it stands beside the table. What is opened
with it is not proven."""

ENCRYPTION: Final = (
    Encryption(
        name="aes-cbc",
        names={
            Spelling.HEADER: ("aes-cbc",),
            Spelling.WIRESHARK: ("aes-cbc",),
            Spelling.KERNEL: ("cbc(aes)", "aes"),
        },
        esp_sa="AES-CBC [RFC3602]",
        strength=2,
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
        esp_sa="TripleDES-CBC [RFC2451]",
        strength=1,
        key_lengths=(24,),
        iv=8,
        block=8,
        cipher=TripleDES,
        derive=lambda ck, ik: ck + ck[:8],
        mistakes=((ZEROS, lambda ck, ik: ck + bytes(8)),),
    ),
    Encryption(
        name="aes-gcm",
        names={
            Spelling.HEADER: ("aes-gcm",),
            Spelling.WIRESHARK: ("aes-gcm with 16 octet icv", "aes-gcm"),
            Spelling.KERNEL: ("rfc4106(gcm(aes))",),
        },
        esp_sa="AES-GCM with 16 octet ICV [RFC4106]",
        strength=3,
        key_lengths=(20, 28, 36),
        salt=4,
        iv=8,
        icv=16,
        block=1,
        cipher=None,
        derive=lambda ck, ik: ck + _salt(0x59, b"AES_GCM_SALT", ck, ik),
        mistakes=((REVERSED, lambda ck, ik: ck + _salt(0x59, b"AES_GCM_SALT", ck, ik)[::-1]),),
    ),
    Encryption(
        name="null",
        names={
            Spelling.HEADER: ("null",),
            Spelling.WIRESHARK: ("null",),
            Spelling.KERNEL: ("ecb(cipher_null)", "cipher_null"),
        },
        esp_sa="NULL",
        strength=0,
        key_lengths=(0,),
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


class UnfitPair(UnknownAlgorithm):
    """The table has both algorithms, but no packet can be protected with the two together."""

    def __init__(self, kind: Literal["integrity", "encryption"], name: str) -> None:
        LookupError.__init__(self, f"{name} stands for itself: the {kind} algorithm beside it must be null")
        self.kind = kind


Decrypt = Callable[[bytes], bytes]


class Keys:
    """The two keys of an association: ``auth`` for integrity, ``enc`` for encryption (empty where there is none)."""

    __slots__ = ("auth", "ciphers", "enc")

    def __init__(self, auth: Secret, enc: Secret) -> None:
        self.auth = auth
        self.enc = enc
        self.ciphers: tuple[Ciphers, ...] = ()
        """What is made of them (`ciphers.py`), once for all who have them."""


Row = TypeVar("Row", Integrity, Encryption)


def _index(table: tuple[Row, ...], spelling: Spelling) -> dict[str, Row]:
    return {name: row for row in table for name in row.names.get(spelling, ())}


_INTEGRITY: Final = {spelling: _index((*INTEGRITY, UNCHECKED), spelling) for spelling in Spelling}
_ENCRYPTION: Final = {spelling: _index(ENCRYPTION, spelling) for spelling in Spelling}
# Each registration asks thirty times, by the names of a header and nearly always in lower case
_USUAL_INTEGRITY: Final = _INTEGRITY[Spelling.HEADER]
_USUAL_ENCRYPTION: Final = _ENCRYPTION[Spelling.HEADER]

PAIRS: Final = tuple(
    (alg.name, ealg.name)
    for alg in INTEGRITY
    for ealg in ENCRYPTION
    if (ealg.name == "null" if alg.combined else ealg.combined == (not alg.icv))
)
"""The pairs that the standard allows (Annex H): an HMAC with CBC or null, aes-gmac with null, null with aes-gcm."""
# Each of the four associations of a set asks for its two
_USUAL_PAIRS: Final = {(alg, ealg): (_USUAL_INTEGRITY[alg], _USUAL_ENCRYPTION[ealg]) for alg, ealg in PAIRS}


def integrity(name: str, spelling: Spelling = Spelling.HEADER) -> Integrity:
    """The integrity algorithm of this name, in any case. Raises UnknownAlgorithm."""
    table = _USUAL_INTEGRITY if spelling is Spelling.HEADER else _INTEGRITY[spelling]
    found = table.get(name) or table.get(name.lower())
    if found is None:
        raise UnknownAlgorithm("integrity")
    return found


def encryption(name: str, spelling: Spelling = Spelling.HEADER) -> Encryption:
    """The encryption algorithm of this name, in any case. Raises UnknownAlgorithm."""
    table = _USUAL_ENCRYPTION if spelling is Spelling.HEADER else _ENCRYPTION[spelling]
    found = table.get(name) or table.get(name.lower())
    if found is None:
        raise UnknownAlgorithm("encryption")
    return found


def pair(alg: str, ealg: str) -> tuple[Integrity, Encryption]:
    """The two algorithms of these names, as in the Security-* headers. Raises UnknownAlgorithm and its UnfitPair.

    More than `PAIRS` can be read: null beside aes-cbc is forbidden, but a packet may well be made so.
    """
    usual = _USUAL_PAIRS.get((alg, ealg))
    if usual is not None:
        return usual
    first, second = integrity(alg), encryption(ealg)
    if second.combined and first.icv:
        raise UnfitPair("integrity", second.name)
    if first.combined and second.key_lengths != (0,):
        raise UnfitPair("encryption", first.name)
    return first, second


def expand(alg: str, ealg: str, ck: Secret, ik: Secret) -> Keys:
    """The keys of all four associations of a set, from CK and IK of 16 octets each (TS 33.203 Annex I).

    ``alg`` and ``ealg`` as in the Security-* headers. Raises UnknownAlgorithm and its UnfitPair.
    """
    first, second = pair(alg, ealg)
    return Keys(
        Secret(first.derive(ck.octets, ik.octets)),
        Secret(second.derive(ck.octets, ik.octets)),
    )


def weaker(alg: str, ealg: str, than: tuple[str, str]) -> bool:
    """Whether this pair of algorithms is weaker than another: in one respect, and stronger in none (CRY-06).

    AES-GCM stands for its integrity too. False where a name is not in the table, since then nobody knows.
    """
    if than == (alg, ealg):
        return False
    try:
        mine, other = _strength(alg, ealg), _strength(*than)
    except UnknownAlgorithm:
        return False
    return mine != other and mine[0] <= other[0] and mine[1] <= other[1]


def _strength(alg: str, ealg: str) -> tuple[int, int]:
    """The ranks of integrity and encryption of a pair."""
    first, second = integrity(alg), encryption(ealg)
    return max(first.strength, second.strength if second.combined else 0), second.strength
