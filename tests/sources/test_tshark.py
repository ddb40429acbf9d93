"""tshark asked for its view: by stand-ins that answer well, badly or not at all, and (marked so) by the real one."""

from __future__ import annotations

import json
import os
import stat
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analyzer.seen import BAD, GOOD, UNCHECKED, SeenFrame, SeenHeader, SeenMessage, SeenPacket, plain
from analyzer.sources import tshark
from analyzer.sources.tshark import Told, Tshark, TsharkFailed
from tests.scenario import Scenario

KEYS = '"IPv4","*","*","*","NULL","","HMAC-MD5-96 [RFC2403]","0x00112233445566778899aabbccddeeff"\n'
VERSION = "TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u3)."

HEADERS = {
    "sip.Call-ID": ["1@a", "2@a"],
    "sip.CSeq": "1 REGISTER",
    "sip.Security-Server": ["ipsec-3gpp;alg=null", "tls"],
    "sip.Security-Server_tree": [
        {"sip.sec_mechanism": "ipsec-3gpp", "sip.sec_mechanism.alg": "null", "sip.sec_mechanism.spi_c": "7"},
        {"sip.sec_mechanism": "tls"},
    ],
}


def frame(number: int, **layers: Any) -> dict[str, Any]:
    """A frame as tshark writes it in JSON."""
    about = {"number": str(number), "len": "90", "cap_len": "90", "protocols": "eth:ip:udp:sip", "time_epoch": "1.0"}
    about = {f"frame.{name}": value for name, value in about.items()}
    return {"_index": "packets", "_source": {"layers": {"frame": about, "eth": {"filtered": "eth"}, **layers}}}


FRAMES = [
    frame(1, tcp={"tcp.analysis_tree": {"tcp.analysis.flags_tree": {"tcp.analysis.retransmission": ""}}}),
    frame(
        2,
        esp=[
            {"esp.spi": "0x00001001", "esp.sequence": "5", "esp.icv_tree": {"esp.icv_good": "1", "esp.icv_bad": "0"}},
            {"esp.spi": "4098", "esp.sequence": "6", "esp.icv_tree": {"esp.icv_good": "False", "esp.icv_bad": "True"}},
            {"esp.spi": "0xffffffff", "esp.sequence": "0"},
            {},
        ],
        sip=[
            {"sip.Request-Line": "REGISTER  sip:\u00fc SIP/2.0", "sip.msg_hdr_tree": HEADERS},
            {"sip.Status-Line": "SIP/2.0 200 OK"},
            {"sip.continuation": "keep-alive"},
        ],
    ),
]
SEEN = [
    SeenFrame(1, ("eth", "ip", "udp", "sip"), False, frozenset({"retransmission"}), (), ()),
    SeenFrame(
        2,
        ("eth", "ip", "udp", "sip"),
        False,
        frozenset(),
        (SeenPacket(4097, 5, GOOD), SeenPacket(4098, 6, BAD), SeenPacket(0xFFFFFFFF, 0, UNCHECKED)),
        (
            SeenMessage(
                "REGISTER sip: SIP/2.0",
                "1@a",
                "1 REGISTER",
                (
                    SeenHeader("Security-Server", "ipsec-3gpp;alg=null", (("alg", "null"), ("spi-c", "7"))),
                    SeenHeader("Security-Server", "tls", ()),
                ),
            ),
            SeenMessage("SIP/2.0 200 OK", "", "", ()),
        ),
    ),
]


def written(frames: list[dict[str, Any]]) -> str:
    """Frames as tshark prints them."""
    return "[\n" + ",\n".join("  " + json.dumps(each, indent=2).replace("\n", "\n  ") for each in frames) + "\n]\n"


