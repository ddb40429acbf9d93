"""Waivers: what a file may say, which findings an entry fits, and what becomes of expired and unused ones."""

from __future__ import annotations

import html
import io
import re
from datetime import date, timedelta
from fnmatch import translate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.finding import Waived
from analyzer.report import outputs, waivers
from analyzer.report.chronicle import Chronicle
from analyzer.report.json import document
from analyzer.report.model import Report
from analyzer.report.order import cases
from analyzer.report.outputs import Output
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.renderers import RENDERERS
from analyzer.report.waivers import Waiver, WaiverError, matches, read, waive
from tests.report.reports import IMPI, finding, material, report
from tests.report.schema import validate

TODAY = date(2026, 6, 30)


def waiver(rule: str = "PORT-09", **fields: Any) -> Waiver:
    return Waiver(place="w.toml, waiver 1", rule=rule, reason=fields.pop("reason", "known"), **fields)


def waived(*entries: Waiver, on: date = TODAY, of: Report | None = None) -> list[str]:
    """Rules of the findings that are waived."""
    made = waive(of or report(), entries, on)
    return [each.rule for each in made.findings if each.waived is not None]


# --- which findings ---------------------------------------------------------------------------------------------------


def test_a_rule_or_how_several_begin() -> None:
    assert waived(waiver("PORT-09")) == ["PORT-09"]
    assert waived(waiver("PORT")) == ["PORT-09"]
    assert waived(waiver("NEG"), waiver("SA")) == ["SA-13", "NEG-07"]
    assert waived(waiver("PORT-1")) == []


@pytest.mark.parametrize(
    ("subject", "fits"),
    [
        (IMPI, True),
        (IMPI.upper(), True),
        ("s1", True),
        ("10.20.0.11", True),
        ("10.20.0.1", True),
        ("10.20.0.*", True),
        ("*3gppnetwork.org", True),
        ("sip:*@10.20.0.11:46432", True),
        ("00101*101@*", True),
        ("*", True),
        ("001010000000101", False),
        ("10.20.0", False),
        ("*0101", False),
        ("00102*", False),
    ],
)
def test_a_pattern_of_the_subject_is_the_whole_of_one_of_its_names(subject: str, fits: bool) -> None:
    assert waived(waiver(subject=subject)) == ["PORT-09"] * fits


def test_actor_and_fingerprint_narrow_it_down() -> None:
    assert waived(waiver("", actor="UE")) == ["NEG-07"]
    one = finding(fault="another")
    made = report(findings=[finding(), one])
    kept = waive(made, [waiver(fingerprint=one.fingerprint)], TODAY)
    assert [each.waived for each in kept.findings] == [None, Waived("known", None)]


def test_a_finding_without_a_subject_fits_no_pattern() -> None:
    made = report(findings=[finding(subject=None)])
    assert waived(waiver(subject="*"), of=made) == []
    assert waived(waiver(), of=made) == ["PORT-09"]


def test_a_subject_of_which_the_report_says_nothing_is_known_by_its_id() -> None:
    made = report(findings=[finding(subject="s9")])
    assert waived(waiver(subject="s9"), of=made) == ["PORT-09"]


def test_the_first_that_fits_gives_the_reason_and_all_count() -> None:
    entries = [waiver(reason="over", expires=date(2020, 1, 1)), waiver("PORT", reason="one"), waiver(reason="two")]
    made = waive(report(), entries, TODAY)
    assert made.findings[0].waived == Waived("one", None)
    assert [(each.state, each.findings) for each in made.waivers] == [("expired", 1), ("used", 1), ("used", 1)]


def test_nothing_is_hidden() -> None:
    before = report()
    after = waive(before, [waiver("")], TODAY)
    assert all(each.waived for each in after.findings)
    assert after.verdict == before.verdict == "violation"
    assert after.rules == before.rules
    assert [each.waived for each in before.findings] == [None] * 3


# --- until when -------------------------------------------------------------------------------------------------------


def test_the_last_day_counts() -> None:
    entry = waiver(expires=TODAY)
    assert waived(entry, on=TODAY) == ["PORT-09"]
    assert waived(entry, on=TODAY + timedelta(1)) == []


