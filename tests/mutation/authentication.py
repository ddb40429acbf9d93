"""Mutations of the AKA digest exchange (AUTH)."""

from __future__ import annotations

import base64
from typing import Any

from . import stories
from .edits import NETWORK, PCSCF, UE, digest, headers
from .model import Mutated, Mutation, note, probable, violation, warning

NONCE = base64.b64encode(bytes(range(32))).decode()
"""Of the right form, but of no challenge."""


def credentials(**changes: str | None) -> dict[str, Any]:
    """Parameters of Authorization replaced, or (None) taken out."""

    def edit(text: str) -> str:
        for name, value in changes.items():
            text = digest(name, value)(text)
        return text

    return headers(Authorization=edit)


def _challenge() -> list[Mutation]:
    made = [
        Mutation(
            name=f"the challenge has {what}",
            why="AUTH-01; the capture ends there",
            story=stories.life,
            change={"sm6": headers(WWW_Authenticate=digest(name, value))},
            stop="sm6",
            expected=(violation("AUTH-01", NETWORK, "sm6"),),
        )
        for what, name, value in (
            ("algorithm MD5", "algorithm", "MD5"),
            ("no algorithm", "algorithm", None),
            ("a nonce of 31 octets", "nonce", base64.b64encode(bytes(31)).decode()),
            ("a nonce that is no base64", "nonce", "not/base64!"),
        )
    ]
    made += [
        Mutation(
            name=f"ck and ik in {label} ({transport})",
            why="AUTH-05",
            story=stories.life,
            scenario={"transport": transport},
            change={label: {"leak": True}},
            expected=(violation("AUTH-05", PCSCF, label),),
        )
        for label, transport in (("sm6", "udp"), ("sm6.2", "udp"), ("sm6", "tcp"))
    ]
    made += [
        Mutation(
            name="a clear REGISTER is believed",
            why="AUTH-06: no 2xx without a challenge. That there was a set shows that AKA is used",
            story=stories.restarted,
            change={"sm1.2": {}},
            before={"sm6.2": _believed},
            stop="sm6.2",
            expected=(violation("AUTH-06", NETWORK, "odd"),),
        ),
        Mutation(
            name="a first REGISTER is believed",
            why="AUTH-06, FP11: the network may have no AKA",
            story=stories.turned_away,
            change={"sm12": {"status": 200}},
            expected=(probable("AUTH-06", NETWORK, "sm12"),),
        ),
        Mutation(
            name="a vector is used twice",
            why="AUTH-11; CRY-07 for each packet that verifies with the keys of the first set: the first one tells it",
            story=stories.life,
            change={"sm6.2": lambda s: {"vector": s.first.vector}},
            stop="sm12.2",
            expected=(
                violation("AUTH-11", NETWORK, "sm6.2"),
                violation("CRY-07", NETWORK, "sm7.2", count=1, cause="AUTH-11"),
            ),
        ),
        Mutation(
            name="the offer of a refresh without challenge is used",
            why="AUTH-07: INFO; ESP-01: an SPI of no set, or of one that the capture does not have (FP9)",
            story=stories.refreshed,
            before={"message": _unused},
            expected=(note("AUTH-07", PCSCF, "odd"), probable("ESP-01", PCSCF, "odd")),
        ),
    ]
    return made


def _believed(s: Mutated) -> None:
    s.answer("sm1.2", 200, label="odd", headers={"Contact": f"<sip:u@{s.first.ue.address}:31001>;expires=600000"})


def _unused(s: Mutated) -> None:
    """The P-CSCF sends to the SPI of an offer that led to nothing."""
    text = s.sent["sm1.2"].message["Security-Client"]
    spi = int(text.partition("spi-s=")[2].partition(";")[0])
    s.request("pcscf", "OPTIONS", on=s.first, esp={"spi": spi, "seq": 1}, answered=False, label="odd")


def _first() -> list[Mutation]:
    return [
        Mutation(
            name="sm1 without Authorization",
            why="AUTH-02",
            story=stories.life,
            change={"sm1": headers(Authorization=None)},
            expected=(violation("AUTH-02", UE, "sm1"),),
        ),
        Mutation(
            name="a clear REGISTER with the last credentials",
            why="AUTH-02, R13: WARN for stacks that lost their sets",
            story=stories.restarted,
            change={"sm1.2": lambda s: headers(Authorization=s.sent["sm7"].message["Authorization"])},
            expected=(warning("AUTH-02", UE, "sm1.2"),),
        ),
        *(
            Mutation(
                name=f"sm7 has {what}",
                why=f"{rule}; that it is accepted is the network's matter only if RES is known to be wrong",
                story=stories.life,
                change={"sm7": change},
                stop="sm12",
                expected=(violation(rule, UE, "sm7"),),
            )
            for what, rule, change in (
                ("another realm", "AUTH-03", credentials(realm="other.example.org")),
                ("another algorithm", "AUTH-03", credentials(algorithm="MD5")),
                ("no uri", "AUTH-03", credentials(uri=None)),
                ("another Call-ID", "AUTH-04", {"call_id": "another@ue"}),
                ("the CSeq of SM1", "AUTH-04", headers(CSeq="1 REGISTER")),
                ("a lower CSeq than SM1", "AUTH-04", headers(CSeq="0 REGISTER")),
            )
        ),
        Mutation(
            name="sm7 has another nonce",
            why="AUTH-03; by its nonce it is an SM1 (9.3), and that on a temporary set: SA-02 names the cause",
            story=stories.life,
            change={"sm7": credentials(nonce=NONCE)},
            stop="sm12",
            expected=(violation("AUTH-03", UE, "sm7"), violation("SA-02", UE, "sm7", cause="AUTH-03")),
        ),
        Mutation(
            name="sm7 of a re-registration has another Call-ID",
            why="AUTH-04",
            story=stories.life,
            change={"sm7.2": {"call_id": "another@ue"}},
            expected=(violation("AUTH-04", UE, "sm7.2"),),
        ),
    ]


