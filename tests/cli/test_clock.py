"""The one clock says the day that it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzer.cli import clock


def test_it_agrees_with_the_file_system(tmp_path: Path) -> None:
    path = tmp_path / "now"
    path.touch()
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    assert clock.today() - written in (timedelta(0), timedelta(1))
