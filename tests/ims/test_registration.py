"""Registration procedures: a REGISTER is known by its nonce (9.3, R1, R11), whatever else it carries."""

from __future__ import annotations

import pytest

from analyzer.ims.events import (
    ChallengeAnswered,
    ChallengeSent,
    EarlyUse,
    RegistrationOverlapped,
    RegistrationRefreshed,
    RegistrationRefused,
    RegistrationStarted,
    RegistrationSucceeded,
    State,
)
from tests.ims.story import engine, only, procedure, told
from tests.scenario import Scenario

TRANSPORTS = ("udp", "tcp")
WHOLE = ["RegistrationStarted sm1", "ChallengeSent sm6", "ChallengeAnswered sm7", "RegistrationSucceeded sm12"]


def again(number: int) -> list[str]:
    return [f"{line}.{number}" for line in WHOLE]


# --- classification by nonce ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_registration_and_a_re_registration(transport: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register())
    assert procedure(s) == WHOLE + again(2)


def test_cached_credentials_make_no_sm7() -> None:
    """R1: the nonce was consumed by SM12, so the next REGISTER that carries it is an SM1."""
    s = Scenario()
    s.refresh(on=s.register())
    assert s.sent["sm1.2"].message["Authorization"] == s.sent["sm7"].message["Authorization"]
    assert procedure(s) == [*WHOLE, "RegistrationStarted sm1.2", "RegistrationRefreshed sm12.2"]
    (refreshed,) = only(s, RegistrationRefreshed)
    assert refreshed.in_use is not None and refreshed.in_use.generation == 1


def test_a_refusal_consumes_the_challenge_too() -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    s.sm12(first, status=403)
    old = s.sent["sm7"].message["Authorization"]
    s.sm1(headers={"Authorization": old})
    refused = "RegistrationRefused sm12"
    assert procedure(s) == [*WHOLE[:3], refused, "RegistrationStarted sm1.2"]


@pytest.mark.parametrize("value", ["", "bm90aGluZyB0aGF0IHdhcyBldmVyIHNlbnQgYnkgdGhpcyBjb3JlIQ=="])
def test_an_empty_or_unknown_nonce_makes_an_sm1(value: str) -> None:
    s = Scenario()
    s.sm6(s.sm1())
    s.sm1(headers={"Authorization": lambda text: text.replace('nonce=""', f'nonce="{value}"')})
    assert procedure(s)[2:] == ["RegistrationStarted sm1.2"]


@pytest.mark.parametrize("why", ["mac", "sqn"])
def test_no_response_or_auts_reports_a_failure(why: str) -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.reject(first, why)
    started = only(s, RegistrationStarted)
    assert [event.reports_failure for event in started] == [False, True]
    assert [event.unfinished for event in started] == [None, None]


