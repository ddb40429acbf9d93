"""Events are values: compared, hashed and shown by what they hold, and never changed."""

from __future__ import annotations

import inspect

import pytest

from analyzer.frame import FrameRef
from analyzer.ims import events
from analyzer.ims.events.base import Event

AT = FrameRef(0, 1, 2)


class Made(Event, frozen=True, kw_only=True):
    """An event."""

    one: int
    other: str = "x"


class Alike(Made, frozen=True, kw_only=True):
    """Another event with the same values."""


def test_events_are_equal_if_class_and_values_are() -> None:
    made = Made(at=AT, subject=None, one=1)
    assert made == Made(at=AT, subject=None, one=1, other="x")
    assert hash(made) == hash(Made(at=AT, subject=None, one=1))
    assert made != Made(at=AT, subject=None, one=2)
    assert made != Alike(at=AT, subject=None, one=1)
    assert len({made, Made(at=AT, subject=None, one=1), Alike(at=AT, subject=None, one=1)}) == 2


def test_they_are_shown_with_all_that_they_hold() -> None:
    assert repr(Made(at=AT, subject=None, one=1)) == f"Made(at={AT!r}, subject=None, one=1, other='x')"


@pytest.mark.parametrize(
    "event", [each for each in vars(events).values() if inspect.isclass(each) and issubclass(each, Event)]
)
def test_nothing_about_them_changes(event: type[Event]) -> None:
    assert event.__struct_config__.frozen
    with pytest.raises(AttributeError, match="immutable"):
        Made(at=AT, subject=None, one=1).one = 2  # type: ignore[misc]
