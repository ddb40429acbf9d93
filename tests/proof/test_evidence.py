"""What a finding shows (E1 to E8), read in scenarios whose frames, ports and numbers are known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.audit.audit import Audit, Options
from analyzer.evidence import Evidence, Seen
from analyzer.finding import Finding
from analyzer.frame import SECOND
from analyzer.keys.keyring import Keyring
from analyzer.network import tcp
from analyzer.proof import gather as gather_module
from analyzer.proof.gather import SPARED, Gatherer
from analyzer.report.json import document
from analyzer.report.model import Report
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.rule import Rule, collect
from analyzer.verdict import Verdict
from tests.report.schema import validate
from tests.scenario import Scenario, audited

RULES = {rule.id: rule for rule in collect()}


def finding(report: Report, rule: str) -> Finding:
    return next(each for each in report.findings if each.rule == rule)


def evidence(scenario: Scenario, rule: str, **options: Any) -> Evidence:
    made = finding(audited(scenario, **options), rule).evidence
    assert made is not None
    return made


def message(made: Evidence, frame: int) -> Seen:
    return next(each for each in made.messages if each.at.number == frame)


def late_use() -> Scenario:
    """SA-14: the P-CSCF asks on the old set after the UE has used the new one and had its answer there."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(30)
    s.request("pcscf", "MESSAGE", on=first, label="late", answered=False)
    return s


def test_the_finding_names_its_messages_and_what_its_row_asks_for() -> None:
    s = late_use()
    made = evidence(s, "SA-14")
    assert made.codes == ("E1", "E4", "E5", "E7")
    own = made.messages[0]
    assert (own.at.number, own.sender, own.at.time) == (s.frame("late"), "P-CSCF", s.frames()[s.frame("late") - 1].time)
    assert own.first_line is not None and own.first_line.startswith("MESSAGE sip:")
    assert own.flow is None and own.protection is None  # E2 is not in the row
    assert made.tables == () and made.packets == () and made.connections == ()
    assert message(made, s.frame("req")).first_line is not None


def test_the_life_of_the_sets_ends_at_the_finding() -> None:
    s = late_use()
    first, second = evidence(s, "SA-14").timeline
    assert [life.generation for life in (first, second)] == [1, 2]
    assert (first.parent, second.parent) == (None, 1)
    marks = [at.number for at in (second.sm1, second.sm6, second.sm7, second.sm12) if at is not None]
    assert marks == [s.frame(name) for name in ("sm1.2", "sm6.2", "sm7.2", "sm12.2")]
    assert second.first_uplink is not None and second.first_uplink.number == s.frame("req")
    assert second.first_downlink is not None and second.first_downlink.number == s.frame("resp")
    (lifetime,) = second.deadlines
    assert lifetime.set_by == second.sm12 and second.sm12 is not None
    assert (lifetime.what, lifetime.time) == ("lifetime", second.sm12.time + 600_030 * SECOND)
    capped = {each.what: each for each in first.deadlines}["64*T1"]
    assert capped.set_by == second.first_uplink and second.first_uplink is not None
    assert capped.time == second.first_uplink.time + 128 * SECOND
    papers = evidence(s, "LIFE-13", profile="sa3-29").timeline[0]
    assert [each.what for each in papers.deadlines] == ["lifetime"]
    assert second.state_ue == "use" and first.state_pcscf == "gone"
    assert [(end.side, end.since.number) for end in first.ends if end.side == "P-CSCF"] == [("P-CSCF", s.frame("req"))]


def test_a_temporary_set_has_the_deadline_of_its_authentication() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers={"Security-Verify": None})
    life = gather_of_first(s, "NEG-08", extra="E4").timeline[0]
    assert life.sm12 is None and life.sm6 is not None
    assert [(each.what, each.time) for each in life.deadlines] == [("reg-await-auth", life.sm6.time + 240 * SECOND)]


def gather_of_first(s: Scenario, rule: str, extra: str) -> Evidence:
    """The evidence of a rule whose row asked for one thing more."""
    options = Options(rules=[replace(RULES[rule], evidence=(*RULES[rule].evidence, extra))])
    ring = Keyring()
    ring.add_text(s.keys_toml(), "keys")
    running = Audit(options, ring)
    for frame in s.frames():
        running.engine.receive(frame)
    made = running.finish().findings[0].evidence
    assert made is not None
    return made


