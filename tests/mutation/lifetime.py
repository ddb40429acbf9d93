"""Mutations of the life of a set: creation, expiry, replacement, deletion (LIFE)."""

from __future__ import annotations

from functools import partial

from . import stories
from .edits import PCSCF, UE, asks, first, pause, second, then
from .model import Mutated, Mutation, probable, violation, warning

TEN_MINUTES = {"expires": 600}


def given_up(s: Mutated, *, after: float) -> None:
    """SM7 stays unanswered, so many seconds after its last copy the UE begins anew."""
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    insist(s, "sm7")
    s.wait(after)
    s.register()


def interrupted(s: Mutated) -> None:
    """Case H: SM6 is not answered, and a second later the UE begins anew."""
    s.kept["first"] = s.sm1()
    s.sm6(s.kept["first"])
    s.wait(1)
    s.register()


def neglected(s: Mutated) -> None:
    """Two requests are repeated and never answered; then the UE registers in clear."""
    on = s.register()
    s.wait(290)
    s.refresh(on=on, sm12={"expires": 1200})
    s.wait(338)
    s.request("ue", "MESSAGE", on=on, label="served")
    s.wait(3)
    for label in ("one", "two"):
        s.request("ue", "MESSAGE", on=on, label=label, answered=False)
        insist(s, label)
    s.register()


def stubborn(s: Mutated) -> None:
    """Two requests are repeated and never answered; the UE goes on with the set."""
    on = s.register()
    s.wait(10)
    for label in ("one", "two"):
        s.request("ue", "MESSAGE", on=on, label=label, answered=False)
        insist(s, label)
    s.wait(280)
    s.request("ue", "MESSAGE", on=on, label="three", answered=False)


def crowd(s: Mutated) -> None:
    """A call keeps the second of three sets, and a fourth is announced."""
    one = s.register()
    two = s.register(over=one)
    s.request("ue", "MESSAGE", on=two, label="message")
    call = s.invite("pcscf", on=two, label="call")
    s.answer(call, 180)
    three = s.register(over=two)
    s.wait(1)
    s.sm6(s.sm1(over=three))
    s.wait(1)


def insist(s: Mutated, label: str) -> None:
    """Timer E, three times."""
    for seconds in (2, 4, 8):
        s.wait(seconds)
        s.again(label)


