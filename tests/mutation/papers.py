"""The same mutations under the papers of 2003: what profile ``sa3-29`` says otherwise than ``rel-17``, and why.

Where a mutation is not named here, the papers have the same findings, as far as their rows are in force there (R17).
"""

from __future__ import annotations

from .edits import PCSCF, UE
from .model import Expected, probable, violation, warning

DIFFERENT: dict[str, tuple[str, tuple[Expected, ...]]] = {
    "sm1 has prot=ah": ("R17: RFC 3329 knows ah", ()),
    "sm1 has mod=tun": ("R17: RFC 3329 knows tun", ()),
    "port-c and port-s of the UE are equal": ("V19: 'in general different'", (warning("PORT-05", UE, "sm1"),)),
    "port-c of the UE is 5061": ("V19", (warning("PORT-05", UE, "sm1"),)),
    "port-c of the P-CSCF is 5060": ("V19", (warning("PORT-05", PCSCF, "sm6"),)),
    "the Via of a request over TCP names 5060": ("V18: the papers speak of UDP", ()),
    "a request of the P-CSCF before SM12 of the first registration": (
        "V4, R34: its own request may be pending still, so that nothing says when it may leave the old set",
        (violation("SA-07", PCSCF, "extra"), probable("SA-13", PCSCF, "greeting")),
    ),
    "the UE begins a request on the old set after the switch": (
        "V5: no cap, so the P-CSCF has no such set any more once nothing is pending",
        (
            violation("SA-12", UE, "extra"),
            violation("LIFE-09", UE, "extra", cause="SA-12"),
            violation("LIFE-13", PCSCF, "extra.resp", cause="SA-12"),
            violation("SA-11", PCSCF, "extra.resp", cause="SA-12"),
        ),
    ),
    "the P-CSCF stays on the old set": (
        "R34: the UE's answer there is right",
        (violation("SA-14", PCSCF, "greeting"), violation("LIFE-13", PCSCF, "greeting", cause="SA-14")),
    ),
    "the UE answers on the new set over UDP": ("V3: shall", (violation("SA-16", UE, "options.resp"),)),
    "SM7 of a re-registration is refused on the new set (rel-17)": ("R19", (violation("SA-18", PCSCF, "sm12.2"),)),
    "sm7 comes after four minutes and is accepted": ("R36: the papers give no number", ()),
    "sm7.2 comes after four minutes and is accepted": ("R36", ()),
    "the P-CSCF drops the set at its first deadline": (
        "V6: that deadline was half a minute earlier, and was over when the set was last served (FP26)",
        (probable("LIFE-08", PCSCF, "one"),),
    ),
    "a new request on the old connection": (
        "R34: a request of the UE there has no answer, so something may be pending",
        (
            violation("SA-12", UE, "extra"),
            violation("TRN-09", UE, "extra", cause="SA-12"),
            probable("SA-13", PCSCF, "greeting"),
        ),
    ),
    "a repetition on the new set": (
        "R35: V2 and TRN-10 disagree on a repeated request; R34: it has no answer, so something may be pending",
        (probable("TRN-10", UE, "again"), probable("SA-13", PCSCF, "greeting")),
    ),
    "a request eight seconds after the deadline": (
        "V6: the 30 s are of later releases",
        (
            violation("LIFE-06", UE, "message"),
            violation("LIFE-07", PCSCF, "message.resp"),
            violation("SA-11", PCSCF, "message.resp", cause="LIFE-06"),
        ),
    ),
    "subscribe.resp is not in the capture": (
        "R34, FP4: whether something is pending is not known",
        (probable("SA-13", PCSCF, "greeting"),),
    ),
    "options.resp is not in the capture": ("R34, FP4", (probable("SA-13", PCSCF, "greeting"),)),
}
