"""Who knew what: by cause, by the place of the capture, by the time that has passed."""

from __future__ import annotations

import pytest

from analyzer.frame import SECOND
from analyzer.ims.events import Knowledge, Side
from analyzer.ims.knowledge import Vantage, pcscf_had_uplink, ue_had_downlink, ue_had_sm12
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.transactions.table import Transactions
from analyzer.ims.transactions.transaction import Transaction
from analyzer.profile import PROFILES
from tests.ims.made import at, established, now, request, response

PROFILE = PROFILES["rel-17"]


def knew(vantage: Vantage, after: float, side: Side = Side.UE, cause: str | None = None) -> Knowledge:
    return vantage.knew(side, at(10), "SM12", now(10 + after), PROFILE, cause)


def nothing(connection: object, by: int) -> int:
    """No octet was acknowledged."""
    return 0


# --- cause, place, time ---------------------------------------------------------------------------------------------


def test_a_cause_needs_no_time() -> None:
    assert knew(Vantage("auto"), 0.001, cause="it had answered") == Knowledge(True, "it had answered")


def test_without_cause_or_place_the_grace_must_be_over() -> None:
    vantage = Vantage("auto")
    assert not knew(vantage, 2.0).sure
    assert knew(vantage, 2.001).sure
    assert "2.0 s" in knew(vantage, 0.5).how


