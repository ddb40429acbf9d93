"""Two packets that lie next to each other may be captured in the other order (FP2, FP13): nobody is accused of that.

Taps with a port for each direction and hosts that capture on all interfaces do it; the endpoints saw the right order.
"""

from __future__ import annotations

import itertools

import pytest

from tests.scenario import Scenario, audited

NEAR = 9_000_000
"""Packets nearer than this may be swapped, ns: less than the allowance of 10 ms."""


def story(transport: str, vantage: str) -> Scenario:
    """On a fast link, so that answers follow their requests at once."""
    s = Scenario(transport=transport, vantage=vantage, rtt=0.002)
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    s.request("pcscf", "NOTIFY", on=first)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.request("pcscf", "MESSAGE", on=second)
    s.deregister(on=second)
    third = s.register()
    s.request("ue", "MESSAGE", on=third)
    return s


@pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_neighbours_in_the_other_order(transport: str, vantage: str) -> None:
    s = story(transport, vantage)
    records = sorted(s.records, key=lambda record: record.time)
    accused = []
    for one, other in itertools.pairwise(records):
        if other.time - one.time > NEAR:
            continue
        one.time, other.time = other.time, one.time
        report = audited(s)
        accused += [
            f"{found.rule} {found.verdict} ({one.label}, {other.label}): {found.message}; {found.argument}"
            for found in report.findings
            if found.verdict in ("violation", "warning")
        ]
        one.time, other.time = other.time, one.time
    assert accused == []
