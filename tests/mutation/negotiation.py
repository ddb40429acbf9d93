"""Mutations of the agreement: Security-Client, Security-Server, Security-Verify and what announces them (NEG)."""

from __future__ import annotations

from . import stories
from .edits import PCSCF, SHA_AES, SHA_NULL, UE, headers, no_tag, own, value, without
from .model import Mutated, Mutation, note, probable, violation, warning

TWO = {"offers": [SHA_AES, SHA_NULL]}
ACCEPTED = violation("NEG-09", PCSCF, "sm12")


def _offer() -> list[Mutation]:
    made = [
        Mutation(
            name=f"sm1 lacks {parameter}",
            why="NEG-02: every entry has the four values and alg; nothing follows, since the P-CSCF refuses",
            story=stories.turned_away,
            change={"sm1": headers(Security_Client=without(parameter))},
            expected=(violation("NEG-02", UE, "sm1"),),
        )
        for parameter in ("spi-c", "spi-s", "port-c", "port-s", "alg")
    ]
    made += [
        Mutation(
            name="sm1 has the form from before the pairs",
            why="NEG-02, 8.1: spi, port1, port2 of RFC 3329 appendix A",
            story=stories.turned_away,
            change={
                "sm1": headers(Security_Client="ipsec-3gpp;alg=hmac-sha-1-96;spi=4000000001;port1=31001;port2=32001")
            },
            expected=(violation("NEG-02", UE, "sm1"),),
        ),
        Mutation(
            name="sm1 without Security-Client",
            why="NEG-01: AKA without an offer of ipsec-3gpp; that it is AKA shows in the challenge",
            story=stories.life,
            change={"sm1": headers(Security_Client=None), "sm6": headers(Security_Server=None)},
            stop="sm6",
            expected=(violation("NEG-01", UE, "sm6"),),
        ),
        Mutation(
            name="the entries of sm1 have different SPIs",
            why="NEG-03: SHOULD, so a warning; SM7 repeats the offer as it was",
            story=stories.life,
            change={
                name: {**(TWO if name == "sm1" else {}), **headers(Security_Client=_other_spi)}
                for name in ("sm1", "sm7")
            },
            expected=(warning("NEG-03", UE, "sm1"),),
        ),
        Mutation(
            name="sm1 without Proxy-Require",
            why="NEG-04: both headers; sec-agree in Require is left, so NEG-14 has no case",
            story=stories.life,
            change={"sm1": headers(Proxy_Require=None)},
            expected=(violation("NEG-04", UE, "sm1"),),
        ),
        Mutation(
            name="sm7 without Require",
            why="NEG-04",
            story=stories.life,
            change={"sm7": headers(Require=None)},
            expected=(violation("NEG-04", UE, "sm7"),),
        ),
        Mutation(
            name="a protected SM1 without Require",
            why="NEG-04",
            story=stories.life,
            change={"sm1.2": headers(Require=None)},
            expected=(violation("NEG-04", UE, "sm1.2"),),
        ),
        Mutation(
            name="the deregistration without Proxy-Require",
            why="NEG-04: a REGISTER with Security-Client like any other",
            story=stories.life,
            change={"dereg": headers(Proxy_Require=None)},
            expected=(violation("NEG-04", UE, "dereg"),),
        ),
        Mutation(
            name="both REGISTERs without sec-agree, and served",
            why="NEG-04; NEG-14: acceptance of a REGISTER without sec-agree, followed by the use of IPsec",
            story=stories.life,
            change={"sm1": no_tag(), "sm7": no_tag()},
            expected=(
                violation("NEG-04", UE, "sm1", count=2),
                violation("NEG-14", PCSCF, "sm12", cause="NEG-04"),
            ),
        ),
    ]
    made += [
        Mutation(
            name=f"494 without {missing}",
            why="NEG-14: 421 and 494 carry Security-Server and Require: sec-agree",
            story=stories.turned_away,
            change={"sm12": {"status": 494, **headers(**kept)}},
            expected=(violation("NEG-14", PCSCF, "sm12"),),
        )
        for missing, kept in (
            ("Security-Server", {"Require": "sec-agree"}),
            ("Require", {"Security_Server": "ipsec-3gpp;alg=hmac-sha-1-96"}),
        )
    ]
    made += [
        Mutation(
            name=f"sm1 has {name}={wrong}",
            why="NEG-21: the grammar and ranges of Annex H; SM6 follows, then the capture ends",
            story=stories.life,
            change={
                "sm1": headers(
                    Security_Client=lambda text, n=name, w=wrong: value(n, w)(text) if n in text else f"{text};{n}={w}"
                )
            },
            stop="sm1",
            expected=(violation("NEG-21", UE, "sm1"),),
        )
        for name, wrong in (
            ("spi-c", "4294967296"),
            ("spi-s", "0x1234"),
            ("port-c", "0"),
            ("port-s", "65536"),
            ("prot", "ah"),
            ("mod", "tun"),
        )
    ]
    return made


def _other_spi(text: str) -> str:
    one, _, two = text.partition(", ")
    return f"{one}, {value('spi-c', '4000000009')(two)}"


