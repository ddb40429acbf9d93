"""NEG-12: a protected SM1 repeats the last Security-Server."""

from typing import Any

from analyzer.ims.events import RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Level, Pass, Severity, Verdict, judged, rule
from rules.negotiation.showing import ROWS, two_columns


@rule(
    "NEG-12",
    clause="TS 24.229 5.1.1.4.2",
    source="24.229 5.1.1.4.2 e [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP2", "FP3", "FP4", "FP20"),
    evidence=("E3",),
)
def sm1_mirrors_nothing(event: RegistrationStarted) -> Verdict | None:
    """A protected SM1 has in Security-Verify the Security-Server of the last successful authentication.

    It shows the P-CSCF, under protection and once more, what the UE believes to have been agreed.

    Not a violation: another spelling of the same list (FP20; a default spelt out is a note, R12); another order of the
    entries is a warning. If the challenge of the set in use is not in the capture, only a missing header can be told
    (FP3). A list of an earlier set right after a new SM12, which the UE may not have had, is `probable` (FP2), and so
    is everything where SM12 may be lost from the capture (FP4). A REGISTER that reports a MAC or SQN failure repeats
    something only on a set that has succeeded; on the rejected one (SA-19) there is nothing to repeat.
    """
    mirrored, protection = event.mirrored, event.register.protection
    if mirrored is None or protection is None:
        return None
    if event.reports_failure and not protection.state_ue.established:
        return None
    common: dict[str, Any] = {
        "actor": Actor.UE,
        "expected": "the Security-Server of the last successful authentication",
        "related": tuple(frame for frame in (mirrored.reference, mirrored.other) if frame is not None),
    }
    if not mirrored.present:
        if event.register.message.truncated_headers:
            return Inconclusive(reason="the headers are cut, so Security-Verify may be lost", actor=Actor.UE)
        return Broken(
            fault="missing",
            message="a protected SM1 has no Security-Verify",
            observed="no such header",
            argument=f"set {protection.generation} protects it, so there was an agreement to repeat",
            **common,
        )
    comparison = mirrored.success
    if comparison is None:
        reason = "the challenge of the set in use is not in the capture"
        return Inconclusive(reason=reason, actor=Actor.UE, traps=("FP3",))
    result = comparison.result.name
    if result in ("EXACT", "CANON"):
        return PASS
    if result == "DEFAULT":
        spelt = Broken(
            fault="default-spelt-out",
            message="Security-Verify of a protected SM1 spells a default out, or leaves it out",
            level=Level.INFO,
            **common,
        )
        return Pass(note=spelt)
    rows = [row for row in comparison.rows if row[2] != row[3]][:8]
    traps = []
    if event.sm12_missing:
        traps.append("FP4")
    if mirrored.other_success and event.knew is not None and not event.knew.sure:
        traps.append("FP2")
    what = "has the entries in another order than" if result == "ORDER" else "is not"
    if mirrored.other is not None:
        what = "repeats another challenge than"
    return judged(
        sure=not traps,
        traps=tuple(traps),
        fault="other-challenge" if mirrored.other is not None else result.lower(),
        message=f"Security-Verify of a protected SM1 {what} that of the last successful authentication",
        observed="; ".join(f"{row[1]}: {row[2]} / {row[3]}" for row in rows),
        level=Level.SHOULD if result == "ORDER" else None,
        argument="compared in canonical form with the challenge of the set that the UE had in use",
        tables=(
            two_columns(
                "the last Security-Server and what was repeated",
                "Security-Server",
                "Security-Verify",
                ((f"{row[0]}. {row[1]}", row[2], row[3]) for row in comparison.rows[:ROWS]),
            ),
        ),
        **common,
    )
