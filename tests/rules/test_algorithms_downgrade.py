"""CRY-06 and CRY-07: no downgrade, and one key set for each set."""

from __future__ import annotations

import pytest

from tests.rules.digest import in_force
from tests.rules.packets import findings
from tests.rules.ports import tally
from tests.rules.test_algorithms import GCM, GMAC, MD5, SHA1, SHA1_CBC, Pair, lists
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.aka import vector
from tests.scenario.state import Params

# --- CRY-06: no downgrade ---------------------------------------------------------------------------------------------


def test_the_pcscf_prefers_the_weaker_pair() -> None:
    s = Scenario()
    sm1, sm6 = lists([SHA1_CBC, SHA1], [SHA1, SHA1_CBC], SHA1)
    s.register(sm1=sm1, sm6=sm6)
    s.expect("CRY-06", "warning", actor="P-CSCF", at="sm7")
    check(s)
    assert not in_force(s, "CRY-06", "sa3-29")


def test_the_ue_takes_the_weaker_pair() -> None:
    """NEG-17 is the cause: it passed over what the P-CSCF preferred."""
    s = Scenario()
    sm1, sm6 = lists([SHA1_CBC, SHA1], [SHA1_CBC, SHA1], SHA1)
    s.register(sm1=sm1, sm6=sm6)
    s.expect("NEG-17", "violation", actor="UE", at="sm7")
    s.expect("CRY-06", "warning", actor="UE", at="sm7", cause="NEG-17")
    check(s)


def test_a_set_is_weaker_than_the_one_before() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    sm1, sm6 = lists([SHA1], [SHA1], SHA1)
    s.register(over=first, sm1=sm1, sm6=sm6)
    s.expect("CRY-06", "probable", actor="UE", at="sm7.2")
    check(s)
    (found,) = findings(s, "CRY-06")
    assert found.traps == ("FP15", "changed-configuration")


def test_another_device_of_the_subscriber_has_less() -> None:
    """FP9: one IMPI on two phones, of which one is older."""
    s = Scenario()
    s.register()
    sm1, sm6 = lists([SHA1], [SHA1], SHA1)
    s.register(ue=s.ue(1, address="10.20.0.99", instance="urn:gsma:imei:99"), sm1=sm1, sm6=sm6)
    check(s)
    passes(s, "CRY-06", at_least=2)


@pytest.mark.parametrize("pair", [SHA1, SHA1_CBC, GMAC, GCM])
def test_the_best_of_what_both_have(pair: Pair) -> None:
    s = Scenario()
    sm1, sm6 = lists([pair, MD5], [pair, MD5], pair)
    s.register(sm1=sm1, sm6=sm6)
    check(s, rules={"CRY-06"})
    passes(s, "CRY-06")


