"""The engine: frames in, events out in their order; keys from wherever they come; memory and work that stay bounded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from analyzer.engine.engine import Engine
from analyzer.frame import Frame
from analyzer.ims import events, subjects
from analyzer.ims.events import KeyMissing, Notice, Role, SequenceRepeated
from analyzer.ims.sets import announcements
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from tests.ims.story import engine, told
from tests.ims.traffic import registers
from tests.scenario import Scenario, audited
from tests.scenario.aka import cipher_key, integrity_key
from tests.scenario.reading import ROLES, whole
from tests.scenario.state import SaSet

TRANSPORTS = ("udp", "tcp")
FOLLOWED = (
    events.ClearMessageSent,
    events.RegistrationStarted,
    events.ChallengeSent,
    events.ChallengeAnswered,
    events.RegistrationSucceeded,
    events.AuthenticationOnly,
    events.FreshRequest,
    events.RequestSent,
    events.ResponseSent,
    events.Deregistered,
    events.SetRetired,
)


def lines(s: Scenario) -> list[str]:
    """The followed events, message by message: ``label: Event Event``."""
    found: dict[str, list[str]] = {}
    for event in told(s):
        if isinstance(event, FOLLOWED):
            found.setdefault(s.label_of(event.at.number), []).append(type(event).__name__)
    return [f"{label}: {' '.join(names)}" for label, names in found.items()]


# --- frames in, events out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_events_of_a_registration_and_a_request(transport: str, ipv6: bool) -> None:
    s = Scenario(transport=transport, ipv6=ipv6)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.deregister(on=first)
    assert lines(s) == [
        "sm1: ClearMessageSent RegistrationStarted",
        "sm6: ClearMessageSent ChallengeSent",
        "sm7: RequestSent ChallengeAnswered",
        "sm12: ResponseSent RegistrationSucceeded AuthenticationOnly AuthenticationOnly",
        "req: RequestSent",
        "resp: ResponseSent",
        "dereg: RequestSent RegistrationStarted",
        "dereg.200: ResponseSent Deregistered SetRetired",
    ]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_packet_of_a_set_is_verified_and_every_message_read(transport: str) -> None:
    s = Scenario(transport=transport)
    whole(s)
    made, found = engine(s)
    protected = sum(1 for sa_set in s.sets for sent in sa_set.sent.values() for _ in range(sent))
    assert made.tracker.packets.verified_count == protected
    assert sum(isinstance(event, events.PacketVerified) for event in found) == protected
    assert (made.tracker.packets.bad_icv, made.tracker.packets.no_key, made.malformed) == (0, 0, 0)
    assert made.tracker.clear_messages == 2
    assert made.tracker.protected_messages == len(s.sent) - 2


def test_events_come_at_their_frame_and_in_its_order() -> None:
    s = Scenario()
    whole(s)
    ring = Keyring()
    ring.add_text(s.keys_toml(), "keys")
    now = 0
    seen: list[tuple[int, int]] = []
    running = Engine(PROFILES["rel-17"], ring, lambda event: seen.append((now, event.at.number)))  # type: ignore[attr-defined]
    for frame in s.frames():
        now = frame.number
        running.receive(frame)
    assert all(reported >= happened for reported, happened in seen)
    assert [reported for reported, _ in seen] == sorted(reported for reported, _ in seen)


@pytest.mark.parametrize("copies", [None, "gtp"])
def test_copies_make_no_events(copies: str | None) -> None:
    plain, doubled = Scenario(), Scenario(copies=copies)
    for s in (plain, doubled):
        whole(s)
    assert [type(event) for event in told(plain)] == [type(event) for event in told(doubled)]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_spis_used_again_with_other_keys(transport: str) -> None:
    """After a deregistration a P-CSCF may hand out the same SPIs and ports; the keys tell the sets apart (R29)."""
    s = Scenario(transport=transport)
    first = s.register()
    s.deregister(on=first)
    s.wait(5)
    second = s.register(
        sm1={"client": {"spi_c": first.spi_uc, "spi_s": first.spi_us, "port_c": first.port_uc}},
        sm6={"server": {"spi_c": first.spi_pc, "spi_s": first.spi_ps, "port_c": first.port_pc}},
    )
    s.request("ue", "MESSAGE", on=second)
    s.request("pcscf", "MESSAGE", on=second)
    made, found = engine(s)
    assert made.tracker.packets.bad_icv == made.tracker.packets.no_key == made.tracker.packets.replayed == 0
    assert not [event for event in found if isinstance(event, SequenceRepeated)]
    used = {event.terms.generation for event in found if isinstance(event, events.PacketVerified)}
    assert used == {1, 2}
    requests = [event.request for event in found if isinstance(event, events.RequestSent)]
    assert [each.protection.generation for each in requests[-2:] if each.protection] == [2, 2]


# --- where keys come from -------------------------------------------------------------------------------------------


def toml(owner: SaSet) -> str:
    """``[[sa]]`` entries."""
    parts = []
    for role in ROLES:
        source, target = (owner.ue.address, owner.ue.pcscf)[:: 1 if role in ("uc>ps", "us>pc") else -1]
        parts.append(
            f'[[sa]]\nsrc = "{source}"\ndst = "{target}"\nspi = {owner.selector(role)[2]}\nalg = "{owner.alg}"\n'
            f'auth_key = "{integrity_key(owner.alg, owner.vector.ck, owner.vector.ik).hex()}"\nealg = "{owner.ealg}"\n'
            f'enc_key = "{cipher_key(owner.ealg, owner.vector.ck, owner.vector.ik).hex()}"\n'
        )
    return "\n".join(parts)


def wireshark(owner: SaSet) -> str:
    """Lines of an ``esp_sa`` file."""
    ck, ik = owner.vector.ck, owner.vector.ik
    keys = f'"AES-CBC [RFC3602]","0x{cipher_key(owner.ealg, ck, ik).hex()}"'
    keys += f',"HMAC-SHA-1-96 [RFC2404]","0x{integrity_key(owner.alg, ck, ik).hex()}"'
    return "".join(f'"IPv4","*","*","0x{owner.selector(role)[2]:08x}",{keys}\n' for role in ROLES)


def xfrm(owner: SaSet) -> str:
    """What ``ip xfrm state`` prints."""
    ck, ik = owner.vector.ck, owner.vector.ik
    parts = []
    for role in ROLES:
        source, target = (owner.ue.address, owner.ue.pcscf)[:: 1 if role in ("uc>ps", "us>pc") else -1]
        sport, dport, spi = owner.selector(role)
        parts.append(
            f"src {source} dst {target}\n\tproto esp spi 0x{spi:08x} reqid 1 mode transport\n\treplay-window 32\n"
            f"\tauth-trunc hmac(sha1) 0x{integrity_key(owner.alg, ck, ik).hex()} 96\n"
            f"\tenc cbc(aes) 0x{cipher_key(owner.ealg, ck, ik).hex()}\n"
            f"\tsel src {source}/32 dst {target}/32 sport {sport} dport {dport}\n"
        )
    return "".join(parts)


@pytest.mark.parametrize("written", [toml, wireshark, xfrm])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_explicit_associations_open_a_registration(transport: str, written: Callable[[SaSet], str]) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    made, found = engine(s, keys=written(first) + written(second))
    assert made.tracker.packets.no_key == made.tracker.packets.bad_icv == 0
    succeeded = [s.label_of(e.at.number) for e in found if isinstance(e, events.RegistrationSucceeded)]
    assert succeeded == ["sm12", "sm12.2"]


def test_a_test_sim_opens_a_registration() -> None:
    s = Scenario()
    s.register()
    made, _ = engine(s, keys=s.subscriber_toml())
    assert made.tracker.packets.verified_count == 2


def test_the_core_leg_gives_the_keys() -> None:
    s = Scenario()
    first = s.register(core=True)
    s.request("ue", "MESSAGE", on=first)
    made, found = engine(s, keys="")
    assert made.tracker.packets.verified_count == 4
    assert made.tracker.core.messages == 4
    assert not [event for event in found if isinstance(event, KeyMissing)]


def test_keys_that_leak_on_gm_are_used_too() -> None:
    s = Scenario()
    s.register(sm6={"leak": True})
    made, _ = engine(s, keys="")
    assert made.tracker.packets.verified_count == 2


def test_a_set_is_opened_by_the_one_pair_of_algorithms_that_is_used() -> None:
    offers = [("hmac-md5-96", "null"), ("hmac-sha-1-96", "aes-cbc"), ("hmac-md5-96", "des-ede3-cbc")]
    s = Scenario()
    s.register(sm1={"offers": offers}, sm6={"offers": offers, "use": offers[2]})
    made, _ = engine(s)
    (pair,) = made.tracker.directory
    (owner,) = pair.contexts[0].sets
    assert (owner.alg, owner.ealg, owner.keyed) == ("hmac-md5-96", "des-ede3-cbc", True)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_without_a_key_rules_are_inconclusive_and_nobody_is_accused(transport: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    made, found = engine(s, keys="")
    (missing,) = [event for event in found if isinstance(event, KeyMissing)]
    assert missing.packets == made.tracker.packets.no_key == sum(first.sent.values())
    assert set(missing.spis) <= {first.selector(role)[2] for role in ROLES}
    report = audited(s, keys="")
    verdicts = {finding.verdict for finding in report.findings}
    assert verdicts == {"inconclusive"}
    assert report.verdict == "inconclusive"
    tallies = {tally.id: tally for tally in report.rules}
    assert tallies["SA-04"].inconclusive and not tallies["SA-04"].passed
    assert tallies["AUTH-05"].passed, "what is in clear is judged all the same"


def test_a_wrong_key_is_no_key() -> None:
    s = Scenario()
    first = s.register()
    wrong = '[[aka]]\nck = "00112233445566778899aabbccddeeff"\nik = "ffeeddccbbaa99887766554433221100"\n'
    made, found = engine(s, keys=wrong)
    assert made.tracker.packets.no_key == sum(first.sent.values())
    assert [event.packets for event in found if isinstance(event, KeyMissing)] == [2]
    assert {finding.verdict for finding in audited(s, keys=wrong).findings} == {"inconclusive"}


# --- bounds ---------------------------------------------------------------------------------------------------------

COUNT = 20_000
"""Clear REGISTERs, each with a Call-ID, nonce and contact of its own."""


def sizes(made: Engine) -> dict[str, int]:
    """How full the tables are."""
    pairs = list(made.tracker.directory)
    contexts = [context for pair in pairs for context in pair.contexts]
    return {
        "pairs": len(pairs),
        "contexts": len(contexts),
        "sets": sum(len(context.sets) for context in contexts),
        "ports": sum(len(pair.guarded) for pair in pairs),
        "transactions": sum(len(pair.transactions._table) for pair in pairs),
        "spis": len(made.tracker.session.announced),
        "associations": len(made.tracker.session.database),
    }


def calls(work: Callable[[], None]) -> int:
    """How many Python functions a piece of work enters, generators' steps included."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def fed(frames: list[Frame]) -> tuple[Engine, list[str], int, int]:
    """The engine after these frames, its notices, and the work of its second and of its last tenth."""
    ring, notices = Keyring(), list[str]()
    ring.add_text(f'[[aka]]\nck = "{"11" * 16}"\nik = "{"22" * 16}"\n', "keys")

    def emit(event: object) -> None:
        if isinstance(event, Notice):
            notices.append(event.text)

    made = Engine(PROFILES["rel-17"], ring, emit)
    tenth = len(frames) // 10
    blocks = [frames[start : start + tenth] for start in range(0, len(frames), tenth)]

    def feed(block: list[Frame]) -> None:
        for frame in block:
            made.receive(frame)

    work = []
    for number, block in enumerate(blocks):
        if number in (1, 9):
            work.append(calls(lambda block=block: feed(block)))  # type: ignore[misc]
        else:
            feed(block)
    return made, notices, work[0], work[1]


