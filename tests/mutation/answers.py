"""Mutations of answers, refusals, reports of failures, and identities on a set (SA)."""

from __future__ import annotations

from . import stories
from .edits import PCSCF, TCP, UE, digest, headers, on_second, via_port
from .model import Mutated, Mutation, inconclusive, probable, violation, warning


def _answers() -> list[Mutation]:
    return [
        Mutation(
            name="the UE answers on the new set over UDP",
            why="SA-16: SHOULD for UDP today, so a warning",
            story=stories.life,
            change={"options.resp": on_second},
            expected=(warning("SA-16", UE, "options.resp"),),
        ),
        Mutation(
            name="the UE answers on the new set in the papers",
            why="SA-16, V3: shall",
            story=stories.life,
            profile="sa3-29",
            scenario={"ealg": "null"},
            change={"options.resp": on_second},
            stop="options.resp",
            expected=(violation("SA-16", UE, "options.resp"),),
        ),
        Mutation(
            name="the UE answers on the new set over TCP",
            why="SA-16, and TRN-01: another connection, TRN-02: opened from us",
            story=stories.life,
            scenario=TCP,
            change={"options.resp": on_second},
            stop="options.resp",
            expected=(
                violation("SA-16", UE, "options.resp"),
                violation("TRN-01", UE, "options.resp"),
                violation("TRN-02", UE, "options.resp.syn"),
            ),
        ),
        Mutation(
            name="the P-CSCF answers a pending call on the new set in the papers",
            why="SA-16, V3",
            story=stories.ringing,
            profile="sa3-29",
            scenario={"ealg": "null"},
            change={"up.200": on_second},
            stop="up.200",
            expected=(violation("SA-16", PCSCF, "up.200"),),
        ),
        Mutation(
            name="a wrong RES is refused in clear",
            why="SA-17 alone (R4): with the new set; that RES was wrong shows the SIM's key",
            story=stories.refused,
            keys=Mutated.subscriber_toml,
            change={"sm12": {"on": None}},
            expected=(violation("SA-17", PCSCF, "sm12"),),
        ),
        *(
            Mutation(
                name=f"SM7 of a re-registration is refused on the new set ({profile})",
                why="SA-18, R19: sure in the papers, probable today",
                story=stories.refused_again,
                profile=profile,
                change={"sm12.2": on_second},
                expected=(verdict("SA-18", PCSCF, "sm12.2"),),
            )
            for profile, verdict in (("sa3-29", violation), ("rel-17", probable))
        ),
        Mutation(
            name="SM7 of a re-registration is refused in clear",
            why="SA-18, R19: a violation everywhere; CLR-05 sees the same message",
            story=stories.refused_again,
            change={"sm12.2": {"on": None}},
            expected=(violation("SA-18", PCSCF, "sm12.2"), violation("CLR-05", PCSCF, "sm12.2", cause="SA-18")),
        ),
        Mutation(
            name="the report of a forged challenge goes on the rejected set",
            why="SA-19: clear, since there is no set. 8.3: nothing to repeat in Security-Verify",
            story=stories.forged,
            change={"reject": lambda s: {"on": s.first, **headers(Via=via_port(s.first.port_us))}},
            stop="reject",
            expected=(violation("SA-19", UE, "reject"),),
        ),
        Mutation(
            name="the report of a forged challenge goes in clear although there is a set",
            why="SA-19: an existing set is used",
            story=stories.forged_again,
            change={"reject": {"on": None, **headers(Via=via_port(5060), Security_Verify=None)}},
            stop="sm6b",
            expected=(violation("SA-19", UE, "reject"),),
        ),
        Mutation(
            name="the report of a forged challenge offers the same values again",
            why="SA-19: new spi-c, spi-s, port-c",
            story=stories.forged,
            change={
                "reject": lambda s: {
                    "client": {"spi_c": s.first.spi_uc, "spi_s": s.first.spi_us, "port_c": s.first.port_uc}
                }
            },
            stop="reject",
            expected=(violation("SA-19", UE, "reject"),),
        ),
        Mutation(
            name="a request with an identity that nobody registered, and served",
            why="SA-20: an IMPU outside P-Associated-URI, answered 2xx; what the P-CSCF asserts for it is not seen",
            story=stories.life,
            change={
                "message": headers(
                    P_Preferred_Identity="<sip:somebody-else@ims.example.org>",
                    From=lambda text: text.replace("001010000000001", "somebody-else"),
                )
            },
            expected=(inconclusive("SA-20", PCSCF, "message.resp"),),
        ),
        Mutation(
            name="an identity that nobody registered is asserted to the core",
            why="SA-20: forwarded on the core leg with that identity",
            story=stories.behind_core,
            change={"message": headers(P_Preferred_Identity="<sip:somebody-else@ims.example.org>")},
            after={
                "message": lambda s: s.core_forward(
                    "message", headers={"P-Asserted-Identity": "<sip:somebody-else@ims.example.org>"}
                )
            },
            expected=(violation("SA-20", PCSCF, "core.message"),),
        ),
        Mutation(
            name="a protected REGISTER with another IMPI, and served",
            why="SA-20: the IMPI of its set",
            story=stories.refreshed,
            change={"sm1.2": headers(Authorization=digest("username", "somebody-else@ims.example.org"))},
            expected=(violation("SA-20", PCSCF, "sm12.2"),),
        ),
        Mutation(
            name="the UE does not listen for TCP on port_us",
            why="SA-21: repeated SYNs on SA B without an answer, while the other pair works; the UE's fault, since the "
            "capture is at the UE",
            story=stories.short,
            scenario={"transport": "tcp", "vantage": "ue"},
            after={"message.resp": _tries},
            stop="message.resp",
            expected=(violation("SA-21", UE, "try.syn"),),
        ),
    ]


def _tries(s: Mutated) -> None:
    s.syn("pcscf", on=s.first, answered=False, label="try")
    for seconds in (1, 2, 4, 8):
        s.wait(seconds)
        s.retransmit("try.syn")
        s.request("ue", "MESSAGE", on=s.first, label="alive")
    s.wait(20)
    s.request("ue", "MESSAGE", on=s.first, label="alive")


MUTATIONS = _answers()
