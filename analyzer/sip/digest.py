"""Digest challenges and credentials, AKA's in particular (RFC 2617, RFC 3310; ck and ik of TS 24.229 7.2A.1).

`verify` computes the answer of AKAv1-MD5, where the octets of RES are the password. AKAv2 needs the keys and is not
computed. CK and IK are kept out of ``params`` and of every representation.
"""

from __future__ import annotations

import base64
from typing import Final

from analyzer.hashes import md5
from analyzer.sip.message import Message
from analyzer.sip.text import LWS, assignments, identifier

CHALLENGES: Final = 8
"""Challenges of one message that are read; a server offers one or two."""

_RAND: Final = 16
_AUTN: Final = 16
_KEY_DIGITS: Final = 32
_PLAIN: Final = frozenset({"akav1-md5", "md5", ""})
_SESSION: Final = frozenset({"akav1-md5-sess", "md5-sess"})


class _Digest:
    """What a challenge and its answer have in common: a scheme and parameters."""

    __slots__ = ("_decoded", "_keys", "nonce", "params", "scheme")

    scheme: str
    """As written."""
    params: dict[str, str | None]
    """Keys in lower case, values unquoted; without ck and ik."""
    nonce: str | None
    """Nonce as written, but for one that is longer than any in use (`identifier`); "" if empty, None if absent."""

    def __init__(self, text: str) -> None:
        """Read a header value; whatever it is, parameters come out of it or none."""
        self.scheme, _, rest = text.strip(LWS).replace("\t", " ").partition(" ")
        params = assignments(rest)
        self.params = params
        self._keys = (params.pop("ck", None), params.pop("ik", None))
        nonce = params.get("nonce")
        self.nonce = None if nonce is None else identifier(nonce)
        self._decoded: bytes | None = None
        """What the nonce is base64 of, once it was asked for; empty if of nothing."""

    @property
    def is_digest(self) -> bool:
        """Whether the scheme is Digest, in any case."""
        return self.scheme.lower() == "digest"

    @property
    def realm(self) -> str | None:
        """Realm; None if absent."""
        return self.params.get("realm")

    @property
    def algorithm(self) -> str | None:
        """Algorithm as written; None if absent, which means MD5."""
        return self.params.get("algorithm")

    @property
    def qop(self) -> str | None:
        """Quality of protection: a list in a challenge, one word in credentials; None if absent."""
        return self.params.get("qop")

    @property
    def is_aka(self) -> bool:
        """Whether the algorithm is one of AKAv1 or AKAv2."""
        return (self.algorithm or "").lower().startswith(("akav1", "akav2"))

    @property
    def rand(self) -> bytes | None:
        """RAND, 16 octets; None if the nonce is not base64 of RAND and AUTN at least (RFC 3310 3.2)."""
        octets = self._octets()
        return octets[:_RAND] if len(octets) >= _RAND + _AUTN else None

    @property
    def autn(self) -> bytes | None:
        """AUTN, 16 octets; None where `rand` is None."""
        octets = self._octets()
        return octets[_RAND : _RAND + _AUTN] if len(octets) >= _RAND + _AUTN else None

    def _octets(self) -> bytes:
        """What the nonce is base64 of: nine times asked for in a registration."""
        octets = self._decoded
        if octets is None:
            octets = self._decoded = _base64(self.params.get("nonce")) or b""
        return octets


class Challenge(_Digest):
    """A value of WWW-Authenticate."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Challenge {self.scheme[:20]!a}>"

    @property
    def has_keys(self) -> bool:
        """Whether ck or ik stands in it, with any value: on Gm that is AUTH-05."""
        return self._keys != (None, None)

    @property
    def keys_empty(self) -> bool:
        """Whether ck and ik, as far as they stand in it, are empty."""
        return not any(self._keys)

    @property
    def ck(self) -> bytes | None:
        """CK, 16 octets; None if absent or ill-formed."""
        return _key(self._keys[0])

    @property
    def ik(self) -> bytes | None:
        """IK, 16 octets; None if absent or ill-formed."""
        return _key(self._keys[1])


class Credentials(_Digest):
    """A value of Authorization. Each parameter is None if absent, "" if empty."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Credentials {self.scheme[:20]!a}>"

    @property
    def username(self) -> str | None:
        """The IMPI, cut if it is longer than any in use (`identifier`)."""
        username = self.params.get("username")
        return None if username is None else identifier(username)

    @property
    def uri(self) -> str | None:
        """The digest-uri."""
        return self.params.get("uri")

    @property
    def response(self) -> str | None:
        """The response, as written."""
        return self.params.get("response")

    @property
    def auts(self) -> str | None:
        """AUTS as written (RFC 3310 3.4)."""
        return self.params.get("auts")

    @property
    def integrity_protected(self) -> str | None:
        """What the P-CSCF says of the protection of the REGISTER (TS 24.229 7.2A.2), in lower case; None if absent."""
        claim = self.params.get("integrity-protected")
        return None if claim is None else identifier(claim).lower()

    @property
    def auts_octets(self) -> bytes | None:
        """AUTS decoded, of whatever length; None if absent or not base64."""
        return _base64(self.auts)

    @property
    def nc(self) -> str | None:
        """Nonce count, as written."""
        return self.params.get("nc")

    @property
    def cnonce(self) -> str | None:
        """The client's nonce."""
        return self.params.get("cnonce")


