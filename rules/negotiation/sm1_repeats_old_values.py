"""NEG-11: a protected SM1 offers new SPIs and a new client port."""

from analyzer.ims.events import RegistrationStarted, State
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Verdict, judged, rule
from rules.negotiation.showing import new_values, two_columns


@rule(
    "NEG-11",
    clause="TS 24.229 5.1.1.4.2; TS 33.203 7.4",
    source="24.229 5.1.1.4.2 d [T]; 34.229-1 8.2 message contents [T]; S1 7.4",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP1", "FP4", "FP10", "FP16", "R32"),
    evidence=("E3", "E4"),
)
def sm1_repeats_old_values(event: RegistrationStarted, profile: Profile) -> Verdict | None:
    """A protected SM1 has a Security-Client with new spi-c, spi-s and port-c and the port-s of the set in use.

    The UE cannot know whether it will be challenged, so it must be ready to build a new set each time; values of the
    set in use would make the new one collide with it.

    Every SM1 is judged, challenged or not, the deregistration too (with low severity); SM7 is NEG-07's (R32). The set
    compared with is the one that protects SM1. Where Security-Client has several entries, a value is wrong if no entry
    has a right one. Where only a port is wrong, PORT-01 or PORT-03 names the fault if the offer is taken up.

    Not a violation: a repetition of the same SM1 (FP1); an offer equal to an earlier one that was never taken up (FP16:
    only the set in use is compared with). Emergency registrations are left alone (FP10). If SM12 of the set may be lost
    from the capture, it is not certain that the UE used that set: `probable` (FP4). In the papers a REGISTER that
    reports a failure need not offer anything new (V16).
    """
    protection = event.register.protection
    if protection is None or event.emergency or (event.reports_failure and not profile.failure_offers_anew):
        return None
    if protection.state_ue not in (State.NEW, State.USE, State.OLD) and not event.sm12_missing:
        return None
    terms = protection.terms
    severity = Severity.LOW if event.deregisters else None
    entries = [entry for entry in event.offer if entry.is_ipsec and not entry.is_mediasec]
    if not entries:
        return Broken(
            fault="no-offer",
            message="a protected SM1 offers no ipsec-3gpp",
            actor=Actor.UE,
            expected="Security-Client with new values",
            observed="; ".join(entry.text for entry in event.offer[:4]) or "no Security-Client",
            severity=severity,
            argument=f"it is protected by set {terms.generation}, so the UE uses the agreement",
        )
    used = {terms.spi_uc, terms.spi_us} - {None}
    wrong, checks = (
        [],
        (
            ("spi-c", [entry.spi_c for entry in entries], used, True),
            ("spi-s", [entry.spi_s for entry in entries], used, True),
            ("port-c", [entry.port_c for entry in entries], {terms.port_uc} - {None}, True),
            ("port-s", [entry.port_s for entry in entries], {terms.port_us} - {None}, False),
        ),
    )
    for name, values, known, must_differ in checks:
        there = {value for value in values if value is not None}
        if there and known and (there <= known if must_differ else not there & known):
            wrong.append(name)
    if not wrong:
        return PASS
    cause = {"port-c": "PORT-03", "port-s": "PORT-01"}.get(wrong[-1]) if "spi" not in wrong[0] else None
    return judged(
        sure=not event.sm12_missing,
        traps=("FP4",),
        fault="+".join(wrong),
        message=f"a protected SM1 {new_values(wrong)} of the set in use",
        actor=Actor.UE,
        expected=f"spi-c, spi-s and port-c other than {terms.spi_uc}, {terms.spi_us}, {terms.port_uc}; "
        f"port-s {terms.port_us}",
        observed="; ".join(entry.text for entry in entries[:4]),
        related=tuple(frame for frame in (terms.sm1,) if frame is not None),
        severity=severity,
        cause=cause,
        argument=f"SM1 is protected by set {terms.generation}"
        + (", whose SM12 is not in the capture" if event.sm12_missing else ""),
        tables=(
            two_columns(
                "the set in use and the first entry of the offer",
                f"set {terms.generation}",
                "SM1",
                (
                    ("spi-c", terms.spi_uc, entries[0].spi_c),
                    ("spi-s", terms.spi_us, entries[0].spi_s),
                    ("port-c", terms.port_uc, entries[0].port_c),
                    ("port-s", terms.port_us, entries[0].port_s),
                ),
                compares=False,
            ),
        ),
    )
