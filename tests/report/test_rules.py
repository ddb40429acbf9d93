"""The documentation of a rule, and the catalogue."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace

from analyzer.ims.events import Deregistered, RequestSent
from analyzer.profile import PROFILES, Profile
from analyzer.report.differences import DIFFERENCES, SWITCHES, switches
from analyzer.report.rules import catalogue, explain, switched
from analyzer.rule import PASS, Level, Rule, Severity, Verdict, collect, rule

PAPERS = PROFILES["sa3-29"]


@rule(
    "LAB-01",
    clause="TS 33.203 7.1 [M]",
    source="33.203 7.1 [T]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP1", "LAB-X"),
    evidence=("E8",),
)
def request_on_the_moon(event: RequestSent | Deregistered) -> Verdict | None:
    """A request was sent from
    the moon.

    Why it matters: it takes 1.3 s.

    - one
    - two
    """
    return PASS


@rule("LAB-02", clause="S1", source="S1", actor="UE", level=Level.SHOULD, plaintext=False)
def silent(event: RequestSent) -> Verdict | None:
    return None


LAB_01: Rule = request_on_the_moon.__dict__["rule"]
LAB_02: Rule = silent.__dict__["rule"]


def test_a_rule_says_all_about_itself() -> None:
    stream = io.StringIO()
    explain(LAB_01, stream, width=80)
    assert stream.getvalue() == (
        "LAB-01  request on the moon\n"
        "\n"
        "  clause    TS 33.203 7.1 [M]\n"
        "  source    33.203 7.1 [T]\n"
        "            ([T] the text itself was read; [M] from memory, unverified)\n"
        "  level     MUST, severity high\n"
        "  binds     P-CSCF\n"
        "  reads     what is in clear or decrypted; a set without a key makes it\n"
        "            inconclusive\n"
        "  judges    a protected request; or a 2xx to a REGISTER with expiry 0\n"
        "  told      nothing that only a tool tells of (HEP, exported PDU, SCAT)\n"
        "  shows     frames, times, directions and first lines of the messages; rule,\n"
        "            clause, profile, level, verdict, and how the traps were excluded;\n"
        "            facts of the ESP packet\n"
        "\n"
        "A request was sent from the moon.\n"
        "\n"
        "Why it matters: it takes 1.3 s.\n"
        "\n"
        "- one\n"
        "- two\n"
        "\n"
        "What must be ruled out before it is a fault\n"
        "  - FP1, a retransmission of the same message\n"
        "  - LAB-X\n"
        "\n"
        "In the profiles\n"
        "  - in force in rel-6, rel-11, rel-14, rel-17\n"
        "  - not in sa3-29: not in the papers of 2003, nor owed by every stack of that\n"
        "    time\n"
    )


def explained(id: str) -> str:
    stream = io.StringIO()
    explain(next(each for each in collect() if each.id == id), stream, width=400)
    return stream.getvalue()


def test_what_the_profiles_change_for_a_rule() -> None:
    text = explained("SA-16")
    assert "in force in sa3-29, rel-6, rel-11, rel-14, rel-17" in text
    assert "V3: sa3-29: an answer must use the set of its request, over UDP and TCP; since then: over TCP it" in text
    assert "V4" not in text


def test_a_rule_of_later_releases_has_nothing_of_the_papers() -> None:
    text = explained("ESP-07")
    assert "not in sa3-29" in text and "V14: since then: none from Release 11 on" in text


def test_frames_that_break_a_rule() -> None:
    assert "  - udp4_sha1_aes/udp4_sha1_aes.pcap frame 43: violation\n" in explained("SA-14")
    assert "Frames that break it" not in explained("CRY-05")


@pytest.mark.parametrize("rule", collect(), ids=lambda rule: rule.id)
def test_every_rule_can_be_explained(rule: Rule) -> None:
    text = explained(rule.id)
    assert text.startswith(rule.id) and "In the profiles" in text
    assert ("[M] from memory, unverified" in text) == ("[M]" in f"{rule.source} {rule.clause}")


# --- the differences of the profiles ---------------------------------------------------------------------------------


def test_every_difference_touches_rules_that_there_are() -> None:
    ids = {rule.id for rule in collect()}
    numbers = [each.number for each in DIFFERENCES]
    assert len(numbers) == len(set(numbers))
    # V20, alternatives to IPsec, is a trap of many rules (FP11) and touches none alone
    assert set(numbers) == {f"V{number}" for number in range(1, 25)} - {"V20"}
    for each in DIFFERENCES:
        assert each.rules and each.rules <= ids and each.papers and each.today


def test_every_field_of_a_profile_is_shown() -> None:
    own = {"name", "release", "papers", "flags", "levels", "policy"}
    assert SWITCHES.keys() == {*Profile.__struct_fields__} - own


def test_what_a_profile_switches() -> None:
    shown = {topic: (number, mine, theirs) for number, topic, mine, theirs in switches(PAPERS, PROFILES["rel-17"])}
    assert shown["life of a temporary set (reg-await-auth)"] == ("V7", "no number", "240 s")
    assert shown["algorithms of encryption"] == ("V13", "null", "aes-cbc, aes-gcm, null")
    assert shown["what the life of a set adds to the expiry of the registration"] == ("V6", "0 s", "30 s")
    assert shown["sets of one contact at once"] == ("V8", "3", "")
    assert shown["client and server port must differ"] == ("V19", "no", "yes")


def test_the_page_of_a_profile() -> None:
    stream = io.StringIO()
    mine = replace(
        PAPERS, name="lab", flags=frozenset({"nat"}), levels={"SA-04": None}, policy={"encryption": "required"}
    )
    switched(mine, stream, width=200)
    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    assert lines[1] == "What lab says where profiles differ, and its constants"
    assert lines[2] == "lab rel-17 about"
    assert "V7 no number 240 s life of a temporary set (reg-await-auth)" in lines
    assert lines[-3:] == ["flags: nat", "levels: SA-04 off", "policy: encryption required"]


def test_the_default_profile_is_not_compared_with_itself() -> None:
    stream = io.StringIO()
    switched(PROFILES["rel-17"], stream, width=200)
    assert stream.getvalue().splitlines()[2].split() == ["rel-17", "about"]


def test_the_catalogue() -> None:
    stream = io.StringIO()
    catalogue([LAB_01, LAB_02], PROFILES["rel-17"], stream, width=80)
    assert stream.getvalue() == (
        "rule    level   severity  binds   what it says\n"
        "LAB-01  MUST    high      P-CSCF  A request was sent from the moon.\n"
        "LAB-02  SHOULD  medium    UE      silent\n"
        "\n"
        "2 rules in force in rel-17; gmaudit rule ID explains one\n"
    )


def test_an_empty_catalogue() -> None:
    stream = io.StringIO()
    catalogue([], PROFILES["sa3-29"], stream)
    assert stream.getvalue().endswith("0 rules in force in sa3-29; gmaudit rule ID explains one\n")
