"""What reads usual values and header sections by one expression says what the careful way says of them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.sip import addresses, digest, headers, secagree
from analyzer.sip.addresses import Uri, read_uri
from analyzer.sip.digest import Credentials
from analyzer.sip.message import parse
from analyzer.sip.secagree import Mechanism
from tests.sip.samples import NOTIFY, SM1, SM6, SM7

PIECES = st.lists(
    st.sampled_from(
        [
            *("ipsec-3gpp", "digest", ";", "; ", " ;", "=", ",", ", ", " ", "\t", '"', "\\", "\r\n ", "\x85", "\xa0"),
            *("alg=hmac-sha-1-96", "ealg=aes-cbc", "ALG=x", "prot=esp", "mod=trans", "q=0.5", "mediasec"),
            *("spi-c=1234567890", "spi-s=99999999999", "spi-c=-5", "spi-s=007", "port-c=5061", "port-s=70000"),
            *("port-c=", "spi-c", "Digest ", "digest ", 'username="a@b"', 'realm="x, y"', "uri=sip:h", 'nonce="ab=="'),
            *('response="\\"q"', "algorithm=AKAv1-MD5", 'ck="00"', 'qop="auth,auth-int"', 'nonce=""', "auts=a=b"),
            *("sip:", "sips:", "SIP:", "tel:", "+49", "user", "@", ":", "host.example", "10.0.0.1", ":5060", ":70000"),
            *("[2001:db8::1]", "_x", "?", "transport=udp", ";lr", "ob", "%40", "\n", "-1"),
        ]
    ),
    max_size=14,
).map("".join)


def carefully(patch: pytest.MonkeyPatch) -> None:
    """Only the careful way from here on."""
    patch.setattr(secagree, "_usual_entry", lambda text: None)
    patch.setattr(digest, "_usual_value", lambda text: None)
    patch.setattr(addresses, "_usual_uri", lambda text: None)


def of_mechanism(text: str) -> tuple[object, ...]:
    found = Mechanism(text)
    return (
        *(found.name, found.dropped, found.params, found.is_ipsec, found.is_mediasec),
        *(found.alg, found.ealg, found.prot, found.mod, found.pair, found.q, found.text, found.canonical()),
        *(found.spi_c, found.spi_s, found.port_c, found.port_s, found.missing(), found.absent()),
    )


def of_digest(text: str) -> tuple[object, ...]:
    found = Credentials(text)
    return found.scheme, found.is_digest, found.params, found._keys, found.nonce, found.rand


def of_uri(text: str) -> tuple[object, ...] | None:
    found: Uri | None = read_uri(text)
    return None if found is None else (found.scheme, found.user, found.host, found.port, found.params, found.text)


@given(PIECES)
@example("ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=1;spi-s=2;port-c=3;port-s=4;q=0.1")
@example("ipsec-3gpp" + ";a=b" * 40)
@example("ipsec-3gpp; alg=a; alg=b")
def test_an_entry_of_the_agreement(text: str) -> None:
    quick = of_mechanism(text)
    with pytest.MonkeyPatch.context() as patch:
        carefully(patch)
        assert of_mechanism(text) == quick


def test_after_its_parameters_were_let_go_an_entry_has_the_same() -> None:
    entry = Mechanism("ipsec-3gpp;alg=hmac-md5-96;spi-c=7;x=1")
    before = dict(entry.params)
    entry.shelve()
    assert (entry.params, entry.spi_c) == (before, 7)


@given(PIECES)
@example('Digest username="a@b",realm="r", uri="sip:r",nonce="",response=""')
@example('Digest Nonce="a", nonce="b", CK="00112233445566778899aabbccddeeff"')
@example('Digest realm="a\tb"')
def test_a_digest(text: str) -> None:
    for value in (text, "Digest " + text):
        quick = of_digest(value)
        with pytest.MonkeyPatch.context() as patch:
            carefully(patch)
            assert of_digest(value) == quick


@given(PIECES)
@example("sip:user@Host.Example:5060;transport=udp?x=y")
@example("sip:h;x=a@b")
@example("sips:@h:99999")
def test_a_uri(text: str) -> None:
    for value in (text, "sip:" + text, "sip:user@" + text):
        quick = of_uri(value)
        with pytest.MonkeyPatch.context() as patch:
            carefully(patch)
            assert of_uri(value) == quick


LINES = st.lists(
    st.sampled_from(
        [
            *(
                "Via: SIP/2.0/UDP h:1;branch=a",
                "v: SIP/2.0/UDP g",
                "To: <sip:a@b>",
                "Call-ID: x",
                "X-Own: 1",
                "x-own:2",
            ),
            *(
                " folded: more",
                "\tfolded",
                "no colon",
                ":empty",
                " : blank",
                "Contact : <sip:a@b>",
                "m: *",
                "Require:a",
            ),
            *("require: b ", "Subject: a\rb", "\r", "Expires:\t5"),
        ]
    ),
    max_size=8,
)


@given(LINES, st.sampled_from(["\r\n", "\n", "\r\r\n"]), st.sampled_from(["\r\n\r\n", "\n\n", "\n\r\n", "\r\n", ""]))
def test_a_header_section(lines: list[str], between: str, after: str) -> None:
    text = ("OPTIONS sip:h SIP/2.0\r\n" + between.join(lines) + after + "body: x\r\n\r\n").encode("latin-1")
    quick = headers.usual_table(text)
    slow = headers.header_table(text.decode("latin-1").split("\n", headers.USUAL_LINES)[1:-1])
    if quick is not None:
        assert slow is not None
        assert slow[1] == {}
        assert {name: value.strip(" \t\r\n") for name, value in slow[0].items()} == {
            name: value.strip(" \t\r\n") for name, value in quick.items()
        }


@pytest.mark.parametrize("text", [SM1, SM6, SM7, NOTIFY])
def test_usual_messages_have_a_usual_table(text: bytes) -> None:
    message = parse(text)
    assert message is not None
    found = headers.usual_table(message.raw)
    assert found is None or {"call-id", "cseq", "via"} <= found.keys()


def test_too_many_lines_are_for_the_careful_way() -> None:
    text = b"OPTIONS sip:h SIP/2.0\r\n" + b"".join(b"X%d: 1\r\n" % each for each in range(60)) + b"\r\n"
    assert headers.usual_table(text) is None