def test_pairs_of_which_none_is_the_weaker() -> None:
    s = Scenario()
    sm1, sm6 = lists([SHA1_CBC, GMAC], [SHA1_CBC, GMAC], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    check(s)
    passes(s, "CRY-06")


def test_a_stronger_pair_that_only_one_side_has() -> None:
    s = Scenario()
    sm1, sm6 = lists([GCM, SHA1_CBC], [SHA1_CBC], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    check(s)
    passes(s, "CRY-06")


def test_a_set_is_stronger_than_the_one_before() -> None:
    s = Scenario(ealg="null")
    first = s.register()
    s.wait(60)
    sm1, sm6 = lists([SHA1_CBC], [SHA1_CBC], SHA1_CBC)
    s.register(over=first, sm1=sm1, sm6=sm6)
    check(s)
    passes(s, "CRY-06", at_least=2)


def test_another_pcscf() -> None:
    s = Scenario()
    s.register()
    other = s.ue(1, address="10.20.0.99", pcscf="10.20.0.2")
    sm1, sm6 = lists([SHA1], [SHA1], SHA1)
    s.register(ue=other, sm1=sm1, sm6=sm6)
    assert not findings(s, "CRY-06")


def test_without_a_key_nobody_knows_what_is_in_use() -> None:
    """FP18."""
    s = Scenario()
    sm1, sm6 = lists([SHA1_CBC, GCM], [SHA1_CBC, GCM], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    assert {each.verdict for each in audited(s, keys="").findings if each.rule == "CRY-06"} == {"inconclusive"}


# --- CRY-07: keys -----------------------------------------------------------------------------------------------------


def also(s: Scenario, rand: bytes, ck: bytes, ik: bytes) -> str:
    """The key file of the scenario with a second vector for one RAND."""
    return s.keys_toml() + f'[[aka]]\nrand = "{rand.hex()}"\nck = "{ck.hex()}"\nik = "{ik.hex()}"\n'


def test_two_associations_have_different_keys() -> None:
    s = Scenario()
    ck, ik = bytes(range(16)), bytes(range(16, 32))
    first = s.register(sm12={"esp": {"ck": ck, "ik": ik}})
    s.expect("CRY-07", "violation", actor="unknown", at="sm12")
    keys = also(s, first.vector.rand, ck, ik)
    check(s, keys=keys)
    assert not in_force(s, "CRY-07", "sa3-29")


def test_a_known_mistake_explains_the_difference() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    assert p.set
    s.sm7(p)
    s.sm12(p, esp={"ck": p.set.vector.ik, "ik": p.set.vector.ck})
    report = audited(s, keys=s.subscriber_toml())
    (cause,) = [each for each in report.findings if each.rule == "ESP-14"]
    (follows,) = [each for each in report.findings if each.rule == "CRY-07"]
    assert (follows.verdict, follows.actor, follows.cause) == ("violation", "P-CSCF", cause.fingerprint)


def test_a_vector_is_used_for_two_sets() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    s.register(over=first, sm6={"vector": first.vector})
    s.expect("AUTH-11", "violation", actor="network", at="sm6.2")
    s.expect("CRY-07", "violation", actor="network", at="sm7.2", cause="AUTH-11")
    check(s, rules={"AUTH-11", "CRY-07"})


def test_a_fixed_rand_gives_the_same_keys() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    ue = first.ue
    again = vector(ue.k, ue.opc, first.vector.rand, ue.sqn + 32)
    s.register(over=first, sm6={"vector": again})
    s.expect("CRY-07", "probable", actor="network", at="sm7.2", cause="AUTH-11")
    check(s, rules={"CRY-07"})


def test_fixed_keys_under_different_rands() -> None:
    """A laboratory whose challenges change and whose keys do not."""
    s = Scenario()
    first = s.register()
    s.wait(60)
    ck, ik = first.vector.ck, first.vector.ik
    p = s.sm1(over=first)
    s.sm6(p)
    assert p.set
    s.sm7(p, esp={"ck": ck, "ik": ik})
    s.sm12(p, esp={"ck": ck, "ik": ik})
    s.expect("CRY-07", "probable", actor="network", at="sm7.2")
    check(s, keys=also(s, p.set.vector.rand, ck, ik), rules={"CRY-07"})


@pytest.mark.parametrize("pair", [SHA1_CBC, SHA1, GMAC, GCM])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_each_set_has_its_own_keys(transport: str, pair: Pair) -> None:
    s = Scenario(transport=transport, alg=pair[0], ealg=pair[1])
    second = s.register(over=s.register())
    s.call("ue", on=second)
    s.call("pcscf", on=second)
    check(s)
    passes(s, "CRY-07", at_least=3)


def test_one_association_alone_is_compared_with_nothing() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    assert not tally(s, "CRY-07").exercised


def test_new_keys_under_the_same_spis() -> None:
    """R11."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401)
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    assert not findings(s, "CRY-07")


def test_the_same_set_announced_once_more() -> None:
    """FP17: its keys are its own; that the challenge was used again is AUTH-11's matter."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    same = p.set
    assert same
    server: Params = {"spi_c": same.spi_pc, "spi_s": same.spi_ps, "port_c": same.port_pc, "port_s": same.port_ps}
    s.sm12(p, status=401, challenge={"vector": same.vector, "server": server})
    assert p.set
    p.set.sent.update(same.sent)
    s.wait(1)
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    assert findings(s, "AUTH-11")
    assert not findings(s, "CRY-07")
