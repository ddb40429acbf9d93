"""NEG-02: SM1 announces both pairs of ports and SPIs."""

from analyzer.ims.events import RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule
from rules.negotiation.showing import entries_table


@rule(
    "NEG-02",
    clause="TS 33.203 7.2, Annex H; TS 24.229 5.1.1.2.2",
    source="S2 3.2; 33.203 7.2, Annex H [D]; 24.229 5.1.1.2.2 d [T]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP20",),
    evidence=("E3",),
    plaintext=False,
    by_headers=(RegistrationStarted,),
)
def sm1_parameters_missing(event: RegistrationStarted) -> Verdict | None:
    """Every ipsec-3gpp entry of the Security-Client in SM1 has alg, spi-c, spi-s, port-c and port-s.

    Without the pairs of SPIs and ports the P-CSCF cannot build the four associations.

    Not a violation: entries with ``mediasec`` (they negotiate media), any order and spelling of the parameters (FP20),
    several entries that repeat the same ports. A value that is there but cannot be one is NEG-21's. The form of
    RFC 3329 Appendix A (``spi``, ``port1``, ``port2``) is the one from before the papers and is named as such.
    """
    entries = [entry for entry in event.offer if entry.is_ipsec and not entry.is_mediasec]
    if not entries:
        return None
    for entry in entries:
        missing = entry.absent()
        if missing:
            old = " (the form of RFC 3329 Appendix A)" if entry.obsolete_form else ""
            return Broken(
                fault="old-form" if entry.obsolete_form else "parameter-missing",
                message=f"Security-Client of SM1 lacks {', '.join(missing)}{old}",
                actor=Actor.UE,
                expected="alg, spi-c, spi-s, port-c and port-s",
                observed=entry.text,
                tables=(entries_table("Security-Client of SM1", entries),),
            )
    return PASS
