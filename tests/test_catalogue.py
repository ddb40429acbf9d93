"""The catalogue of the rules and the coverage of the papers are fresh, complete and true."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import rules
from analyzer.report.rules import examples
from analyzer.rule import collect
from tools import catalogue, shown
from tools.catalogue import PAPERS, ROOT, coverage, first_sentence, made, rows, table

DATA = coverage()
RULES = {rule.id for rule in collect([rules])}
ITEMS = {f"{paper}-{number}": entry for paper in PAPERS for number, entry in DATA[paper].items()}


@cache
def fresh() -> dict[Path, str]:
    return made()


@cache
def proofs() -> shown.Tests:
    return shown.tests(DATA["shown"])


@pytest.mark.parametrize("name", ["rules/README.md", "rules/COVERAGE.md", "analyzer/report/examples.json"])
def test_it_is_fresh(name: str) -> None:
    path = ROOT / name
    assert path.read_text("utf-8") == fresh()[path], "run python -m tools.catalogue"
    assert len(fresh()) == 3


def test_all_sentences_of_both_papers_are_there() -> None:
    expected = {f"S1-{number:02}" for number in range(1, 63)} | {f"S2-{number:02}" for number in range(1, 40)}
    assert ITEMS.keys() | DATA["silent"].keys() == expected
    assert not ITEMS.keys() & DATA["silent"].keys()


@pytest.mark.parametrize("item", ITEMS)
def test_no_sentence_is_without_its_rules(item: str) -> None:
    says, *ids = ITEMS[item]
    assert says.endswith(".") and ids and set(ids) <= RULES


def test_every_row_of_the_catalogue_has_its_rule() -> None:
    assert set(rows(DATA)) == RULES


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_is_shown_broken_and_met(rule: str) -> None:
    assert proofs().broken.get(rule) and proofs().met.get(rule)


def test_tests_that_somebody_wrote_down_are_there() -> None:
    named = {name for kind in DATA["shown"].values() for names in kind.values() for name in names}
    assert named <= shown.known_tests()


def test_what_cannot_be_a_rule_has_its_reason() -> None:
    assert len(DATA["unobservable"]) == 10
    assert all(each["what"] and each["why"] and each["nearest"] for each in DATA["unobservable"])


def test_the_frames_of_a_rule_are_those_of_the_captures() -> None:
    found = examples("SA-14")
    assert ("udp4_sha1_aes/udp4_sha1_aes.pcap", 43, "violation", "rel-17") in found
    for each in found:
        assert (ROOT / "captures" / each.capture).is_file()
    assert examples("LAB-01") == []


def test_what_is_out_of_date_is_named_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "README.md"
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    monkeypatch.setattr(catalogue, "made", lambda: {path: "new"})
    assert catalogue.main(["--check"]) == 1 and not path.exists()
    assert "README.md is out of date" in capsys.readouterr().err
    assert catalogue.main([]) == 0 and path.read_text("utf-8") == "new"
    assert catalogue.main(["--check"]) == 0


def test_the_first_sentence_and_a_cell_with_a_bar() -> None:
    assert first_sentence("One of\nthe 24.229 kind. Two.\n\nThree.") == "One of the 24.229 kind."
    assert table(("a", "b"), [("1|2", "3")])[-1] == r"| 1\|2 | 3 |"
