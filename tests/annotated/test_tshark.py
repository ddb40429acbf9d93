"""tshark and capinfos open what is written without a complaint, and read the comments back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer import cli
from tests.annotated.again import capinfos, told
from tests.scenario import Scenario
from tests.test_captures import CAPTURES

pytestmark = pytest.mark.tshark

PLAIN = ("frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type")
RECORDINGS = ("udp4_sha1_aes", "tcp4_sha1_aes", "frag_udp6")


def check(folder: Path, *arguments: str) -> tuple[Path, dict[str, Any]]:
    """Audit into a capture and a JSON report."""
    made, report = folder / "made.pcapng", folder / "report.json"
    outputs = ("--format", "pcapng", "--output", str(made), "--format", "json", "--output", str(report))
    assert cli.main(["check", *arguments, *outputs]) in (0, 1)
    return made, json.loads(report.read_text())


def recording(name: str) -> tuple[str, ...]:
    keys = ("--keys", str(CAPTURES / name / "keys.toml"))
    return str(CAPTURES / name / f"{name}.pcap"), *keys


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_capture_again_with_comments(name: str, tmp_path: Path) -> None:
    made, report = check(tmp_path, *recording(name))
    assert told(made, *PLAIN) == told(Path(recording(name)[0]), *PLAIN)
    comments = {int(number): text for number, text in told(made, "frame.number", "frame.comment") if text}
    for finding in report["findings"]:
        assert f"{finding['verdict']}[{finding['rule']}] {finding['actor']}: " in comments[finding["frame"]]
        assert finding["fingerprint"] in comments[finding["frame"]]
        for frame in (*finding["related"], *finding["occurrences"]):
            assert f"{finding['verdict']}[{finding['rule']}] {finding['actor']}" in comments[frame]
    assert sum(text.count("Fingerprint") for text in comments.values()) == len(report["findings"]) > 5
    whole = capinfos(made)
    assert "Capture comment:     gmaudit 0.1.0, profile rel-17: violation; " in whole
    assert "Capture application: gmaudit 0.1.0" in whole


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_esp_held_stands_behind_it(name: str, tmp_path: Path) -> None:
    made, report = check(tmp_path, *recording(name), "--decrypted")
    frames = told(made, "frame.interface_name", "ip.src", "ipv6.src", "frame.time_epoch", "frame.comment")
    before: list[str] = []
    inside = 0
    number = 0
    for frame in frames:
        if frame[0] != "gmaudit":
            before, number = frame, number + 1
            continue
        inside += 1
        assert frame[1:4] == before[1:4]
        assert frame[4].startswith(
            f"gmaudit decrypted: content of the ESP packet in frame {number} of {name}.pcap, SPI 0x"
        )
    assert inside == report["esp"]["verified"] > 15
    assert number == report["captures"][0]["frames"]
    sip = sum(bool(methods or codes) for methods, codes in told(made, "sip.Method", "sip.Status-Code"))
    assert sip >= report["sip"]["protected"]


def test_several_captures_and_nanoseconds(tmp_path: Path) -> None:
    scenario = Scenario(transport="tcp", vantage="middle")
    scenario.call("ue", on=scenario.register())
    one, two, keys = tmp_path / "one.pcap", tmp_path / "two.pcap", tmp_path / "keys.toml"
    one.write_bytes(scenario.pcap())
    two.write_bytes((CAPTURES / "udp6_md5_null" / "udp6_md5_null.pcap").read_bytes())
    keys.write_text(scenario.keys_toml())
    made, report = check(tmp_path, str(one), str(two), "--keys", str(keys))
    sources = sorted(told(one, *PLAIN) + told(two, *PLAIN), key=lambda fields: float(fields[0]))
    assert sorted(told(made, *PLAIN), key=lambda fields: float(fields[0])) == sources
    assert {name for (name,) in told(made, "frame.interface_name")} == {"one.pcap", "two.pcap"}
    assert report["captures"][1]["frames"] == sum(name == ["two.pcap"] for name in told(made, "frame.interface_name"))


def test_other_link_types(tmp_path: Path) -> None:
    folder = CAPTURES / "linktypes_udp4"
    paths = sorted(str(path) for path in folder.glob("*.pcap*"))
    assert len(paths) > 2
    made, _ = check(tmp_path, *paths, "--keys", str(folder / "keys.toml"))
    kinds = {fields[3] for path in paths for fields in told(Path(path), *PLAIN)}
    assert {fields[3] for fields in told(made, *PLAIN)} == kinds


def test_once_more_gives_the_same_findings(tmp_path: Path) -> None:
    """An annotated capture is a capture like any other, also with what ESP held in it."""
    path, *keys = recording("udp4_sha1_aes")
    made, before = check(tmp_path, path, *keys)
    again = tmp_path / "again"
    again.mkdir()
    _, after = check(again, str(made), *keys)
    assert after["findings"] == before["findings"]


def test_what_esp_held_makes_the_second_audit_careful_and_nothing_else(tmp_path: Path) -> None:
    path, *keys = recording("udp4_sha1_aes")
    made, before = check(tmp_path, path, *keys, "--decrypted")
    again = tmp_path / "again"
    again.mkdir()
    _, after = check(again, str(made), *keys)
    assert after["quality"]["decrypted_copies"] == before["esp"]["verified"]
    was, now = ({each["fingerprint"]: each["verdict"] for each in made["findings"]} for made in (before, after))
    assert was.keys() == now.keys()
    changed = {(was[each], now[each]) for each in was if was[each] != now[each]}
    assert changed == {("violation", "probable")}
