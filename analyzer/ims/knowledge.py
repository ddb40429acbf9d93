"""What an endpoint could know, and how near to it the capture was taken (FP2, FP13; design: cause, place, time).

An endpoint may be held to a state only if it knew what led there. The strongest evidence wins: a cause (it showed that
it had the message), the place of the capture, the time that has passed. The round trip is measured in the capture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.quality import Sides
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Knowledge, Side
from analyzer.network.taps import Taps
from analyzer.network.tcp import Connection
from analyzer.profile import Profile

UNTOUCHED = frozenset({64, 128, 255})
"""Initial TTLs of common stacks: seen unchanged, no router lies between their sender and the capture point."""

REACTION = SECOND // 5
"""Even at the endpoint itself, what leaves within 0.2 s of an arrival may have been on its way out before."""

NEVER = 1 << 63
"""Longer than any two times are apart, in nanoseconds."""

REORDERED = SECOND // 100
"""Two packets of one sender that lie nearer than this may have left in the other order: networks and captures swap."""


_ORDERS: Final[dict[tuple[Side, ...], tuple[Side, ...]]] = {
    order: order for order in ((Side.UE,), (Side.PCSCF,), (Side.UE, Side.PCSCF), (Side.PCSCF, Side.UE))
}
"""One or both sides, in the order in which they were seen: one object for all pairs."""


class Vantage:
    """Where one pair's traffic was captured, and how long its round trip is."""

    __slots__ = ("_named", "_near", "_taps", "_touched", "least_pcscf", "least_ue", "sides", "ttl_pcscf", "ttl_ue")

    def __init__(self, named: str, taps: Taps | None = None) -> None:
        self._named = named
        """The user's ``--vantage``: auto, ue, pcscf or middle."""
        self._taps = taps or Taps()
        self.sides = Sides()
        self.ttl_ue: int | None = None
        self.ttl_pcscf: int | None = None
        """TTL of the first packet of each side; None as long as it was not heard."""
        self._near: tuple[Side, ...] = ()
        self._touched: tuple[Side, ...] = ()
        self.least_ue = self.least_pcscf = NEVER
        """The shortest time in which each side answered a request, as seen here, in nanoseconds."""

    def packet(self, sender: Side, ttl: int, outbound: bool | None, depth: int) -> None:
        """Learn from one packet. Inside a tunnel the TTL tells nothing: a radio link may lie before it."""
        if sender is Side.UE:
            if self.ttl_ue is None:
                self.ttl_ue = ttl
        elif self.ttl_pcscf is None:
            self.ttl_pcscf = ttl
        if outbound and sender not in self._near:
            self._near = _ORDERS[(*self._near, sender)]
        if depth or ttl not in UNTOUCHED:
            if sender not in self._touched:
                self._touched = _ORDERS[(*self._touched, sender)]
        elif sender not in self._near and sender not in self._touched:
            self._near = _ORDERS[(*self._near, sender)]

    def ttl(self, side: Side) -> int | None:
        """TTL of the first packet of that side; None if it was not heard."""
        return self.ttl_ue if side is Side.UE else self.ttl_pcscf

    def measured(self, answered_by: Side, elapsed: int) -> None:
        """That side took so long to answer a request: the way to it and back, and what it needed to think."""
        if answered_by is Side.UE:
            if 0 < elapsed < self.least_ue:
                self.least_ue = elapsed
        elif 0 < elapsed < self.least_pcscf:
            self.least_pcscf = elapsed

    def early(self, answer: FrameRef, asked: FrameRef) -> None:
        """An answer was seen before what it answers: perhaps by another clock."""
        elapsed = asked.time - answer.time
        if elapsed >= REORDERED:
            self._taps.early((answer.capture, asked.capture), elapsed)

    def quick(self, side: Side) -> bool:
        """Whether that side has answered faster than a capture may swap two packets."""
        return (self.least_ue if side is Side.UE else self.least_pcscf) < REORDERED

    @property
    def round_trip(self) -> int:
        """Nanoseconds from one end to the other and back: both parts of the way, as far as they were measured."""
        least = [each for each in (self.least_ue, self.least_pcscf) if each < NEVER]
        return sum(least) + self._taps.delay

    def at(self, side: Side) -> str | None:
        """Why the capture point counts as being at that endpoint, or None."""
        if self._named == side.name.lower():
            return f"captured at the {side}"
        if self._named == "auto" and self.sides.unfinished(side):
            return f"captured on the host of the {side} (its checksums were left to the network card)"
        if self._named == "auto" and side in self._near and side not in self._touched:
            return f"captured on the link of the {side} (its TTL is untouched)"
        return None

    def knew(self, side: Side, fact: FrameRef, what: str, now: int, profile: Profile, cause: str | None) -> Knowledge:
        """Whether the side knew at `now` what the message at `fact` told it; `what` names that message."""
        if cause:
            return Knowledge(True, cause)
        elapsed = now - fact.time
        seconds = elapsed / SECOND
        place = self.at(side)
        # Seen at both ends, a message has the time at which it was sent: it may have been under way for so long.
        if place and elapsed >= REACTION + 2 * self._taps.delay:
            return Knowledge(True, f"{seconds:.3f} s after {what} (frame {fact.number}), {place}")
        grace = max(2 * self.round_trip, profile.grace)
        if elapsed > grace:
            return Knowledge(True, f"{seconds:.1f} s after {what} (frame {fact.number})")
        return Knowledge(
            False,
            f"only {seconds:.3f} s after {what} (frame {fact.number}), within the grace of {grace / SECOND:.1f} s",
        )


