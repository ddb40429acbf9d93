"""ESP-04: ICVs that verify, and what is no reason to accuse anybody where they do not."""

from __future__ import annotations

import pytest

from tests.rules.packets import findings, keys_of
from tests.rules.ports import PROFILES
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.state import Params
from tests.test_scenario import PAIRS


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_one_packet_among_good_ones_does_not_verify(alg: str, ealg: str, profile: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first)
    s.corrupt("req")
    s.request("pcscf", "OPTIONS", on=first)
    s.corrupt("req.3")
    s.request("pcscf", "OPTIONS", on=first)
    s.expect("ESP-04", "violation", actor="UE", at="req")
    s.expect("ESP-04", "violation", actor="P-CSCF", at="req.3")
    check(s, rules=["ESP-01", "ESP-02", "ESP-04", "PORT-07"], profile=profile)


def test_another_key_in_the_middle_of_an_association() -> None:
    s = Scenario()
    first = s.register()
    for _ in range(2):
        s.request("ue", "MESSAGE", on=first, esp={"ik": bytes(16)}, answered=False)
    s.request("ue", "MESSAGE", on=first)
    s.expect("ESP-04", "violation", actor="UE", at="req", count=2)
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_last_packet_that_does_not_verify_may_have_another_key(profile: str) -> None:
    """FP18: after it nothing shows that the key is still the same."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.corrupt("req")
    s.expect("ESP-04", "probable", actor="UE", at="req")
    check(s, profile=profile)


def test_a_negotiation_that_is_missing_may_have_brought_new_keys_under_the_same_spi() -> None:
    """FP4 and FP29: a P-CSCF that always takes the same SPIs, and a lost SM1."""
    s = Scenario()
    first = s.register()
    fixed: Params = {"spi_c": first.spi_pc, "spi_s": first.spi_ps}
    second = s.register(over=first, sm6={"server": fixed})
    s.request("ue", "MESSAGE", on=second)
    s.request("ue", "MESSAGE", on=second)
    s.lose("sm1.2")
    s.expect("ESP-04", "probable", actor="UE", at="sm7.2", count=3)
    check(s, rules=["ESP-02", "ESP-04", "PORT-07"])


@pytest.mark.parametrize("profile", PROFILES)
def test_every_packet_verifies(profile: str) -> None:
    s = Scenario()
    s.call("ue", on=s.register(over=s.register()))
    check(s, profile=profile)
    passes(s, "ESP-04", at_least=12, profile=profile)


def test_a_wrong_key_accuses_nobody() -> None:
    """FP18."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "OPTIONS", on=first)
    wrong = f'[[aka]]\nrand = "{first.vector.rand.hex()}"\nck = "{bytes(16).hex()}"\nik = "{bytes(16).hex()}"\n'
    report = audited(s, keys=wrong)
    assert {each.verdict for each in report.findings} == {"inconclusive"}
    assert "ESP-04" in {each.rule for each in report.findings}


def test_a_ue_that_derives_another_key_is_not_told_from_a_wrong_key_file() -> None:
    """FP18, case D0: 100 % of the association fails from its first packet."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, esp={"ik": bytes(16)})
    s.wait(2)
    s.again("sm7", esp={"ik": bytes(16)})
    assert {each.verdict for each in audited(s).findings} == {"inconclusive"}


def test_without_any_key_nobody_can_say() -> None:
    s = Scenario()
    s.request("ue", "MESSAGE", on=s.register())
    assert {each.verdict for each in audited(s, keys="").findings} == {"inconclusive"}


def test_keys_of_the_first_registration_do_not_fit_the_second_under_the_same_spis() -> None:
    """FP18 with FP29: a UE that counts its SPIs from the start again, and a key file that ends too early."""
    s = Scenario()
    first = s.register()
    s.deregister(on=first)
    s.wait(300)
    again = s.register(
        sm1={"client": {"spi_c": first.spi_uc, "spi_s": first.spi_us}},
        sm6={"server": {"spi_c": first.spi_pc, "spi_s": first.spi_ps}},
    )
    s.request("ue", "MESSAGE", on=again)
    report = audited(s, keys=keys_of(s, first))
    assert {each.verdict for each in report.findings} == {"inconclusive"}


def test_keys_of_one_ue_do_not_fit_the_other_behind_the_same_address() -> None:
    """FP18 with FP25 and FP28."""
    s = Scenario()
    one = s.register()
    same: Params = {"port_s": one.port_ps, "port_c": one.port_pc, "spi_s": one.spi_ps, "spi_c": one.spi_pc}
    two = s.register(ue=s.ue(2, address=one.ue.address), sm6={"server": same})
    s.request("ue", "MESSAGE", on=one)
    s.request("ue", "MESSAGE", on=two)
    found = findings(s, "ESP-04", keys_of(s, one))
    assert {each.verdict for each in found} == {"inconclusive"}


def test_fragments_are_put_together_before_the_icv_is_checked() -> None:
    """FP23."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, body=b"x" * 500)
    s.fragment("req", 400)
    s.fragment("sm7")
    check(s)
    passes(s, "ESP-04", at_least=4)


def test_a_packet_that_the_capture_cut_cannot_be_checked() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.request("ue", "MESSAGE", on=first)
    s.cut("req", 120)
    s.expect("ESP-04", "inconclusive", actor="UE", at="req")
    check(s)


def test_a_capture_of_which_every_packet_was_cut() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    for label in ("sm7", "sm12", "req", "resp"):
        s.cut(label, 96)
    report = audited(s)
    assert {each.verdict for each in report.findings} == {"inconclusive"}
    assert not any("no key" in each.message for each in report.findings)


@pytest.mark.parametrize(("damaged", "verdict"), [("req", "inconclusive"), ("req.dup", "probable")])
def test_a_damaged_copy_of_a_good_packet(damaged: str, verdict: str) -> None:
    """FP5: a radio, or a mirror port with bit errors; new keys may explain the second one as well (FP29)."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.duplicate("req")
    s.corrupt(damaged)
    s.request("ue", "MESSAGE", on=first)
    s.expect("ESP-04", verdict, actor="UE", at=damaged)
    check(s)
