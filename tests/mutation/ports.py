"""Mutations of ports and addresses, in packets and in headers (PORT)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import stories
from .edits import PCSCF, TCP, UE, headers, uri_port, via_port
from .model import Mutated, Mutation, inconclusive, probable, violation, warning


def _server_ports() -> list[Mutation]:
    return [
        *(
            Mutation(
                name=f"the UE moves its server port ({transport}, {profile})",
                why="PORT-01; NEG-11 has the same fact in SM1",
                story=stories.life,
                scenario={"transport": transport},
                profile=profile,
                change={"sm1.2": lambda s: {"client": {"port_s": s.first.port_us + 7}}},
                stop="sm12.2",
                expected=(
                    violation("PORT-01", UE, "sm6.2"),
                    violation("NEG-11", UE, "sm1.2", cause="PORT-01"),
                ),
            )
            for transport, profile in (("udp", "rel-17"), ("tcp", "rel-17"), ("udp", "sa3-29"))
        ),
        Mutation(
            name="the UE moves its server port, and the life goes on",
            why="PORT-01, NEG-11: nobody else is to blame for what follows",
            story=stories.life,
            change={"sm1.2": lambda s: {"client": {"port_s": s.first.port_us + 7}}},
            expected=(violation("PORT-01", UE, "sm6.2"), violation("NEG-11", UE, "sm1.2", cause="PORT-01")),
        ),
        *(
            Mutation(
                name=f"the P-CSCF moves its server port ({transport})",
                why="PORT-02; NEG-20 has the same fact",
                story=stories.life,
                scenario={"transport": transport},
                change={"sm6.2": lambda s: {"server": {"port_s": s.first.port_ps + 50}}},
                expected=(violation("PORT-02", PCSCF, "sm6.2"), violation("NEG-20", PCSCF, "sm6.2", cause="PORT-02")),
            )
            for transport in ("udp", "tcp")
        ),
        *(
            Mutation(
                name=f"the UE keeps its client port ({transport})",
                why="PORT-03; NEG-11 in SM1; PORT-06: a living set has it, and the P-CSCF takes it all the same",
                story=stories.life,
                scenario={"transport": transport},
                change={"sm1.2": lambda s: {"client": {"port_c": s.first.port_uc}}},
                stop="sm12.2",
                expected=(
                    violation("PORT-03", UE, "sm6.2"),
                    violation("NEG-11", UE, "sm1.2", cause="PORT-03"),
                    violation("PORT-06", UE, "sm6.2", cause="PORT-03"),
                    violation("PORT-06", PCSCF, "sm12.2", cause="PORT-03"),
                ),
            )
            for transport in ("udp", "tcp")
        ),
        Mutation(
            name="the UE keeps its client port, and the life goes on",
            why="PORT-03, NEG-11, PORT-06: as before; later messages keep to the ports that were announced",
            story=stories.life,
            change={"sm1.2": lambda s: {"client": {"port_c": s.first.port_uc}}},
            expected=(
                violation("PORT-03", UE, "sm6.2"),
                violation("NEG-11", UE, "sm1.2", cause="PORT-03"),
                violation("PORT-06", UE, "sm6.2", cause="PORT-03"),
                violation("PORT-06", PCSCF, "sm12.2", cause="PORT-03"),
            ),
        ),
        *(
            Mutation(
                name=f"the P-CSCF keeps its client port ({transport}, {profile})",
                why="PORT-04; NEG-20 has the same fact",
                story=stories.life,
                scenario={"transport": transport},
                profile=profile,
                change={"sm6.2": lambda s: {"server": {"port_c": s.first.port_pc}}},
                stop="sm12.2",
                expected=(violation("PORT-04", PCSCF, "sm6.2"), violation("NEG-20", PCSCF, "sm6.2", cause="PORT-04")),
            )
            for transport, profile in (("udp", "rel-17"), ("tcp", "rel-17"), ("udp", "sa3-29"))
        ),
        Mutation(
            name="port-c and port-s of the UE are equal",
            why="PORT-05",
            story=stories.life,
            change={"sm1": {"client": {"port_c": 31001}}},
            stop="sm6",
            expected=(violation("PORT-05", UE, "sm1"),),
        ),
        Mutation(
            name="port-c of the UE is 5061",
            why="PORT-05; R7: CLR-01 and PORT-15 stay silent about that port",
            story=stories.life,
            change={"sm1": {"client": {"port_c": 5061}}},
            expected=(violation("PORT-05", UE, "sm1"),),
        ),
        Mutation(
            name="port-c of the P-CSCF is 5060",
            why="PORT-05, R7",
            story=stories.life,
            change={"sm6": {"server": {"port_c": 5060}}},
            expected=(violation("PORT-05", PCSCF, "sm6"),),
        ),
        Mutation(
            name="port-c of the P-CSCF is 5060 in the papers",
            why="PORT-05, V19: only 'in general different', so a warning",
            story=stories.life,
            scenario={"ealg": "null"},
            profile="sa3-29",
            change={"sm6": {"server": {"port_c": 5060}}},
            expected=(warning("PORT-05", PCSCF, "sm6"),),
        ),
    ]


def _packets() -> list[Mutation]:
    made: list[Mutation] = []
    for label, options, what in (
        ("message", {"sport": 40000}, "an ephemeral source port of the UE"),
        ("message", {"dport": 5060}, "a request of the UE to 5060 in ESP"),
        ("message", {"sport": "port_us"}, "port_us as the source on SA A"),
        ("notify.resp", {"dport": "port_pc"}, "an answer of the UE to port_pc on SA A"),
    ):
        made.append(
            Mutation(
                name=what,
                why="PORT-07: packet and selector differ; the SPI names the SA",
                story=stories.life,
                change={label: _ports(label, options)},
                expected=(violation("PORT-07", UE, label),),
            )
        )
    for label, options, what in (
        ("notify", {"sport": 41000}, "an ephemeral source port of the P-CSCF"),
        ("subscribe.resp", {"dport": "port_uc"}, "an answer of the P-CSCF to port_uc on SA B"),
        ("greeting", {"sport": "port_ps"}, "port_ps as the source on SA B"),
    ):
        made.append(
            Mutation(
                name=what,
                why="PORT-07",
                story=stories.life,
                change={label: _ports(label, options)},
                expected=(violation("PORT-07", PCSCF, label),),
            )
        )
    made += [
        Mutation(
            name="an ephemeral source port over TCP",
            why="PORT-07 for each packet of both sides; TRN-02 sees the same SYN",
            story=stories.short,
            scenario=TCP,
            change={"message": {"sport": 40000}},
            skip=frozenset({"message.resp"}),
            expected=(
                violation("PORT-07", UE, "message.syn", count=3),
                probable("PORT-07", PCSCF, "message.synack", count=2, cause="PORT-07"),
                violation("TRN-02", UE, "message.syn", cause="PORT-07"),
            ),
        ),
        Mutation(
            name="the UE sends a request from port_us over UDP",
            why="PORT-08: SA B' is not for UDP",
            story=stories.life,
            change={"subscribe": {"role": "us>pc"}},
            expected=(violation("PORT-08", UE, "subscribe"),),
        ),
        Mutation(
            name="the UE answers from port_us over UDP",
            why="PORT-08: to the source port of the request",
            story=stories.life,
            change={"notify.resp": {"role": "us>pc"}},
            expected=(violation("PORT-08", UE, "notify.resp"),),
        ),
        Mutation(
            name="the P-CSCF sends a request to port_uc over UDP",
            why="PORT-09",
            story=stories.life,
            change={"notify": {"role": "ps>uc"}},
            expected=(violation("PORT-09", PCSCF, "notify"),),
        ),
        Mutation(
            name="the P-CSCF answers to port_uc over UDP",
            why="PORT-09, R20: no rport in the Via",
            story=stories.life,
            change={"subscribe.resp": {"role": "ps>uc"}},
            expected=(violation("PORT-09", PCSCF, "subscribe.resp"),),
        ),
        Mutation(
            name="SM12 comes to port_uc over UDP",
            why="PORT-09: the set is right (SA-05), its SA is not",
            story=stories.life,
            change={"sm12": {"role": "ps>uc"}},
            expected=(violation("PORT-09", PCSCF, "sm12"),),
        ),
    ]
    return made


def _ports(label: str, options: dict[str, Any]) -> Callable[[Mutated], dict[str, Any]]:
    """Options with names of ports replaced by the ports of the set that the message uses."""
    del label

    def change(s: Mutated) -> dict[str, Any]:
        on = s.sets[-1]
        return {name: getattr(on, port) if isinstance(port, str) else port for name, port in options.items()}

    return change


def _texts() -> list[Mutation]:
    def moved(header: str, number: int | None = 5060) -> dict[str, Any]:
        return headers(**{header: via_port(number) if header == "Via" else uri_port(number or 5060)})

    made = [
        Mutation(
            name=f"the Via of {label} names {number or 'no port'}",
            why="PORT-10: every protected request over UDP names us",
            story=stories.life,
            change={label: moved("Via", number)},
            expected=(violation("PORT-10", UE, label),),
        )
        for label, number in (("sm7", 5060), ("sm1.2", 5060), ("subscribe", None), ("message", 32101), ("dereg", 5060))
    ]
    made += [
        Mutation(
            name="the Via of a request over TCP names 5060",
            why="PORT-10: non-REGISTER requests whatever the transport",
            story=stories.life,
            scenario=TCP,
            change={"message": moved("Via")},
            expected=(violation("PORT-10", UE, "message"),),
        ),
        *(
            Mutation(
                name=f"the Contact of {label} names 5060",
                why="PORT-11: us in the hostport",
                story=stories.life,
                change={label: moved("Contact")},
                expected=(violation("PORT-11", UE, label),),
            )
            for label in ("sm7", "sm1.2", "subscribe", "call")
        ),
        *(
            Mutation(
                name=f"the first Route of {label} names 5060",
                why="PORT-12: the P-CSCF's URI with ps, in standalone and dialog-creating requests",
                story=stories.life,
                change={label: headers(Route=["<sip:10.20.0.1:5060;lr>", "<sip:orig@10.30.0.2:5060;lr>"])},
                expected=(violation("PORT-12", UE, label),),
            )
            for label in ("message", "subscribe", "call")
        ),
        *(
            Mutation(
                name=f"the P-CSCF's Via of a request names {number or 'no port'}",
                why="PORT-13; the UE answers where its set leads",
                story=stories.life,
                change={"notify": headers(Via=lambda text, n=number: via_port(n)(text))},
                expected=(violation("PORT-13", PCSCF, "notify"),),
            )
            for number in (5060, None)
        ),
        Mutation(
            name="SM7 has a Via with another address, and is accepted",
            why="PORT-14: the P-CSCF checks it",
            story=stories.life,
            change={"sm7": headers(Via=lambda text: text.replace("10.20.0.11", "10.20.0.99"))},
            expected=(violation("PORT-14", PCSCF, "sm12"),),
        ),
        Mutation(
            name="a protected SM1 has a Via with another address, and is served",
            why="PORT-14",
            story=stories.refreshed,
            change={"sm1.2": headers(Via=lambda text: text.replace("10.20.0.11", "10.20.0.99"))},
            expected=(violation("PORT-14", PCSCF, "sm12.2"),),
        ),
        Mutation(
            name="a Via with a host name",
            why="PORT-14, FP21: it needs resolution",
            story=stories.refreshed,
            change={"sm1.2": headers(Via=lambda text: text.replace("10.20.0.11", "ue.example.org"))},
            expected=(inconclusive("PORT-14", UE, "sm12.2"),),
        ),
        Mutation(
            name="the Via of the clear SM1 names us",
            why="PORT-15: the clear 401 comes to a protected port; the UE is to blame, not the P-CSCF",
            story=stories.life,
            change={"sm1": headers(Via=via_port(31001)), "sm6": {"dport": 31001}},
            expected=(warning("PORT-15", UE, "sm1"),),
        ),
        Mutation(
            name="a second clear REGISTER goes to port_ps",
            why="PORT-15: unprotected REGISTERs go to 5060; CLR-01 too, but ps may serve others (FP25)",
            story=stories.restarted,
            change={"sm1.2": lambda s: {"dport": s.first.port_ps}},
            stop="sm1.2",
            expected=(warning("PORT-15", UE, "sm1.2"), probable("CLR-01", UE, "sm1.2")),
        ),
    ]
    return made


MUTATIONS = [*_server_ports(), *_packets(), *_texts()]
