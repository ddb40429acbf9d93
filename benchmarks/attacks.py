"""The inputs of `benchmarks.adversarial`: each writes a capture whose size grows with a number, and gives its keys."""

from __future__ import annotations

from benchmarks import attacks_on_packets, attacks_on_sessions, attacks_on_sets
from benchmarks.hostile import ATTACKS, Attack

__all__ = ["ATTACKS", "Attack", "attacks_on_packets", "attacks_on_sessions", "attacks_on_sets"]
