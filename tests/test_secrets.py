"""No key in anything that the program says: reports, ladder, errors and tracebacks, on recordings whose keys are known.

The keys come from every kind of key file, and in one recording from the capture itself. Only the file that
``gmaudit keys`` writes may hold them.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from analyzer import cli
from analyzer.engine.engine import Engine
from analyzer.ims.events import RequestSent
from analyzer.ims.session import Session
from analyzer.keys.entries import KeyFileError
from analyzer.keys.export import toml, wireshark, xfrm
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.report.renderers import RENDERERS
from analyzer.rule import Verdict, rule
from analyzer.run import Options, keyed_associations
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from tests.test_captures import CAPTURES

Run = Callable[..., tuple[int, str]]
NAME, LEAK = "udp4_sha1_aes", "ckik_leak_udp4"


def capture(name: str) -> str:
    return str(CAPTURES / name / f"{name}.pcap")


def subscriber(name: str) -> dict[str, Any]:
    (found,) = json.loads((CAPTURES / name / f"{name}.json").read_text("utf-8"))["subscribers"]
    assert isinstance(found, dict)
    return found


def keys(name: str) -> list[bytes]:
    """All that must stay secret: K and OPc, CK, IK and RES of each authentication, and what ESP uses."""
    found = subscriber(name)
    digits = [found["k"], found["opc"]]
    for each in found["sets"]:
        digits += [each[field] for field in ("ck", "ik", "res", "ik_esp", "ck_esp")]
    return [bytes.fromhex(each) for each in digits if each]


def forms(key: bytes) -> Iterator[str]:
    """The key in every notation in which it might slip out. Whatever contains one of them is found too, as 0x does."""
    for digits in (key.hex(), key.hex(":"), key.hex("-"), key.hex(" "), key.hex(" ", 4)):
        yield from (digits, digits.upper())
    yield from (base64.b64encode(key).decode().rstrip("="), base64.urlsafe_b64encode(key).decode().rstrip("="))
    yield from (repr(key)[2:-1], ascii(key.decode("latin-1"))[1:-1], key.decode("latin-1"), str(list(key))[1:-1])
    yield from (str(int.from_bytes(key, "big")), str(int.from_bytes(key, "little")))


SECRETS = {name: {form for key in keys(name) for form in forms(key)} for name in (NAME, LEAK)}


def shown(name: str, text: str) -> list[str]:
    """Where in a text a key of a recording can be read."""
    return [text[max(0, at - 60) : at] for form in SECRETS[name] if (at := text.find(form)) >= 0]


def key_files() -> dict[str, str]:
    """Every kind of key file, with the keys of one recording."""
    found = subscriber(NAME)
    known = keyed_associations([capture(NAME)], Options(keys=[str(CAPTURES / NAME / "keys.toml")], rules=()))
    each_end = [each["text"] for each in found["xfrm"]]
    log = [
        f'3(1) NOTICE: <script>: Old header - WWW-Authenticate=Digest nonce="{each["nonce"]}", '
        f'ck="{each["ck"]}", ik="{each["ik"]}", qop="auth"\n'
        for each in found["sets"]
    ]
    return {
        "subscriber": (CAPTURES / NAME / "keys.toml").read_text("utf-8"),
        "aka": "".join(f'[[aka]]\nck = "{each["ck"]}"\nik = "{each["ik"]}"\n' for each in found["sets"]),
        "sa": toml(known).text,
        "esp_sa": wireshark(known)[0].text,
        "xfrm": "".join(each_end),
        "exported xfrm": xfrm(known).text,
        "secrets": "".join(f"aes128-cbc-hmac96:0x{each['ck']}\n" for each in found["sets"]),
        "log": "".join(log),
    }


KEY_FILES = key_files()


@pytest.fixture(params=KEY_FILES)
def key_file(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "keys"
    path.write_text(KEY_FILES[request.param])
    return str(path)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str]:
        status = cli.main(arguments)
        return status, "".join(capfd.readouterr())

    return call


def test_the_search_finds_a_key_in_each_notation() -> None:
    """Else all that follows would prove nothing."""
    ck = bytes.fromhex(subscriber(NAME)["sets"][0]["ck"])
    for text in (f"0x{ck.hex()}", ck.hex().upper(), ck.hex(":"), base64.b64encode(ck).decode(), f"{ck!r}"):
        assert shown(NAME, f"... {text} ...")
    assert not shown(NAME, "frame 17 of 0x63c08f69")


def test_reports_and_ladder(run: Run, key_file: str, tmp_path: Path) -> None:
    outputs: list[str] = []
    for form in RENDERERS:
        outputs += ["--format", form, "--output", str(tmp_path / f"report.{form}")]
    status, said = run("check", capture(NAME), "--keys", key_file, "--show-passes", "--fail-on", "never", *outputs)
    assert status == 0
    texts = [
        said,
        run("check", capture(NAME), "--keys", key_file)[1],
        run("trace", capture(NAME), "--keys", key_file)[1],
    ]
    texts += [path.read_bytes().decode("latin-1") for path in tmp_path.glob("report.*")]
    assert len(texts) == 3 + len(RENDERERS)
    assert "REGISTER" in texts[2]
    for text in texts:
        assert not shown(NAME, text)


@pytest.mark.parametrize("form", ["wireshark", "xfrm", "toml"])
def test_exported_keys_go_into_the_file_and_nowhere_else(run: Run, form: str, tmp_path: Path) -> None:
    source = tmp_path / "keys"
    source.write_text(KEY_FILES["subscriber"])
    target = tmp_path / "exported"
    status, said = run("keys", capture(NAME), "--keys", str(source), "--format", form, "--output", str(target))
    assert status == 0
    assert not shown(NAME, said)
    assert shown(NAME, target.read_text())
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exported", "keys"]


def test_keys_that_the_capture_itself_reveals(run: Run) -> None:
    """Its 401 has ck and ik, in clear: they open the recording, and are told of, and are not shown."""
    assert b"ck=" in Path(capture(LEAK)).read_bytes()
    for arguments in (["check"], ["check", "--format", "json"], ["trace"]):
        status, said = run(arguments[0], capture(LEAK), *arguments[1:])
        assert status in (0, 1)
        assert "REGISTER" in said
        assert not shown(LEAK, said)
    assert "AUTH-05" in run("check", capture(LEAK))[1]


# --- errors ---------------------------------------------------------------------------------------------------------


def spoilt(text: str) -> Iterator[str]:
    """A key file with one thing wrong, around each of its keys: a digit too few or too many, a quotation mark less."""
    for key in {key.hex() for key in keys(NAME)}:
        at = text.find(key)
        if at < 0:
            continue
        begin, end = text[:at], text[at + len(key) :]
        for other in (key[:-1], f"{key}0", f"{key}zz", f"{key}\n{key}", key[:9] + "\u4e00" + key[9:], f" {key} {key}"):
            yield begin + other + end
        yield begin.rstrip("\"'0x") + key + end
        yield begin + key + end[1:]
        yield begin + key
        yield key + "\n" + text


def complaint(text: str) -> str:
    """What an attempt to use a key file says, with the whole traceback and the notices."""
    made = Keyring()
    try:
        made.add_text(text, "keys")
    except KeyFileError as error:
        return "".join(traceback.format_exception(error))
    return "\n".join([*made.notices, *made.unused()])


@pytest.mark.parametrize("kind", KEY_FILES)
def test_a_spoilt_key_file_is_refused_without_its_keys(kind: str) -> None:
    said = [complaint(text) for text in spoilt(KEY_FILES[kind])]
    assert any("KeyFileError" in each for each in said)
    beginnings = {key.hex()[:8] for key in keys(NAME)}
    for each in said:
        assert not shown(NAME, each)
        assert not any(beginning in each.lower() for beginning in beginnings), each


def test_a_spoilt_key_file_is_one_line_of_the_command(run: Run, key_file: str) -> None:
    path = Path(key_file)
    path.write_text(next(text for text in spoilt(path.read_text()) if "KeyFileError" in complaint(text)))
    for command in (["check"], ["trace"], ["keys", "--format", "toml", "--output", f"{key_file}.out"]):
        status, said = run(command[0], capture(NAME), "--keys", key_file, *command[1:])
        assert (status, said.count("\n")) == (2, 1)
        assert said.startswith(f"gmaudit: {key_file}")
        assert not shown(NAME, said)


@rule("LAB-01", clause="TS 33.203 7.1", source="S1", actor="UE")
def broken_rule(event: RequestSent) -> Verdict | None:
    """A rule that fails, and says all that it knows."""
    raise ValueError(f"{event!r} {vars(type(event))!r}")


def test_a_rule_that_crashes(run: Run, key_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.rule.collect", lambda: [broken_rule.__dict__["rule"]])
    status, said = run("check", capture(NAME), "--keys", key_file)
    assert status == 3
    assert "LAB-01 (ValueError)" in said
    assert not shown(NAME, said)


def test_no_event_shows_a_key() -> None:
    """What a rule could put into its words by accident: the events of a recording with leaked keys, as text."""
    keyring = Keyring()
    keyring.add_text((CAPTURES / LEAK / "keys.toml").read_text("utf-8"), "keys")
    events: list[str] = []
    engine = Engine(PROFILES["rel-17"], keyring, lambda event: events.append(f"{event!r}"))
    for frame in Captures([capture(LEAK)], Triage()):
        engine.receive(frame)
    engine.close()
    assert len(events) > 50
    assert not shown(LEAK, "\n".join(events))


CRASH = """
import sys
from analyzer import cli
from analyzer.ims.session import Session
from tests.test_secrets import fail
Session.confirm = fail
sys.exit(cli.main(sys.argv[1:]))
"""


def fail(session: Session, association: object, vector: object = None) -> NoReturn:
    """Stands in for the moment at which a key was proven, and says all that it knows."""
    known = [session, session.keyring, session.database, association, vector, getattr(association, "keys", None)]
    raise RuntimeError(f"{known!r} {[str(each) for each in known]}")


@pytest.mark.parametrize("flags", [[], ["-X", "dev"]], ids=["for users", "with the traceback"])
@pytest.mark.parametrize("kind", ["subscriber", "esp_sa"])
def test_an_error_of_our_own_while_keys_are_at_hand(flags: list[str], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(KEY_FILES[kind])
    command = [sys.executable, *flags, "-c", CRASH, "check", capture(NAME), "--keys", str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("latin-1")
    assert done.returncode == (1 if flags else 2)
    assert ("Traceback" in said) == bool(flags)
    assert "RuntimeError" in said
    assert not shown(NAME, said)
