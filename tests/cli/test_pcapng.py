"""`gmaudit check --format pcapng`: what it refuses before any work, and that it never writes over what it reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer import cli
from tests.sources import build
from tests.test_captures import CAPTURES
from tests.test_cli import Auditor, Run, auditor, run

__all__ = ["auditor", "run"]

NAME = "udp4_sha1_aes"
PCAPNG = ("--format", "pcapng", "--output")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-", *PCAPNG, "made"), "--format pcapng reads the captures again; standard input cannot be: save it first"),
        (("x.pcap", *PCAPNG, "made", "--pseudonymise"), "pseudonyms cannot hide them; leave out one of the two"),
        (
            ("x.pcap", "--decrypted"),
            "--decrypted adds packets to a capture; give it one: --format pcapng --output FILE",
        ),
        (("x.pcap", "--output", "made.json", "--decrypted"), "--decrypted adds packets to a capture"),
    ],
)
def test_what_cannot_be_is_one_line(run: Run, auditor: Auditor, arguments: tuple[str, ...], words: str) -> None:
    status, out, err = run("check", *arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert auditor.captures == []


def test_a_named_pipe_is_read_only_once(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    status, _, err = run("check", str(pipe), *PCAPNG, str(tmp_path / "made"))
    assert status == 2
    assert f"{pipe} cannot be: save it first" in err
    assert auditor.captures == []


def test_it_is_known_by_its_suffix(tmp_path: Path) -> None:
    made = tmp_path / "made.pcapng"
    capture = build.write(tmp_path, "a.pcap", build.pcap([build.RTP]))
    assert cli.main(["check", capture, "--output", str(made)]) == 5
    assert made.read_bytes().startswith(b"\x0a\x0d\x0d\x0a")


@pytest.mark.parametrize("named", ["file", "directory", "pattern", "link"])
def test_it_never_writes_over_what_it_reads(named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "captures"
    octets = build.pcap([build.ESP4, build.SIP4])
    capture = Path(build.write(folder, "a.pcapng", octets))
    link = tmp_path / "link.pcapng"
    link.symlink_to(capture)
    source = {"directory": folder, "pattern": folder / "*.pcapng"}.get(named, capture)
    target = link if named == "link" else capture
    assert cli.main(["check", str(source), "--output", str(target)]) == 2
    assert "would overwrite an input" in capsys.readouterr().err
    assert capture.read_bytes() == octets


def test_with_other_reports_of_one_run(tmp_path: Path) -> None:
    made, text = tmp_path / "made.pcapng", tmp_path / "made.txt"
    capture, keys = CAPTURES / NAME / f"{NAME}.pcap", CAPTURES / NAME / "keys.toml"
    waivers = tmp_path / "w.toml"
    waivers.write_text('[[waiver]]\nrule = "PORT-13"\nreason = "ticket 7"\n')
    arguments = ["check", str(capture), "--keys", str(keys), "--decrypted", "--waivers", str(waivers)]
    assert cli.main([*arguments, "--output", str(made), "--output", str(text)]) == 1
    assert b"Waived: ticket 7. MUST of " in made.read_bytes()
    assert b"gmaudit decrypted: content of" in made.read_bytes()
    assert text.read_text()
