from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.sip.addresses import TEXT_LIMIT, read_address, read_uri, read_via

TEXT = st.text(st.characters(max_codepoint=255)) | st.text('sipSIP:/.20@[];="<>\\ \t,branchtg?²', max_size=80)


def test_sip_uri() -> None:
    uri = read_uri("SIP:+49123;phone-context=x:secret@[2001:DB8::1]:6100;user=phone;LR;ob?Subject=hi")
    assert uri
    assert (uri.scheme, uri.user, uri.host, uri.port) == ("sip", "+49123;phone-context=x", "2001:db8::1", 6100)
    assert uri.params == {"user": "phone", "lr": None, "ob": None}


def test_sip_uri_without_user_port_or_parameters() -> None:
    uri = read_uri("sips:Host.Example?x=1")
    assert uri
    assert (uri.scheme, uri.user, uri.host, uri.port, uri.params) == ("sips", "", "host.example", None, {})


def test_ports_that_are_none() -> None:
    for written in ("sip:h:", "sip:h:x", "sip:h:65536", "sip:h:999999", "sip:h:²", "sip:h:-1"):
        uri = read_uri(written)
        assert uri
        assert (uri.host, uri.port) == ("h", None)


def test_other_schemes_keep_what_follows_as_user() -> None:
    number, service = read_uri("tel:+4930;phone-context=x"), read_uri("urn:service:sos")
    assert number
    assert service
    assert (number.scheme, number.user, number.host, number.params) == ("tel", "+4930", "", {"phone-context": "x"})
    assert (service.scheme, service.user) == ("urn", "service:sos")


def test_no_uri() -> None:
    assert [read_uri(text) for text in ("", "nonsense", ":x", "a b:c", "1x:y", "*")] == [None] * 6


def test_text_of_a_uri_is_fit_for_a_terminal() -> None:
    uri = read_uri("sip:\x1b[2J@host" + "x" * 1000)
    assert uri
    assert uri.text.startswith("sip:?[2J@hostx")
    assert len(uri.text) == TEXT_LIMIT
    assert uri.user == "\x1b[2J"
    assert "\x1b" not in repr(uri)


def test_contact_of_a_phone() -> None:
    contact = read_address(
        ' "Doe \\" <sip:fake@h>" <sip:001@10.20.0.11:46432;transport=udp>'
        ';+sip.instance="<urn:gsma:imei:35622410-769544-0>";Expires=600000;reg-id=1;+g.3gpp.smsip'
    )
    assert contact.uri
    assert (contact.uri.user, contact.uri.port, contact.uri.params) == ("001", 46432, {"transport": "udp"})
    assert contact.params == {
        "+sip.instance": "<urn:gsma:imei:35622410-769544-0>",
        "expires": "600000",
        "reg-id": "1",
        "+g.3gpp.smsip": None,
    }
    assert contact.expires == 600000
    assert not contact.star


def test_without_brackets_parameters_are_the_headers() -> None:
    address = read_address("sip:a@h:5070;tag=x")
    assert address.uri
    assert (address.uri.text, address.uri.port, address.uri.params) == ("sip:a@h:5070", 5070, {})
    assert address.params == {"tag": "x"}


def test_star_and_rubbish() -> None:
    star = read_address(" * ")
    assert star.star
    assert star.uri is None
    assert star.expires is None
    for text in ("", "<", "<>", '"', '"x', "rubbish", "<sip"):
        assert read_address(text).uri is None


def test_quotes_that_are_escaped_outside_a_string() -> None:
    # As a well-known capture with compact forms has it.
    address = read_address('\\"arik\\" <sip:816666@voip.example.net>;tag=6433ef9')
    assert address.uri
    assert address.uri.host == "voip.example.net"
    assert address.params == {"tag": "6433ef9"}


def test_via_of_a_phone() -> None:
    via = read_via("SIP/2.0/UDP 192.168.101.5:5060;branch=z9hG4bK-1;rport;keep;transport=UDP")
    assert via
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "192.168.101.5", 5060, "z9hG4bK-1")
    assert via.params == {"branch": "z9hG4bK-1", "rport": None, "keep": None, "transport": "UDP"}


def test_via_in_unusual_notation() -> None:
    via = read_via('SIP \t/ 2.0 /  tcp \t [2001:DB8::1] : 46432 ; x=";branch=fake" ; Branch = real')
    assert via
    assert (via.transport, via.host, via.port, via.branch) == ("TCP", "2001:db8::1", 46432, "real")


def test_via_without_port_or_branch() -> None:
    via = read_via("SIP/2.0/TCP pcscf.Example.org")
    assert via
    assert (via.host, via.port, via.branch, via.params) == ("pcscf.example.org", None, None, {})


def test_via_with_a_bare_ipv6_address() -> None:
    via = read_via("SIP/2.0/UDP 2001:db8::1;branch=b")
    assert via
    assert (via.host, via.port) == ("2001:db8::1", None)


def test_no_via() -> None:
    assert [read_via(text) for text in ("", "SIP/2.0", "SIP/2.0/UDP", "a/b/c", ";branch=x")] == [None] * 5


@given(TEXT)
def test_no_text_makes_an_address_fail(text: str) -> None:
    address = read_address(text)
    assert isinstance(address.params, dict)
    assert address.expires is None or address.expires >= 0
    uri = read_uri(text)
    for found in (uri, address.uri):
        if found:
            assert found.text.isprintable() or "\xa0" in found.text or "\xad" in found.text
            assert found.port is None or 0 <= found.port <= 65535
            assert isinstance(found.params, dict)
    via = read_via(text)
    if via:
        assert via.port is None or 0 <= via.port <= 65535
        assert isinstance(via.params, dict)
