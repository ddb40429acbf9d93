"""NEG-10 and NEG-15 to NEG-17: SPIs that are distinct, and which algorithm is taken."""

from __future__ import annotations

import pytest

from analyzer.finding import Finding, Tally
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.state import Params

SHA_AES, SHA_NULL, MD5_NULL = ("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null"), ("hmac-md5-96", "null")
CHOICE = ("NEG-15", "NEG-16", "NEG-17")


def tally(s: Scenario, rule: str, keys: str | None = None) -> Tally:
    return next(each for each in audited(s, keys=keys).rules if each.id == rule)


def found(s: Scenario, rule: str) -> list[Finding]:
    return [each for each in audited(s).findings if each.rule == rule]


# --- NEG-10: distinct SPIs --------------------------------------------------------------------------------------------


def test_the_two_spis_of_the_ue_are_equal() -> None:
    s = Scenario()
    s.sm6(s.sm1(client={"spi_c": 1234567890, "spi_s": 1234567890}))
    check(s, profile="sa3-29")
    s.expect("NEG-10", "violation", actor="UE", at="sm6")
    check(s)


@pytest.mark.parametrize("server", [{"spi_c": 1234567890, "spi_s": 1234567890}, {"spi_s": 1111111111}])
def test_the_spis_of_the_p_cscf_are_not_distinct(server: Params) -> None:
    """Among themselves, or from those of the UE, which it knew."""
    s = Scenario()
    s.sm6(s.sm1(client={"spi_c": 1111111111}), server=server)
    s.expect("NEG-10", "violation", actor="P-CSCF", at="sm6")
    check(s)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_four_distinct_spis(transport: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register())
    check(s)
    passes(s, "NEG-10", at_least=2)


def test_an_spi_of_a_set_that_is_pending_still() -> None:
    """The old set is alive under both readings of R9: a call rings on it, within 64*T1."""
    s = Scenario()
    first = s.register()
    ringing = s.invite("pcscf", on=first)
    s.answer(ringing, 180)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.wait(3)
    s.sm6(s.sm1(over=second, client={"spi_c": first.spi_uc}))
    s.expect("NEG-10", "violation", actor="UE", at="sm6.3")
    check(s, rules=["NEG-10", "NEG-11"])


def replaced(s: Scenario, seconds: float) -> None:
    """An SPI of the P-CSCF that a replaced set had, so many seconds after the replacement."""
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.wait(seconds)
    s.sm6(s.sm1(over=second), server={"spi_c": first.spi_pc})


def test_an_spi_of_a_replaced_set() -> None:
    """R9: gone in the papers, today not before 64*T1 are over; and FP29."""
    s = Scenario()
    replaced(s, 10)
    s.expect("NEG-10", "probable", actor="P-CSCF", at="sm6.3")
    check(s, rules=["NEG-10"])
    s = Scenario()
    replaced(s, 200)
    check(s)


@pytest.mark.parametrize(("side", "actor", "trap"), [("client", "UE", "FP15"), ("server", "P-CSCF", "FP26")])
def test_a_registration_that_began_in_clear(side: str, actor: str, trap: str) -> None:
    """FP15, FP26: either side may have lost its sets."""
    s = Scenario()
    first = s.register()
    p = s.sm1(client={"spi_s": first.spi_us} if side == "client" else {})
    s.sm6(p, server={"spi_s": first.spi_ps} if side == "server" else {})
    s.expect("NEG-10", "probable", actor=actor, at="sm6.2")
    check(s, rules=["NEG-10"])
    assert found(s, "NEG-10")[0].traps == (trap,)


def test_an_offer_that_was_never_taken_up() -> None:
    """FP16."""
    s = Scenario()
    first = s.register()
    p = s.refresh(on=first)
    s.sm6(s.sm1(over=first, client=p.client))
    check(s)


def test_several_ues_and_several_contacts() -> None:
    """FP25: a P-CSCF may give the same SPIs to two UEs; FP28: the UE's may be another's."""
    s = Scenario()
    one = s.register()
    same: Params = {"spi_s": one.spi_ps, "spi_c": one.spi_pc}
    s.register(ue=s.ue(2), sm6={"server": same})
    s.register(ue=s.ue(3, address=one.ue.address), sm6={"server": same})
    check(s, rules=["NEG-10"])
    four = s.ue(4, address=one.ue.address)
    s.sm6(s.sm1(ue=four, client={"spi_s": one.spi_us}))
    s.expect("NEG-10", "probable", actor="UE", at="ue4.sm6")
    check(s, rules=["NEG-10"])


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_second_challenge_may_find_the_same_offer(transport: str) -> None:
    """R11."""
    s = Scenario(transport=transport)
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401)
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    check(s, rules=["NEG-10"])
    passes(s, "NEG-10", at_least=2)


