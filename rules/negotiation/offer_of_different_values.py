"""NEG-03: all entries of one Security-Client have the same SPIs and ports."""

from analyzer.ims.events import RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, rule
from rules.negotiation.showing import entries_table


@rule(
    "NEG-03",
    clause="TS 33.203 7.2 [M]",
    source="33.203 7.2 (one SPI_U and one Port_U per SM1) [M]",
    actor="UE",
    level=Level.SHOULD,
    severity=Severity.LOW,
    evidence=("E3",),
    plaintext=False,
    by_headers=(RegistrationStarted,),
)
def offer_of_different_values(event: RegistrationStarted) -> Verdict | None:
    """The ipsec-3gpp entries of one Security-Client differ in their algorithms only; SPIs and ports are the same.

    SM1 announces one pair of SPIs and one pair of ports. A P-CSCF that takes them from another entry than the UE
    expects builds associations which the UE does not have, and both sides drop each other's packets.

    Not a violation: entries that leave a value out (NEG-02 speaks of them), entries of other mechanisms and those with
    ``mediasec``. Some stacks offer separate values for each entry on purpose; that is what the warning is about, and
    the audit then follows the entry that SM6 answers. The clause is cited from memory and unverified, hence SHOULD.
    """
    entries = [entry for entry in event.offer if entry.is_ipsec and not entry.is_mediasec]
    if len(entries) < 2:
        return None
    wrong = []
    for name in ("spi-c", "spi-s", "port-c", "port-s"):
        values = {entry.params[name] for entry in entries if entry.params.get(name) is not None}
        if len(values) > 1 and len({_number(value) for value in values}) > 1:
            wrong.append(name)
    if not wrong:
        return PASS
    return Broken(
        fault="+".join(wrong),
        message=f"the entries of Security-Client have different values for {', '.join(wrong)}",
        actor=Actor.UE,
        expected="the same SPIs and ports in every ipsec-3gpp entry",
        observed="; ".join(entry.text for entry in entries[:4]),
        argument="the values were compared as numbers (FP20)",
        tables=(entries_table("Security-Client, entry by entry", entries, compares=True),),
    )


def _number(value: str | None) -> object:
    return value if value is None or not (value.isascii() and value.isdigit()) else value.lstrip("0")
