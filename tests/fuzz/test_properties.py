"""Any octets give every parser a value or a typed refusal: the targets of the fuzzing, as property tests.

What must hold of each result stands in `targets.py` and `parsers.py`. Octets that are near to something that makes
sense go farther than any octets do, so most are seeds with a few changes.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import CORPUS, __main__, mutate, targets

SEEDS = {name: sorted(path.read_bytes() for path in (CORPUS / name).iterdir()) for name in __main__.NAMES}
EDITS = st.lists(
    st.tuples(
        st.integers(0, 2**16),
        st.integers(0, 12),
        st.binary(max_size=6) | st.sampled_from([token.encode() for token in mutate.TOKENS]),
    ),
    max_size=6,
)
SLOW = ("engine", "capture")


def changed(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """The seed with some stretches replaced by other octets."""
    for place, length, octets in edits:
        place %= len(seed) + 1
        seed = seed[:place] + octets + seed[place + length :]
    return seed


@pytest.mark.parametrize("name", [name for name in __main__.NAMES if name not in SLOW])
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_a_parser_takes_any_octets(name: str, data: st.DataObject) -> None:
    octets = data.draw(st.binary(max_size=400) | st.builds(changed, st.sampled_from(SEEDS[name]), EDITS))
    targets.TARGETS[name](octets)


@pytest.mark.parametrize("name", SLOW)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_the_whole_tool_takes_any_octets(name: str, data: st.DataObject) -> None:
    targets.TARGETS[name](data.draw(st.builds(changed, st.sampled_from(SEEDS[name]), EDITS)))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SEEDS["engine"]), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4))
def test_the_whole_tool_takes_any_script(script: bytes, seeds: list[int]) -> None:
    for seed in seeds:
        script = mutate.mutate(script, 16_000, seed, lambda octets, size: octets[:size][::-1])
    targets.engine(script)
