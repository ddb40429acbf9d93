"""Mutations of which association protects which message (SA)."""

from __future__ import annotations

from . import stories
from .edits import PCSCF, TCP, UE, asks, digest, first, headers, on_first, on_second, second, via_port
from .model import Mutation, probable, violation, warning

BARE = {
    "on": None,
    **headers(
        Via=via_port(5060),
        Security_Verify=None,
        Authorization=lambda text: digest("nonce", "")(digest("response", "")(text)),
    ),
}
"""What makes a protected SM1 the first REGISTER in clear."""


def _registration() -> list[Mutation]:
    return [
        Mutation(
            name="a re-registration in clear",
            why="SA-01, FP30: a warning at most; SM6 follows SM1 (SA-03), and nothing is on the old set any more",
            story=stories.life,
            change={"sm1.2": BARE},
            stop="sm12.2",
            expected=(warning("SA-01", UE, "sm1.2"),),
        ),
        Mutation(
            name="SM1 on the set before the last",
            why="SA-02: the set in use; that it is refused shows nothing of the P-CSCF",
            story=stories.life,
            before={"options": lambda s: s.sm12(s.sm1(over=s.first, label="odd"), status=403, label="no")},
            expected=(violation("SA-02", UE, "odd"),),
        ),
        *(
            Mutation(
                name=f"SM6 in clear for a protected SM1 ({transport})",
                why="SA-03; CLR-05 sees the same message",
                story=stories.life,
                scenario={"transport": transport},
                change={"sm6.2": {"on": None}},
                expected=(
                    violation("SA-03", PCSCF, "sm6.2"),
                    violation("CLR-05", PCSCF, "sm6.2", cause="SA-03"),
                ),
            )
            for transport in ("udp", "tcp")
        ),
        Mutation(
            name="SM6 protected for a clear SM1",
            why="SA-03",
            story=stories.restarted,
            change={"sm6.2": on_first},
            expected=(violation("SA-03", PCSCF, "sm6.2"),),
        ),
        *(
            Mutation(
                name=f"SM7 on the old set, and refused ({transport})",
                why="SA-04; LIFE-01 sees that the new nonce made no set. The refusal is on the old set (SA-18)",
                story=stories.life,
                scenario={"transport": transport},
                change={"sm7.2": on_first, "sm12.2": {"status": 403}},
                stop="sm12.2",
                expected=(violation("SA-04", UE, "sm7.2"), violation("LIFE-01", UE, "sm7.2", cause="SA-04")),
            )
            for transport in ("udp", "tcp")
        ),
        Mutation(
            name="SM7 on the old set, and accepted there",
            why="SA-04, LIFE-01; R23: the P-CSCF answers where it was asked",
            story=stories.life,
            change={"sm7.2": on_first},
            stop="sm12.2",
            expected=(
                violation("SA-04", UE, "sm7.2"),
                violation("LIFE-01", UE, "sm7.2", cause="SA-04"),
                probable("SA-05", PCSCF, "sm12.2", cause="SA-04"),
            ),
        ),
        Mutation(
            name="SM7 in clear, and accepted",
            why="SA-04; R23: SA-05 follows; CLR-05 names SM7 in clear and answered 2xx",
            story=stories.life,
            change={"sm7": {"on": None, **headers(Via=via_port(5060))}},
            stop="sm12",
            expected=(
                violation("SA-04", UE, "sm7"),
                probable("SA-05", PCSCF, "sm12", cause="SA-04"),
                violation("CLR-05", PCSCF, "sm12"),
            ),
        ),
        *(
            Mutation(
                name=f"SM12 of a re-registration on the old set ({profile})",
                why="SA-05",
                story=stories.life,
                profile=profile,
                change={"sm12.2": on_first},
                stop="options.resp",
                expected=(violation("SA-05", PCSCF, "sm12.2"),),
            )
            for profile in ("rel-17", "sa3-29")
        ),
        *(
            Mutation(
                name=f"{label} in clear",
                why="SA-05; CLR-05 and CLR-03 see the same message",
                story=stories.life,
                change={label: {"on": None}},
                expected=(
                    violation("SA-05", PCSCF, label),
                    violation("CLR-05", PCSCF, label, cause="SA-05"),
                    violation("CLR-03", PCSCF, label, cause="CLR-05"),
                ),
            )
            for label in ("sm12", "sm12.2")
        ),
    ]