MUTATIONS = [
    Mutation(
        name="the UE gives SM7 up before Timer F",
        why="LIFE-02: one procedure at a time",
        story=partial(given_up, after=10),
        expected=(violation("LIFE-02", UE, "sm1.2"),),
    ),
    *(
        Mutation(
            name=f"the UE answers the challenge of a procedure that it gave up ({transport})",
            why="LIFE-03",
            story=interrupted,
            scenario={"transport": transport},
            before={"sm6.2": then(pause(1), lambda s: s.sm7(s.kept["first"], label="odd"))},
            expected=(violation("LIFE-03", UE, "odd"),),
        )
        for transport in ("udp", "tcp")
    ),
    Mutation(
        name="the P-CSCF answers on the set of a superseded challenge",
        why="LIFE-04: a second after the newer one, so that they did not cross (FP2)",
        story=partial(given_up, after=129),
        before={"sm7.2": then(pause(1), lambda s: s.answer("sm7", 200, label="late"))},
        expected=(violation("LIFE-04", PCSCF, "late"),),
    ),
    *(
        Mutation(
            name=f"{label} comes after four minutes and is accepted",
            why="LIFE-05: reg-await-auth; the P-CSCF has no such set any more",
            story=stories.life,
            before={label: pause(250)},
            expected=(violation("LIFE-05", PCSCF, answer),),
        )
        for label, answer in (("sm7", "sm12"), ("sm7.2", "sm12.2"))
    ),
    *(
        Mutation(
            name=f"the UE uses an expired set and is served ({profile})",
            why="LIFE-06, LIFE-07; SA-11: an answer to what came on a dead set",
            story=stories.aging,
            scenario={**TEN_MINUTES, "ealg": "null"},
            profile=profile,
            before={"late": pause(700)},
            stop="late.resp",
            expected=(
                violation("LIFE-06", UE, "late"),
                violation("LIFE-07", PCSCF, "late.resp"),
                violation("SA-11", PCSCF, "late.resp", cause="LIFE-06"),
            ),
        )
        for profile in ("rel-17", "sa3-29")
    ),
    Mutation(
        name="the P-CSCF uses an expired set and is answered",
        why="LIFE-07, LIFE-06; SA-10: the UE acts on what came on a dead set",
        story=stories.aging,
        scenario=TEN_MINUTES,
        before={"down": pause(700)},
        expected=(
            violation("LIFE-07", PCSCF, "down"),
            violation("LIFE-06", UE, "down.resp"),
            violation("SA-10", UE, "down.resp", cause="LIFE-07"),
        ),
    ),
    Mutation(
        name="the set outlives the registration by 25 s, in the papers",
        why="LIFE-06, LIFE-07, SA-11; V6: the 30 s are of later releases",
        story=stories.short,
        scenario={**TEN_MINUTES, "ealg": "null"},
        profile="sa3-29",
        before={"message": pause(625)},
        stop="message.resp",
        expected=(
            violation("LIFE-06", UE, "message"),
            violation("LIFE-07", PCSCF, "message.resp"),
            violation("SA-11", PCSCF, "message.resp", cause="LIFE-06"),
        ),
    ),
    Mutation(
        name="the P-CSCF drops the set at its first deadline",
        why="LIFE-08: the refresh has made it longer; LIFE-18 lets the UE begin in clear",
        story=neglected,
        scenario={**TEN_MINUTES, "vantage": "middle"},
        expected=(violation("LIFE-08", PCSCF, "one"),),
    ),
    Mutation(
        name="the UE has dropped the old set",
        why="LIFE-10: seen at the UE, three repetitions, while the UE uses the new set",
        story=stories.life,
        scenario={"vantage": "ue"},
        skip=frozenset({"options.resp"}),
        after={"options": lambda s: insist(s, "options")},
        before={"greeting": pause(130)},
        expected=(violation("LIFE-10", UE, "options"),),
    ),
    *(
        Mutation(
            name=f"the P-CSCF asks on a third set ({transport}, {profile})",
            why="LIFE-12: only the set that protected SM1 is kept",
            story=stories.thrice,
            scenario={"transport": transport},
            profile=profile,
            before={"message": asks("pcscf", on=first, answered=False)},
            expected=(violation("LIFE-12", PCSCF, "extra"),),
        )
        for transport, profile in (("udp", "rel-17"), ("tcp", "rel-17"), ("udp", "sa3-29"))
    ),
    Mutation(
        name="a pending call is refused in clear before the switch",
        why="LIFE-14: the old set is still served; CLR-05 sees the same message",
        story=stories.ringing,
        before={"message": lambda s: s.answer("up", 486, on=None, label="bare")},
        stop="message",
        expected=(violation("LIFE-14", PCSCF, "bare"), violation("CLR-05", PCSCF, "bare", cause="LIFE-14")),
    ),
    Mutation(
        name="the P-CSCF asks on a third set while a fourth is announced",
        why="LIFE-12; R6, R28: LIFE-15 follows from it; SA-14: the UE has used a newer one",
        story=then(crowd, asks("pcscf", on=first, answered=False)),
        expected=(
            violation("LIFE-12", PCSCF, "extra"),
            probable("LIFE-15", PCSCF, "extra", cause="LIFE-12"),
            violation("SA-14", PCSCF, "extra"),
        ),
    ),
    *(
        Mutation(
            name=f"the set of a failed authentication is used ({transport})",
            why="LIFE-16 for both; SA-11: an answer to what came on a dead set",
            story=stories.refused,
            scenario={"transport": transport},
            after={"sm12": asks("ue", on=first, wait=1)},
            expected=(
                violation("LIFE-16", UE, "extra"),
                violation("LIFE-16", PCSCF, "extra.resp"),
                violation("SA-11", PCSCF, "extra.resp", cause="LIFE-16"),
            ),
        )
        for transport in ("udp", "tcp")
    ),
    Mutation(
        name="the P-CSCF asks on the set of a failed authentication",
        why="LIFE-16",
        story=stories.refused_again,
        before={"message": asks("pcscf", on=second, answered=False)},
        expected=(violation("LIFE-16", PCSCF, "extra"),),
    ),
    Mutation(
        name="the 200 to the deregistration is in clear",
        why="LIFE-17; CLR-03 and CLR-05 see the same message",
        story=stories.life,
        change={"dereg.200": {"on": None}},
        expected=(
            violation("LIFE-17", PCSCF, "dereg.200"),
            violation("CLR-03", PCSCF, "dereg.200", cause="LIFE-17"),
            violation("CLR-05", PCSCF, "dereg.200", cause="LIFE-17"),
        ),
    ),
    Mutation(
        name="the 200 to the deregistration is in clear between protected ports",
        why="LIFE-17; CLR-01 too",
        story=stories.life,
        change={"dereg.200": lambda s: {"on": None, "sport": s.second.port_ps, "dport": s.second.port_uc}},
        expected=(
            violation("LIFE-17", PCSCF, "dereg.200"),
            violation("CLR-01", PCSCF, "dereg.200", cause="LIFE-17"),
            violation("CLR-03", PCSCF, "dereg.200", cause="LIFE-17"),
            violation("CLR-05", PCSCF, "dereg.200", cause="LIFE-17"),
        ),
    ),
    Mutation(
        name="the 200 to the deregistration is in clear, in the papers",
        why="R17: LIFE-17 is not in force; CLR-03, CLR-05",
        story=stories.life,
        scenario={"ealg": "null"},
        profile="sa3-29",
        change={"dereg.200": {"on": None}},
        stop="dereg.200",
        expected=(violation("CLR-03", PCSCF, "dereg.200"), violation("CLR-05", PCSCF, "dereg.200")),
    ),
    Mutation(
        name="the UE uses the set long after its deregistration",
        why="LIFE-17: not later than 64*T1 after it; nobody answers",
        story=stories.life,
        after={"dereg.200": asks("ue", on=second, wait=140, answered=False)},
        expected=(violation("LIFE-17", UE, "extra"),),
    ),
    Mutation(
        name="the UE goes on with a dead set",
        why="LIFE-18: two transactions in vain, and no REGISTER for more than Timer F (SHOULD)",
        story=stubborn,
        scenario={"vantage": "middle"},
        expected=(warning("LIFE-18", UE, "three"),),
    ),
    Mutation(
        name="a re-registration after it was due",
        why="LIFE-19, R26: half time, and the UE was there long before",
        story=stories.aging,
        scenario=TEN_MINUTES,
        before={"sm1.2": then(pause(60), asks("ue", on=first), pause(200))},
        expected=(warning("LIFE-19", UE, "sm1.2"),),
    ),
    Mutation(
        name="no re-registration until the end",
        why="LIFE-19, R26; LIFE-06, LIFE-07 and SA-11 for the request after the end",
        story=stories.short,
        scenario=TEN_MINUTES,
        before={"message": then(*[asks("ue", on=first, wait=150)] * 3)},
        after={"options.resp": then(pause(200), lambda s: s.request("ue", "MESSAGE", on=s.first, label="end"))},
        expected=(
            violation("LIFE-19", UE, "end"),
            violation("LIFE-06", UE, "end"),
            violation("LIFE-07", PCSCF, "end.resp"),
            violation("SA-11", PCSCF, "end.resp", cause="LIFE-06"),
        ),
    ),
    Mutation(
        name="the UE goes on from another address",
        why="LIFE-20: the registration restarts unprotected. PORT-07 leaves it to that row",
        story=stories.refreshed,
        change={"sm1.2": {"src": "10.20.0.99"}, "message": {"src": "10.20.0.99"}},
        skip=frozenset({"sm12.2", "message.resp"}),
        expected=(violation("LIFE-20", UE, "sm1.2"),),
    ),
    Mutation(
        name="one packet from another address",
        why="LIFE-20, FP12: a NAT between two taps cannot be excluded",
        story=stories.life,
        change={"message": {"src": "10.20.0.99"}},
        stop="message",
        expected=(probable("LIFE-20", UE, "message"),),
    ),
]
