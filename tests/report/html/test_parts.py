"""The parts that are laid out before the page is written: axis, marks, comparison."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.html.details import _compared
from analyzer.report.html.marks import marked, marks
from analyzer.report.html.scale import STRETCHES, scale
from analyzer.report.html.timeline import LABEL, _labels
from analyzer.report.html.words import Words
from tests.report.reports import finding, report

SECOND = 1_000_000_000


@given(st.lists(st.integers(0, 10**18), min_size=1, max_size=300))
def test_times_keep_their_order_on_the_axis(times: list[int]) -> None:
    axis = scale(times)
    assert axis is not None and len(axis.stretches) <= STRETCHES
    places = [axis.place(time) for time in sorted(times)]
    assert places == sorted(places)
    assert all(-0.001 <= place <= 100.001 for place in places)


@given(st.lists(st.integers(0, 10**18), min_size=1, max_size=50), st.integers(-(10**18), 2 * 10**18))
def test_every_time_has_a_place(times: list[int], time: int) -> None:
    axis = scale(times)
    assert axis is not None and -0.001 <= axis.place(time) <= 100.001


def test_nothing_has_no_axis() -> None:
    assert scale([]) is None


def test_a_long_silence_is_cut_and_what_happens_has_the_room() -> None:
    busy = [number * SECOND // 10 for number in range(20)]
    week = 7 * 86_400 * SECOND
    axis = scale([*busy, *(week + time for time in busy)])
    assert axis is not None
    (cut,) = axis.cuts
    assert cut.width < 5 and cut.skipped == week - busy[-1]
    assert axis.place(busy[-1]) > 40 and axis.place(week) < 60


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_times_below_the_axis_do_not_run_into_one_another(times: list[int]) -> None:
    axis = scale(times)
    assert axis is not None
    before = {"start": 0.0, "middle": LABEL / 2, "end": LABEL}
    begins = [label.left - before[label.anchor] for label in _labels(axis, Words(report(), local=False))]
    assert begins and all(later - one > LABEL - 0.001 for one, later in pairwise(begins))


LINES = [
    "REGISTER sip:home.example SIP/2.0",
    "Security-Client: ipsec-3gpp;spi-c=11111;spi-s=22222;port-c=5101",
    "Security-Verify: ipsec-3gpp;spi-c=33333;port-c=5101",
    "Call-ID: 5101@host",
]


def words(lines: list[str], found: list[tuple[int, list[tuple[int, int]]]]) -> dict[int, list[str]]:
    return {number: [lines[number][begin:end] for begin, end in spans] for number, spans in found}


def test_marks_stand_in_the_headers_that_a_finding_names() -> None:
    made = marks(
        finding(
            message="Security-Verify of SM7 differs from Security-Server",
            expected="spi-c=44444",
            observed="spi-c=33333",
        )
    )
    assert words(LINES, marked(LINES, made.headers, made.bad)) == {2: ["spi-c=33333"]}


def test_a_parameter_belongs_to_the_header_that_is_named_and_a_method_to_none() -> None:
    made = marks(
        finding(message="Security-Client of SM1 prints spi-c with fewer than ten digits", expected="", observed="")
    )
    assert [number for number, _ in marked(LINES, made.headers, made.bad)] == [1]
    made = marks(finding(message="the UE sends large requests", expected="TCP", observed="REGISTER of 1389 octets"))
    assert marked(["REGISTER sip:a SIP/2.0", "CSeq: 2 REGISTER"], made.headers, made.bad) == []


def test_a_repeated_value_is_marked_and_not_the_rest_of_its_header() -> None:
    made = marks(
        finding(
            message="the offer repeats spi-c",
            expected="spi-c other than 11111; port-c 5101",
            observed="ipsec-3gpp;spi-c=11111;spi-s=22222;port-c=5101",
        )
    )
    assert words(LINES, marked(LINES, made.headers, made.bad)) == {1: ["spi-c=11111"]}


def test_without_a_header_the_words_alone_point_at_lines() -> None:
    made = marks(finding(message="another port", expected="6100", observed="5101"))
    assert words(LINES, marked(LINES, made.headers, made.bad)) == {1: ["5101"], 2: ["5101"], 3: ["5101"]}


@given(st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=80), max_size=8))
def test_any_text_can_be_marked(expected: str, observed: str, lines: list[str]) -> None:
    made = marks(finding(message=observed, expected=expected, observed=observed))
    for number, spans in marked(lines, made.headers, made.bad):
        assert all(0 <= begin < end <= len(lines[number]) for begin, end in spans)


@given(st.text(max_size=500), st.text(max_size=500))
def test_comparing_loses_nothing(expected: str, observed: str) -> None:
    one, other = _compared(expected, observed)
    assert "".join(text for text, _ in one) == expected
    assert "".join(text for text, _ in other) == observed
