"""AKA of a test SIM, not the analyzer's: Milenage (TS 35.206), the digest of RFC 3310, ESP keys (TS 33.203 I)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

AMF = b"\x80\x00"


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


@dataclass(frozen=True, slots=True)
class Milenage:
    """The functions f1 to f5* of one subscriber for one RAND."""

    k: bytes = field(repr=False)
    opc: bytes = field(repr=False)
    rand: bytes

    def _block(self, block: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(self.k), modes.ECB()).encryptor()
        return encryptor.update(block) + encryptor.finalize()

    def _out(self, octets: int, constant: int) -> bytes:
        temp = xor(self._block(xor(self.rand, self.opc)), self.opc)
        turned = temp[octets:] + temp[:octets]
        return xor(self._block(xor(turned, constant.to_bytes(16, "big"))), self.opc)

    def f1(self, sqn: bytes, amf: bytes) -> tuple[bytes, bytes]:
        """MAC-A and MAC-S, 8 octets each."""
        temp = self._block(xor(self.rand, self.opc))
        turned = xor((sqn + amf) * 2, self.opc)
        turned = turned[8:] + turned[:8]
        out = xor(self._block(xor(temp, turned)), self.opc)
        return out[:8], out[8:]

    @property
    def res(self) -> bytes:
        return self._out(0, 1)[8:]

    @property
    def ak(self) -> bytes:
        return self._out(0, 1)[:6]

    @property
    def ck(self) -> bytes:
        return self._out(4, 2)

    @property
    def ik(self) -> bytes:
        return self._out(8, 4)

    @property
    def ak_star(self) -> bytes:
        return self._out(12, 8)[:6]


@dataclass(frozen=True, slots=True)
class Vector:
    """One authentication vector as a challenge carries it."""

    rand: bytes
    autn: bytes
    res: bytes = field(repr=False)
    ck: bytes = field(repr=False)
    ik: bytes = field(repr=False)
    auts: bytes
    """What a UE whose SQN is ahead would answer."""

    @property
    def nonce(self) -> str:
        return base64.b64encode(self.rand + self.autn).decode()


def vector(k: bytes, opc: bytes, rand: bytes, sqn: int, *, bad_mac: bool = False) -> Vector:
    """A real vector; ``bad_mac`` spoils the network's proof of itself."""
    functions = Milenage(k, opc, rand)
    sequence = sqn.to_bytes(6, "big")
    mac, _ = functions.f1(sequence, AMF)
    if bad_mac:
        mac = xor(mac, b"\xff" * 8)
    ahead = (sqn + 64).to_bytes(6, "big")
    auts = xor(ahead, functions.ak_star) + functions.f1(ahead, b"\0\0")[1]
    autn = xor(sequence, functions.ak) + AMF + mac
    return Vector(rand, autn, functions.res, functions.ck, functions.ik, auts)


def digest(
    username: str, realm: str, password: bytes, method: str, uri: str, nonce: str, *, qop: str = "", cnonce: str = ""
) -> str:
    """The response of RFC 2617 with RES, as octets, for the password (RFC 3310 3.3)."""
    first = hashlib.md5(f"{username}:{realm}:".encode() + password).hexdigest()
    second = hashlib.md5(f"{method}:{uri}".encode()).hexdigest()
    middle = f"{nonce}:00000001:{cnonce}:{qop}" if qop else nonce
    return hashlib.md5(f"{first}:{middle}:{second}".encode()).hexdigest()


def integrity_key(alg: str, ck: bytes, ik: bytes) -> bytes:
    if alg == "hmac-sha-1-96":
        return ik + bytes(4)
    if alg == "aes-gmac":
        return ik + salt(0x58, b"AES_GMAC_SALT", ck, ik)
    return ik


def cipher_key(ealg: str, ck: bytes, ik: bytes) -> bytes:
    if ealg == "des-ede3-cbc":
        return ck + ck[:8]
    if ealg == "aes-gcm":
        return ck + salt(0x59, b"AES_GCM_SALT", ck, ik)
    return ck


def salt(fc: int, name: bytes, ck: bytes, ik: bytes) -> bytes:
    return hmac.digest(ck + ik, bytes((fc,)) + name + len(name).to_bytes(2, "big"), "sha256")[-4:]
