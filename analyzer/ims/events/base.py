"""What every event has.

How events are compared, hashed and shown is said once, for all of them. Would `dataclass` write that for each of the
sixty classes, it were 15 ms of every start.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.frame import FrameRef
from analyzer.ims.vocabulary import Subject


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Event:
    """Something happened at a frame; `subject` is None where it belongs to no registration."""

    at: FrameRef
    subject: Subject | None

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        assert isinstance(other, Event)
        return _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        values = zip(self.__dataclass_fields__, _values(self), strict=True)
        return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in values)})"


def _values(event: Event) -> tuple[object, ...]:
    return tuple([getattr(event, name) for name in event.__dataclass_fields__])
