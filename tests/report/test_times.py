"""Times in reports, and times that users write."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.times import duration, iso, read, shown
from tests.report.reports import SECOND, START


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()


@pytest.fixture(autouse=True)
def zone_restored(monkeypatch: pytest.MonkeyPatch) -> object:
    yield
    monkeypatch.undo()
    time.tzset()
    return None


def test_iso_has_microseconds_and_z() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000000Z"
    assert iso(START + 1_999) == "2026-01-10T06:51:02.119001Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999Z"


@given(st.integers())
def test_any_number_is_some_time(time: int) -> None:
    assert len(iso(time)) == len("1970-01-01T00:00:00.000000Z")
    assert len(shown(time, local=True)) == len("1970-01-01 00:00:00.000")


def test_shown_in_utc_and_here(berlin: None) -> None:
    assert shown(START, local=False) == "2026-01-10 06:51:02.119"
    assert shown(START, local=True) == "2026-01-10 07:51:02.119"
    assert shown(START, local=False, date=False) == "06:51:02.119"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.000 s"),
        (0.412, "0.412 s"),
        (23.8, "23.8 s"),
        (600, "10 min"),
        (7199.9, "2 h 00 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(int(seconds * SECOND)) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-10T06:51:02.119Z",
        "2026-01-10 06:51:02.119",
        "2026-01-10T07:51:02.119+01:00",
        "1768027862.119",
        "1768027862.119000000",
    ],
)
def test_read(text: str) -> None:
    assert read(text, local=False) == START


def test_a_date_without_zone_is_in_the_zone_of_the_report(berlin: None) -> None:
    assert read("2026-01-10T07:51:02.119", local=True) == START
    assert read("1768027862.119", local=True) == START


@given(st.integers(0, 4_000_000_000_000_000))
def test_what_json_shows_can_be_given_back(microseconds: int) -> None:
    assert read(iso(microseconds * 1000), local=False) == microseconds * 1000


@pytest.mark.parametrize("text", ["", "noon", "nan", "inf", "1e99", "2026-13-01", "+5"[1:] + "s"])
def test_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read(text, local=False)
