"""`analyzer.live(...)`: a live run beside the code of a lab's own test.

    with analyzer.live("eth0", keys=["sim.toml"]) as run:
        phone.power_on()
        run.wait("registered", timeout=30)
        assert not run.violations

The run has a thread of its own. What is heard when the block ends is judged yet; then `report` is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from analyzer.finding import Finding
from analyzer.watch.until import read

if TYPE_CHECKING:
    from analyzer.report.model import Report
    from analyzer.watch.session import Session

PATIENCE: Final = 30.0
"""Seconds until an interface has to be heard."""


class LiveRun:
    """A live run, as a context manager; iterating yields its findings as they are made, until it ends."""

    def __init__(self, interfaces: Sequence[str], **more: Any) -> None:
        """``more`` are the arguments of `analyzer.live`, which says what is raised."""
        self._findings: list[Finding] = []
        self._changed = threading.Condition()
        self._heard = self._over = False
        self._report: Report | None = None
        self._error: BaseException | None = None
        self._session = _session(interfaces, self._enter, self._hearing, more)
        self._thread = threading.Thread(target=self._run, name="gmaudit live", daemon=True)

    def __enter__(self) -> Self:
        """Listen; when this returns, nothing is missed any more. Raises UnreadableCapture if that is not possible."""
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._heard or self._over, PATIENCE)
        if not self._heard:
            self.stop()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.stop()
        else:
            self._session.stop()
            self._thread.join()

    def __iter__(self) -> Iterator[Finding]:
        """The findings from the first one on; waits for more until the run ends."""
        place = 0
        while True:
            with self._changed:
                while place >= len(self._findings) and not self._over:
                    self._changed.wait()
                if place >= len(self._findings):
                    return
                finding = self._findings[place]
            place += 1
            yield finding

    @property
    def findings(self) -> list[Finding]:
        """The findings until now, in the order in which they were made; once the run is over, those of its report."""
        if self._report is not None:
            return list(self._report.findings)
        with self._changed:
            return list(self._findings)

    @property
    def violations(self) -> list[Finding]:
        """Those of them that are violations, and not waived."""
        return [each for each in self.findings if each.verdict == "violation" and each.waived is None]

    @property
    def report(self) -> Report:
        """The report. Ends the run, if it has not ended."""
        return self.stop()

    def wait(self, until: str, timeout: float | None = None) -> None:
        """Wait until a condition comes true, as ``--until`` takes it: ``registered``, ``2-registrations``, ``idle 3s``.

        Raises TimeoutError after so many seconds or if the run ends before, ValueError if that is no condition.
        """
        reached = threading.Event()

        def call(condition: object) -> None:
            reached.set()
            with self._changed:
                self._changed.notify_all()

        self._session.when(read(until), call)
        with self._changed:
            self._changed.wait_for(lambda: reached.is_set() or self._over, timeout)
        if not reached.is_set():
            raise TimeoutError(f"not yet: {until}" if not self._over else f"the run ended before: {until}")

    def stop(self) -> Report:
        """End the run and wait for its report. Raises what has ended it, if that was an error."""
        self._session.stop()
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._report is not None
        return self._report

    def _run(self) -> None:
        try:
            report = self._session.run()
            self._session.annotate(report)
            self._report = report
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _hearing(self) -> None:
        with self._changed:
            self._heard = True
            self._changed.notify_all()

    def _enter(self, finding: Finding) -> None:
        with self._changed:
            self._findings.append(finding)
            self._changed.notify_all()


def live(
    *interfaces: str,
    keys: Sequence[str] = (),
    profile: str = "rel-17",
    rules: Sequence[str] = (),
    subject: str | None = None,
    vantage: str = "auto",
    filter: str = "",
    write: str | None = None,
    until: Sequence[str] = (),
) -> LiveRun:
    """A live run on these interfaces, or on standard input if none is named.

    ``keys`` are key files, ``rules`` ids or prefixes (all rules without them), ``filter`` as in tcpdump, ``write``
    where the packets go, ``until`` what ends the run by itself. Raises ValueError for what makes no sense,
    KeyFileError, UnreadableCapture, or OSError if ``write`` cannot be written; that an interface cannot be heard comes
    on entering.
    """
    return LiveRun(
        interfaces,
        keys=keys,
        profile=profile,
        rules=rules,
        subject=subject,
        vantage=vantage,
        filter=filter,
        write=write,
        until=until,
    )


def _session(
    interfaces: Sequence[str], enter: Callable[[Finding], None], hearing: Callable[[], None], given: dict[str, Any]
) -> Session:
    from analyzer.audit.audit import Options
    from analyzer.profile import PROFILES
    from analyzer.rule import collect, select
    from analyzer.sources.recording import Recording
    from analyzer.watch.session import Session

    if given["profile"] not in PROFILES:
        raise ValueError(f"no profile is called {given['profile']}; there are {', '.join(PROFILES)}")
    options = Options(
        keys=list(given["keys"]),
        profile=PROFILES[given["profile"]],
        rules=select(collect(), list(given["rules"]), []),
        vantage=given["vantage"],
        subject=given["subject"],
    )
    return Session(
        interfaces,
        options,
        filter=given["filter"],
        recording=Recording(given["write"]) if given["write"] is not None else None,
        until=[read(each) for each in given["until"]],
        on_hearing=hearing,
        on_finding=enter,
    )
