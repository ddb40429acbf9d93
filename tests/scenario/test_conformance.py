"""What a scenario writes unless it is told otherwise obeys the message map; each step can be made to differ."""

from __future__ import annotations

import pytest
from scapy.layers import ipsec
from scapy.layers.inet import IP

from .reading import ROLES, opened, packet, plain, way, whole
from .scenario import Scenario
from .state import Role


@pytest.mark.parametrize(("transport", "back", "answer"), [("udp", "pc>us", "uc>ps"), ("tcp", "ps>uc", "us>pc")])
def test_each_message_is_protected_as_the_message_map_says(transport: str, back: Role, answer: Role) -> None:
    scenario = Scenario(transport=transport)
    whole(scenario)
    assert way(scenario, "sm1") == way(scenario, "sm6") == (None, None)
    assert way(scenario, "sm7") == (1, "uc>ps")
    assert way(scenario, "sm12") == (1, back)
    assert way(scenario, "req.2") == (1, "pc>us")
    assert way(scenario, "resp.2") == (1, answer)
    assert way(scenario, "sm1.2") == (1, "uc>ps")
    assert way(scenario, "sm6.2") == (1, back)
    assert way(scenario, "sm7.2") == (2, "uc>ps")
    assert way(scenario, "sm12.2") == (2, back)
    assert way(scenario, "dereg.200") == (2, back)


def test_headers_stand_where_they_must() -> None:
    scenario = Scenario()
    whole(scenario)
    have = {
        label: [name for name in ("Security-Client", "Security-Server", "Security-Verify") if sent.message.all(name)]
        for label, sent in scenario.sent.items()
    }
    assert have["sm1"] == ["Security-Client"]
    assert have["sm6"] == ["Security-Server"]
    assert have["sm7"] == have["sm1.2"] == have["dereg"] == ["Security-Client", "Security-Verify"]
    assert have["sm12"] == have["resp"] == have["invite.ack"] == []
    assert have["req"] == have["invite"] == have["invite.bye"] == ["Security-Verify"]
    message = {label: sent.message for label, sent in scenario.sent.items()}
    assert message["sm7"]["Security-Client"] == message["sm1"]["Security-Client"]
    assert message["sm7"]["Security-Verify"] == message["sm6"]["Security-Server"]
    assert message["sm1.2"]["Security-Verify"] == message["sm6"]["Security-Server"]
    assert message["req.3"]["Security-Verify"] == message["sm6.2"]["Security-Server"]
    assert message["sm1.2"]["Authorization"] == message["sm7"]["Authorization"]
    for label in ("sm1", "sm7", "sm1.2", "req", "invite", "dereg"):
        assert message[label].all("Require") == message[label].all("Proxy-Require") == ["sec-agree"]


def test_ports_in_headers_and_in_sets() -> None:
    scenario = Scenario()
    first, second = whole(scenario)
    assert (first.port_us, first.port_ps) == (second.port_us, second.port_ps)
    for before, after in ((first.port_uc, second.port_uc), (first.port_pc, second.port_pc)):
        assert before != after
    spis = [sa_set.selector(role)[2] for sa_set in (first, second) for role in ROLES]
    assert len(set(spis)) == 8
    assert min(spis) >= 10**9
    for label in ("sm7", "sm1.2", "req", "invite", "invite.ack", "invite.bye"):
        assert f"{first.ue.address}:{first.port_us};branch" in scenario.sent[label].message["Via"]
    for label in ("sm7", "req", "invite", "sm12"):
        assert f"{first.ue.address}:{first.port_us}>" in scenario.sent[label].message["Contact"]
    for label in ("req.2", "invite.2"):
        assert f"{first.ue.pcscf}:{first.port_ps};branch" in scenario.sent[label].message["Via"]
        assert scenario.sent[label].message.uri == first.ue.uri(first.port_us, "udp")
    assert scenario.sent["req"].message["Route"] == f"<sip:{first.ue.pcscf}:{first.port_ps};lr>"
    assert "expires=600000" in scenario.sent["sm12"].message["Contact"]


@pytest.mark.parametrize("ipv6", [False, True])
def test_no_request_over_udp_exceeds_1300_octets(ipv6: bool) -> None:
    scenario = Scenario(ipv6=ipv6)
    whole(scenario)
    assert max(len(sent.raw) for sent in scenario.sent.values()) <= 1300


def test_transactions_and_dialogs_hang_together() -> None:
    scenario = Scenario()
    first = scenario.register()
    call = scenario.call("pcscf", on=first)
    text = {label: sent.message for label, sent in scenario.sent.items()}
    assert text["invite.200"].all("Via") == text["invite"].all("Via")
    assert {text[f"invite.{part}"]["Call-ID"] for part in ("100", "180", "200", "ack", "bye")} == {
        call.message["Call-ID"]
    }
    assert text["invite.180"]["To"] == text["invite.200"]["To"] == text["invite.ack"]["To"] == text["invite.bye"]["To"]
    assert text["invite.ack"]["CSeq"] == "1 ACK"
    assert text["invite.bye"]["CSeq"] == "2 BYE"
    assert text["invite.ack"]["Via"] != text["invite"]["Via"]
    back = scenario.bye(call, "ue")
    assert back.message["From"] == text["invite.200"]["To"]
    assert back.message["To"] == call.message["From"]