def test_a_transaction_step_by_step_with_the_timer_that_runs() -> None:
    s = late_use()
    (ladder,) = evidence(s, "SA-14").transactions
    assert (ladder.method, ladder.timer, ladder.repeats) == ("MESSAGE", "Timer F", 0)
    assert [step.at.number for step in ladder.steps] == [s.frame("late")]
    assert ladder.timer_until == ladder.steps[0].at.time + 128 * SECOND
    assert ladder.branch.startswith("z9hG4bK")
    assert ladder.steps[0].on.startswith("set 1, pc>us")


def test_the_protection_of_each_message() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, role="us>pc")
    made = evidence(s, "PORT-08")
    own = made.messages[0]
    assert own.flow is not None and own.protection is not None and own.clear is False
    assert tuple(own.flow) == ("UDP", "10.20.0.11", first.port_us, "10.20.0.1", first.port_pc)
    assert (own.protection.generation, own.protection.role, own.protection.icv) == (1, "us>pc", "good")
    assert own.protection.spi == first.spi_pc
    assert (own.protection.state_ue, own.protection.state_pcscf) == ("use", "use")


def test_a_message_in_clear_says_so() -> None:
    s = Scenario()
    first = s.register()
    s.request("pcscf", "MESSAGE", on=first, answer={"on": None})
    made = evidence(s, "CLR-05")
    own = made.messages[0]
    assert own.clear is True and own.protection is None and own.flow is not None
    assert message(made, s.frame("req")).clear is False


def test_null_encryption_without_a_key_is_not_called_checked() -> None:
    s = Scenario(ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, role="us>pc")
    protection = evidence(s, "PORT-08", keys="").messages[0].protection
    assert protection is not None and protection.icv == "not checked"


def test_two_headers_side_by_side_with_what_differs() -> None:
    s = Scenario()
    s.register(sm7={"headers": {"Security-Verify": lambda old: old.replace("port-s=", "port-s=1")}})
    report = audited(s)
    shown = document(report)["findings"]
    (table,) = next(each for each in shown if each["rule"] == "NEG-08")["evidence"]["tables"][:1]
    assert table["columns"][0] == "parameter"
    assert [row["cells"][0].split()[-1] for row in table["rows"] if row["differs"]] == ["port-s"]
    assert any(not row["differs"] for row in table["rows"])


def test_the_connection_of_a_message_and_its_octets() -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answer={"role": "pc>us"})
    made = evidence(s, "TRN-01")
    answer = next(each for each in made.connections if each.first_octet is not None)
    raw = s.sent["resp"].raw
    assert answer.first_octet == 0 and answer.last_octet == len(raw)
    assert answer.opener == "P-CSCF" and answer.opened is not None
    assert (answer.flow.sport, answer.flow.dport) == (first.port_pc, first.port_us)
    asked = next(each for each in made.connections if each is not answer)
    assert asked.opener == "UE" and (asked.flow.sport, asked.flow.dport) == (first.port_uc, first.port_ps)


def test_what_is_not_over_tcp_has_no_connection() -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answer={"transport": "udp"})
    assert {each.flow.transport for each in evidence(s, "TRN-01").connections} == {"TCP"}


def test_the_facts_of_a_packet_but_no_key() -> None:
    s = Scenario(ealg="aes-cbc")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"seq": 1, "iv": bytes(range(16))}, answered=False)
    (packet,) = evidence(s, "ESP-02").packets
    assert (packet.at.number, packet.spi, packet.sequence) == (s.frame("req"), first.spi_ps, 1)
    assert packet.iv == bytes(range(16)).hex()
    assert (packet.next_header, packet.icv_expected, packet.icv_seen) == (17, 12, 12)
    assert packet.pad_length is not None and packet.padding == bytes(range(1, packet.pad_length + 1)).hex()
    assert packet.octets is not None and (packet.octets - 8 - 16 - 12) % 16 == 0


def test_the_facts_of_a_packet_that_was_cut_and_is_the_first_of_its_association() -> None:
    s = Scenario()
    first = s.register()
    s.cut("sm7", 120)
    (packet,) = evidence(s, "ESP-04").packets
    assert (packet.spi, packet.sequence) == (first.spi_ps, 1)
    assert (packet.icv_expected, packet.icv_seen) == (12, 12)


@pytest.mark.parametrize("pair", [("null", "aes-gcm"), ("aes-gmac", "null"), ("hmac-md5-96", "des-ede3-cbc")])
def test_the_trailer_is_read_under_every_algorithm(pair: tuple[str, str]) -> None:
    s = Scenario(alg=pair[0], ealg=pair[1])
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"seq": 1}, answered=False)
    (packet,) = evidence(s, "ESP-02").packets
    assert packet.next_header == 17 and packet.pad_length is not None
    assert packet.padding == bytes(range(1, packet.pad_length + 1)).hex()


