"""Profiles of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.cli import main
from analyzer.frame import SECOND
from analyzer.profile import PROFILES
from analyzer.profile_file import ProfileError, flagged, read
from analyzer.rule import collect
from analyzer.verdict import Level

WHOLE = b"""
base = "rel-14"
name = "our lab"
flags = ["ir92"]
[constants]
timer_64_t1 = 32
reg_await_auth = 30.5
most_sets = 4
[levels]
NEG-08 = "SHOULD"
PORT-02 = "off"
[policy]
encryption = "required"
"""

LAB = Path("captures/udp4_sha1_aes")


def test_a_file_changes_what_it_names_and_nothing_else() -> None:
    profile = read(WHOLE, "lab.toml")
    assert (profile.name, profile.release, profile.flags) == ("our lab", 14, frozenset({"ir92"}))
    assert (profile.timer_64_t1, profile.reg_await_auth, profile.most_sets) == (32 * SECOND, 30_500_000_000, 4)
    assert profile.timer_c == PROFILES["rel-14"].timer_c
    assert profile.levels == {"NEG-08": Level.SHOULD, "PORT-02": None}
    assert profile.policy == {"encryption": "required"}


def test_without_a_word_it_is_the_default() -> None:
    profile = read(b"", "dir/x.toml")
    assert profile.name == "rel-17 with x.toml"
    assert profile.timer_64_t1 == PROFILES["rel-17"].timer_64_t1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\xff", "no TOML"),
        (b"#" * (1 << 20) + b"#", "has more than 1 MiB, which no profile has"),
        (b"a." * 5000 + b"b = 1", "no TOML: line 1: a name has more than 32 dots"),
        (b"name = " + b"9" * 5000, "no TOML: Exceeds the limit"),
        (b"base = 'rel-8'", "base: 'rel-8' is none of sa3-29"),
        (b"base = 3", "base: 3"),
        (b"bse = 'rel-6'", "did you mean base?"),
        (b"name = ''", "name:"),
        (b"flags = 'nat'", "flags: a list"),
        (b"flags = ['natt']", "no flag is called 'natt'"),
        (b"flags = ['seed-solution-1', 'seed-solution-2']", "exclude each other"),
        (b"constants = 3", "a table, [constants]"),
        (b"[constants]\ntimer_64t1 = 3", "did you mean timer_64_t1?"),
        (b"[constants]\ngrace = -1", "constants.grace: seconds from 0"),
        (b"[constants]\ngrace = nan", "constants.grace: seconds from 0"),
        (b"[constants]\ngrace = true", "constants.grace: seconds from 0"),
        (b"[constants]\nmost_sets = 2.5", "constants.most_sets: a whole number"),
        (b"[constants]\nmost_sets = inf", "constants.most_sets: a whole number"),
        (b"[constants]\nmost_sets = nan", "constants.most_sets: a whole number"),
        (b"base = 0x" + b"f" * 9000, "no TOML: line 1: a number has more than 1000 digits"),
        (b"[levels]\nneg-1 = 'MUST'", "'neg-1' is no rule id"),
        (b"[levels]\nNEG-01 = 'MAYBE'", "levels.NEG-01: 'MAYBE'"),
        (b"[policy]\nencryption = 'always'", "policy.encryption: 'always'"),
        (b"[policy]\nintegrity = 'required'", "no policy entry is called 'integrity'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_the_name_of_the_file(text: bytes, says: str) -> None:
    with pytest.raises(ProfileError) as refused:
        read(text, "lab.toml")
    assert says in str(refused.value)
    assert str(refused.value).startswith("lab.toml: ")
    assert len(str(refused.value)) < 300


@given(st.binary(max_size=300))
def test_any_octets_are_a_profile_or_an_error(text: bytes) -> None:
    try:
        assert read(text, "x").timer_64_t1 > 0
    except ProfileError as error:
        assert str(error).startswith("x: ")


def test_the_name_of_a_profile_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lab.toml"
    path.write_text('name = "our \\u001b[31mlab"', "utf-8")
    assert main(["rules", "--profile", str(path)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("our \\x1b[31mlab") == 3
    assert "\x1b" not in shown


def test_an_endless_file_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    endless = tmp_path / "endless.toml"
    endless.symlink_to("/dev/zero")
    assert main(["rules", "--profile", str(endless)]) == 2
    assert capsys.readouterr().err == f"gmaudit: {endless}: has more than 1 MiB, which no profile has\n"
    assert main(["check", "x", "--pseudonymise-key", "/dev/zero"]) == 2
    said = "gmaudit: /dev/zero: has more than 1 MiB, which no key has; was another file meant?\n"
    assert capsys.readouterr().err == said


def test_flags_add_up() -> None:
    assert flagged(read(WHOLE, "x"), ["nat"]).flags == frozenset({"ir92", "nat"})


def test_a_row_that_is_off_is_not_in_force_and_a_weaker_row_has_weaker_findings() -> None:
    profile = read(WHOLE, "x")
    rules = {rule.id: rule for rule in collect()}
    assert not rules["PORT-02"].in_force(profile)
    assert rules["NEG-08"].in_force(profile)
    assert rules["NEG-08"].level_in(profile, None) is Level.SHOULD
    assert rules["NEG-08"].level_in(profile, Level.INFO) is Level.INFO
    assert rules["NEG-08"].level_in(profile, Level.MUST) is Level.SHOULD
    assert rules["NEG-07"].level_in(profile, None) is Level.MUST


def test_the_command_line_takes_files_and_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(WHOLE)
    assert main(["rules", "--profile", str(path), "--flag", "nat"]) == 0
    shown = capsys.readouterr().out
    assert "our lab" in shown
    assert "\nPORT-02 " not in shown
    assert "\nPORT-01 " in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--profile", "rel-99"], "no profile is called rel-99"),
        (["--profile", "nowhere.toml"], "nowhere.toml: No such file"),
        (["--flag", "natt"], "no flag is called 'natt'"),
    ],
)
def test_a_profile_that_cannot_be_had_is_one_line(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *arguments, str(LAB / f"{LAB.name}.pcap")]) == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert shown.count("\n") == 1


def test_a_level_for_a_rule_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(b"[levels]\nNEG-99 = 'MUST'")
    assert main(["check", "--profile", str(path), str(LAB / f"{LAB.name}.pcap")]) == 2
    assert "no rule is called NEG-99" in capsys.readouterr().err
