"""What servers send each other behind the P-CSCF, where the capture has it (TS 24.229 5.2.2, 5.4.1).

It shows the keys in a 401 of the registrar, and REGISTERs as the P-CSCF forwards them: each is recognised by Call-ID
and CSeq and held against what came from the UE, for what should not have come through (NEG-18) and what the P-CSCF says
of its protection.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import CoreRegisterSent
from analyzer.ims.losses import REGISTERS
from analyzer.ims.messages.clear_requests import ClearRequests
from analyzer.ims.messages.identities import Identities
from analyzer.ims.session import Session
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Protection, Sighting, Subject
from analyzer.sip.digest import challenge, credentials
from analyzer.sip.message import Message

CORE_REGISTERS = 4096
"""REGISTERs on Gm remembered to be recognised behind the P-CSCF, and in what tools tell."""
CORE_PATIENCE = 900 * SECOND
"""For how long: the P-CSCF forwards a REGISTER within the 64*T1 that its sender waits, and no timer is longer."""


class GmRegister(NamedTuple):
    """What is remembered of a REGISTER on Gm, to be held against what the P-CSCF made of it."""

    at: FrameRef
    subject: Subject
    protection: Protection | None
    kind: str


class CoreLeg:
    """Watches the messages between servers."""

    __slots__ = ("_identities", "_in_clear", "_judged", "_session", "messages", "registers")

    def __init__(self, session: Session, identities: Identities, in_clear: ClearRequests) -> None:
        self._session = session
        self._identities = identities
        self._in_clear = in_clear
        self._judged: dict[tuple[str, int | None], GmRegister | None] = {}
        """REGISTERs of Gm by Call-ID and CSeq; None once they were seen behind the P-CSCF."""
        self.registers: OrderedDict[tuple[str, int | None], int] = OrderedDict()
        """Call-ID and CSeq of the latest REGISTERs on Gm, whatever is in them, and when they came. In a plain
        dictionary from which as many go as come it takes 2 µs to find the first."""
        self.messages = 0

    def note(self, context: Context, sighting: Sighting, kind: str) -> None:
        """Remember a REGISTER of a UE, since the P-CSCF is going to forward it."""
        message, protection = sighting.message, sighting.protection
        latest, judged = self.registers, self._judged
        before = sighting.at.time - CORE_PATIENCE
        while latest:
            oldest = next(iter(latest))
            if len(latest) < CORE_REGISTERS and latest[oldest] >= before:
                break
            if latest[oldest] >= before:
                self._session.losses.note(REGISTERS)
            del latest[oldest]
            judged.pop(oldest, None)
        key = message.call_id, message.cseq
        latest[key] = sighting.at.time
        if protection is not None or any(message.first(name) for name in ("security-client", "security-verify")):
            judged[key] = GmRegister(sighting.at, context.subject, protection, kind)

    def message(self, at: FrameRef, message: Message) -> None:
        """A message between servers: the keys in a 401, and what should not have come through (NEG-18, CLR-04)."""
        self.messages += 1
        if self._identities.waiting and message.is_request and message.via_count > 1:
            self._identities.forwarded(at, message)
        if self._in_clear.waiting and message.is_request and message.via_count > 1:
            self._in_clear.forwarded(at, message)
        if message.status == 401:
            found = challenge(message)
            if found is not None and found.rand and found.ck and found.ik:
                origin = f"401 of the core leg, frame {at.number}"
                self._session.keyring.learn(found.rand, found.ck, found.ik, origin)
        elif message.is_request and message.method == "REGISTER" and message.via_count == 2:
            key = (message.call_id, message.cseq)
            known = self._judged.get(key)
            if known is not None:
                self._judged[key] = None
            elif key in self._judged:
                return  # a retransmission (FP1)
            original, subject, protection, kind = known or (None, None, None, "")
            carried = credentials(message)
            leaked = [name for name in ("Security-Client", "Security-Verify") if message.first(name.lower())]
            if any(message.has_option(name, "sec-agree") for name in ("require", "proxy-require")):
                leaked.append("sec-agree")
            if original is None and not leaked:
                return
            self._session.emit(
                CoreRegisterSent(
                    at=at,
                    subject=subject,
                    leaked=tuple(leaked),
                    original=original,
                    protection=protection,
                    kind=kind,
                    claim=carried.integrity_protected if carried is not None else None,
                )
            )
