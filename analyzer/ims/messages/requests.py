"""Requests as transactions see them: repeated, and larger than UDP should carry (RFC 3261 17.1, 18.1.1)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from analyzer.ims.events import LargeRequest, RequestRepeated
from analyzer.ims.session import Session
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Side, Sighting

LARGE: Final = 1300
"""Octets from which on a request needs a congestion-controlled transport, if the path MTU is not known."""


class Requests:
    """Tells of requests that are not the ordinary ones; asked only about those."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def repeated(self, context: Context | None, sighting: Sighting, transaction: Transaction) -> None:
        """The request of a transaction once more: the same branch, Call-ID and CSeq."""
        first, message = transaction.request, sighting.message
        if (message.cseq, message.call_id, message.method) != (
            first.message.cseq,
            first.message.call_id,
            first.message.method,
        ):
            return  # a branch that was used twice, or the ACK of an INVITE
        self._session.emit(
            RequestRepeated(
                at=sighting.at,
                subject=context.subject if context is not None else None,
                request=sighting,
                first=first,
                times=transaction.repeats,
                elapsed=sighting.at.time - first.at.time,
                waited=sighting.at.time - transaction.before_last,
                ipsec=_ipsec(context, sighting),
                answered=transaction.final is not None or transaction.provisional is not None,
                translated=sighting.sport != first.sport and _translated(context, sighting),
            )
        )

    def large_again(self, pair: Pair, sender: Side, udp: bool) -> bool:
        """Count a new request on a set that has more than `LARGE` octets; false if it has to be told: see `large`."""
        return self._session.passed.again((LargeRequest, udp, sender in pair.tcp_tried))

    def large(self, pair: Pair, context: Context | None, sighting: Sighting) -> None:
        """A new request of more than `LARGE` octets."""
        tried, passed = sighting.sender in pair.tcp_tried, self._session.passed
        receipt = self._session.emit(
            LargeRequest(
                at=sighting.at,
                subject=context.subject if context is not None else None,
                request=sighting,
                size=len(sighting.message.raw),
                tcp_tried=tried,
                ipsec=_ipsec(context, sighting),
            )
        )
        if sighting.protection is not None:
            passed.learn((LargeRequest, sighting.transport == "UDP", tried), receipt)


def _translated(context: Context | None, sighting: Sighting) -> bool:
    """Whether a NAT may have changed where a request comes from: its Via does not name the address of the packet."""
    via = sighting.message.top_via
    if context is None or via is None:
        return True
    try:
        return ip_address(via.host).packed != context.pair.address(sighting.sender)
    except ValueError:
        return True


def _ipsec(context: Context | None, sighting: Sighting) -> bool:
    """Whether this contact has had a set, or this message offers one; else nothing here is Gm's business (FP11)."""
    return (
        sighting.protection is not None
        or (context is not None and bool(context.sets))
        or sighting.message.first("security-client") is not None
    )
