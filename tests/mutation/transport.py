"""Mutations of TCP connections, of transports, and of repetitions (TRN)."""

from __future__ import annotations

from tests.scenario.state import Role, Who

from . import stories
from .edits import PCSCF, TCP, UE, asks, first, headers, pause, then
from .model import Act, Mutated, Mutation, probable, violation, warning


def _lost(s: Mutated) -> None:
    s.fin("ue", on=s.first, role="uc>ps", label="end")


def ends(who: Who, role: Role, how: str, *, clear: bool = False) -> Act:
    """A side ends its connection, inside ESP or beside it."""

    def act(s: Mutated) -> None:
        if how == "FIN":
            s.fin(who, on=s.first, role=role, clear=clear, label="end")
        else:
            s.rst(who, on=s.first, role=role, clear=clear, label="end")

    return act


SIDES: tuple[tuple[Who, str, Role], ...] = (("ue", UE, "uc>ps"), ("pcscf", PCSCF, "ps>uc"))


def waiting(s: Mutated) -> None:
    """A request of the UE whose answer comes on its connection."""
    on = s.register()
    asked = s.request("ue", "MESSAGE", on=on, answered=False, label="message")
    s.wait(0.2)
    s.answer(asked, 200, label="answer")


def repeated(s: Mutated) -> None:
    """A request of the UE over UDP, its repetition two seconds later, and the answer."""
    on = s.register()
    asked = s.request("ue", "MESSAGE", on=on, answered=False, label="message")
    s.wait(2)
    s.again("message", label="again")
    s.answer(asked, 200, label="answer")


