"""Events are values: compared, hashed and shown alike, by what `Event` says for all of them."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, dataclass, is_dataclass, make_dataclass

import pytest

from analyzer.frame import FrameRef
from analyzer.ims import events
from analyzer.ims.events.base import Event

AT = FrameRef(0, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Made(Event):
    """An event."""

    one: int
    other: str = "x"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Alike(Made):
    """Another event with the same values."""


def test_events_are_equal_if_class_and_values_are() -> None:
    made = Made(at=AT, subject=None, one=1)
    assert made == Made(at=AT, subject=None, one=1, other="x")
    assert hash(made) == hash(Made(at=AT, subject=None, one=1))
    assert made != Made(at=AT, subject=None, one=2)
    assert made != Alike(at=AT, subject=None, one=1)
    assert made != (AT, None, 1, "x")
    assert len({made, Made(at=AT, subject=None, one=1), Alike(at=AT, subject=None, one=1)}) == 2


def test_they_are_shown_as_dataclass_would() -> None:
    names = ["at", "subject", "one", "other"]
    usual = make_dataclass("Made", names)
    assert repr(Made(at=AT, subject=None, one=1)) == repr(usual(AT, None, 1, "x"))


def test_nothing_about_them_changes() -> None:
    made = Made(at=AT, subject=None, one=1)
    with pytest.raises(FrozenInstanceError):
        made.one = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    "event", [each for each in vars(events).values() if inspect.isclass(each) and issubclass(each, Event)]
)
def test_no_event_says_it_for_itself(event: type[Event]) -> None:
    assert is_dataclass(event)
    assert event is Event or not {"__eq__", "__hash__", "__repr__"} & set(vars(event))
