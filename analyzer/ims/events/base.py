"""What every event has."""

from __future__ import annotations

from msgspec import Struct

from analyzer.frame import FrameRef
from analyzer.ims.vocabulary import Subject


class Event(Struct, frozen=True):
    """Something happened at a frame; `subject` is None where it belongs to no registration.

    Events of one class with the same values are equal.
    """

    at: FrameRef
    subject: Subject | None
