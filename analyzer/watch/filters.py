"""Kernel filters that lose no evidence: all is heard but what the user calls bulk.

Whatever is neither TCP nor UDP is heard (ESP, tunnels, SCTP), and every fragment, since only its first part has ports.
"""

from __future__ import annotations

from collections.abc import Sequence


def ports(text: str) -> list[tuple[int, int]]:
    """The ranges of ``443,10000-20000``. Raises ValueError with what is wrong."""
    found = []
    for word in text.replace(",", " ").split():
        first, dash, last = word.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal()):
            raise ValueError(word)
        low, high = int(first), int(last)
        if not 0 < low <= high <= 65_535:
            raise ValueError(word)
        found.append((low, high))
    return found


def leaving_out(ranges: Sequence[tuple[int, int]]) -> str:
    """All but TCP and UDP from and to these ports; empty if there are none."""
    if not ranges:
        return ""
    bulk = " or ".join(f"portrange {low}-{high}" if low != high else f"port {low}" for low, high in ranges)
    return f"not ((tcp or udp) and ({bulk}) and not (ip[6:2] & 0x3fff != 0))"
