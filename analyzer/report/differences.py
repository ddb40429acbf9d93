"""What the profiles switch: the differences V1 to V24 between the papers of 2003 and today's text, and the constants.

V numbers are those of section 5 of the requirements catalogue. A difference names the rules that it touches, so that
`gmaudit rule` can say what a profile changes for one of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.frame import SECOND
from analyzer.profile import Profile


class Difference(NamedTuple):
    """One topic on which the papers and today's text differ."""

    number: str
    rules: frozenset[str]
    papers: str
    """What ``sa3-29`` says."""
    today: str
    """What the ``rel-*`` profiles say."""


def _touched(words: str) -> frozenset[str]:
    """Rule ids from ``LIFE-09 PORT-01..04``."""
    found = set()
    for word in words.split():
        first, _, last = word.partition("..")
        family, _, number = first.partition("-")
        found |= {f"{family}-{each:02}" for each in range(int(number), int(last or number) + 1)}
    return frozenset(found)


DIFFERENCES: Final = tuple(
    Difference(number, _touched(rules), papers, today)
    for number, rules, papers, today in (
        (
            *("V1", "LIFE-09 LIFE-10 SA-12"),
            "the UE stops sending on the old set once no answer is due there, and stops receiving on it later",
            "one rule for the whole old set: from the first message on the new one, once nothing is pending",
        ),
        (
            *("V2", "SA-12 SA-14"),
            "only answers to requests of the old set may still use it",
            "whatever belongs to a pending transaction of the old set may still use it",
        ),
        (
            *("V3", "SA-16"),
            "an answer must use the set of its request, over UDP and TCP",
            "over TCP it must; over UDP the UE should, and the P-CSCF may use the new set",
        ),
        (
            *("V4", "SA-13 SA-14 LIFE-13"),
            "the P-CSCF takes the new set for its own messages when the old one is deleted",
            "it does so at the first message of the UE on the new set, or shortly before the old one expires",
        ),
        (
            *("V5", "LIFE-13"),
            "the old set ends with its lifetime at the latest",
            "it ends 64 times T1 after the new one was taken into use at the latest",
        ),
        (
            *("V6", "LIFE-06..08"),
            "a set lives as long as the registration, or the old set if that is longer",
            "30 seconds are added to the expiry of the registration",
        ),
        (
            *("V7", "LIFE-05"),
            "a temporary set lives long enough for the authentication; there is no number",
            "it lives for 4 minutes (reg-await-auth)",
        ),
        (
            *("V8", "LIFE-15"),
            "the old, the incomplete and the new set are implied",
            "six associations in each direction, which are three sets, are the limit",
        ),
        (
            *("V9", "LIFE-11 SA-15"),
            "after a registration that began in clear the old sets are removed",
            "the same, at the 200 OK, and not for other contacts or flows of the UE",
        ),
        (
            *("V10", "TRN-04 TRN-05 SA-16"),
            "two solutions for TCP: keep the old connection, or answer to the new client port",
            "the same connection, or the same set",
        ),
        (
            *("V11", "NEG-02 NEG-05 NEG-21"),
            "pairs of ports and SPIs are a proposal; RFC 3329 has spi, port1 and port2",
            "spi-c, spi-s, port-c and port-s",
        ),
        (
            *("V12", "CRY-01..04"),
            "hmac-md5-96 and hmac-sha-1-96",
            "hmac-sha-1-96 (discouraged in Release 17), aes-gmac, or null with aes-gcm; MD5 until Release 12",
        ),
        (
            *("V13", "CRY-02 CRY-05 ESP-12"),
            "no encryption on Gm",
            "aes-cbc, aes-gcm or null; 3DES from Release 6 to about 11",
        ),
        ("V14", "ESP-07", "dummy packets are allowed", "none from Release 11 on"),
        ("V15", "ESP-10 ESP-11", "NATs are not covered", "UDP encapsulation of a tunnel on port 4500 (Annex M)"),
        (
            *("V16", "SA-19 AUTH-08..10"),
            "a REGISTER that reports a failure is a failure message like others",
            "it also offers new SPIs and a new client port, and at most two follow each other",
        ),
        (
            *("V17", "SA-18"),
            "the refusal of SM7 goes on the old set if SM1 was protected",
            "the same, but over TCP that contradicts RFC 3261",
        ),
        (
            *("V18", "PORT-10"),
            "port_us stands in the Via of every protected request over UDP",
            "of a REGISTER over UDP, and of every other protected request over either transport",
        ),
        (
            *("V19", "PORT-05"),
            "client and server port differ in general: a warning",
            "they must differ, and be neither 5060 nor 5061",
        ),
        ("V21", "LIFE-02", "one procedure at a time for a UE", "contacts and flows of one UE are independent"),
        (
            *("V22", "PORT-07 ESP-01"),
            "endpoints tell sets apart by ports",
            "the same; the SPI is seen here as well, in every profile",
        ),
        ("V23", "PORT-01..04", "proposed text", "adopted text"),
        (
            *("V24", "SA-01 LIFE-18"),
            "a UE may register in clear at any time, and should if nothing answers",
            "the same; its identities then count as deregistered",
        ),
    )
)


def touching(rule: str) -> list[Difference]:
    """The differences that touch a rule."""
    return [each for each in DIFFERENCES if rule in each.rules]


SWITCHES: Final = {
    "integrity": ("V12", "algorithms of integrity"),
    "encryption": ("V13", "algorithms of encryption"),
    "modes": ("V15", "modes"),
    "discouraged": ("V12, V13", "algorithms that are not recommended"),
    "dummy_packets": ("V14", "dummy packets may be sent"),
    "lifetime_margin": ("V6", "what the life of a set adds to the expiry of the registration"),
    "reg_await_auth": ("V7", "life of a temporary set (reg-await-auth)"),
    "most_sets": ("V8", "sets of one contact at once"),
    "old_set_capped": ("V5", "the old set goes 64 times T1 after the new one is in use"),
    "pending_requests_stay": ("V2", "all of a pending transaction may stay on the old set, not only answers"),
    "switch_waits": ("V4", "the P-CSCF takes the new set only once nothing is pending on the old one"),
    "response_bound": ("V3", "every answer must use the set of its request"),
    "via_of_every_request": ("V18", "port_us stands in the Via over TCP too"),
    "ports_must_differ": ("V19", "client and server port must differ"),
    "failure_offers_anew": ("V16", "a REGISTER that reports a failure offers new values"),
    "timer_t1": ("", "T1 between UE and P-CSCF"),
    "timer_t2": ("", "T2 between UE and P-CSCF"),
    "timer_64_t1": ("", "64 times T1 (timers B, F, H, J, L, M, N)"),
    "timer_c": ("", "Timer C: how long an INVITE may ring"),
    "grace": ("FP2", "how long one may act on what one knew before"),
    "clock_tolerance": ("FP14", "tolerance on lifetimes, beside one per cent"),
}
"""Fields of a profile: the number of the difference, or the trap, and what it says."""


def switches(profile: Profile, other: Profile) -> list[tuple[str, str, str, str]]:
    """What a profile says on each switch: number, topic, value, and the other profile's value where it differs."""
    found = []
    for name, (number, topic) in SWITCHES.items():
        mine, theirs = _value(getattr(profile, name)), _value(getattr(other, name))
        found.append((number, topic, mine, theirs if theirs != mine else ""))
    return found


def _value(value: object) -> str:
    if value is None:
        return "no number"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    if isinstance(value, int) and abs(value) >= SECOND // 1000:
        return f"{value / SECOND:g} s"
    return str(value) if value else "0 s"
