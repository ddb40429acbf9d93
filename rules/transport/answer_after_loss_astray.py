"""TRN-04: where a response goes whose connection is gone."""

from analyzer.ims.events import AnsweredAfterLoss, Side, Sighting
from analyzer.rule import PASS, Actor, Broken, Level, Profile, Severity, Verdict, rule


@rule(
    "TRN-04",
    clause="RFC 3261 18.2.2",
    source="S2 3.3; RFC 3261 18.2.2",
    actor="either",
    level=Level.SHOULD,
    severity=Severity.LOW,
    evidence=("E5", "E6"),
    plaintext=False,
)
def answer_after_loss_astray(event: AnsweredAfterLoss, profile: Profile) -> Verdict | None:
    """If the connection of a request is gone, its response may be sent on a new one to the address of the Via.

    There its sender listens. The papers' second solution would send it to the client port of the new set instead: with
    the flag seed-solution-2 that is right, too, with seed-solution-1 the Via alone is.

    Not a violation: a response that is never sent, which leaves no trace; one on an association although the Via names
    a port that none leads to, as that of a REGISTER over TCP may; one on the connection of a later copy of the request.
    A response on the connection of its request
    is TRN-01's business, one in clear is also CLR-05's, which then explains it.
    """
    response, request = event.response, event.request
    actor = Actor(response.sender)
    if response.protection is None:
        fault, cause = "in-clear", "CLR-05"
    elif request.protection is not None and event.via_port not in _ports(request):
        return None  # no association leads to the port that the Via names
    elif response.dport == event.via_port or (
        "seed-solution-2" in profile.flags
        and event.newest is not None
        and response.dport in (event.newest.port_uc, event.newest.port_pc)
    ):
        return PASS
    else:
        fault, cause = "elsewhere", None
    return Broken(
        fault=fault,
        message=f"the {actor} sent a response whose connection was gone elsewhere than to the address of the Via",
        actor=actor,
        expected=f"a new connection to port {event.via_port}",
        observed=response.where,
        related=(request.at,),
        cause=cause,
        argument="the connection of the request had been closed before",
    )


def _ports(request: Sighting) -> tuple[int | None, ...]:
    """The ports of the set at the sender of a request."""
    assert request.protection is not None
    terms = request.protection.terms
    return (terms.port_uc, terms.port_us) if request.sender is Side.UE else (terms.port_pc, terms.port_ps)
