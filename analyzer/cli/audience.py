"""Who follows a live run: programs that read its lines, and somebody who sits before a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from analyzer.watch.lines import Lines
from analyzer.watch.snapshot import snapshot

if TYPE_CHECKING:
    from analyzer.cli.screen import Screen
    from analyzer.finding import Finding
    from analyzer.report.model import Report
    from analyzer.report.pseudonyms import Pseudonyms
    from analyzer.watch.session import Session


class Audience:
    """Hands on what a run tells, with pseudonyms where they are asked for."""

    def __init__(self, lines: Sequence[Lines], names: Pseudonyms | None, *, local: bool) -> None:
        from analyzer.report.view import View

        self.session: Session | None = None
        """The run, as soon as there is one."""
        self._lines = lines
        self._names = names
        self._view = View(local=local)
        self._screen: Screen | None = None

    @contextmanager
    def before(self, wanted: bool) -> Iterator[None]:
        """Show the view meanwhile, if it is wanted and there are a terminal and its keys."""
        if not wanted or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
            yield
            return
        from analyzer.cli.screen import Screen, keyboard

        with ExitStack() as stack:
            keys = stack.enter_context(keyboard())
            if keys is not None:
                self._screen = Screen(self._view, keys)
                stack.enter_context(self._screen.shown())
            yield

    def begin(self) -> None:
        """Nothing is missed any more."""
        assert self.session is not None
        for each in self._lines:
            each.begin(self.session.report_on())

    def tell(self, finding: Finding) -> None:
        """There is a new finding."""
        assert self.session is not None
        report = self.session.report_on(finding)
        for each in self._lines:
            each.finding(report)
        if self._screen is not None:
            self._view.add((report if self._names is None else self._names.report(report)).findings[0])

    def tick(self) -> None:
        """Time has passed."""
        if self._screen is None or not self._screen.tick():
            return
        assert self.session is not None
        self._view.update(snapshot(self.session) if self._names is None else snapshot(self.session, self._names.text))
        self._screen.draw()
        if self._view.quit:
            self.session.stop("with the key q")

    def end(self, report: Report) -> None:
        """It is over; the report is as it shall be seen."""
        for each in self._lines:
            each.end(report)
