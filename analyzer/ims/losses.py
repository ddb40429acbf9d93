"""What was forgotten before its time because more came than is remembered, by what it was: the report tells it."""

from __future__ import annotations

from typing import Final

ODD_PORTS: Final = "odd ports on the associations of one set: too many"
RESERVED_SPIS: Final = "announcements of reserved SPIs: too many to tell which were told"
EMERGENCIES: Final = "emergency calls: too many of one UE"
HANDSHAKES: Final = "TCP handshakes without an answer: too many at once on one set"
NAT_PORTS: Final = "ports of the NAT before a UE: too many"
IDENTITIES: Final = "registered identities: too many of one subject"
OPEN_REQUESTS: Final = "open transactions: too many at once on one set"
UNDECIDED: Final = "messages that wait until it is clear what holds for them: too many at once on one set"
CLEAR_REQUESTS: Final = "requests in clear that may be seen behind the P-CSCF: too many"
REGISTERS: Final = "REGISTERs that may be seen behind the P-CSCF: too many at once"


class Losses:
    """Counts by kind; shared by all that knows the tracker."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def note(self, what: str) -> None:
        """Count something that was forgotten too early; ``what`` is one of the texts above."""
        self.counts[what] = self.counts.get(what, 0) + 1
