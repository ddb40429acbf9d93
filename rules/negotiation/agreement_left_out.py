"""NEG-13: protected requests after the registration carry the agreement along."""

from analyzer.ims.events import CallOpened, CallOpenedRight
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Level, Severity, Verdict, rule
from rules.negotiation.showing import ROWS, two_columns


@rule(
    "NEG-13",
    clause="RFC 3329 2.3.1",
    source="RFC 3329 2.3.1 [D]",
    actor="UE",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP3", "FP20"),
    evidence=("E3",),
    met_by=(CallOpenedRight,),
)
def agreement_left_out(event: CallOpened) -> Verdict | None:
    """Protected requests other than REGISTER mirror the Security-Server in Security-Verify, and have sec-agree in
    Require and in Proxy-Require.

    That is how RFC 3329 lets a next hop find out, with every request, that nobody weakened the list. Networks do
    without it all the same, and TS 24.229 does not insist: hence a warning and no violation.

    Judged by the request that opens a call, once for each Call-ID: what a UE leaves out there it leaves out in every
    request. The list may be that of the set that protects the request or of another that is established, for around
    a re-registration either is the last that the UE knows.

    Not a finding: ACK and CANCEL, responses, what comes from the P-CSCF; a list in another spelling or order (FP20). If
    no challenge is in the capture, only what is missing altogether can be told (FP3).
    """
    message = event.request.message
    if message.method in ("ACK", "CANCEL", "REGISTER"):
        return None
    missing = [name for name in ("Require", "Proxy-Require") if not message.has_option(name, "sec-agree")]
    comparison = event.verify
    if message.first("security-verify") is None:
        missing.insert(0, "Security-Verify")
    elif comparison is not None and not comparison.ok and comparison.result.name != "ORDER":
        missing.insert(0, f"Security-Verify ({comparison.result.value})")
    if not missing:
        return PASS
    if message.truncated_headers:
        return Inconclusive(reason="the headers are cut, so what is missing may be lost", actor=Actor.UE)
    return Broken(
        fault="+".join(name.lower().replace(" (", "-").rstrip(")") for name in missing),
        message=f"a protected request lacks what RFC 3329 asks for: {', '.join(missing)}",
        actor=Actor.UE,
        expected="the Security-Server of the set in Security-Verify; sec-agree in Require and Proxy-Require",
        observed=message.start_line,
        argument="judged by the request that opens the call",
        tables=(
            two_columns(
                "what the P-CSCF had sent and what was mirrored",
                "Security-Server",
                "Security-Verify",
                ((f"{row[0]}. {row[1]}", row[2], row[3]) for row in comparison.rows[:ROWS]),
            ),
        )
        if comparison is not None and comparison.rows
        else (),
    )
