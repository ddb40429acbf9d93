"""A report with ESP of others left out while reading is the same as one for which every packet was looked at."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.engine.engine import Engine
from analyzer.frame import Frame
from analyzer.report.json import document
from analyzer.run import Options, audit
from benchmarks.workloads import WORKLOADS, write
from tests.network.build import ethernet, ipv4
from tests.sources.build import pcap

CAPTURES = Path(__file__).parent.parent / "captures"


def both(path: Path, keys: Path | None = None) -> tuple[int, int]:
    """Compare the two reports; how many frames the engine got in each of the audits."""
    frames, reports = [0, 0], []
    receive, options = Engine.receive, Options(keys=[] if keys is None else [str(keys)])
    for which in 0, 1:
        with pytest.MonkeyPatch.context() as patch:

            def counted(engine: Engine, frame: Frame, which: int = which) -> None:
                frames[which] += 1
                receive(engine, frame)

            patch.setattr(Engine, "receive", counted)
            if which:
                patch.setattr(Engine, "leave_out", lambda engine, strangers: None)
            reports.append(json.dumps(document(audit([str(path)], options)), indent=1))
    assert reports[0] == reports[1]
    return frames[0], frames[1]


def test_of_the_benchmark(tmp_path: Path) -> None:
    for name in "C", "C-ipv6", "C-gtp":
        made = write(WORKLOADS[name], tmp_path, 0.004)
        few, all_of_them = both(made.capture, made.keys)
        assert few < all_of_them - 100


@pytest.mark.parametrize("name", ["udp4_sha1_aes", "frag_udp6", "netem_loss_dup_reorder_udp4"])
@pytest.mark.parametrize("keys", [True, False])
def test_of_recordings(name: str, keys: bool) -> None:
    folder = CAPTURES / name
    both(folder / f"{name}.pcap", folder / "keys.toml" if keys else None)


def tunnels(write_esp: Callable[[int, int], bytes]) -> list[bytes]:
    return [write_esp(tunnel, number) for number, tunnel in itertools.product(range(1, 40), range(3))]


def test_of_a_capture_that_has_every_packet_twice(tmp_path: Path) -> None:
    def one(tunnel: int, number: int) -> bytes:
        content = (0xC0000000 + tunnel).to_bytes(4, "big") + number.to_bytes(4, "big") + bytes([number] * 60)
        return ethernet(ipv4(50, content, source=bytes((192, 0, 2, 1)), destination=bytes((192, 0, 2, 2))), ())

    path = tmp_path / "twice.pcap"
    path.write_bytes(pcap([frame for frame in tunnels(one) for _ in range(2)], step=1_000_000))
    few, all_of_them = both(path)
    assert few == all_of_them
