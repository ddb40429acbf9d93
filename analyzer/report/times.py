"""Times between the nanoseconds of a frame and what people and programs write (ISO 8601, RFC 3339)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from analyzer.frame import SECOND

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)


def moment(time: int) -> datetime:
    """The date of a time in nanoseconds, to the microsecond; what no calendar holds becomes its nearest end."""
    try:
        return EPOCH + timedelta(microseconds=time // 1000)
    except OverflowError:
        return LATEST if time > 0 else EARLIEST


def iso(time: int) -> str:
    """The form of the JSON report: always UTC, always microseconds, always ``Z``."""
    return moment(time).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def shown(time: int, *, local: bool, date: bool = True) -> str:
    """The form of the reports for people, to the millisecond: ``2026-01-10 06:51:02.119``, or without its date."""
    when = moment(time)
    if local:
        with suppress(OverflowError, ValueError, OSError):  # at the ends of the calendar there is no other zone
            when = when.astimezone()
    text = when.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    return text if date else text.partition(" ")[2]


def duration(time: int) -> str:
    """A length of time, as exact as a reader wants it: ``0.412 s``, ``23.8 s``, ``1 h 04 min``."""
    seconds = time / SECOND
    if seconds < 10:
        return f"{seconds:.3f} s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def read(text: str, *, local: bool) -> int:
    """Nanoseconds of a time that a user wrote: seconds since the epoch, or ISO 8601.

    A date without a zone is in the zone in which the reports are shown. Raises ValueError for anything else.
    """
    from decimal import Decimal, InvalidOperation  # seldom needed: 2 ms of every start

    try:
        seconds = Decimal(text)
    except InvalidOperation:
        pass
    else:
        if not seconds.is_finite() or abs(seconds) > 10**12:
            raise ValueError(f"{text} is no time")
        return int(seconds * SECOND)
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        when = when.astimezone() if local else when.replace(tzinfo=UTC)
    return (when - EPOCH) // timedelta(microseconds=1) * 1000