def test_what_has_expired_or_fits_nothing_is_told() -> None:
    gone = date(2026, 1, 31)
    entries = [waiver(expires=gone), waiver("", expires=gone), waiver("X", expires=gone), waiver("CRY-01")]
    made = waive(report(notices=["before"]), entries, TODAY)
    assert made.notices == [
        "before",
        "w.toml, waiver 1 (PORT-09) held until 2026-01-31 and waives nothing any more; it fits 1 finding",
        "w.toml, waiver 1 () held until 2026-01-31 and waives nothing any more; it fits 3 findings",
        "w.toml, waiver 1 (X) held until 2026-01-31 and waives nothing any more; it fits no findings",
        "w.toml, waiver 1 (CRY-01) fits no finding; if the fault is gone, the waiver can go",
    ]
    assert [each.state for each in made.waivers] == ["expired", "expired", "expired", "unused"]


def test_a_thousand_of_them_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waivers, "MOST_TOLD", 2)
    made = waive(report(notices=[]), [waiver("CRY")] * 5, TODAY)
    assert made.notices[2:] == ["3 more waivers that are expired or fit no finding"]
    assert len(made.waivers) == 5


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_json_report_has_it() -> None:
    made = document(waive(report(), [waiver(expires=TODAY, actor="P-CSCF", subject="s1")], TODAY))
    validate(made)
    assert made["findings"][0]["waived"] == {"reason": "known", "expires": "2026-06-30"}
    assert made["findings"][1]["waived"] is None
    assert made["waivers"] == [
        {
            "place": "w.toml, waiver 1",
            "rule": "PORT-09",
            "actor": "P-CSCF",
            "subject": "s1",
            "fingerprint": None,
            "reason": "known",
            "expires": "2026-06-30",
            "state": "used",
            "findings": 1,
        }
    ]
    assert document(report())["waivers"] == []


def test_pseudonyms_hide_pattern_and_reason() -> None:
    entry = waiver(subject="001010000000*", reason=f"agreed with {IMPI}")
    made = document(Pseudonyms(b"a key of sixteen").report(waive(report(), [entry], TODAY)))
    validate(made)
    assert made["waivers"][0]["state"] == "used"
    assert "00101000" not in repr(made)
    assert made["findings"][0]["waived"]["reason"].startswith("agreed with ")


@pytest.mark.parametrize("name", [name for name, renderer in RENDERERS.items() if not renderer.captures])
def test_every_form_of_a_report_gives_the_reason(name: str) -> None:
    """That of the capture which is written again has a test of its own."""
    made = waive(report(), [waiver("", reason="agreedwithvendor", expires=date(2026, 12, 31))], TODAY)
    stream = io.StringIO()
    chronicle = Chronicle() if RENDERERS[name].chronicle else None
    outputs.write(material(made, chronicle=chronicle), [Output(name, None)], stream)
    text = html.unescape(stream.getvalue())
    assert text.count("agreedwithvendor") >= len(made.findings)
    assert "waived" in text.lower() or name == "sarif"
    assert "2026-12-31" in text


def test_the_text_report_counts_them_apart() -> None:
    stream = io.StringIO()
    made = waive(report(), [waiver(), waiver("CRY", expires=date(2026, 1, 1))], TODAY)
    outputs.write(material(made), [Output("text", None)], stream)
    text = stream.getvalue()
    assert "violation[PORT-09] (waived): the answer left" in text
    assert "1 violation, 1 probable, 1 waived in 1 capture" in text
    assert re.search(r"= waived +known\n", text)
    assert "(CRY) held until 2026-01-01 and waives nothing any more; it fits no findings" in " ".join(text.split())


def test_the_same_fault_of_others_is_not_folded_under_a_waived_one() -> None:
    many = [finding(subject=f"s{place}", time=place) for place in range(9)]
    made = waive(report(findings=many), [waiver(subject="s1")], TODAY)
    told = cases(made.findings)
    assert [case.finding.subject for case in told if case.finding.waived] == ["s1"]
    assert [len(case.same) for case in told if not case.finding.waived] == [0, 0, 5]


# --- patterns ---------------------------------------------------------------------------------------------------------


@given(st.text("ab*", max_size=8), st.text("abAB", max_size=12))
@settings(deadline=None)
def test_patterns_mean_what_those_of_a_shell_mean(pattern: str, text: str) -> None:
    assert matches(pattern, text) == (re.fullmatch(translate(pattern), text.lower()) is not None)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.lists(st.text(max_size=5), min_size=3, max_size=3))
