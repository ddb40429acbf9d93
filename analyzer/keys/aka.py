"""Milenage: what a test SIM answers to a challenge (TS 35.206; as used by AKA of TS 33.102 6.3).

From K, OPc and the RAND of the challenge follow RES, CK and IK; with AUTN it can be told whether the challenge came
from somebody who has K. The expansion of CK and IK to ESP keys is in ``analyzer.ipsec.algorithms``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from analyzer.ipsec.secret import Secret

AUTS_LENGTH: Final = 14
"""Octets of AUTS (TS 33.102 6.3.3)."""

_BLOCK = 16
_BITS = (1 << 128) - 1


class AkaResult(NamedTuple):
    """What Milenage yields for one RAND."""

    res: Secret
    """f2, 8 octets."""
    ck: Secret
    """f3, 16 octets."""
    ik: Secret
    """f4, 16 octets."""
    ak: Secret
    """f5, 6 octets: hides SQN in AUTN."""
    ak_resync: Secret
    """f5*, 6 octets: hides SQN in AUTS."""


def opc_from_op(k: Secret, op: Secret) -> Secret:
    """OPc of a subscriber from K and the operator's OP, 16 octets each (else ValueError)."""
    return Secret(_xor(_encryptor(k)(_checked(op.octets, "OP")), op.octets))


def milenage(k: Secret, opc: Secret, rand: bytes) -> AkaResult:
    """f2 to f5 and f5* of TS 35.206 4.1. All arguments have 16 octets (else ValueError)."""
    encrypt = _encryptor(k)
    mask = _checked(opc.octets, "OPc")
    temp = encrypt(_xor(_checked(rand, "RAND"), mask))
    start = _xor(temp, mask)

    def out(rotation: int, constant: int) -> bytes:
        mixed = int.from_bytes(_rotate(start, rotation)) ^ constant
        return _xor(encrypt(mixed.to_bytes(_BLOCK)), mask)

    second = out(0, 1)
    return AkaResult(
        res=Secret(second[8:]),
        ck=Secret(out(32, 2)),
        ik=Secret(out(64, 4)),
        ak=Secret(second[:6]),
        ak_resync=Secret(out(96, 8)[:6]),
    )


def mac_a(k: Secret, opc: Secret, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """f1 of TS 35.206 4.1: the 8 octets that prove the network. SQN has 6 octets, AMF 2 (else ValueError)."""
    return _macs(k, opc, rand, sqn, amf)[:8]


def mac_s(k: Secret, opc: Secret, rand: bytes, sqn: bytes) -> bytes:
    """f1* of TS 35.206 4.1 with the AMF of TS 33.102 6.3.3, which is zero: the 8 octets that prove an AUTS."""
    return _macs(k, opc, rand, sqn, bytes(2))[8:]


def is_genuine(k: Secret, opc: Secret, rand: bytes, autn: bytes) -> bool:
    """Whether AUTN (SQN hidden by AK, AMF, MAC) was made for this RAND by somebody who has K."""
    if len(rand) != _BLOCK or len(autn) != _BLOCK:
        return False
    sqn = _xor(autn[:6], milenage(k, opc, rand).ak.octets)
    return Secret(mac_a(k, opc, rand, sqn, autn[6:8])) == Secret(autn[8:])


def is_resynchronisation(k: Secret, opc: Secret, rand: bytes, auts: bytes) -> bool:
    """Whether AUTS (SQN hidden by AK*, MAC-S) was made for this RAND by somebody who has K."""
    if len(rand) != _BLOCK or len(auts) != AUTS_LENGTH:
        return False
    sqn = _xor(auts[:6], milenage(k, opc, rand).ak_resync.octets)
    return Secret(mac_s(k, opc, rand, sqn)) == Secret(auts[6:])


def _macs(k: Secret, opc: Secret, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """f1 and f1* together, 16 octets."""
    encrypt = _encryptor(k)
    mask = _checked(opc.octets, "OPc")
    temp = encrypt(_xor(_checked(rand, "RAND"), mask))
    given = _checked((sqn + amf) * 2, "SQN and AMF")
    return _xor(encrypt(_xor(temp, _rotate(_xor(given, mask), 64))), mask)


def _encryptor(k: Secret) -> Callable[[bytes], bytes]:
    # ECB is right here: Milenage is built of single block encryptions.
    return Cipher(AES(_checked(k.octets, "K")), ECB()).encryptor().update


def _checked(octets: bytes, what: str) -> bytes:
    if len(octets) != _BLOCK:
        raise ValueError(f"{what}: {len(octets)} octets instead of {_BLOCK}")
    return octets


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))


def _rotate(octets: bytes, bits: int) -> bytes:
    value = int.from_bytes(octets)
    return ((value << bits | value >> 128 - bits) & _BITS).to_bytes(_BLOCK)
