"""The one clock: what day it is, for waivers that expire. Everything else goes by the times of the frames."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """The date in UTC, so that a report does not depend on where its machine stands."""
    return datetime.now(UTC).date()  # noqa: TID251 -- no frame says until when somebody accepts a finding
