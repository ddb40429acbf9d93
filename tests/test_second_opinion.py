"""The second opinion as a whole: tshark agrees on every recording, or each difference has its known reason."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, Ether

from analyzer import cli, second
from analyzer.ipsec.algorithms import PAIRS
from analyzer.opinion import witness
from analyzer.opinion.model import Reason, SecondOpinion
from analyzer.run import Options, audit
from analyzer.sources.tshark import TsharkFailed
from tests.layers.build import LAYERS, TUNNELS
from tests.report.schema import load
from tests.scenario import Scenario
from tests.scenario.reading import whole
from tests.test_captures import CAPTURES, FILES, report

LAB = CAPTURES / "udp4_sha1_aes"


def opinion(captures: list[Path], keys: list[Path]) -> SecondOpinion:
    asked = Options(keys=[str(each) for each in keys], rules=(), second_opinion=True)
    made = audit([str(each) for each in captures], asked).second_opinion
    assert made is not None
    assert made.program.startswith("tshark ")
    return made


def explained(made: SecondOpinion) -> dict[Reason, int]:
    assert (made.unexplained, made.differences) == (0, [])
    return {reason: each.count for reason, each in made.explained.items()}


class Bench:
    """Writes scenarios to files and asks about them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keys(self, *scenarios: Scenario) -> Path:
        path = self.folder / "keys.toml"
        path.write_text("\n".join(each.keys_toml() for each in scenarios))
        path.chmod(0o600)
        return path

    def capture(self, octets: bytes, name: str = "x.pcap") -> Path:
        path = self.folder / name
        path.write_bytes(octets)
        return path

    def ask(self, s: Scenario) -> SecondOpinion:
        return opinion([self.capture(s.pcap())], [self.keys(s)])


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- recordings -----------------------------------------------------------------------------------------------------

COPIED = {"netem_loss_dup_reorder_udp4.pcap": {Reason.COPY: 17}}
"""The network doubled 8 ESP packets, with a message in each, and one message in clear."""


@pytest.mark.tshark
@pytest.mark.parametrize(("name", "file"), FILES)
def test_tshark_agrees_on_every_recording(name: str, file: str) -> None:
    made = opinion([CAPTURES / name / file], [CAPTURES / name / "keys.toml"])
    alone = report(name, file)
    assert explained(made) == COPIED.get(file, {})
    assert made.notes == []
    assert made.esp == alone.esp.packets
    assert made.sip == alone.sip.messages + alone.sip.core
    assert made.sec_agree > 0


@pytest.mark.tshark
def test_recordings_together_and_the_core_leg_for_the_keys() -> None:
    made = opinion([LAB / "udp4_sha1_aes.pcap", LAB / "udp4_sha1_aes.core.pcap"], [])
    alone = report("udp4_sha1_aes", "udp4_sha1_aes.pcap")
    assert (explained(made), made.notes) == ({}, [])
    assert made.esp == alone.esp.packets
    assert made.sip > alone.sip.messages


# --- scenarios ------------------------------------------------------------------------------------------------------


@pytest.mark.tshark
@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_every_algorithm(bench: Bench, alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg, transport="tcp" if ealg == "aes-gcm" else "udp", ipv6=alg == "hmac-md5-96")
    whole(s)
    made = bench.ask(s)
    if alg == "aes-gmac":
        assert set(explained(made)) == {Reason.NO_NAME}
    else:
        assert explained(made) == {}
        assert made.esp > 20


@pytest.mark.tshark
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_copies_at_two_depths(bench: Bench, transport: str) -> None:
    """The naked copy of a segment in GTP-U, which tshark takes for a retransmission, is one that gmaudit leaves out."""
    s = Scenario(copies="gtp", transport=transport)
    s.request("pcscf", "NOTIFY", on=s.register())
    made = bench.ask(s)
    assert set(explained(made)) == {Reason.COPY}
    assert made.sip == 6


UNKNOWN = {"erspan iii with ip", "scat"}
"""Tunnels that tshark 4.0 does not open."""