def ue_had_sm12(
    vantage: Vantage, newest: SaSet, now: int, profile: Profile, acknowledged: Callable[[Connection, int], int]
) -> Knowledge:
    """Whether the UE had SM12. It may have been lost on its way: then the UE repeats SM7, and goes on as before."""
    sm12, sm7, stream = newest.sm12_last, newest.sm7_last, newest.sm12_stream
    assert sm12 is not None
    if newest.uplink is not None and now - newest.uplink.time >= REORDERED:
        return Knowledge(True, f"the UE had used the new set before (frame {newest.uplink.number})")
    if newest.inferred:
        return Knowledge(False, "SM12 is not in the capture")
    if stream is not None:
        connection, by, end = stream
        if acknowledged(connection, by) < end:
            return Knowledge(False, "the UE has not acknowledged the TCP segment of SM12")
        if now - sm12.time >= REACTION:
            return Knowledge(True, "the UE had acknowledged the TCP segment of SM12")
    elif sm7 is not None and sm7.at.time > sm12.time:
        return Knowledge(False, f"the UE repeated SM7 (frame {sm7.at.number}): it had no answer yet")
    knew = vantage.knew(Side.UE, sm12, "SM12", now, profile, None)
    if knew.sure and stream is None and sm7 is not None and sm7.protection is not None and not vantage.at(Side.UE):
        # Timer E doubles from T1 to T2. Every copy of SM7 has an ESP sequence number of its own, and brings an SM12
        copies = max(sm7.protection.sequence, newest.sm12_copies)
        wait = (profile.timer_64_t1 // 64) << min(max(copies - 1, 0), 3)
        if now < sm12.time + wait + REACTION:
            return Knowledge(False, knew.how + ", but a UE without SM12 need not have repeated SM7 by then")
    return knew


def pcscf_had_uplink(vantage: Vantage, newest: SaSet, now: int, profile: Profile) -> Knowledge | None:
    """Whether the P-CSCF had the UE's first message on the new set; None if there was none."""
    uplink, downlink, transaction = newest.uplink, newest.downlink, newest.uplink_transaction
    if uplink is None:
        return None
    cause = None
    if downlink is not None and uplink.time < downlink.time <= now - REORDERED:
        cause = f"the P-CSCF had used the new set itself (frame {downlink.number})"
    elif transaction is not None and transaction.request.sender is Side.UE:
        answer = transaction.final or transaction.provisional
        if answer is not None and uplink.time < answer.time <= now - REORDERED:
            cause = f"the P-CSCF had answered the UE's message on the new set (frame {answer.number})"
    if cause is None and _unanswered(transaction, Side.UE) and not vantage.at(Side.PCSCF):
        return Knowledge(False, f"the UE's message on the new set (frame {uplink.number}) has no answer yet")
    return vantage.knew(Side.PCSCF, uplink, "the UE's first message on the new set", now, profile, cause)


def ue_had_downlink(vantage: Vantage, newest: SaSet, now: int, profile: Profile) -> Knowledge | None:
    """Whether the UE had the P-CSCF's first message on the new set; None if there was none."""
    downlink, transaction = newest.downlink, newest.downlink_transaction
    if downlink is None:
        return None
    cause = None
    if transaction is not None and transaction.request.sender is Side.PCSCF:
        answer = transaction.final or transaction.provisional
        if answer is not None and answer.time <= now - REORDERED:
            cause = f"the UE had answered the P-CSCF's message on the new set (frame {answer.number})"
    if cause is None and _unanswered(transaction, Side.PCSCF) and not vantage.at(Side.UE):
        return Knowledge(False, f"the P-CSCF's message on the new set (frame {downlink.number}) has no answer yet")
    return vantage.knew(Side.UE, downlink, "the P-CSCF's first message on the new set", now, profile, cause)


def _unanswered(transaction: Transaction | None, asker: Side) -> bool:
    """Whether a request of that side has had no answer at all, so that nothing shows that it arrived."""
    if transaction is None or transaction.request.sender is not asker or transaction.method == "ACK":
        return False
    return transaction.final is None and transaction.provisional is None
