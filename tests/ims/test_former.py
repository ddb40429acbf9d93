"""What is left of a forgotten set says what the set itself would."""

from __future__ import annotations

import pytest

from analyzer.frame import FrameRef
from analyzer.ims.events import End, Side
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.former import Former, FormerSets
from analyzer.profile import PROFILES
from analyzer.proof.sets import _life
from analyzer.report.assemble import _set
from tests.ims.made import at, established, now
from tests.ims.test_subjects import pair, place, register

TODAY = PROFILES["rel-17"]


def used() -> SaSet:
    made = established(1, sm12=1)
    made.sm7, made.uplink, made.downlink = at(0.5), at(2), at(3)
    made.expires_at, made.expiry_from = now(600), at(1)
    made.keyed = made.inferred = True
    made.end(Side.PCSCF, End.REPLACED, at(20), now(25))
    return made


def over() -> SaSet:
    made = used()
    made.end(Side.UE, End.DEREGISTERED, FrameRef(3, 1 << 40, 1 << 62))
    return made


def unfinished() -> SaSet:
    made = established(7)
    made.sm12 = made.alg = made.ealg = None
    return made


@pytest.mark.parametrize("made", [used(), over(), unfinished()], ids=["used", "over", "unfinished"])
def test_reports_say_the_same_of_it(made: SaSet) -> None:
    context, kept = place(pair(), register()), FormerSets()
    kept.add(made)
    (former,) = kept
    assert isinstance(former, Former)
    assert former.terms == made.terms and former.generation == made.generation
    assert _set(context, former) == _set(context, made)
    newest = established(9, sm12=100)
    newest.uplink = at(101)
    assert _life(former, newest, TODAY) == _life(made, newest, TODAY)


def test_the_oldest_comes_first_and_goes_first() -> None:
    kept = FormerSets()
    assert not kept and kept.first() is None
    for number in (1, 2, 3):
        kept.add(established(number, sm12=number) if number != 2 else unfinished())
    assert [each.generation for each in kept] == [1, 7, 3]
    kept.drop_first()
    first = kept.first()
    assert first is not None and first.generation == 7
    assert (len(kept), kept.established) == (2, 2), "who counts registrations counts those that are not listed"
    kept.clear()
    assert not list(kept)


def test_it_takes_a_seventh_of_what_a_set_does() -> None:
    kept = FormerSets()
    kept.add(over())
    assert len(kept._packed[0]) < 430
