"""Sequence numbers of an association, states of a set, and when a set had to be gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ims.events import End, Role, Side, State
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import OPEN, SaSet
from analyzer.ims.sets.ledger import WINDOW, Ledger
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.transactions.table import Transactions
from analyzer.profile import PROFILES
from tests.ims.made import at, established, now, request, response, terms

TODAY, PAPERS = PROFILES["rel-17"], PROFILES["sa3-29"]
TAIL, OTHER = b"tail", b"other"


# --- the ledger -----------------------------------------------------------------------------------------------------


def test_numbers_in_order_leave_no_gap() -> None:
    ledger = Ledger()
    assert [ledger.note(number, TAIL, at(number)) for number in (1, 2, 3)] == [None, None, None]
    assert (ledger.first, ledger.highest, ledger.missing) == (1, 3, 0)


def test_a_gap_is_counted_until_it_is_filled() -> None:
    ledger = Ledger()
    for number in (1, 5, 3):
        assert ledger.note(number, TAIL, at(number)) is None
    assert (ledger.highest, ledger.missing) == (5, 2)


def test_what_came_before_the_capture_is_no_gap() -> None:
    ledger = Ledger()
    ledger.note(1000, TAIL, at(1))
    assert (ledger.first, ledger.missing) == (1000, 0)


def test_the_same_packet_again_and_another_with_its_number() -> None:
    ledger = Ledger()
    ledger.note(7, TAIL, at(1))
    assert ledger.note(7, TAIL, at(2)) is True
    assert ledger.note(7, OTHER, at(3)) == at(1)


def test_a_ledger_is_bounded() -> None:
    ledger = Ledger()
    for number in range(1, 10 * WINDOW):
        ledger.note(number, TAIL, at(number))
    assert len(ledger) == WINDOW
    assert ledger.note(10 * WINDOW - WINDOW, OTHER, at(0)) is not None
    assert ledger.note(3, OTHER, at(0)) is False, "too old to be remembered, but it was there"


@given(st.lists(st.integers(0, 2**32 - 1), max_size=200))
def test_any_numbers_are_taken(numbers: list[int]) -> None:
    ledger = Ledger()
    for number in numbers:
        ledger.note(number, TAIL, at(1))
    assert len(ledger) <= WINDOW
    assert ledger.missing >= 0
    assert ledger.highest == max(numbers, default=0)


@given(st.permutations(range(1, 30)), st.data())
def test_missing_is_what_is_missing(numbers: list[int], data: st.DataObject) -> None:
    kept = [number for number in numbers if data.draw(st.booleans())]
    ledger = Ledger()
    for number in kept:
        ledger.note(number, TAIL, at(number))
    assert (ledger.first, ledger.highest) == (min(kept, default=0), max(kept, default=0))
    between = set(range(ledger.first or 1, ledger.highest + 1)) - set(kept)
    assert ledger.missing == len(between)


# --- completeness ---------------------------------------------------------------------------------------------------


def with_numbers(*numbers: int) -> SaSet:
    owner = established()
    binding = Binding(owner, Role.UC_PS)
    owner.bind(binding)
    for number in numbers:
        binding.begun().note(number, TAIL, at(number))
    return owner


@pytest.mark.parametrize(("numbers", "sure"), [((1, 2, 3), True), ((1, 3), False), ((2, 3), False), ((), True)])
def test_a_set_is_complete_without_gap(numbers: tuple[int, ...], sure: bool) -> None:
    assert with_numbers(*numbers).complete().sure is sure


def test_packets_that_nothing_opened_leave_a_set_incomplete() -> None:
    owner = with_numbers(1, 2)
    owner.count_unopened(1004)
    assert not owner.complete().sure


# --- states ---------------------------------------------------------------------------------------------------------


def test_a_new_set_is_temporary_at_both_sides() -> None:
    made = SaSet(None, terms(), None)
    assert [made.state(side) for side in Side] == [State.TMP, State.TMP]
    assert made.alive(Side.UE) and not made.established()


def test_the_first_reason_holds() -> None:
    made = established()
    made.end(Side.UE, End.DEREGISTERED, at(5))
    made.end(Side.UE, End.EXPIRED, at(6))
    assert made.ends[Side.UE].end is End.DEREGISTERED
    assert not made.alive(Side.UE)
    assert made.alive(Side.PCSCF)


@pytest.mark.parametrize("pressing", [End.OLDER, End.CLEAR_START])
def test_a_replaced_set_that_must_go_at_once(pressing: End) -> None:
    made = established()
    made.end(Side.PCSCF, End.REPLACED, at(5))
    made.end(Side.PCSCF, pressing, at(6))
    assert made.ends[Side.PCSCF].end is pressing
    assert [(side, past.end) for side, past in made.past] == [(Side.PCSCF, End.REPLACED)]


def test_what_is_forgotten_keeps_its_name() -> None:
    made = with_numbers(1, 2)
    made.open_requests.append(Transactions().begin(request("MESSAGE", on=made), made)[0])
    made.forget()
    assert not made.open_requests and not made.bindings
    assert made.terms.generation == 1 and made.sm12 == at(1)


# --- overdue --------------------------------------------------------------------------------------------------------


def switched(*, uplink: float | None = 20, downlink: float | None = 21) -> tuple[SaSet, SaSet]:
    """An old set and a newer one, which the UE and the P-CSCF used at these times."""
    old = established(1, sm12=1)
    new = established(2, old, sm12=10)
    new.uplink = at(uplink) if uplink is not None else None
    new.downlink = at(downlink) if downlink is not None else None
    return old, new


def ended(old: SaSet, side: Side) -> tuple[End, int] | None:
    found = old.ends.get(side)
    return (found.end, found.time) if found else None


def test_the_other_side_s_first_message_ends_the_old_set() -> None:
    old, new = switched()
    for side in Side:
        overdue(old, new, side, now(30), TODAY)
    assert ended(old, Side.PCSCF) == (End.REPLACED, now(20))
    assert ended(old, Side.UE) == (End.REPLACED, now(21))


def test_before_the_trigger_nothing_ends() -> None:
    old, new = switched(uplink=None, downlink=None)
    for side in Side:
        overdue(old, new, side, now(5000), TODAY)
    assert not old.ends
    old, new = switched()
    overdue(old, new, Side.PCSCF, now(20), TODAY)
    assert not old.ends


def pending_on(old: SaSet, method: str, seconds: float) -> None:
    made = Transactions().begin(request(method, seconds, on=old), old)[0]
    old.open_requests.append(made)


def test_a_pending_transaction_keeps_the_old_set() -> None:
    old, new = switched()
    pending_on(old, "MESSAGE", 9)
    for side in Side:
        overdue(old, new, side, now(100), TODAY)
    assert not old.ends
    for side in Side:
        overdue(old, new, side, now(9 + 129), TODAY)
    assert ended(old, Side.UE) == (End.REPLACED, now(21))


def test_the_pcscf_has_64_t1_at_most_but_not_in_the_papers() -> None:
    for profile, gone in ((TODAY, True), (PAPERS, False)):
        old, new = switched()
        pending_on(old, "INVITE", 19)
        old.open_requests[0].answered(response(180, "INVITE", 19.5))
        overdue(old, new, Side.PCSCF, now(20 + 129), profile)
        assert (Side.PCSCF in old.ends) is gone
        overdue(old, new, Side.UE, now(20 + 129), profile)
        assert Side.UE not in old.ends


def test_the_set_ends_when_its_last_transaction_ended() -> None:
    old, new = switched()
    old.busy_until = now(25)
    overdue(old, new, Side.PCSCF, now(30), TODAY)
    assert ended(old, Side.PCSCF) == (End.REPLACED, now(25))


def test_open_transactions_are_bounded() -> None:
    """A capture of one direction never sees an answer."""
    made, table = established(), Transactions()
    for number in range(4 * OPEN):
        begun = table.begin(request("MESSAGE", number, branch=f"z9hG4bK{number}", on=made), made)[0]
        made.opened(begun, now(number), TODAY)
    assert len(made.open_requests) <= OPEN
    assert made.pending(now(4 * OPEN), TODAY)
    assert len(made.open_requests) == 128, "those of the last 64*T1"
    assert not made.pending(now(4 * OPEN + 129), TODAY)
    for number in range(2 * OPEN):
        begun = table.begin(request("MESSAGE", 5000, branch=f"z9hG4bKx{number}", on=made), made)[0]
        made.opened(begun, now(5000), TODAY)
    assert len(made.open_requests) == OPEN


def test_the_transaction_that_is_looked_at_does_not_keep_the_set() -> None:
    old, new = switched()
    made = Transactions().begin(request("MESSAGE", 30, on=old), old)[0]
    old.open_requests.append(made)
    overdue(old, new, Side.UE, now(30), TODAY, made)
    assert ended(old, Side.UE) == (End.REPLACED, now(21))


@pytest.mark.parametrize(("seconds", "gone"), [(611, False), (612.1, True)])
def test_a_lifetime_ends_with_the_tolerance_of_clocks(seconds: float, gone: bool) -> None:
    """1 s (SM12) + 600 s, 5 s and one per cent."""
    made = established(expires=600)
    overdue(made, made, Side.UE, now(seconds), PAPERS)
    assert (made.ends.get(Side.UE) is not None) is gone


def test_a_set_without_known_expiry_does_not_expire() -> None:
    made = established()
    overdue(made, made, Side.UE, now(10**7), TODAY)
    assert not made.ends
