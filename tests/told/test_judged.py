"""What headers prove is judged, the report says what is off, and the commands show what is told as told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from analyzer.audit.audit import Audit, Options
from analyzer.engine.telling import UNJUDGED, Judged
from analyzer.keys.keyring import Keyring
from analyzer.network.packets import MADE_UP, TOLD
from analyzer.report import json as json_report
from analyzer.report import text, trace
from analyzer.report.chronicle import Chronicle
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.rule import collect, rule
from analyzer.run import audit, audit_frames
from tests.report.schema import validate
from tests.scenario import Scenario
from tests.sources import build
from tests.told.tools import (
    IMPI,
    TOOLS,
    Told,
    brief,
    by_hep,
    by_nobody,
    by_scat,
    by_wireshark,
    frames,
    passed,
    unmirrored,
)


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
    assert f"{IMPI} at {report.subjects[0].ue}, told of by a tool" in written.getvalue()
    evidence = [found.evidence for found in report.findings]
    assert all(each is not None and each.tables is not None and not each.timeline for each in evidence)


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


def capture(tmp_path: Path, s: Scenario, told: Told) -> str:
    made = list(frames(s, told))
    path = tmp_path / "told.pcap"
    path.write_bytes(build.pcap([frame.data for frame in made], link=made[0].link))
    return str(path)


@TOOLS
def test_trace_shows_what_is_told_as_told(tmp_path: Path, told: Told) -> None:
    s = unmirrored()
    seen = Chronicle()
    report = audit([capture(tmp_path, s, told)], chronicle=seen)
    assert [arrow.told for arrow in seen.arrows] == [True] * 4
    assert [arrow.uplink for arrow in seen.arrows] == [True, False, True, False]
    written = io.StringIO()
    trace.write(seen, report, written, width=120)
    rows = [row for row in written.getvalue().splitlines() if row.count("|") == 2]
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
