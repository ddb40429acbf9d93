"""What a bad capture does to a finding, and that the same messages in a good capture give the violation."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from analyzer.finding import Finding
from analyzer.report.model import Report
from analyzer.run import Options, audit, audit_frames
from tests.rules.protection import both_transports
from tests.scenario import Scenario, audited, check
from tests.scenario.state import SaSet
from tests.scenario.taps import behind_decryption, both_vantages, captures, offload, step


def of(report: Report, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule and finding.verdict != "note"]


def one(report: Report, rule: str) -> Finding:
    (found,) = of(report, rule)
    return found


def expired(idle: float = 4000) -> tuple[Scenario, SaSet]:
    """A set is used after its lifetime."""
    s = Scenario(expires=3600)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(idle)
    s.request("ue", "MESSAGE", on=first, label="late")
    return s, first


def stays(transport: str = "udp", wait: float = 30.0, **options: str) -> Scenario:
    """The UE goes on with the old set long after the switch."""
    s = Scenario(transport=transport, **options)  # type: ignore[arg-type]
    first = s.register()
    second = s.register(over=first)
    s.wait(wait)
    s.request("ue", "MESSAGE", on=first, label="old")
    s.wait(1)
    s.request("ue", "MESSAGE", on=second, label="new")
    s.request("pcscf", "OPTIONS", on=second, label="ping")
    return s


# --- steps of the clock --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["LIFE-06", "LIFE-07"])
def test_an_expired_set(rule: str) -> None:
    s, _ = expired()
    assert one(audited(s), rule).verdict == "violation"


@pytest.mark.parametrize("rule", ["LIFE-06", "LIFE-07"])
def test_the_clock_jumps_forward_between_a_request_and_its_answer(rule: str) -> None:
    s, first = expired(idle=10)
    s.request("ue", "MESSAGE", on=first, label="more")
    step(s, "late.resp", 4000)
    found = of(audited(s), rule)
    assert {finding.verdict for finding in found} <= {"probable"}
    assert all("FP14" in finding.traps for finding in found)
    assert audited(s).quality.steps == 1


@pytest.mark.parametrize("rule", ["LIFE-06", "LIFE-07"])
def test_the_clock_was_set_back_before(rule: str) -> None:
    """NTP had set it back by an hour, so nobody knows how long the set has really been there."""
    s = Scenario(expires=3600)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(100)
    s.request("ue", "MESSAGE", on=first, label="back")
    s.wait(8000)
    s.request("ue", "MESSAGE", on=first, label="late")
    step(s, "back", -3600)
    found = one(audited(s), rule)
    assert found.verdict == "probable"
    assert "FP14" in found.traps and "set back" in found.argument


def test_a_small_step_is_within_the_tolerance_of_lifetimes() -> None:
    s, _ = expired()
    step(s, "late", -1.0)
    assert one(audited(s), "LIFE-07").verdict == "violation"


@both_transports
def test_a_conformant_life_across_steps(transport: str) -> None:
    for label, seconds in (("req", -3600.0), ("sm7", -20.0), ("sm12", -0.5), ("sm12", 4000.0), ("resp", 900.0)):
        s = Scenario(transport=transport)
        first = s.register()
        s.request("ue", "MESSAGE", on=first)
        second = s.register(over=first)
        s.wait(3)
        s.request("ue", "MESSAGE", on=second, label="later")
        s.deregister(on=second)
        step(s, label, seconds)
        assert {finding.verdict for finding in audited(s).findings} <= {"note", "inconclusive", "probable"}


# --- two clocks ----------------------------------------------------------------------------------------------------


def two(s: Scenario, **options: float | bool) -> Report:
    return audit_frames(captures(s, "pcscf", **options), keys_text=s.keys_toml())  # type: ignore[arg-type]


def test_two_captures_of_one_clock() -> None:
    assert one(two(stays()), "SA-12").verdict == "violation"


@pytest.mark.parametrize("clock", [5.0, -5.0, 700.0])
def test_two_captures_of_everything_whose_clocks_differ(clock: float) -> None:
    report = two(stays(), clock=clock, both=True)
    assert report.quality.clocks
    assert {finding.verdict for finding in of(report, "SA-12")} <= {"violation", "probable"}
    conformant = Scenario()
    first = conformant.register()
    conformant.request("ue", "MESSAGE", on=first)
    conformant.request("pcscf", "OPTIONS", on=first)
    assert {finding.verdict for finding in two(conformant, clock=clock, both=True).findings} <= {"note", "probable"}


def test_sm7_before_the_challenge_that_it_answers() -> None:
    """The clock of the UE's capture is behind: each of its messages seems to come before what it answers."""
    s = Scenario(rtt=0.1)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    report = audit_frames(captures(s, "ue", clock=-0.3), keys_text=s.keys_toml())
    assert {each.verdict for each in of(report, "SA-06")} == {"probable"}
    assert {each.verdict for each in report.findings} <= {"note", "probable", "inconclusive"}