def test_the_challenge_after_a_failure_says_so() -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.reject(first, "sqn")
    s.sm6(first, label="sm6b")
    s.sm7(first)
    s.sm12(first)
    sent = only(s, ChallengeSent)
    assert [(event.answers_failure, event.answers_sm7) for event in sent] == [(False, False), (True, False)]
    assert procedure(s)[-2:] == ["ChallengeAnswered sm7", "RegistrationSucceeded sm12"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_second_challenge_answers_sm7(transport: str) -> None:
    """R11, case E: the next SM7 belongs to the newer set, which lives on with the UE's old SPIs."""
    s = Scenario(transport=transport)
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    s.sm12(first, status=401)
    s.sm7(first, label="sm7b")
    s.sm12(first, label="sm12b")
    assert [event.answers_sm7 for event in only(s, ChallengeSent)] == [False, True]
    answered = only(s, ChallengeAnswered)
    assert [event.expected and event.expected.generation for event in answered] == [1, 2]
    (succeeded,) = only(s, RegistrationSucceeded)
    assert succeeded.expected is not None and succeeded.expected.generation == 2
    assert succeeded.expected.spi_uc == answered[0].expected.spi_uc if answered[0].expected else False


def test_sm7_in_a_new_transaction_with_the_same_spis_is_sm7() -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    s.wait(1)
    s.sm7(first, label="sm7b")
    s.sm12(first)
    assert procedure(s) == [*WHOLE[:3], "ChallengeAnswered sm7b", WHOLE[3]]


def test_after_sm7_a_register_with_new_spis_begins_anew() -> None:
    """The UE gave up waiting: cached credentials, although no answer consumed them."""
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    s.sm1(headers={"Authorization": s.sent["sm7"].message["Authorization"]})
    assert procedure(s)[3:] == ["RegistrationStarted sm1.2"]


def test_the_answer_to_an_older_challenge_on_its_own_set_is_no_start() -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    second = s.sm1()
    s.sm6(second)
    s.sm7(first)
    s.sm7(second)
    s.sm12(second)
    assert procedure(s)[4:] == ["ChallengeAnswered sm7", "ChallengeAnswered sm7.2", "RegistrationSucceeded sm12.2"]


# --- restarts and refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "header"), [(423, "Min-Expires"), (503, "Retry-After")])
def test_a_restart_after_a_refusal_of_sm1_leaves_nothing_unfinished(status: int, header: str) -> None:
    s = Scenario()
    s.sm12(s.sm1(), status=status, headers={header: "5"})
    s.wait(5)
    s.register()
    assert procedure(s) == ["RegistrationStarted sm1", "RegistrationRefused sm12", *again(2)]
    assert [event.unfinished for event in only(s, RegistrationStarted)] == [None, None]


def test_a_refused_sm7_tells_whether_res_was_right() -> None:
    for wrong in (True, False):
        s = Scenario()
        first = s.sm1()
        s.sm6(first)
        s.sm7(first, res_wrong=wrong)
        s.sm12(first, status=403)
        (event,) = [found for found in told(s, keys=s.subscriber_toml()) if isinstance(found, RegistrationRefused)]
        assert event.res_right is not wrong
        (unknown,) = only(s, RegistrationRefused)
        assert unknown.res_right is None, "CK and IK alone do not tell RES"


def test_a_deregistration_and_the_one_after_a_challenge() -> None:
    s = Scenario()
    first = s.register()
    s.deregister(on=first)
    assert procedure(s)[4:] == ["RegistrationStarted dereg", "Deregistered dereg.200"]
    s = Scenario()
    challenged = s.sm1(over=s.register(), expires=0)
    s.sm6(challenged)
    s.sm7(challenged)
    s.sm12(challenged)
    assert procedure(s)[4:] == [*again(2), "Deregistered sm12.2"]


def test_copies_tell_nothing_twice() -> None:
    s = Scenario()
    first = s.sm1()
    s.again("sm1")
    s.sm6(first)
    s.again("sm6")
    s.sm7(first)
    s.again("sm7")
    s.sm12(first)
    s.again("sm12")
    assert procedure(s) == WHOLE


# --- overlapping procedures -----------------------------------------------------------------------------------------


def test_an_overlap_is_told_when_the_earlier_answer_comes() -> None:
    s = Scenario()
    first = s.sm1()
    s.sm1()
    s.sm6(first)
    events = told(s)
    (overlap,) = [event for event in events if isinstance(event, RegistrationOverlapped)]
    assert overlap.complete.sure
    assert s.label_of(overlap.at.number) == "sm1.2" and s.label_of(overlap.unfinished.number) == "sm1"
    places = [type(event) for event in events]
    assert places.index(RegistrationOverlapped) < places.index(ChallengeSent)


def test_an_overlap_without_that_answer_is_told_at_the_end_and_unsure() -> None:
    s = Scenario()
    s.sm1()
    s.sm1()
    (overlap,) = only(s, RegistrationOverlapped)
    assert not overlap.complete.sure


def test_timer_f_runs_from_the_first_copy() -> None:
    s = Scenario()
    s.sm1()
    for pause in (2, 4, 8, 16, 16, 16, 16, 16, 16, 16):
        s.wait(pause)
        s.again("sm1")
    s.wait(3)
    s.sm1()
    assert only(s, RegistrationOverlapped) == []


# --- sets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_states_of_the_sets_after_a_re_registration(transport: str) -> None:
    s = Scenario(transport=transport)
    second = s.register(over=s.register())

    def states() -> list[tuple[State, ...]]:
        directory = engine(s)[0].tracker.directory
        return [tuple(made.states.values()) for pair in directory for made in pair.contexts[0].sets]

    assert states() == [(State.OLD, State.OLD), (State.USE, State.NEW)]
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(1)
    s.request("ue", "OPTIONS", on=second)
    assert states() == [(State.GONE, State.GONE), (State.USE, State.USE)]


def test_a_protected_register_belongs_to_the_contact_of_its_set() -> None:
    """R16: whatever it announces."""
    s = Scenario()
    first = s.register()
    s.register(over=first, sm1={"client": {"port_s": 9000}, "headers": {"Contact": "<sip:other@10.20.0.11:9000>"}})
    subjects = {event.subject for event in only(s, RegistrationStarted)}
    assert len(subjects) == 1


@pytest.mark.parametrize(("status", "used"), [(200, True), (403, False)])
def test_use_before_sm12_is_told_when_it_is_settled(status: int, used: bool) -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    assert first.set
    s.request("ue", "MESSAGE", on=first.set, answered=False)
    s.wait(1)
    s.sm12(first, status=status)
    (early,) = only(s, EarlyUse)
    assert s.label_of(early.at.number) == "req"
    assert early.certain.sure is used
