"""With scouts the same frames come in the same order, or it is said that they do not."""

from __future__ import annotations

import io
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from analyzer.frame import Frame
from analyzer.layers.tunnels import BY_PORT
from analyzer.sources import scout, scouts, watched
from analyzer.sources.files import Captures
from analyzer.sources.scout import Scout
from analyzer.sources.scouts import Scouts
from analyzer.sources.triage import SIGNALLING, Triage
from analyzer.sources.walker import Summary, UnreadableCapture
from analyzer.sources.watched import Flows
from tests.layers.build import LAYERS, TUNNELS
from tests.network.build import PCSCF, PCSCF6, UE, UE6, ethernet, ipv4, ipv6, udp
from tests.sources.build import SECOND, START, enhanced, interface, pcap, pcapng, read, section, simple, write
from tests.sources.test_triage_tunnels import LOUD, QUIET, RTP, WATCHED


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


Outcome = tuple[list[Frame], list[Summary], int, bool]


def run(paths: Sequence[str], jobs: int, watch: int | None) -> Outcome:
    """All frames, if the addresses of the UEs are watched from the ``watch``-th on."""
    triage = Triage()
    source = Captures(paths, triage, jobs=jobs)
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == watch:
            triage.watch(UE, WATCHED)
            triage.watch(UE6, WATCHED)
    return frames, source.summaries, triage.dropped, source.missed


def same(paths: Sequence[str], watch: int | None = None, jobs: int = 2) -> bool:
    """Compare with one process; whether it came to watch what had been left out."""
    one, many = run(paths, 1, watch), run(paths, jobs, watch)
    assert not one[3]
    if not many[3]:
        assert many == one
        assert [list(each.skipped.items()) for each in many[1]] == [list(each.skipped.items()) for each in one[1]]
    return many[3]


def some(seed: int, *, quiet: bool = False) -> list[bytes]:
    """A few hundred frames of all kinds."""
    chosen = random.Random(seed)
    without = {name: packet for name, packet in LOUD.items() if not name.startswith("watched")}
    packets = list((QUIET if quiet else QUIET | without).values())
    wraps = [bytes, bytes, bytes, *TUNNELS.values()]
    layers = [ethernet, ethernet, *(wrap for link, wrap in LAYERS.values() if link == 1)]
    frames = []
    for _ in range(300):
        packet = chosen.choice(wraps)(chosen.choice(packets))
        frame = chosen.choice(layers)(packet)
        frames.append(frame[: len(frame) - chosen.choice((0, 0, 0, chosen.randrange(60)))])
    return frames


@pytest.mark.parametrize("seed", range(3))
def test_captures_that_overlap(tmp_path: Path, seed: int) -> None:
    paths = [
        write(tmp_path, "a.pcap", pcap(some(seed), step=SECOND)),
        write(tmp_path, "b.pcapng", pcapng(some(seed + 10), start=START + 100 * SECOND)),
        write(tmp_path, "c.pcap", pcap(some(seed + 20), order=">", start=START + 290 * SECOND, lengths=3)),
    ]
    assert not same(paths)
    assert not same(paths, watch=10), "nothing of theirs is there"


def test_who_is_watched_and_was_left_out_is_missed(tmp_path: Path) -> None:
    sip, mine = ethernet(LOUD["sip port"], ()), [ethernet(LOUD[name], ()) for name in ("watched", "watched6")]
    for frame in mine:
        late = write(tmp_path, "late.pcap", pcap([frame, frame, sip, frame, sip]))
        assert same([late], watch=1)
        assert not same([late], watch=None)
        assert same([late], watch=2), "it may have been before, but nobody knows"
    other = write(tmp_path, "other.pcap", pcap([sip, ethernet(QUIET["watched port, other address"], ()), sip]))
    assert not same([other], watch=1)


def test_what_has_no_loop_is_handed_over(tmp_path: Path) -> None:
    for wrap in LAYERS["a label"][1], lambda packet: ethernet(TUNNELS["vxlan"](packet), ()):
        frames = [wrap(LOUD["watched"])] * 3
        path = write(tmp_path, "x.pcap", pcap([ethernet(LOUD["sip port"], ()), *frames]))
        assert not same([path], watch=1)
        assert len(run([path], 2, 1)[0]) == 4


