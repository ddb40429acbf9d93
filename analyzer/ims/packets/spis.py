"""SPIs of their own: values that are reserved, and those of packets that nobody announced (RFC 4303 2.1)."""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events import ForeignSpi, ReservedSpi
from analyzer.ims.losses import RESERVED_SPIS
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.vocabulary import Side, Sighting
from analyzer.network.packets import Datagram

EARLY_SPIS = 65_536
"""SPIs remembered that were in use before any registration of their addresses was seen."""
RESERVED = 4096
"""Announcements of reserved SPIs remembered, so that each is told once."""


class Spis:
    """Remembers which SPIs were in use before any registration, and which reserved ones were told."""

    __slots__ = ("_early", "_reserved", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._reserved: set[tuple[bytes, int]] = set()
        self._early: set[bytes] = set()

    def foreign(self, pair: Pair | None, datagram: Datagram) -> None:
        """An ESP packet on an SPI that nobody announced."""
        at, source, destination, packet = datagram.at, datagram.source, datagram.destination, datagram.payload
        if pair is None:
            if len(self._early) < EARLY_SPIS:
                self._early.add(destination + packet[:4])
            return
        if destination + packet[:4] in self._early:
            return  # it was there before the first registration that the capture holds (FP3)
        spi = int.from_bytes(packet[:4], "big")
        context = pair.contexts[-1] if pair.contexts else None
        self._session.emit(
            ForeignSpi(
                at=at,
                subject=context.subject if context else None,
                sender=Side.UE if source == pair.ue else Side.PCSCF,
                spi=spi,
                announced_by_sender=any(
                    isinstance(found.set.contact, Context) and found.set.contact.pair is pair
                    for found in self._session.announced.get(source + packet[:4], ())
                ),
                unused_offer=_unused(pair, spi) if source == pair.pcscf else None,
                former=self._session.announced.former(destination + packet[:4]),
                negotiated=len(self._early) < EARLY_SPIS and _seen_whole(pair),
            )
        )

    def reserved(self, context: Context, made: SaSet, sm6: Sighting) -> None:
        """Report SPIs below 256 of a new set, once for each endpoint and value (ESP-01)."""
        terms = made.terms
        for side, spis in ((Side.UE, (terms.spi_uc, terms.spi_us)), (Side.PCSCF, (terms.spi_pc, terms.spi_ps))):
            address = context.pair.address(side)
            low = tuple(spi for spi in spis if spi is not None and spi < 256 and (address, spi) not in self._reserved)
            if not low:
                continue
            if len(self._reserved) >= RESERVED:
                self._session.losses.note(RESERVED_SPIS)
                continue
            self._reserved.update((address, spi) for spi in low)
            announcement = terms.sm1 if side is Side.UE else terms.sm6
            self._session.emit(
                ReservedSpi(at=announcement or sm6.at, subject=context.subject, spis=low, announced_by=side)
            )


def _seen_whole(pair: Pair) -> bool:
    """Whether every negotiation of a pair was captured and could be read, as far as can be told (FP3, FP4, FP18).

    Each contact began in clear, no challenge is missing, and no set hides what was said on it.
    """
    for context in pair.contexts:
        first, current = context.forgotten.first(), context.current
        if first is None and context.sets and context.sets[0].parent is not None:
            return False
        known = first or next(iter(context.sets), None)
        if known is not None and known.terms.sm6 is None:
            return False
        if not all(each.complete().sure for each in context.sets):
            return False
        if current is not None and not current.finished and current.challenge is None:
            return False
    return any(context.sets for context in pair.contexts)


def _unused(pair: Pair, spi: int) -> FrameRef | None:
    """The answer that made an offer with this SPI of the UE useless (FP16)."""
    return next((each.exchange.unused[spi] for each in pair.contexts if spi in each.exchange.unused), None)