def test_many_contacts_of_few_ues_stay_within_the_limits() -> None:
    made, notices, early, late = fed(list(registers(COUNT // 4, addresses=9, challenged=10)))
    full = sizes(made)
    contexts = 9 * subjects.CONTEXTS
    assert (full["pairs"], full["contexts"]) == (9, contexts)
    assert 0 < full["sets"] <= contexts // 9
    assert full["spis"] == full["associations"] == 4 * full["sets"]
    assert full["ports"] <= 4 * full["sets"]
    assert full["transactions"] <= 1000, "those of the last quarter of an hour, one each second"
    assert late < 1.2 * early
    assert any("forgotten" in text for text in notices)


def test_many_ues_stay_within_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "PAIRS", 500)
    made, notices, early, late = fed(list(registers(COUNT, addresses=COUNT, challenged=5)))
    assert sizes(made) == {
        "pairs": 500, "contexts": 500, "sets": 100, "ports": 400, "transactions": 500, "spis": 400,
        "associations": 400,
    }  # fmt: skip
    assert late < 1.2 * early
    assert any("forgotten" in text for text in notices)


def test_answers_to_forgotten_registers_leave_nothing_behind() -> None:
    """All REGISTERs come first, from contacts of one UE, then all their challenges."""
    frames = list(registers(200, addresses=1, challenged=1))
    made, _, _, _ = fed(frames[::2] + frames[1::2])
    full = sizes(made)
    assert (full["contexts"], full["sets"]) == (subjects.CONTEXTS, subjects.CONTEXTS)
    assert full["spis"] == full["associations"] == 4 * subjects.CONTEXTS


def test_many_challenges_of_one_contact_leave_the_set_in_use_alone() -> None:
    s = Scenario()
    first = s.register()
    for _ in range(30):
        waiting = s.sm1(over=first)
        s.sm6(waiting)
        s.wait(300)
    s.request("ue", "MESSAGE", on=first)
    made, found = engine(s)
    (pair,) = made.tracker.directory
    kept = pair.contexts[0].sets
    assert len(kept) == subjects.SETS
    assert kept[0].terms.generation == 1
    assert len(pair.contexts[0].forgotten) == 31 - subjects.SETS
    assert len(made.tracker.session.database) == 4 * subjects.SETS
    assert [type(event).__name__ for event in found if isinstance(event, events.RequestSent)][-1:] == ["RequestSent"]
    assert made.tracker.packets.no_key == 0


def test_spis_that_many_ues_share_are_bounded() -> None:
    """FP25: one P-CSCF may give the same SPIs to all."""
    s = Scenario()
    for number in range(1, 46):
        who = s.ues[0] if number == 1 else s.ue(number % 9 + 1, address=f"10.20.1.{number}")
        s.sm6(s.sm1(ue=who), server={"spi_c": 5000, "spi_s": 5001})
    made, _ = engine(s)
    assert max(len(alike) for alike in made.tracker.session.announced.values()) == announcements.ALIKE
    assert all(each.role in Role for alike in made.tracker.session.announced.values() for each in alike)