def _failures() -> list[Mutation]:
    return [
        Mutation(
            name="the UE answers a forged challenge",
            why="AUTH-08: with the SIM's key the MAC can be checked",
            story=stories.short,
            keys=Mutated.subscriber_toml,
            change={"sm6": {"bad_mac": True}},
            expected=(violation("AUTH-08", UE, "sm7"),),
        ),
        Mutation(
            name="auts in answer to a forged challenge",
            why="AUTH-08: no auts if the MAC is wrong",
            story=stories.out_of_step,
            keys=Mutated.subscriber_toml,
            change={"sm6": {"bad_mac": True}},
            expected=(violation("AUTH-08", UE, "reject"),),
        ),
        *(
            Mutation(
                name=f"auts {what}",
                why="AUTH-09: 14 octets, base64",
                story=stories.out_of_step,
                change={"reject": credentials(auts=text)},
                expected=(violation("AUTH-09", UE, "reject"),),
            )
            for what, text in (
                ("of 13 octets", base64.b64encode(bytes(13)).decode()),
                ("that is no base64", "no/base64!"),
            )
        ),
        Mutation(
            name="a third report in a row",
            why="AUTH-10: at most two consecutive invalid challenges are answered",
            story=_three_reports,
            expected=(violation("AUTH-10", UE, "reject2"),),
        ),
        Mutation(
            name="a wrong RES is accepted",
            why="AUTH-12: the SIM's key tells RES",
            story=stories.life,
            keys=Mutated.subscriber_toml,
            change={"sm7": {"res_wrong": True}},
            stop="sm12",
            expected=(violation("AUTH-12", NETWORK, "sm12"),),
        ),
        Mutation(
            name="a report of a failure is accepted",
            why="AUTH-12: 2xx to a MAC-failure REGISTER; in AUTH-06 it is no second fault",
            story=stories.forged,
            before={"sm6b": lambda s: s.answer("reject", 200, label="odd")},
            stop="sm6b",
            expected=(violation("AUTH-12", NETWORK, "odd"),),
        ),
        *(
            Mutation(
                name=f"the core hears integrity-protected={value} in {label}",
                why="AUTH-13",
                story=stories.behind_core,
                core={label: credentials(**{"integrity-protected": value})},
                expected=(violation("AUTH-13", PCSCF, label),),
            )
            for label, value in (("sm2", "yes"), ("sm8", "no"), ("sm2.2", "no"))
        ),
        *(
            Mutation(
                name=f"a re-registration with another {what}",
                why="AUTH-14: the last nonce and response",
                story=stories.life,
                change={"sm1.2": credentials(**change)},
                expected=(violation("AUTH-14", UE, "sm1.2"),),
            )
            for what, change in (("nonce", {"nonce": NONCE}), ("response", {"response": "ab" * 16}))
        ),
        Mutation(
            name="a re-registration with empty credentials",
            why="AUTH-14, R13: some stacks do, so a warning",
            story=stories.life,
            change={"sm1.2": credentials(nonce="", response="")},
            expected=(warning("AUTH-14", UE, "sm1.2"),),
        ),
        Mutation(
            name="the set of an unanswered SM7 is used again",
            why="AUTH-15 (SHOULD): a new SM1 there; SA-02: nor is it the one in use; NEG-12 has the other; but no "
            "packet at all came on the set, so SM12 may be missing (FP4)",
            story=stories.silence,
            change={"sm1.3": lambda s: {"on": s.second}},
            stop="sm1.3",
            expected=(
                warning("AUTH-15", UE, "sm1.3"),
                probable("SA-02", UE, "sm1.3"),
                probable("NEG-12", UE, "sm1.3"),
            ),
        ),
    ]


def _three_reports(s: Mutated) -> None:
    procedure = s.sm1()
    s.sm6(procedure, bad_mac=True)
    for number in range(3):
        s.reject(procedure, "mac", label=f"reject{number}")
        s.sm6(procedure, bad_mac=number < 2, label=f"sm6.{number}b")
    s.sm7(procedure)
    s.sm12(procedure)


MUTATIONS = [*_challenge(), *_first(), *_failures()]
