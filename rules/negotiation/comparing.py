"""How a comparison of two Security-* headers becomes a verdict (8.4 of the catalogue, rulings R12 and R13)."""

from analyzer.ims.events import ChallengeAnswered, Comparison, Sighting
from analyzer.rule import PASS, Actor, Broken, Level, Pass, Severity, Verdict


def verdict_of(comparison: Comparison, event: ChallengeAnswered, name: str, reference: str, other: Sighting) -> Verdict:
    """The verdict on header `name` of SM7 against its reference."""
    result = comparison.result.name
    related = (other.at,)
    if result in ("EXACT", "CANON"):
        return PASS
    if result == "DEFAULT":
        return Pass(
            note=Broken(
                fault="default-spelt-out",
                message=f"{name} of SM7 spells a default out, or leaves it out, against {reference}; "
                "a strict P-CSCF may refuse",
                actor=Actor.UE,
                related=related,
                level=Level.INFO,
            )
        )
    # What differs, if it was read at all: the rows that are equal would only hide it.
    rows = [row for row in comparison.rows if row[2] != row[3]] or comparison.rows
    if result == "ORDER":
        return Broken(
            fault="order",
            message=f"{name} of SM7 has the entries of {reference} in another order",
            actor=Actor.UE,
            level=Level.SHOULD,
            severity=Severity.LOW,
            related=related,
        )
    if result == "MISSING":
        media = event.register.message.first(name) is not None
        return Broken(
            fault="missing",
            message=f"{name} of SM7 has no entry but for media" if media else f"SM7 has no {name}",
            actor=Actor.UE,
            expected=f"the entries of {reference}",
            observed="mediasec entries alone" if media else "no such header",
            related=related,
        )
    if result == "REDUCED":
        return Broken(
            fault="reduced",
            message=f"{name} of SM7 has only a part of the entries of {reference}",
            actor=Actor.UE,
            severity=Severity.MEDIUM,
            related=related,
            observed="; ".join(f"{row[1]}: {row[2]} / {row[3]}" for row in rows[:8]),
        )
    return Broken(
        fault="different",
        message=f"{name} of SM7 differs from {reference}: possible tampering between UE and P-CSCF",
        actor=Actor.UE,
        expected="; ".join(f"{row[1]}={row[2]}" for row in rows[:8]),
        observed="; ".join(f"{row[1]}={row[3]}" for row in rows[:8]),
        related=related,
    )
