"""Pairs of addresses and registration contexts: who is learnt, where a REGISTER belongs (R16), what is forgotten."""

from __future__ import annotations

import gc

import pytest

from analyzer.engine.engine import Engine
from analyzer.ims import subjects
from analyzer.ims.events import Side
from analyzer.ims.knowledge import Vantage
from analyzer.ims.register import is_emergency, offered, straight_from_ue
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context, Directory, Pair
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.sip.message import Message
from tests.ims.made import established, message, now, terms
from tests.ims.traffic import registers

UE, PCSCF = bytes((10, 20, 0, 11)), bytes((10, 20, 0, 1))
INSTANCE = '+sip.instance="<urn:gsma:imei:1>"'


def register(
    *, call_id: str = "a@ue", port_s: int | None = 7900, instance: str = "", uri: str = "sip:x@10.20.0.11:7900",
    impi: str = "u@home", more: str = "",
) -> Message:  # fmt: skip
    client = f"Security-Client: ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1;spi-s=2;port-c=7001;port-s={port_s}\r\n"
    headers = f'Authorization: Digest username="{impi}", realm="h", nonce="", uri="sip:h", response=""\r\n'
    headers += f"Contact: <{uri}>{';' + instance if instance else ''}\r\n" + (client if port_s else "") + more
    return message("REGISTER sip:home SIP/2.0", call_id=call_id, more=headers)


def pair() -> Pair:
    return Pair(UE, PCSCF, Vantage("auto"), lambda context: None)


def place(where: Pair, what: Message) -> Context:
    return where.place_register(what, offered(what))


def rebooted(**how: object) -> Message:
    """A REGISTER of a later procedure, with another Call-ID."""
    return register(call_id="b@ue", **how)  # type: ignore[arg-type]


# --- R16: where a clear REGISTER belongs ----------------------------------------------------------------------------


def test_the_instance_places_a_register_whatever_its_port() -> None:
    where = pair()
    first = place(where, register(instance=INSTANCE))
    assert place(where, rebooted(instance=INSTANCE, port_s=9000)) is first
    assert place(where, rebooted(instance='+sip.instance="<urn:gsma:imei:2>"')) is not first


def test_flows_of_one_instance_are_told_apart_by_reg_id() -> None:
    where = pair()
    first = place(where, register(instance=f"{INSTANCE};reg-id=1"))
    assert place(where, rebooted(instance=f"{INSTANCE};reg-id=2")) is not first
    assert place(where, rebooted(instance=f"{INSTANCE};reg-id=1", port_s=9000)) is first


def test_without_instance_port_us_places_it() -> None:
    where = pair()
    first = place(where, register())
    assert place(where, rebooted()) is first
    assert place(where, rebooted(port_s=9000)) is not first


def test_two_subscribers_behind_one_address_are_two_contexts() -> None:
    where = pair()
    first = place(where, register())
    other = place(where, rebooted(impi="v@home"))
    assert other is not first
    assert (first.impi, other.impi) == ("u@home", "v@home")
    assert first.subject.id != other.subject.id


def test_an_emergency_registration_has_a_context_of_its_own() -> None:
    where = pair()
    first = place(where, register(instance=INSTANCE))
    sos = place(where, rebooted(instance=INSTANCE, uri="sip:x@10.20.0.11:7900;sos"))
    assert sos is not first and sos.emergency and not first.emergency
    assert place(where, rebooted(instance=INSTANCE)) is first


def test_a_register_without_offer_belongs_to_the_latest_contact() -> None:
    where = pair()
    first = place(where, register())
    assert place(where, rebooted(port_s=None)) is first


def test_the_number_of_contexts_of_a_pair_is_bounded() -> None:
    gone: list[Context] = []
    where = Pair(UE, PCSCF, Vantage("auto"), gone.append)
    made = [place(where, register(call_id=f"{n}", port_s=10_000 + n)) for n in range(subjects.CONTEXTS + 5)]
    assert where.contexts == made[5:]
    assert gone == made[:5]
    assert len({context.subject.id for context in made}) == len(made)


# --- other messages -------------------------------------------------------------------------------------------------


def test_a_message_is_placed_by_its_identities() -> None:
    where = pair()
    first, second = place(where, register()), place(where, rebooted(port_s=9000))
    first.impus, second.impus = ["sip:one@home"], ["sip:two@home"]
    asked = message("MESSAGE sip:x@home SIP/2.0", more="From: <sip:one@home>;tag=1\r\nTo: <sip:other@home>\r\n")
    assert where.place_message(asked, 5060, 5060) is first
    assert where.place_message(message("MESSAGE sip:x@home SIP/2.0"), 5060, 5060) is second
    assert pair().place_message(asked, 5060, 5060) is None


