"""Whole conversations, encrypted by scapy: everything is opened."""

from __future__ import annotations

import pytest

from analyzer.ipsec.algorithms import PAIRS
from tests.scenario import Scenario
from tests.scenario.reading import whole
from tests.scenario.verify import audited


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_algorithm(transport: str, alg: str, ealg: str) -> None:
    s = Scenario(transport=transport, alg=alg, ealg=ealg, ipv6=transport == "tcp")
    sets = whole(s)
    report = audited(s)
    assert report.esp.packets == report.esp.verified > 0
    assert [(each.alg, each.ealg, each.keyed) for each in report.sa_sets] == [(alg, ealg, True)] * len(sets)