def framed(packets: list[bytes], link: int) -> bytes:
    """A capture of these packets."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)
    records = [struct.pack("<IIII", time, 0, len(one), len(one)) + one for time, one in enumerate(packets)]
    return b"".join((head, *records))


@pytest.mark.tshark
@pytest.mark.parametrize("ipv6", [False, True])
def test_every_tunnel_and_whatever_is_around_packets_on_ethernet(bench: Bench, ipv6: bool) -> None:
    tunnels = [wrap for name, wrap in TUNNELS.items() if name not in UNKNOWN]
    layers = [wrap for link, wrap in LAYERS.values() if link == 1]
    s = Scenario(ipv6=ipv6)
    first = s.register()
    for _ in range(max(len(tunnels), len(layers)) // 2):
        s.request("ue", "MESSAGE", on=first)
    packets = [each.data[14:] for each in s.frames()]
    for link, wraps in ((101, tunnels), (1, layers)):
        plain = [bytes, bytes] if link == 101 else []
        wrapped = [wrap(one) for wrap, one in zip([*plain, *wraps], packets, strict=False)]
        made = opinion([bench.capture(framed(wrapped, link))], [bench.keys(s)])
        assert explained(made) == {}
        assert (made.esp, made.sip) == (len(wrapped) - 2, len(wrapped))


@pytest.mark.tshark
def test_an_spi_with_several_keys_takes_several_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    s = Scenario()
    for number in range(3):
        s.register(sm1={"client": {"spi_c": 4001, "spi_s": 4002}}, sm6={"server": {"spi_c": 5001, "spi_s": 5002}})
        s.wait(600 + number)
    made = bench.ask(s)
    assert (explained(made), made.esp) == ({}, 6)
    monkeypatch.setattr(second, "RUNS", 1)
    made = bench.ask(s)
    assert explained(made) == {Reason.REUSED: 4 + 4}
    assert made.esp == 2


@pytest.mark.tshark
def test_replays_bad_icvs_cuts_and_fragments(bench: Bench) -> None:
    s = Scenario(alg="hmac-md5-96", ealg="null")
    first = s.register()
    for label in ("one", "two", "three", "four", "five"):
        s.wait(1)
        s.request("ue", "MESSAGE", on=first, label=label)
    s.duplicate("two", 0.7)
    s.corrupt("three")
    s.cut("four", 400)
    s.fragment("five")
    made = bench.ask(s)
    found = explained(made)
    assert found.pop(Reason.CUT, 0) in (0, 1)
    assert found == {Reason.REPLAY: 1, Reason.BAD_ICV: 1}
    assert made.explained[Reason.BAD_ICV].frames == [(0, s.frame("three"))]
    assert made.explained[Reason.REPLAY].frames == [(0, s.frame("two.dup"))]


@pytest.mark.tshark
def test_null_encryption_without_negotiation_and_keys_is_guessed(bench: Bench) -> None:
    s = Scenario(ealg="null")
    s.request("ue", "MESSAGE", on=s.register())
    s.start_at("req")
    made = opinion([bench.capture(s.pcap())], [])
    assert explained(made) == {Reason.GUESSED: 2}
    assert made.esp == 2


@pytest.mark.tshark
def test_holes_and_retransmissions_of_tcp(bench: Bench) -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    for label in ("one", "two", "three"):
        s.request("ue", "MESSAGE", on=first, label=label, segments=2)
    s.retransmit("one")
    s.lose("two")
    assert set(explained(bench.ask(s))) <= {Reason.HOLE, Reason.RETRANSMISSION}


@pytest.mark.tshark
def test_what_begins_in_another_file(bench: Bench) -> None:
    s = Scenario(transport="tcp")
    s.request("ue", "MESSAGE", on=s.register(), segments=2)
    octets, frames = s.pcap(), s.frames()
    last = next(each.number for each in frames if s.label_of(each.number) == "req" and each.number == s.frame("req"))
    split = 24 + sum(16 + len(each.data) for each in frames[: last - 1])
    files = [bench.capture(octets[:split], "a.pcap"), bench.capture(octets[:24] + octets[split:], "b.pcap")]
    assert explained(opinion(files, [bench.keys(s)])) == {Reason.OTHER_FILE: 1}


@pytest.mark.tshark
def test_what_is_quoted_in_an_error_message(bench: Bench) -> None:
    s = Scenario()
    s.register()
    quoted = s.records[0].data[14:]
    error = Ether() / IP(src="10.20.0.1", dst="10.20.0.11") / ICMP(type=3, code=3) / quoted
    s.record("error", bytes(error), None)
    assert explained(bench.ask(s)) == {Reason.INSIDE: 1}


@pytest.mark.tshark
@pytest.mark.parametrize("begin", ["sm1", "sm7", "req"])
def test_keys_that_nothing_proves(bench: Bench, begin: str) -> None:
    """A secrets file of tcpdump has no key for the ICV, and without SM7 nothing says that the association is of Gm."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.start_at(begin)
    secrets = bench.folder / "secrets"
    ends = ((first.spi_ps, "10.20.0.1"), (first.spi_us, "10.20.0.11"))
    secrets.write_text("".join(f"0x{spi:x}@{end} aes-cbc-hmac96:0x{first.vector.ck.hex()}\n" for spi, end in ends))
    secrets.chmod(0o600)
    made = opinion([bench.capture(s.pcap())], [secrets])
    assert explained(made) == ({Reason.UNPROVEN: made.esp} if begin == "req" else {})
    assert (made.esp, made.sip) == {"sm1": (4, 6), "sm7": (4, 4), "req": (2, 0)}[begin]


