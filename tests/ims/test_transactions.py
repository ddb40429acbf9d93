"""SIP transactions: what belongs together, how long it waits, and what is forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ims.events import Side
from analyzer.ims.transactions import table as transactions
from analyzer.ims.transactions.table import LIMIT, SILENCE, Census, Transactions
from analyzer.profile import PROFILES
from tests.ims.made import established, now, request, response

PROFILE = PROFILES["rel-17"]


def test_a_retransmission_is_no_new_transaction() -> None:
    table = Transactions()
    first, fresh = table.begin(request("MESSAGE", 1), None)
    again, repeated = table.begin(request("MESSAGE", 3), None)
    assert (fresh, repeated, again is first) == (True, False, True)
    assert first.repeats == 1
    assert first.last == now(3)
    assert first.request.at.time == now(1)


@pytest.mark.parametrize(
    "other", [{"branch": "z9hG4bKb"}, {"sender": Side.PCSCF}, {"method": "OPTIONS"}], ids=["branch", "sender", "method"]
)
def test_branch_sender_and_method_tell_transactions_apart(other: dict[str, object]) -> None:
    table = Transactions()
    first, _ = table.begin(request("MESSAGE", 1), None)
    method = str(other.pop("method", "MESSAGE"))
    second, fresh = table.begin(request(method, 2, **other), None)  # type: ignore[arg-type]
    assert fresh and second is not first


def test_without_a_branch_call_id_and_cseq_stand_in() -> None:
    table = Transactions()
    first, _ = table.begin(request("MESSAGE", 1, branch=""), None)
    again, fresh = table.begin(request("MESSAGE", 2, branch=""), None)
    other, new = table.begin(request("MESSAGE", 3, branch="", call_id="b@ue"), None)
    assert again is first and not fresh
    assert new and other is not first
    assert table.find(response(200, "MESSAGE", 4, branch="")) is first


def test_a_response_finds_its_request_and_ends_it_once() -> None:
    table, owner = Transactions(), established()
    begun, _ = table.begin(request("MESSAGE", 1, on=owner), owner)
    found = table.find(response(100, "MESSAGE", 1.1))
    assert found is begun and begun.owner is owner
    assert not begun.answered(response(100, "MESSAGE", 1.1))
    assert begun.open(now(2), PROFILE)
    assert begun.answered(response(200, "MESSAGE", 2))
    assert not begun.answered(response(200, "MESSAGE", 3))
    assert not begun.open(now(3), PROFILE)
    assert (begun.final_status, begun.final and begun.final.time) == (200, now(2))


def test_a_response_from_the_sender_s_own_side_belongs_to_nobody() -> None:
    table = Transactions()
    table.begin(request("MESSAGE", 1), None)
    assert table.find(response(200, "MESSAGE", 2, sender=Side.UE)) is None


def test_the_ack_to_a_refusal_belongs_to_its_invite() -> None:
    table = Transactions()
    invite, _ = table.begin(request("INVITE", 1), None)
    invite.answered(response(486, "INVITE", 2))
    found, fresh = table.begin(request("ACK", 2.1), None)
    assert fresh and found is invite
    again, repeated = table.begin(request("ACK", 2.6), None)
    assert again is invite and not repeated


def test_the_ack_to_a_2xx_belongs_to_its_invite_by_call_id() -> None:
    table = Transactions()
    invite, _ = table.begin(request("INVITE", 1), None)
    invite.answered(response(200, "INVITE", 2))
    found, _ = table.begin(request("ACK", 2.1, branch="z9hG4bKother"), None)
    assert found is invite
    stray, _ = table.begin(request("ACK", 2.1, branch="z9hG4bKthird", call_id="elsewhere"), None)
    assert stray is not invite
    assert not stray.open(now(2.1), PROFILE), "nobody answers an ACK"


def test_a_cancel_is_a_transaction_of_its_own_and_names_its_invite() -> None:
    table = Transactions()
    invite, _ = table.begin(request("INVITE", 1), None)
    cancel = request("CANCEL", 2)
    made, fresh = table.begin(cancel, None)
    assert fresh and made is not invite
    assert table.invite(cancel) is invite
    assert table.find(response(200, "CANCEL", 2.1)) is made
    assert table.find(response(487, "INVITE", 2.2)) is invite


@pytest.mark.parametrize(
    ("method", "status", "seconds"), [("MESSAGE", 0, 128), ("INVITE", 0, 128), ("INVITE", 180, 180)]
)
def test_an_unanswered_transaction_ends_with_its_timer(method: str, status: int, seconds: int) -> None:
    """64*T1, and Timer C for an INVITE that rings."""
    table = Transactions()
    begun, _ = table.begin(request(method, 0), None)
    if status:
        begun.answered(response(status, method, 0))
    assert begun.open(now(seconds), PROFILE)
    assert not begun.open(now(seconds + 0.001), PROFILE)


def test_the_table_is_bounded() -> None:
    table = Transactions()
    for number in range(LIMIT + 100):
        table.begin(request("INVITE", number / 100, branch=f"z9hG4bK{number}", call_id=f"{number}"), None)
    assert len(table._table) == len(table._calls) == LIMIT
    assert table._census.evicted == 100
    assert table.find(response(200, "INVITE", 60, branch="z9hG4bK99")) is None
    assert table.find(response(200, "INVITE", 60, branch="z9hG4bK100")) is not None


def test_the_least_recently_used_goes_first() -> None:
    table = Transactions()
    for number in range(LIMIT + 10):
        table.begin(request("MESSAGE", number / 100, branch=f"z9hG4bK{number}"), None)
        table.begin(request("MESSAGE", number / 100, branch="z9hG4bK0"), None)
    assert table.find(response(200, "MESSAGE", 60, branch="z9hG4bK0")) is not None


def test_what_has_been_silent_for_long_is_forgotten() -> None:
    table, quiet = Transactions(), SILENCE // 10**9
    for number in range(50):
        table.begin(request("INVITE", number * quiet, branch=f"z9hG4bK{number}", call_id=f"{number}"), None)
    assert len(table._table) == len(table._calls) == 2
    assert table._census.evicted == 0


@given(st.lists(st.tuples(st.sampled_from(["INVITE", "ACK", "CANCEL", "BYE"]), st.integers(0, 5)), max_size=60))
def test_every_request_is_either_new_or_a_repetition(steps: list[tuple[str, int]]) -> None:
    table, seen = Transactions(), set()
    for number, (method, branch) in enumerate(steps):
        _, fresh = table.begin(request(method, number / 10, branch=f"z9hG4bK{branch}", call_id=str(branch)), None)
        assert fresh is ((method, branch) not in seen)
        seen.add((method, branch))


def test_all_pairs_together_remember_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand a pair and a hundred thousand pairs would be too much: the half that was silent longest goes."""
    monkeypatch.setattr(transactions, "TOTAL", 40)
    tables: list[Transactions] = []
    census = Census(lambda: tables)
    tables += [Transactions(census) for _ in range(10)]
    for seconds in range(200):
        tables[seconds % 10].begin(request("MESSAGE", seconds, branch=f"z9hG4bK{seconds}"), None)
        assert census.count == sum(len(table._table) for table in tables) <= 40
    assert census.count + census.evicted == 200
    assert all(heard >= now(160) for table in tables for heard in table.heard())
    tables[9].clear()
    assert census.count == sum(len(table._table) for table in tables[:9])


def test_transactions_of_one_moment_are_all_forgotten_rather_than_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "TOTAL", 20)
    table = Transactions()
    for number in range(100):
        table.begin(request("MESSAGE", 1, branch=f"z9hG4bK{number}"), None)
        assert table._census.count <= 20
