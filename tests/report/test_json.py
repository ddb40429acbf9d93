"""The JSON report: every field of the contract, its schema, and nothing that could hurt a reader."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from analyzer.report.json import document, write
from analyzer.report.model import CaptureSummary, EspCounts, Report, SipCounts, SubjectSummary
from tests.report.reports import finding, report, set_summary
from tests.report.schema import SCHEMA, load, validate

CONTRACT = {
    "": "schema version profile verdict captures copies esp sip subjects sa_sets rules findings",
    "capture": "path frames first last skipped",
    "esp": "packets verified bad_icv no_key unchecked replayed",
    "sip": "messages clear protected malformed core",
    "subject": "id impi impus contact ue pcscf",
    "sa_set": "subject generation parent state_ue state_pcscf spi_uc spi_us spi_pc spi_ps port_uc port_us port_pc "
    "port_ps alg ealg mod keyed sm1 sm6 sm7 sm12 expires_at ended",
    "rule": "id pass violation warning note probable inconclusive error",
    "finding": "rule verdict level severity actor subject capture frame time related count occurrences message "
    "expected observed related_other clause traps cause fingerprint",
}
"""The fields that are promised, object by object."""


def written(model: Report) -> dict[str, Any]:
    stream = io.StringIO()
    write(model, stream)
    assert stream.getvalue().isascii()
    return load(stream.getvalue())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_schema_requires_every_field_of_the_contract(name: str) -> None:
    part = SCHEMA["$defs"][name] if name else SCHEMA
    assert set(CONTRACT[name].split()) <= set(part["required"]) == set(part["properties"])


def test_a_report_is_valid_and_says_what_the_model_says() -> None:
    found = written(report())
    assert found == document(report())
    assert found["schema"] == "gmaudit.report/1"
    assert found["verdict"] == "violation"
    assert found["captures"] == [
        {
            "path": "udp4_sha1_aes.pcap",
            "frames": 1071,
            "first": "2026-01-10T06:51:02.119000Z",
            "last": "2026-01-10T06:51:25.950000Z",
            "skipped": {"ARP": 4, "not signalling": 0},
            "notices": ["the last record is cut short"],
        }
    ]
    assert found["esp"] == {"packets": 46, "verified": 44, "bad_icv": 0, "no_key": 2, "unchecked": 0, "replayed": 0}
    assert found["sa_sets"][1]["parent"] == 1
    assert found["sa_sets"][1]["expires_at"] is None
    added = {"seen": 0, "why_not": ""}
    assert found["rules"][2] == dict.fromkeys(CONTRACT["rule"].split(), 0) | {"id": "NEG-09"} | added
    assert [one["rule"] for one in found["findings"]] == ["PORT-09", "SA-13", "NEG-07"]
    assert found["findings"][0]["occurrences"] == [15, 23, 30, 38, 42]
    assert found["findings"][0]["level"] == "MUST"
    assert found["findings"][1]["cause"] == found["findings"][2]["fingerprint"]


def test_frames_of_other_captures_are_objects() -> None:
    found = written(report(findings=[finding(related_other=((1, 7),))]))
    assert found["findings"][0]["related_other"] == [{"capture": 1, "frame": 7}]


def test_one_line_for_each_entry_of_a_list() -> None:
    stream = io.StringIO()
    write(report(), stream)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "{"
    assert lines[-1] == "}"
    assert sum(line.startswith('{"rule": ') for line in lines) == 3


def test_an_empty_report_is_valid() -> None:
    empty = Report(
        version="0.1.0",
        profile="sa3-29",
        captures=[CaptureSummary(path="-", frames=0, first=None, last=None)],
        copies=0,
        esp=EspCounts(),
        sip=SipCounts(),
        subjects=[],
        sa_sets=[],
        rules=[],
        findings=[],
    )
    assert written(empty)["verdict"] == "nothing-to-judge"


def test_a_rule_that_crashed_is_named() -> None:
    assert written(report(crashed=["PORT-09: KeyError"]))["crashed"] == ["PORT-09: KeyError"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "fail"),
        (("findings", 0, "severity"), "urgent"),
        (("findings", 0, "verdict"), "pass"),
        (("findings", 0, "actor"), "HSS"),
        (("findings", 0, "time"), "2026-01-10T06:51:02Z"),
        (("findings", 0, "frame"), 0),
        (("findings", 0, "fingerprint"), ""),
        (("sa_sets", 0, "state_ue"), "temporary"),
        (("sa_sets", 0, "spi_uc"), -1),
        (("captures", 0, "skipped"), []),
    ],
)
def test_the_schema_refuses_what_the_contract_does_not_know(path: tuple[Any, ...], value: Any) -> None:
    whole = document(report())
    place: Any = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ValidationError):
        validate(whole)


def test_the_public_schema_leaves_room_for_new_fields() -> None:
    whole = document(report())
    whole["new"] = whole["findings"][0]["new"] = 1
    Draft202012Validator(SCHEMA).validate(whole)
    with pytest.raises(ValidationError):
        validate(whole)


@given(st.text(), st.integers(-(2**80), 2**80))
def test_any_text_and_any_time_give_a_valid_report(text: str, time: int) -> None:
    subject = SubjectSummary(id="s1", impi=text, impus=[text], contact=text, ue="::1", pcscf="::2")
    found = written(
        report(
            captures=[CaptureSummary(path=text, frames=1, first=time, last=time, skipped={text: 1}, notices=[text])],
            subjects=[subject],
            sa_sets=[set_summary(alg=text, ealg=text, mod=text, expires_at=time, ended=time)],
            findings=[finding(expected=text, observed=text, argument=text, traps=(text,), time=time)],
            notices=[text],
        )
    )
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert found["findings"][0]["observed"] == text


def test_lone_surrogates_do_not_leave_the_program() -> None:
    stream = io.StringIO()
    write(report(notices=["path \udcff.pcap"]), stream)
    assert json.loads(stream.getvalue())["notices"] == ["path \ufffd.pcap"]
