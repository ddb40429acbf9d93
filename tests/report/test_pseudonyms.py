from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer import cli
from analyzer.report.model import EspCounts, Report, SipCounts, SubjectSummary
from analyzer.report.pseudonyms import Pseudonyms
from tests.report.reports import report

LAB = Path(__file__).parents[2] / "captures" / "udp4_sha1_aes"
IMSI = "001010000000101"
EMPTY = Report(
    version="", profile="", captures=[], copies=0, esp=EspCounts(), sip=SipCounts(), subjects=[], sa_sets=[], rules=[],
    findings=[],
)  # fmt: skip
SECRETS = (IMSI, "10.20.0.11", "10.20.0.1", "+0010000001", "0010000001")


def names(text: str, key: bytes = b"k" * 16) -> str:
    return Pseudonyms(key).text(text)


def test_one_value_has_one_pseudonym_in_every_form() -> None:
    impi, impu = names(f"{IMSI}@ims.example"), names(f"sip:{IMSI}@ims.example;user=phone")
    number = impi.partition("@")[0]
    assert number.startswith("number-")
    assert impi == f"{number}@ims.example"
    assert impu == f"sip:{number}@ims.example;user=phone"
    assert names("tel:+49-171(55)1234").removeprefix("tel:") == names("sip:+49171551234@x").partition("@")[0][4:]
    assert names("fd00:20:0::b") == names("fd00:20::b")
    assert names("urn:gsma:imei:35622410-769544-0") == names("urn:gsma:imei:356224107695440")


def test_the_second_contact_of_a_subscriber_stays_the_second() -> None:
    one, two = names(f"{IMSI}@ims.example@10.0.0.1"), names(f"{IMSI}@ims.example#2@10.0.0.1")
    assert two == one.replace("ims.example@", "ims.example#2@")
    assert IMSI not in names(f"sip:*21#{IMSI}@ims.example")


def test_another_key_gives_other_pseudonyms() -> None:
    assert names("10.0.0.1", b"a" * 16) != names("10.0.0.1", b"b" * 16)


@pytest.mark.parametrize(
    "text", ["5100>46432", "04:20:28.754", "spi-c 1673564009, port-s 6100", "TS 33.203 7.4", "63c08f69", "rel-17"]
)
def test_what_identifies_nobody_stays(text: str) -> None:
    assert names(text) == text


@pytest.mark.parametrize(
    "text", ["<sip:{}:6100;lr>", "sip:{}", "sent from {}.", "{}, {}", "host={};", "(UDP {}>x)", "::ffff:{}"]
)
def test_an_address_is_hidden_wherever_it_stands(text: str) -> None:
    made = names(text.format("10.20.0.1", "10.20.0.1"))
    assert "10.20" not in made
    assert "ip-" in made


def test_an_address_of_ipv6_is_hidden_at_the_end_of_a_sentence() -> None:
    assert "db8" not in names("sent from 2001:db8::1.")


def test_a_start_line_and_a_subject() -> None:
    made = names(f"MESSAGE sip:{IMSI}@10.20.0.11:46432 SIP/2.0")
    assert IMSI not in made
    assert "10.20.0.11" not in made
    assert made.endswith(":46432 SIP/2.0")
    subject = names(f"{IMSI}@ims.mnc001.mcc001.3gppnetwork.org@10.20.0.11")
    assert "@ims.mnc001.mcc001.3gppnetwork.org@ip-" in subject


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(names(text), str)


@pytest.mark.parametrize("letter", ["!", "a", "@", ".", ":", "+", "f", "1"])
def test_a_long_text_of_one_letter_takes_one_walk(letter: str) -> None:
    """Were it looked through again from every place in it, this would take hours."""
    assert names(letter * 300_000) in (letter * 300_000, names(letter))


def test_twenty_thousand_subscribers_take_no_longer_each() -> None:
    subjects = [
        SubjectSummary(
            id=f"user{number}@x",
            impi=f"user{number}",
            impus=[],
            contact=None,
            ue=f"10.0.{number >> 8 & 255}.7",
            pcscf="",
        )
        for number in range(20_000)
    ]
    made = Pseudonyms(b"k" * 16)
    report = made.report(replace(EMPTY, subjects=subjects, notices=["of user7777, not of myuser7777 or user77771"]))
    assert report.notices == [f"of {made.name('user7777')}, not of myuser7777 or user77771"]
    assert len({each.impi for each in report.subjects}) == 20_000


