"""Packets in tunnel mode behind a NAT go a short way of their own, which says what the long one says (Annex M)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from scapy.layers.inet import IPOption_NOP
from scapy.packet import Padding

from analyzer.engine.sealed import Sealed
from analyzer.ims.packets.encapsulation import PORTS
from tests.ims.test_calm import counted, lived, same
from tests.scenario import Scenario, crypto
from tests.scenario.state import Esp, SaSet, Who

NATS = "198.51.100.7", "198.51.100.8"


def behind_nat(**how: Any) -> tuple[Scenario, SaSet]:
    s = Scenario(mod="UDP-enc-tun", **how)
    s.ues[0].nat = "fd00:99::7" if how.get("ipv6") else NATS[0]
    owner = s.register()
    for _ in range(3):
        s.request("ue", "MESSAGE", on=owner)
        s.request("pcscf", "OPTIONS", on=owner)
    return s, owner


@pytest.fixture
def wrapped(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each packet in tunnel mode whether it went the short way."""
    asked, look = list[bool](), Sealed._wrapped

    def listen(self: Sealed, *arguments: Any) -> bool:
        asked.append(look(self, *arguments))
        return asked[-1]

    monkeypatch.setattr(Sealed, "_wrapped", listen)
    return asked


@pytest.mark.parametrize(("alg", "ealg"), [("hmac-sha-1-96", "aes-cbc"), ("null", "aes-gcm")])
@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_all_but_the_first_of_an_association(
    transport: str, ipv6: bool, alg: str, ealg: str, wrapped: list[bool]
) -> None:
    s, owner = behind_nat(transport=transport, ipv6=ipv6, alg=alg, ealg=ealg)
    for _ in range(20):
        s.request("ue", "MESSAGE", on=owner)
        s.request("pcscf", "OPTIONS", on=owner)
    report, taken = same(lived(s))
    assert taken > 70
    assert report["findings"] == []
    once = wrapped[: len(wrapped) // 3]
    assert len(once) == report["esp"]["packets"]
    assert once.count(False) <= (4 if transport == "tcp" else 2) + 2


Inside = Callable[[Any], Any]


def elsewhere(packet: Any) -> Any:
    packet.src = "fd00:99::99" if packet.version == 6 else "192.0.2.99"
    return packet


def with_options(packet: Any) -> Any:
    if packet.version == 6:
        return crypto.extended(packet, 60, bytes((0, 0, 1, 4, 0, 0, 0, 0)))
    packet.options = [IPOption_NOP()] * 4
    return packet


def with_more(packet: Any) -> Any:
    if packet.version == 4:
        packet.flags = "MF"
    return packet


def with_padding(packet: Any) -> Any:
    return packet / Padding(b"\0" * 8)


def cut(packet: Any) -> Any:
    return packet.__class__(bytes(packet)[:-4])


INSIDE: tuple[Inside, ...] = (elsewhere, with_options, with_more, with_padding, cut)


def lengths_again(packet: Any) -> Any:
    """The same packet, whose checksum fits what was changed."""
    if packet.version == 4:
        del packet.chksum
        if packet.options:
            del packet.ihl, packet.len
    return packet


def way(rng: random.Random) -> dict[str, Any]:
    """How a packet travels that no conformant one would be like."""
    esp: tuple[Esp, ...] = (
        {"udp": rng.choice((61000, 61001, 4500))},
        {"marker": True},
        {"seq": rng.choice((0, 1, 3, 40, 400))},
        {"icv": 16},
        {"next_header": 59},
    )
    return rng.choice(({"esp": rng.choice(esp)}, {"ttl": rng.choice((63, 57))}, {"src": NATS[1]}))


@pytest.mark.parametrize("seed", range(24))
def test_whatever_happens_behind_a_nat(seed: int, monkeypatch: pytest.MonkeyPatch, wrapped: list[bool]) -> None:
    rng = random.Random(f"wrapped {seed}")
    protect, odd = crypto.protect, list[Inside]()

    def change(plain: Any, *others: Any) -> Any:
        if odd:
            plain = odd.pop()(lengths_again(plain.copy()))
            plain = plain.__class__(bytes(plain))
        return protect(plain, *others)

    monkeypatch.setattr(crypto, "protect", change)
    s, owner = behind_nat(transport=rng.choice(("udp", "tcp")), ipv6=seed % 4 == 3)
    for number in range(50):
        who: Who = rng.choice(("ue", "pcscf"))
        name, kind = f"m{number}", rng.randrange(20)
        how: dict[str, Any] = way(rng) if kind == 0 and seed % 4 != 3 else {}
        if kind == 1:
            odd.append(rng.choice(INSIDE))
        elif kind == 2 and seed % 4 != 3:
            s.ues[0].nat = rng.choice(NATS)
        elif kind == 3:
            owner = s.register(over=owner)
        elif kind == 4:
            s.wait(rng.choice((1.0, 40.0, 200.0)))
        s.request(who, rng.choice(("MESSAGE", "OPTIONS")), on=owner, label=name, answered=rng.random() < 0.9, **how)
        if kind == 5:
            s.corrupt(name)
        elif kind == 6:
            s.lose(name)
        elif kind == 7:
            s.duplicate(name, rng.choice((0.001, 0.5)))
    same(lived(s))
    assert True in wrapped
    assert wrapped.count(False) > 8


def test_the_ports_of_a_ue_that_were_forgotten_are_known_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    s, owner = behind_nat()
    for port in range(PORTS + 1):
        s.request("ue", "MESSAGE", on=owner, answered=False, esp={"udp": 50000 + port})
    for _ in range(3):
        s.request("pcscf", "OPTIONS", on=owner, answered=False)
    report, _ = same(lived(s))
    assert counted(report, "ESP-11") != {}


def test_a_native_packet_behind_wrapped_ones_is_told() -> None:
    s, owner = behind_nat()
    owner.mod = "trans"
    for _ in range(3):
        s.request("ue", "MESSAGE", on=owner, answered=False)
    report, _ = same(lived(s))
    assert [each["count"] for each in report["findings"] if each["rule"] == "ESP-10"] == [3]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_what_goes_to_a_ue_follows_it_from_one_address_to_another(transport: str, wrapped: list[bool]) -> None:
    """Both of its associations go the short way, each from an address of its own."""
    s, owner = behind_nat(transport=transport)
    for _ in range(6):
        s.ues[0].nat = NATS[0]
        s.request("ue", "MESSAGE", on=owner)
        asked = s.request("pcscf", "OPTIONS", on=owner, answered=False)
        s.ues[0].nat = NATS[1]
        s.answer(asked, 200)
    report, _ = same(lived(s))
    assert report["esp"]["packets"] == report["esp"]["verified"]
    assert wrapped.count(True) > 3 * 12
