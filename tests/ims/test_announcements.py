"""What is announced under an SPI: the same association whenever somebody asks, and bounded."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from analyzer.ims.sets import announcements
from analyzer.ims.sets.announcements import ALIKE, SLACK, Announcements
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.vocabulary import Role
from tests.ims.made import at, terms

KEY, OTHER = b"10.1", b"10.2"


def made() -> SaSet:
    return SaSet(None, terms(), None)


def test_the_newest_comes_first_and_what_was_noted_stays() -> None:
    table, old, new = Announcements(), made(), made()
    assert table.add(KEY, old, Role.UC_PS)
    assert KEY in table and OTHER not in table and list(table.get(OTHER)) == []
    table.get(KEY)[0].begun().note(1, b"tail", at(1))
    table.add(KEY, new, Role.PC_US)
    assert [(each.set, each.role, len(each.ledger)) for each in table.get(KEY)] == [
        (new, Role.PC_US, 0),
        (old, Role.UC_PS, 1),
    ]


def test_a_set_is_forgotten_alone() -> None:
    table, old, new = Announcements(), made(), made()
    table.add(KEY, old, Role.UC_PS)
    table.remove(KEY, new)
    table.remove(OTHER, new)
    assert len(table) == 1
    table.add(KEY, new, Role.UC_PS)
    table.remove(KEY, old)
    assert [each.set for each in table.get(KEY)] == [new]
    table.remove(KEY, new)
    assert len(table) == 0


def test_both_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "SPIS", 2)
    table = Announcements()
    assert [table.add(bytes((n,)), made(), Role.UC_PS) for n in range(3)] == [True, True, False]
    assert bytes((0,)) not in table and len(table) == 2
    for _ in range(2 * ALIKE):
        table.add(KEY, made(), Role.UC_PS)
    assert [len(each) for each in table.values()] == [1, ALIKE]


def test_who_is_announced_again_is_young_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "SPIS", 3)
    table, again, owner = Announcements(), made(), made()
    for key in (b"a", b"b", b"c"):
        table.add(key, owner, Role.UC_PS)
    table.add(b"a", again, Role.UC_PS)
    assert not table.add(b"d", owner, Role.UC_PS)
    assert b"b" not in table and b"a" in table
    table.remove(b"c", owner)
    table.add(b"c", owner, Role.UC_PS)
    assert not table.add(b"e", owner, Role.UC_PS)
    assert b"a" not in table and [b"c" in table, b"d" in table, b"e" in table] == [True] * 3


def test_the_order_of_ages_is_that_of_the_latest_announcements(monkeypatch: pytest.MonkeyPatch) -> None:
    limit, alike = 40, 3
    monkeypatch.setattr(announcements, "SPIS", limit)
    monkeypatch.setattr(announcements, "ALIKE", alike)
    chance, table = random.Random(5), Announcements()
    ages: dict[bytes, list[SaSet]] = {}
    lost = 0
    for _ in range(20_000):
        key = bytes((chance.randrange(70),))
        if chance.random() < 0.6:
            owner = made()
            ages[key] = [owner, *ages.pop(key, [])]
            lost += len(ages[key]) > alike
            del ages[key][alike:]
            kept = table.add(key, owner, Role.UC_PS)
            assert kept == (len(ages) <= limit)
            if not kept:
                del ages[next(iter(ages))]
        elif key in ages:
            owner = chance.choice(ages[key])
            table.remove(key, owner)
            ages[key].remove(owner)
            if not ages[key]:
                del ages[key]
        assert len(table) == len(ages)
        assert len(table._order) <= 5 * len(table) // 4 + SLACK + 2
    assert {key: [each.set for each in table.get(key)] for key in ages} == ages
    assert table.crowded == lost > 0


def test_an_spi_says_which_association_of_its_set_it_is() -> None:
    def said(owner: SaSet) -> list[tuple[bool, list[Role]]]:
        found = []
        for role in Role:
            table, spi = Announcements(), owner.terms.spi(role)
            assert spi is not None
            key = KEY + spi.to_bytes(4)
            table.add(key, owner, role)
            alone = table._table[key] is owner  # 56 octets less
            found.append((alone, [each.role for each in table.get(key)]))
        return found

    one_each = SaSet(None, replace(terms(), spi_uc=1, spi_us=2, spi_pc=3, spi_ps=4), None)
    assert said(one_each) == [(True, [role]) for role in Role]
    same = SaSet(None, replace(terms(), spi_uc=1, spi_us=1, spi_pc=3, spi_ps=4), None)
    twice = {Role.PS_UC, Role.PC_US}
    assert said(same) == [(role not in twice, [role]) for role in Role]
