"""The lab is set up once; where that is not allowed, its tests fail and say why, unless they are deselected by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.lab import Lab, missing


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Two namespaces."""
    why = missing()
    if why:
        pytest.fail(f'{why}; leave these tests out by name: pytest -m "not netns"', pytrace=False)
    made = Lab()
    yield made
    made.close()