def test_a_cancelled_call_is_acknowledged_in_the_same_transaction() -> None:
    scenario = Scenario()
    first = scenario.register()
    call = scenario.invite("ue", on=first)
    scenario.answer(call, 180)
    cancel = scenario.cancel(call)
    scenario.answer(call, 487)
    ack = scenario.ack(call)
    assert cancel.message["Via"] == ack.message["Via"] == call.message["Via"]
    assert cancel.message["CSeq"] == "1 CANCEL"
    assert ack.message["To"] == scenario.sent["invite.487"].message["To"]
    assert "invite.cancel.200" in scenario.sent


def test_refusals_go_where_case_d_says() -> None:
    for transport, clear, protected in (("udp", (1, "pc>us"), (1, "pc>us")), ("tcp", (1, "ps>uc"), (1, "ps>uc"))):
        scenario = Scenario(transport=transport)
        scenario.register(sm7={"res_wrong": True}, sm12={"status": 403})
        assert way(scenario, "sm12") == clear
        scenario = Scenario(transport=transport)
        first = scenario.register()
        scenario.register(over=first, sm7={"res_wrong": True}, sm12={"status": 403})
        assert way(scenario, "sm7.2") == (2, "uc>ps")
        assert way(scenario, "sm12.2") == protected
        assert scenario.sets[1].generation == 2


def test_a_second_challenge_makes_a_new_set_for_the_same_offer() -> None:
    scenario = Scenario()
    procedure = scenario.sm1()
    scenario.sm6(procedure)
    scenario.sm7(procedure)
    scenario.sm12(procedure, status=401)
    scenario.sm7(procedure, label="sm7b")
    scenario.sm12(procedure, label="sm12b")
    one, two = scenario.sets
    assert (one.spi_uc, one.port_uc) == (two.spi_uc, two.port_uc)
    assert one.spi_pc != two.spi_pc
    assert one.vector.ik != two.vector.ik
    assert way(scenario, "sm12") == (1, "pc>us")
    assert way(scenario, "sm7b") == (2, "uc>ps")
    assert packet(scenario, "sm12b")[ipsec.ESP].seq == 1
    assert scenario.sent["sm7b"].message["CSeq"] == "3 REGISTER"


@pytest.mark.parametrize("why", ["mac", "sqn"])
def test_a_rejected_challenge_is_answered_where_sm1_went(why: str) -> None:
    scenario = Scenario()
    first = scenario.register()
    procedure = scenario.sm1(over=first)
    scenario.sm6(procedure, bad_mac=why == "mac")
    scenario.reject(procedure, why)
    scenario.sm6(procedure, label="sm6b")
    scenario.sm7(procedure, label="sm7b")
    scenario.sm12(procedure, label="sm12b")
    authorization = scenario.sent["reject.2"].message["Authorization"]
    assert 'response=""' in authorization
    assert ("auts=" in authorization) == (why == "sqn")
    assert way(scenario, "reject.2") == (1, "uc>ps")
    assert way(scenario, "sm6b") == (1, "pc>us")
    assert way(scenario, "sm7b") == (3, "uc>ps")
    assert scenario.sent["reject.2"].message["Security-Client"] != scenario.sent["sm1.2"].message["Security-Client"]


def test_an_unchallenged_refresh_and_a_deregistration_stay_on_their_set() -> None:
    scenario = Scenario()
    first = scenario.register()
    scenario.refresh(on=first, sm12={"expires": 1200})
    scenario.deregister(on=first)
    assert len(scenario.sets) == 1
    assert way(scenario, "sm12.2") == (1, "pc>us")
    assert "expires=1200" in scenario.sent["sm12.2"].message["Contact"]
    assert "expires=0" in scenario.sent["dereg"].message["Contact"]
    assert not scenario.sent["dereg.200"].message.all("Contact")


def test_values_of_a_set_can_be_chosen() -> None:
    scenario = Scenario()
    sa_set = scenario.register(sm1={"client": {"port_s": 6060, "spi_c": 300}}, sm6={"server": {"spi_s": 301}})
    assert (sa_set.port_us, sa_set.spi_uc, sa_set.spi_ps) == (6060, 300, 301)
    assert ":6060;" in scenario.sent["sm7"].message["Via"]
    assert packet(scenario, "sm7")[ipsec.ESP].spi == 301
    assert opened(scenario)[scenario.frame("sm12") - 1][1].dport == 6060


def test_headers_can_be_replaced_removed_repeated_changed_and_added() -> None:
    scenario = Scenario()
    scenario.register(
        sm7={
            "headers": {
                "Security-Verify": None,
                "Supported": ["path", "gruu"],
                "Security-Client": lambda text: text.replace("aes-cbc", "null"),
                "Via": "SIP/2.0/UDP 192.0.2.1",
                "X-New": "1",
            }
        }
    )
    message = scenario.sent["sm7"].message
    assert not message.all("Security-Verify")
    assert message.all("Supported") == ["path", "gruu"]
    assert "ealg=null" in message["Security-Client"]
    assert message.headers[0] == ("Via", "SIP/2.0/UDP 192.0.2.1")
    assert message.headers[-1] == ("X-New", "1")
    assert plain(scenario, "sm7") == message.encode()