def test_a_number_with_parameters_is_the_number() -> None:
    """As a tel URI stands in a SIP URI (RFC 3261, 19.1.6): the @ is not behind the number."""
    names = Pseudonyms(b"k" * 32)
    number = names.text("tel:+4917012345670").removeprefix("tel:")
    hidden = names.text("INVITE sip:+4917012345670;phone-context=+49.ims@ims;user=phone SIP/2.0")
    assert hidden.startswith(f"INVITE sip:{number};user-")
    assert hidden.endswith("@ims;user=phone SIP/2.0")
    assert "4917012345670" not in hidden and "phone-context" not in hidden
    assert "alice" not in names.text("<sip:alice;lives=here@ims>") + names.text("<sip:her/alice@ims>")


@pytest.mark.parametrize(
    "user", ['al"ice', "al ice", "alice:secret", "<alice>", "al\\ice", "al[ice", '=A("x")\x1balice']
)
def test_a_subscriber_with_an_odd_name_is_hidden(user: str) -> None:
    subject = SubjectSummary(
        id=f"{user}@ims#2@10.0.0.1", impi=f"{user}@ims", impus=[], contact=None, ue="10.0.0.1", pcscf="::1"
    )
    made = report(subjects=[subject])
    names = Pseudonyms(b"k" * 32)
    (subject,) = names.report(made).subjects
    assert subject.impi == f"{names.name(user)}@ims"
    assert subject.id == f"{names.name(user)}@ims#2@{names.text('10.0.0.1')}"
    assert (
        names.text(f'Digest username="{user}@ims", uri="sip:ims"') == f'Digest username="{subject.impi}", uri="sip:ims"'
    )


def test_a_known_name_stands_alone_and_the_longest_is_taken() -> None:
    made = Pseudonyms(b"k" * 16)
    one, two = "alice b", "alice b!c"
    made.report(
        replace(
            EMPTY,
            subjects=[SubjectSummary(id="", impi=impi, impus=[], contact=None, ue="", pcscf="") for impi in (one, two)],
        )
    )
    assert made.text(f"{one}, {two} {one}!") == f"{made.name(one)}, {made.name(two)} {made.name(one)}!"
    assert made.text(f"{one}b x{two} -{one}") == f"{one}b x{two} -{one}"


@pytest.mark.parametrize("command", [["check", "--fail-on", "never", "--format", "json"], ["check"], ["trace"]])
def test_no_report_names_the_subscriber(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    cli.main([*command, "--pseudonymise", "--keys", str(LAB / "keys.toml"), str(LAB / f"{LAB.name}.pcap")])
    shown = capsys.readouterr()
    assert "number-" in shown.out
    for secret in SECRETS:
        assert secret not in shown.out.replace("10.20.0.1x", "")
        assert secret not in shown.err


def test_the_same_key_file_makes_reports_comparable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    made = []
    for _ in range(2):
        call = ["check", "--format", "json", "--pseudonymise-key", str(key), "--keys", str(LAB / "keys.toml")]
        cli.main([*call, str(LAB / f"{LAB.name}.pcap")])
        made.append(json.loads(capsys.readouterr().out))
    assert made[0]["subjects"] == made[1]["subjects"]
    assert made[0]["findings"] == made[1]["findings"]
    assert made[0]["subjects"][0]["id"] == made[0]["findings"][0]["subject"]


def test_without_a_key_file_every_run_has_names_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    made = []
    for _ in range(2):
        cli.main(["check", "--format", "json", "--pseudonymise", str(LAB / f"{LAB.name}.pcap")])
        made.append(json.loads(capsys.readouterr().out))
    assert made[0]["subjects"] != made[1]["subjects"]


@pytest.mark.parametrize("content", [None, b"short"])
def test_a_bad_key_file_is_refused(content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_bytes(content)
    assert cli.main(["check", "--pseudonymise-key", str(key), str(LAB / f"{LAB.name}.pcap")]) == 2
    assert str(key) in capsys.readouterr().err
