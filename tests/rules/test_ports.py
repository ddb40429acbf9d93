"""PORT-01 to PORT-04 and PORT-07: which ports stay, which change, and that packets keep to their selectors."""

from __future__ import annotations

import pytest

from tests.rules.ports import PROFILES, tally
from tests.scenario import SaSet, Scenario, audited, check, passes
from tests.scenario.state import Esp, Params, Role

KEPT_OR_CHANGED = ("PORT-01", "PORT-02", "PORT-03", "PORT-04")


def in_use(s: Scenario, over: SaSet) -> SaSet:
    """A re-registration, and traffic both ways until the old set is gone."""
    new = s.register(over=over)
    s.request("ue", "MESSAGE", on=new)
    s.wait(4)
    s.request("pcscf", "OPTIONS", on=new)
    s.wait(300)
    return new


# --- PORT-01 to PORT-04: a re-registration ----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_ue_moves_its_server_port(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first, sm1={"client": {"port_s": first.port_us + 7}})
    s.expect("PORT-01", "violation", actor="UE", at="sm6.2")
    s.expect("NEG-11", "violation", actor="UE", at="sm1.2", cause="PORT-01")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_p_cscf_moves_its_server_port(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first, sm6={"server": {"port_s": first.port_ps + 7}})
    s.expect("PORT-02", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("NEG-20", "violation", actor="P-CSCF", at="sm6.2", cause="PORT-02")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_ue_keeps_its_client_port(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first, sm1={"client": {"port_c": first.port_uc}})
    s.expect("PORT-03", "violation", actor="UE", at="sm6.2")
    s.expect("NEG-11", "violation", actor="UE", at="sm1.2", cause="PORT-03")
    if profile == "rel-17":
        s.expect("PORT-06", "violation", actor="UE", at="sm6.2", cause="PORT-03")
        s.expect("PORT-06", "violation", actor="P-CSCF", at="sm12.2", cause="PORT-03")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_p_cscf_keeps_its_client_port(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    second = s.register(over=first, sm6={"server": {"port_c": first.port_pc}})
    s.request("ue", "MESSAGE", on=second)
    s.wait(4)
    s.request("pcscf", "OPTIONS", on=second)
    s.expect("PORT-04", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("NEG-20", "violation", actor="P-CSCF", at="sm6.2", cause="PORT-04")
    check(s, profile=profile)


def test_every_re_registration_counts_but_its_repetitions_do_not() -> None:
    """FP1."""
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first, client={"port_c": first.port_uc})
    s.sm6(p)
    s.wait(2)
    s.again("sm1.2")
    s.again("sm6.2")
    s.sm7(p)
    s.sm12(p)
    assert p.set
    s.request("ue", "MESSAGE", on=p.set)
    s.wait(4)
    s.request("pcscf", "OPTIONS", on=p.set)
    s.wait(300)
    s.register(over=p.set, sm1={"client": {"port_c": first.port_uc}})
    s.expect("PORT-03", "violation", actor="UE", at="sm6.2", count=2)
    s.expect("NEG-11", "violation", actor="UE", at="sm1.2", count=2, cause="PORT-03")
    s.expect("PORT-06", "violation", actor="UE", at="sm6.2", count=2, cause="PORT-03")
    s.expect("PORT-06", "violation", actor="P-CSCF", at="sm12.2", count=2, cause="PORT-03")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("rule", KEPT_OR_CHANGED)
def test_a_re_registration_as_it_should_be(rule: str, profile: str) -> None:
    s = Scenario()
    s.register(over=in_use(s, s.register()))
    passes(s, rule, at_least=2, profile=profile)
    check(s, profile=profile)


def test_an_initial_registration_has_nothing_to_keep() -> None:
    s = Scenario()
    s.register()
    for rule in KEPT_OR_CHANGED:
        assert not tally(s, rule).exercised


def test_after_a_clear_sm1_both_sides_may_have_new_ports() -> None:
    """FP15: the UE lost its state."""
    s = Scenario()
    first = s.register()
    new = s.register(sm1={"client": {"port_s": first.port_us + 7}}, sm6={"server": {"port_s": first.port_ps + 7}})
    s.request("ue", "MESSAGE", on=new)
    check(s)
    for rule in KEPT_OR_CHANGED:
        assert not tally(s, rule).exercised


def test_another_p_cscf_has_another_server_port() -> None:
    """FP15 and FP25."""
    s = Scenario()
    s.register()
    s.register(ue=s.ue(1, pcscf="10.20.0.2"))
    check(s)
    assert not tally(s, "PORT-02").exercised


@pytest.mark.parametrize("profile", PROFILES)
def test_an_offer_that_was_not_taken_up_may_be_repeated(profile: str) -> None:
    """FP16: the second REGISTER repeats the offer that the first one made in vain."""
    s = Scenario()
    first = s.register()
    vain = s.refresh(on=first)
    s.register(over=first, sm1={"client": vain.client})
    check(s, profile=profile)
    passes(s, "PORT-01", profile=profile)
    passes(s, "PORT-03", profile=profile)


def test_an_unused_offer_with_the_client_port_in_use_is_no_use_of_it() -> None:
    """FP16."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"client": {"port_c": first.port_uc}})
    assert not tally(s, "PORT-03").exercised


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unused_offer_with_another_server_port_is_only_probable(profile: str) -> None:
    """FP16."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"client": {"port_s": first.port_us + 7}})
    s.expect("PORT-01", "probable", actor="UE", at="sm12.2")
    s.expect("NEG-11", "violation", actor="UE", at="sm1.2", cause="PORT-01")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_client_ports_may_come_back_when_their_set_is_gone(profile: str) -> None:
    """FP29."""
    s = Scenario()
    first = s.register()
    second = in_use(s, first)
    s.register(over=second, sm1={"client": {"port_c": first.port_uc}}, sm6={"server": {"port_c": first.port_pc}})
    check(s, profile=profile)
    passes(s, "PORT-03", at_least=2, profile=profile)
    passes(s, "PORT-04", at_least=2, profile=profile)


def test_another_contact_and_an_emergency_registration_have_their_own_ports() -> None:
    """FP9 and FP10."""
    s = Scenario()
    first = s.register()
    flow = s.register(ue=s.ue(1, reg_id=2, instance="urn:uuid:2"))
    sos = s.register(ue=s.ue(1, sos=True))
    assert len({each.port_us for each in (first, flow, sos)}) == 3
    s.register(over=first)
    check(s)
    passes(s, "PORT-01")


def test_the_entry_that_was_taken_up_is_compared() -> None:
    """An offer with ports of its own for each entry: the second one is what SM6 answers."""
    s = Scenario(alg="hmac-sha-1-96", ealg="null")
    first = s.register()
    p = s.sm1(
        over=first,
        headers={
            "Security-Client": lambda text: (
                text.replace("ealg=null", "ealg=aes-cbc").replace(
                    f"port-s={first.port_us}", f"port-s={first.port_us + 7}"
                )
                + f", {text}"
            )
        },
    )
    s.sm6(p)
    check(s, rules=KEPT_OR_CHANGED)
    passes(s, "PORT-01")


def with_all_ports_wrong(begin: str) -> Scenario:
    """A re-registration that keeps the client ports and changes the server ports, in a capture that begins late."""
    s = Scenario()
    first = s.register()
    s.register(
        over=first,
        sm1={"client": {"port_s": first.port_us + 7, "port_c": first.port_uc}},
        sm6={"server": {"port_s": first.port_ps + 7, "port_c": first.port_pc}},
    )
    s.start_at(begin)
    return s


def test_the_set_before_was_not_captured() -> None:
    """FP3."""
    check(with_all_ports_wrong("sm1.2"), rules=KEPT_OR_CHANGED)


@pytest.mark.parametrize("begin", ["sm6", "sm7"])
def test_sm7_alone_tells_the_set_before(begin: str) -> None:
    """Section 9.3: it repeats all values, so the faults that follow are certain."""
    s = with_all_ports_wrong(begin)
    s.expect("PORT-01", "violation", actor="UE", at="sm6.2")
    s.expect("PORT-02", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("PORT-03", "violation", actor="UE", at="sm6.2")
    s.expect("PORT-04", "violation", actor="P-CSCF", at="sm6.2")
    check(s, rules=KEPT_OR_CHANGED)


# --- PORT-07: selectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("source", "target"), [("40000", "ps"), ("uc", "5060"), ("us", "ps"), ("us", "pc"), ("uc", "pc")]
)
def test_a_packet_of_the_ue_has_other_ports_than_its_association(source: str, target: str, profile: str) -> None:
    s = Scenario()
    first = s.register()
    ports = {"uc": first.port_uc, "us": first.port_us, "ps": first.port_ps, "pc": first.port_pc}
    sport, dport = (ports.get(name) or int(name) for name in (source, target))
    s.request("ue", "MESSAGE", on=first, sport=sport, dport=dport)
    s.expect("PORT-07", "violation", actor="UE", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_packet_of_the_p_cscf_has_other_ports_than_its_association(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, sport=first.port_ps)
    s.request("ue", "MESSAGE", on=first, answer={"dport": first.port_uc})
    s.expect("PORT-07", "violation", actor="P-CSCF", at="req", count=2)
    check(s, profile=profile)


ROLES: dict[Role, tuple[str, Role]] = {
    "uc>ps": ("ue", "us>pc"),
    "us>pc": ("ue", "uc>ps"),
    "pc>us": ("pcscf", "ps>uc"),
    "ps>uc": ("pcscf", "pc>us"),
}


@pytest.mark.parametrize("right", ROLES)
def test_right_ports_and_the_spi_of_the_other_pair(right: Role) -> None:
    """V22: SIP does not see it, the packets show it."""
    who, other = ROLES[right]
    s = Scenario(transport="tcp")
    first = s.register()
    wrong: Esp = {"spi": first.selector(other)[2], "seq": 50}
    s.segment("ue" if who == "ue" else "pcscf", "A", on=first, role=right, esp=wrong)
    s.expect("PORT-07", "violation", actor="UE" if who == "ue" else "P-CSCF", at="segment")
    check(s)


def test_over_tcp_every_segment_with_an_ephemeral_port_counts() -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, sport=40000, answered=False)
    s.expect("PORT-07", "violation", actor="UE", at="req.syn", count=3)
    s.expect("PORT-07", "probable", actor="P-CSCF", at="req.synack", count=2, cause="PORT-07")
    s.expect("TRN-02", "violation", actor="UE", at="req.syn", cause="PORT-07")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_packets_keep_to_their_selectors(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    second = in_use(s, s.register())
    s.call("ue", on=second)
    s.call("pcscf", on=second)
    check(s, profile=profile)
    passes(s, "PORT-07", at_least=20, profile=profile)


def test_what_is_neither_udp_nor_tcp_has_no_ports() -> None:
    s = Scenario()
    first = s.register()
    before = tally(s, "PORT-07").passed
    s.request("ue", "MESSAGE", on=first, esp={"next_header": 1}, answered=False)
    check(s, rules=["PORT-07"])
    assert tally(s, "PORT-07").passed == before


def test_keep_alives_have_ports_too() -> None:
    """FP19: they are judged like any other packet."""
    s = Scenario()
    first = s.register()
    s.send("ue", b"\r\n\r\n", on=first, label="ping")
    s.send("ue", b"\r\n\r\n", on=first, sport=40000, label="stray")
    s.expect("PORT-07", "violation", actor="UE", at="stray")
    check(s)


def test_all_ues_may_have_the_same_port_and_spi_at_the_p_cscf() -> None:
    """FP25: the source address tells them apart."""
    s = Scenario()
    one = s.register()
    same: Params = {"port_s": one.port_ps, "port_c": one.port_pc, "spi_s": one.spi_ps, "spi_c": one.spi_pc}
    two = s.register(ue=s.ue(2), sm6={"server": same})
    for each in (one, two):
        s.request("ue", "MESSAGE", on=each)
        s.request("pcscf", "OPTIONS", on=each)
    check(s)
    passes(s, "PORT-07", at_least=12)


def test_two_ues_behind_one_address_may_have_the_same_spi_at_the_p_cscf() -> None:
    """FP25 and FP28: the ICV tells them apart."""
    s = Scenario()
    one = s.register()
    same: Params = {"port_s": one.port_ps, "port_c": one.port_pc, "spi_s": one.spi_ps, "spi_c": one.spi_pc}
    two = s.register(ue=s.ue(2, address=one.ue.address), sm6={"server": same})
    for each in (one, two):
        s.request("ue", "MESSAGE", on=each)
        s.request("pcscf", "OPTIONS", on=each)
    check(s, rules=["PORT-07", "ESP-01", "ESP-02", "ESP-04"])
    passes(s, "PORT-07", at_least=12)


def test_fragments_are_put_together_first() -> None:
    """FP23."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, body=b"x" * 500)
    s.fragment("req", 400)
    check(s)
    passes(s, "PORT-07", at_least=4)


def test_a_packet_that_no_key_opens_has_no_ports_to_compare() -> None:
    """FP18."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, sport=40000)
    report = audited(s, keys="")
    assert {each.verdict for each in report.findings if each.rule == "PORT-07"} == {"inconclusive"}


def test_another_address_alone_may_be_a_nat() -> None:
    """FP12: the key file names an association that anybody may use."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, src="10.20.0.99", answered=False)
    vector = first.vector
    association = (
        f'[[sa]]\ndst = "{first.ue.pcscf}"\nspi = {first.spi_ps}\nalg = "hmac-sha-1-96"\nealg = "aes-cbc"\n'
        f'auth_key = "{vector.ik.hex()}00000000"\nenc_key = "{vector.ck.hex()}"\n'
    )
    s.expect("PORT-07", "probable", actor="UE", at="req")
    check(s, keys=s.keys_toml() + association)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_behind_a_nat_the_ports_of_the_inner_packet_count(transport: str) -> None:
    """FP12: UDP-encapsulated tunnel mode."""
    s = Scenario(transport=transport, mod="UDP-enc-tun")
    first = s.register(ue=s.ue(2, nat="192.0.2.7"))
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "OPTIONS", on=first)
    check(s, rules=["PORT-07", "ESP-01", "ESP-02", "ESP-04"])
    passes(s, "PORT-07", at_least=6)
    s.request("ue", "MESSAGE", on=first, sport=40000, transport="udp", answered=False, label="stray")
    s.expect("PORT-07", "violation", actor="UE", at="stray")
    check(s, rules=["PORT-07"])


@pytest.mark.parametrize(("contact", "verdict"), [(True, "probable"), (False, "violation")])
def test_who_goes_where_the_contact_of_the_other_points_only_follows(contact: bool, verdict: str) -> None:
    """R23: the UE registered its client port."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    assert p.set is not None
    first = p.set
    named = {"Contact": lambda old: old.replace(f":{first.port_us}", f":{first.port_uc}")} if contact else {}
    s.sm7(p, headers=named)
    s.sm12(p)
    s.request("pcscf", "OPTIONS", on=first, dport=first.port_uc, answered=False)
    s.expect("PORT-07", verdict, actor="P-CSCF", at="req", cause="PORT-11" if contact else None)
    check(s, rules=["PORT-07"])