def _before_sm12() -> list[Mutation]:
    return [
        *(
            Mutation(
                name=f"a request of the UE on the new set before SM12 ({transport})",
                why="SA-06; SA-08 is the same fact from the old set's side",
                story=stories.life,
                scenario={"transport": transport},
                before={"sm12.2": asks("ue", on=second, wait=1, answered=False)},
                expected=(violation("SA-06", UE, "extra"), violation("SA-08", UE, "extra", cause="SA-06")),
            )
            for transport in ("udp", "tcp")
        ),
        *(
            Mutation(
                name=f"a request of the P-CSCF on the new set before SM12 ({transport})",
                why="SA-07, SA-08",
                story=stories.life,
                scenario={"transport": transport},
                before={"sm12.2": asks("pcscf", on=second, wait=1, answered=False)},
                expected=(violation("SA-07", PCSCF, "extra"), violation("SA-08", PCSCF, "extra", cause="SA-07")),
            )
            for transport in ("udp", "tcp")
        ),
        Mutation(
            name="a request of the P-CSCF before SM12 of the first registration",
            why="SA-07; there is no old set that SA-08 could name",
            story=stories.life,
            before={"sm12": asks("pcscf", on=first, wait=1, answered=False)},
            expected=(violation("SA-07", PCSCF, "extra"),),
        ),
        Mutation(
            name="a request of the P-CSCF on the new set before SM12, and answered",
            why="SA-07, SA-08; R23: the UE answers where it was asked",
            story=stories.life,
            before={"sm12.2": asks("pcscf", on=second, wait=1)},
            expected=(
                violation("SA-07", PCSCF, "extra"),
                violation("SA-08", PCSCF, "extra", cause="SA-07"),
                probable("SA-06", UE, "extra.resp", cause="SA-07"),
                probable("SA-08", UE, "extra.resp", cause="SA-06"),
            ),
        ),
        Mutation(
            name="the P-CSCF serves a request before SM12",
            why="SA-06 and SA-08 of the UE; SA-07: nor must it accept such requests. That it answers where it was "
            "asked is probable at most in SA-08 (R23)",
            story=stories.life,
            before={"sm12.2": asks("ue", on=second, wait=1)},
            expected=(
                violation("SA-06", UE, "extra"),
                violation("SA-08", UE, "extra", cause="SA-06"),
                violation("SA-07", PCSCF, "extra.resp"),
                probable("SA-08", PCSCF, "extra.resp", cause="SA-07"),
            ),
        ),
        Mutation(
            name="service during a clear registration",
            why="SA-09: on any set; the P-CSCF may serve it until SM12",
            story=stories.restarted,
            before={"sm6.2": asks("ue", on=first, wait=1)},
            expected=(violation("SA-09", UE, "extra"),),
        ),
        Mutation(
            name="service on the new set during a clear registration",
            why="SA-06 and SA-09: the set is temporary, and it is service",
            story=stories.restarted,
            before={"sm12.2": asks("ue", on=second, wait=1, answered=False)},
            expected=(violation("SA-06", UE, "extra"), violation("SA-09", UE, "extra")),
        ),
    ]


