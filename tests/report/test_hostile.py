"""What senders put into headers, and users into file names, reaches no report in a form that does anything.

Escape sequences, bidirectional marks and markup stand wherever a captured value may be shown: in findings, notices,
subjects, the ladder. New formats of `RENDERERS` are tested as soon as they are there.
"""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

import pytest

from analyzer.cli import main
from analyzer.report import outputs, trace
from analyzer.report.chronicle import Chronicle
from analyzer.report.model import Report
from analyzer.report.outputs import Output
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.renderers import RENDERERS
from analyzer.run import Options, audit
from tests.report.reports import material
from tests.scenario import Scenario

NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj\u2066\u200b<script>alert(1)</script>`[x](javascript:a)&amp;'=1+1"
TAGS = ("<script>alert", "<img")
MARKUP = {"html": (*TAGS, 'href="javascript'), "markdown": (*TAGS, "javascript:a)"), "junit": TAGS}
"""What of it would do something in a form that is read as markup; links are written in their own way in each."""


def scenario() -> Scenario:
    """Everything that a UE and a P-CSCF can write, written badly, and broken so that it is shown."""
    made = Scenario()
    plain = {"User-Agent": NASTY, "Subject": NASTY, f"X-{NASTY[:3]}": "1"}
    client = f"ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=1;spi-s=2;port-c=7;port-s=8;prot={NASTY};mod=trans"
    asked = made.sm1(headers={**plain, "Call-ID": f"c{NASTY}", "Contact": lambda old: f'"{NASTY}" {old};x={NASTY}'})
    made.sm6(asked, headers={"Security-Server": lambda old: f"{old};{NASTY}={NASTY}"})
    made.sm7(
        asked,
        headers={
            "Security-Client": client,
            "Security-Verify": lambda old: old.replace("trans", f"tr{NASTY}"),
            "Authorization": lambda old: old.replace("ims.example.org", f"h{NASTY}", 1),
            "From": lambda old: f'"{NASTY}" {old}',
        },
    )
    made.sm12(asked, headers={"P-Associated-URI": f"<sip:{NASTY}@h>, <tel:{NASTY}>", "Contact": lambda old: NASTY})
    made.request("ue", f"MESS{NASTY[:0]}AGE", on=asked.set, headers={"Via": lambda old: f"{old};{NASTY}"})
    made.request("pcscf", "NOTIFY", on=asked.set, uri=f"sip:{NASTY.replace(' ', '')}@h", headers=plain)
    made.request("ue", "MESSAGE", headers={"Call-ID": NASTY, "To": f"<sip:{NASTY}>"})
    made.answer("req", 403, headers=plain, reason=NASTY)
    return made


@cache
def seen(folder: Path) -> tuple[Report, Chronicle]:
    made = scenario()
    capture = folder / "a\x1b[2J\u202e<script>alert(1).pcap"
    capture.write_bytes(made.pcap())
    keys = folder / "keys\x1b[31m.toml"
    keys.write_text(made.keys_toml(), "utf-8")
    keys.chmod(0o644)
    chronicle = Chronicle()
    return audit([str(capture)], Options(keys=[str(keys)]), chronicle=chronicle), chronicle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def harmless(text: str, name: str) -> None:
    assert text.replace("\r\n" if name == "csv" else "\n", "").isprintable()
    assert not any(mark in text for mark in MARKUP.get(name, ()))


def test_the_scenario_puts_it_where_reports_show_it(folder: Path) -> None:
    """Else the other tests would prove nothing."""
    report, _ = seen(folder)
    assert report.findings
    shown = repr(report.findings) + repr(report.subjects) + repr(report.captures) + repr(report.notices)
    assert shown.count("script") > 4


@pytest.mark.parametrize("name", [name for name, renderer in RENDERERS.items() if not renderer.captures])
@pytest.mark.parametrize("hidden", [False, True])
def test_no_report_carries_it(name: str, hidden: bool, folder: Path) -> None:
    report, _ = seen(folder)
    if hidden:
        report = Pseudonyms(b"a key of thirty-two octets or so").report(report)
    text = io.StringIO()
    outputs.write(material(report, show_passes=True), [Output(name, None)], text)
    harmless(text.getvalue(), name)
    if name == "json":
        assert json.loads(text.getvalue())["findings"]


def test_no_ladder_carries_it(folder: Path) -> None:
    report, chronicle = seen(folder)
    text = io.StringIO()
    trace.write(chronicle, report, text, width=140)
    harmless(text.getvalue(), "text")
    assert "REGISTER" in text.getvalue()


@pytest.mark.parametrize("command", ["check", "trace"])
@pytest.mark.parametrize("content", [b"", b"no capture", b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(16)])
def test_no_refusal_carries_it(
    command: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b\x1b[2J\x9b\u202e\n<script>.pcap"
    path.write_bytes(content)
    monkeypatch.setattr("sys.argv", ["gmaudit", command, str(path)])
    main([command, str(path)])
    out, err = capsys.readouterr()
    assert out.replace("\n", "").isprintable()
    assert err.replace("\n", "").isprintable()
    assert out or err


def test_a_key_file_is_refused_without_its_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = tmp_path / "k\x1b[2J.toml"
    keys.write_text(f'[[sa]]\nspi = 1\nalg = "{NASTY}"\n'.replace("\x1b", "").replace("\x07", "").replace("\x9b", ""))
    keys.chmod(0o600)
    capture = tmp_path / "c.pcap"
    capture.write_bytes(Scenario().pcap())
    assert main(["check", "--keys", str(keys), str(capture)]) == 2
    _, err = capsys.readouterr()
    assert err.replace("\n", "").isprintable()
    assert "script" not in err
