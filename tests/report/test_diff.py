"""Two reports side by side: what is new, fixed and unchanged; what a report must be; what the three forms say."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import analyzer.report.diff
from analyzer.finding import Finding, Tally, Waived
from analyzer.report import diff_forms, diff_text
from analyzer.report.diff import Change, Comparison, DiffError, Past, compare, read
from analyzer.report.json import write
from analyzer.report.model import CaptureSummary, Report
from tests.report.reports import finding, report
from tests.report.schema import FILE, closed

SCHEMA: dict[str, Any] = json.loads(FILE.with_name("gmaudit.diff.1.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(closed(SCHEMA))

PASSED = [Tally(id=rule, passed=1) for rule in ("NEG-07", "PORT-09", "SA-13")]


def octets(made: Report) -> bytes:
    stream = io.StringIO()
    write(made, stream)
    return stream.getvalue().encode()


def past(findings: Sequence[Finding] = (), rules: Sequence[Tally] = PASSED, **other: Any) -> Past:
    name = other.pop("name", "x.json")
    return read(octets(report(findings=list(findings), rules=list(rules), **other)), name)


def compared(old: Sequence[Finding], new: Sequence[Finding]) -> Comparison:
    return compare(past(old), past(new))


def rules(changes: list[Change]) -> list[str]:
    return [change.fault.rule for change in changes]


# --- comparing --------------------------------------------------------------------------------------------------------


def test_new_fixed_unchanged() -> None:
    found = compared([finding("PORT-09"), finding("SA-13")], [finding("PORT-09"), finding("NEG-07")])
    assert (rules(found.added), rules(found.fixed), rules(found.unchanged)) == (["NEG-07"], ["SA-13"], ["PORT-09"])
    assert found.worse
    assert all(change.judged for change in (*found.added, *found.fixed, *found.unchanged))


def test_what_differs_from_run_to_run_makes_nothing_new() -> None:
    other = finding("PORT-09", subject="s2", frame=99, time=0, message="another sentence", expected="1", observed="2")
    found = compared([finding("PORT-09")], [other])
    assert (found.added, found.fixed, rules(found.unchanged)) == ([], [], ["PORT-09"])
    assert not found.worse


def test_findings_with_one_fingerprint_are_one_fault() -> None:
    several = [
        finding("PORT-09", "probable", count=2, subject="s2", frame=7, message="a doubt"),
        finding("PORT-09", count=3, waived=Waived("so", None)),
    ]
    (change,) = compared([finding("PORT-09", "probable", count=2)], several).unchanged
    fault = change.fault
    assert (fault.findings, fault.count, fault.waived, fault.verdict) == (2, 5, 1, "violation")
    assert fault.place == "udp4_sha1_aes.pcap frame 15"
    assert change.verdict_changed
    assert change.count_changed
    assert diff_text.changed(change) == ["probable before", "2 times before", "1 finding before"]


def test_silence_is_no_pass() -> None:
    gone = Tally(id="SA-13")
    doubt = Tally(id="PORT-09", inconclusive=2)
    found = compare(past([finding("SA-13"), finding("PORT-09")]), past([], [gone, doubt, PASSED[0]]))
    assert [(change.fault.rule, change.judged) for change in found.fixed] == [("SA-13", False), ("PORT-09", False)]
    assert found.no_longer_exercised == ["SA-13"]
    back = compare(past([], [gone]), past([finding("SA-13")]))
    assert [(change.fault.rule, change.judged) for change in back.added] == [("SA-13", False)]
    assert back.newly_exercised == ["SA-13"]
    assert (back.only_new, back.only_old) == (["NEG-07", "PORT-09"], [])
    assert back.worse


def test_a_waived_fault_is_new_but_not_worse() -> None:
    found = compared([], [finding("PORT-09", waived=Waived("ticket 7", None))])
    assert rules(found.added) == ["PORT-09"]
    assert not found.worse
    assert compared([], [finding("PORT-09", waived=Waived("so", None)), finding("PORT-09", subject="s2")]).worse


FINDINGS = st.lists(
    st.builds(
        lambda rule, verdict, fault, count, accepted: finding(
            rule, verdict, fault=fault, count=count, waived=Waived("so", None) if accepted else None
        ),
        st.sampled_from(("NEG-07", "PORT-09", "SA-13", "LIFE-01")),
        st.sampled_from(("violation", "warning", "probable", "inconclusive", "note")),
        st.sampled_from("abc"),
        st.integers(1, 4),
        st.booleans(),
    ),
    max_size=6,
)
TALLIES = st.lists(
    st.builds(
        lambda rule, passed, doubts: Tally(id=rule, passed=passed, inconclusive=doubts),
        st.sampled_from(("NEG-07", "PORT-09", "SA-13", "LIFE-01")),
        st.integers(0, 1),
        st.integers(0, 1),
    ),
    max_size=4,
    unique_by=lambda tally: tally.id,
)
PASTS = st.builds(past, FINDINGS, TALLIES)


def prints(changes: list[Change]) -> set[tuple[str, bool]]:
    return {(change.fault.fingerprint, change.judged) for change in changes}


@given(PASTS, PASTS)
@settings(deadline=None)
def test_what_is_new_one_way_is_fixed_the_other(one: Past, other: Past) -> None:
    there, back = compare(one, other), compare(other, one)
    assert prints(there.added) == prints(back.fixed)
    assert prints(there.fixed) == prints(back.added)
    assert prints(there.unchanged) == prints(back.unchanged)
    assert set(there.newly_exercised) == set(back.no_longer_exercised)
    assert set(there.only_old) == set(back.only_new)
    everything = [change.fault.fingerprint for change in (*there.added, *there.fixed, *there.unchanged)]
    assert sorted(everything) == sorted(one.faults.keys() | other.faults.keys())
    assert compare(one, one).added == compare(one, one).fixed == []


# --- the forms --------------------------------------------------------------------------------------------------------


def text(found: Comparison) -> str:
    stream = io.StringIO()
    diff_text.write(found, stream)
    return stream.getvalue()


def markdown(found: Comparison) -> str:
    stream = io.StringIO()
    diff_forms.write_markdown(found, stream)
    return stream.getvalue()


def document(found: Comparison) -> dict[str, Any]:
    stream = io.StringIO()
    diff_forms.write_json(found, stream)
    assert stream.getvalue().isascii()
    made: dict[str, Any] = json.loads(stream.getvalue())
    VALIDATOR.validate(made)
    return made


EXAMPLE = compare(
    past([finding("PORT-09", count=2), finding("SA-13"), finding("LIFE-01")], name="old.json", profile="rel-11"),
    past(
        [finding("PORT-09", "probable", count=5), finding("NEG-07"), finding("CRY-01", waived=Waived("so", None))],
        [Tally(id="NEG-07", violation=1), Tally(id="SA-13", passed=2), Tally(id="PORT-09")],
        name="new.json",
    ),
)


def test_text() -> None:
    assert (
        text(EXAMPLE)
        == """\
