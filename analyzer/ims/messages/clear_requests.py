"""Requests of a UE that came in clear, and whether the P-CSCF forwarded them (TS 33.203 7.1; CLR-04).

A request behind the P-CSCF is the UE's if it has its Call-ID and CSeq and still carries the UE's Via, below that of the
P-CSCF. Of one that came protected as well nobody can tell which copy was forwarded, so that it is not looked for.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.events import ClearRequestForwarded
from analyzer.ims.losses import CLEAR_REQUESTS
from analyzer.ims.session import Session
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Side, Sighting, Subject
from analyzer.sip.message import Message
from analyzer.sip.text import identifier, parameters, split

REQUESTS: Final = 4096
"""Requests in clear that are looked for behind the P-CSCF; the oldest goes first."""
FREE: Final = frozenset({"REGISTER", "ACK", "CANCEL"})
"""Requests that may come in clear, or end what did."""

Key = tuple[str, int | None, str]
"""Call-ID, CSeq and method."""


class ClearRequests:
    """Remembers what came in clear until it is seen behind the P-CSCF."""

    __slots__ = ("_session", "waiting")

    def __init__(self, session: Session) -> None:
        self._session = session
        self.waiting: OrderedDict[Key, tuple[Subject, Sighting] | None] = OrderedDict()
        """None: it was seen there, or came protected too."""

    def came(self, subject: Subject, request: Sighting, transaction: Transaction | None) -> None:
        """A request of the UE in clear, which should have been protected."""
        message = request.message
        via = message.top_via
        key = _key(message)
        if (
            request.sender is not Side.UE
            or message.method in FREE
            or via is None
            or not via.branch
            or key in self.waiting
            or (transaction is not None and transaction.request.protection is not None)
        ):
            return
        self.waiting[key] = subject, request
        if len(self.waiting) > REQUESTS:
            self.waiting.popitem(last=False)
            self._session.losses.note(CLEAR_REQUESTS)

    def protected(self, request: Message) -> None:
        """A request came protected that was there before."""
        key = _key(request)
        if key in self.waiting:
            self.waiting[key] = None

    def forwarded(self, at: FrameRef, message: Message) -> None:
        """A request was seen behind the P-CSCF: one that had come to it in clear was forwarded."""
        key = _key(message)
        known = self.waiting.get(key)
        if known is None:
            return
        subject, request = known
        via = request.message.top_via
        assert via is not None and via.branch is not None
        if not any(via.branch in _branches(each) for each in message.values("via")):
            return
        self.waiting[key] = None
        self._session.emit(ClearRequestForwarded(at=at, subject=subject, request=request, forwarded=message.start_line))


def _key(message: Message) -> Key:
    return message.call_id, message.cseq, message.method


def _branches(via: str) -> list[str | None]:
    """The branches of a Via header: one may be the beginning of another."""
    found = (parameters(split(entry, ";")[1:]).get("branch") for entry in split(via, ","))
    return [None if each is None else identifier(each) for each in found]
