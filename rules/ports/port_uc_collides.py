"""PORT-06: a new port_uc is free."""

from analyzer.ims.events import ChallengeSent, RegistrationSucceeded, SetTerms, Shared
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule
from rules.negotiation.showing import sets_table


@rule(
    "PORT-06",
    clause="TS 33.203 7.1",
    source="33.203 7.1 rules 3 and 6 [T rule 3]",
    actor="UE, P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP15", "FP16", "FP26", "FP28", "FP29", "R9"),
    evidence=("E3", "E4"),
    plaintext=False,
)
def port_uc_collides(event: ChallengeSent | RegistrationSucceeded) -> Verdict | None:
    """The UE announces a port_uc that no living set of its address has; the P-CSCF refuses a REGISTER whose UE address
    and port_uc stand in its table already.

    (UE address, port_uc) is the key of the P-CSCF's table. Two sets under one key and the P-CSCF takes a message for
    protected by the wrong one, or throws a living set away at the word of somebody who only knew its port.

    SM6 shows the UE's fault, SM12 the P-CSCF's: it challenged and accepted instead of refusing. A P-CSCF that silently
    replaces the stale set is a known deviation of products, hence of low severity.

    Not a violation: a port whose set is gone (FP29), an offer that led to no set (FP16). A registration that began in
    clear may come from a UE that lost its sets (FP15), so the UE is not accused; whether the P-CSCF still had the set
    is not certain either, for it may have restarted: `probable` (FP26). The same address may belong to another UE by
    now, or a NAT: `probable` for two contacts (FP28). So it is where the set is gone under one of the readings of R9.
    Where the port is that of the very set that protected SM1, PORT-03 is the cause.
    """
    announced = event.announced if isinstance(event, ChallengeSent) else event.expected
    if announced is None or announced.port_uc is None:
        return None
    at_ue = isinstance(event, ChallengeSent)
    if at_ue and event.parent is None:
        return None
    for each in event.shared:
        alive = each.ue if at_ue else each.pcscf
        if "port_uc" in each.names and alive is not False:
            return _collides(event.parent, announced, each, alive, at_ue)
    return PASS


def _collides(parent: SetTerms | None, announced: SetTerms, other: Shared, alive: bool | None, at_ue: bool) -> Verdict:
    traps = []
    if alive is None:
        traps.append("R9")
    if not other.same_contact:
        traps.append("FP28")
    if parent is None:
        traps.append("FP26")
    number = other.terms.generation
    cause = "PORT-03" if other.terms is parent else None if at_ue else "PORT-06"
    return judged(
        sure=not traps,
        traps=tuple(traps),
        fault="chosen" if at_ue else "accepted",
        message=f"port_uc {announced.port_uc} of the new set is that of a living set"
        if at_ue
        else f"the P-CSCF accepted port_uc {announced.port_uc}, which a living set of this UE address has",
        actor=Actor.UE if at_ue else Actor.PCSCF,
        expected="a free port" if at_ue else "a refusal of SM1",
        observed=f"the port_uc of set {number}" + ("" if other.same_contact else " of another contact"),
        severity=None if at_ue else Severity.LOW,
        cause=cause,
        related=tuple(frame for frame in (other.terms.sm6, announced.sm1, announced.sm6) if frame is not None),
        argument=f"set {number} "
        + ("was alive under both readings of R9" if alive else "is gone under one of the readings of R9"),
        tables=(sets_table("the living set and the new one", other.terms, announced),),
    )
