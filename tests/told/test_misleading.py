"""Lost, late, cut, masked and hostile messages accuse nobody and break nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.engine.engine import Engine
from analyzer.engine.telling import HELD
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.report import json as json_report
from analyzer.run import audit_frames
from tests.layers.build import hep, outer
from tests.network.build import Timeline, ethernet, udp
from tests.report.schema import validate
from tests.scenario import Scenario
from tests.told.tools import (
    CORE,
    PCSCF,
    SCSCF,
    SECOND,
    TOOLS,
    UE,
    Told,
    brief,
    by_hep,
    by_nobody,
    by_scat,
    by_wireshark,
    frames,
    passed,
    unmirrored,
)


@pytest.mark.parametrize(
    "lost",
    [
        ("sm7", "sm12"),  # the re-REGISTER has the nonce of a challenge that nobody seems to have answered
        ("sm6",),  # SM7 looks like an SM1
        ("sm1",),
        ("sm12", "sm1.2"),
        ("sm6.2", "sm7.2"),
    ],
)
@TOOLS
def test_lost_messages_accuse_nobody(told: Told, lost: tuple[str, ...]) -> None:
    s = Scenario()
    s.register(over=s.register())
    assert brief(audit_frames(frames(s, told, [label for label in s.sent if label not in lost]))) == set()


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (1, 0, 2, 3), (2, 0, 1, 3), (0, 1, 3, 2), (3, 2, 1, 0)])
@TOOLS
def test_another_order_accuses_nobody(told: Told, order: tuple[int, ...]) -> None:
    s = Scenario()
    s.register()
    labels = [("sm1", "sm6", "sm7", "sm12")[place] for place in order]
    assert brief(audit_frames(frames(s, told, labels))) == set()


@TOOLS
def test_half_a_message_accuses_nobody(told: Told) -> None:
    s = Scenario()
    s.register()
    whole = [s.sent[label] for label in ("sm1", "sm6", "sm7", "sm12")]
    for place, half in enumerate(whole):
        end = half.raw.index(b"Security-") if b"Security-" in half.raw else half.raw.index(b"CSeq")
        line, made = Timeline(), []
        for number, sent in enumerate(whole):
            link, data = told(half.raw[:end] if number == place else sent.raw, sent.path.who == "ue")
            made.append(line.frame(data, link=link))
        assert brief(audit_frames(made)) == set()


def test_servers_among_themselves_may_hold_the_keys() -> None:
    s = Scenario()
    s.register(core=True)
    line, made = Timeline(), []
    for label, sent in s.sent.items():
        ends = (PCSCF, SCSCF) if label.startswith(CORE) else (UE, PCSCF)
        source, destination = ends[:: 1 if sent.raw.startswith(b"REGISTER") else -1]
        told = hep(sent.raw, source=source, destination=destination)
        made.append(line.frame(ethernet(outer(17, udp(told, 40000, 9060)))))
        # a tool inside the P-CSCF may tell of it as if it came to the UE or from it
        inside = hep(sent.raw, source=(UE, PCSCF)[source != ends[0]], destination=(PCSCF, UE)[source != ends[0]])
        made.append(line.frame(ethernet(outer(17, udp(inside, 40000, 9061)))))
    report = audit_frames(made)
    assert brief(report) == set()
    assert passed(report)["AUTH-05"] == passed(report)["NEG-08"] == 1


def test_keys_that_reach_the_ue_are_told_without_saying_clear() -> None:
    s = Scenario()
    s.register(sm6={"leak": True})
    (found,) = [each for each in audit_frames(frames(s, by_scat)).findings if each.verdict == "violation"]
    assert found.rule == "AUTH-05"
    assert "clear" not in found.observed + found.message and "told of by a tool" in found.observed


def test_a_rand_that_comes_again_may_be_the_other_side_of_a_border_controller() -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first, sm6={"vector": first.vector})
    report = audit_frames(frames(s, by_scat))
    assert brief(report) == {("AUTH-11", "probable", "network")}
    assert [found.traps for found in report.findings if found.rule == "AUTH-11"] == [("FP13",)]


def test_with_the_key_of_the_card_answers_are_computed() -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first, sm7={"res_wrong": True})
    told = list(frames(s, by_scat))
    assert brief(audit_frames(told)) == set()
    report = audit_frames(told, keys_text=s.subscriber_toml())
    assert brief(report) == {("AUTH-12", "violation", "network")}


@TOOLS
def test_a_refresh_with_an_empty_response_is_no_report_of_a_failure(told: Told) -> None:
    """Where SM7 and SM12 are lost, it has the nonce of a challenge that nobody has answered, and gets a 2xx."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"Authorization": lambda old: re.sub('response="[^"]*"', 'response=""', old)}})
    nonce = re.search(b'nonce="[^"]+"', s.sent["sm7"].raw)
    assert nonce is not None and nonce[0] in s.sent["sm1.2"].raw and b'response=""' in s.sent["sm1.2"].raw
    for labels in (("sm1", "sm6", "sm1.2", "sm12.2"), tuple(s.sent)):
        assert brief(audit_frames(frames(s, told, labels), keys_text=s.subscriber_toml())) == set()


@TOOLS
def test_a_report_of_a_failure_that_is_accepted_is_told_by_its_auts(told: Told) -> None:
    for why, expected in (("sqn", {("AUTH-12", "violation", "network")}), ("mac", set())):
        s = Scenario()
        procedure = s.sm1()
        s.sm6(procedure)
        s.reject(procedure, why)
        last = list(s.sent)[-1]
        s.answer(last, 200)
        assert brief(audit_frames(frames(s, told))) == expected


def test_a_log_with_blanked_responses_accuses_nobody() -> None:
    s = Scenario()
    s.register(over=s.register())
    line = Timeline()
    blank = [
        (re.sub(rb'response="[^"]*"', b'response=""', sent.raw), sent.path.who == "ue") for sent in s.sent.values()
    ]
    told = [line.frame(data, link=link) for link, data in (by_nobody(*each) for each in blank)]
    assert brief(audit_frames(told, keys_text=s.subscriber_toml())) == set()


def test_a_capture_without_told_messages_has_no_tracker_for_them() -> None:
    s = Scenario()
    s.register()
    engine = Engine(PROFILES["rel-17"], Keyring(), lambda event: None)
    for frame in s.frames():
        engine.receive(frame)
    assert engine.telling.tracker is None and engine.telling.messages == 0


def test_events_do_not_wait_without_limit() -> None:
    s = Scenario()
    s.register()
    judged: list[object] = []
    engine = Engine(PROFILES["rel-17"], Keyring(), lambda event: None, judge_told=judged.append)
    line = Timeline()
    first, second = s.sent["sm1"].raw, s.sent["sm6"].raw
    for number in range(HELD):
        for raw, up in ((first, True), (second, False)):
            own = raw.replace(b"z9hG4bK", b"z9hG4bK%d" % number).replace(b"Call-ID: ", b"Call-ID: %d" % number)
            link, data = by_scat(own, up)
            engine.receive(line.frame(data, link=link))
    assert len(judged) == HELD
    engine.close()
    assert len(judged) == 2 * HELD


def test_events_do_not_wait_long() -> None:
    s = unmirrored()
    judged: list[Any] = []
    engine = Engine(PROFILES["rel-17"], Keyring(), lambda event: None, judge_told=judged.append)
    made = list(frames(s, by_hep))
    for frame in made:
        engine.receive(frame)
    assert judged == []
    engine.receive(made[0]._replace(number=9, time=made[-1].time + 61 * SECOND))
    assert {type(event).__name__ for event in judged} >= {"RegistrationStarted", "ChallengeSent", "ChallengeAnswered"}


SM = {label: sent.raw for label, sent in unmirrored().sent.items()}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([by_scat, by_hep, by_wireshark, by_nobody]),
            st.one_of(st.binary(max_size=200), st.sampled_from(sorted(SM.values()))),
            st.tuples(st.integers(0, 700), st.integers(0, 60), st.binary(max_size=20)),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_hostile_messages_lead_to_a_report(script: list[tuple[Told, bytes, tuple[int, int, bytes], bool]]) -> None:
    line, made = Timeline(), []
    for told, raw, (place, length, patch), up in script:
        link, data = told(raw[:place] + patch + raw[place + length :], up)
        made.append(line.frame(data, link=link))
    report = audit_frames(made)
    assert report.crashed == []
    assert report.sip.messages == 0
    validate(json_report.document(report))


def test_two_phones_with_one_branch_are_not_mixed_up() -> None:
    """Where no addresses are known, the answer to one REGISTER must not count as that to another."""
    one, other = Scenario(seed="one"), Scenario(seed="other")
    one.register()
    other.register()
    branch = re.search(rb"branch=(\S+)", one.sent["sm1"].raw)
    assert branch is not None
    refused = other.sent["sm6"].raw
    refused = re.sub(rb"branch=\S+", branch[0], re.sub(rb"Security-Server[^\r]*\r\n", b"", refused))
    line = Timeline()
    told = [by_nobody(one.sent["sm1"].raw, True), by_nobody(refused, False)]
    report = audit_frames([line.frame(data, link=link) for link, data in told])
    assert brief(report) == set()
    assert "NEG-05" not in passed(report)