def challenge(message: Message) -> Challenge | None:
    """The Digest challenge in WWW-Authenticate: the first one of AKA, else the first one; None if there is none."""
    found = challenges(message)
    for each in found:
        if each.is_aka:
            return each
    return found[0] if found else None


def meant(offered: list[Challenge], found: Credentials | None) -> Challenge | None:
    """Which of the challenges of a 401 credentials are for, by the nonce; where several share it, by the algorithm."""
    if found is None:
        return None
    named = [each for each in offered if each.nonce == found.nonce]
    algorithm = (found.algorithm or "").lower()
    return next((each for each in named if (each.algorithm or "").lower() == algorithm), named[0] if named else None)


def challenges(message: Message) -> list[Challenge]:
    """The Digest challenges in WWW-Authenticate, one for each algorithm on offer; `CHALLENGES` of them at most."""
    return message.once("challenges", _challenges)


def _challenges(message: Message) -> list[Challenge]:
    found: list[Challenge] = []
    for value in message.values("www-authenticate"):
        made = Challenge(value)
        if made.is_digest:
            found.append(made)
            if len(found) == CHALLENGES:
                break
    return found


def credentials(message: Message) -> Credentials | None:
    """The first Digest credentials in Authorization; None if there are none."""
    return message.once("credentials", _credentials)


def _credentials(message: Message) -> Credentials | None:
    for value in message.values("authorization"):
        found = Credentials(value)
        if found.is_digest:
            return found
    return None


def next_nonce(message: Message) -> str:
    """The ``nextnonce`` of Authentication-Info, with which the client goes on (RFC 2617 3.2.3); "" if there is none."""
    value = message.first("authentication-info")
    return "" if value is None else identifier(assignments(value).get("nextnonce") or "")


def verify(
    credentials: Credentials, method: str, res: bytes, body: bytes = b"", *, with_body: bool = True
) -> bool | None:
    """Whether the response is that of this RES; None if algorithm or qop is unknown or a parameter is missing.

    An algorithm that is absent, or named MD5, computes as AKAv1-MD5 does. `res` is empty for the answer to a challenge
    that the UE could not accept (RFC 3310 3.4). `body` matters for auth-int alone, and ``with_body`` is
    false for a sum that has left it out all the same.
    """
    algorithm = (credentials.algorithm or "").lower()
    qop = (credentials.qop or "").lower()
    username, nonce = credentials.params.get("username"), credentials.params.get("nonce")
    realm, uri = credentials.realm, credentials.uri
    nc, cnonce, response = credentials.nc, credentials.cnonce, credentials.response
    if username is None or realm is None or uri is None or nonce is None or response is None:
        return None
    if algorithm not in _PLAIN and algorithm not in _SESSION:
        return None
    if qop not in ("", "auth", "auth-int") or (qop and nc is None):
        return None
    if cnonce is None and (qop or algorithm in _SESSION):
        return None

    secret = _octets(f"{username}:{realm}:") + res
    first: tuple[str, ...]
    if algorithm in _SESSION:
        # RFC 2617 hashes the hexadecimal digest, its own sample code the octets: both are about.
        session = _octets(f":{nonce}:{cnonce}")
        first = (_md5(_octets(_md5(secret)) + session), _md5(_digest(secret) + session))
    else:
        first = (_md5(secret),)
    second = f"{method}:{uri}"
    if qop == "auth-int" and with_body:
        second = f"{second}:{_md5(body)}"
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    last = f"{middle}:{_md5(_octets(second))}"
    return any(response.lower() == _md5(_octets(f"{each}:{last}")) for each in first)


def knows(credentials: Credentials, method: str, res: bytes, body: bytes = b"") -> bool | None:
    """Whether whoever wrote this response had this RES, in any of the ways in which implementations compute it.

    RFC 3310 wants its octets for the password; some take hexadecimal or base64, or leave qop or the body out of the
    sum. None as `verify`.
    """
    verdict = verify(credentials, method, res, body)
    if verdict is not False:
        return verdict
    written = (res, res.hex().encode(), res.hex().upper().encode(), base64.b64encode(res))
    bare = Credentials("Digest")
    bare.params = {name: value for name, value in credentials.params.items() if name != "qop"}
    return any(
        verify(each, method, password, body, with_body=whole)
        for each in (credentials, bare)
        for password in written
        for whole in (True, False)
    )


def _digest(octets: bytes) -> bytes:
    return md5(octets, usedforsecurity=False).digest()


def _md5(octets: bytes) -> str:
    return _digest(octets).hex()


def _octets(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _base64(text: str | None) -> bytes | None:
    """Octets of base64 with right, wrong or no padding; None if it is none."""
    if text is None:
        return None
    text = text.rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _key(text: str | None) -> bytes | None:
    if text is None or len(text) != _KEY_DIGITS:
        return None
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        return None
    return octets if 2 * len(octets) == _KEY_DIGITS else None
