"""A report made with several processes is the same to the last octet."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.frame import SECOND, Frame
from analyzer.report.chronicle import Chronicle
from analyzer.report.json import document
from analyzer.run import Options, audit
from analyzer.sources.files import Captures
from benchmarks.workloads import WORKLOADS, write
from tests.ims.lives import life
from tests.sources.build import pcap

CAPTURES = Path(__file__).parent.parent / "captures"
RECORDINGS = sorted(path.parent for path in CAPTURES.glob("*/expected.json"))


def both(monkeypatch: pytest.MonkeyPatch, paths: Sequence[str], keys: Sequence[str] = (), jobs: int = 2) -> bool:
    """Compare; whether one process had to do it again."""
    missed = []
    frames = Captures.__iter__

    def iterate(captures: Captures) -> object:
        yield from frames(captures)
        missed.append(captures.missed)

    monkeypatch.setattr(Captures, "__iter__", iterate)
    reports, chronicles = [], []
    for number in 1, jobs:
        chronicle = Chronicle()
        report = audit(paths, Options(keys=list(keys)), chronicle=chronicle, jobs=number)
        reports.append(json.dumps(document(report), indent=1))
        chronicles.append((chronicle.arrows, chronicle.lives))
    monkeypatch.undo()
    assert reports[0] == reports[1]
    assert chronicles[0] == chronicles[1]
    assert missed[:2] == [False, missed[1]]
    return missed[1]


def test_all_recordings_as_one_timeline(monkeypatch: pytest.MonkeyPatch) -> None:
    both(monkeypatch, [str(CAPTURES)], [str(folder / "keys.toml") for folder in RECORDINGS], jobs=3)


@pytest.mark.parametrize("folder", RECORDINGS, ids=lambda folder: folder.name)
def test_each_recording_by_itself(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    both(monkeypatch, [str(folder)], [str(folder / "keys.toml")])


@pytest.mark.parametrize(
    ("name", "share"), [("A", 0.01), ("A5", 0.01), ("B5", 0.01), ("C", 0.005), ("C-ipv6", 0.003), ("C-gtp", 0.003)]
)
def test_rotated_captures_of_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, share: float
) -> None:
    made = write(WORKLOADS[name], tmp_path, share)
    octets = made.capture.read_bytes()
    at, records = 24, []
    while at < len(octets):
        end = at + 16 + int.from_bytes(octets[at + 8 : at + 12], "little")
        records.append(octets[at:end])
        at = end
    paths = []
    for number in range(3):
        path = tmp_path / f"part{number}.pcap"
        part = records[len(records) * number // 3 : len(records) * (number + 1) // 3]
        path.write_bytes(pcap([])[:24] + b"".join(part))
        paths.append(str(path))
    assert not both(monkeypatch, paths, [str(made.keys)])


@pytest.mark.parametrize("seed", range(8))
def test_several_lives_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seed: int) -> None:
    """Each in captures of its own, all of the same time; their UEs and P-CSCFs have the same addresses, too."""
    paths, keys = [], []
    for number in range(3):
        one = life(seed + 100 * number)
        where: dict[tuple[int, int], list[Frame]] = {}
        for frame in one.frames:
            where.setdefault((frame.capture, frame.link), []).append(frame)
        for (capture, link), frames in where.items():
            paths.append(str(tmp_path / f"{number}-{capture}-{link}.pcap"))
            octets = pcap([frame.data for frame in frames], link=link)
            Path(paths[-1]).write_bytes(octets[:24] + b"".join(map(record, frames)))
        keys.append(str(tmp_path / f"{number}.toml"))
        Path(keys[-1]).write_text(one.keys)
    both(monkeypatch, paths, keys)


def record(frame: Frame) -> bytes:
    seconds, rest = divmod(frame.time, SECOND)
    return struct.pack("<IIII", seconds, rest // 1000, len(frame.data), frame.length) + frame.data


def test_what_was_left_out_and_is_needed_is_found_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that shows TCP in clear, too: of the audit that was begun and given up nothing is left."""
    folder = CAPTURES / "tcp4_sha1_aes"
    assert both(monkeypatch, [str(folder)], [str(folder / "keys.toml")])


def test_what_cannot_begin_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The other processes are at work already when the audit finds that it cannot be made."""
    closed: list[Captures] = []
    close = Captures.close

    def refuse(*_: object) -> None:
        assert len(list(tmp_path.iterdir())) == 1
        raise RuntimeError("no audit")

    def listen(captures: Captures) -> None:
        closed.append(captures)
        close(captures)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("analyzer.run.Audit", refuse)
    monkeypatch.setattr(Captures, "close", listen)
    with pytest.raises(RuntimeError, match="no audit"):
        audit([str(next(RECORDINGS[0].glob("*.pcap*")))], jobs=2)
    assert len(closed) == 1 and not list(tmp_path.iterdir())


def test_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = CAPTURES / "udp4_sha1_aes"
    command = ["check", str(folder / "udp4_sha1_aes.pcap"), "--keys", str(folder / "keys.toml"), "--format", "json"]
    texts = []
    for jobs in [], ["--jobs", "2"]:
        status = cli.main([*command, *jobs])
        texts.append((status, *capsys.readouterr()))
    assert texts[0] == texts[1]
    assert cli.main(["check", "-", "--jobs", "2"]) == 2
    assert capsys.readouterr().err == (
        "gmaudit: -: can be read by one process only; leave out --jobs, or write it to a file\n"
    )
    assert cli.main([*command, "--jobs", "0"]) == 2