def _challenge() -> list[Mutation]:
    made = [
        Mutation(
            name=f"sm6 lacks {parameter}",
            why="NEG-05: the pair of ports, the pair of SPIs, the algorithms",
            story=stories.life,
            change={"sm6": headers(Security_Server=without(parameter))},
            stop="sm6",
            expected=(violation("NEG-05", PCSCF, "sm6"),),
        )
        for parameter in ("spi-c", "spi-s", "port-c", "port-s", "alg")
    ]
    made += [
        Mutation(
            name="sm6 without Security-Server",
            why="NEG-05",
            story=stories.life,
            change={"sm6": headers(Security_Server=None)},
            stop="sm6",
            expected=(violation("NEG-05", PCSCF, "sm6"),),
        ),
        Mutation(
            name="sm6 of a re-registration without Security-Server",
            why="NEG-05",
            story=stories.life,
            change={"sm6.2": headers(Security_Server=None)},
            stop="sm6.2",
            expected=(violation("NEG-05", PCSCF, "sm6.2"),),
        ),
        Mutation(
            name="the UE answers a challenge without Security-Server",
            why="NEG-05; NEG-06: it should begin anew. No set was announced, so a clear SM7 is no second fault",
            story=stories.life,
            change={"sm6": headers(Security_Server=None), "sm7": {"on": None, **headers(Security_Verify=None)}},
            stop="sm7",
            expected=(violation("NEG-05", PCSCF, "sm6"), violation("NEG-06", UE, "sm7")),
        ),
        Mutation(
            name="sm6 has port-s 0",
            why="NEG-21, and not NEG-05: the value is there, but it is none",
            story=stories.life,
            change={"sm6": headers(Security_Server=value("port-s", 0))},
            stop="sm6",
            expected=(violation("NEG-21", PCSCF, "sm6"),),
        ),
        Mutation(
            name="Security-Server in SM12",
            why="NEG-19: INFO, so a note",
            story=stories.life,
            change={
                "sm12": headers(
                    Security_Server="ipsec-3gpp;alg=hmac-sha-1-96;ealg=null;spi-c=4000000001;spi-s=4000000002;port-c=5999;port-s=6999"
                )
            },
            expected=(note("NEG-19", PCSCF, "sm12"),),
        ),
    ]
    made += [
        Mutation(
            name=f"the re-challenge repeats the P-CSCF's {new}",
            why="NEG-20: new SPIs; NEG-10 sees the same from the set's side",
            story=stories.life,
            change={"sm6.2": own(new, "server")},
            expected=(
                violation("NEG-20", PCSCF, "sm6.2"),
                violation("NEG-10", PCSCF, "sm6.2", cause="NEG-20"),
            ),
        )
        for new in ("spi_pc", "spi_ps")
    ]
    made += [
        Mutation(
            name=f"the UE's SPIs are equal ({transport})",
            why="NEG-10: spi_uc differs from spi_us",
            story=stories.life,
            scenario={"transport": transport},
            change={"sm1": {"client": {"spi_c": 3_000_000_000, "spi_s": 3_000_000_000}}},
            expected=(violation("NEG-10", UE, "sm6"), *follows),
        )
        for transport, follows in (
            ("udp", ()),
            # the P-CSCF counts both of its associations under the one SPI
            ("tcp", (probable("ESP-02", PCSCF, "notify.syn", count=6, cause="NEG-10"),)),
        )
    ]
    made.append(
        Mutation(
            name="the P-CSCF takes an SPI of the UE",
            why="NEG-10: the same keys hold in both directions",
            story=stories.life,
            change={"sm6": lambda s: {"server": {"spi_s": _announced(s)}}},
            expected=(violation("NEG-10", PCSCF, "sm6"),),
        )
    )
    return made


def _announced(s: Mutated) -> int:
    text = s.sent["sm1"].message["Security-Client"]
    return int(text.partition("spi-c=")[2].partition(";")[0])


def _choice() -> list[Mutation]:
    return [
        Mutation(
            name="the P-CSCF takes what the UE never offered",
            why="NEG-15; the UE follows: NEG-16",
            story=stories.short,
            change={"sm1": {"offers": [SHA_NULL]}, "sm6": {"offers": [SHA_AES], "use": SHA_AES}},
            expected=(violation("NEG-15", PCSCF, "sm12"), violation("NEG-16", UE, "sm7")),
        ),
        Mutation(
            name="the UE uses what only it offered",
            why="NEG-16: not in Security-Server. Both then use another pair than the agreed one, and a weaker one",
            story=stories.short,
            change={"sm1": TWO, "sm6": {"offers": [SHA_AES], "use": SHA_NULL}},
            expected=(
                violation("NEG-16", UE, "sm7"),
                violation("ESP-12", UE, "sm7"),
                violation("ESP-12", PCSCF, "sm12"),
                warning("CRY-06", UE, "sm7"),
            ),
        ),
        Mutation(
            name="the UE takes the second entry",
            why="NEG-17, R8: order of appearance. It is the weaker one: CRY-06, with NEG-17 as its cause",
            story=stories.short,
            change={"sm1": TWO, "sm6": {**TWO, "use": SHA_NULL}},
            expected=(violation("NEG-17", UE, "sm7"), warning("CRY-06", UE, "sm7", cause="NEG-17")),
        ),
        Mutation(
            name="the UE takes the entry with the lower q",
            why="NEG-17, R8: q first, higher first; here the better cipher has the lower q, so CRY-06 has no case",
            story=stories.short,
            change={"sm1": TWO, "sm6": {**TWO, "use": SHA_AES, "q": ["0.2", "0.7"]}},
            expected=(violation("NEG-17", UE, "sm7"),),
        ),
        *(
            Mutation(
                name=f"the core hears {name}",
                why="NEG-18: the P-CSCF consumes the agreement",
                story=stories.behind_core,
                core={"sm2": {"headers": {name: value}}},
                expected=(violation("NEG-18", PCSCF, "sm2"),),
            )
            for name, value in (("Security-Client", "ipsec-3gpp;alg=hmac-sha-1-96"), ("Proxy-Require", "sec-agree"))
        ),
    ]


MUTATIONS = [*_offer(), *_challenge(), *_choice()]