def test_every_link_type(tmp_path: Path) -> None:
    paths = []
    for name, (link, wrap) in LAYERS.items():
        frames = [wrap(packet) for packet in (*QUIET.values(), *LOUD.values()) if packet is not LOUD["watched"]]
        paths.append(write(tmp_path, f"{name}.pcap", pcap(frames, link=link)))
    mixed = section() + b"".join(interface(link=link) for link in (1, 101, 147))
    packet = LOUD["sip port"]
    several = [(ethernet(packet, ()), 0), (packet, 1), (packet, 2), (ethernet(packet, ()), 0), (QUIET["rtp"], 1)]
    for number, (frame, index) in enumerate(several):
        mixed += enhanced(frame, index=index, ticks=(START + number * SECOND) // 1000)
    paths.append(write(tmp_path, "mixed.pcapng", mixed))
    assert not same(paths, jobs=3)
    assert not same(paths[-1:])


def test_frames_without_a_time_are_for_one_process(tmp_path: Path) -> None:
    sip = ethernet(LOUD["sip port"], ())
    path = write(tmp_path, "x.pcapng", section() + interface() + enhanced(sip) + simple(sip))
    assert same([path])


@pytest.mark.parametrize("cut", [1, 15, 60])
def test_captures_that_end_too_early(tmp_path: Path, cut: int) -> None:
    for name, octets in ("x.pcap", pcap(some(1))), ("x.pcapng", pcapng(some(2))):
        assert not same([write(tmp_path, name, octets[:-cut])])
    damaged = pcap(some(3)) + b"\xff" * 40 + pcap(some(4))[24:]
    assert not same([write(tmp_path, "damaged.pcap", damaged)])


def test_more_captures_than_may_wait(tmp_path: Path, temporary: Path) -> None:
    paths = [
        write(tmp_path, f"{number}.pcap", pcap(some(number)[:20], start=START + number * 10 * SECOND))
        for number in range(12)
    ]
    assert not same(paths[::-1])
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("jobs", [2, 3])
@pytest.mark.parametrize("apart", [0, 2000], ids=["all at once", "one after the other"])
def test_what_waits_has_a_limit(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, jobs: int, apart: int
) -> None:
    """Whoever would have to write more waits; if all do, and what is needed is with somebody else, they go on."""
    monkeypatch.setattr(scouts, "MOST", 1 << 19)
    frame = ethernet(ipv4(17, udp(bytes(5000), 5060, 5060)), ())
    paths = [
        write(tmp_path, f"{number}.pcap", pcap([frame] * 1000, start=START + number * apart * SECOND))
        for number in range(5)
    ]
    assert not same(paths, jobs=jobs)
    if apart:
        source = iter(Captures(paths, Triage(), jobs=jobs))
        waiting = []
        for count, _ in enumerate(source):
            if not count % 10:
                time.sleep(0.002)
                waiting.append(sum(part.stat().st_size for part in temporary.glob("*/0.*")))
        assert max(waiting) < 9 << 18, "5 MB in all"


def test_blocks_larger_than_what_is_written_at_once(tmp_path: Path) -> None:
    frames = [ethernet(ipv4(50, number.to_bytes(4, "big") + bytes(40_000)), ()) for number in range(1, 60)]
    assert not same([write(tmp_path, "x.pcap", pcap(frames))])


@pytest.mark.parametrize("wrap", [bytes, TUNNELS["gtp-u"]], ids=["plain", "gtp-u"])
@pytest.mark.parametrize("make", [ipv4, ipv6])
def test_strangers_are_left_out(tmp_path: Path, make: Callable[..., bytes], wrap: Callable[[bytes], bytes]) -> None:
    numbers = [*range(1, 200), *range(1000, 1200), 150, *range(1200, 1210)]
    packets = [make(50, b"\xc0\0\0\1" + number.to_bytes(4, "big") + bytes(40)) for number in numbers]
    packets[50] = packets[50][:-1]
    frames = [ethernet(wrap(each), ()) for each in packets]
    paths = [
        write(tmp_path, "a.pcap", pcap(frames[:199], step=SECOND // 10)),
        write(tmp_path, "b.pcapng", pcapng(frames[199:], start=START + 100 * SECOND, step=SECOND // 10)),
    ]
    ends = UE if make is ipv4 else UE6, PCSCF if make is ipv4 else PCSCF6

    def audit(jobs: int) -> tuple[list[Frame], list[Summary], int, int]:
        triage = Triage()
        source = Captures(paths, triage, jobs=jobs)
        frames = []
        for frame in source:
            frames.append(frame)
            triage.strangers.ignore(*ends, frame.data[-48:])
        return frames, source.summaries, triage.dropped, triage.strangers.count

    one = audit(1)
    assert one == audit(2)
    assert one[3] > 300


def test_who_works_in_turn_comes_to_the_end(tmp_path: Path) -> None:
    quiet, sip = ethernet(ipv4(17, udp(bytes(60_000), 40000, 40002)), ()), ethernet(LOUD["sip port"], ())
    paths = [
        write(tmp_path, f"{number}.pcap", pcap([sip, *[quiet] * 700, sip], start=START + number * SECOND))
        for number in range(3)
    ]
    assert not same(paths)
    assert len(run(paths, 2, None)[0]) == 6


class TestTurns:
    @pytest.fixture
    def told(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
        told: list[dict[str, object]] = []
        monkeypatch.setattr(scout, "_tell", told.append)
        return told

    def count(self, tmp_path: Path, slices: int, *, in_turn: bool) -> None:
        with closing(scout.Sink(str(tmp_path / "spool"), 1, in_turn=in_turn)) as sink:
            for _ in range(slices):
                sink.count(scout.SLICE + 1)

    def test_it_asks_before_each_turn(
        self, tmp_path: Path, told: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO('{"turns": true}\n{"turns": false}\n'))
        self.count(tmp_path, 5, in_turn=True)
        assert told.count({"waits": True}) == 2

    def test_the_others_never_ask(self, tmp_path: Path, told: list[dict[str, object]]) -> None:
        self.count(tmp_path, 5, in_turn=False)
        assert {"waits": True} not in told

    def test_nobody_is_there_any_more(
        self, tmp_path: Path, told: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        with pytest.raises(SystemExit):
            self.count(tmp_path, 1, in_turn=True)


def test_octets_are_counted(tmp_path: Path) -> None:
    paths = [write(tmp_path, name, pcap(some(5))) for name in ("a", "b")]
    counted: list[int] = []
    source = Captures(paths, Triage(), progress=counted.append, jobs=2)
    list(source)
    assert source.size is not None
    assert sum(counted) == source.size


class TestTrouble:
    def test_a_capture_that_goes_away(self, tmp_path: Path, temporary: Path) -> None:
        path = write(tmp_path, "x.pcap", pcap(some(6)))
        source = Captures([path], Triage(), jobs=2)
        Path(path).unlink()
        with pytest.raises(UnreadableCapture, match=r"x\.pcap: No such file or directory"):
            list(source)
        assert not list(temporary.iterdir())

    def test_a_process_that_ends(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
        monkeypatch.setattr("analyzer.sources.processes.sys.executable", "/bin/false")
        source = Captures([write(tmp_path, "x.pcap", pcap(some(7)))], Triage(), jobs=2)
        with pytest.raises(UnreadableCapture, match="has ended; leave out --jobs"):
            list(source)
        assert not list(temporary.iterdir())

    def test_a_disk_that_is_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(scout, "FileIO", lambda path, mode: io.FileIO("/dev/full", "wb"))
        told: list[dict[str, object]] = []
        monkeypatch.setattr(scout, "_tell", told.append)
        path = write(tmp_path, "x.pcap", pcap(some(8)))
        scout.walk(scout.Scout(), path, 0, f"{tmp_path}/spool", 1 << 20)
        said = "No space left on device; set TMPDIR to where there is room, or leave out --jobs"
        assert told == [{"error": f"{tmp_path}/spool: {said}"}]

    def test_a_directory_that_is_gone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[dict[str, object]] = []
        monkeypatch.setattr(scout, "_tell", told.append)
        scout.walk(scout.Scout(), "x.pcap", 0, f"{tmp_path}/gone/0", 1)
        assert str(told[0]["error"]).startswith(f"{tmp_path}/gone/0: No such file or directory; set TMPDIR")

    def test_who_stops_in_the_middle_leaves_nothing(self, tmp_path: Path, temporary: Path) -> None:
        frames = iter(Captures([write(tmp_path, "x.pcap", pcap(some(8)))], Triage(), jobs=2))
        next(frames)
        frames.close()  # type: ignore[attr-defined]
        assert not list(temporary.iterdir())

    def test_standard_input_is_for_one_process(self) -> None:
        with pytest.raises(UnreadableCapture, match="can be read by one process only; leave out --jobs"):
            Captures(["-"], Triage(), jobs=2)

    def test_as_many_processes_as_captures(self, tmp_path: Path) -> None:
        many = Scouts(5, [(0, write(tmp_path, "x.pcap", pcap(some(9))))], None)
        assert len(many._processes) == 1
        many.close()


class TestFlows:
    def test_ports_of_signalling_and_tunnels_are_never_boring(self) -> None:
        flows = Flows(Triage().ports(">"))
        for port in (*SIGNALLING, *BY_PORT):
            for ports in (port, 40000), (40000, port):
                assert not flows.boring(bytes(8) + b"".join(each.to_bytes(2, "big") for each in ports))
        assert not flows.known

    @pytest.mark.parametrize("width", [4, 16])
    def test_they_meet_at_either_end(self, width: int) -> None:
        flows = Flows(Triage().ports(">"))
        one, other = bytes([1]) * width, bytes([2]) * width
        assert flows.boring(one + other + b"\x40\1\x40\2")
        for address, port in itertools.product((one, other), (b"\x40\1", b"\x40\2")):
            assert flows.meet({address + port}) is ((address, port) in ((one, b"\x40\1"), (other, b"\x40\2")))

    def test_when_there_are_too_many_frames_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watched, "MAX_FLOWS", 2)
        packets = [make(17, udp(RTP, 20000 + port, 30000)) for port in range(4) for make in (ipv4, ipv6)]
        frames = [ethernet(packet, ()) for packet in packets]
        kept, _ = read(pcap(frames * 2), Scout())
        assert len(kept) == 12


def test_nothing_of_the_working_directory_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert not same([write(tmp_path, "x.pcap", pcap(some(11)))])
