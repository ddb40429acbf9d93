"""Mutations of the packet layer (ESP)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from tests.scenario.reading import packet
from tests.scenario.state import Who

from . import stories
from .edits import GCM, GMAC, PCSCF, SHA_NULL, UE
from .model import Act, Change, Mutated, Mutation, probable, violation, warning

NAT = {"mod": "UDP-enc-tun"}


def esp(**options: Any) -> dict[str, Any]:
    return {"esp": options}


def pair(alg: str, ealg: str) -> dict[str, str]:
    return {"alg": alg, "ealg": ealg}


def every(who: Who, options: Callable[[int], Change]) -> dict[str, Change]:
    """A change to each message of a side in the story ``talk``."""
    labels = ["sm7", "req", *(f"req.{n}" for n in range(2, 10))]
    if who == "pcscf":
        labels = ["sm12", "resp", *(f"resp.{n}" for n in range(2, 10))]
    return {label: options(number) for number, label in enumerate(labels)}


def always(**options: Any) -> Callable[[int], Change]:
    return lambda number: esp(**options)


def under(name: str) -> Change:
    """Under another SPI of the set, as its first packet."""
    return lambda s: esp(spi=getattr(s.first, name), seq=1)


def corrupted(label: str) -> Act:
    return lambda s: s.corrupt(label)


def _numbers() -> list[Mutation]:
    return [
        *(
            Mutation(
                name=f"an SPI that the {actor} itself announced",
                why="ESP-01: of the other direction",
                story=stories.short,
                change={label: under(name)},
                stop=label,
                expected=(violation("ESP-01", actor, label),),
            )
            for label, actor, name in (("message", UE, "spi_us"), ("options", PCSCF, "spi_ps"))
        ),
        Mutation(
            name="an SPI that nobody announced",
            why="ESP-01; FP9, FP10: another registration, or another service",
            story=stories.life,
            change={"message": esp(spi=0x12345678, seq=1)},
            stop="message",
            expected=(probable("ESP-01", UE, "message"),),
        ),
        Mutation(
            name="the SPIs of the set's two pairs are swapped",
            why="PORT-07: known SPI, other ports (V22); the number is one that the other association has not had",
            story=stories.life,
            change={"message": lambda s: esp(spi=s.second.spi_pc, seq=1)},
            stop="message",
            expected=(violation("PORT-07", UE, "message"),),
        ),
        Mutation(
            name="the SPI of the old set with the keys of the new one",
            why="ESP-04: the ICV is not that of the SPI's association",
            story=stories.life,
            change={"message": lambda s: esp(spi=s.first.spi_ps, seq=50)},
            skip=frozenset({"message.resp"}),
            stop="message",
            expected=(probable("ESP-04", UE, "message"),),
        ),
        Mutation(
            name="a reserved SPI is announced and used",
            why="ESP-01: 1 to 255 are reserved; for the grammar (NEG-21) the value is in range",
            story=stories.short,
            change={"sm1": {"client": {"spi_s": 200}}},
            expected=(violation("ESP-01", UE, "sm1"),),
        ),
        Mutation(
            name="the UE uses a number twice",
            why="ESP-02",
            story=stories.life,
            change={"subscribe": esp(seq=1)},
            expected=(violation("ESP-02", UE, "subscribe"),),
        ),
        Mutation(
            name="the P-CSCF uses a number twice over TCP",
            why="ESP-02",
            story=stories.short,
            scenario={"transport": "tcp"},
            change={"message.resp": esp(seq=1)},
            expected=(violation("ESP-02", PCSCF, "message.resp"),),
        ),
        Mutation(
            name="sequence number 0",
            why="ESP-02: the first packet is 1",
            story=stories.short,
            change={"sm7": esp(seq=0)},
            expected=(violation("ESP-02", UE, "sm7"),),
        ),
        Mutation(
            name="the UE counts from the beginning again",
            why="ESP-02: each of them",
            story=stories.talk,
            change={f"req.{n}": esp(seq=n - 3) for n in (5, 6, 7)},
            stop="resp.7",
            expected=(violation("ESP-02", UE, "req.5", count=3),),
        ),
        Mutation(
            name="a replayed request is answered once more",
            why="ESP-03: a second reaction with a new number that no SIP repetition explains",
            story=stories.short,
            after={"options.resp": lambda s: s.wait(10)},
            before={"options": _replayed},
            expected=(violation("ESP-03", PCSCF, "message.dup"),),
        ),
    ]


def _replayed(s: Mutated) -> None:
    s.wait(3)
    s.duplicate("message", 2.5)
    s.again("message.resp", label="twice")
    s.request("ue", "MESSAGE", on=s.first, label="more")


def _integrity() -> list[Mutation]:
    made = [
        Mutation(
            name=f"one packet of the {actor} does not verify ({alg}, {ealg})",
            why="ESP-04: its neighbours do",
            story=stories.life,
            scenario=pair(alg, ealg),
            tap=corrupted(label),
            expected=(violation("ESP-04", actor, label),),
        )
        for label, actor, alg, ealg in (
            ("subscribe", UE, "hmac-sha-1-96", "aes-cbc"),
            ("notify", PCSCF, "hmac-sha-1-96", "aes-cbc"),
            ("subscribe", UE, *GCM),
            ("subscribe", UE, *GMAC),
            ("call", UE, *SHA_NULL),
        )
    ]
    made += [
        Mutation(
            name=f"ICVs of {icv} octets ({alg}, {ealg})",
            why="ESP-05; once for an association",
            story=stories.talk,
            scenario=pair(alg, ealg),
            change=every("ue", always(icv=icv)),
            expected=(violation("ESP-05", UE, "sm7"),),
        )
        for icv, alg, ealg in ((20, "hmac-sha-1-96", "aes-cbc"), (8, *GCM), (20, *SHA_NULL))
    ]
    made += [
        Mutation(
            name="a trailer that does not end on four octets",
            why="ESP-06",
            story=stories.short,
            scenario=pair(*SHA_NULL),
            padding={"message": lambda needed: bytes(range(1, needed + 2))},
            expected=(violation("ESP-06", UE, "message"),),
        ),
        Mutation(
            name="zeros for padding",
            why="ESP-06: 1, 2, 3 ...",
            story=stories.short,
            scenario=pair(*SHA_NULL),
            padding={"message": lambda needed: bytes(needed + 4)},
            expected=(violation("ESP-06", UE, "message"),),
        ),
        *(
            Mutation(
                name=f"next header {header}",
                why="ESP-07: TCP or UDP, and no dummy packets",
                story=stories.short,
                change={"message": esp(next_header=header)},
                skip=frozenset({"message.resp"}),
                expected=(violation("ESP-07", UE, "message"),),
            )
            for header in (59, 50, 47)
        ),
        *(
            Mutation(
                name=f"a constant IV ({alg}, {ealg})",
                why="ESP-08: told at its second use",
                story=stories.talk,
                scenario=pair(alg, ealg),
                profile=profile,
                change=every("ue", always(iv=b"\x5a" * size)),
                expected=(violation("ESP-08", UE, "req"),),
            )
            for alg, ealg, size, profile in (
                ("hmac-sha-1-96", "aes-cbc", 16, "rel-17"),
                ("hmac-sha-1-96", "des-ede3-cbc", 8, "rel-6"),
            )
        ),
        Mutation(
            name="the P-CSCF counts its IVs up",
            why="ESP-08: told after eight packets",
            story=stories.talk,
            change=every("pcscf", lambda n: esp(iv=(1000 + n).to_bytes(16, "big"))),
            expected=(violation("ESP-08", PCSCF, "resp.7"),),
        ),
        *(
            Mutation(
                name=f"a nonce twice ({alg}, {ealg})",
                why="ESP-09",
                story=stories.talk,
                scenario=pair(alg, ealg),
                change={"req.2": esp(iv=bytes(8)), "req.4": esp(iv=bytes(8))},
                expected=(violation("ESP-09", UE, "req.4"),),
            )
            for alg, ealg in (GCM, GMAC)
        ),
        Mutation(
            name="counters of both sides collide",
            why="ESP-09: the four associations have one key; the second sender completes it",
            story=stories.short,
            scenario=pair(*GCM),
            change={"sm7": esp(iv=struct.pack(">Q", 1)), "sm12": esp(iv=struct.pack(">Q", 1))},
            expected=(violation("ESP-09", PCSCF, "sm12"),),
        ),
    ]
    return made


def _form() -> list[Mutation]:
    swapped = {
        label: (lambda s: esp(ck=s.first.vector.ik, ik=s.first.vector.ck))
        for label in ("sm7", "message", "options.resp")
    }
    return [
        Mutation(
            name="tunnel mode without agreement",
            why="ESP-10: each packet",
            story=stories.short,
            change={label: esp(tunnel=True) for label in ("sm7", "message", "options.resp")},
            expected=(violation("ESP-10", UE, "sm7", count=3),),
        ),
        Mutation(
            name="ESP in UDP without agreement",
            why="ESP-10",
            story=stories.short,
            change={label: esp(udp=4500) for label in ("sm7", "message", "options.resp")},
            expected=(violation("ESP-10", UE, "sm7", count=3),),
        ),
        Mutation(
            name="downlink to a port from which the UE never sent",
            why="ESP-11: port_Uenc is learnt from the UE's packets",
            story=stories.short,
            scenario=NAT,
            change={"options": esp(udp=7777)},
            skip=frozenset({"options.resp"}),
            expected=(violation("ESP-11", PCSCF, "options"),),
        ),
        Mutation(
            name="a marker as if it were IKE",
            why="ESP-11: no non-ESP marker before the SPI",
            story=stories.short,
            scenario=NAT,
            change={"message": esp(udp=4500, marker=True)},
            skip=frozenset({"message.resp"}),
            expected=(violation("ESP-11", UE, "message"),),
        ),
        Mutation(
            name="SIP in the plain although encryption was agreed",
            why="ESP-12; NEG-16: a pair that neither side announced; CRY-06: a weaker one",
            story=stories.short,
            change={label: esp(ealg="null") for label in ("sm7", "message", "options.resp")},
            expected=(violation("ESP-12", UE, "sm7"), violation("NEG-16", UE, "sm7"), warning("CRY-06", UE, "sm7")),
        ),
        Mutation(
            name="encryption although none was agreed",
            why="ESP-12",
            story=stories.short,
            scenario=pair(*SHA_NULL),
            change={label: esp(ealg="aes-cbc") for label in ("sm12", "message.resp", "options")},
            expected=(violation("ESP-12", PCSCF, "sm12"),),
        ),
        Mutation(
            name="extended sequence numbers under the ICV",
            why="ESP-13: nobody can have agreed to them",
            story=stories.short,
            change={label: esp(esn=0) for label in ("sm7", "message", "options.resp")},
            expected=(violation("ESP-13", UE, "sm7"),),
        ),
        Mutation(
            name="AH around the ESP of a set",
            why="ESP-13",
            story=stories.short,
            after={"message": _ah},
            skip=frozenset({"message.resp"}),
            stop="message",
            expected=(violation("ESP-13", UE, "ah"),),
        ),
        Mutation(
            name="CK and IK are swapped by the UE",
            why="ESP-14; CRY-07: so the two directions have different keys, and the UE's are the wrong ones",
            story=stories.short,
            keys=Mutated.subscriber_toml,
            change=swapped,
            expected=(violation("ESP-14", UE, "sm7"), violation("CRY-07", UE, "sm12", cause="ESP-14")),
        ),
        Mutation(
            name="K3 of 3DES is zero",
            why="ESP-14, the interop trap of the catalogue; CRY-07: the two directions have different keys",
            story=stories.short,
            scenario=pair("hmac-sha-1-96", "des-ede3-cbc"),
            profile="rel-6",
            keys=Mutated.subscriber_toml,
            change={
                label: (lambda s: esp(enc_key=s.first.vector.ck + bytes(8)))
                for label in ("sm12", "message.resp", "options")
            },
            expected=(violation("ESP-14", PCSCF, "sm12"), violation("CRY-07", PCSCF, "sm12", cause="ESP-14")),
        ),
    ]


def _ah(s: Mutated) -> None:
    inner = bytes(packet(s, "message").payload)
    s.lose("message")
    s.packet("ue", 51, struct.pack(">BBHII12s", 50, 4, 0, 0x1234, 1, bytes(12)) + inner, label="ah")


MUTATIONS = [*_numbers(), *_integrity(), *_form()]