@settings(deadline=None)
def test_stars_stand_for_anything(pieces: list[str], fillers: list[str]) -> None:
    pieces = [piece.replace("*", "") for piece in pieces]
    text = pieces[0] + "".join(filler + piece for filler, piece in zip(fillers, pieces[1:], strict=False))
    assert matches("*".join(pieces), text)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_a_file_says_it_all() -> None:
    text = """
        # accepted by the lab
        [[waiver]]
        rule = "port-13"
        actor = "p-cscf"
        subject = "00101*"
        fingerprint = "0123456789ABCDEF"
        reason = " ticket 1234 "
        expires = 2026-12-31
        [[waiver]]
        rule = "CLR"
        reason = "a lab without IPsec"
    """
    first, second = read(text.encode(), "w.toml")
    assert first == Waiver(
        place="w.toml, waiver 1",
        rule="PORT-13",
        actor="P-CSCF",
        subject="00101*",
        fingerprint="0123456789abcdef",
        reason="ticket 1234",
        expires=date(2026, 12, 31),
    )
    assert second == Waiver(place="w.toml, waiver 2", rule="CLR", reason="a lab without IPsec")
    assert read(b"", "w.toml") == []


FINE = b'[[waiver]]\nrule = "A"\nreason = "b"\n'


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (FINE + b'[[waiver]]\nrule = "A"', "w.toml, waiver 2 (line 4): reason is missing"),
        (b'[[waiver]]\nreason = "b"', "w.toml, waiver 1 (line 1): rule is missing"),
        (b'waiver = [{reason = "b"}]', "w.toml, waiver 1: rule is missing"),
        (FINE + b"reason = 1", "w.toml, line 4: this is not TOML"),
        (FINE + b'until = "x"', "w.toml, waiver 1 (line 1): a field has no meaning here; the fields are rule, actor"),
        (FINE + b'expires = "2026-12-31"', "expires must be a date without quotation marks, such as 2026-12-31"),
        (FINE + b"expires = 2026-12-31T00:00:00Z", "expires must be a date"),
        (FINE + b'actor = "HSS"', "actor must be one of UE, P-CSCF, S-CSCF, network, unknown"),
        (FINE + b'fingerprint = "12"', "fingerprint must be 16 hexadecimal digits"),
        (FINE + b'subject = "  "', "subject must be text in quotation marks, and not empty"),
        (FINE + b"subject = 101", "subject must be text in quotation marks, and not empty"),
        (FINE + b'subject = "' + b"1" * 501 + b'"', "subject has more than 500 characters"),
        (b'[waiver]\nrule = "A"', "must be written with two brackets: [[waiver]]"),
        (b"waiver = [1]", "must be written with two brackets: [[waiver]]"),
        (b'[[exception]]\nrule = "A"', "only [[waiver]] tables have a meaning here"),
        (b'[[waiver]\nrule = "A"', "w.toml, line 1: this is not TOML"),
        (b"\n\n\xff", "w.toml, line 3: this is not UTF-8"),
        (b"[[waiver]]\n" + b"a." * 5000 + b"b = 1", "w.toml, line 2: names with dots have no meaning"),
        (b'[[waiver]]\n"\\"#".' + b"a." * 5000 + b"b = 1", "w.toml, line 2: names with dots have no meaning"),
        (b"a = " + b"[" * 5000, "w.toml, line 1: this is not TOML"),
        (b"#" * (1 << 20) + b"#", "more than 1 MiB"),
        (FINE * 1001, "more than 1,000 waivers"),
    ],
)
def test_a_file_that_makes_no_sense_is_one_line(octets: bytes, words: str) -> None:
    with pytest.raises(WaiverError) as caught:
        read(octets, "w.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("w.toml")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=80) | st.text('[]{}="waiver.rulson\n 1', max_size=80).map(str.encode))
@settings(deadline=None)
def test_any_octets_are_waivers_or_an_error(octets: bytes) -> None:
    try:
        assert all(each.rule and each.reason for each in read(octets, "w.toml"))
    except WaiverError as error:
        assert str(error).startswith("w.toml")
