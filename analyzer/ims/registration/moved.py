"""A UE whose address has changed: its sets end, and it registers anew in clear (TS 33.203 7.5; LIFE-20).

An association is looked up by its source address too, so that a packet from another one belongs to none. Whether it is
of the UE all the same its ICV tells.
"""

from __future__ import annotations

from sys import intern
from typing import Final

from msgspec.structs import replace

from analyzer.ims.events import AddressChanged, AddressLeft, Notice
from analyzer.ims.oldest import in_order
from analyzer.ims.register import instance_of
from analyzer.ims.session import Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context, Pair, address_text
from analyzer.ims.vocabulary import Side, Sighting
from analyzer.ipsec.esp import BAD_ICV
from analyzer.network.packets import Datagram
from analyzer.sip.digest import credentials
from analyzer.sip.message import parse
from analyzer.sip.text import identifier

TRIALS: Final = 20_000
"""Packets from unknown addresses that are tried in one audit, each with all associations of its SPI."""
HOMES: Final = 65_536
"""Subscribers whose last address is remembered; the oldest goes first."""
UDP: Final = 17
UDP_HEADER: Final = 8


class Movements:
    """Watches the addresses of the UEs."""

    __slots__ = ("_homes", "_left", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._left = TRIALS
        self._homes: dict[tuple[str, object], Pair] = {}

    def recognised(self, datagram: Datagram) -> bool:
        """Whether an ESP packet, which no association fits, is one of a known set of a UE at another address."""
        packet = datagram.payload
        for association in self._session.database.candidates(datagram.destination, packet[:4]):
            binding = association.owner
            if not isinstance(binding, Binding) or binding.sender is not Side.UE or not association.icv:
                continue
            if association.source is None or association.source == datagram.source or self._left <= 0:
                continue
            self._left -= 1
            if not self._left:
                text = f"{TRIALS:,} packets from unknown addresses were tried with known keys; no more will be"
                self._session.emit(Notice(at=datagram.at, subject=None, text=text))
            opened = association.open(packet)
            if isinstance(opened, str):
                association.failed -= opened is BAD_ICV
                continue
            if binding.ledger.frame(opened.sequence) is None:  # else a copy, from another point of its way (FP5)
                message = parse(opened.payload[UDP_HEADER:]) if opened[0] == UDP else None
                self._away(binding.set, datagram, message.start_line if message is not None else "")
            return True
        return False

    def _away(self, owner: SaSet, datagram: Datagram, what: str) -> None:
        """A packet of a set came from another address of the UE; ``what`` is the start line of the message in it.

        A second one from there shows that it is no accident: then it is told.
        """
        context, known = owner.contact, owner.away
        assert isinstance(context, Context)
        if known is not None and known.settled:
            return
        new, before = address_text(datagram.source), owner.last_from(Side.UE)
        if known is not None and known.addresses[1] == new and (before is None or before.time < known.at.time):
            owner.away = replace(known, settled=True, what=known.what or what)
            self._session.emit(owner.away)
            return
        owner.away = AddressChanged(
            at=datagram.at,
            subject=context.subject,
            terms=owner.terms,
            addresses=(context.pair.ue_text, new),
            what=what,
            before=before,
            settled=False,
        )

    def retire(self, owner: SaSet) -> None:
        """Nothing more will be seen of a set: tell of a single packet."""
        if owner.away is not None and not owner.away.settled:
            self._session.emit(owner.away)
            owner.away = None

    def registers(self, context: Context, sighting: Sighting) -> None:
        """A REGISTER in clear that begins a procedure: has its subscriber been elsewhere before?"""
        found, pair = credentials(sighting.message), context.pair
        if found is None or not found.username or context.emergency:
            return
        instance = instance_of(sighting.message)
        if instance == context.instance:
            instance = context.instance  # one object, for as many subscribers as there are
        key = intern(identifier(found.username)), instance
        home = self._homes.pop(key, None)
        self._homes[key] = pair
        if len(self._homes) > HOMES:
            self._homes = oldest = in_order(self._homes)
            oldest.popitem(last=False)
            text = f"more than {HOMES:,} subscribers: where the oldest registered last was forgotten"
            self._session.emit(Notice(at=sighting.at, subject=None, text=text))
        if home is None or home.ue == pair.ue or home.pcscf != pair.pcscf:
            return
        if any(each.established() for other in home.contexts for each in other.sets):
            self._session.emit(
                AddressLeft(
                    at=sighting.at,
                    subject=context.subject,
                    register=sighting,
                    addresses=(home.ue_text, pair.ue_text),
                )
            )
