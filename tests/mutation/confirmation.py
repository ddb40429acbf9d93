"""Mutations of what SM7 confirms and what a re-registration offers (NEG)."""

from __future__ import annotations

from . import stories
from .edits import PCSCF, SHA_AES, SHA_NULL, TCP, UE, headers, own, value
from .model import Mutation, violation, warning

TWO = {"offers": [SHA_AES, SHA_NULL]}
ACCEPTED = violation("NEG-09", PCSCF, "sm12")


def _confirmation() -> list[Mutation]:
    made = []
    for rule, header in (("NEG-07", "Security-Client"), ("NEG-08", "Security-Verify")):
        for what, edit in (
            ("is missing", None),
            ("has another spi-c", value("spi-c", 3_999_999_999)),
            ("has another spi-s", value("spi-s", 3_999_999_998)),
            ("has another port-c", value("port-c", 40001)),
            ("has another port-s", value("port-s", 40002)),
            ("has another ealg", value("ealg", "null")),
            ("has one entry more", lambda text: f"{text}, {value('ealg', 'null')(text)}"),
        ):
            made.append(
                Mutation(
                    name=f"{header} of SM7 {what}, and is accepted",
                    why=f"{rule}, 8.4 DIFFERENT; NEG-09: no 200 for it",
                    story=stories.life,
                    change={"sm7": {"headers": {header: edit}}},
                    expected=(violation(rule, UE, "sm7"), ACCEPTED),
                )
            )
    made += [
        Mutation(
            name="Security-Verify of SM7 is missing, and SM7 is refused",
            why="NEG-08 alone: the P-CSCF does what NEG-09 asks. R4: the refusal may be clear or on the new set",
            story=stories.life,
            change={"sm7": headers(Security_Verify=None), "sm12": {"status": 400}},
            stop="sm12",
            expected=(violation("NEG-08", UE, "sm7"),),
        ),
        Mutation(
            name="Security-Verify has only the chosen entry",
            why="NEG-08, 8.4 REDUCED; NEG-09",
            story=stories.life,
            change={"sm1": TWO, "sm6": TWO, "sm7": headers(Security_Verify=lambda text: text.split(", ")[0])},
            expected=(violation("NEG-08", UE, "sm7"), ACCEPTED),
        ),
        Mutation(
            name="Security-Verify has the entries in another order",
            why="NEG-08, 8.4 ORDER and R13: a warning, and no reason for a refusal",
            story=stories.life,
            change={
                "sm1": TWO,
                "sm6": TWO,
                "sm7": headers(Security_Verify=lambda text: ", ".join(reversed(text.split(", ")))),
            },
            expected=(warning("NEG-08", UE, "sm7"),),
        ),
        Mutation(
            name="Security-Verify of a re-registration's SM7 is the old one",
            why="NEG-08: what SM6 of this procedure announced; NEG-09",
            story=stories.life,
            change={"sm7.2": lambda s: headers(Security_Verify=s.first.server_text)},
            expected=(violation("NEG-08", UE, "sm7.2"), violation("NEG-09", PCSCF, "sm12.2")),
        ),
        Mutation(
            name="a changed Security-Client over TCP",
            why="NEG-07, NEG-09: the transport makes no difference",
            story=stories.life,
            scenario=TCP,
            change={"sm7": headers(Security_Client=value("port-c", 40001))},
            expected=(violation("NEG-07", UE, "sm7"), ACCEPTED),
        ),
        Mutation(
            name="a changed Security-Verify in the papers",
            why="NEG-08, NEG-09 cite S2 3.2, so they hold in sa3-29",
            story=stories.life,
            scenario={"alg": "hmac-sha-1-96", "ealg": "null"},
            profile="sa3-29",
            change={"sm7": headers(Security_Verify=value("port-c", 40001))},
            expected=(violation("NEG-08", UE, "sm7"), ACCEPTED),
        ),
    ]
    return made


def _again() -> list[Mutation]:
    made = [
        Mutation(
            name=f"the re-registration repeats the UE's {new} ({transport})",
            why="NEG-11: new SPIs; NEG-10 sees the same when the P-CSCF takes them (R29: new keys, numbers from 1)",
            story=stories.life,
            scenario={"transport": transport},
            change={"sm1.2": own(new, "client")},
            expected=(
                violation("NEG-11", UE, "sm1.2"),
                violation("NEG-10", UE, "sm6.2", cause="NEG-11"),
            ),
        )
        for new in ("spi_uc", "spi_us")
        for transport in ("udp", "tcp")
    ]
    made += [
        Mutation(
            name="a protected REGISTER offers nothing",
            why="NEG-11: each REGISTER that can be challenged offers new values; nobody challenges this one (R32)",
            story=stories.refreshed,
            change={"sm1.2": headers(Security_Client=None)},
            expected=(violation("NEG-11", UE, "sm1.2"),),
        ),
        Mutation(
            name="the deregistration repeats the client port in use",
            why="NEG-11: the same rule, with low severity",
            story=stories.life,
            change={"dereg": lambda s: {"client": {"port_c": s.second.port_uc}}},
            expected=(violation("NEG-11", UE, "dereg"),),
        ),
        Mutation(
            name="a re-registration without Security-Verify",
            why="NEG-12",
            story=stories.life,
            change={"sm1.2": headers(Security_Verify=None)},
            expected=(violation("NEG-12", UE, "sm1.2"),),
        ),
        Mutation(
            name="a re-registration with a changed Security-Verify",
            why="NEG-12: the Security-Server of the last success",
            story=stories.life,
            change={"sm1.2": headers(Security_Verify=value("spi-s", 3_999_999_997))},
            expected=(violation("NEG-12", UE, "sm1.2"),),
        ),
        Mutation(
            name="the deregistration mirrors the set before the last",
            why="NEG-12: the last success counts",
            story=stories.life,
            change={"dereg": lambda s: headers(Security_Verify=s.first.server_text)},
            expected=(violation("NEG-12", UE, "dereg"),),
        ),
        Mutation(
            name="a later request without Security-Verify",
            why="NEG-13: reported as a warning",
            story=stories.life,
            change={"message": headers(Security_Verify=None)},
            expected=(warning("NEG-13", UE, "message"),),
        ),
        Mutation(
            name="a later request without sec-agree in Proxy-Require",
            why="NEG-13: reported as a warning",
            story=stories.life,
            change={"subscribe": headers(Proxy_Require=None)},
            expected=(warning("NEG-13", UE, "subscribe"),),
        ),
    ]
    return made


MUTATIONS = [*_confirmation(), *_again()]
