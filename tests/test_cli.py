"""The commands: what reaches the audit, what comes out, and the exit status. The audit itself is a stand-in here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import analyzer.run
from analyzer import __version__, cli
from analyzer.audit.audit import Options
from analyzer.finding import Tally
from analyzer.ims.events import RequestSent
from analyzer.keys.entries import KeyFileError
from analyzer.keys.export import Keyed
from analyzer.report.chronicle import Arrow, Chronicle
from analyzer.report.model import Report
from analyzer.rule import PASS, Rule, Verdict, collect, rule
from analyzer.sources.files import UnreadableCapture
from tests.keys.test_export import association
from tests.report.reports import IMPI, finding, report, sent
from tests.report.schema import load

HELP = """\
Commands:
  check  Audit captures as one timeline.
  diff   Compare two JSON reports.
  keys   Write keyed security associations for other tools.
  live   Audit what is on the wire now.
  rule   Explain one rule.
  rules  List the rules that are in force.
  trace  Show every SIP message as a ladder.
"""


@rule("LAB-01", clause="TS 33.203 7.1", source="33.203 7.1 [T]", actor="UE")
def new_rule(event: RequestSent) -> Verdict | None:
    """A rule of later releases."""
    return PASS


@rule("LAB-02", clause="TS 33.203 7.1", source="S1", actor="UE")
def old_rule(event: RequestSent) -> Verdict | None:
    """A rule of the papers."""
    return PASS


RULES: list[Rule] = [new_rule.__dict__["rule"], old_rule.__dict__["rule"]]


class Auditor:
    """Stands in for the audit: remembers how it was called, and answers with a report or an error."""

    def __init__(self) -> None:
        self.outcome: Report | BaseException = report()
        self.captures: list[str] = []
        self.options = Options()
        self.arrows: list[Arrow] = []

    def __call__(
        self,
        captures: Any,
        options: Options,
        *,
        progress: Callable[[int], None] | None = None,
        chronicle: Chronicle | None = None,
        jobs: int = 1,
    ) -> Report:
        self.captures, self.options = list(captures), options
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        if progress is not None:
            progress(1_000)
        if self.arrows:
            assert chronicle is not None
            chronicle.arrows += self.arrows
        return self.outcome


@pytest.fixture
def auditor(monkeypatch: pytest.MonkeyPatch) -> Auditor:
    made = Auditor()
    monkeypatch.setattr(analyzer.run, "audit", made)
    monkeypatch.setattr("analyzer.rule.collect", lambda: RULES)
    return made


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(arguments)
        return status, *capsys.readouterr()

    return call


Run = Callable[..., tuple[int, str, str]]


# --- the exit status ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "fail_on", "status"),
    [
        ("violation", None, 1),
        ("warning", None, 0),
        ("warning", "warning", 1),
        ("probable", "warning", 0),
        ("probable", "probable", 1),
        ("violation", "probable", 1),
        ("inconclusive", "probable", 0),
        ("inconclusive", "inconclusive", 1),
        ("warning", "inconclusive", 1),
        ("note", "inconclusive", 0),
        ("violation", "never", 0),
    ],
)
def test_fail_on(run: Run, auditor: Auditor, verdict: str, fail_on: str | None, status: int) -> None:
    auditor.outcome = report(findings=[finding(verdict=verdict)])
    options = () if fail_on is None else ("--fail-on", fail_on)
    assert run("check", "x.pcap", *options)[0] == status


def test_no_findings_are_0(run: Run, auditor: Auditor) -> None:
    auditor.outcome = report(findings=[])
    status, out, err = run("check", "x.pcap")
    assert (status, err) == (0, "")
    assert out.endswith("no findings; 4 of 6 rules exercised\n")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (report(crashed=["LAB-01 (KeyError)"]), 3),
        (report(rules=[Tally(id="LAB-01", error=1)], findings=[]), 3),
        (report(rules=[Tally(id="LAB-01")], findings=[]), 5),
    ],
)
def test_crashes_and_nothing_to_judge(run: Run, auditor: Auditor, outcome: Report, status: int) -> None:
    auditor.outcome = outcome
    assert run("check", "x.pcap")[0] == status
    assert run("check", "x.pcap", "--fail-on", "never")[0] == 0


# --- what cannot be used --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], "No such command 'chek'"),
        (["check"], "Missing argument 'CAPTURE...'; see gmaudit check --help"),
        (["check", "x", "--nonsense"], "No such option"),
        (["check", "x", "--keys"], "requires an argument"),
        (["check", "x", "--fail-on", "sometimes"], "'sometimes' is not one of"),
        (["check", "x", "--profile", "rel-99"], "no profile is called rel-99"),
        (["check", "x", "--format", "yaml"], "'yaml' is not one of"),
        (["check", "x", "--format", "json", "--format", "text"], "two reports would go to standard output"),
        (
            ["check", "x", "--output", "/tmp/r", "--format", "json", "--format", "csv", "--output", "/tmp/./r"],
            "two reports",
        ),
        (["check", "x", "--output", "a.csv", "--output", "b"], "--output b has no --format of its own"),
        (["check", "-", "--format", "pcapng", "--output", "/tmp/r"], "standard input cannot be"),
        (["check", "x", "--format", "pcapng", "--output", "/tmp/r", "--pseudonymise"], "pseudonyms cannot hide them"),
        (["check", "x", "--output", "/nowhere/r.txt"], "there is no directory /nowhere; make it first"),
        (["check", "x", "--select", "LAB,MOON"], "no rule is called MOON or begins so; gmaudit rules lists them"),
        (["check", "x", "--from", "noon"], "--from noon: no time; write it as 2026-01-10T06:51:02Z"),
        (["check", "x", "--to", "2026-99-99"], "--to 2026-99-99: no time"),
        (["check", "x", "--from", "1768027863", "--to", "1768027862.9"], "--to is before --from"),
        (["trace", "x", "--from", "2026-01-10T07:00Z", "--to", "2026-01-10T06:00Z"], "--to is before --from"),
        (
            ["check", "x", "--subject", ""],
            "--subject is empty, which would mean everybody; is the variable that should hold it set?",
        ),
        (["check", "x", "--keys", ""], "--keys has no name of a file; is the variable that should hold it set?"),
        (["rule", "lab1"], "no rule is called lab1; did you mean LAB-01?"),
        (["rule", "MOON-01"], "no rule is called MOON-01; gmaudit rules lists them all"),
        (["keys", "x", "--format", "wireshark"], "Missing option '--output'"),
        (["keys", "x", "--format", "wireshark", "--output", "-"], "keys are written to ordinary files only"),
        (["keys", "x", "--format", "wireshark", "--output", "/dev/stdout"], "name a new file"),
    ],
)
def test_a_call_that_makes_no_sense_is_one_line(run: Run, arguments: list[str], words: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("gmaudit: ")
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize("command", [["check"], ["trace"], ["check", "--fail-on", "never"]])
@pytest.mark.parametrize(
    "error",
    [UnreadableCapture("x.pcap: no capture\x1b[2J\nat all"), KeyFileError("keys.toml", 3, "k has 31 digits")],
)
def test_input_that_cannot_be_used_is_one_line(
    run: Run, auditor: Auditor, command: list[str], error: Exception
) -> None:
    auditor.outcome = error
    status, out, err = run(*command, "x.pcap")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert "no capture" in err or "keys.toml" in err


def test_an_error_of_our_own_tells_its_place_but_not_its_text(run: Run, auditor: Auditor) -> None:
    auditor.outcome = KeyError("00112233445566778899aabbccddeeff")
    status, out, err = run("check", "x.pcap")
    assert (status, out) == (2, "")
    assert err.startswith("gmaudit: internal error: KeyError at test_cli.py:")
    assert "0011" not in err


def test_an_interrupt_is_one_line(run: Run, auditor: Auditor) -> None:
    auditor.outcome = KeyboardInterrupt()
    assert run("check", "x.pcap") == (130, "", "gmaudit: interrupted\n")


def test_an_output_that_would_overwrite_an_input(run: Run, tmp_path: Path) -> None:
    capture = tmp_path / "x.pcap"
    capture.write_bytes(b"capture")
    for arguments in (["check", str(capture)], ["keys", str(capture), "--format", "wireshark"]):
        status, _, err = run(*arguments, "--output", str(capture))
        assert status == 2
        assert "would overwrite an input" in err
    assert capture.read_bytes() == b"capture"


# --- what reaches the audit -----------------------------------------------------------------------------------------


def test_options_reach_the_audit(run: Run, auditor: Auditor) -> None:
    run("check", "a.pcap", "-", "--keys", "k1", "--keys", "k2", "--vantage", "ue", "--subject", "00101",
        "--from", "2026-01-10T06:51:02.119Z", "--to", "1768027863", "--profile", "rel-6")  # fmt: skip
    assert auditor.captures == ["a.pcap", "-"]
    options = auditor.options
    assert list(options.keys) == ["k1", "k2"]
    assert (options.vantage, options.subject, options.profile.name) == ("ue", "00101", "rel-6")
    assert (options.start, options.end) == (1_768_027_862_119_000_000, 1_768_027_863_000_000_000)


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], ["LAB-01", "LAB-02"]),
        (["--profile", "sa3-29"], ["LAB-01", "LAB-02"]),  # the audit says of LAB-01 why it is not in force
        (["--select", "lab-01"], ["LAB-01"]),
        (["--select", "LAB-01,LAB-02"], ["LAB-01", "LAB-02"]),
        (["--ignore", "LAB", "--select", "LAB-02"], ["LAB-02"]),
        (["--ignore", "LAB-01"], ["LAB-02"]),
    ],
)
def test_rules_are_chosen(run: Run, auditor: Auditor, arguments: list[str], ids: list[str]) -> None:
    run("check", "x.pcap", *arguments)
    assert auditor.options.rules is not None
    assert [one.id for one in auditor.options.rules] == ids


# --- what comes out -------------------------------------------------------------------------------------------------


def test_json_is_alone_on_standard_output(run: Run) -> None:
    status, out, err = run("check", "x.pcap", "--format", "json")
    assert (status, err) == (1, "")
    assert load(out)["verdict"] == "violation"


def test_several_reports_of_one_run(run: Run, tmp_path: Path) -> None:
    json, text = str(tmp_path / "r.json"), str(tmp_path / "r.txt")
    status, out, err = run("check", "x.pcap", "--format", "json", "--output", json, "--format=text", f"--output={text}")
    assert (status, out, err) == (1, "", "")
    load(Path(json).read_text())
    assert Path(text).read_text().startswith(f"gmaudit {report().version}")


def test_passes_and_local_times(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-3")
    assert "times in UTC" in run("check", "x.pcap")[1]
    out = run("check", "x.pcap", "--show-passes", "--local")[1]
    assert "times in local time" in out
    assert "passed:" not in out


def test_trace(run: Run, auditor: Auditor) -> None:
    auditor.arrows = [sent(3, "REGISTER", generation=None)]
    status, out, err = run("trace", "x.pcap", "--keys", "k")
    assert (status, err) == (0, "")
    assert out.startswith(f"{IMPI}  UE 10.20.0.11 - P-CSCF 10.20.0.1")
    assert ".. REGISTER .." in out
    assert list(auditor.options.keys) == ["k"]


def test_rule_and_rules(run: Run) -> None:
    assert run("rule", "lab-02")[1].startswith("LAB-02  old rule\n")
    lines = run("rules")[1].splitlines()
    assert [line[:6] for line in lines[:5]] == ["rule  ", "LAB-01", "LAB-02", "", "2 rule"]
    assert lines[6] == "What rel-17 says where profiles differ, and its constants"
    assert "1 rule in force in sa3-29" in run("rules", "--profile", "sa3-29")[1]


@pytest.mark.parametrize(
    ("format", "begin"),
    [("wireshark", '"IPv4","10.20.0.11","10.20.0.1","0x00001001"'), ("xfrm", "src 10.20.0.11 dst"), ("toml", "[[sa]]")],
)
def test_keys_go_into_a_private_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format: str, begin: str
) -> None:
    monkeypatch.setattr(analyzer.run, "keyed_associations", lambda *_, **__: [Keyed(association())])
    path = tmp_path / "keys"
    status, out, err = run("keys", "x.pcap", "--format", format, "--output", str(path))
    assert (status, out) == (0, "")
    assert err == f"gmaudit: 1 security association with its keys is in {path}\n"
    assert any(line.startswith(begin) for line in path.read_text().splitlines())
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_spi_that_came_back_needs_a_second_file(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = [Keyed(association()), Keyed(association(auth=bytes(20))), Keyed(association("aes-gmac", "null", enc=b""))]
    monkeypatch.setattr(analyzer.run, "keyed_associations", lambda *_, **__: found)
    path = tmp_path / "keys"
    status, out, err = run("keys", "x.pcap", "--format", "wireshark", "--output", str(path))
    assert (status, out) == (0, "")
    first, second, third = err.splitlines()
    assert first == "gmaudit: 1 security association left out: Wireshark has no name for aes-gmac"
    assert second.endswith(f"1 security association with its keys is in {path}")
    assert third.endswith(f"{path}.2 has those of their use number 2 (1 security association)")
    assert Path(f"{path}.2").stat().st_mode & 0o777 == 0o600
    assert len({path.read_text(), Path(f"{path}.2").read_text()}) == 2
    Path(f"{path}.2").unlink()
    Path(f"{path}.2").symlink_to(tmp_path / "elsewhere")
    status, _, err = run("keys", "x.pcap", "--format", "wireshark", "--output", str(path))
    assert status == 2
    assert "ordinary files only" in err


def test_nothing_that_wireshark_has_a_name_for(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = [Keyed(association("aes-gmac", "null", enc=b""))]
    monkeypatch.setattr(analyzer.run, "keyed_associations", lambda *_, **__: found)
    path = tmp_path / "keys"
    assert run("keys", "x.pcap", "--format", "wireshark", "--output", str(path))[0] == 2
    assert not path.exists()
    assert run("keys", "x.pcap", "--format", "toml", "--output", str(path))[0] == 0


def test_no_keys_no_file(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(analyzer.run, "keyed_associations", lambda *_, **__: [])
    path = tmp_path / "esp_sa"
    status, _, err = run("keys", "x.pcap", "--format", "wireshark", "--output", str(path))
    assert status == 2
    assert "no security association could be keyed; give keys with --keys" in err
    assert not path.exists()


def test_help_and_version(run: Run) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        status, out, _ = run(*arguments)
        assert status == 0
        assert HELP in out
    assert run("check", "--help")[1].startswith("Usage: gmaudit check [OPTIONS] CAPTURE...")


def test_versions_of_the_tool_its_rules_and_tshark(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines() -> list[str]:
        assert cli.main(["--version"]) == 0
        return capsys.readouterr().out.splitlines()

    tool, rules, *_ = lines()
    assert tool == f"gmaudit {__version__}"
    assert rules == f"{len(collect())} rules of gmaudit {__version__}"
    monkeypatch.setattr("analyzer.sources.tshark.shutil.which", lambda name: None)
    assert lines()[-1] == "tshark is not installed"
    monkeypatch.setattr("analyzer.sources.tshark.shutil.which", lambda name: "/bin/tshark")
    monkeypatch.setattr("analyzer.sources.tshark._first_words", lambda path: b"TShark (Wireshark) 4.0.17 (Git)\n")
    assert lines()[-1] == "tshark 4.0.17"


# --- as a process ---------------------------------------------------------------------------------------------------


def python(code: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=False, **options)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["check", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys; from analyzer.cli import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    loaded = set(python(code).stderr.split())
    assert "click" in loaded
    assert not loaded & {"rich", "scapy", "cryptography", "analyzer.engine.engine", "analyzer.report.text", "asyncio"}


def test_a_reader_that_goes_away_leaves_no_trace() -> None:
    """The pipe is closed before the first octet: nothing on standard error, and the status of the verdict."""
    code = (
        "import analyzer.run, sys; from tests.report.reports import report, finding\n"
        "analyzer.run.audit = lambda *_, **__: report(findings=[finding()])\n"
        "from analyzer.cli import main; sys.exit(main(['check', 'x.pcap']))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("streams", "status", "said"),
    [
        (">/dev/full", 2, "gmaudit: standard output: No space left on device\n"),
        (">&-", 2, "gmaudit: standard output: Bad file descriptor\n"),
        (">&- 2>&-", 2, ""),
        ("2>/dev/full", 0, ""),
        ("2>&-", 0, ""),
    ],
)
@pytest.mark.parametrize("command", ["rules", "--help", "trace captures/udp4_sha1_aes/udp4_sha1_aes.pcap"])
def test_streams_that_are_full_or_closed(command: str, streams: str, status: int, said: str) -> None:
    """What was asked for has not arrived: no traceback, and no status that looks as if it had."""
    call = f"{sys.executable} -m analyzer {command} {streams}"
    done = subprocess.run(["/bin/sh", "-c", call], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (status, said)


@pytest.mark.parametrize("stream", [">/dev/full", "2>/dev/full", "2>&-"])
def test_a_refusal_that_nobody_hears_keeps_its_status(stream: str) -> None:
    call = f"{sys.executable} -m analyzer check no-such-file {stream}"
    done = subprocess.run(["/bin/sh", "-c", call], text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_output_that_leads_to_itself_is_refused(tmp_path: Path, run: Run) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    status, _, err = run("check", "captures/udp4_sha1_aes/udp4_sha1_aes.pcap", "--output", str(loop))
    assert (status, err) == (
        2,
        f"gmaudit: --output {loop}: Too many levels of symbolic links; name another file with --output\n",
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_behind_by_a_process_that_is_ended(number: signal.Signals, tmp_path: Path) -> None:
    """The directory of a run has packets in it, and for tshark keys."""
    code = (
        "import analyzer.run, signal, sys, tempfile, time\n"
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"  # these tests may run under nohup
        "def audit(*_, **__):\n"
        "    with tempfile.TemporaryDirectory(prefix='gmaudit-'):\n"
        "        print('now', flush=True)\n"
        "        time.sleep(60)\n"
        "analyzer.run.audit = audit\n"
        "sys.argv = ['gmaudit', 'check', 'x.pcap']\n"
        "from analyzer.cli import main; sys.exit(main())"
    )
    place = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=place) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_without_unicode_still_gets_a_report() -> None:
    code = (
        "import analyzer.run, sys; from tests.report.reports import report\n"
        "analyzer.run.audit = lambda *_, **__: report(notices=['\\u96fb'])\n"
        "from analyzer.cli import main; sys.exit(main(['check', 'x.pcap']))"
    )
    done = python(code, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert "\\u96fb" in done.stdout


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "analyzer", "--version"], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"gmaudit {__version__}")