MUTATIONS = [
    Mutation(
        name="the P-CSCF answers on another connection",
        why="TRN-01: the first one is open",
        story=waiting,
        scenario=TCP,
        change={"answer": {"role": "pc>us"}},
        expected=(violation("TRN-01", PCSCF, "answer"),),
    ),
    Mutation(
        name="SM12 of a re-registration comes on the old connection",
        why="SA-05; TRN-01 sees the same",
        story=stories.life,
        scenario=TCP,
        change={"sm12.2": lambda s: {"on": s.first}},
        expected=(violation("SA-05", PCSCF, "sm12.2"), violation("TRN-01", PCSCF, "sm12.2")),
    ),
    Mutation(
        name="the UE opens from port_us",
        why="TRN-02: requests go from uc",
        story=stories.short,
        scenario=TCP,
        after={"message.resp": lambda s: s.syn("ue", on=s.first, role="us>pc", answered=False, label="odd")},
        expected=(violation("TRN-02", UE, "odd.syn"),),
    ),
    Mutation(
        name="the P-CSCF opens from port_ps",
        why="TRN-03: requests go from pc",
        story=stories.short,
        scenario=TCP,
        after={"message.resp": lambda s: s.syn("pcscf", on=s.first, role="ps>uc", answered=False, label="odd")},
        expected=(violation("TRN-03", PCSCF, "odd.syn"),),
    ),
    Mutation(
        name="the P-CSCF opens in clear from 5060 to port_us",
        why="CLR-01 on a protected port; TRN-03 and TRN-06 see the same SYN",
        story=stories.short,
        scenario=TCP,
        after={
            "message.resp": lambda s: s.syn("pcscf", on=s.first, clear=True, sport=5060, answered=False, label="odd")
        },
        expected=(
            violation("CLR-01", PCSCF, "odd.syn"),
            violation("TRN-03", PCSCF, "odd.syn", cause="CLR-01"),
        ),
    ),
    Mutation(
        name="an answer in clear after the connection was lost",
        why="CLR-05; CLR-03 (a clear 2xx to a protected request) and TRN-04 follow from it",
        story=waiting,
        scenario=TCP,
        before={"answer": _lost},
        change={"answer": {"on": None, "sport": 5060, "dport": 40000}},
        expected=(
            violation("CLR-05", PCSCF, "answer"),
            violation("CLR-03", PCSCF, "answer", cause="CLR-05"),
            warning("TRN-04", PCSCF, "answer", cause="CLR-05"),
        ),
    ),
    *(
        Mutation(
            name=f"the {actor} closes the old connection with {end} while its call rings",
            why="TRN-05, solution 1: the connection stays until the transaction is complete",
            story=stories.ringing,
            scenario=TCP,
            before={"message": ends(who, role, end)},
            stop="message",
            expected=(violation("TRN-05", actor, "end"),),
        )
        for who, actor, role in SIDES
        for end in ("FIN", "RST")
    ),
    *(
        Mutation(
            name=f"the {actor} resets a protected connection in clear",
            why="CLR-01 on protected ports; TRN-06: all segments are inside ESP",
            story=stories.short,
            scenario=TCP,
            after={"message.resp": ends(who, role, "RST", clear=True)},
            expected=(
                violation("CLR-01", actor, "end"),
                violation("TRN-06", actor, "end", cause="CLR-01"),
            ),
        )
        for who, actor, role in SIDES
    ),
    *(
        Mutation(
            name=f"the Via of {label} names the other transport than {transport}",
            why="TRN-07",
            story=stories.short,
            scenario={"transport": transport},
            change={
                label: headers(
                    Via=lambda text, o=other: text.replace("SIP/2.0/UDP 10.20", f"SIP/2.0/{o} 10.20").replace(
                        "SIP/2.0/TCP 10.20", f"SIP/2.0/{o} 10.20"
                    )
                )
            },
            expected=(violation("TRN-07", actor, label),),
        )
        for transport, other in (("udp", "TCP"), ("tcp", "UDP"))
        for label, actor in (("message", UE), ("options", PCSCF))
    ),
    *(
        Mutation(
            name=f"a large request of the {actor} over UDP",
            why="TRN-08, R10: a warning of low severity",
            story=stories.short,
            change={label: headers(Subject="x" * 1400)},
            expected=(warning("TRN-08", actor, label),),
        )
        for label, actor in (("message", UE), ("options", PCSCF))
    ),
    Mutation(
        name="a new request on the old connection",
        why="SA-12, and TRN-09 for the connection; no answer, so the P-CSCF does nothing wrong",
        story=stories.life,
        scenario=TCP,
        before={"options": asks("ue", on=first, answered=False)},
        expected=(violation("SA-12", UE, "extra"), violation("TRN-09", UE, "extra", cause="SA-12")),
    ),
    Mutation(
        name="a repetition in clear",
        why="CLR-06; TRN-10 and the rows on clear requests see the same datagram",
        story=repeated,
        change={},
        before={"answer": then(pause(2), lambda s: s.again("message", on=None, label="bare"))},
        expected=(
            violation("CLR-06", UE, "bare"),
            violation("TRN-10", UE, "bare", cause="CLR-06"),
            violation("CLR-02", UE, "bare"),
            violation("CLR-05", UE, "bare", cause="CLR-02"),
        ),
    ),
    Mutation(
        name="a request repeated over TCP",
        why="TRN-10: TCP repeats for itself",
        story=waiting,
        scenario=TCP,
        before={"answer": lambda s: s.again("message", label="again")},
        expected=(violation("TRN-10", UE, "again"),),
    ),
    Mutation(
        name="a repetition on the new set",
        why="TRN-10: as the first copy; SA-12 has no case, it is the same transaction",
        story=stories.life,
        before={"sm1.2": asks("ue", on=first, answered=False)},
        after={"sm12.2": then(pause(2), lambda s: s.again("extra", on=s.second, label="again"))},
        expected=(
            violation("TRN-10", UE, "again"),
            # it is a message on the new set after SM12, if it arrived; nothing shows that
            probable("SA-14", PCSCF, "options"),
        ),
    ),
    *(
        Mutation(
            name=f"a repetition {seconds} s after the first copy",
            why="TRN-11 (SHOULD): after 64*T1 sure; far below T1 a burst may have come from the radio link (FP13)",
            story=waiting,
            before={"answer": then(pause(seconds - 0.2), lambda s: s.again("message", label="again"))},
            expected=(verdict("TRN-11", UE, "again"),),
        )
        for seconds, verdict in ((0.3, probable), (140, warning))
    ),
]
