"""Every table that grows with its input is bounded: each is driven over its limit, stays below it, and says so.

The limits are made small here, so that a few hundred packets are too many; what drives them are the attacks that
`python -m benchmarks.adversarial` measures at their full size.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from analyzer.audit.audit import Audit, Options
from analyzer.engine.engine import Engine
from analyzer.ims.subjects import Context
from analyzer.keys.keyring import Keyring
from analyzer.report.assemble import assemble
from analyzer.run import audit_frames
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from benchmarks.attacks import ATTACKS
from benchmarks.frames import Writer
from tests.scenario import Scenario

MAKE = {attack.name: attack.make for attack in ATTACKS}


class Limit(NamedTuple):
    """One named limit, and what shows that it holds."""

    module: str
    name: str
    value: int
    """What it is made for the test."""
    attack: str
    turns: int
    size: Callable[[Any], int]
    """How much the table holds, from the engine; looked at after every frame."""
    told: str = ""
    """A part of the notice; empty where nothing is lost that a verdict could need."""


def contexts(engine: Engine) -> list[Context]:
    return [context for pair in engine.tracker.directory for context in pair.contexts]


def most(sizes: Any) -> int:
    return max(sizes, default=0)


def of_sets(engine: Engine, size: Callable[[Any], int]) -> int:
    return most(size(owner) for context in contexts(engine) for owner in context.sets)


def of_bindings(engine: Engine, size: Callable[[Any], int]) -> int:
    return of_sets(engine, lambda owner: most(size(one) for one in owner.bindings))


LIMITS = [
    Limit("network.fragments", "DATAGRAMS", 9, "fragments-never-whole", 60,
          lambda e: e._reader._fragments.pending, "incomplete fragments: too many waited"),
    Limit("network.fragments", "OCTETS", 5000, "fragments-never-whole", 60,
          lambda e: e._reader._fragments._octets, "incomplete fragments: too many waited"),
    Limit("network.copies", "OCTETS", 20_000, "packets-that-look-alike", 60,
          lambda e: max(0, 20_000 - e._reader.recent._room - 1400), "packets remembered to tell copies: too many"),
    Limit("network.tcp", "CONNECTIONS", 10, "half-open-connections", 60,
          lambda e: len(e._streams.order), "TCP connection: too many at once"),
    Limit("network.tcp", "WAITING_TOTAL", 9000, "connections-with-holes", 40,
          lambda e: e._streams._octets, "TCP segments behind a hole: too many waited"),
    Limit("network.stream", "WAITING_SEGMENTS", 5, "segments-out-of-order", 60,
          lambda e: most(len(side.queue) for one in e._streams.order for side in one.sides)),
    Limit("network.stream", "WAITING_OCTETS", 4000, "segments-out-of-order", 60,
          lambda e: most(side.octets for one in e._streams.order for side in one.sides)),
    Limit("engine.lines", "LINES", 7, "messages-never-finished", 60,
          lambda e: len(e._lines.table), "unfinished SIP messages over TCP: too many at once"),
    Limit("engine.lines", "OCTETS", 9000, "messages-never-finished", 60,
          lambda e: e._lines._held, "unfinished SIP messages over TCP: too many at once"),
    Limit("sip.framing", "PIECES_LIMIT", 30, "segments-of-one-octet", 200,
          lambda e: most(len(line.framer._pieces) for line in e._lines.table.values()) - 1),
    Limit("sip.large", "OCTETS", 300_000, "folded-lines-without-end", 6,
          lambda e: e._large._held, "large SIP messages: too many"),
    Limit("ims.subjects", "PAIRS", 12, "subjects", 60,
          lambda e: len(e.tracker.directory._order), "more subjects than are remembered"),
    Limit("ims.subjects", "UNANSWERED", 12, "subjects", 60,
          lambda e: len(e.tracker.directory._order), "more subjects than are remembered"),
    Limit("ims.subjects", "CONTEXTS", 6, "contexts-of-one-ue", 40,
          lambda e: most(len(pair.contexts) for pair in e.tracker.directory), "more subjects than are remembered"),
    Limit("ims.session", "SETS", 3, "sets-of-one-ue", 20, lambda e: most(len(one.sets) for one in contexts(e))),
    Limit("ims.session", "FORGOTTEN", 4, "sets-of-one-ue", 20,
          lambda e: most(len(one.forgotten) for one in contexts(e)), "are not in the list"),
    Limit("ims.subjects", "CALLS", 9, "requests-without-answers", 40,
          lambda e: most(len(one.calls) for one in contexts(e))),
    Limit("ims.registration.answers", "CHALLENGES", 3, "challenges-of-one-ue", 20,
          lambda e: most(max(len(one.challenges), len(one.overlapped)) for one in contexts(e))),
    Limit("ims.transactions.table", "LIMIT", 11, "requests-without-answers", 60,
          lambda e: most(len(pair.transactions._table) for pair in e.tracker.directory), "SIP transactions: too many"),
    Limit("ims.transactions.table", "TOTAL", 50, "requests-of-many-without-answers", 1,
          lambda e: e.tracker.directory.census.count, "SIP transactions: too many"),
    Limit("ims.sets.ledger", "WINDOW", 16, "requests-without-answers", 60,
          lambda e: of_bindings(e, lambda one: len(one.ledger))),
    Limit("ims.sets.associations", "OPEN", 9, "requests-without-answers", 60,
          lambda e: of_sets(e, lambda owner: len(owner.open_requests)), "open transactions: too many at once"),
    Limit("ims.packets.packets", "STRAYS", 6, "odd-ports-on-one-set", 40,
          lambda e: of_sets(e, lambda owner: len(owner.strays)), "odd ports on the associations of one set"),
    Limit("ims.packets.spis", "RESERVED", 9, "reserved-spis", 40,
          lambda e: len(e.tracker.packets.spis._reserved) - 1, "announcements of reserved SPIs: too many"),
    Limit("ims.messages.handshakes", "FLOWS", 4, "handshakes-on-one-set", 40,
          lambda e: of_sets(e, lambda owner: len(owner.knocks)), "TCP handshakes without an answer: too many"),
    Limit("ims.subjects", "CALLS", 9, "emergency-calls-of-one-ue", 40,
          lambda e: most(len(pair.emergencies or ()) for pair in e.tracker.directory), "emergency calls: too many"),
    Limit("ims.registration.bindings", "BINDINGS", 9, "identities-of-one-ue", 40,
          lambda e: most(len(one.bindings) for one in contexts(e)), "registered identities: too many of one subject"),
    Limit("ims.messages.endings", "EARLY", 4, "messages-before-sm12", 40,
          lambda e: of_sets(e, lambda owner: len(owner.early)), "until it is clear what holds for them: too many"),
    Limit("ims.messages.traffic", "EARLY", 4, "messages-before-sm12", 40,
          lambda e: most(len(one.unsettled) for one in contexts(e)), "until it is clear what holds for them: too many"),
    Limit("ims.messages.switch", "EARLY", 4, "requests-on-a-set-that-the-ue-never-uses", 40,
          lambda e: most(map(len, e.tracker.traffic.switch.without_use.values())), "until it is clear what holds"),
    Limit("engine.shadows", "HELD", 6, "clear-packets-on-protected-ports", 60,
          lambda e: len(e.shadows.held), "that clear packets may be shadows of: too many"),
    Limit("engine.shadows", "SEALED", 9, "clear-packets-beside-unknown-spis", 60,
          lambda e: len(e.shadows.unread), "that clear packets may be shadows of: too many"),
    Limit("engine.shadows", "RECENT", 9, "clear-packets-on-protected-ports", 90,
          lambda e: len(e.shadows.recent), "that clear packets may be shadows of: too many"),
    Limit("ims.packets.packets", "REFUSED", 5, "packets-that-fail", 60,
          lambda e: of_bindings(e, lambda one: len(one.refused))),
    Limit("ims.packets.spis", "EARLY_SPIS", 20, "unknown-spis-of-strangers", 60,
          lambda e: len(e.tracker.packets.spis._early)),
    Limit("ims.sets.announcements", "SPIS", 30, "subjects", 40,
          lambda e: len(e.tracker.session.announced), "SPIs: the oldest was forgotten"),
    Limit("ims.sets.announcements", "ALIKE", 5, "spis-announced-again", 40,
          lambda e: most(map(len, e.tracker.session.announced.values())), "announcements of SPIs: too many of one SPI"),
    Limit("ims.messages.clear_requests", "REQUESTS", 9, "requests-in-clear", 40,
          lambda e: len(e.tracker.traffic.in_clear.waiting), "requests in clear that may be seen behind the P-CSCF"),
    Limit("ims.messages.coreleg", "CORE_REGISTERS", 10, "subjects", 40, lambda e: len(e.tracker.core._judged),
          "REGISTERs that may be seen behind the P-CSCF: too many"),
    Limit("ims.packets.trials", "LIMIT", 20, "unknown-spis-of-strangers", 40,
          lambda e: 20 - e.trials.left, "no other keys or algorithms were tried"),
    Limit("engine.sealed", "TRIED", 15, "unknown-spis", 60, lambda e: len(e._sealed._tried)),
    Limit("network.copies", "OCTETS", 20_000, "unknown-spis", 60,
          lambda e: 300 * max(map(len, (e._reader.recent._shut, e._reader.recent._shut_before)))),
    Limit("keys.cx", "CONNECTIONS", 8, "diameter-that-is-none", 60,
          lambda e: len(e.cx._parts), "parts of Diameter messages"),
    Limit("keys.cx", "PARTS", 3, "diameter-on-one-association", 60,
          lambda e: most(map(len, e.cx._parts.values())), "parts of Diameter messages"),
    Limit("keys.keyring", "MAX_LEARNED", 10, "keys-that-leak", 40,
          lambda e: len(e.tracker.session.keyring._learned), "keys from challenges and Diameter answers"),
]  # fmt: skip


def driven(attack: str, count: int, folder: Path, look: Callable[[Engine], None]) -> list[str]:
    """Play an attack, looking at the engine after every frame; returns the notices of the report."""
    capture = folder / "attack.pcap"
    with capture.open("wb") as file:
        text = MAKE[attack](Writer(file), count)
    keyring = Keyring()
    if text:
        keyring.add_text(text, "keys")
    triage = Triage()
    running = Audit(Options(rules=()), keyring, triage.watch)
    source = Captures([str(capture)], triage)
    for frame in source:
        running.engine.receive(frame)
        look(running.engine)
    outcome = running.finish()
    look(running.engine)
    return list(assemble(outcome, running.engine, Options().profile, []).notices)


@pytest.mark.parametrize("limit", LIMITS, ids=[f"{limit.module}.{limit.name}" for limit in LIMITS])
def test_a_table_keeps_to_its_limit_and_says_what_it_forgot(
    limit: Limit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module(f"analyzer.{limit.module}")
    usual = getattr(module, limit.name)
    assert usual > limit.value
    for name, each in list(sys.modules.items()):  # also where it was imported
        if name.startswith("analyzer.") and getattr(each, limit.name, None) is usual:
            monkeypatch.setattr(each, limit.name, limit.value)
    sizes: list[int] = []
    notices = driven(limit.attack, limit.turns, tmp_path, lambda engine: sizes.append(limit.size(engine)))
    assert max(sizes) <= limit.value
    assert max(sizes) > limit.value // 3, "the attack never came near the limit"
    if limit.told:
        assert any(limit.told in notice for notice in notices), notices


def test_ports_of_a_nat_are_bounded_and_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.ims.packets.encapsulation.PORTS", 3)
    s = Scenario(mod="UDP-enc-tun", vantage="pcscf")
    s.ues[0].nat = "192.0.2.7"
    first = s.register()
    for port in range(34567, 34573):
        s.request("ue", "MESSAGE", on=first, esp={"udp": port})
    report = audit_frames(s.frames(), keys_text=s.keys_toml())
    assert [each for each in report.notices if "ports of the NAT before a UE: too many" in each]