# --- NEG-15 to NEG-17: the algorithm ----------------------------------------------------------------------------------


def negotiated(
    offers: list[tuple[str, str]],
    answers: list[tuple[str, str]],
    use: tuple[str, str],
    q: list[str] | None = None,
) -> Scenario:
    s = Scenario()
    p = s.sm1(offers=offers)
    s.sm6(p, offers=answers, use=use, q=q or [""] * len(answers))
    s.sm7(p)
    s.sm12(p)
    return s


@pytest.mark.parametrize("q", [["5", "x"], ["", ".5"]])
def test_a_preference_that_is_none_leaves_the_order_open(q: list[str]) -> None:
    s = negotiated([SHA_AES, SHA_NULL], [SHA_AES, SHA_NULL], SHA_NULL, q)
    s.expect("NEG-21", "violation", actor="P-CSCF", at="sm6")
    s.expect("NEG-17", "probable", actor="UE", at="sm7", cause="NEG-21")
    check(s, rules=(*CHOICE, "NEG-21"))


def test_the_p_cscf_takes_what_the_ue_never_offered() -> None:
    """And the UE follows, which it should not."""
    s = negotiated([SHA_NULL], [SHA_AES], SHA_AES)
    check(s, profile="sa3-29", rules=CHOICE)
    s.expect("NEG-15", "violation", actor="P-CSCF", at="sm12")
    s.expect("NEG-16", "violation", actor="UE", at="sm7")
    check(s, rules=CHOICE)


def test_nothing_in_common_and_no_key() -> None:
    """FP18."""
    s = negotiated([SHA_NULL], [SHA_AES], SHA_AES)
    report = audited(s, keys="")
    told = {(each.rule, each.verdict) for each in report.findings if each.rule in CHOICE}
    assert {verdict for _, verdict in told} == {"inconclusive"}


def test_the_ue_gives_up_if_nothing_is_in_common() -> None:
    s = Scenario()
    s.sm6(s.sm1(offers=[SHA_NULL]), offers=[SHA_AES], use=SHA_AES)
    check(s, rules=CHOICE)
    assert not tally(s, "NEG-16").exercised


def test_a_whole_list_beside_a_common_entry_is_normal() -> None:
    s = negotiated([SHA_NULL, SHA_AES], [SHA_AES, MD5_NULL, SHA_NULL], SHA_AES)
    check(s, rules=CHOICE)
    for rule in CHOICE:
        passes(s, rule)


def test_the_ue_takes_what_only_it_offered() -> None:
    s = negotiated([SHA_AES, SHA_NULL], [SHA_AES], SHA_NULL)
    s.expect("NEG-16", "violation", actor="UE", at="sm7")
    check(s, rules=CHOICE)
    assert found(s, "NEG-16")[0].fault == "not-in-server"


def test_the_ue_takes_what_only_the_p_cscf_listed() -> None:
    s = negotiated([SHA_AES], [SHA_AES, SHA_NULL], SHA_NULL)
    s.expect("NEG-16", "violation", actor="UE", at="sm7")
    check(s, rules=CHOICE)
    assert found(s, "NEG-16")[0].fault == "not-in-client"


@pytest.mark.parametrize(("old", "new"), [(";ealg=null", ""), ("hmac-sha-1-96", "hmac-sha1-96"), ("hmac", "HMAC")])
def test_other_spellings_of_the_same_algorithm(old: str, new: str) -> None:
    """FP20."""
    s = Scenario(ealg="null")
    p = s.sm1(headers={"Security-Client": lambda text: text.replace(old, new)})
    s.sm6(p)
    s.sm7(p, headers={"Security-Client": lambda text: text.replace(old, new)})
    s.sm12(p)
    check(s, rules=CHOICE)
    for rule in CHOICE:
        passes(s, rule)


@pytest.mark.parametrize("q", [None, ["0.9", "0.5"], ["0.5", "0.5"]])
def test_the_ue_takes_the_second_entry(q: list[str] | None) -> None:
    """R8: equal or absent q leaves the order of appearance."""
    s = negotiated([SHA_NULL, SHA_AES], [SHA_AES, SHA_NULL], SHA_NULL, q)
    s.expect("NEG-17", "violation", actor="UE", at="sm7")
    check(s, rules=CHOICE)


def test_q_is_above_the_order() -> None:
    s = negotiated([SHA_NULL, SHA_AES], [SHA_AES, SHA_NULL], SHA_NULL, ["0.5", "0.9"])
    check(s, rules=CHOICE)
    passes(s, "NEG-17")
    s = negotiated([SHA_NULL, SHA_AES], [SHA_AES, SHA_NULL], SHA_AES, ["0.5", "0.9"])
    s.expect("NEG-17", "violation", actor="UE", at="sm7")
    check(s, rules=CHOICE)


