"""One registration with faults in it gives one report, whatever its packets were wrapped in, and whoever reads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from analyzer.report.model import Report
from analyzer.run import Options, audit, audit_frames
from tests.layers.build import LAYERS, TUNNELS
from tests.scenario import Scenario
from tests.sources.build import pcap

Wrap = Callable[[bytes], bytes]


@cache
def faulty() -> Scenario:
    """A set that breaks rules on ESP, on SIP, and on what is clear and no SIP (CLR-01: watched ports)."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "NOTIFY", on=first, answer={"on": None, "sport": 5060})
    s.rst("pcscf", on=first, role="ps>uc", clear=True)
    s.wait(3.0)
    s.request("ue", "MESSAGE", label="later", on=first)
    s.fragment("sm7")
    return s


def essence(report: Report) -> object:
    return (
        sorted((finding.rule, finding.fingerprint, finding.frame, finding.count) for finding in report.findings),
        report.esp,
        report.sip,
        sorted((rule.id, rule.passed, rule.violation, rule.inconclusive) for rule in report.rules),
    )


@cache
def plain() -> object:
    s = faulty()
    report = audit_frames(s.frames(), keys_text=s.keys_toml())
    assert {finding.rule for finding in report.findings} >= {"CLR-01"}
    return essence(report)


def both_ways(folder: Path, link: int, wrap: Wrap) -> None:
    s = faulty()
    octets = [wrap(frame.data[14:]) for frame in s.frames()]
    frames = [
        frame._replace(link=link, data=data, length=len(data)) for frame, data in zip(s.frames(), octets, strict=True)
    ]
    assert essence(audit_frames(frames, keys_text=s.keys_toml())) == plain()
    capture, keys = folder / "x.pcap", folder / "keys.toml"
    keys.write_text(s.keys_toml(), "utf-8")
    keys.chmod(0o600)
    head = len(pcap([]))
    capture.write_bytes(
        pcap([], link=link) + b"".join(pcap([frame.data], link=link, start=frame.time)[head:] for frame in frames)
    )
    assert essence(audit([str(capture)], Options(keys=[str(keys)]))) == plain()


@pytest.mark.parametrize("wrap", TUNNELS.values(), ids=TUNNELS)
def test_in_every_tunnel(tmp_path: Path, wrap: Wrap) -> None:
    ethernet = LAYERS["two tags"][1]
    both_ways(tmp_path, 1, lambda packet: ethernet(wrap(packet)))


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "exported"])
def test_under_every_layer(tmp_path: Path, name: str) -> None:
    both_ways(tmp_path, *LAYERS[name])
