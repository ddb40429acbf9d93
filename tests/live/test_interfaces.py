"""What is heard: VLAN tags, `any`, several interfaces, filters, and recordings with their own timing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from analyzer.audit.audit import Options
from analyzer.frame import Frame
from analyzer.run import audit
from analyzer.sources.files import Captures
from analyzer.sources.recording import Recording
from analyzer.sources.triage import Triage
from analyzer.watch.filters import leaving_out, ports
from tests.live.lab import CAPTURES, Cable, Lab, Listening, Run, frames_of, inside, keys_of, told
from tests.live.test_disturbed import filler

RECORDING = CAPTURES / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"
OPTIONS = Options(keys=keys_of(RECORDING))

pytestmark = pytest.mark.netns


def kept(path: Path) -> list[Frame]:
    return list(Captures([str(path)], Triage()))


def faults(run: Run) -> list[tuple[object, ...]]:
    return sorted((each.rule, each.verdict, each.frame, each.count) for each in run.report.findings)


def rules(run: Run) -> set[tuple[object, ...]]:
    """Sent faster than it was recorded, so that what rests on times may be less sure."""
    return {each[::2] for each in faults(run)}


def expected(path: Path, options: Options) -> list[tuple[object, ...]]:
    found = audit([str(path)], options).findings
    return sorted((each.rule, each.verdict, each.frame, each.count) for each in found)


def test_tags_that_the_kernel_strips_are_put_back(lab: Lab, tmp_path: Path) -> None:
    cable, written = lab.cable(), tmp_path / "w.pcapng"
    tagged = [
        (moment, frame[:12] + b"\x81\x00\x20\x05" + frame[12:])
        if place % 2
        else (moment, frame[:12] + b"\x88\xa8\x00\x07\x81\x00\x00\x09" + frame[12:])
        for place, (moment, frame) in enumerate(frames_of(RECORDING))
    ]
    run = Listening(cable, OPTIONS, Recording(str(written)))
    cable.send(tagged)
    done = run.stop()
    assert {each.data for each in kept(written)} <= {frame for _, frame in tagged}
    assert rules(done) == {each[::2] for each in expected(RECORDING, OPTIONS)}
    assert told(done.report) == told(audit([str(written)], OPTIONS))


def test_any_hears_all_with_their_direction(lab: Lab, tmp_path: Path) -> None:
    cable, written = lab.cable(), tmp_path / "w.pcapng"
    run = Listening(cable, OPTIONS, Recording(str(written)), interfaces=["any"])
    cable.send(frames_of(RECORDING))
    done = run.stop()
    assert {each.link for each in kept(written)} == {276}
    assert rules(done) == {each[::2] for each in expected(RECORDING, OPTIONS)}
    assert told(done.report) == told(audit([str(written)], OPTIONS))


def test_several_interfaces_are_one_timeline(lab: Lab, tmp_path: Path) -> None:
    one, two, written = lab.cable(), lab.cable(), tmp_path / "w.pcapng"
    run = Listening(one, OPTIONS, Recording(str(written)), interfaces=[one.name, two.name])
    for place, frame in enumerate(frames_of(RECORDING)):
        (one if place % 2 else two).send([frame])
        time.sleep(0.001)
    done = run.stop()
    assert done.session.live.summary.path == f"{one.name}+{two.name}"
    assert [each.data for each in kept(written)] == [each.data for each in kept(RECORDING)]
    assert {rule for rule, _ in rules(done)} == {each[0] for each in expected(RECORDING, OPTIONS)}
    assert told(done.report) == told(audit([str(written)], OPTIONS))


def test_bulk_is_not_heard(lab: Lab) -> None:
    cable, bulk = lab.cable(), ports("9,20000-30000")
    run = Listening(cable, OPTIONS, bulk=bulk)
    cable.send(filler(200))
    cable.send(frames_of(RECORDING))
    done = run.stop()
    assert done.report.captures[0].frames == 58
    assert rules(done) == {each[::2] for each in expected(RECORDING, OPTIONS)}
    assert f"only what passed this filter was heard: {leaving_out(bulk)}" in done.report.notices


def test_ports_of_a_set_are_heard_though_they_are_bulk(lab: Lab) -> None:
    """The phone registers; then what is sent in clear to its protected port comes through."""
    cable, frames = lab.cable(), frames_of(RECORDING)
    run = Listening(cable, OPTIONS, bulk=ports("9,1024-5059,5063-65535"))
    cable.send(frames[:6])
    run.heard(4)
    time.sleep(0.5)
    cable.send(frames[6:])
    done = run.stop()
    assert any(each[0] == "CLR-01" for each in rules(done))
    assert not done.session.live.notes


def test_a_filter_is_widened_while_it_runs(lab: Lab) -> None:
    cable = lab.cable()
    run = Listening(cable, OPTIONS, filter=leaving_out(ports("9")))
    cable.send(filler(5))
    run.session.live.keep("10.0.0.2", 9)
    time.sleep(0.3)
    cable.send(filler(7))
    run.heard(7)
    assert run.stop().report.captures[0].frames == 7


@pytest.mark.parametrize(
    ("text", "found"), [("443", [(443, 443)]), ("443, 10000-20000", [(443, 443), (10000, 20000)]), ("", [])]
)
def test_ports(text: str, found: list[tuple[int, int]]) -> None:
    assert ports(text) == found


@pytest.mark.parametrize("text", ["x", "0", "5-3", "70000", "1-", "-2", "1-2-3"])
def test_no_ports(text: str) -> None:
    with pytest.raises(ValueError):
        ports(text)


TIMED = [
    "ue_misbehaves_after_rereg_udp4/ue_misbehaves_after_rereg_udp4.pcap",
    "ckik_leak_udp4/ckik_leak_udp4.core.pcap",
    "tcp_reconnect_tcp4/tcp_reconnect_tcp4.core.pcap",
    "security_verify_mangled_udp4/security_verify_mangled_udp4.core.pcap",
    "synthetic/connection_closed_tcp/connection_closed_tcp.pcap",
    "synthetic/clean_ringing_tcp/clean_ringing_tcp.pcap",
    "synthetic/nonce_collision_gcm/nonce_collision_gcm.pcap",
]


def test_with_its_own_timing_a_recording_gives_what_the_original_gives(lab: Lab) -> None:
    """All at once, since that takes as long as they took."""
    paths = [CAPTURES / name for name in TIMED]
    runs: list[tuple[Path, Cable, Listening, threading.Thread]] = []
    for path in paths:
        cable = lab.cable()
        run = Listening(cable, Options(keys=keys_of(path)))
        sender = threading.Thread(target=cable.send, args=(frames_of(path),), kwargs={"timed": True})
        runs.append((path, cable, run, sender))
    for *_, sender in runs:
        sender.start()
    for path, _, run, sender in runs:
        sender.join()
        done = run.stop()
        assert faults(done) == expected(path, Options(keys=keys_of(path))), path


def test_inside_gives_the_namespace_back(lab: Lab) -> None:
    before = Path("/proc/thread-self/ns/net").readlink()
    with inside(lab.listener):
        assert Path("/proc/thread-self/ns/net").readlink() != before
    assert Path("/proc/thread-self/ns/net").readlink() == before