def _switch() -> list[Mutation]:
    return [
        Mutation(
            name="the UE begins a request on the old set after SM12",
            why="SA-12; the P-CSCF still has that set, since nobody has used the new one",
            story=stories.life,
            before={"options": asks("ue", on=first)},
            expected=(violation("SA-12", UE, "extra"),),
        ),
        Mutation(
            name="the UE begins a request on the old set after the switch",
            why="SA-12; LIFE-09 from the set's side; R9: that the P-CSCF still has it is probable within 64*T1",
            story=stories.life,
            before={"greeting": asks("ue", on=first)},
            expected=(
                violation("SA-12", UE, "extra"),
                violation("LIFE-09", UE, "extra", cause="SA-12"),
                probable("LIFE-13", PCSCF, "extra.resp", cause="SA-12"),
            ),
        ),
        Mutation(
            name="the UE begins a request on the old set after the switch, in the papers",
            why="SA-12, LIFE-09; V5: no cap, so LIFE-13 is sure, and SA-11 for the answer",
            story=stories.life,
            profile="sa3-29",
            scenario={"ealg": "null"},
            before={"greeting": asks("ue", on=first)},
            expected=(
                violation("SA-12", UE, "extra"),
                violation("LIFE-09", UE, "extra", cause="SA-12"),
                violation("LIFE-13", PCSCF, "extra.resp", cause="SA-12"),
                violation("SA-11", PCSCF, "extra.resp", cause="SA-12"),
            ),
        ),
        *(
            Mutation(
                name=f"the P-CSCF switches at SM12 ({transport}, {profile})",
                why="SA-13: not before a further message of the UE on the new set",
                story=stories.life,
                scenario={"transport": transport},
                profile=profile,
                change={"options": on_second},
                stop="greeting",
                expected=(violation("SA-13", PCSCF, "options"),),
            )
            for transport, profile in (("udp", "rel-17"), ("tcp", "rel-17"), ("udp", "sa3-29"))
        ),
        Mutation(
            name="the P-CSCF switches at SM12, and the life goes on",
            why="SA-13 alone",
            story=stories.life,
            change={"options": on_second},
            expected=(violation("SA-13", PCSCF, "options"),),
        ),
        Mutation(
            name="the P-CSCF stays on the old set",
            why="SA-14; LIFE-13 from the set's side; R23: the UE answers where it was asked",
            story=stories.life,
            change={"greeting": on_first},
            expected=(
                violation("SA-14", PCSCF, "greeting"),
                violation("LIFE-13", PCSCF, "greeting", cause="SA-14"),
                probable("LIFE-09", UE, "greeting.resp", cause="SA-14"),
            ),
        ),
        Mutation(
            name="the P-CSCF stays on the old set and its connection",
            why="SA-14, LIFE-13; TRN-09 for the connection",
            story=stories.life,
            scenario=TCP,
            change={"greeting": on_first},
            skip=frozenset({"greeting.resp"}),
            expected=(
                violation("SA-14", PCSCF, "greeting"),
                violation("LIFE-13", PCSCF, "greeting", cause="SA-14"),
                violation("TRN-09", PCSCF, "greeting", cause="SA-14"),
            ),
        ),
        *(
            Mutation(
                name=f"the P-CSCF asks on the old set after a clear registration ({transport})",
                why="SA-15; LIFE-11 from the set's side",
                story=stories.restarted,
                scenario={"transport": transport},
                before={"message": asks("pcscf", on=first, answered=False)},
                expected=(violation("SA-15", PCSCF, "extra"), violation("LIFE-11", PCSCF, "extra", cause="SA-15")),
            )
            for transport in ("udp", "tcp")
        ),
        Mutation(
            name="the UE uses the old set after a clear registration, and is served",
            why="SA-12; SA-15 and LIFE-11 for the answer; SA-11: it accepts what came on a dead set",
            story=stories.restarted,
            before={"message": asks("ue", on=first)},
            expected=(
                violation("SA-12", UE, "extra"),
                violation("SA-15", PCSCF, "extra.resp"),
                violation("LIFE-11", PCSCF, "extra.resp", cause="SA-15"),
                violation("SA-11", PCSCF, "extra.resp", cause="SA-12"),
            ),
        ),
    ]


MUTATIONS = [*_registration(), *_before_sm12(), *_switch()]