class StandIn:
    """A program called tshark that does what a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "tshark"
        self.capture = folder / "-x.pcap"
        self.capture.write_bytes(b"")

    def does(self, script: str, version: str = VERSION) -> None:
        """Python lines that are run when it is asked for a capture."""
        head = f"#!{sys.executable}\nimport json, os, sys, time\nfrom pathlib import Path\n"
        tell = f"if sys.argv[1:] == ['-v']:\n    print({version!r}, flush=True)\n    sys.exit()\n"
        self.program.write_text(head + tell + script + "\n")
        self.program.chmod(0o700)

    def says(self, text: str, more: str = "") -> None:
        self.does(f"sys.stdout.write({text!r})\n{more}")

    def answers(self, last: int = 2) -> list[SeenFrame | Told]:
        return list(Tshark.find().read(str(self.capture), last, KEYS))


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return StandIn(tmp_path)


def test_what_it_says_in_our_words(stand_in: StandIn) -> None:
    stand_in.says(written(FRAMES))
    assert stand_in.answers() == [*SEEN, Told(2, "", 0)]


@pytest.mark.parametrize("layer", ["icmp", "icmpv6"])
def test_what_an_error_message_quotes_may_stand_below_it(stand_in: StandIn, layer: str) -> None:
    """tshark 4.6 has it there, 4.0 beside it."""
    quoted = {
        "esp": {"esp.spi": "0x00001003", "esp.sequence": "8"},
        "sip": {"sip.Request-Line": "MESSAGE sip:a SIP/2.0"},
    }
    stand_in.says(written([frame(1, **{layer: {"icmp.type": "3", "ip": {"filtered": "ip"}, **quoted}})]))
    (seen, _) = stand_in.answers()
    assert isinstance(seen, SeenFrame)
    assert seen.packets == (SeenPacket(4099, 8, UNCHECKED),)
    assert seen.messages == (SeenMessage("MESSAGE sip:a SIP/2.0", "", "", ()),)


def test_no_frame_is_an_answer_too(stand_in: StandIn) -> None:
    stand_in.says("[\n\n]\n")
    assert stand_in.answers() == [Told(0, "", 0)]


def test_its_last_words_are_told(stand_in: StandIn) -> None:
    end = "print('warning', file=sys.stderr)\nprint('tshark: The file appears to be cut short.', file=sys.stderr)"
    stand_in.says(written(FRAMES[:1]), f"{end}\nsys.exit(2)")
    assert stand_in.answers()[-1] == Told(1, "The file appears to be cut short.", 0)
    stand_in.says(written(FRAMES[:1]), "sys.exit(7)")
    assert stand_in.answers()[-1] == Told(1, "exit status 7", 0)
    stand_in.says(written(FRAMES), end)
    assert stand_in.answers()[-1] == Told(2, "", 0)


@pytest.mark.parametrize(
    "strange",
    [
        {"_source": 1},
        {"_source": {"layers": {"frame": [1, 2]}}},
        {"_source": {"layers": {"frame": {"frame.number": "x", "frame.protocols": "eth"}}}},
        {"_source": {"layers": {"frame": {"frame.protocols": "eth"}, "esp": "no"}}},
        frame(2, esp={"esp.spi": "nothing"}),
        frame(2, sip={"sip.Request-Line": {"a": "b"}, "sip.msg_hdr_tree": "text"}),
    ],
)
def test_one_strange_frame_is_counted_and_passed_over(stand_in: StandIn, strange: dict[str, Any]) -> None:
    stand_in.says(written([FRAMES[0], strange, FRAMES[1]]))
    assert stand_in.answers() == [*SEEN, Told(2, "", 1)]


def test_octets_that_are_no_text_are_no_obstacle(stand_in: StandIn) -> None:
    text = written(FRAMES).replace("\\u00fc", "@@").encode().replace(b"@@", b"\xff\xfe")
    stand_in.does(f"sys.stdout.buffer.write({text!r})")
    assert stand_in.answers() == [*SEEN, Told(2, "", 0)]


@pytest.mark.parametrize(
    "script",
    [
        "print('hello')",
        "sys.stdout.write('[\\n  {\\n!!\\n  }\\n]\\n')",
        "while True: sys.stdout.buffer.write(os.urandom(4096))",
        "while True: sys.stdout.write('y\\n')",
    ],
)
def test_what_makes_no_sense_is_one_clear_line(stand_in: StandIn, script: str) -> None:
    stand_in.does(script)
    with pytest.raises(TsharkFailed, match=r"^tshark says what makes no sense, at .*x\.pcap; try without .*$"):
        stand_in.answers()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sys.stdout.write('[\\n  {\\n')\nwhile True: sys.stdout.write('    0,\\n')", "more than 0 MB of one frame"),
        ("while True: sys.stdout.write(' ')", "more than 0 MB of one frame"),
        ("while True: sys.stderr.write('ah')", "complains without end"),
    ],
)
def test_what_never_ends_is_stopped(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    monkeypatch.setattr(tshark, "PACKET", 1 << 16)
    stand_in.does(script)
    with pytest.raises(TsharkFailed, match=words):
        stand_in.answers()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("time.sleep(60)", "said nothing for"),
        ("print('[', flush=True)\nos.close(1)\nos.close(2)\ntime.sleep(60)", "does not end"),
    ],
)
def test_a_tshark_that_hangs_is_stopped(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    stand_in.does(f"Path({str(stand_in.folder / 'pid')!r}).write_text(str(os.getpid()))\n{script}")
    asked = Tshark.find()
    monkeypatch.setattr(tshark, "SILENCE", 2.0)
    monkeypatch.setattr(tshark, "ANSWER", 0.2)
    with pytest.raises(TsharkFailed, match=words):
        list(asked.read(str(stand_in.capture), 2, KEYS))
    with pytest.raises(ProcessLookupError):
        os.kill(int((stand_in.folder / "pid").read_text()), 0)


# --- the keys -------------------------------------------------------------------------------------------------------

SPY = """
folder = Path(os.environ["WIRESHARK_CONFIG_DIR"])
out = Path(@@)
seen = {"arguments": sys.argv, "keys": (folder / "esp_sa").read_text(), "folder": str(folder)}
seen["home"] = os.environ["HOME"]
seen["modes"] = [folder.stat().st_mode & 0o777, (folder / "esp_sa").stat().st_mode & 0o777]
seen["environment"] = dict(os.environ)
print(FRAME, flush=True)
while (folder / "esp_sa").exists(): time.sleep(0.01)
out.write_text(json.dumps(seen))
"""


def test_keys_are_in_a_private_file_and_nowhere_else(stand_in: StandIn) -> None:
    out = stand_in.folder / "seen.json"
    stand_in.does(f"FRAME = {written(FRAMES)!r}" + SPY.replace("@@", repr(str(out))))
    assert stand_in.answers()[-1] == Told(2, "", 0)
    seen = json.loads(out.read_text())
    assert seen["keys"] == KEYS
    assert seen["modes"] == [0o700, 0o600]
    assert seen["home"] == seen["folder"] != os.environ["HOME"]
    assert not any("00112233" in each for each in (*seen["arguments"], *seen["environment"].values()))
    assert not Path(seen["folder"]).exists()


@pytest.mark.parametrize("script", ["print('hello')", "time.sleep(60)", "sys.exit(1)"])
def test_keys_go_whatever_happens(stand_in: StandIn, script: str) -> None:
    stand_in.does(script)
    with closing(Tshark.find().read(str(stand_in.capture), 2, KEYS)) as reading:
        if script != "time.sleep(60)":
            try:
                list(reading)
            except TsharkFailed as error:
                assert "00112233" not in str(error)
    assert not [each for each in stand_in.folder.iterdir() if stat.S_ISDIR(each.stat().st_mode)]


def test_a_reading_that_is_given_up_leaves_nothing(stand_in: StandIn) -> None:
    stand_in.says(written(FRAMES), "sys.stdout.flush()\ntime.sleep(60)")
    with closing(Tshark.find().read(str(stand_in.capture), 2, KEYS)) as reading:
        assert next(reading) == SEEN[0]
    assert not [each for each in stand_in.folder.iterdir() if each.is_dir()]


def test_names_are_no_options(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stand_in.folder)
    stand_in.does("print('[')\nassert sys.argv[sys.argv.index('-r') + 1][0] == '/', sys.argv\nprint(']')")
    assert list(Tshark.find().read("-x.pcap", 2, KEYS)) == [Told(0, "", 0)]


# --- which tshark ---------------------------------------------------------------------------------------------------


def test_no_tshark(stand_in: StandIn) -> None:
    with pytest.raises(TsharkFailed, match=r"needs tshark 4\.0 or newer: install it \(Debian and Ubuntu: apt-get"):
        Tshark.find()


@pytest.mark.parametrize("version", ["TShark (Wireshark) 3.6.2 (Git v3.6.2)", "TShark 1.12.1 (Git Rev Unknown)"])
def test_an_old_tshark(stand_in: StandIn, version: str) -> None:
    stand_in.does("", version)
    with pytest.raises(
        TsharkFailed, match=r"version [13]\.[0-9.]+ is too old, --second-opinion needs 4\.0: install it"
    ):
        Tshark.find()


@pytest.mark.parametrize("version", ["TShark (Wireshark) 4.6.0 (Git v4.6.0)", "TShark (Wireshark) 10.2.1."])
def test_a_newer_tshark(stand_in: StandIn, version: str) -> None:
    stand_in.does("", version)
    assert Tshark.find().version in ("4.6.0", "10.2.1")


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\nexec cat /dev/zero\n", "#!/bin/sh\nsleep 60\n"])
def test_a_program_that_is_no_tshark(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setenv("PATH", f"{stand_in.folder}:/usr/bin:/bin")
    monkeypatch.setattr(tshark, "ANSWER", 0.3)
    stand_in.program.write_text(script)
    stand_in.program.chmod(0o700)
    with pytest.raises(TsharkFailed, match="does not say which version of tshark it is"):
        Tshark.find()


def test_a_program_that_cannot_be_started(stand_in: StandIn) -> None:
    stand_in.program.write_text("#!/nowhere/at/all\n")
    stand_in.program.chmod(0o700)
    with pytest.raises(TsharkFailed, match="cannot be started"):
        Tshark.find()


def test_no_pyshark(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyshark", None)
    with pytest.raises(TsharkFailed, match=r"needs pyshark 0\.6: pip install pyshark"):
        Tshark.find()


# --- the real one ---------------------------------------------------------------------------------------------------


@pytest.mark.tshark
def test_the_real_tshark(tmp_path: Path) -> None:
    s = Scenario(transport="tcp")
    s.register()
    capture = tmp_path / "x.pcap"
    capture.write_bytes(s.pcap())
    last = len(s.frames())
    *seen, told = Tshark.find().read(str(capture), last, "")
    assert told == Told(last, "", 0)
    frames = {each.number: each for each in seen if isinstance(each, SeenFrame)}
    assert frames[s.frame("sm1")].messages[0].cseq == "1 REGISTER"
    [header] = frames[s.frame("sm6")].messages[0].security
    assert header.name == "Security-Server"
    assert {name for name, _ in header.parameters} >= {"alg", "ealg", "spi-c", "spi-s", "port-c", "port-s"}
    assert [packet.icv for packet in frames[s.frame("sm7")].packets] == [UNCHECKED]


@pytest.mark.tshark
def test_a_settings_file_in_the_working_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyshark would run the program that it names, and stumble over that of another program."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.ini").write_text("[another]\nx = 1\n")
    (tmp_path / "x.pcap").write_bytes(Scenario().pcap())
    assert list(Tshark.find().read("x.pcap", 1, ""))[-1] == Told(0, "", 0)


def test_a_text_to_compare_is_plain_and_short() -> None:
    assert plain("  a\t\r\n b\x01\x1bc\u00fc ") == "a b c"
    assert plain("ab\0c") == "ab"
    assert plain("x" * 1000) == "x" * 150
    assert plain("\x00" * 10_000 + "x") == ""
