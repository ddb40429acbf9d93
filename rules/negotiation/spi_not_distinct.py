"""NEG-10: all SPIs that are alive at one endpoint are distinct."""

from typing import Any

from analyzer.ims.events import ChallengeSent, SetTerms, Shared
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, judged, rule
from rules.negotiation.showing import sets_table, two_columns

NAMES = ("spi_uc", "spi_us", "spi_pc", "spi_ps")


@rule(
    "NEG-10",
    clause="TS 33.203 7.1, 7.2",
    source="33.203 7.1/7.2 [D]; 34.229-1 8.2, 9.1 [T]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP15", "FP16", "FP25", "FP26", "FP28", "FP29", "R9", "R11"),
    evidence=("E3", "E4"),
    plaintext=False,
    by_headers=(ChallengeSent,),
)
def spi_not_distinct(event: ChallengeSent) -> Verdict | None:
    """The four SPIs of a set are distinct, and none of them is that of another living set at the same endpoint.

    The four associations of a set have the same keys: a packet of one direction, sent back, verifies on the other if
    both have one SPI. And a receiver with two living sets of one SPI takes one of them for the other.

    The UE answers for spi_uc and spi_us, the P-CSCF for its own two and for choosing others than the UE's.

    Not a violation: an SPI whose set is gone (FP29), an offer that was never taken up and comes again (FP16), the offer
    repeated after a second challenge (R11: its SPIs live on with new keys), the same SPIs for several UEs at one P-CSCF
    (FP25) or at the address of one NAT. `probable`: a registration that began in clear, where the UE may have lost its
    sets (FP15) or the P-CSCF its own (FP26); another contact at the same address, which may be another UE (FP28); a set
    that is gone under one of the two readings of R9. Where NEG-11 or NEG-20 speaks of the same value, it is the cause.
    """
    announced = event.announced
    if announced is None:
        return None
    inside = _inside(announced)
    if inside is not None:
        return inside
    for each in event.shared:
        names = [name for name in each.names if name.startswith("spi")]
        behind_nat = announced.mod == "udp-enc-tun" and not each.same_contact
        own = (
            [name for name in names if name in ("spi_uc", "spi_us")] if each.ue is not False and not behind_nat else []
        )
        theirs = [name for name in names if name in ("spi_pc", "spi_ps")] if each.pcscf is not False else []
        if own:
            return _living(event, announced, each, own, each.ue, Actor.UE)
        if theirs:
            return _living(event, announced, each, theirs, each.pcscf, Actor.PCSCF)
    return PASS


def _inside(announced: SetTerms) -> Verdict | None:
    """Equal SPIs among the four of the set itself."""
    spis = announced.spi_uc, announced.spi_us, announced.spi_pc, announced.spi_ps
    if None not in spis and len(set(spis)) == len(spis):
        return None
    values = {name: getattr(announced, name) for name in NAMES}
    alike = [name for name in NAMES if values[name] is not None and list(values.values()).count(values[name]) > 1]
    if not alike:
        return None
    of_ue = values["spi_uc"] is not None and values["spi_uc"] == values["spi_us"]
    return Broken(
        fault="-".join(alike),
        message=f"the set that SM1 and SM6 announce has the same SPI as {', '.join(alike)}",
        actor=Actor.UE if of_ue else Actor.PCSCF,
        expected="four distinct SPIs",
        observed=", ".join(f"{name} {values[name]}" for name in alike),
        severity=Severity.HIGH,
        related=tuple(frame for frame in (announced.sm1,) if frame is not None),
        argument="compared as unsigned numbers (R25); the P-CSCF knew the UE's SPIs when it chose its own",
        tables=(two_columns("SPIs of the set", "SPI", "of", ((n, values[n], n[4:]) for n in NAMES), compares=False),),
    )


def _living(
    event: ChallengeSent, announced: SetTerms, other: Shared, names: list[str], alive: bool | None, actor: Actor
) -> Verdict:
    """An SPI of the new set that a living one has too."""
    traps = []
    if alive is None:
        traps.append("R9")
    if event.parent is None:
        traps.append("FP15" if actor is Actor.UE else "FP26")
    if not other.same_contact:
        traps.append("FP28")
    cause = None
    if event.parent is not None and other.terms is event.parent:
        cause = "NEG-11" if actor is Actor.UE else "NEG-20"
    common: dict[str, Any] = {
        "related": tuple(frame for frame in (other.terms.sm6, announced.sm1) if frame is not None),
        "tables": (sets_table("the living set and the new one", other.terms, announced),),
    }
    return judged(
        sure=not traps,
        traps=tuple(traps),
        fault=f"living-{'+'.join(names)}",
        message=f"{' and '.join(names)} of the new set {'is' if len(names) == 1 else 'are'} in use by a living set",
        actor=actor,
        expected=f"other SPIs than those of set {other.terms.generation}",
        observed=", ".join(f"{name} {getattr(announced, name)}" for name in names),
        cause=cause,
        argument=f"set {other.terms.generation} "
        + ("was alive under both readings of R9" if alive else "is gone under one of the readings of R9"),
        **common,
    )