def test_wrong_padding_is_shown_as_it_is() -> None:
    s = Scenario(ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first, esp={"pad": bytes(6)}, answered=False, label="odd")
    report = audited(s)
    packets = [
        packet
        for each in report.findings
        if each.frame == s.frame("odd") and each.evidence is not None
        for packet in each.evidence.packets
    ]
    assert [(packet.padding, packet.pad_length) for packet in packets] == [("00" * 6, 6)] * len(packets) != []


def test_what_is_settled_later_says_what_is_gone() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first, label="broken", answered=False)
    s.corrupt("broken")
    s.request("ue", "MESSAGE", on=first, label="after")
    made = evidence(s, "ESP-04")
    assert made.packets[0].iv is None and made.packets[0].spi == first.spi_ps
    assert any("settled later" in text for text in made.missing)
    (row,) = [each for each in made.messages if each.at.number == s.frame("broken")]
    assert (row.what, row.sender) == ("packet", "UE")


def test_a_bad_icv_is_called_bad() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first, label="broken", answered=False)
    s.corrupt("broken")
    s.request("ue", "MESSAGE", on=first, label="after")
    protection = gather_of_first(s, "ESP-04", extra="E2").messages[0].protection
    assert protection is not None and (protection.icv, protection.role) == ("bad", "uc>ps")


def test_the_first_packet_of_a_set_is_found_by_its_spi() -> None:
    s = Scenario(alg="hmac-md5-96", ealg="aes-cbc")
    first = s.register()
    (packet,) = evidence(s, "CRY-01").packets if "E8" in RULES["CRY-01"].evidence else evidence(s, "CRY-02").packets
    assert packet.spi == first.spi_ps and packet.at.number == s.frame("sm7") and packet.iv


def test_an_spi_that_nobody_announced() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first, esp={"spi": first.spi_us}, label="strange", answered=False)
    made = evidence(s, "ESP-01")
    assert made.messages[0].what == f"ESP packet with SPI 0x{first.spi_us:08x}" and made.messages[0].clear is False
    assert made.packets[0].spi == first.spi_us and made.packets[0].icv_seen is None


def test_a_closed_connection_and_what_waited_on_it() -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, label="open", answered=False)
    s.register(over=first)
    s.rst("pcscf", on=first, role="ps>uc", label="cut")
    made = evidence(s, "TRN-05")
    assert [ladder.steps[0].at.number for ladder in made.transactions] == [s.frame("open")]
    (connection,) = made.connections
    assert [(close.sender, close.how, close.at.number) for close in connection.closing] == [
        ("P-CSCF", "RST", s.frame("cut"))
    ]


def test_the_connection_that_nobody_answered() -> None:
    s = Scenario(transport="tcp", vantage="ue")
    first = s.register()
    s.syn("pcscf", on=first, answered=False, label="try")
    for _ in range(3):
        s.wait(2)
        s.request("ue", "MESSAGE", on=first, transport="tcp")
        s.retransmit("try.syn")
    (connection,) = evidence(s, "SA-21").connections
    assert connection.opener == "P-CSCF" and connection.opened is not None
    assert (connection.flow.sport, connection.flow.dport) == (first.port_pc, first.port_us)


def test_the_connection_of_a_segment_in_clear() -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.rst("pcscf", on=first, role="ps>uc", clear=True, label="cut")
    (connection,) = evidence(s, "TRN-06").connections
    assert connection.opener == "UE" and connection.opened is not None
    assert [(close.sender, close.how) for close in connection.closing] == [("P-CSCF", "RST")]


def test_traps_are_excluded_or_open_and_never_both() -> None:
    sure = finding(audited(late_use()), "SA-14")
    assert sure.verdict == "violation" and sure.excluded == RULES["SA-14"].traps
    s = Scenario()
    first = s.register()
    lines = [f"SIP/2.0/UDP 10.20.0.1:{first.port_pc};branch=z9hG4bKp", "SIP/2.0/UDP 10.30.0.2;branch=z9hG4bKs"]
    s.request("pcscf", "OPTIONS", on=first, headers={"Via": lines}, answer={"role": "us>pc"})
    doubtful = finding(audited(s), "PORT-08")
    assert doubtful.verdict == "probable" and doubtful.excluded == () and doubtful.traps


# --- for every finding ------------------------------------------------------------------------------------------------