def test_a_q_in_some_entries_only() -> None:
    """R8 does not say how that counts."""
    s = negotiated([SHA_NULL, SHA_AES], [SHA_AES, SHA_NULL], SHA_NULL, ["", "0.9"])
    s.expect("NEG-17", "probable", actor="UE", at="sm7")
    check(s, rules=CHOICE)


def test_an_entry_of_another_mode_does_not_count() -> None:
    s = Scenario(ealg="null")
    first = "ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;mod=UDP-enc-tun"
    edit = {"Security-Client": lambda text: f"{text}, {text.replace('ealg=null', 'ealg=aes-cbc')}"}
    p = s.sm1(headers=edit)
    s.sm6(p, headers={"Security-Server": lambda text: f"{first};{text.partition(';mod=trans;')[2]}, {text}"})
    s.sm7(p, headers=edit)
    s.sm12(p)
    check(s, rules=CHOICE)
    passes(s, "NEG-17")


def test_without_a_key_nobody_is_accused() -> None:
    """FP18."""
    s = negotiated([SHA_NULL, SHA_AES], [SHA_AES, SHA_NULL], SHA_AES)
    assert {each.verdict for each in audited(s, keys="").findings if each.rule in CHOICE} == {"inconclusive"}


# --- What is common is so with protocol and mode ----------------------------------------------------------------------


def entry(pair: tuple[str, str], values: Params, mod: str = "trans") -> str:
    ports = f"port-c={values['port_c']};port-s={values['port_s']}"
    return f"ipsec-3gpp;alg={pair[0]};ealg={pair[1]};mod={mod};spi-c={values['spi_c']};spi-s={values['spi_s']};{ports}"


MINE: Params = {"spi_c": 1111111111, "spi_s": 1222222222, "port_c": 32111, "port_s": 31111}
OTHER: Params = {"spi_c": 1333333333, "spi_s": 1444444444, "port_c": 32113, "port_s": 31111}
THEIRS: Params = {"spi_c": 2111111111, "spi_s": 2222222222, "port_c": 5111, "port_s": 6111}


def agreed(s: Scenario, offer: str, server: str, use: tuple[str, str]) -> None:
    """A registration with these two headers, and what follows."""
    p = s.sm1(client=MINE, headers={"Security-Client": offer})
    s.sm6(p, server=THEIRS, use=use, headers={"Security-Server": server})
    assert p.set
    p.set.server_text = server
    s.sm7(p, headers={"Security-Client": offer})
    s.sm12(p)
    s.request("ue", "MESSAGE", on=p.set)
    s.request("pcscf", "OPTIONS", on=p.set)


def test_a_stronger_entry_of_another_mode_was_not_passed_over() -> None:
    s = Scenario()
    offer = f"{entry(SHA_AES, MINE, 'UDP-enc-tun')}, {entry(SHA_NULL, MINE)}"
    agreed(s, offer, f"{entry(SHA_AES, THEIRS)}, {entry(SHA_NULL, THEIRS)}", SHA_NULL)
    check(s)
    passes(s, "NEG-17")
    passes(s, "CRY-06")


def test_the_values_of_the_entry_with_the_agreed_mode_count() -> None:
    """NEG-03 warns of a stack that has values of its own for each mode; the audit follows the right ones."""
    s = Scenario()
    offer = f"{entry(SHA_AES, OTHER, 'UDP-enc-tun')}, {entry(SHA_AES, MINE)}"
    agreed(s, offer, entry(SHA_AES, THEIRS), SHA_AES)
    s.expect("NEG-03", "warning", actor="UE", at="sm1")
    check(s)


UNUSABLE = [MD5_NULL, ("hmac-sha-256-128", "aes-cbc"), ("aes-gmac", "aes-cbc"), ("null", "null")]


@pytest.mark.parametrize("first", UNUSABLE)
def test_entries_that_nobody_may_use_are_passed_over_rightly(first: tuple[str, str]) -> None:
    """A P-CSCF that still prefers what the release does not have, or forbids, and a UE that offers it as well."""
    s = Scenario()
    offer, server = (f"{entry(first, values)}, {entry(SHA_AES, values)}" for values in (MINE, THEIRS))
    agreed(s, offer, server, SHA_AES)
    check(s, rules=CHOICE)
    assert not tally(s, "NEG-17").exercised


def test_a_spelling_of_old_names_an_algorithm_all_the_same() -> None:
    """FP20: it is known that both had the stronger one."""
    s = Scenario()
    old = ("hmac-sha1-96", "aes-cbc"), ("hmac-sha1-96", "null")
    offer, server = (f"{entry(old[1], values)}, {entry(old[0], values)}" for values in (MINE, THEIRS))
    agreed(s, offer, server, SHA_NULL)
    s.expect("CRY-06", "warning", actor="P-CSCF", at="sm7")
    check(s)