@pytest.mark.tshark
def test_the_table_of_what_was_seen_has_an_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    s = Scenario()
    first = s.register()
    for _ in range(10):
        s.request("ue", "MESSAGE", on=first)
    monkeypatch.setattr(witness, "REMEMBERED", 12_000)
    monkeypatch.setattr(second, "REMEMBERED", 12_000)
    made = bench.ask(s)
    assert explained(made) == {}
    assert 4 < made.sip < 20
    [note] = made.notes
    assert re.fullmatch(r".*x\.pcap: compared up to frame [0-9]+ of 24", note)


# --- files of all sorts ---------------------------------------------------------------------------------------------


@pytest.mark.tshark
def test_what_tshark_cannot_read_is_said_and_nothing_lost(bench: Bench) -> None:
    plain = (LAB / "udp4_sha1_aes.pcap").read_bytes()
    zipped = bench.capture(gzip.compress(plain), "x.pcap.gz")
    cut = bench.capture(plain[:9000], "cut.pcap")
    keys = [LAB / "keys.toml"]
    made = opinion([zipped], keys)
    assert (explained(made), made.notes, made.esp) == ({}, [], 46)
    made = opinion([cut], keys)
    assert (explained(made), made.notes) == ({}, [])
    assert 0 < made.esp < 46


@pytest.mark.tshark
def test_a_compression_that_tshark_does_not_know(bench: Bench) -> None:
    packed = bench.capture(lzma.compress((LAB / "udp4_sha1_aes.pcap").read_bytes()), "x.pcap.xz")
    made = opinion([packed], [LAB / "keys.toml"])
    assert (made.esp, made.sip, explained(made)) == (0, 0, {})
    assert [note for note in made.notes if "isn't a capture file in a format TShark understands" in note]


@pytest.mark.tshark
def test_an_empty_capture(bench: Bench) -> None:
    made = opinion([bench.capture((LAB / "udp4_sha1_aes.pcap").read_bytes()[:24])], [])
    assert (made.esp, made.sip, made.notes, explained(made)) == (0, 0, [], {})


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.mark.tshark
def test_the_command_changes_nothing_but_adds(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(LAB / "udp4_sha1_aes.pcap"), "--keys", str(LAB / "keys.toml"), "--format", "json"]
    assert cli.main(arguments) == 1
    without = load(capsys.readouterr().out)
    assert cli.main([*arguments, "--second-opinion"]) == 1
    out, err = capsys.readouterr()
    asked = load(out)
    assert err == ""
    added = asked.pop("second_opinion")
    assert without.pop("second_opinion") is None
    assert asked == without
    assert added["agree"] == {"esp": 46, "sip": 50, "sec_agree": 26}
    assert (added["explained"], added["unexplained"], added["differences"], added["notes"]) == ([], 0, [], [])


@pytest.mark.tshark
def test_the_command_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    folder = CAPTURES / "netem_loss_dup_reorder_udp4"
    capture, keys = folder / "netem_loss_dup_reorder_udp4.pcap", folder / "keys.toml"
    cli.main(["check", str(capture), "--keys", str(keys), "--second-opinion"])
    section = capsys.readouterr().out.partition("Second opinion: tshark ")[2].splitlines()
    assert section[1] == "  both see the same: 52 ESP packets, 58 SIP messages, 29 Security-* headers"
    assert section[2].startswith("  - 17 times: the packet was captured more than once")
    assert "  nothing else differs" in section


Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    def call(*captures: str) -> str:
        assert cli.main(["check", *captures, "--second-opinion", "--fail-on", "never"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err

    return call


def test_standard_input_and_pipes_can_be_read_only_once(refused: Refused, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    known = str(LAB / "udp4_sha1_aes.pcap")
    assert "standard input: can be read only once" in refused(known, "-")
    assert "pipe: can be read only once" in refused(str(pipe))


def test_without_tshark(refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install tshark" in refused(str(LAB / "udp4_sha1_aes.pcap"))


def test_a_tshark_that_says_nothing(refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tshark"
    program.write_text("#!/bin/sh\n[ \"$1\" = -v ] && echo 'TShark (Wireshark) 4.0.17 (x)'\nexit 0\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert "stopped after frame 0 of" in refused(str(LAB / "udp4_sha1_aes.pcap"))


def test_a_call_as_a_library_refuses_in_the_same_way() -> None:
    with pytest.raises(TsharkFailed, match="standard input"):
        audit(["-"], Options(second_opinion=True))


def test_nobody_is_asked_unless_it_is_wished(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(second, "check", lambda captures: 1 / 0)
    assert cli.main(["check", str(LAB / "udp4_sha1_aes.pcap"), "--format", "json", "--fail-on", "never"]) == 0
    assert json.loads(capsys.readouterr().out)["second_opinion"] is None
