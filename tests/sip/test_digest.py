from __future__ import annotations

import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from analyzer.sip.digest import CHALLENGES, Challenge, Credentials, challenge, challenges, credentials, knows, verify
from analyzer.sip.message import parse
from tests.sip.samples import RES, SM1, SM6, SM7

RFC2617 = (
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
    'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)

CORE = (
    'Digest realm="ims.mnc001.mcc001.3gppnetwork.org", nonce="oJRMdf88TwhTovkQqh8QT8bi9GyPQoAAfzu5uEt8P/Y=", '
    'algorithm=AKAv1-MD5, ck="000102030405060708090a0b0c0d0e0f", ik="101112131415161718191a1b1c1d1e1f", '
    'qop="auth,auth-int"'
)


def md5(text: str | bytes) -> str:
    return hashlib.md5(text.encode() if isinstance(text, str) else text).hexdigest()


def given_credentials(algorithm: str, response: str, more: str = "") -> Credentials:
    return Credentials(
        f'Digest username="impi", realm="home", nonce="n0", uri="sip:home", response="{response}"{algorithm}{more}'
    )


def test_challenge_of_the_lab() -> None:
    message = parse(SM6)
    assert message
    found = challenge(message)
    assert found
    assert found.is_aka
    assert (found.algorithm, found.realm, found.qop) == ("AKAv1-MD5", "ims.mnc001.mcc001.3gppnetwork.org", None)
    assert found.nonce == "xqR7RVo7c/2e69fRVZDgN4LtwMuhrIAAKU3kem9ppeQ="
    assert found.rand == bytes.fromhex("c6a47b455a3b73fd9eebd7d15590e037")
    assert found.autn == bytes.fromhex("82edc0cba1ac8000294de47a6f69a5e4")
    assert not found.has_keys
    assert found.ck is None
    assert credentials(message) is None


def test_keys_of_the_core_leg_stay_out_of_sight() -> None:
    found = Challenge(CORE)
    assert found.has_keys
    assert found.ck == bytes(range(16))
    assert found.ik == bytes(range(16, 32))
    assert "ck" not in found.params
    assert "ik" not in found.params
    assert found.qop == "auth,auth-int"
    for shown in (repr(found), str(found), repr(found.params)):
        assert "0a0b0c" not in shown
        assert "1a1b1c" not in shown


def test_keys_that_are_none() -> None:
    found = Challenge('Digest nonce="x", CK="12", ik="' + " " * 32 + '"')
    assert found.has_keys
    assert found.ck is None
    assert found.ik is None
    assert Challenge("Digest ck=" + "z" * 32).ck is None


def test_nonces_that_are_no_aka_challenge() -> None:
    for nonce in ("", "dcd98b71", "xqR7RVo7c/2e69fRVZDgN4LtwMuhrIAAKU3kem9p", "not base64 at all!", "\xe4" * 44):
        assert Challenge(f'Digest nonce="{nonce}", algorithm=AKAv1-MD5').rand is None
        assert Challenge(f'Digest nonce="{nonce}", algorithm=AKAv1-MD5').autn is None
    assert Challenge("Digest algorithm=AKAv1-MD5").rand is None


def test_padding_of_the_nonce_does_not_matter_and_server_data_may_follow() -> None:
    for nonce in ("xqR7RVo7c/2e69fRVZDgN4LtwMuhrIAAKU3kem9ppeQ", "xqR7RVo7c/2e69fRVZDgN4LtwMuhrIAAKU3kem9ppeQAAAAA"):
        assert Challenge(f"Digest nonce={nonce}").rand == bytes.fromhex("c6a47b455a3b73fd9eebd7d15590e037")
        assert Challenge(f"Digest nonce={nonce}").autn == bytes.fromhex("82edc0cba1ac8000294de47a6f69a5e4")


def test_the_aka_challenge_comes_first() -> None:
    lines = [
        b"NTLM x",
        b"Digest realm=a",
        b"digest realm=b,algorithm=akaV2-SHA-256",
        b"Digest realm=c,algorithm=AKAv1-MD5",
    ]
    head = b"SIP/2.0 401 Unauthorized\r\n"
    message = parse(head + b"".join(b"WWW-Authenticate: %b\r\n" % line for line in lines) + b"\r\n")
    assert message
    found = challenge(message)
    assert found
    assert found.realm == "b"
    assert [each.realm for each in challenges(message)] == ["a", "b", "c"]
    message = parse(head + b"WWW-Authenticate: NTLM x\r\nWWW-Authenticate: Digest realm=a\r\n\r\n")
    assert message
    found = challenge(message)
    assert found
    assert found.realm == "a"
    assert not found.is_aka
    message = parse(head + b"WWW-Authenticate: NTLM\r\n\r\n")
    assert message
    assert challenge(message) is None


def test_a_message_full_of_challenges() -> None:
    message = parse(b"SIP/2.0 401 Unauthorized\r\n" + b"WWW-Authenticate: Digest realm=a\r\n" * 1000 + b"\r\n")
    assert message
    assert len(challenges(message)) == CHALLENGES


def test_what_the_pcscf_says_of_the_protection() -> None:
    assert Credentials('Digest integrity-protected="YES"').integrity_protected == "yes"
    assert Credentials("Digest integrity-protected=no").integrity_protected == "no"
    assert Credentials("Digest integrity-protected").integrity_protected is None
    assert Credentials("Digest nonce=a").integrity_protected is None


def test_credentials_of_the_first_register() -> None:
    message = parse(SM1)
    assert message
    found = credentials(message)
    assert found
    assert found.username == "001010000000101@ims.mnc001.mcc001.3gppnetwork.org"
    assert (found.nonce, found.response, found.algorithm, found.auts) == ("", "", None, None)


def test_response_of_the_lab() -> None:
    message = parse(SM7)
    assert message
    found = credentials(message)
    assert found
    assert verify(found, message.method, RES) is True
    assert verify(found, message.method, RES[:-1] + b"\0") is False
    assert verify(found, "SUBSCRIBE", RES) is False


def test_synchronisation_failure_of_the_lab() -> None:
    found = Credentials(
        'Digest username="001010000000101@ims.mnc001.mcc001.3gppnetwork.org", '
        'realm="ims.mnc001.mcc001.3gppnetwork.org", nonce="4K1+m6/Uhi4+w6t1K74rHBFWwAtY0YAAFNmZT8nRXLA=", '
        'uri="sip:ims.mnc001.mcc001.3gppnetwork.org", response="7242984b67fe1de65e67a56a1258b949", '
        'algorithm=AKAv1-MD5, auts="8I+XV1mxWs3pqHLROXY="'
    )
    assert found.auts == "8I+XV1mxWs3pqHLROXY="
    assert found.auts_octets is not None
    assert len(found.auts_octets) == 14
    assert verify(found, "REGISTER", b"") is True


def test_vector_of_rfc_2617() -> None:
    found = Credentials(RFC2617)
    assert (found.qop, found.nc, found.cnonce) == ("auth", "00000001", "0a4f113b")
    assert verify(found, "GET", b"Circle Of Life") is True
    assert verify(found, "GET", b"circle of life") is False


def test_variants_computed_by_hand() -> None:
    secret = md5(b"impi:home:" + RES)
    plain = md5(f"{secret}:n0:{md5('REGISTER:sip:home')}")
    for algorithm in (", algorithm=AKAv1-MD5", ', algorithm="akav1-md5"', ", algorithm=MD5", ""):
        assert verify(given_credentials(algorithm, plain), "REGISTER", RES) is True
    assert verify(given_credentials("", plain.upper()), "REGISTER", RES) is True

    body = md5(f"REGISTER:sip:home:{md5(b'<xml/>')}")
    protected = md5(f"{secret}:n0:00000001:c0:auth-int:{body}")
    found = given_credentials("", protected, ', qop="auth-int", nc=00000001, cnonce="c0"')
    assert verify(found, "REGISTER", RES, b"<xml/>") is True
    assert verify(found, "REGISTER", RES) is False

    raw = hashlib.md5(b"impi:home:" + RES).digest()
    for session in (md5(f"{secret}:n0:c0"), md5(raw + b":n0:c0")):
        answer = md5(f"{session}:n0:{md5('REGISTER:sip:home')}")
        found = given_credentials(", algorithm=AKAv1-MD5-sess", answer, ', cnonce="c0"')
        assert verify(found, "REGISTER", RES) is True


def test_who_writes_res_in_another_way_has_it_all_the_same() -> None:
    for password in (RES, RES.hex().encode(), RES.hex().upper().encode(), base64.b64encode(RES)):
        first, second = md5(b"impi:home:" + password), md5("REGISTER:sip:home")
        bare = given_credentials("", md5(f"{first}:n0:{second}"))
        counted = given_credentials("", md5(f"{first}:n0:{second}"), ', qop=auth, nc=1, cnonce="c"')
        assert knows(bare, "REGISTER", RES) is True
        assert knows(counted, "REGISTER", RES) is True
        assert knows(bare, "REGISTER", RES[::-1]) is False
        assert verify(bare, "REGISTER", RES) is (password == RES)
    assert knows(given_credentials(", algorithm=AKAv2-MD5", "00"), "REGISTER", RES) is None


def test_what_cannot_be_verified() -> None:
    for algorithm in ("AKAv2-MD5", "AKAv1-SHA-256", "SHA-256", "x"):
        assert verify(given_credentials(f", algorithm={algorithm}", "0" * 32), "REGISTER", RES) is None
    assert verify(given_credentials("", "", ", qop=token"), "REGISTER", RES) is None
    assert verify(given_credentials("", "", ", qop=auth, nc=1"), "REGISTER", RES) is None
    assert verify(given_credentials("", "", ", qop=auth, cnonce=1"), "REGISTER", RES) is None
    assert verify(given_credentials(", algorithm=MD5-sess", ""), "REGISTER", RES) is None
    assert verify(Credentials("Digest username=a, realm=b, nonce=c, uri=d"), "REGISTER", RES) is None
    assert verify(Credentials(""), "REGISTER", RES) is None
    assert verify(given_credentials("", ""), "REGISTER", RES) is False


def test_quoting_case_and_order_of_parameters() -> None:
    found = Credentials('dIGEST URI = "sip:a,b" ,UserName="do\\"e;x=1",NONCE=n,nonce=second,, response')
    assert found.is_digest
    assert (found.uri, found.username, found.nonce, found.response) == ("sip:a,b", 'do"e;x=1', "n", None)
    assert "do" not in repr(found)


@given(st.text(st.characters(max_codepoint=255)) | st.text('Digest ckinonce="=,\\ \t;ab0', max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    found = Challenge(text)
    assert found.rand is None or len(found.rand) == len(found.autn or b"") == 16
    assert found.ck is None or len(found.ck) == 16
    assert verify(Credentials(text), "REGISTER", RES) in (None, False)


@given(st.text(), st.text(), st.binary(), st.binary())
def test_verifying_never_fails(realm: str, response: str, res: bytes, body: bytes) -> None:
    found = given_credentials("", "")
    found.params.update({"realm": realm, "response": response, "qop": "auth-int", "nc": "1", "cnonce": realm})
    assert verify(found, "REGISTER", res, body) is False
