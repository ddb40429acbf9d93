"""AUTH-14 where the capture has not all of it: what the UE repeats may come of what was lost, or reject it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.digest import NONCE, all_of, put
from tests.rules.packets import findings
from tests.scenario import SaSet, Scenario, check, passes
from tests.scenario.sip_text import Edits
from tests.scenario.state import Procedure

EMPTY = all_of(put("nonce", ""), put("response", ""))


def again(s: Scenario, on: SaSet, *changes: Callable[[str], str]) -> Procedure:
    headers: Edits = {"Authorization": all_of(*changes)}
    return s.refresh(on=on, sm1={"headers": headers})


def test_a_later_answer_gives_the_next_nonce() -> None:
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm12={"headers": {"Authentication-Info": 'nextnonce="next"'}})
    again(s, first, put("nonce", "next"))
    check(s)
    passes(s, "AUTH-14", at_least=2)
    s.lose("sm12.2")
    s.expect("AUTH-14", "probable", actor="UE", at="sm1.3")
    check(s, rules=["AUTH-14"])
    assert findings(s, "AUTH-14")[0].traps == ("FP4",)


def test_a_refusal_that_was_lost_may_have_emptied_them() -> None:
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p)
    s.sm7(p, res_wrong=True)
    s.sm12(p, status=403)
    s.request("ue", "MESSAGE", on=first)
    again(s, first, EMPTY)
    check(s)
    s.lose("sm6.2", "sm7.2", "sm12.2")
    s.expect("AUTH-14", "probable", actor="UE", at="sm1.3")
    check(s, rules=["AUTH-14"])


@pytest.mark.parametrize("why", ["mac", "sqn"])
def test_a_report_on_a_challenge_that_was_lost(why: str) -> None:
    """It has an empty response; auts is sure to be that of a report."""
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p)
    s.reject(p, why)
    s.sm12(p, status=403)
    s.lose("sm6.2")
    if why == "mac":
        s.expect("AUTH-14", "probable", actor="UE", at="reject.2")
    check(s, rules=["AUTH-14"])


@pytest.mark.parametrize(("change", "verdict"), [(EMPTY, "warning"), (put("nonce", NONCE), "violation")])
def test_where_nothing_was_lost_it_is_sure(change: Callable[[str], str], verdict: str) -> None:
    s = Scenario()
    first = s.register()
    s.refresh(on=first)
    again(s, first, change)
    s.expect("AUTH-14", verdict, actor="UE", at="sm1.3")
    check(s)
