"""Whatever stands in the headers of the agreement, a verdict comes out and no exception, and no control characters."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenario import Scenario, audited
from tests.scenario.sip_text import Edits

OURS = ("NEG", "PORT")
VALUES = st.one_of(
    st.sampled_from(
        ["", "-1", "0", "00000000001", "4294967296", "99999999999999999999", "²", '"', "a b", "0x1", "5060"]
    ),
    st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=12),
)
NAMES = st.sampled_from(["spi-c", "spi-s", "port-c", "port-s", "alg", "ealg", "prot", "mod", "q", "mediasec", ""])
ENTRIES = st.builds(
    lambda name, pairs: ";".join([name, *(f"{key}={value}" for key, value in pairs)]),
    st.sampled_from(["ipsec-3gpp", "IPSEC-3GPP", "tls", "", "ipsec 3gpp", "digest"]),
    st.lists(st.tuples(NAMES, VALUES), max_size=9),
)
HEADERS = st.lists(ENTRIES, min_size=1, max_size=4).map(", ".join)
ADDRESSES = st.one_of(
    VALUES.map(lambda text: f"<sip:{text}>"), VALUES.map(lambda text: f"<sip:x@10.20.0.1:{text}>"), VALUES
)


def run(s: Scenario, profile: str) -> None:
    report = audited(s, profile=profile)
    assert report.crashed == []
    for each in report.findings:
        if each.rule.startswith(OURS):
            for text in (each.message, each.expected, each.observed, each.argument, each.fault):
                assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text), each


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(client=HEADERS, server=HEADERS, verify=HEADERS, via=VALUES, profile=st.sampled_from(["rel-17", "sa3-29"]))
def test_any_offer_and_any_answer(client: str, server: str, verify: str, via: str, profile: str) -> None:
    s = Scenario()
    offer: Edits = {"Security-Client": client, "Require": verify, "Via": f"SIP/2.0/UDP {via}:7001;branch=z9hG4bKx"}
    p = s.sm1(headers=offer)
    s.sm6(p, headers={"Security-Server": server})
    s.sm7(p, headers={"Security-Client": client, "Security-Verify": verify})
    s.sm12(p, headers={"Security-Server": verify})
    assert p.set
    s.sm12(s.sm1(over=p.set, headers={"Security-Client": server, "Security-Verify": client}), status=494)
    run(s, profile)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contact=ADDRESSES, route=ADDRESSES, verify=HEADERS, via=VALUES)
def test_any_request_and_any_re_registration(contact: str, route: str, verify: str, via: str) -> None:
    s = Scenario()
    first = s.register()
    headers: Edits = {"Contact": contact, "Route": route, "Security-Verify": verify}
    s.request("ue", "SUBSCRIBE", on=first, headers=headers)
    s.request("ue", "MESSAGE", on=first, headers={"Route": [route, contact], "Require": verify})
    sent_by = f"SIP/2.0/UDP {via};branch=z9hG4bKy"
    s.refresh(on=first, sm1={"headers": {"Contact": contact, "Via": sent_by, "Security-Verify": verify}})
    s.refresh(on=first, sm1={"headers": {"Contact": contact, "Security-Client": verify}})
    run(s, "rel-17")