def test_an_answer_before_its_request() -> None:
    """Each side's own capture, and the clock of one is behind."""
    s = Scenario()
    first = s.register()
    for n in range(3):
        s.wait(20)
        s.request("ue", "MESSAGE", on=first, label=f"m{n}")
    report = two(s, clock=-0.05)
    assert not report.quality.clocks or report.quality.clocks[0].offset < 10**9
    report = two(s, clock=-5.0)
    assert {finding.verdict for finding in report.findings} <= {"note", "probable", "inconclusive"}


# --- both vantage points -------------------------------------------------------------------------------------------


@both_transports
@pytest.mark.parametrize("delay", [0.02, 0.3, 0.9])
def test_both_ends_in_one_capture(delay: float, transport: str) -> None:
    s = Scenario(transport=transport, rtt=2 * delay)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.call("pcscf", on=first)
    second = s.register(over=first)
    s.wait(5)
    s.request("ue", "MESSAGE", on=second, label="later")
    plain = audited(s)
    both_vantages(s, delay=delay)
    check(s)
    report = audited(s)
    assert report.esp.replayed == 0
    assert report.esp.packets == plain.esp.packets
    assert report.quality.sightings > 0 and not report.quality.clocks


@pytest.mark.parametrize("ends", [False, True])
def test_a_request_that_crosses_sm12(ends: bool) -> None:
    """At the P-CSCF SM12 is half a second older than at the UE, which has only then to switch."""
    s = Scenario(rtt=1.0)
    first = s.register()
    second = s.register(over=first)
    s.wait(0.3)
    s.request("ue", "MESSAGE", on=first, label="old", answered=False)
    s.wait(5)
    s.request("ue", "MESSAGE", on=second, label="new")
    if ends:
        both_vantages(s, delay=0.5)
    verdicts = {finding.verdict for finding in of(audited(s), "SA-12")}
    assert verdicts <= {"probable"} if ends else verdicts == {"violation"}


# --- one direction -------------------------------------------------------------------------------------------------


@both_transports
@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_one_direction_only(who: str, transport: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.call("ue", on=first)
    s.call("pcscf", on=first)
    s.wait(100)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second, label="more")
    s.only(who)  # type: ignore[arg-type]
    report = audited(s)
    assert {finding.verdict for finding in report.findings} <= {"note", "inconclusive"}
    if who == "ue":
        assert any("only packets of the UE" in notice for notice in report.notices)
        assert any(set(finding.traps) & {"FP3", "FP4"} for finding in report.findings)


# --- checksums -----------------------------------------------------------------------------------------------------


@both_transports
@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("partial", [False, True])
def test_unfinished_checksums_tell_the_place(partial: bool, ipv6: bool, transport: str) -> None:
    s = Scenario(transport=transport, ipv6=ipv6)
    s.ttl["ue"] = 99  # else the TTL would tell it too
    first = s.register()
    s.register()
    s.request("ue", "MESSAGE", on=first)
    assert audited(s).quality.offload == []
    offload(s, "ue", partial=partial)
    report = audited(s)
    assert report.quality.offload == ["UE"]
    assert any("on its host" in remark for remark in report.quality.remarks)


