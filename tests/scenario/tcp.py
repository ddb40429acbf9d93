"""TCP connections as a capture shows them: sequence numbers of both ends, handshakes, ends, retransmissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Endpoint = tuple[str, int]
"""Address and port."""


class Segment(NamedTuple):
    """One segment, without addresses below the ports."""

    source: Endpoint
    target: Endpoint
    seq: int
    ack: int
    flags: str
    payload: bytes = b""


@dataclass(eq=False)
class Connection:
    """One connection between two endpoints; ``next`` is what each end sends next."""

    opener: Endpoint
    listener: Endpoint
    next: dict[Endpoint, int]
    open: bool = False

    @classmethod
    def between(cls, opener: Endpoint, listener: Endpoint, first: tuple[int, int]) -> Connection:
        return cls(opener, listener, {opener: first[0], listener: first[1]})

    def other(self, end: Endpoint) -> Endpoint:
        return self.listener if end == self.opener else self.opener

    def segment(self, sender: Endpoint, flags: str, payload: bytes = b"") -> Segment:
        """The sender's next segment; SYN and FIN count as one octet."""
        target = self.other(sender)
        acknowledged = self.next[target] if "A" in flags else 0
        made = Segment(sender, target, self.next[sender], acknowledged, flags, payload)
        self.next[sender] += len(payload) + ("S" in flags) + ("F" in flags)
        self.next[sender] &= 0xFFFFFFFF
        if "R" in flags:
            self.open = False
        return made

    def data(self, sender: Endpoint, payload: bytes, pieces: int) -> list[Segment]:
        """The octets in that many segments of about the same size, but none above 1400."""
        pieces = max(pieces, -(-len(payload) // 1400))
        size = -(-len(payload) // pieces)
        cuts = [payload[at : at + size] for at in range(0, len(payload), size)]
        return [self.segment(sender, "PA" if n == len(cuts) - 1 else "A", cut) for n, cut in enumerate(cuts)]
