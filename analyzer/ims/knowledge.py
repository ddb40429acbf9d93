"""What an endpoint could know, and how near to it the capture was taken (FP2, FP13; design: cause, place, time).

An endpoint may be held to a state only if it knew what led there. The strongest evidence wins: a cause (it showed that
it had the message), the place of the capture, the time that has passed. The round trip is measured in the capture.
"""

from __future__ import annotations

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import Knowledge, Side
from analyzer.profile import Profile

UNTOUCHED = frozenset({64, 128, 255})
"""Initial TTLs of common stacks: seen unchanged, no router lies between their sender and the capture point."""

REACTION = SECOND // 5
"""Even at the endpoint itself, what leaves within 0.2 s of an arrival may have been on its way out before."""


class Vantage:
    """Where one pair's traffic was captured, and how long its round trip is."""

    __slots__ = ("_least", "_named", "_near", "_touched")

    def __init__(self, named: str) -> None:
        self._named = named
        """The user's ``--vantage``: auto, ue, pcscf or middle."""
        self._near: set[Side] = set()
        self._touched: set[Side] = set()
        self._least: dict[Side, int] = {}
        """The shortest time in which each side answered a request, as seen here, in nanoseconds."""

    def packet(self, sender: Side, ttl: int, outbound: bool | None, depth: int) -> None:
        """Learn from one packet. Inside a tunnel the TTL tells nothing: a radio link may lie before it."""
        if outbound:
            self._near.add(sender)
        if (depth == 0 and ttl not in UNTOUCHED) or depth:
            self._touched.add(sender)
        elif sender not in self._touched:
            self._near.add(sender)

    def measured(self, answered_by: Side, elapsed: int) -> None:
        """That side took so long to answer a request: the way to it and back, and what it needed to think."""
        if 0 < elapsed < self._least.get(answered_by, elapsed + 1):
            self._least[answered_by] = elapsed

    @property
    def round_trip(self) -> int:
        """Nanoseconds from one end to the other and back: both parts of the way, as far as they were measured."""
        return sum(self._least.values())

    def at(self, side: Side) -> str | None:
        """Why the capture point counts as being at that endpoint, or None."""
        if self._named == side.name.lower():
            return f"captured at the {side}"
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
        if place and elapsed >= REACTION:
            return Knowledge(True, f"{seconds:.3f} s after {what} (frame {fact.number}), {place}")
        grace = max(2 * self.round_trip, profile.grace)
        if elapsed > grace:
            return Knowledge(True, f"{seconds:.1f} s after {what} (frame {fact.number})")
        return Knowledge(
            False,
            f"only {seconds:.3f} s after {what} (frame {fact.number}), within the grace of {grace / SECOND:.1f} s",
        )
