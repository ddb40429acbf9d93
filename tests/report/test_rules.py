"""The documentation of a rule, and the catalogue."""

from __future__ import annotations

import io

from analyzer.ims.events import Deregistered, RequestSent
from analyzer.profile import PROFILES
from analyzer.report.rules import catalogue, explain
from analyzer.rule import PASS, Level, Rule, Severity, Verdict, rule


@rule(
    "LAB-01",
    clause="TS 33.203 7.1",
    source="33.203 7.1 [T]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP1", "LAB-X"),
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
        "  clause    TS 33.203 7.1\n"
        "  source    33.203 7.1 [T]\n"
        "            ([T] the text itself was read)\n"
        "  level     MUST, severity high\n"
        "  binds     P-CSCF\n"
        "  reads     what is in clear or decrypted; a set without a key makes it\n"
        "            inconclusive\n"
        "  judges    RequestSent, Deregistered\n"
        "  in force  rel-6, rel-11, rel-14, rel-17\n"
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
    )


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
