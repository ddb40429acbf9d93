"""ESP-03: replayed packets, and what their receiver does."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check, passes


@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_an_answer_to_a_replayed_request(who: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue" if who == "ue" else "pcscf", "MESSAGE", on=first)
    s.wait(3)
    s.duplicate("req", 2.0)
    s.again("resp", label="again")
    s.request("ue", "MESSAGE", on=first, label="last")
    s.expect("ESP-03", "violation", actor="P-CSCF" if who == "ue" else "UE", at="req.dup")
    check(s)


def test_silence_after_a_replay_meets_it() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.duplicate("req", 2.0)
    s.wait(10)
    s.request("ue", "MESSAGE", on=first, label="last")
    check(s)
    passes(s, "ESP-03")


def test_a_request_that_was_repeated_in_earnest_explains_the_answer() -> None:
    """FP1."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(3)
    s.duplicate("req", 2.0)
    s.again("req")
    s.again("resp", label="again")
    check(s)


def test_a_repetition_may_be_lost_from_the_capture() -> None:
    """FP4."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(3)
    s.duplicate("req", 2.0)
    s.again("req")
    s.again("resp", label="again")
    s.request("ue", "MESSAGE", on=first, label="last")
    s.lose("req.again")
    s.expect("ESP-03", "inconclusive", actor="P-CSCF", at="req.dup")
    check(s, rules=["ESP-03"])


def test_copies_that_a_capture_makes_are_no_replays() -> None:
    """FP5: within a moment they are not even counted."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.duplicate("req", 0.1)
    s.wait(10)
    s.request("ue", "MESSAGE", on=first, label="last")
    check(s)
    with pytest.raises(AssertionError):
        passes(s, "ESP-03")


def test_a_replay_at_the_end_of_the_capture_says_nothing() -> None:
    s = Scenario()
    s.request("ue", "MESSAGE", on=s.register())
    s.duplicate("req", 2.0)
    s.expect("ESP-03", "inconclusive", actor="P-CSCF", at="req.dup")
    check(s)


def test_the_answers_to_an_invite_are_repeated_by_a_timer() -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 200, label="ok")
    s.wait(3)
    s.duplicate("invite", 2.0)
    s.again("ok")
    s.ack(call)
    s.wait(5)
    s.bye(call, "ue")
    check(s, rules=["ESP-03"])
