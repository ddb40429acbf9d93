"""Profiles: which release of the standards is in force, and the constants that go with it.

``sa3-29`` is the two papers of 2003 (requirements, section 5 and rulings R17, R34 to R36); the ``rel-*`` profiles are
the adopted text. Times are whole nanoseconds. The figures are those of TS 24.229 tables 7.7.1 and 7.8.1 (section 1.4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from analyzer.frame import SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is in force: the release, its constants and the user's flags."""

    name: str
    papers: bool = False
    """True for the two papers of SA3#29: their own text holds where section 5 says that they differ."""
    timer_64_t1: int = 128 * SECOND
    """64 times T1 between UE and P-CSCF (timers B, F, H, J, L, M, N)."""
    timer_c: int = 180 * SECOND
    """Timer C: how long an INVITE may ring in a proxy."""
    reg_await_auth: int | None = 240 * SECOND
    """Life of a temporary set; the papers give no number (R36)."""
    lifetime_margin: int = 30 * SECOND
    """What the life of a set adds to the expiry of the registration (V6)."""
    grace: int = 2 * SECOND
    """How long an endpoint may act on what it knew before, if nothing better is known (FP2)."""
    clock_tolerance: int = 5 * SECOND
    """Fixed part of the tolerance on lifetimes (FP14); one per cent of the lifetime is added."""
    flags: frozenset[str] = field(default_factory=frozenset)


DEFAULT: Final = "rel-17"

PROFILES: Final[dict[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile(name="sa3-29", papers=True, reg_await_auth=None, lifetime_margin=0),
        Profile(name="rel-6"),
        Profile(name="rel-11"),
        Profile(name="rel-14"),
        Profile(name="rel-17"),
    )
}
