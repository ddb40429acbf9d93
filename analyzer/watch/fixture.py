"""The pytest plugin: a fixture with which a lab's tests listen while they make a phone do something.

    def test_re_registration(gmaudit_live, phone):
        run = gmaudit_live("eth0", keys=["sim.toml"])
        phone.register()
        run.wait("2-registrations", timeout=900)
        assert not run.violations

Comes with ``pip install 'gmaudit[pytest]'``. Nothing of the audit is loaded before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from analyzer.watch.interface import LiveRun


@pytest.fixture
def gmaudit_live() -> Iterator[Callable[..., LiveRun]]:
    """Starts live runs, with the arguments of `analyzer.live`; they listen until the test ends."""
    from analyzer.watch.interface import live

    with ExitStack() as runs:

        def start(*interfaces: str, **more: Any) -> LiveRun:
            return runs.enter_context(live(*interfaces, **more))

        yield start
