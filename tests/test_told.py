"""Messages of which only a tool tells: what their headers prove is judged, nothing else of them, and nowhere else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.audit import Audit, Options, TraceLine
from analyzer.engine import Engine
from analyzer.frame import Frame
from analyzer.keys.keyring import Keyring
from analyzer.network.packets import MADE_UP, TOLD
from analyzer.profile import PROFILES
from analyzer.report import json as json_report
from analyzer.report import text
from analyzer.report.model import Report
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.trace import Trace
from analyzer.rule import collect, rule
from analyzer.run import audit, audit_frames
from analyzer.telling import HELD, UNJUDGED, Judged
from tests.layers.build import exported, hep, outer, scat
from tests.network.build import Timeline, ethernet, ipv4, udp
from tests.report.schema import validate
from tests.scenario import Scenario
from tests.sources import build

UE, PCSCF, SCSCF = bytes((10, 0, 0, 2)), bytes((10, 0, 0, 1)), bytes((10, 0, 0, 9))
CORE = ("sm2", "sm5", "sm8", "sm11", "core")
SECOND = 1_000_000_000
IMPI = "001010000000001@ims.example.org"

Told = Callable[[bytes, bool], tuple[int, bytes]]


def by_scat(text: bytes, up: bool) -> tuple[int, bytes]:
    ends, ports = (UE, PCSCF)[:: 1 if up else -1], (50600, 5060)[:: 1 if up else -1]
    packet = ipv4(17, udp(text, *ports), source=ends[0], destination=ends[1])
    return 1, ethernet(outer(17, scat(packet)))


def by_hep(text: bytes, up: bool) -> tuple[int, bytes]:
    source, destination = (UE, PCSCF)[:: 1 if up else -1]
    return 1, ethernet(outer(17, udp(hep(text, source=source, destination=destination), 40000, 9060)))


def by_wireshark(text: bytes, up: bool) -> tuple[int, bytes]:
    source, destination = (UE, PCSCF)[:: 1 if up else -1]
    return 252, exported(text, src4=source, dst4=destination, kind=3, sport=5062, dport=5063, frame=1)


def by_nobody(text: bytes, up: bool) -> tuple[int, bytes]:
    return 252, exported(text)


TOOLS = pytest.mark.parametrize("told", [by_scat, by_hep, by_wireshark, by_nobody])


def on_gm(s: Scenario) -> list[str]:
    return [label for label in s.sent if not label.startswith(CORE)]


def frames(s: Scenario, told: Told, labels: Iterable[str] | None = None) -> Iterator[Frame]:
    """Messages of a scenario as a tool tells them, one a frame."""
    line = Timeline()
    for label in on_gm(s) if labels is None else labels:
        sent = s.sent[label]
        link, data = told(sent.raw, sent.path.who == "ue")
        yield line.frame(data, link=link)


def brief(report: Report) -> set[tuple[str, str, str]]:
    return {(found.rule, found.verdict, found.actor) for found in report.findings if found.verdict != "note"}


def passed(report: Report) -> dict[str, int]:
    return {tally.id: tally.passed for tally in report.rules if tally.passed}


def unmirrored() -> Scenario:
    s = Scenario()
    s.register(sm7={"headers": {"Security-Verify": None}})
    return s


@TOOLS
def test_an_sm7_that_does_not_mirror_is_found(told: Told) -> None:
    s = unmirrored()
    report = audit_frames(frames(s, told))
    assert brief(report) == {("NEG-08", "violation", "UE"), ("NEG-09", "violation", "P-CSCF")}
    found = next(each for each in report.findings if each.rule == "NEG-08")
    assert (found.frame, found.related, found.count) == (3, (2,), 1)
    (subject,) = report.subjects
    assert subject.told and subject.impi == IMPI and subject.impus
    assert found.subject == subject.id and subject.id.endswith("(told)")
    known = told in (by_hep, by_wireshark)
    assert (subject.ue, subject.pcscf) == (("10.0.0.2", "10.0.0.1") if known else ("unknown", "unknown"))
    assert report.sa_sets == []


@TOOLS
def test_a_conformant_registration_passes_by_its_headers_alone(told: Told) -> None:
    s = Scenario()
    first = s.register()
    s.call("ue", on=first)
    s.register(over=first)
    s.request("pcscf", "MESSAGE")
    report = audit_frames(frames(s, told))
    assert brief(report) == set()
    counted = passed(report)
    twice = ("NEG-02", "NEG-05", "NEG-07", "NEG-08", "NEG-10", "NEG-19", "AUTH-01", "AUTH-03", "AUTH-04", "AUTH-05")
    assert {name: counted[name] for name in twice} == dict.fromkeys(twice, 2)
    assert counted["NEG-04"] == 4
    headers = {each.id for each in collect() if each.by_headers}
    assert {tally.id for tally in report.rules if tally.exercised} <= headers


@TOOLS
def test_what_only_the_wire_could_show_is_not_said(told: Told) -> None:
    s = Scenario()
    first = s.register(sm7={"on": None, "sport": 5060, "dport": 5060}, sm12={"on": None, "sport": 5060, "dport": 5060})
    s.request("ue", "MESSAGE")
    s.request("pcscf", "MESSAGE", label="theirs")
    s.register(over=first)
    s.wait(700_000)
    s.request("ue", "MESSAGE", label="late")
    wire = {each.rule.partition("-")[0] for each in audit_frames(s.frames(), keys_text=s.keys_toml()).findings}
    assert {"SA", "CLR"} <= wire
    assert brief(audit_frames(frames(s, told))) == set()


@pytest.mark.parametrize(
    ("told", "origin"), [(by_scat, MADE_UP), (by_hep, TOLD), (by_wireshark, TOLD), (by_nobody, MADE_UP)]
)
def test_the_report_says_what_is_off(told: Told, origin: int) -> None:
    s = unmirrored()
    report = audit_frames(frames(s, told))
    assert report.notices == [f"{UNJUDGED[origin]} ({len(s.sent)} times)"]
    assert "PORT, SA, LIFE, ESP, TRN and CLR are off" in UNJUDGED[origin]
    assert (report.sip.told, report.sip.messages, report.sip.clear, report.sip.protected) == (4, 0, 0, 0)
    document = json_report.document(report)
    validate(document)
    assert document["sip"]["told"] == 4
    assert [subject["told"] for subject in document["subjects"]] == [True]
    written = io.StringIO()
    text.write(report, written, width=120)
    assert "0 messages; 4 told of by tools" in written.getvalue()
    assert "in clear" not in written.getvalue()
    evidence = [found.evidence for found in report.findings]
    assert all(each is not None and each.tables is not None and not each.timeline for each in evidence)


# --- beside the wire -----------------------------------------------------------------------------------------------


def whole(s: Scenario, *more: Frame, keys: str = "") -> Report:
    read = sorted([*s.frames(), *more], key=lambda frame: frame.time)
    return audit_frames([frame._replace(number=number) for number, frame in enumerate(read, 1)], keys_text=keys)


def beside(s: Scenario, told: Told, labels: Iterable[str], after: int) -> list[Frame]:
    """Messages as a tool tells them, so long after they were on the wire (ns)."""
    made = []
    for label in labels:
        sent, frame = s.sent[label], s.frames()[s.frame(label) - 1]
        link, data = told(sent.raw, sent.path.who == "ue")
        made.append(frame._replace(data=data, link=link, length=len(data), time=frame.time + after))
    return made


@pytest.mark.parametrize("after", [-5 * SECOND, 1000, 5 * SECOND])
@TOOLS
def test_what_the_wire_shows_too_is_judged_once(told: Told, after: int) -> None:
    s = Scenario()
    first = s.register(sm6={"leak": True}, sm7={"headers": {"Security-Verify": None}})
    s.request("ue", "MESSAGE")
    s.register(over=first)
    alone = whole(s, keys=s.keys_toml())
    assert {"AUTH-05", "NEG-08", "NEG-09"} <= {found.rule for found in alone.findings}
    both = whole(s, *beside(s, told, on_gm(s), after), keys=s.keys_toml())
    assert [(f.rule, f.verdict, f.subject, f.count) for f in both.findings] == [
        (f.rule, f.verdict, f.subject, f.count) for f in alone.findings
    ]
    assert [(t.id, t.passed, t.violation, t.probable) for t in both.rules] == [
        (t.id, t.passed, t.violation, t.probable) for t in alone.rules
    ]
    assert (both.esp, both.sip.messages, both.sip.clear) == (alone.esp, alone.sip.messages, alone.sip.clear)
    assert [(each.spi_uc, each.state_ue, each.state_pcscf) for each in both.sa_sets] == [
        (each.spi_uc, each.state_ue, each.state_pcscf) for each in alone.sa_sets
    ]


def test_what_no_key_opens_on_the_wire_is_judged_as_told() -> None:
    s = unmirrored()
    assert ("NEG-08", "violation", "UE") not in brief(whole(s))
    both = whole(s, *beside(s, by_hep, s.sent, 1000))
    found = [each for each in both.findings if each.verdict == "violation"]
    assert {(each.rule, each.subject) for each in found} == {
        (name, f"{IMPI}@10.0.0.2 (told)") for name in ("NEG-08", "NEG-09")
    }
    assert passed(both)["NEG-02"] == 1


def test_neither_accuses_with_what_the_other_knows() -> None:
    s = unmirrored()
    wire, told = ("sm1", "sm6"), ("sm7", "sm12")
    for seen, heard in ((wire, told), (told, wire)):
        read = [frame for frame in s.frames() if s.label_of(frame.number) in seen]
        both = sorted([*read, *beside(s, by_hep, heard, 1000)], key=lambda frame: frame.time)
        report = audit_frames(
            [frame._replace(number=number) for number, frame in enumerate(both, 1)], keys_text=s.keys_toml()
        )
        assert not {"NEG-08", "NEG-09"} & {found.rule for found in report.findings if found.verdict != "inconclusive"}


def test_keys_that_are_told_are_keys() -> None:
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    core = Scenario()
    core.core_401(core.sm1())
    line = Timeline()
    leaked = next(sent for label, sent in core.sent.items() if label.startswith("sm5"))
    first = s.frames()[0]
    link, data = by_hep(leaked.raw, False)
    told = line.frame(data, link=link)._replace(time=first.time - 1)
    assert whole(s).esp.verified == 0
    assert whole(s, told).esp.verified == 2


# --- what could mislead ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lost",
    [
        ("sm7", "sm12"),  # the re-REGISTER has the nonce of a challenge that nobody seems to have answered
        ("sm6",),  # SM7 looks like an SM1
        ("sm1",),
        ("sm12", "sm1.2"),
        ("sm6.2", "sm7.2"),
    ],
)
@TOOLS
def test_lost_messages_accuse_nobody(told: Told, lost: tuple[str, ...]) -> None:
    s = Scenario()
    s.register(over=s.register())
    assert brief(audit_frames(frames(s, told, [label for label in s.sent if label not in lost]))) == set()


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (1, 0, 2, 3), (2, 0, 1, 3), (0, 1, 3, 2), (3, 2, 1, 0)])
@TOOLS
def test_another_order_accuses_nobody(told: Told, order: tuple[int, ...]) -> None:
    s = Scenario()
    s.register()
    labels = [("sm1", "sm6", "sm7", "sm12")[place] for place in order]
    assert brief(audit_frames(frames(s, told, labels))) == set()


@TOOLS
def test_half_a_message_accuses_nobody(told: Told) -> None:
    s = Scenario()
    s.register()
    whole = [s.sent[label] for label in ("sm1", "sm6", "sm7", "sm12")]
    for place, half in enumerate(whole):
        end = half.raw.index(b"Security-") if b"Security-" in half.raw else half.raw.index(b"CSeq")
        line, made = Timeline(), []
        for number, sent in enumerate(whole):
            link, data = told(half.raw[:end] if number == place else sent.raw, sent.path.who == "ue")
            made.append(line.frame(data, link=link))
        assert brief(audit_frames(made)) == set()


def test_servers_among_themselves_may_hold_the_keys() -> None:
    s = Scenario()
    s.register(core=True)
    line, made = Timeline(), []
    for label, sent in s.sent.items():
        ends = (PCSCF, SCSCF) if label.startswith(CORE) else (UE, PCSCF)
        source, destination = ends[:: 1 if sent.raw.startswith(b"REGISTER") else -1]
        told = hep(sent.raw, source=source, destination=destination)
        made.append(line.frame(ethernet(outer(17, udp(told, 40000, 9060)))))
        # a tool inside the P-CSCF may tell of it as if it came to the UE or from it
        inside = hep(sent.raw, source=(UE, PCSCF)[source != ends[0]], destination=(PCSCF, UE)[source != ends[0]])
        made.append(line.frame(ethernet(outer(17, udp(inside, 40000, 9061)))))
    report = audit_frames(made)
    assert brief(report) == set()
    assert passed(report)["AUTH-05"] == passed(report)["NEG-08"] == 1


def test_keys_that_reach_the_ue_are_told_without_saying_clear() -> None:
    s = Scenario()
    s.register(sm6={"leak": True})
    (found,) = [each for each in audit_frames(frames(s, by_scat)).findings if each.verdict == "violation"]
    assert found.rule == "AUTH-05"
    assert "clear" not in found.observed + found.message and "told of by a tool" in found.observed


def test_a_rand_that_comes_again_may_be_the_other_side_of_a_border_controller() -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first, sm6={"vector": first.vector})
    report = audit_frames(frames(s, by_scat))
    assert brief(report) == {("AUTH-11", "probable", "network")}
    assert [found.traps for found in report.findings if found.rule == "AUTH-11"] == [("FP13",)]


def test_with_the_key_of_the_card_answers_are_computed() -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first, sm7={"res_wrong": True})
    told = list(frames(s, by_scat))
    assert brief(audit_frames(told)) == set()
    report = audit_frames(told, keys_text=s.subscriber_toml())
    assert brief(report) == {("AUTH-12", "violation", "network")}


@TOOLS
def test_a_refresh_with_an_empty_response_is_no_report_of_a_failure(told: Told) -> None:
    """Where SM7 and SM12 are lost, it has the nonce of a challenge that nobody has answered, and gets a 2xx."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"Authorization": lambda old: re.sub('response="[^"]*"', 'response=""', old)}})
    nonce = re.search(b'nonce="[^"]+"', s.sent["sm7"].raw)
    assert nonce is not None and nonce[0] in s.sent["sm1.2"].raw and b'response=""' in s.sent["sm1.2"].raw
    for labels in (("sm1", "sm6", "sm1.2", "sm12.2"), tuple(s.sent)):
        assert brief(audit_frames(frames(s, told, labels), keys_text=s.subscriber_toml())) == set()


@TOOLS
def test_a_report_of_a_failure_that_is_accepted_is_told_by_its_auts(told: Told) -> None:
    for why, expected in (("sqn", {("AUTH-12", "violation", "network")}), ("mac", set())):
        s = Scenario()
        procedure = s.sm1()
        s.sm6(procedure)
        s.reject(procedure, why)
        last = list(s.sent)[-1]
        s.answer(last, 200)
        assert brief(audit_frames(frames(s, told))) == expected


def test_a_log_with_blanked_responses_accuses_nobody() -> None:
    s = Scenario()
    s.register(over=s.register())
    line = Timeline()
    blank = [
        (re.sub(rb'response="[^"]*"', b'response=""', sent.raw), sent.path.who == "ue") for sent in s.sent.values()
    ]
    told = [line.frame(data, link=link) for link, data in (by_nobody(*each) for each in blank)]
    assert brief(audit_frames(told, keys_text=s.subscriber_toml())) == set()


# --- declarations ----------------------------------------------------------------------------------------------------


def test_rules_judge_by_headers_only_what_headers_can_make() -> None:
    judged = set(Judged.__args__)
    families = {each.id.partition("-")[0] for each in collect() if each.by_headers}
    assert families == {"NEG", "AUTH", "CRY"}
    assert all(set(each.by_headers) <= judged for each in collect())
    off = {"NEG-01", "NEG-11", "NEG-12", "NEG-15", "NEG-16", "NEG-18", "AUTH-02", "AUTH-06", "AUTH-10", "CRY-06"}
    assert not off & {each.id for each in collect() if each.by_headers}


def test_a_rule_judges_by_headers_only_what_it_subscribes_to() -> None:
    def function(event: int) -> None:
        """Nothing."""

    with pytest.raises(ValueError, match="does not subscribe"):
        rule("XX-01", clause="c", source="S1", actor="UE", by_headers=(str,))(function)


# --- limits and hostile input ----------------------------------------------------------------------------------------


def test_a_capture_without_told_messages_has_no_tracker_for_them() -> None:
    s = Scenario()
    s.register()
    engine = Engine(PROFILES["rel-17"], Keyring(), lambda event: None)
    for frame in s.frames():
        engine.receive(frame)
    assert engine.telling.tracker is None and engine.telling.messages == 0


def test_events_do_not_wait_without_limit() -> None:
    s = Scenario()
    s.register()
    judged: list[object] = []
    engine = Engine(PROFILES["rel-17"], Keyring(), lambda event: None, judge_told=judged.append)
    line = Timeline()
    first, second = s.sent["sm1"].raw, s.sent["sm6"].raw
    for number in range(HELD):
        for raw, up in ((first, True), (second, False)):
            own = raw.replace(b"z9hG4bK", b"z9hG4bK%d" % number).replace(b"Call-ID: ", b"Call-ID: %d" % number)
            link, data = by_scat(own, up)
            engine.receive(line.frame(data, link=link))
    assert len(judged) == HELD
    engine.close()
    assert len(judged) == 2 * HELD


def test_events_do_not_wait_long() -> None:
    s = unmirrored()
    judged: list[Any] = []
    engine = Engine(PROFILES["rel-17"], Keyring(), lambda event: None, judge_told=judged.append)
    made = list(frames(s, by_hep))
    for frame in made:
        engine.receive(frame)
    assert judged == []
    engine.receive(made[0]._replace(number=9, time=made[-1].time + 61 * SECOND))
    assert {type(event).__name__ for event in judged} >= {"RegistrationStarted", "ChallengeSent", "ChallengeAnswered"}


SM = {label: sent.raw for label, sent in unmirrored().sent.items()}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([by_scat, by_hep, by_wireshark, by_nobody]),
            st.one_of(st.binary(max_size=200), st.sampled_from(sorted(SM.values()))),
            st.tuples(st.integers(0, 700), st.integers(0, 60), st.binary(max_size=20)),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_hostile_messages_lead_to_a_report(script: list[tuple[Told, bytes, tuple[int, int, bytes], bool]]) -> None:
    line, made = Timeline(), []
    for told, raw, (place, length, patch), up in script:
        link, data = told(raw[:place] + patch + raw[place + length :], up)
        made.append(line.frame(data, link=link))
    report = audit_frames(made)
    assert report.crashed == []
    assert report.sip.messages == 0
    validate(json_report.document(report))


# --- the commands ----------------------------------------------------------------------------------------------------


def capture(tmp_path: Path, s: Scenario, told: Told) -> str:
    made = list(frames(s, told))
    path = tmp_path / "told.pcap"
    path.write_bytes(build.pcap([frame.data for frame in made], link=made[0].link))
    return str(path)


@TOOLS
def test_trace_shows_what_is_told_as_told(tmp_path: Path, told: Told) -> None:
    s = unmirrored()
    seen = Trace()
    lines: list[TraceLine] = []

    def add(line: TraceLine) -> None:
        lines.append(line)
        seen.add(line)

    report = audit([capture(tmp_path, s, told)], on_message=add)
    assert [line.leg for line in lines] == ["told"] * 4
    assert [line.uplink for line in lines] == [True, False, True, False]
    written = io.StringIO()
    seen.write(report, written, width=120)
    rows = [row for row in written.getvalue().splitlines() if "REGISTER" in row or "401" in row or "200" in row]
    assert len(rows) == 4 and all(" told" in row and "clear" not in row for row in rows)
    assert "NEG-08" in rows[2] and IMPI in written.getvalue()
    assert "4 SIP messages, 0 of them in clear between UE and P-CSCF, 4 told of by tools" in written.getvalue()


def test_a_subject_can_be_chosen(tmp_path: Path) -> None:
    path = capture(tmp_path, unmirrored(), by_scat)
    assert "NEG-08" in {found.rule for found in audit([path], Options(subject="0010100000")).findings}
    assert audit([path], Options(subject="nobody")).findings == []


def test_pseudonyms_leave_nothing_of_the_subject(tmp_path: Path) -> None:
    report = audit([capture(tmp_path, unmirrored(), by_hep)])
    hidden = Pseudonyms(bytes(32)).report(report)
    assert "001010000000001" not in str(json_report.document(hidden))
    assert hidden.subjects[0].told


def test_a_users_rule_is_asked_only_for_what_it_declares() -> None:
    running = Audit(Options(rules=[each for each in collect() if each.id.startswith("PORT")]), Keyring())
    for frame in frames(unmirrored(), by_hep):
        running.engine.receive(frame)
    assert all(not tally.exercised and not tally.seen for tally in running.finish().tallies)
