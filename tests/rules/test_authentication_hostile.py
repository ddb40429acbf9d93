"""Whatever stands in the headers of the exchange, the AUTH and CRY rows say something or nothing, and never crash."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.digest import put
from tests.scenario import Scenario, audited

NAMES = ("username", "realm", "uri", "nonce", "response", "algorithm", "auts", "qop", "nc", "integrity-protected")
values = st.text(st.characters(codec="latin-1", exclude_characters='\r\n",'), max_size=60) | st.sampled_from(
    ["", "=", "AKAv2-MD5", "AKAv1-MD5-sess", "yes", "9" * 500, "\x1b[31m", "x" * 20_000]
)
words = st.text(st.characters(codec="latin-1", exclude_characters="\r\n,;="), max_size=40) | st.sampled_from(
    ["null", "aes-gcm", "aes-gmac", "hmac-md5-96", "des-ede3-cbc", "x" * 3_000]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NAMES), values, values, words, words, st.sampled_from(["sm1", "sm6", "sm7"]))
def test_any_value_anywhere(name: str, value: str, other: str, alg: str, ealg: str, where: str) -> None:
    s = Scenario()
    change, server = put(name, value), put(name, other)

    def entry(text: str) -> str:
        return f"{text}, ipsec-3gpp;alg={alg};ealg={ealg};spi-c=1;spi-s=2;port-c=3;port-s=4"

    p = s.sm1(headers={"Authorization": change, "Security-Client": entry} if where == "sm1" else {})
    s.sm6(p, headers={"WWW-Authenticate": server, "Security-Server": entry} if where == "sm6" else {})
    s.sm7(p, headers={"Authorization": change} if where == "sm7" else {})
    s.sm12(p)
    assert p.set
    s.sm1(over=p.set, headers={"Authorization": change})
    report = audited(s, keys=s.subscriber_toml() + s.keys_toml())
    assert report.crashed == []
    for found in report.findings:
        if found.rule.startswith(("AUTH", "CRY")):
            assert all(len(text) < 400 and text.isprintable() for text in (found.expected, found.observed))