def test_unfinished_checksums_of_both_tell_nothing_of_the_place() -> None:
    s = Scenario()
    s.register()
    offload(s, "ue")
    offload(s, "pcscf")
    assert audited(s).quality.offload == ["UE", "P-CSCF"]


# --- cut frames and losses -----------------------------------------------------------------------------------------


def test_cut_packets_are_counted() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.cut("req", 90)
    s.cut("sm1", 90)
    assert audited(s).quality.cut == {"ESP packet": 1, "SIP message in clear": 1}


@pytest.mark.parametrize(("lost", "verdict"), [(0, "violation"), (7, "probable")])
def test_frames_that_the_recorder_lost(lost: int, verdict: str, tmp_path: Path) -> None:
    """A second registration while the first had no answer: it may have had one, in a frame that was lost."""
    s = Scenario()
    s.sm1()
    for pause in (2, 4, 8, 16):
        s.wait(pause)
        s.again("sm1", label=f"sm1 after {pause}")
    s.sm1()
    capture, keys = tmp_path / "x.pcapng", tmp_path / "keys.toml"
    capture.write_bytes(pcapng(s, lost))
    keys.write_text(s.keys_toml() + s.subscriber_toml())
    report = audit([str(capture)], Options(keys=[str(keys)]))
    assert report.quality.drops == [lost]
    found = one(report, "LIFE-02")
    assert (found.verdict, "FP4" in found.traps) == (verdict, lost > 0)


def pcapng(s: Scenario, lost: int) -> bytes:
    """The scenario with an interface statistics block at its end."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + size + body + size

    parts = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), block(1, struct.pack("<HHI", 1, 0, 0))]
    for frame in s.frames():
        head = struct.pack("<IIIII", 0, *divmod(frame.time // 1000, 1 << 32), len(frame.data), frame.length)
        parts.append(block(6, head + frame.data))
    parts.append(block(5, struct.pack("<III", 0, 0, 0) + struct.pack("<HHQHH", 5, 8, lost, 0, 0)))
    return b"".join(parts)


# --- a trace behind the decryption ---------------------------------------------------------------------------------


@both_transports
@pytest.mark.parametrize("clock", [0.0, 0.3, -0.3, 3.0, -3.0])
def test_a_trace_behind_the_decryption_accuses_nobody(clock: float, transport: str) -> None:
    """FP5: as another capture, whose clock may be far from that of the first one."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "OPTIONS", on=first)
    s.wait(5)
    s.request("ue", "MESSAGE", on=s.register(over=first))
    report = audit_frames(behind_decryption(s, clock=clock), keys_text=s.keys_toml())
    accused = [each for each in report.findings if each.verdict in ("violation", "warning")]
    assert [(each.rule, each.message) for each in accused] == []
    if clock and transport == "udp":
        assert "FP5" in of(report, "CLR-06" if clock < 0 else "CLR-01")[0].traps


def test_what_one_capture_has_in_clear_beside_its_esp_is_in_clear() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", sport=first.port_uc, dport=first.port_ps, answered=False, label="clear")
    s.request("ue", "MESSAGE", on=first)
    report = audit_frames(captures(s, "pcscf"), keys_text=s.keys_toml())
    assert one(report, "CLR-01").verdict == "violation"


def test_a_capture_has_esp_though_a_later_file_has_the_last_of_it() -> None:
    """A recorder that begins a new file now and then: each one has what came in its time, in clear or not."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", sport=first.port_uc, dport=first.port_ps, answered=False, label="clear")
    s.request("ue", "MESSAGE", on=first)
    s.wait(5)
    begins = s.now
    for _ in range(3):
        s.request("ue", "MESSAGE", on=first)
        s.request("pcscf", "OPTIONS", on=first)
    frames = [each._replace(capture=int(each.time >= begins)) for each in s.frames()]
    report = audit_frames(frames, keys_text=s.keys_toml())
    assert {each.capture for each in frames} == {0, 1}
    assert [one(report, rule).verdict for rule in ("CLR-01", "CLR-02")] == ["violation", "violation"]
