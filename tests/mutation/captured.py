"""What places, networks and cards do to a capture, and what is no SIP: none of it a fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scapy.layers.inet import Ether
from scapy.layers.l2 import Dot1Q

from tests.scenario import taps
from tests.scenario.state import Who

from . import stories
from .edits import GCM, GMAC, MD5_NULL, SHA_3DES, SHA_NULL, TCP, UE, harmless
from .model import Act, Mutated, Mutation, probable


def capture() -> list[Mutation]:
    def duplicated(delay: float, *labels: str) -> Act:
        def act(s: Mutated) -> None:
            for label in labels or tuple(dict.fromkeys(record.label for record in s.records)):
                s.duplicate(label, delay)

        return act

    made = [
        harmless("every frame twice, half a millisecond later", "FP5", tap=duplicated(0.0005)),
        harmless("SM7 twice, a tenth of a second later", "FP5", tap=duplicated(0.1, "sm7")),
        harmless("every frame twice over TCP", "FP5", scenario=TCP, tap=duplicated(0.0005)),
        harmless("a copy of each frame in GTP-U", "FP5", scenario={"copies": "gtp"}),
        harmless("a copy of each frame in GTP-U over TCP", "FP5", scenario={"copies": "gtp", "transport": "tcp"}),
        harmless("both taps in one capture", "FP5, FP13", tap=lambda s: taps.both_vantages(s, delay=0.02)),
        harmless("decrypted copies beside the ESP packets", "FP5, CLR-06", tap=lambda s: taps.decrypted(s)),
        harmless("the clock is set back by a second", "FP14", tap=lambda s: taps.step(s, "options", -1.0)),
        harmless("the clock is put forward by an hour", "FP14", tap=lambda s: taps.step(s, "dereg", 3600.0)),
        harmless("VLAN tags", "below IP nothing matters", tap=tagged),
        harmless("checksums left to the card", "offload", tap=lambda s: taps.offload(s, "ue")),
        harmless("messages that cross", "FP2, FP13", tap=lambda s: s.swap("options.resp", "message")),
        harmless(
            "ESP packets in another order", "ESP-02: network reordering", tap=lambda s: s.swap("call.ack", "sm1.2")
        ),
        harmless(
            "everything in fragments",
            "FP23",
            tap=lambda s: [s.fragment(label, 400) for label in ("sm1", "sm6", "sm7", "sm12", "call", "call.200")],
        ),
    ]
    made += [
        harmless(f"the capture begins with {label}", "FP3", tap=lambda s, n=label: s.start_at(n), blind=True)
        for label in ("subscribe", "call", "message")
    ]
    made += [
        harmless(f"{label} is not in the capture", "FP4", tap=lambda s, n=label: s.lose(n), blind=label == "sm1")
        for label in ("sm1", "subscribe.resp", "call", "call.ack", "options", "options.resp", "message.resp")
    ]
    made.append(
        harmless(
            "sm12 is not in the capture",
            "SA-06, SA-09, FP4: the request after it looks as if it came too early",
            tap=lambda s: s.lose("sm12"),
            expected=(probable("SA-06", UE, "subscribe"), probable("SA-09", UE, "subscribe")),
        )
    )
    sides: tuple[Who, ...] = ("ue", "pcscf")
    made += [harmless(f"only what the {who} sent", "FP4", tap=lambda s, w=who: s.only(w), blind=True) for who in sides]
    return made


def tagged(s: Mutated) -> None:
    for number, record in enumerate(s.records):
        frame = Ether(record.data)
        made = bytes(Ether(src=frame.src, dst=frame.dst) / Dot1Q(vlan=7, type=frame.type)) + bytes(frame.payload)
        s.records[number] = replace(record, data=made, length=len(made))


def variants() -> list[Mutation]:
    def of(alg: str, ealg: str) -> dict[str, Any]:
        return {"alg": alg, "ealg": ealg}

    made = [
        harmless(
            f"{alg} and {ealg} under {profile}",
            "CRY-01 to CRY-04: the lists of the release",
            scenario=of(alg, ealg),
            profile=profile,
        )
        for (alg, ealg), profile in (
            (GCM, "rel-17"),
            (GMAC, "rel-17"),
            (SHA_NULL, "rel-17"),
            (MD5_NULL, "rel-11"),
            (SHA_3DES, "rel-6"),
            (SHA_NULL, "sa3-29"),
            (MD5_NULL, "sa3-29"),
        )
    ]
    made += [
        harmless(
            f"{vantage} over {transport}, round trip {rtt} s",
            "FP2, FP13",
            scenario={"vantage": vantage, "transport": transport, "rtt": rtt},
        )
        for vantage, transport, rtt in (
            ("middle", "udp", 0.6),
            ("pcscf", "udp", 1.9),
            ("pcscf", "tcp", 0.6),
            ("ue", "tcp", 0.002),
        )
    ]
    made += [
        harmless("IPv6", "the addresses do not matter", scenario={"ipv6": True}),
        harmless("IPv6 over TCP", "the addresses do not matter", scenario={"ipv6": True, "transport": "tcp"}),
        harmless(
            "longer padding than needed",
            "ESP-06: up to 255 octets are legal",
            scenario=of(*SHA_NULL),
            padding={"message": lambda needed: bytes(range(1, 1 + needed + 64))},
        ),
        harmless(
            "a jump of sequence numbers", "ESP-02: a cluster takes over (+n)", change={"message": {"esp": {"seq": 500}}}
        ),
        harmless(
            "a NAT gives another port",
            "FP12: rebinding; the P-CSCF learns it from the UE",
            scenario={"mod": "UDP-enc-tun"},
            change={
                name: {"esp": {"udp": 61001}}
                for name in (
                    "message",
                    "greeting",
                    "greeting.resp",
                    "call.bye",
                    "call.bye.resp",
                    "dereg",
                    "dereg.200",
                    "message.resp",
                )
            },
        ),
        harmless("UDP encapsulation behind a NAT", "FP12", story=behind_nat, scenario={"mod": "UDP-enc-tun"}),
    ]
    return made


def behind_nat(s: Mutated) -> None:
    s.ues[0].nat = "192.0.2.7"
    stories.life(s)


def noise() -> list[Mutation]:
    def sends(octets: bytes) -> Act:
        return lambda s: s.send("ue", octets, on=s.sets[-1], label="noise")

    made = [
        harmless(f"{what} in ESP", "FP19, FP22", before={"greeting": sends(octets)})
        for what, octets in (
            ("a keep-alive", b"\r\n\r\n"),
            ("STUN", bytes.fromhex("000100002112a442") + bytes(12)),
            ("compressed SIP", b"\xf8\xe1" + bytes(range(200))),
        )
    ]
    made += [
        harmless(
            "ping and pong over TCP",
            "FP19",
            scenario=TCP,
            before={
                "greeting": lambda s: (
                    s.send("ue", b"\r\n\r\n", on=s.second, label="ping"),
                    s.send("pcscf", b"\r\n", on=s.second, role="ps>uc", label="pong"),
                )
            },
        ),
        harmless(
            "a RST in ESP after the end",
            "FP19, TRN-05: nothing is open",
            scenario=TCP,
            after={"dereg.200": lambda s: s.rst("ue", on=s.second, role="uc>ps")},
        ),
        harmless(
            "an idle connection is closed",
            "TRN-05: no open transaction",
            scenario=TCP,
            before={"sm1.2": lambda s: s.fin("ue", on=s.first, role="uc>ps")},
        ),
        harmless(
            "the old connection is closed after the switch",
            "TRN-05: no open transaction; R24",
            scenario=TCP,
            before={"dereg": lambda s: s.fin("ue", on=s.first, role="uc>ps")},
        ),
        harmless(
            "a request of the P-CSCF on the UE's connection",
            "FP30, R27",
            scenario=TCP,
            change={"greeting": {"role": "ps>uc"}, "greeting.resp": {"role": "uc>ps"}},
        ),
        harmless(
            "ICMP about a protected packet",
            "R25: quoted in an error",
            before={"greeting": lambda s: s.packet("pcscf", 1, b"\x03\x03" + bytes(6) + b"E" + bytes(27))},
        ),
        harmless(
            "ESP of another service before the registration",
            "FP3, ESP-01",
            before={"sm1": lambda s: s.packet("ue", 50, bytes.fromhex("0badcafe00000001") + bytes(64))},
        ),
    ]
    return made


MUTATIONS = [*capture(), *variants(), *noise()]
