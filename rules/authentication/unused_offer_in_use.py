"""AUTH-07: without a challenge everything stays as it is."""

from analyzer.ims.events import ForeignSpi, RegistrationRefreshed
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, rule


@rule(
    "AUTH-07",
    clause="TS 24.229 5.4.1.2.2; TS 33.203 7.4",
    source="S1 7.4; 24.229 5.4.1.2.2 [D]; 34.229-1 8.2 [T]",
    actor="network",
    level=Level.INFO,
    severity=Severity.LOW,
    traps=("FP16",),
    evidence=("E4",),
    plaintext=False,
)
def unused_offer_in_use(event: ForeignSpi | RegistrationRefreshed) -> Verdict | None:
    """A protected re-REGISTER may be answered 200 without a challenge; then the set, its ports and SPIs stay.

    The UE has offered new SPIs and a new client port in that REGISTER all the same. There are no keys for them: who
    uses them has taken the offer for an agreement, and what it sends is lost.

    Not a finding: the normal case, in which the offer is never seen again (FP16), and the same offer once more in a
    later REGISTER, which a challenge then makes a set of. A packet from the client port of such an offer, under an SPI
    of the set in use, is PORT-07's matter. An INFO row: nobody is accused.
    """
    if isinstance(event, RegistrationRefreshed):
        return PASS if event.register.protection is not None else None
    if event.unused_offer is None:
        return None
    return Broken(
        fault="spi",
        message="a packet has an SPI of an offer that was answered without a challenge",
        actor=Actor(event.sender),
        expected="an SPI of the set in use",
        observed=f"SPI {event.spi}",
        related=(event.unused_offer,),
    )
