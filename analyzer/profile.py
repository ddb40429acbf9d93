"""Profiles: which release of the standards is in force, what it says where releases differ, and its constants.

``sa3-29`` is the two papers of 2003 (requirements, section 5 and rulings R17, R34 to R36); the ``rel-*`` profiles are
the adopted text. The fields carry the numbers V1 to V24 of section 5; a difference that changes nothing that a capture
shows has no field (V9, V11, V17, V20 to V24: the same verdicts in every profile, or settled by a ruling where its rule
is). Times are whole nanoseconds. The figures are those of TS 24.229 tables 7.7.1 and 7.8.1 (section 1.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from analyzer.frame import SECOND
from analyzer.verdict import Level

FLAGS: Final = {
    "outbound": "several flows of one UE, each with sets of its own (RFC 5626)",
    "nat": "a NAT lies between UE and P-CSCF (also inferred from mod=UDP-enc-tun)",
    "ir92": "GSMA IR.92: integrity is required, encryption is the operator's choice",
    "seed-solution-1": "the papers' first solution: an old TCP connection stays until its transaction is complete",
    "seed-solution-2": "the papers' second solution: the answer goes to the client port of the new set",
}
"""Flags that `--flag` or a profile file may set (R18), and what each says."""

POLICIES: Final = {"encryption": ("required", "optional")}
"""What a profile file may say under ``[policy]`` (R14)."""


class Profile(Struct, frozen=True, kw_only=True):
    """What is in force: the release, its constants and the user's flags."""

    name: str
    release: int
    """3GPP release; 5 for the papers."""
    papers: bool = False
    """True for the two papers of SA3#29: their own text holds where section 5 says that they differ."""

    # --- what section 5 switches -----------------------------------------------------------------------------------
    integrity: frozenset[str] = frozenset({"hmac-sha-1-96", "aes-gmac", "null"})
    """V12: names of ``alg`` that the release has."""
    encryption: frozenset[str] = frozenset({"aes-cbc", "aes-gcm", "null"})
    """V13: names of ``ealg`` that the release has."""
    modes: frozenset[str] = frozenset({"trans", "UDP-enc-tun"})
    """V15: names of ``mod`` that the release has."""
    discouraged: frozenset[str] = frozenset()
    """V12, V13: algorithms that are there but "not recommended" (CRY-03)."""
    dummy_packets: bool = False
    """V14: whether next header 59 may be sent."""
    lifetime_margin: int = 30 * SECOND
    """V6: what the life of a set adds to the expiry of the registration."""
    reg_await_auth: int | None = 240 * SECOND
    """V7: life of a temporary set; the papers give no number (R36)."""
    most_sets: int = 3
    """V8: sets of one contact alive at once, of two associations in each direction."""
    old_set_capped: bool = True
    """V5: today the old set goes 64*T1 after the new one is in use, whatever is pending."""
    pending_requests_stay: bool = True
    """V2: whatever belongs to a transaction of the old set may use it; in the papers only responses."""
    switch_waits: bool = False
    """V4: the P-CSCF takes the new set for its own messages only once nothing is pending on the old one."""
    response_bound: bool = False
    """V3: every response must use the set of its request; today only over TCP, and a SHOULD of the UE over UDP."""
    via_of_every_request: bool = True
    """V18: port_us stands in the Via of protected requests over TCP too, REGISTER apart."""
    ports_must_differ: bool = True
    """V19: client and server port must differ and be neither 5060 nor 5061; the papers say "in general"."""
    failure_offers_anew: bool = True
    """V16: a REGISTER that reports a failure offers new SPIs and a new client port; at most two follow each other."""

    # --- constants (1.4) -------------------------------------------------------------------------------------------
    timer_t1: int = 2 * SECOND
    """T1 between UE and P-CSCF."""
    timer_t2: int = 16 * SECOND
    """T2 between UE and P-CSCF: what the spacing of retransmissions grows to."""
    timer_64_t1: int = 128 * SECOND
    """64 times T1 between UE and P-CSCF (timers B, F, H, J, L, M, N)."""
    timer_c: int = 180 * SECOND
    """Timer C: how long an INVITE may ring in a proxy."""
    grace: int = 2 * SECOND
    """How long an endpoint may act on what it knew before, if nothing better is known (FP2)."""
    clock_tolerance: int = 5 * SECOND
    """Fixed part of the tolerance on lifetimes (FP14); one per cent of the lifetime is added."""

    # --- the user's ------------------------------------------------------------------------------------------------
    flags: frozenset[str] = frozenset()
    """Some of `FLAGS`."""
    levels: Mapping[str, Level | None] = field(default_factory=lambda: MappingProxyType({}))
    """Rows whose level the user changed; None takes the row out of force."""
    policy: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The operator's policy, as far as the user told it (`POLICIES`)."""

    def tolerance(self, lifetime: int) -> int:
        """What a deadline may be exceeded by before that means anything (FP14), ns."""
        return self.clock_tolerance + lifetime // 100


DEFAULT: Final = "rel-17"

_REL_6: Final = {
    "integrity": frozenset({"hmac-md5-96", "hmac-sha-1-96"}),
    "encryption": frozenset({"des-ede3-cbc", "aes-cbc", "null"}),
}

PROFILES: Final[dict[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile(
            name="sa3-29",
            release=5,
            papers=True,
            integrity=frozenset({"hmac-md5-96", "hmac-sha-1-96"}),
            encryption=frozenset({"null"}),
            modes=frozenset({"trans"}),
            dummy_packets=True,
            lifetime_margin=0,
            reg_await_auth=None,
            old_set_capped=False,
            pending_requests_stay=False,
            switch_waits=True,
            response_bound=True,
            via_of_every_request=False,
            ports_must_differ=False,
            failure_offers_anew=False,
        ),
        Profile(name="rel-6", release=6, dummy_packets=True, **_REL_6),  # type: ignore[arg-type]
        Profile(name="rel-11", release=11, **_REL_6),  # type: ignore[arg-type]
        Profile(name="rel-14", release=14),
        Profile(name="rel-17", release=17, discouraged=frozenset({"hmac-sha-1-96", "aes-cbc"})),
    )
}
