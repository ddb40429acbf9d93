"""E5: the transactions of a finding, step by step, and which timer of RFC 3261 runs."""

from __future__ import annotations

from typing import Final

from analyzer.evidence import Ladder, Step
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Sighting
from analyzer.profile import Profile
from analyzer.proof.around import Around

MOST: Final = 4
"""Transactions of one finding."""
BRANCH: Final = 200
"""Characters of a branch that are kept."""


def transactions(around: Around, profile: Profile) -> tuple[tuple[Ladder, ...], str]:
    """Those that the event's messages belong to, and what is missing, in words."""
    made = tuple(_ladder(each, shown, around.at.time, profile) for each, shown in around.transactions[:MOST])
    if made or not around.sightings:
        return made, "" if made else "the transaction: this is about no SIP message"
    return (), "the transaction: the request is not in the capture, or no longer remembered"


def _ladder(each: Transaction, shown: list[Sighting], now: int, profile: Profile) -> Ladder:
    request, peer = each.request, str(each.request.sender.other)
    steps = {request.at: Step(request.at, str(request.sender), each.method, request.where)}
    if each.provisional is not None:
        steps[each.provisional] = Step(each.provisional, peer, "provisional answer", "")
    if each.final is not None:
        steps[each.final] = Step(each.final, peer, str(each.final_status), "in clear" if each.final_clear else "")
    for sighting in shown:
        message = sighting.message
        text = message.method if message.is_request else str(message.status)
        steps[sighting.at] = Step(sighting.at, str(sighting.sender), text, sighting.where)
    via = request.message.top_via
    timer, until = _timer(each, now, profile)
    return Ladder(
        each.method,
        (via.branch or "")[:BRANCH] if via is not None else "",
        request.message.cseq,
        tuple(sorted(steps.values(), key=lambda step: step.at.time)),
        each.repeats,
        timer,
        until,
    )


def _timer(each: Transaction, now: int, profile: Profile) -> tuple[str, int | None]:
    """The timer that keeps it alive at this moment, and until when (ns since the epoch)."""
    if each.method == "ACK":
        return "", None
    invite = each.method == "INVITE"
    if each.final is None:
        ringing = invite and each.provisional is not None
        name = "Timer C" if ringing else "Timer B" if invite else "Timer F"
        patience = max(profile.timer_c, profile.timer_64_t1) if ringing else profile.timer_64_t1
        until = each.last + patience
    else:
        if not invite and each.request.transport == "TCP":
            return "", None  # Timers J and K are 0 over TCP
        name = "Timer J" if not invite else "Timer L" if each.final_status < 300 else "Timer H"
        until = each.final.time + profile.timer_64_t1
    return (name, until) if until >= now else ("", None)
