"""ESP-01: the SPI is one that the receiver announced."""

from analyzer.ims.events import ForeignSpi, PacketRead, PacketUnread, PacketVerified, ReservedSpi
from analyzer.rule import Actor, Broken, Inconclusive, Probable, Severity, Verdict, judged, rule

RESERVED = 256
"""RFC 4303 2.1: 0 for local use, 1 to 255 reserved."""


@rule(
    "ESP-01",
    clause="RFC 4303 2.1; TS 33.203 7.1",
    source="RFC 4303 2.1; 33.203 7.1 [D]",
    actor="sender",
    severity=Severity.MEDIUM,
    traps=("FP3", "FP4", "FP9", "FP10", "FP25", "FP29"),
    evidence=("E2", "E8"),
    plaintext=False,
    met_by=(PacketVerified, PacketRead, PacketUnread),
)
def unknown_spi(event: ForeignSpi | ReservedSpi) -> Verdict | None:
    """An ESP packet carries an SPI that its receiver announced for the set; 0 is never sent, 1 to 255 are reserved.

    Not a violation: a negotiation that is not wholly in the capture (FP3, FP4) or that nobody could read, another
    registration of the same phone (FP9, FP10) or another service between the two hosts, which cannot be excluded and
    makes it `probable`; the SPI of a set before so many newer ones that it was forgotten (`inconclusive`); the same
    value at different UEs (FP25), values that come back after their set is gone (FP29). A reserved value is the fault
    of the endpoint that announced it; the sender only uses what it was told.
    """
    if isinstance(event, ReservedSpi):
        return Broken(
            fault="reserved",
            message=f"the {event.announced_by} announced SPIs below 256, which are reserved",
            actor=Actor(event.announced_by),
            expected="SPIs above 255",
            observed=", ".join(map(str, event.spis)),
        )
    actor = Actor(event.sender)
    if event.former:
        return Inconclusive(
            reason="ESP with the SPI of a set so old that its keys are not at hand any more",
            actor=actor,
            traps=("FP29",),
            fault="former",
        )
    if event.spi < RESERVED:
        return judged(
            sure=event.negotiated or event.spi == 0,
            traps=("FP3", "FP4"),
            fault="reserved-sent",
            message=f"the {event.sender} sent with a reserved SPI that nobody announced",
            actor=actor,
            expected="an announced SPI above 255",
            observed=str(event.spi),
            argument="0 is never sent" if event.spi == 0 else _argument(event),
        )
    if event.announced_by_sender:
        return judged(
            sure=event.negotiated,
            traps=("FP3", "FP4"),
            fault="own-spi",
            message=f"the {event.sender} sent with an SPI that it had announced itself, not one of its receiver's",
            actor=actor,
            expected="an SPI of the receiver",
            observed=f"0x{event.spi:08x}",
            argument=f"the SPI stands in the sender's own Security-* header; {_argument(event)}",
        )
    if not event.negotiated:
        return Inconclusive(
            reason=f"ESP with an SPI that no captured negotiation announced; {_argument(event)}",
            actor=actor,
            traps=("FP3", "FP4"),
        )
    return Probable(
        fault="unknown",
        message=f"the {event.sender} sent with an SPI that nobody announced",
        actor=actor,
        expected="an announced SPI",
        observed=f"0x{event.spi:08x}",
        traps=("FP9",),
        argument="another registration or another service between these hosts cannot be excluded",
    )


def _argument(event: ForeignSpi) -> str:
    if event.negotiated:
        return "every registration between the two was captured and read from its beginning"
    return "a registration between the two may have been missed or could not be read"
