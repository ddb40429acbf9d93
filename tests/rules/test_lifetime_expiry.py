"""LIFE-06 and LIFE-07: nobody uses a set after its deadline, which the expiry of the registration sets."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check, passes
from tests.scenario.state import SaSet

PROFILES = ("rel-17", "sa3-29")
TRANSPORTS = ("udp", "tcp")


def late(s: Scenario, first: SaSet) -> None:
    """A request of the UE, and its answer, both after the deadline."""
    s.request("ue", "MESSAGE", on=first)
    s.expect("LIFE-06", "violation", actor="UE", at="req")
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="resp")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="LIFE-06")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_set_is_used_after_its_deadline(profile: str, transport: str) -> None:
    s = Scenario(transport=transport, expires=600)
    first = s.register()
    s.wait(700)
    late(s, first)
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_begins_a_request_after_the_deadline(profile: str) -> None:
    s = Scenario(expires=600)
    first = s.register()
    s.wait(700)
    s.request("pcscf", "MESSAGE", on=first)
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="req")
    s.expect("LIFE-06", "violation", actor="UE", at="resp")
    s.expect("SA-10", "violation", actor="UE", at="resp", cause="LIFE-07")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_re_registration_on_an_expired_set(profile: str) -> None:
    """SM1 is a use of the set, and so is SM6."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(700)
    s.register(over=first)
    s.expect("LIFE-06", "violation", actor="UE", at="sm1.2")
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="sm6.2")
    check(s, profile=profile, rules=["LIFE-06", "LIFE-07"])


def test_the_thirty_seconds_are_of_later_releases() -> None:
    """V6: today the set outlives the registration by 30 s; in the papers it does not."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(625)
    s.request("ue", "MESSAGE", on=first)
    check(s, profile="rel-17")
    s.expect("LIFE-06", "violation", actor="UE", at="req")
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="resp")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="LIFE-06")
    check(s, profile="sa3-29")


@pytest.mark.parametrize(("seconds", "profile"), [(609, "sa3-29"), (639, "rel-17")])
def test_clocks_may_differ(seconds: int, profile: str) -> None:
    """FP14: 5 s and one per cent of the lifetime."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(seconds)
    s.request("ue", "MESSAGE", on=first)
    check(s, profile=profile)


def test_the_response_says_how_long_the_registration_lasts() -> None:
    s = Scenario(expires=600_000)
    first = s.register(sm12={"expires": 600})
    s.wait(700)
    late(s, first)
    check(s)


def test_the_expires_header_counts_where_the_contact_has_no_parameter() -> None:
    s = Scenario(expires=600_000)

    def bare(value: str) -> str:
        return value.rpartition(";expires=")[0]

    first = s.register(sm12={"headers": {"Contact": bare, "Expires": "600"}})
    s.wait(700)
    late(s, first)
    check(s)


def test_the_expiry_of_another_contact_does_not_count() -> None:
    """A 200 lists all contacts of the identity; the set lives as long as its own."""
    s = Scenario(expires=600_000)

    def both(value: str) -> str:
        return f"<sip:001010000000001@10.20.0.99:5060>;expires=600000, {value}"

    first = s.register(sm12={"expires": 600, "headers": {"Contact": both}})
    s.wait(700)
    late(s, first)
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_an_expired_set_is_left_alone(profile: str, transport: str) -> None:
    s = Scenario(transport=transport, expires=600)
    s.register()
    s.wait(700)
    second = s.register()
    s.wait(5)
    s.request("ue", "MESSAGE", on=second)
    check(s, profile=profile)
    passes(s, "LIFE-06", profile=profile)
    passes(s, "LIFE-07", profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_refresh_without_authentication_extends_the_set(profile: str) -> None:
    s = Scenario(expires=600)
    first = s.register()
    s.wait(500)
    s.refresh(on=first)
    s.wait(400)
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_new_set_lives_as_long_as_the_old_one_would_have(profile: str) -> None:
    """The lifetime is the greater of the old set's and the new expiry."""
    s = Scenario(expires=7200)
    first = s.register()
    second = s.register(over=first, sm12={"expires": 600})
    s.wait(3000)
    s.request("ue", "MESSAGE", on=second)
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_another_identity_keeps_the_set_alive(profile: str) -> None:
    """FP8: a second public identity of the same contact was registered for longer."""
    s = Scenario(expires=600)
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"To": f"<{first.ue.impus[1]}>"}}, sm12={"expires": 7200})
    s.wait(3000)
    s.request("ue", "MESSAGE", on=first)
    check(s, profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_refresh_may_be_lost_from_the_capture(transport: str) -> None:
    """FP4: the sequence numbers of the set have a hole."""
    s = Scenario(transport=transport, expires=600)
    first = s.register()
    s.wait(500)
    s.refresh(on=first)
    s.wait(500)
    s.request("ue", "MESSAGE", on=first)
    s.lose("sm1.2", "sm12.2")
    s.expect("LIFE-06", "probable", actor="UE", at="req")
    s.expect("LIFE-07", "probable", actor="P-CSCF", at="resp")
    s.expect("SA-11", "probable", actor="P-CSCF", at="resp", cause="LIFE-06")
    if transport == "tcp":  # the acknowledgement of the refresh shows that the UE was there
        s.expect("LIFE-19", "probable", actor="UE", at="req")
    check(s)


def test_the_answer_to_a_refresh_may_be_lost_from_the_capture() -> None:
    """FP4: the refresh is there, so how long the set lives is not known."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(500)
    s.refresh(on=first)
    s.wait(500)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.lose("sm12.2")
    s.expect("LIFE-06", "probable", actor="UE", at="req")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_transaction_from_before_the_deadline_may_end(profile: str) -> None:
    """R31: up to 64*T1 after it. A call that goes on needs a living set for its BYE."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(590)
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    s.wait(100)
    s.answer(call, 200)
    s.ack(call)
    if profile == "rel-17":
        s.expect("LIFE-19", "violation", actor="UE", at="invite.ack")
    check(s, profile=profile)
    s.bye(call)
    s.expect("LIFE-06", "violation", actor="UE", at="invite.bye")
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="invite.bye.resp")
    s.expect("SA-11", "violation", actor="P-CSCF", at="invite.bye.resp", cause="LIFE-06")
    check(s, profile=profile)


def test_a_transaction_may_not_outlive_the_deadline_by_more_than_64_t1() -> None:
    s = Scenario(expires=600)
    first = s.register()
    s.wait(590)
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    s.wait(200)
    s.answer(call, 200)
    s.expect("LIFE-19", "warning", actor="UE", at="invite")
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="invite.200")
    check(s)


def test_a_capture_that_begins_after_the_registration_knows_no_deadline() -> None:
    """FP3."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(700)
    s.request("ue", "MESSAGE", on=first)
    s.start_at("req")
    check(s, rules=["LIFE-06", "LIFE-07"])