Two reports
  old  old.json: violation, 3 kinds of fault; udp4_sha1_aes.pcap, profile rel-11, 3 of 3 rules
       exercised
  new  new.json: violation, 3 kinds of fault; udp4_sha1_aes.pcap, profile rel-17, 2 of 3 rules
       exercised
  - the profiles differ, rel-11 and rel-17: the same traffic is judged anew

New
  violation[NEG-07] P-CSCF: the answer left port_ps for port_uc over UDP
    --> udp4_sha1_aes.pcap frame 15; 1 time; TS 33.203 7.1
  violation[CRY-01] (waived) P-CSCF: the answer left port_ps for port_uc over UDP
    --> udp4_sha1_aes.pcap frame 15; 1 time; TS 33.203 7.1
    --> its rule did not judge in the old report

Fixed
  violation[SA-13] P-CSCF: the answer left port_ps for port_uc over UDP
    --> udp4_sha1_aes.pcap frame 15; 1 time; TS 33.203 7.1

Neither found again nor judged again: nothing shows that it is fixed
  violation[LIFE-01] P-CSCF: the answer left port_ps for port_uc over UDP
    --> udp4_sha1_aes.pcap frame 15; 1 time; TS 33.203 7.1

Unchanged
  probable[PORT-09] P-CSCF: the answer left port_ps for port_uc over UDP (5 times; violation before;
    2 times before)

Rules
  no longer exercised: PORT 09