def test_several_offers_and_the_pair_in_use() -> None:
    scenario = Scenario()
    both = [("hmac-sha-1-96", "aes-cbc"), ("hmac-md5-96", "null")]
    sa_set = scenario.register(sm1={"offers": both}, sm6={"offers": both, "q": ["0.5", "0.2"], "use": both[1]})
    assert scenario.sent["sm1"].message["Security-Client"].count("ipsec-3gpp") == 2
    assert scenario.sent["sm7"].message["Security-Verify"].count("q=0.") == 2
    assert (sa_set.alg, sa_set.ealg) == both[1]
    assert plain(scenario, "sm7") == scenario.sent["sm7"].raw


def test_rport_is_filled_with_the_protected_server_port() -> None:
    scenario = Scenario()
    first = scenario.register()
    scenario.request("ue", "MESSAGE", on=first, rport=True)
    assert scenario.sent["req"].message["Via"].endswith(";rport")
    assert scenario.sent["resp"].message["Via"].endswith(f";rport={first.port_us}")


def test_clear_and_protected_can_be_mixed_by_hand() -> None:
    scenario = Scenario()
    first = scenario.register(sm7={"on": None})
    assert IP in packet(scenario, "sm7")
    assert (packet(scenario, "sm7").sport, packet(scenario, "sm7").dport) == (5060, 5060)
    scenario.request("ue", "MESSAGE", on=first, answer={"on": None, "sport": 5060, "dport": first.port_us})
    assert packet(scenario, "req").haslayer(ipsec.ESP)
    assert packet(scenario, "resp").dport == first.port_us
    emergency = scenario.invite("ue", uri="urn:service:sos")
    scenario.answer(emergency, 380)
    assert emergency.message.uri == "urn:service:sos"
    assert not emergency.message.all("Security-Verify")
    assert packet(scenario, "invite.380").dport == 5060


def test_other_ues_and_other_contacts_have_their_own_everything() -> None:
    scenario = Scenario()
    one = scenario.register()
    two = scenario.register(ue=scenario.ue(2))
    flow = scenario.register(ue=scenario.ue(1, reg_id=2, instance="urn:uuid:2"))
    sos = scenario.register(ue=scenario.ue(1, sos=True))
    assert {"sm1", "ue2.sm1", "ue3.sm12", "ue4.sm7"} <= scenario.sent.keys()
    assert two.ue.address != one.ue.address == flow.ue.address
    assert flow.ue.impi == one.ue.impi != two.ue.impi
    assert len({s.port_us for s in (one, two, flow, sos)}) == 4
    assert ";reg-id=2" in scenario.sent["ue3.sm1"].message["Contact"]
    assert ";sos>" in scenario.sent["ue4.sm7"].message["Contact"]
    assert scenario.subscriber_toml().count("[[subscriber]]") == 2
    assert scenario.keys_toml().count("[[aka]]") == 4
    assert one.vector.ck.hex() in scenario.keys_toml()


def test_the_core_leg_has_a_second_via_and_the_keys() -> None:
    scenario = Scenario()
    first = scenario.register(core=True)
    text = {label: sent.message for label, sent in scenario.sent.items()}
    assert [text[label].start.split(" ")[0] for label in ("sm2", "sm5", "sm8", "sm11")] == [
        "REGISTER",
        "SIP/2.0",
        "REGISTER",
        "SIP/2.0",
    ]
    assert text["sm2"].all("Via")[1:] == text["sm1"].all("Via")
    assert text["sm2"]["Path"]
    assert 'integrity-protected="no"' in text["sm2"]["Authorization"]
    assert 'integrity-protected="yes"' in text["sm8"]["Authorization"]
    assert f'ck="{first.vector.ck.hex()}"' in text["sm5"]["WWW-Authenticate"]
    assert "ck=" not in text["sm6"]["WWW-Authenticate"]
    assert text["sm5"].all("Via") == text["sm2"].all("Via")
    assert text["sm11"].all("Via") == text["sm8"].all("Via")
    assert not text["sm8"].all("Security-Client")
    assert scenario.frame("sm1") < scenario.frame("sm2") < scenario.frame("sm5") < scenario.frame("sm6")
    scenario.request("ue", "MESSAGE", on=first, answered=False)
    scenario.core_forward("req")
    assert not scenario.sent["core.req"].message.all("Route")
    scenario.core_answer("req", 404)
    assert scenario.sent["core.req.404"].message.all("Via") == scenario.sent["core.req"].message.all("Via")


def test_ck_and_ik_can_leak() -> None:
    scenario = Scenario()
    first = scenario.register(sm6={"leak": True})
    assert f'ik="{first.vector.ik.hex()}"' in scenario.sent["sm6"].message["WWW-Authenticate"]