def test_the_grace_is_twice_a_round_trip_that_is_longer_than_a_second() -> None:
    vantage = Vantage("auto")
    vantage.measured(Side.PCSCF, 2 * SECOND)
    vantage.measured(Side.UE, SECOND // 2)
    assert vantage.round_trip == 2 * SECOND + SECOND // 2
    assert not knew(vantage, 4.9).sure
    assert knew(vantage, 5.1).sure


def test_the_shortest_time_of_each_side_counts() -> None:
    vantage = Vantage("auto")
    for seconds in (9, 3, 7, 0, -1):
        vantage.measured(Side.PCSCF, seconds * SECOND)
    assert vantage.round_trip == 3 * SECOND


@pytest.mark.parametrize("ttl", [64, 128, 255])
def test_an_untouched_ttl_puts_the_capture_on_the_link_of_its_sender(ttl: int) -> None:
    vantage = Vantage("auto")
    vantage.packet(Side.UE, ttl, None, 0)
    assert vantage.at(Side.UE)
    assert not vantage.at(Side.PCSCF)
    assert not knew(vantage, 0.19).sure
    assert knew(vantage, 0.2).sure
    assert not knew(vantage, 0.5, Side.PCSCF).sure


def test_one_packet_that_was_routed_takes_the_place_back() -> None:
    vantage = Vantage("auto")
    for ttl in (64, 63, 64):
        vantage.packet(Side.UE, ttl, None, 0)
    assert vantage.at(Side.UE) is None


def test_inside_a_tunnel_the_ttl_tells_nothing() -> None:
    vantage = Vantage("auto")
    vantage.packet(Side.UE, 64, None, 1)
    assert vantage.at(Side.UE) is None


def test_a_cooked_capture_says_which_packets_are_its_own() -> None:
    vantage = Vantage("auto")
    vantage.packet(Side.PCSCF, 64, True, 0)
    vantage.packet(Side.UE, 57, False, 0)
    assert vantage.at(Side.PCSCF)
    assert vantage.at(Side.UE) is None


@pytest.mark.parametrize(("named", "near"), [("ue", {Side.UE}), ("pcscf", {Side.PCSCF}), ("middle", set())])
def test_the_user_knows_better_than_any_ttl(named: str, near: set[Side]) -> None:
    vantage = Vantage(named)
    vantage.packet(Side.UE, 64, True, 0)
    vantage.packet(Side.PCSCF, 63, None, 0)
    assert {side for side in Side if vantage.at(side)} == near


# --- SM12 and the UE ------------------------------------------------------------------------------------------------


def transaction(table: Transactions, what: str, seconds: float, sender: Side, owner: SaSet) -> Transaction:
    return table.begin(request(what, seconds, sender=sender, branch=f"z9hG4bK{seconds}", on=owner), owner)[0]


def test_a_ue_that_used_the_new_set_had_sm12() -> None:
    new = established(2, established(1), sm12=10)
    new.uplink = at(10.01)
    assert ue_had_sm12(Vantage("middle"), new, now(10.02), PROFILE, nothing).sure


def test_a_ue_that_repeats_sm7_had_no_sm12() -> None:
    new = established(2, established(1), sm12=10)
    new.sm7_last = request("REGISTER", 12, on=new)
    for vantage in (Vantage("ue"), Vantage("middle")):
        assert not ue_had_sm12(vantage, new, now(60), PROFILE, nothing).sure


def test_over_tcp_the_acknowledgement_tells() -> None:
    new = established(2, established(1), sm12=10)
    new.sm12_stream = object(), 1, 500  # type: ignore[assignment]
    assert not ue_had_sm12(Vantage("ue"), new, now(60), PROFILE, lambda connection, by: 499).sure
    assert ue_had_sm12(Vantage("middle"), new, now(10.3), PROFILE, lambda connection, by: 500).sure


def test_seen_from_afar_sm12_may_have_been_lost_until_sm7_would_come_again() -> None:
    """Timer E: 2 s after the first SM7."""
    new = established(2, established(1), sm12=10)
    new.sm7_last = request("REGISTER", 9.9, on=new)
    assert not ue_had_sm12(Vantage("middle"), new, now(12.05), PROFILE, nothing).sure
    assert ue_had_sm12(Vantage("middle"), new, now(12.2), PROFILE, nothing).sure
    assert ue_had_sm12(Vantage("ue"), new, now(10.3), PROFILE, nothing).sure


# --- the first message on the new set -------------------------------------------------------------------------------


def test_a_pcscf_that_answered_the_first_message_had_it() -> None:
    new, table = established(2, established(1), sm12=10), Transactions()
    used = transaction(table, "MESSAGE", 20, Side.UE, new)
    new.uplink, new.uplink_transaction = used.request.at, used
    assert not (pcscf_had_uplink(Vantage("middle"), new, now(60), PROFILE) or Knowledge(True, "")).sure
    used.answered(response(100, "MESSAGE", 20.1))
    found = pcscf_had_uplink(Vantage("middle"), new, now(20.2), PROFILE)
    assert found is not None and found.sure and "answered" in found.how


def test_a_pcscf_that_used_the_new_set_itself_had_it() -> None:
    new = established(2, established(1), sm12=10)
    assert pcscf_had_uplink(Vantage("middle"), new, now(60), PROFILE) is None
    new.uplink, new.downlink = at(20), at(20.1)
    found = pcscf_had_uplink(Vantage("middle"), new, now(20.2), PROFILE)
    assert found is not None and found.sure and "used the new set itself" in found.how


def test_at_the_pcscf_an_unanswered_message_has_arrived() -> None:
    new, table = established(2, established(1), sm12=10), Transactions()
    used = transaction(table, "MESSAGE", 20, Side.UE, new)
    new.uplink, new.uplink_transaction = used.request.at, used
    found = pcscf_had_uplink(Vantage("pcscf"), new, now(20.3), PROFILE)
    assert found is not None and found.sure


def test_a_ue_that_answered_the_first_message_had_it() -> None:
    new, table = established(2, established(1), sm12=10), Transactions()
    assert ue_had_downlink(Vantage("middle"), new, now(60), PROFILE) is None
    asked = transaction(table, "NOTIFY", 20, Side.PCSCF, new)
    new.downlink, new.downlink_transaction = asked.request.at, asked
    found = ue_had_downlink(Vantage("middle"), new, now(60), PROFILE)
    assert found is not None and not found.sure
    asked.answered(response(200, "NOTIFY", 20.1, sender=Side.UE))
    found = ue_had_downlink(Vantage("middle"), new, now(20.2), PROFILE)
    assert found is not None and found.sure


# --- two packets of one sender, a moment apart ----------------------------------------------------------------------


def test_what_left_in_the_same_moment_may_have_been_swapped() -> None:
    """A network, or the queues of a capture, put the later of two packets first: its order is no cause."""
    new, table = established(2, established(1), sm12=10), Transactions()
    new.uplink, new.downlink = at(20), at(20.1)
    near = pcscf_had_uplink(Vantage("middle"), new, now(20.109), PROFILE)
    later = pcscf_had_uplink(Vantage("middle"), new, now(20.11), PROFILE)
    assert near is not None and not near.sure
    assert later is not None and later.sure
    asked = transaction(table, "NOTIFY", 20.1, Side.PCSCF, new)
    new.downlink_transaction = asked
    asked.answered(response(200, "NOTIFY", 20.2, sender=Side.UE))
    near = ue_had_downlink(Vantage("middle"), new, now(20.209), PROFILE)
    later = ue_had_downlink(Vantage("middle"), new, now(20.21), PROFILE)
    assert near is not None and not near.sure
    assert later is not None and later.sure


def test_a_ue_that_used_the_new_set_a_moment_before_may_have_had_no_sm12() -> None:
    new = established(2, established(1), sm12=10)
    new.uplink = at(10.1)
    assert not ue_had_sm12(Vantage("middle"), new, now(10.109), PROFILE, nothing).sure
    assert ue_had_sm12(Vantage("middle"), new, now(10.11), PROFILE, nothing).sure
