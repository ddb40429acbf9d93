from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.frame import FrameRef
from analyzer.report import ticks
from analyzer.report.chronicle import Chronicle
from analyzer.report.model import Report
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.quotes import BLANK, LONGEST, Quote, Shelf, head
from analyzer.report.ticks import Ticks
from analyzer.run import Options, audit
from tests.scenario import Scenario


def quote(raw: bytes) -> Quote:
    return head(raw).quote()


def told(tmp_path: Path, s: Scenario, chronicle: Chronicle) -> Report:
    """The audit of a scenario with somebody who writes down what happens."""
    capture, keys = tmp_path / "gm.pcap", tmp_path / "keys.toml"
    capture.write_bytes(s.pcap())
    keys.write_text(s.keys_toml(), "utf-8")
    return audit([str(capture)], Options(keys=[str(keys)]), chronicle=chronicle)


def test_messages_traffic_and_sets_of_a_subject(tmp_path: Path) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    second = s.register(over=first)
    s.request("pcscf", "NOTIFY", on=second)
    made = Chronicle()
    report = told(tmp_path, s, made)
    (subject,) = report.subjects
    labels = ("sm1", "sm6", "sm7", "sm12", "req", "resp", "sm1.2", "sm6.2", "sm7.2", "sm12.2", "req.2", "resp.2")
    assert [arrow.at.number for arrow in made.arrows] == [s.frame(label) for label in labels]
    assert [arrow.uplink for arrow in made.arrows] == [True, False] * 5 + [False, True]
    assert [arrow.generation for arrow in made.arrows] == [None, None, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]
    assert {arrow.subject for arrow in made.arrows} == {subject.id}
    assert made.arrows[0].clear and made.arrows[1].status == 401 and made.arrows[2].spi == first.spi_ps
    assert {key: line.count for key, line in made.ticks.items()} == {
        (subject.id, 1, True): 3,
        (subject.id, 1, False): 3,
        (subject.id, 2, True): 2,
        (subject.id, 2, False): 2,
    }
    lives = made.lives[subject.id]
    assert [(life.generation, life.sm12 and life.sm12.number) for life in lives] == [
        (1, s.frame("sm12")),
        (2, s.frame("sm12.2")),
    ]
    head = made.quote(0, s.frame("sm1"))
    assert head is not None and head.head.startswith("REGISTER sip:") and "Security-Client: ipsec-3gpp" in head.head
    assert made.notices == []


def test_nothing_is_missing_where_nothing_changes_and_no_verdict_depends_on_it(tmp_path: Path) -> None:
    s = Scenario()
    first = s.register()
    for _ in range(60):
        s.request("ue", "MESSAGE", on=first)
        s.request("pcscf", "MESSAGE", on=first)
    made = Chronicle()
    report = told(tmp_path, s, made)
    assert len(made.arrows) == report.sip.messages == 4 + 4 * 60
    assert sum(line.count for line in made.ticks.values()) == report.esp.verified == 2 + 4 * 60
    alone = audit([str(tmp_path / "gm.pcap")], Options(keys=[str(tmp_path / "keys.toml")]))
    assert (alone.rules, alone.findings) == (report.rules, report.findings)


def test_later_messages_are_counted_unless_a_finding_names_them(tmp_path: Path) -> None:
    s = Scenario()
    first = s.register()
    for _ in range(4):
        s.request("ue", "MESSAGE", on=first)
    s.register(over=first, sm7={"headers": {"Security-Verify": None}})
    made = Chronicle(messages=6)
    report = told(tmp_path, s, made)
    named = {seen.at.number for each in report.findings if each.evidence for seen in each.evidence.messages}
    assert s.frame("sm7.2") in named
    shown = {arrow.at.number for arrow in made.arrows}
    messages = report.sip.messages
    assert s.frame("sm7.2") in shown and s.frame("req.3") not in shown
    assert len(made.arrows) + made.missed == messages
    assert [arrow.at for arrow in made.arrows] == sorted(arrow.at for arrow in made.arrows)
    assert made.notices == [f"{made.missed} later messages are not in the ladders: the first 6 are"]


def test_what_findings_name_is_quoted_when_all_else_is_forgotten(tmp_path: Path) -> None:
    s = Scenario()
    first = s.register(sm7={"headers": {"Security-Verify": None}})
    for _ in range(8):
        s.request("ue", "MESSAGE", on=first)
    made = Chronicle(budget=1_500)
    told(tmp_path, s, made)
    assert made.quote(0, s.frame("req")) is None
    assert made.quote(0, s.frame("sm7")) is not None


def test_pseudonyms_replace_identities_and_leave_out_what_has_no_known_form(tmp_path: Path) -> None:
    s = Scenario()
    s.register(sm1={"headers": {"From": '"Alice A." <sip:alice.example@home.example>;tag=1', "X-Cell": "42-1001"}})
    made, names = Chronicle(), Pseudonyms(b"a key of sixteen")
    report = told(tmp_path, s, made)
    (subject,) = report.subjects
    hidden = made.through(names)
    names.report(report)
    before, after = made.quote(0, s.frame("sm1")), hidden.quote(0, s.frame("sm1"))
    assert before is not None and after is not None
    for identity in ("Alice A.", "alice.example", "42-1001", subject.ue, (subject.impi or "").partition("@")[0]):
        assert identity in before.head
        assert identity not in after.head
    assert "Security-Client: ipsec-3gpp" in after.head
    assert {arrow.subject for arrow in hidden.arrows} == set(hidden.lives) == {key[0] for key in hidden.ticks}
    assert subject.id not in hidden.lives and subject.id in made.lives


def test_keys_passwords_and_bodies_are_never_kept() -> None:
    raw = (
        b'SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest nonce="n", ck="00aa", IK = \r\n "11bb", CK=cc22\r\n'
        b"Authorization: Basic dXNlcjpzZWNyZXQ=\r\nContent-Length: 6\r\n\r\nsecret"
    )
    made = quote(raw)
    assert made.body == 6 and made.cut == 0
    for secret in ("00aa", "11bb", "cc22", "dXNl", "secret"):
        assert secret not in made.head
    assert made.head.count(BLANK) == 4


def test_long_headers_are_cut() -> None:
    made = quote(b"OPTIONS sip:a SIP/2.0\r\nX: " + b"x" * 70_000 + b"\r\n\r\n")
    assert len(made.head) == LONGEST and made.cut == (26 + 70_000 + 1) - LONGEST


def test_a_shelf_forgets_the_oldest() -> None:
    shelf = Shelf(10)
    for number in range(4):
        shelf.put((0, number), head(b"abcd"))
    assert [shelf.get((0, number)) is not None for number in range(4)] == [False, False, True, True]
    assert shelf.octets == 8
    assert shelf.take((0, 2)) is not None and shelf.octets == 4


@pytest.mark.parametrize("gap", [0, 1, 7_000_000_000, 86_400_000_000_000])
def test_ticks_stay_few_and_lose_no_packet(gap: int) -> None:
    line = Ticks(FrameRef(0, 1, 0))
    for number in range(1_000):
        line.add(FrameRef(0, number + 1, number * gap))
    assert line.count == sum(line.buckets.values()) == 1_000
    assert len(line.buckets) <= ticks.BUCKETS
    assert line.last.number == 1_000
    few = line.coarser(5)
    assert len(few.buckets) <= 5 and sum(few.buckets.values()) == 1_000
    assert few is not line or len(line.buckets) <= 5
