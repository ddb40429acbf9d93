"""Which captures are stored, what is to be found in them, and why: by hand, from the rows of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.mutation.families import MUTATIONS
from tests.mutation.model import Mutation
from tests.mutation.stories import life, ringing

BOTH = ("rel-17", "sa3-29")
TODAY = ("rel-17",)
PAPERS = ("sa3-29",)
UE, PCSCF = "UE", "P-CSCF"

NAMED = {each.name: each for each in MUTATIONS}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One finding: what expected.json has, and one line of the README."""

    rule: str
    verdict: str
    actor: str
    at: str
    """Label of the message."""
    fault: str
    why: str
    cause: str | None = None
    profiles: tuple[str, ...] = BOTH


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One folder of captures/synthetic."""

    name: str
    about: str
    mutation: Mutation
    wanted: tuple[Wanted, ...] = ()


def clean(name: str, about: str, story: Callable[..., object] = life, **scenario: object) -> Stored:
    return Stored(name=name, about=about, mutation=Mutation(name=name, why=about, story=story, scenario=scenario))


ESP_OF_TODAY = "It is a row of later releases, so it is not in force in `sa3-29` (R17)."

STORED = (
    clean(
        "clean_udp",
        "A whole life over UDP: registration, SUBSCRIBE and NOTIFY, a call, re-registration, the switch of "
        "both sides to the new set, deregistration.",
    ),
    clean("clean_tcp", "The same life over TCP, with handshakes, acknowledgements and all in ESP.", transport="tcp"),
    clean("clean_ipv6_gcm", "The same life over IPv6 with AES-GCM.", ipv6=True, alg="null", ealg="aes-gcm"),
    clean(
        "clean_gtp",
        "The same life, each packet once bare and once more in GTP-U, as a tap on both sides of a gateway "
        "has it (FP5).",
        copies="gtp",
    ),
    clean(
        "clean_ringing_tcp",
        "A call of each side rings while the sets change, over TCP: what is pending is answered on the "
        "old connections (FP6).",
        ringing,
        transport="tcp",
    ),
    Stored(
        name="nat",
        about="The same life behind a NAT, in UDP-encapsulated tunnel mode (FP12). the papers do not know this "
        "mode (V15), and have no row that forbids it.",
        mutation=NAMED["UDP encapsulation behind a NAT"],
    ),
    Stored(
        name="verify_missing",
        about="SM7 has no Security-Verify, and the P-CSCF accepts it.",
        mutation=NAMED["Security-Verify of SM7 is missing, and is accepted"],
        wanted=(
            Wanted(
                rule="NEG-08",
                verdict="violation",
                actor=UE,
                at="sm7",
                fault="missing",
                why="SM6 announced ports, SPIs and algorithms; SM7 does not confirm them.",
            ),
            Wanted(
                rule="NEG-09",
                verdict="violation",
                actor=PCSCF,
                at="sm12",
                fault="security-verify",
                why="The P-CSCF could not know whether its list had arrived unchanged, and answers 200.",
            ),
        ),
    ),
    Stored(
        name="client_port_kept",
        about="The re-registration offers the client port of the set in use once more.",
        mutation=NAMED["the UE keeps its client port, and the life goes on"],
        wanted=(
            Wanted(
                rule="PORT-03",
                verdict="violation",
                actor=UE,
                at="sm6.2",
                fault="port-kept",
                why="The challenge makes a set with the port_uc of the set in use.",
            ),
            Wanted(
                rule="NEG-11",
                verdict="violation",
                actor=UE,
                at="sm1.2",
                fault="port-c",
                cause="PORT-03",
                why="The same fact in SM1: the offer is not new.",
            ),
            Wanted(
                rule="PORT-06",
                verdict="violation",
                actor=UE,
                at="sm6.2",
                fault="chosen",
                cause="PORT-03",
                profiles=TODAY,
                why="The port belongs to a living set. " + ESP_OF_TODAY,
            ),
            Wanted(
                rule="PORT-06",
                verdict="violation",
                actor=PCSCF,
                at="sm12.2",
                fault="accepted",
                cause="PORT-03",
                profiles=TODAY,
                why="The P-CSCF has that port in its table and accepts it all the same.",
            ),
        ),
    ),
    Stored(
        name="sm12_in_clear",
        about="The 200 to the first SM7 comes in clear.",
        mutation=NAMED["sm12 in clear"],
        wanted=(
            Wanted(
                rule="SA-05",
                verdict="violation",
                actor=PCSCF,
                at="sm12",
                fault="clear",
                why="SM12 belongs on the set that protected SM7.",
            ),
            Wanted(
                rule="CLR-05",
                verdict="violation",
                actor=PCSCF,
                at="sm12",
                fault="response",
                cause="SA-05",
                why="The same message: a protected transaction goes on in clear.",
            ),
            Wanted(
                rule="CLR-03",
                verdict="violation",
                actor=PCSCF,
                at="sm12",
                fault="response",
                cause="CLR-05",
                why="The same message: a clear 2xx to a protected request.",
            ),
        ),
    ),
    Stored(
        name="old_set_kept",
        about="The P-CSCF begins a request on the old set after the UE has used the new one, and nothing is pending.",
        mutation=NAMED["the P-CSCF stays on the old set"],
        wanted=(
            Wanted(
                rule="SA-14",
                verdict="violation",
                actor=PCSCF,
                at="greeting",
                fault="old-set",
                why="A new transaction three seconds after the UE's message on the new set was answered there.",
            ),
            Wanted(
                rule="LIFE-13",
                verdict="violation",
                actor=PCSCF,
                at="greeting",
                fault="sends",
                cause="SA-14",
                why="So it still has a set that it had to delete.",
            ),
            Wanted(
                rule="LIFE-09",
                verdict="probable",
                actor=UE,
                at="greeting.resp",
                fault="answers",
                cause="SA-14",
                profiles=TODAY,
                why="The UE answers where it was asked (R23). In the papers that is right (R34).",
            ),
        ),
    ),
    Stored(
        name="deregistered_in_clear",
        about="The 200 to the deregistration comes in clear, between protected ports.",
        mutation=NAMED["the 200 to the deregistration is in clear between protected ports"],
        wanted=(
            Wanted(
                rule="LIFE-17",
                verdict="violation",
                actor=PCSCF,
                at="dereg.200",
                fault="answer-in-clear",
                profiles=TODAY,
                why="The sets are removed after the transaction, not before its 200. " + ESP_OF_TODAY,
            ),
            *(
                Wanted(
                    rule=rule,
                    verdict="violation",
                    actor=PCSCF,
                    at="dereg.200",
                    fault=fault,
                    cause=cause,
                    profiles=profiles,
                    why=why,
                )
                for profiles, cause in ((TODAY, "LIFE-17"), (PAPERS, None))
                for rule, fault, why in (
                    ("CLR-01", "udp-by-pcscf", "Clear, from port_ps to port_uc of the set in use."),
                    ("CLR-03", "deregistration-answer", "A clear 2xx to a protected request."),
                    ("CLR-05", "deregistration-answer", "The 2xx to a deregistration is protected, too."),
                )
            ),
        ),
    ),
    Stored(
        name="keys_on_gm",
        about="The first challenge still has ck and ik.",
        mutation=NAMED["ck and ik in sm6 (udp)"],
        wanted=(
            Wanted(
                rule="AUTH-05",
                verdict="violation",
                actor=PCSCF,
                at="sm6",
                fault="clear",
                why="CK and IK, in clear, on the air interface: everybody who hears it can read and forge the rest.",
            ),
        ),
    ),
    Stored(
        name="nonce_collision_gcm",
        about="Both sides count the explicit IV of AES-GCM from 1: their first packets collide.",
        mutation=NAMED["counters of both sides collide"],
        wanted=(
            Wanted(
                rule="ESP-09",
                verdict="violation",
                actor=PCSCF,
                at="sm12",
                fault="both-sides",
                profiles=TODAY,
                why="The four associations of a set share key and salt, so SM7 and SM12 were sealed with one nonce. "
                + ESP_OF_TODAY,
            ),
        ),
    ),
    Stored(
        name="connection_closed_tcp",
        about="The UE closes the old connection while its call rings on it.",
        mutation=NAMED["the UE closes the old connection with FIN while its call rings"],
        wanted=(
            Wanted(
                rule="TRN-05",
                verdict="violation",
                actor=UE,
                at="end",
                fault="fin",
                why="The INVITE has had a 180 and no final answer; solution 1 of S2 keeps the connection until then.",
            ),
        ),
    ),
)