def crowded() -> Scenario:
    """Many faults of several kinds, each more than once."""
    s = Scenario()
    first = s.register(sm7={"headers": {"Security-Verify": None}})
    for _ in range(3):
        s.request("ue", "MESSAGE", on=first, role="us>pc")
        s.request("pcscf", "OPTIONS", on=first, answer={"on": None})
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(200)
    s.request("pcscf", "NOTIFY", on=first)
    s.request("ue", "MESSAGE", on=second, esp={"seq": 1})
    return s


def test_every_finding_has_what_its_rule_declares_or_says_that_it_is_gone() -> None:
    report = audited(crowded())
    validate(document(report))
    parts = {"E3": "tables", "E4": "timeline", "E5": "transactions", "E6": "connections", "E8": "packets"}
    assert len(report.findings) > 5
    for each in report.findings:
        made = each.evidence
        assert made is not None
        assert made.codes == tuple(sorted({"E1", "E7", *RULES[each.rule].evidence}))
        assert made.profile == "rel-17" and made.source == RULES[each.rule].source
        assert made.messages[0].at.number == each.frame
        if "E2" in made.codes and made.messages[0].first_line is not None:
            assert made.messages[0].flow is not None
        for code, part in parts.items():
            assert code not in made.codes or getattr(made, part) or made.missing


def test_no_key_is_in_it() -> None:
    s = crowded()
    text = json.dumps(document(audited(s))["findings"])
    for line in s.keys_toml().splitlines():
        name, _, value = line.partition("=")
        if name.strip() in ("ck", "ik", "k", "opc", "op"):
            assert value.strip(' "') not in text


def test_pseudonyms_reach_it() -> None:
    names = Pseudonyms(bytes(32))
    before = audited(crowded())
    after = names.report(before)
    text = json.dumps([each["evidence"] for each in document(after)["findings"]])
    assert "10.20.0.11" not in text and "001010000000101" not in text
    assert "10.20.0.11" in json.dumps(document(before)["findings"])
    validate(document(after))


def test_it_is_built_for_new_findings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for passes, and not for repetitions."""
    built: list[str] = []
    real = Gatherer.gather

    def counting(self: Gatherer, rule: Rule, event: object, verdict: Verdict) -> Evidence:
        built.append(rule.id)
        return real(self, rule, event, verdict)

    monkeypatch.setattr(Gatherer, "gather", counting)
    report = audited(crowded())
    assert len(built) == len(report.findings) < sum(each.count for each in report.findings)


def test_beyond_a_limit_a_finding_has_only_what_every_finding_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather_module, "FULL", 0)
    for each in audited(crowded()).findings:
        made = each.evidence
        assert made is not None and made.missing == (SPARED,)
        assert made.messages and not (made.timeline or made.transactions or made.packets or made.connections)


def test_a_set_without_a_key_belongs_to_its_registration() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    for each in audited(s, keys="").findings:
        assert each.evidence is not None and each.evidence.messages[0].at.number == each.frame


@pytest.mark.parametrize("silence", [60.0, 2400.0])
def test_a_connection_that_goes_on_after_a_long_silence_says_that_its_syn_may_be_forgotten(
    monkeypatch: pytest.MonkeyPatch, silence: float
) -> None:
    """TRN-09: the P-CSCF begins something new on its connection of the old set."""
    monkeypatch.setattr(tcp, "FEW", 2)
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("pcscf", "MESSAGE", on=first, role="pc>us")
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    for turn in range(6):
        s.wait(silence / 6)
        s.syn("ue", on=second, clear=True, sport=30_000 + turn, dport=5060)
    s.request("pcscf", "MESSAGE", on=first, role="pc>us", label="late")
    made = evidence(s, "TRN-09")
    (connection,) = made.connections
    if silence < tcp.SILENT / SECOND:
        assert connection.opened is not None and not [each for each in made.missing if "SYN" in each]
    else:
        assert (connection.opened, connection.opener, connection.first_octet) == (None, None, 0)
        (lacks,) = [each for each in made.missing if "SYN" in each]
        assert "forgotten after 15 minutes of silence" in lacks


def test_a_connection_that_began_before_the_capture_says_so() -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.syn("pcscf", on=first)
    s.request("ue", "MESSAGE", on=s.register(over=first))
    s.request("pcscf", "MESSAGE", on=first, role="pc>us")
    s.lose("connect.syn")
    made = evidence(s, "TRN-09")
    assert made.connections[0].opened is None
    assert [each for each in made.missing if each.startswith("the SYN of a TCP connection: not in the capture;")]
