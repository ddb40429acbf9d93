"""What is odd about a message: its ports, its packet, its headers; all that rules, trackers or short ways may see."""

from __future__ import annotations

import random
from typing import Any

from tests.scenario.state import Role, SaSet, Who


def oddity(habit: random.Random, rng: random.Random, who: Who, on: SaSet) -> dict[str, Any]:
    """Options of a step, one or two that a conformant sender would not need.

    The same ``habit`` gives the same oddity, with new branches and tokens out of ``rng``.
    """
    way = dict[str, Any]()
    for _ in range(habit.choice((1, 1, 2))):
        kind = habit.randrange(12)
        roles: tuple[Role, ...] = ("uc>ps", "us>pc") if who == "ue" else ("pc>us", "ps>uc")
        if kind == 0:
            way["role"] = habit.choice(roles)
        elif kind == 1:
            way["role"] = habit.choice(roles)
            if rng.random() < 0.5:  # and else with the right ports of that role
                way["sport"], way["dport"] = habit.choice((4444, on.port_us)), habit.choice((5555, on.port_ps))
        elif kind == 2:
            way["ttl"] = rng.choice((64, 63, 57, 255))
        elif kind == 3:
            way["rport"] = True
        elif kind == 4 and who == "ue":
            way["src"] = "fd00:20::99" if ":" in on.ue.address else "10.20.0.99"
        elif kind == 5:
            way["body"] = rng.randbytes(2500).hex()[: habit.choice((0, 900, 1290, 3000, 5000))].encode()
        elif kind == 6:
            way["esp"] = _packet(habit, rng, on)
        else:
            way["headers"] = {**way.get("headers", {}), **_headers(habit, rng, who, on)}
    return way


def _packet(habit: random.Random, rng: random.Random, on: SaSet) -> dict[str, Any]:
    ways: tuple[dict[str, Any], ...] = (
        {"seq": rng.choice((0, 1, 2, 7, 30, 200, 4_000_000_000))},
        {"icv": habit.choice((11, 16))},
        {} if "null" in (on.alg, on.ealg) else {"iv": bytes(16 if on.ealg == "aes-cbc" else 8)},
        {"tunnel": True},
        {"udp": 4500},
        {"esn": 1},
        {"next_header": habit.choice((1, 59, 6))},
    )
    return habit.choice(ways)


def _headers(habit: random.Random, rng: random.Random, who: Who, on: SaSet) -> dict[str, Any]:
    """Other headers than a conformant sender would write."""
    ue = on.ue
    own, mine = (f"[{each}]" if ":" in each else each for each in (ue.pcscf, ue.address))
    port = rng.choice((on.port_ps, on.port_ps, on.port_pc, 5060))
    at = rng.choice((on.port_us, on.port_us, on.port_uc, 5060)) if who == "ue" else port
    place, transport = mine if who == "ue" else own, habit.choice(("UDP", "TCP"))
    branch = f"z9hG4bK{rng.randrange(10**9)}" if habit.random() < 0.9 else "z9hG4bKsame"
    routes = (
        [f"<sip:{own}:{port};lr>"],
        [f"<sip:token{rng.randrange(20)}@{own}:{port};lr>"],
        ["<<>", f"<sip:{own}:{port};lr>"],
        [f"<sip:{own}:{on.port_ps};lr>, <sip:10.30.0.9;lr>"],
        [f"<sip:{own}:{on.port_ps};lr>", f"<sip:{own}:{port};lr>"],
        ["<sip:other.example.org;lr>"],
        [f"\r\n <sip:{own}:{port};lr>"],
    )
    route = habit.choice(routes)
    ways: tuple[dict[str, Any], ...] = (
        {"Via": f"SIP/2.0/{transport} {place}:{at};branch={branch}"},
        {"Via": f"SIP/2.0/{transport} {place};branch={branch}"},
        {"Via": f"SIP/2.0/{transport} name.example.org:{at};branch={branch};rport"},
        {"Via": f"SIP / 2.0 / {transport} {place}:{at} ;branch={branch}"},
        {"Record-Route": route},
        {"Record-Route": route},
        {"Record-Routes": "x", "Record-Route": route},
        {"record-route": route},
        {"Route": f"<sip:{own}:{port};lr>"},
        {"route": [f"<sip:{own}:{port};lr>", f"<sip:{own}:{on.port_ps};lr>"]},
        {"Route": None},
        {"Require": habit.choice((None, "sec-agree, x", "100rel"))},
        {"Security-Verify": habit.choice((None, "ipsec-3gpp;alg=x"))},
        {"Contact": f"<sip:a@{mine}:{rng.choice((on.port_us, on.port_uc))}>"},
        {"P-Preferred-Identity": habit.choice((None, "<sip:somebody@else.example.org>", f"<{ue.impus[-1]}>"))},
        {"From": f"<{ue.impus[-1]}>;tag=1"},
        {"To": "<sip:x@example.org>;tag=2"},
        {"Call-ID": habit.choice(("same@home", f"other{rng.randrange(9)}"))},
        {"CSeq": habit.choice(("1 OPTIONS", "7 MESSAGE", "x"))},
        {"Max-Forwards": "70\r\nX-Folded: a\r\n b"},
        {"X-Pad": "p" * habit.choice((300, 1200, 4000))},
        {"Content-Length": "3"},
        {"l": "3", "Content-Length": "5"},
    )
    return habit.choice(ways)
