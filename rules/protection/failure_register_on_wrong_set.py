"""SA-19: where a REGISTER that rejects the challenge goes, and what it offers."""

from typing import Any

from analyzer.ims.events import ChallengeRejected, Mechanism
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Table, Verdict, rule

VALUES = ("spi-c", "spi-s", "port-c")


@rule(
    "SA-19",
    clause="TS 24.229 5.1.1.5.3; TS 33.203 7.3.1.2, 7.3.1.3",
    source="24.229 5.1.1.5.3 [T]; 33.203 7.3.1.2/7.3.1.3 [D]; 34.229-1 9.1, 9.2 [T]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP15", "FP20"),
    evidence=("E2", "E3"),
)
def failure_register_on_wrong_set(event: ChallengeRejected, profile: Profile) -> Verdict | None:
    """A REGISTER that reports a wrong MAC or SQN goes on the set that the UE has in use, if there is one, else in
    clear; never on the set of the challenge that it rejects. It offers new spi-c, spi-s and port-c.

    The rejected challenge did not come from the home network, or out of order: nothing is built on it, so there is no
    set, and the values that were announced with it are burnt.

    Where SM1 was in clear the UE has given up the sets that it had (case F), so that clear text is right then. Which
    set a protected SM1 has to use is SA-02's matter.

    Not a violation: a UE without a set, a set that has expired. That a UE lost its state meanwhile (FP15) cannot be:
    it knows the challenge that it rejects. Values are compared as numbers (FP20). The row rests
    on later releases alone, so that ``sa3-29`` does not have it (R17); TS 33.203 7.3.1.2 says "may pass through an
    established association" where TS 24.229 asks for it, and TS 24.229 is followed here.
    """
    protection = event.register.protection
    common: dict[str, Any] = {"actor": Actor.UE, "related": (event.challenge.at,)}
    if protection is not None and protection.terms is event.rejected:
        return Broken(
            fault="rejected-set",
            message="the REGISTER that rejects a challenge was sent on the set which that challenge announced",
            expected=f"set {event.in_use.generation}" if event.in_use else "in clear",
            observed=event.register.where,
            argument="its nonce is that of the newest challenge, and it has no response or an auts",
            **common,
        )
    if protection is None and event.parent is not None and event.in_use is not None:
        return Broken(
            fault="clear",
            message="the REGISTER that rejects a challenge was sent in clear although the UE has a set",
            expected=f"set {event.in_use.generation}",
            observed=event.register.where,
            argument=f"SM1 was protected by set {event.parent.generation}",
            **common,
        )
    if not profile.failure_offers_anew or not any(entry.is_ipsec for entry in event.before):
        return PASS
    old, new = _values(event.before), _values(event.offer)
    kept = [name for name, before, now in zip(VALUES, old, new, strict=True) if before & now]
    if new[0] and not kept:
        return PASS
    return Broken(
        fault="old-values" if kept else "no-offer",
        message="the REGISTER that rejects a challenge "
        + (f"offers {', '.join(kept)} again" if kept else "offers no new values in Security-Client"),
        expected="new spi-c, spi-s and port-c",
        observed=", ".join(f"{name}={_text(now)}" for name, now in zip(VALUES, new, strict=True)),
        argument="both Security-Client headers are in the capture",
        tables=(
            Table(
                "Security-Client",
                ("parameter", "challenged REGISTER", "this REGISTER"),
                tuple((name, _text(b), _text(n)) for name, b, n in zip(VALUES, old, new, strict=True)),
            ),
        ),
        **common,
    )


def _values(offer: tuple[Mechanism, ...]) -> tuple[set[int], set[int], set[int]]:
    """The SPIs and client ports of all ipsec-3gpp entries."""
    found: tuple[set[int], set[int], set[int]] = (set(), set(), set())
    for entry in offer:
        if entry.is_ipsec:
            for values, value in zip(found, (entry.spi_c, entry.spi_s, entry.port_c), strict=True):
                if value is not None:
                    values.add(value)
    return found


def _text(values: set[int]) -> str:
    return ", ".join(str(value) for value in sorted(values)) or "none"
