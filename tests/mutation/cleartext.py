"""Mutations of what goes in clear (CLR)."""

from __future__ import annotations

from . import stories
from .edits import PCSCF, TCP, UE, asks, pause, then
from .model import Mutation, probable, violation

MUTATIONS = [
    Mutation(
        name="the UE sends a request in clear, unanswered",
        why="CLR-02",
        story=stories.life,
        before={"greeting": asks("ue", answered=False)},
        expected=(violation("CLR-02", UE, "extra"),),
    ),
    Mutation(
        name="the UE sends a request in clear, and is served",
        why="CLR-02; CLR-04: not allowed, so rejected or discarded. The answer is no fault of its own",
        story=stories.life,
        before={"greeting": asks("ue")},
        expected=(violation("CLR-02", UE, "extra"), violation("CLR-04", PCSCF, "extra.resp")),
    ),
    Mutation(
        name="the UE sends from its server port in clear",
        why="CLR-02, and CLR-01 for the port",
        story=stories.life,
        before={
            "greeting": lambda s: s.request("ue", "MESSAGE", sport=s.second.port_us, answered=False, label="extra")
        },
        expected=(violation("CLR-02", UE, "extra"), violation("CLR-01", UE, "extra", cause="CLR-02")),
    ),
    Mutation(
        name="the P-CSCF sends a request in clear, unanswered",
        why="CLR-03",
        story=stories.life,
        before={"greeting": asks("pcscf", answered=False)},
        expected=(violation("CLR-03", PCSCF, "extra"),),
    ),
    Mutation(
        name="the P-CSCF sends a request in clear, and the UE answers",
        why="CLR-03; R23: the UE answers where it was asked",
        story=stories.life,
        before={"greeting": asks("pcscf")},
        expected=(violation("CLR-03", PCSCF, "extra"), probable("CLR-02", UE, "extra.resp", cause="CLR-03")),
    ),
    Mutation(
        name="the P-CSCF sends to the server port in clear",
        why="CLR-03, and CLR-01 for the port",
        story=stories.life,
        before={
            "greeting": lambda s: s.request("pcscf", "MESSAGE", dport=s.second.port_us, answered=False, label="extra")
        },
        expected=(violation("CLR-03", PCSCF, "extra"), violation("CLR-01", PCSCF, "extra", cause="CLR-03")),
    ),
    Mutation(
        name="an answer of the UE in clear",
        why="CLR-05, and CLR-02 for the message",
        story=stories.life,
        change={"greeting.resp": {"on": None}},
        expected=(violation("CLR-05", UE, "greeting.resp"), violation("CLR-02", UE, "greeting.resp", cause="CLR-05")),
    ),
    Mutation(
        name="an answer of the P-CSCF in clear",
        why="CLR-05, and CLR-03: a clear 2xx to a protected request",
        story=stories.life,
        change={"message.resp": {"on": None}},
        expected=(
            violation("CLR-05", PCSCF, "message.resp"),
            violation("CLR-03", PCSCF, "message.resp", cause="CLR-05"),
        ),
    ),
    Mutation(
        name="an answer of the P-CSCF in clear between protected ports",
        why="CLR-05, CLR-03, CLR-01",
        story=stories.life,
        change={"message.resp": lambda s: {"on": None, "sport": s.second.port_pc, "dport": s.second.port_us}},
        expected=(
            violation("CLR-05", PCSCF, "message.resp"),
            violation("CLR-03", PCSCF, "message.resp", cause="CLR-05"),
            violation("CLR-01", PCSCF, "message.resp", cause="CLR-05"),
        ),
    ),
    Mutation(
        name="the BYE of a protected call goes in clear",
        why="CLR-02; CLR-05: the dialog was protected",
        story=stories.life,
        change={"call.bye": {"on": None}},
        skip=frozenset({"call.bye.resp"}),
        expected=(violation("CLR-02", UE, "call.bye"), violation("CLR-05", UE, "call.bye", cause="CLR-02")),
    ),
    Mutation(
        name="a request in clear during a protected re-registration",
        why="CLR-02; SA-08: on the old set, neither on the new one nor in clear",
        story=stories.life,
        before={"sm7.2": asks("ue", answered=False, wait=1)},
        expected=(violation("CLR-02", UE, "extra"), violation("SA-08", UE, "extra", cause="CLR-02")),
    ),
    Mutation(
        name="an ACK in clear",
        why="CLR-02, CLR-05: only the ACK to a clear error may be clear",
        story=stories.life,
        change={"call.ack": {"on": None}},
        expected=(violation("CLR-02", UE, "call.ack"), violation("CLR-05", UE, "call.ack", cause="CLR-02")),
    ),
    Mutation(
        name="a request of the P-CSCF once more in clear",
        why="CLR-06; TRN-10, CLR-03 and CLR-05 see the same datagram",
        story=stories.life,
        after={"greeting": then(pause(3), lambda s: s.again("greeting", on=None, label="bare"))},
        expected=(
            violation("CLR-06", PCSCF, "bare"),
            violation("TRN-10", PCSCF, "bare", cause="CLR-06"),
            violation("CLR-03", PCSCF, "bare"),
            violation("CLR-05", PCSCF, "bare", cause="CLR-03"),
        ),
    ),
    Mutation(
        name="a FIN in clear on a protected connection",
        why="CLR-01, TRN-06: all segments are inside ESP",
        story=stories.short,
        scenario=TCP,
        after={"message.resp": lambda s: s.segment("ue", "FA", on=s.first, role="uc>ps", clear=True, label="odd")},
        expected=(violation("CLR-01", UE, "odd"), violation("TRN-06", UE, "odd", cause="CLR-01")),
    ),
]
