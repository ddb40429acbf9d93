"""What every event has."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.frame import FrameRef
from analyzer.ims.vocabulary import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened at a frame; `subject` is None where it belongs to no registration."""

    at: FrameRef
    subject: Subject | None
