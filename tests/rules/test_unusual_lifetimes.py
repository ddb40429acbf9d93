"""Legal but unusual: contacts and identities that end apart, lifetimes that a set takes over, broken connections."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check, passes
from tests.scenario.sip_text import Edits

from .protection import both_profiles, completed


def second_identity(s: Scenario) -> Edits:
    """Headers of a REGISTER for the second public identity."""
    second = s.ues[0].impus[1]
    return {"From": f"<{second}>;tag=second", "To": f"<{second}>"}


# --- what a deregistration ends (LIFE-17, SA-11; FP8, FP9) ------------------------------------------------------------


def test_the_ue_removes_a_contact_that_it_left_behind() -> None:
    """A binding at an earlier address is deregistered on the set of the one that stays, and the 200 lists that."""
    s = Scenario()
    first = s.register()
    stays = s.ues[0].contact(first.port_us, "udp", 600_000)
    s.deregister(
        on=first,
        sm1={"headers": {"Contact": "<sip:001010000000001@10.20.0.99:31001>;expires=0"}},
        sm12={"headers": {"Contact": stays}},
    )
    s.wait(300)
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    check(s)


def test_its_own_contact_ends_the_set_in_whatever_spelling() -> None:
    s = Scenario()
    first = s.register()
    s.deregister(on=first, sm1={"headers": {"Contact": f"sip:10.20.0.11:{first.port_us};expires=0"}})
    s.wait(300)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-17", "violation", actor="UE", at="req")
    check(s, rules=["LIFE-17", "SA-11"])


@pytest.mark.parametrize("apart", [True, False])
def test_all_contacts_of_one_identity(apart: bool) -> None:
    """``*`` stands for the contacts of the identity in To; with it go those that were registered implicitly with it."""
    s = Scenario()
    first = s.register()
    headers, second = second_identity(s), s.ues[0].impus[1]
    s.refresh(
        on=first,
        sm1={"headers": headers},
        sm12={"headers": {"P-Associated-URI": f"<{second}>"}} if apart else {},
    )
    s.deregister(on=first, sm1={"headers": {**headers, "Contact": "*"}})
    s.wait(200)
    s.request("ue", "MESSAGE", on=first, answered=False)
    if not apart:
        s.expect("LIFE-17", "violation", actor="UE", at="req")
    check(s)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_after_a_challenged_deregistration_no_set_is_the_newer_one(transport: str) -> None:
    """Case J: the network tells of the end on the set of the 200, which nobody will use any more (SA-13)."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    procedure = s.sm1(over=first, expires=0)
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, expires=0)
    assert procedure.set
    s.notify_terminated(on=procedure.set, event="unregistered")
    check(s)


# --- how long a set lives (LIFE-06, LIFE-07) --------------------------------------------------------------------------


@both_profiles
def test_a_set_lives_as_long_as_the_old_one_but_no_longer(profile: str) -> None:
    """The second registration is for 600 s only, the old set had 1200."""
    s = Scenario(expires=1200)
    first = s.register()
    s.wait(10)
    second = s.register(over=first, sm1={"expires": 600})
    s.wait(700)
    s.request("ue", "MESSAGE", on=second)
    s.wait(700)
    s.request("ue", "MESSAGE", on=second, label="late")
    s.expect("LIFE-06", "violation", actor="UE", at="late")
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="late.resp")
    s.expect("SA-11", "violation", actor="P-CSCF", at="late.resp", cause="LIFE-06")
    check(s, profile=profile, rules=["LIFE-06", "LIFE-07", "SA-10", "SA-11"])


@both_profiles
@pytest.mark.parametrize(("pause", "over"), [(600, False), (1500, True)])
def test_so_it_does_after_an_sm1_in_clear(pause: float, over: bool, profile: str) -> None:
    """7.4.1a and 7.4.2a make no difference: the old sets are removed, but the new one has the longer of both lives."""
    s = Scenario(expires=1200)
    s.register()
    second = s.register(sm1={"expires": 300})
    s.wait(pause)
    s.request("ue", "MESSAGE", on=second, answered=False)
    if over:
        s.expect("LIFE-06", "violation", actor="UE", at="req")
    check(s, profile=profile, rules=["LIFE-06", "LIFE-07", "SA-10", "SA-11"])


def test_a_refresh_in_clear_that_nobody_challenges() -> None:
    """The network should have challenged it (AUTH-06), but the registration is longer, and so the set lives on."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(300)
    s.sm12(s.sm1())
    s.wait(450)
    s.request("ue", "MESSAGE", on=first)
    s.expect("AUTH-06", "violation", actor="network", at="sm12.2")
    check(s, rules=["AUTH-06", "LIFE-06", "LIFE-07", "LIFE-08", "SA-10", "SA-11"])


def test_the_registrar_spells_the_contact_in_its_own_way() -> None:
    """And it lists another device of the subscriber, which is registered for longer."""
    s = Scenario(expires=600)
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    own = f"<sip:{s.ues[0].user}@10.20.0.11:{procedure.client['port_s']};ob>;expires=600"
    s.sm12(procedure, headers={"Contact": f"{own}, <sip:other@10.9.9.9:5060>;expires=9000"})
    s.wait(1000)
    assert procedure.set
    s.request("ue", "MESSAGE", on=procedure.set, answered=False)
    s.expect("LIFE-06", "violation", actor="UE", at="req")
    check(s, rules=["LIFE-06", "LIFE-07"])


# --- a registration whose connection breaks (LIFE-02) -----------------------------------------------------------------


@pytest.mark.parametrize("step", ["sm1", "sm7"])
def test_another_registration_after_the_connection_broke(step: str) -> None:
    """To the UE a reset is an answer (RFC 3261 8.1.3.1): its first procedure is over, and it may begin anew at once."""
    s = Scenario(transport="tcp")
    procedure = s.sm1()
    if step == "sm7":
        s.sm6(procedure)
        s.sm7(procedure)
        assert procedure.set
        s.rst("pcscf", on=procedure.set, role="ps>uc")
    else:
        s.reset("sm1")
    again = s.sm1()
    s.sm6(again)
    completed(s, again)
    check(s)
    passes(s, "LIFE-02", at_least=2)
