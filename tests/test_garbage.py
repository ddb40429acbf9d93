"""Garbage in cycles is looked for seldom, and never so seldom that it piles up."""

from __future__ import annotations

import gc
from pathlib import Path

from analyzer.garbage import YOUNG, rare_collections
from analyzer.run import audit

CAPTURE = Path(__file__).parent.parent / "captures" / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"


class Visits:
    """Counts the visits of the collector, and what they found."""

    def __init__(self) -> None:
        self.full = self.all = self.found = 0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            self.all += 1
            self.full += info["generation"] == 2
            self.found += info["collected"]


def visits(objects: int, *, cycles: bool) -> Visits:
    """What the collector does while so many objects are made, which stay, or are garbage at once."""
    seen, kept = Visits(), []
    gc.collect()
    with rare_collections():
        gc.callbacks.append(seen)
        for _ in range(objects):
            made: list[object] = []
            if cycles:
                made.append(made)
            else:
                kept.append(made)
        gc.callbacks.remove(seen)
    return seen


def there() -> int:
    """The objects that other tests have left, or as many as a visit waits for if they are fewer."""
    gc.collect()
    return max(YOUNG, len(gc.get_objects()))


def test_an_audit_puts_the_thresholds_back() -> None:
    before, during = gc.get_threshold(), set[tuple[int, int, int]]()
    audit([str(CAPTURE)], progress=lambda octets: during.add(gc.get_threshold()))
    assert gc.get_threshold() == before
    assert all(young >= YOUNG for young, _, _ in during - {before})
    assert during - {before}


def test_what_stays_is_walked_seldom() -> None:
    seen = visits(4 * there(), cycles=False)
    assert 2 <= seen.all <= 8  # the heap doubles between them
    assert seen.full >= 1


def test_what_is_garbage_goes_before_there_is_more_of_it_than_of_what_stays() -> None:
    left = there()
    seen = visits(6 * left, cycles=True)
    assert seen.found >= 3 * left


def test_audits_side_by_side() -> None:
    before = gc.get_threshold()
    with rare_collections():
        with rare_collections():
            assert gc.get_threshold()[0] >= YOUNG
        assert gc.get_threshold()[0] >= YOUNG
    assert gc.get_threshold() == before
