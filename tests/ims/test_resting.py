"""A transaction that rests says what it said before, to whoever asks, and is awake once it is changed."""

from __future__ import annotations

import pytest

from analyzer.frame import FrameRef
from analyzer.ims.events import Side
from analyzer.ims.sets.association import Binding
from analyzer.ims.transactions import table as transactions
from analyzer.ims.transactions.resting import Resting, rest
from analyzer.ims.transactions.table import Census, Transactions
from analyzer.ims.transactions.transaction import Seen, Transaction
from analyzer.ims.vocabulary import Role, Sighting
from analyzer.profile import PROFILES
from tests.ims.made import at, established, now, response

PLAIN = "MESSAGE sip:callee@home SIP/2.0\r\nVia: SIP/2.0/UDP 10.20.0.11:7900;branch=z9hG4bKa\r\n{}CSeq: 7 MESSAGE\r\n"
LEAST = PLAIN.format("Call-ID: a@ue\r\n")
LONGER = PLAIN.format(
    "Max-Forwards: 70\r\nContact: <sip:x@y>\r\nFrom: <sip:a@b>;tag=1\r\nCall-ID: a@ue\r\nTo: <sip:c@d>\r\n"
)
BARE = LONGER.replace("70\r\n", "70\n").replace("MESSAGE sip", "OPTIONS sip").replace("7 MESSAGE", "7 OPTIONS")
COMPACT = LEAST.replace("Via", "Route: <sip:p>\r\nv").replace("Call-ID", "Server: q\r\ni")
TWICE = LEAST.replace("Call-ID", "Via: SIP/2.0/TCP other;branch=z9hG4bKb\r\nCall-ID")
MIXED = TWICE.replace("\r\nVia", "\r\nv", 1)
OWNER = established()
BINDING = Binding(OWNER, Role.UC_PS)


def made(head: str, *, provisional: bool = True, connection: object = None) -> Transaction:
    """A transaction on the calm way, with its final answer."""
    seen = Seen(at(3), (at(3),), len(head), BINDING, 4711, connection)
    transaction = Transaction.of(seen, (head + "Supported: path\r\n\r\nbody").encode("latin-1"), head.split(" ")[0])
    if provisional:
        transaction.last, transaction.provisional = now(4), at(4)
    transaction.over(at(5), 200)
    return transaction


def told(request: Sighting) -> list[object]:
    message = request.message
    said = [getattr(message, name) for name in ("method", "call_id", "cseq", "start_line", "raw", "uri", "top_via")]
    return [*request._replace(message=None), *said, message.truncated_headers]  # type: ignore[arg-type]


@pytest.mark.parametrize("head", [LEAST, LONGER, BARE, COMPACT, TWICE, MIXED])
@pytest.mark.parametrize("provisional", [True, False])
@pytest.mark.parametrize("connection", [None, object()])
def test_at_rest_it_says_the_same(head: str, provisional: bool, connection: object) -> None:
    before, resting = (made(head, provisional=provisional, connection=connection) for _ in range(2))
    rest(resting)
    assert type(resting) is Resting
    for name in ("final", "provisional", "last", "final_status", "method", "owner", "odd", "repeats"):
        assert getattr(resting, name) == getattr(before, name), name
    assert type(resting) is Resting
    assert resting.last_request == before.last_request == now(3)
    assert type(resting) is Transaction
    assert resting.connection is connection
    assert told(resting.request) == told(before.request)


def test_a_change_wakes_it_and_stays() -> None:
    changed = made(LEAST)
    rest(changed)
    changed.final = at(9)
    assert type(changed) is Transaction
    assert (changed.final, changed.provisional) == (at(9), at(4))
    rest(changed)
    assert changed.final == FrameRef(*at(9)) and not changed.open(now(9), PROFILES["rel-17"])
    changed.repeats += 1
    rest(changed)
    assert changed.repeats == 1 and changed.request.at == at(3)


def test_what_is_not_over_or_was_looked_at_does_not_rest() -> None:
    open_, looked_at, repeated = (made(LEAST) for _ in range(3))
    open_.final = None
    assert looked_at.request is not None
    repeated.repeats = 1
    for each in (open_, looked_at, repeated):
        rest(each)
        assert type(each) is Transaction


def test_what_is_over_in_a_busy_capture_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "BUSY", 20)
    tables: list[Transactions] = []
    census = Census(lambda: tables, rest)
    table = Transactions(census)
    tables.append(table)
    for number in range(20):
        table.enter((Side.UE, f"z9hG4bK{number}", "MESSAGE"), made(LEAST), f"{number}", now(5))
    assert not census.busy
    assert {type(each) for each in table.latest(60)} == {Transaction}
    table.enter((Side.UE, "z9hG4bK20", "MESSAGE"), made(LEAST), "20", now(5))
    assert census.busy, "whoever ends one lets it rest"
    assert [type(each) for each in table.latest(60)] == [Resting] * 21
    asked = table.find(response(200, "MESSAGE", 5, branch="z9hG4bK0"))
    assert asked is not None and not asked.answered(response(200, "MESSAGE", 6, branch="z9hG4bK0"))
    assert asked.last == now(6)
    census.forgot(11)
    assert census.busy
    census.forgot(1)
    assert not census.busy