# --- pairs ----------------------------------------------------------------------------------------------------------


def test_monstrous_names_are_not_kept() -> None:
    name = "n" * 12_000
    where = pair()
    made = place(where, register(impi=name, instance=f'+sip.instance="<{name}>";reg-id={name}', uri=f"sip:{name}@h"))
    kept = [made.subject.id, made.impi, *(made.instance or ())]
    assert all(each is not None and len(each) < 600 for each in kept)
    assert place(where, rebooted(impi=name, instance=f'+sip.instance="<{name}>";reg-id={name}')) is made
    assert place(where, rebooted(impi=name, instance=f'+sip.instance="<{name}2>";reg-id={name}')) is not made


def test_a_pair_is_found_from_both_sides() -> None:
    directory = Directory("auto")
    made = directory.learn(UE, PCSCF)
    assert directory.find(UE, PCSCF) == (made, Side.UE)
    assert directory.find(PCSCF, UE) == (made, Side.PCSCF)
    assert directory.find(UE, bytes(4)) is None
    assert (made.address(Side.UE), made.address(Side.PCSCF)) == (UE, PCSCF)
    assert (made.ue_text, made.pcscf_text) == ("10.20.0.11", "10.20.0.1")


def test_the_oldest_pair_goes_first_and_takes_its_contexts_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "PAIRS", 3)
    gone: list[Context] = []
    directory = Directory("auto", gone.append)
    oldest = place(directory.learn(bytes((10, 0, 0, 0)), PCSCF), register())
    for number in range(1, 5):
        directory.learn(bytes((10, 0, 0, number)), PCSCF)
    assert directory.evicted == 2
    assert gone == [oldest]
    assert directory.find(bytes((10, 0, 0, 0)), PCSCF) is None
    assert directory.find(PCSCF, bytes((10, 0, 0, 1))) is None
    assert len(list(directory)) == 3


def test_pairs_of_which_nothing_came_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can send REGISTERs from any number of addresses; who is registered must not be forgotten for it."""
    monkeypatch.setattr(subjects, "UNANSWERED", 5)
    gone: list[Context] = []
    directory = Directory("auto", gone.append)
    for number in range(20):
        context = place(directory.learn(bytes((10, 0, 0, number)), PCSCF), register())
        if number == 3:
            context.bindings["sip:a@b"] = now(60)
        elif number == 4:
            context.sets.append(established())
        elif number == 5:
            context.sets.append(SaSet(context, terms(), None))
            context.sets[0].count_unopened(4711)
        elif number == 6:
            context.sets.append(SaSet(context, terms(), None))
    assert [pair.ue[3] for pair in directory] == [3, 4, 5, *range(15, 20)]
    assert len(gone) == directory.evicted == 12
    assert directory.find(bytes((10, 0, 0, 6)), PCSCF) is None


def test_a_register_of_a_server_teaches_no_pair() -> None:
    direct = register()
    assert straight_from_ue(direct)
    assert not straight_from_ue(register(more="Path: <sip:p@home;lr>\r\n"))
    assert not straight_from_ue(register(more="Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\r\n"))
    assert not straight_from_ue(message("MESSAGE sip:x@home SIP/2.0"))


@pytest.mark.parametrize(
    ("what", "emergency"),
    [
        (register(uri="sip:x@10.20.0.11;sos"), True),
        (register(uri="sip:sos@10.20.0.11"), False),
        (message("INVITE urn:service:sos.police SIP/2.0"), True),
        (message("INVITE sip:x@home SIP/2.0"), False),
    ],
)
def test_what_an_emergency_is(what: Message, emergency: bool) -> None:
    assert is_emergency(what) is emergency


def test_calls_of_a_context_are_bounded() -> None:
    context = place(pair(), register())
    for number in range(subjects.CALLS + 10):
        context.remember_call(str(number))
    assert len(context.calls) == subjects.CALLS
    assert "9" not in context.calls and "10" in context.calls


def test_a_pair_that_is_forgotten_leaves_nothing_for_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "UNANSWERED", 3)
    made = Engine(PROFILES["rel-17"], Keyring(), lambda event: None)
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, Context) for each in gc.get_objects())
        for frame in registers(60, addresses=20, challenged=2):
            made.receive(frame)
        there = sum(isinstance(each, Context) for each in gc.get_objects()) - before
        assert there == sum(len(pair.contexts) for pair in made.tracker.directory) <= 3
        assert made.tracker.directory.evicted > 3
    finally:
        gc.enable()
