"""What is announced under an SPI: the same association whenever somebody asks, and bounded."""

from __future__ import annotations

import pytest

from analyzer.ims import announcements
from analyzer.ims.announcements import ALIKE, Announcements
from analyzer.ims.associations import SaSet
from analyzer.ims.vocabulary import Role
from tests.ims.made import at, terms

KEY, OTHER = b"10.1", b"10.2"


def made() -> SaSet:
    return SaSet(None, terms(), None)


def test_the_newest_comes_first_and_what_was_noted_stays() -> None:
    table, old, new = Announcements(), made(), made()
    assert table.add(KEY, old, Role.UC_PS)
    assert KEY in table and OTHER not in table and list(table.get(OTHER)) == []
    table.get(KEY)[0].ledger.note(1, b"tail", at(1))
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