2 new (1 waived), 1 fixed, 1 not judged again, 1 unchanged (1 with other counts or verdicts)
"""
    )


def test_two_equal_reports_say_so() -> None:
    assert text(compare(past(), past())).endswith("\n0 new, 0 fixed, 0 unchanged\n")
    assert "x.json: nothing was judged there\n" in text(compare(past(), past(rules=[])))
    assert "  - gmaudit 0.0.9 made the old one, 0.1.0 the new one\n" in text(compare(past(version="0.0.9"), past()))


def test_json() -> None:
    made = document(EXAMPLE)
    assert made["worse"] is True
    assert [each["rule"] for each in made["new"]] == ["NEG-07", "CRY-01"]
    assert [(each["rule"], each["judged"]) for each in made["fixed"]] == [("SA-13", True), ("LIFE-01", False)]
    (change,) = made["unchanged"]
    assert (change["old"]["count"], change["new"]["count"], change["count_changed"]) == (2, 5, True)
    assert (change["old"]["verdict"], change["new"]["verdict"], change["verdict_changed"]) == (
        "violation",
        "probable",
        True,
    )
    assert made["new"][0]["old"] is None
    assert made["new"][1]["new"]["waived"] == 1
    assert made["rules"]["no_longer_exercised"] == ["PORT-09"]
    assert made["old_report"]["profile"] == "rel-11"


def test_markdown() -> None:
    made = markdown(EXAMPLE)
    assert made.startswith("## gmaudit: 2 new (1 waived), 1 fixed, 1 not judged again, 1 unchanged (1 with")
    assert "\n### New\n\n| verdict | rule | by | what | times | first |  |\n" in made
    assert "| violation | `CRY-01` | P-CSCF | the answer left " in made
    assert "| waived |\n" in made
    assert "- no longer exercised: `PORT-09`\n" in made


def test_long_tables_of_markdown_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_forms, "ROWS", 1)
    assert "\nand 1 more\n" in markdown(EXAMPLE)


def test_nothing_in_a_report_steers_its_reader() -> None:
    nasty = "\x1b[2J\u202e<script>alert(1)</script>|`[x](javascript:a)\n@all"
    one = finding(nasty, message=nasty, actor="UE", clause=nasty)
    captures = [CaptureSummary(path=f"/{nasty}", frames=1, first=0, last=0)]
    found = compare(past(name=nasty), past([one], captures=captures, profile=nasty, version=nasty))
    assert all(line.isprintable() for line in text(found).splitlines())
    made = markdown(found)
    assert all(line.isprintable() for line in made.splitlines())
    assert "<script" not in made
    document(found)


# --- what is no report ------------------------------------------------------------------------------------------------


def changed(**fields: Any) -> bytes:
    made = json.loads(octets(report()))
    for path, value in fields.items():
        *parents, last = path.split("__")
        place = made
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return json.dumps(made).encode()


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "x.json, line 1: is no JSON"),
        (b'{\n"schema": ', "x.json, line 2: is no JSON"),
        (b"\xff{}", "x.json: is no JSON; make it with gmaudit check --format json --output FILE"),
        (b"[" * 100_000, "x.json: is no JSON"),
        (b"[" + b"9" * 5000 + b"]", "x.json: is no JSON"),
        (b"[]", "x.json: is no report gmaudit.report/1"),
        (b"{}", "x.json: is no report gmaudit.report/1"),
        (changed(schema="gmaudit.report/2"), "x.json: is no report gmaudit.report/1"),
        (changed(profile=...), "x.json: profile is missing; it has to be a text"),
        (changed(version=1), "x.json: version is not a text"),
        (changed(rules={}), "x.json: rules is not a list of objects"),
        (changed(findings=[1]), "x.json: findings is not a list of objects"),
        (changed(findings__1__count=...), "x.json: findings[1].count is missing; it has to be a whole number"),
        (changed(findings__0__count=True), "x.json: findings[0].count is not a whole number"),
        (changed(findings__0__frame=-1), "x.json: findings[0].frame is not a whole number"),
        (changed(findings__0__capture=7), "x.json: findings[0].capture is not the place of a capture"),
        (changed(findings__2__verdict="bad"), "x.json: findings[2].verdict is not one of violation, warning, probable"),
        (changed(rules__0__pass=None), "x.json: rules[0].pass is not a whole number"),
        (changed(captures__0__path=...), "x.json: captures[0].path is missing; it has to be a text"),
    ],
)
def test_what_is_no_report_is_one_line(octets: bytes, words: str) -> None:
    with pytest.raises(DiffError) as caught:
        read(octets, "x.json")
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_a_report_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzer.report.diff, "LARGEST", 10)
    with pytest.raises(DiffError, match=r"x\.json: has more than 0 MiB"):
        read(b" " * 11, "x.json")


def test_reports_of_before_waivers_can_be_read() -> None:
    assert [fault.waived for fault in read(changed(findings__0__waived=...), "x.json").faults.values()] == [0, 0, 0]


def test_captures_of_the_same_name_are_told_apart() -> None:
    paths = [CaptureSummary(path=path, frames=1, first=0, last=0) for path in ("a/x.pcap", "b/x.pcap", "c/y.pcap")]
    one = past([finding(), finding("SA-13", capture=2)], captures=paths)
    assert [fault.place for fault in one.faults.values()] == ["a/x.pcap frame 15", "y.pcap frame 15"]


@given(st.binary(max_size=60) | st.text('{}[]":,1', max_size=60).map(str.encode))
@settings(deadline=None)
def test_any_octets_are_refused_in_one_line(octets: bytes) -> None:
    with pytest.raises(DiffError, match=r"^x\.json"):
        read(octets, "x.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(("captures", "rules", "findings", "profile", "findings__0__fingerprint", "rules__0__id")), JSON)
@settings(deadline=None)
def test_any_value_gives_a_comparison_or_one_line(path: str, value: Any) -> None:
    try:
        found = compare(past(), read(changed(**{path: value}), "x.json"))
    except DiffError as error:
        assert str(error).startswith("x.json: ")
    else:
        document(found)
        assert text(found)
