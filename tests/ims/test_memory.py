"""What is remembered of phones that come and go: no more than something can still be asked about, for hours on end."""

from __future__ import annotations

import gc
from collections import Counter
from itertools import count

import pytest

from analyzer.engine.engine import Engine
from analyzer.frame import SECOND, Frame
from analyzer.ims.events import ChallengeSent, CoreRegisterSent
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from benchmarks import soak
from tests.scenario import Scenario


def engine() -> tuple[Engine, list[object]]:
    found: list[object] = []
    keyring = Keyring()
    keyring.add_text(Scenario().subscriber_toml(), "keys")
    return Engine(PROFILES["rel-17"], keyring, found.append), found


@pytest.mark.parametrize(("wait", "known"), [(0, True), (800, True), (1000, False)])
def test_a_register_is_looked_for_behind_the_pcscf_for_a_quarter_of_an_hour(wait: float, known: bool) -> None:
    s = Scenario()
    waiting = s.sm1()
    s.wait(wait)
    s.sm1(ue=s.ue(2))
    s.core_register(waiting)
    made, found = engine()
    for frame in s.frames():
        made.receive(frame)
    behind = [event.original for event in found if isinstance(event, CoreRegisterSent)]
    assert [at.number for at in behind if at is not None] == ([1] if known else [])
    assert len(made.tracker.core.registers) == (2 if known else 1)


@pytest.mark.parametrize(("autn", "impi"), [(True, True), (True, False), (False, True)])
def test_a_challenge_is_recognised_after_any_time(autn: bool, impi: bool) -> None:
    s = Scenario()
    first = s.sm6(s.sm1())
    s.wait(100_000)
    headers = {"WWW-Authenticate": first.message["WWW-Authenticate"]} if autn else {}
    s.sm6(s.sm1(ue=s.ues[0] if impi else s.ue(2)), headers=headers)
    made, found = engine()
    for frame in s.frames():
        made.receive(frame)
    _, again = [event.rand_before for event in found if isinstance(event, ChallengeSent)]
    if not (autn and impi):
        assert again is None
        return
    assert again is not None
    assert (again.at.number, again.same_autn, again.same_pair) == (2, True, True)


def test_phones_that_come_and_go_leave_nothing_but_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two phones have a life each minute, for an hour and a half."""
    monkeypatch.setattr(soak, "PHONES", 2)
    keyring = Keyring()
    keyring.add_text(soak.cards(), "keys")
    made = Engine(PROFILES["rel-17"], keyring, lambda event: None)
    numbers = count(1)
    sizes = []
    for number in range(90):
        for moment, data in soak.life(number):
            time = (1_700_000_000 + 60 * number) * SECOND + round(moment * SECOND)
            made.receive(Frame(0, next(numbers), time, 1, data, len(data)))
        if number in (40, 89):
            gc.collect()
            sizes.append(Counter(type(each).__name__ for each in gc.get_objects()))
    assert sum(len(context.forgotten) for pair in made.tracker.directory for context in pair.contexts) == 180 - 16
    assert not {name: more for name, more in (sizes[1] - sizes[0]).items() if more >= 49}, "one or more a life"
