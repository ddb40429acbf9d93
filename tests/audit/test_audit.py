"""The audit: which rules run, how their verdicts are counted, and how findings are folded and explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from analyzer.audit import audit as audit_module
from analyzer.audit import folding
from analyzer.audit.audit import Audit, Options, Outcome
from analyzer.finding import OCCURRENCES
from analyzer.frame import SECOND, Frame
from analyzer.ims.events import KeyMissing, RegistrationStarted, RequestSent, ResponseSent
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.rule import PASS, Rule, collect, rule, select
from analyzer.verdict import Actor, Broken, Inconclusive, Level, Pass, Probable, Severity, Verdict
from tests.ims.made import START
from tests.scenario import Scenario
from tests.scenario.state import Esp

Judge = Callable[[RequestSent], Verdict | None]


def declared(id: str, judge: Judge, *, plaintext: bool = True, source: str = "S1", level: Level = Level.MUST) -> Rule:
    """A rule about every protected request that is no retransmission."""

    @rule(id, clause=f"clause of {id}", source=source, actor="UE", plaintext=plaintext, level=level)
    def judged(event: RequestSent) -> Verdict | None:
        """A rule of these tests."""
        return None if event.repeat else judge(event)

    made = judged.__dict__["rule"]
    assert isinstance(made, Rule)
    return made


def broken(event: RequestSent, fault: str = "method", cause: str | None = None) -> Broken:
    """Whatever was sent, it should not have been."""
    return Broken(
        fault=fault, message="it was sent", actor=Actor.UE, observed=event.request.message.method, cause=cause
    )


def registers_only(event: RequestSent) -> Verdict:
    return PASS if event.request.message.method == "REGISTER" else broken(event)


def traffic(*, requests: int = 3, ues: int = 1) -> Scenario:
    """Registrations, and some requests of each UE, one second apart."""
    s = Scenario()
    for number in range(1, ues + 1):
        first = s.register(ue=s.ues[0] if number == 1 else s.ue(number))
        for _ in range(requests):
            s.wait(1)
            s.request("ue", "MESSAGE", on=first, answered=False)
    return s


def run(
    s: Scenario,
    rules: Iterable[Rule],
    options: Options | None = None,
    *,
    keys: str | None = None,
    frames: list[Frame] | None = None,
) -> Outcome:
    ring, options = Keyring(), options or Options()
    options.rules = list(rules)
    text = s.keys_toml() if keys is None else keys
    if text:
        ring.add_text(text, "keys")
    running = Audit(options, ring)
    for frame in s.frames() if frames is None else frames:
        running.engine.receive(frame)
    return running.finish()


# --- the tally ------------------------------------------------------------------------------------------------------


def test_every_verdict_is_counted_under_its_own_name() -> None:
    s = traffic(requests=0)
    first = s.sets[0]
    for method in ("MESSAGE", "OPTIONS", "SUBSCRIBE", "INFO", "PUBLISH", "REFER", "NOTIFY", "UPDATE"):
        s.request("ue", method, on=first, answered=False)

    def judge(event: RequestSent) -> Verdict | None:
        verdicts: dict[str, Verdict] = {
            "MESSAGE": Broken(fault="f", message="m", actor=Actor.UE),
            "OPTIONS": Broken(fault="f", message="m", actor=Actor.UE, level=Level.SHOULD),
            "SUBSCRIBE": Broken(fault="f", message="m", actor=Actor.UE, level=Level.INFO),
            "INFO": Probable(fault="f", message="m", actor=Actor.UE, traps=("FP1",)),
            "PUBLISH": Inconclusive(reason="r"),
            "REFER": Pass(note=Broken(fault="other", message="m", actor=Actor.UE)),
            "NOTIFY": PASS,
        }
        return verdicts.get(event.request.message.method)

    outcome = run(s, [declared("XX-01", judge), declared("XX-02", lambda event: None)])
    counted, silent = outcome.tallies
    assert (counted.violation, counted.warning, counted.note) == (1, 1, 2)
    assert (counted.probable, counted.inconclusive, counted.passed, counted.error) == (1, 1, 2, 0)
    assert counted.exercised and not silent.exercised
    by_verdict = {found.verdict: found for found in outcome.findings}
    assert by_verdict["probable"].traps == ("FP1",)
    assert by_verdict["inconclusive"].severity is Severity.LOW
    assert len(by_verdict) == 5 and len(outcome.findings) == 6


def test_the_level_of_the_rule_holds_where_the_case_names_none() -> None:
    outcome = run(traffic(), [declared("XX-01", registers_only, level=Level.SHOULD)])
    assert [(found.verdict, found.level) for found in outcome.findings] == [("warning", Level.SHOULD)]


def test_events_that_meet_a_rule_by_themselves_are_passes() -> None:
    @rule("XX-01", clause="c", source="S1", actor="UE", met_by=(RequestSent,))
    def never_broken(event: KeyMissing) -> Verdict | None:
        """A rule of these tests."""
        return None

    (tally,) = run(traffic(requests=4), [never_broken.__dict__["rule"]]).tallies
    assert tally.passed == 5, "SM7 and four requests"


# --- findings -------------------------------------------------------------------------------------------------------


def test_the_same_fault_again_is_one_finding() -> None:
    s = traffic(requests=3)
    outcome = run(s, [declared("XX-01", registers_only)])
    (found,) = outcome.findings
    frames = [s.frame(label) for label in ("req", "req.2", "req.3")]
    assert (found.frame, found.count, found.occurrences) == (frames[0], 3, frames)
    assert (found.rule, found.clause, found.actor, found.observed) == ("XX-01", "clause of XX-01", "UE", "MESSAGE")
    assert outcome.tallies[0].violation == 3


@pytest.mark.parametrize("other", ["fault", "subject", "capture", "actor"])
def test_what_differs_makes_another_finding(other: str) -> None:
    s = traffic(requests=2, ues=2 if other == "subject" else 1)
    frames = s.frames()
    if other == "capture":
        frames = [frame._replace(capture=1) if frame.number == len(frames) else frame for frame in frames]
    seen: list[int] = []

    def judge(event: RequestSent) -> Verdict:
        if event.request.message.method == "REGISTER":
            return PASS
        seen.append(event.at.number)
        made = broken(event, fault=f"f{len(seen)}" if other == "fault" else "f")
        actor = Actor.UE if other != "actor" or len(seen) % 2 else Actor.NETWORK
        return Broken(fault=made.fault, message=made.message, actor=actor)

    found = run(s, [declared("XX-01", judge)], frames=frames).findings
    assert len(found) == 2
    assert sorted(each.occurrences[0] for each in found) == [seen[0], seen[len(seen) // 2]]


def test_the_frames_that_a_finding_lists_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OCCURRENCES == 1000
    monkeypatch.setattr(folding, "OCCURRENCES", 2)
    (found,) = run(traffic(requests=5), [declared("XX-01", registers_only)]).findings
    assert (found.count, len(found.occurrences)) == (5, 2)


def test_more_findings_than_are_kept_are_still_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "FINDINGS", 2)
    numbers = iter(range(100))

    def judge(event: RequestSent) -> Verdict:
        return broken(event, fault=f"f{next(numbers)}")

    outcome = run(traffic(requests=5), [declared("XX-01", judge)])
    assert len(outcome.findings) == 2
    assert outcome.tallies[0].violation == 6
    assert any("more than 2 findings" in text for text in outcome.notices)


def test_many_notes_crowd_out_no_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "FINDINGS", 3)
    faults = iter(range(100))

    def note(event: RequestSent) -> Verdict:
        return broken(event, fault=f"f{next(faults)}", cause="XX-03")

    def violation(event: RequestSent) -> Verdict | None:
        return broken(event) if next(faults) > 12 else None

    rules = [declared("XX-01", note, level=Level.INFO), declared("XX-03", violation)]
    outcome = run(traffic(requests=9), rules)
    assert [each.verdict for each in outcome.findings] == ["violation", "note", "note"]
    assert outcome.findings[0].cause is None
    assert outcome.findings[1].cause == outcome.findings[0].fingerprint
    assert outcome.tallies[0].note == 10
    assert [each for each in outcome.notices if "findings" in each] == [
        "more than 3 findings: of 8 verdicts there is but the count"
    ]


def test_what_explains_many_findings_is_found_without_comparing_all_with_all() -> None:
    looked = 0

    class Rule(str):
        """A rule's id that counts how often it is looked at."""

        def __eq__(self, other: object) -> bool:
            nonlocal looked
            looked += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    count = 300
    numbers = iter(range(count + 1))

    def judge(event: RequestSent) -> Verdict:
        return broken(event, fault=f"f{next(numbers)}", cause=Rule("XX-09"))

    outcome = run(traffic(requests=count), [declared("XX-01", judge)])
    assert len(outcome.findings) == count + 1
    assert looked <= 2 * count


def test_more_notices_than_are_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_module, "NOTICES", 2)
    audit = Audit(Options(rules=[]), Keyring())
    for number in range(5):
        audit._notice(f"notice {number}")
    audit._notice("notice 1")
    assert audit.finish().notices == ["notice 0", "notice 1 (2 times)", "3 more notices"]


def test_a_finding_names_all_frames_of_its_message() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, body=b"x" * 2000, answered=False)
    s.fragment("req")
    (found,) = run(s, [declared("XX-01", registers_only)]).findings
    assert found.frame == s.frame("req")
    assert len(found.related) >= 1
    assert set(found.related) == {n for n, r in enumerate(s.records, 1) if r.label == "req"} - {found.frame}


def test_frames_of_other_captures_stand_apart() -> None:
    s = traffic(requests=1)
    frames = [frame._replace(capture=1) if frame.number == len(s.frames()) else frame for frame in s.frames()]

    def judge(event: RequestSent) -> Verdict:
        sm1 = event.request.protection.terms.sm1 if event.request.protection else None
        assert sm1 is not None
        made = broken(event)
        return Broken(fault=made.fault, message=made.message, actor=made.actor, related=(sm1,))

    first, second = sorted(run(s, [declared("XX-01", judge)], frames=frames).findings, key=lambda made: made.capture)
    assert (first.related, first.related_other) == ((s.frame("sm1"),), ())
    assert (second.related, second.related_other) == ((), ((0, s.frame("sm1")),))


def test_findings_are_sorted_by_verdict_and_time() -> None:
    def late(event: RequestSent) -> Verdict | None:
        method = event.request.message.method
        return Inconclusive(reason="r") if method == "REGISTER" else broken(event)

    outcome = run(traffic(), [declared("XX-01", late), declared("XX-02", late)])
    assert [(found.verdict, found.rule) for found in outcome.findings] == [
        ("violation", "XX-01"), ("violation", "XX-02"), ("inconclusive", "XX-01"), ("inconclusive", "XX-02"),
    ]  # fmt: skip


# --- causes ---------------------------------------------------------------------------------------------------------


def test_a_finding_points_at_the_one_that_explains_it() -> None:
    rules = [
        declared("XX-01", lambda event: broken(event, cause="XX-02")),
        declared("XX-02", lambda event: broken(event, fault="deeper", cause="XX-09")),
    ]
    by_rule = {found.rule: found for found in run(traffic(), rules).findings}
    assert by_rule["XX-01"].cause == by_rule["XX-02"].fingerprint
    assert by_rule["XX-02"].cause is None, "no such finding"


def test_a_cause_belongs_to_the_same_subject() -> None:
    def of_the_first(event: RequestSent) -> Verdict | None:
        assert event.subject is not None
        return broken(event) if event.subject.ue == "10.20.0.11" else PASS

    rules = [declared("XX-01", lambda event: broken(event, cause="XX-02")), declared("XX-02", of_the_first)]
    found = run(traffic(ues=2), rules).findings
    explained = {each.subject: each.cause is not None for each in found if each.rule == "XX-01"}
    assert sorted(explained.values()) == [False, True]


# --- rules that fail, rules that are not in force -------------------------------------------------------------------


def test_a_rule_that_crashes_is_named_and_the_others_run() -> None:
    def crash(event: RequestSent) -> Verdict:
        raise ZeroDivisionError("secret of this rule")

    outcome = run(traffic(), [declared("XX-01", crash), declared("XX-02", registers_only)])
    assert outcome.crashed == ["XX-01 (ZeroDivisionError)"]
    assert outcome.tallies[0].error == 4 and outcome.tallies[0].exercised
    assert [(found.rule, found.count) for found in outcome.findings] == [("XX-02", 3)]


def test_only_rules_in_force_have_a_row() -> None:
    rules = [declared("XX-01", registers_only, source="24.229 [T]"), declared("XX-02", registers_only, source="S2 3")]
    assert [tally.id for tally in run(traffic(), rules).tallies] == ["XX-01", "XX-02"]
    assert [tally.id for tally in run(traffic(), rules, Options(profile=PROFILES["sa3-29"])).tallies] == ["XX-02"]


def test_a_set_without_key_leaves_only_what_needs_no_plaintext() -> None:
    rules = [declared("XX-01", registers_only), declared("XX-02", registers_only, plaintext=False)]
    outcome = run(traffic(), rules, keys="")
    assert [tally.inconclusive for tally in outcome.tallies] == [1, 0]
    (found,) = outcome.findings
    assert (found.rule, found.verdict, found.fault) == ("XX-01", "inconclusive", "no-key")
    assert any("no key for SPI" in text for text in outcome.notices)


# --- what the user chooses ------------------------------------------------------------------------------------------


def chosen(s: Scenario, options: Options | None = None) -> dict[str, int]:
    """How often each subject was accused, by its address."""
    found = run(s, [declared("XX-01", registers_only)], options).findings
    return {each.subject.rpartition("@")[2]: each.count for each in found if each.subject}


@pytest.mark.parametrize("text", ["001010000000002", "10.20.0.12", "001010000000002@IMS.example.org", "+1000000002"])
def test_only_the_chosen_subject_is_judged(text: str) -> None:
    """By IMPI, IMSI, address or number."""
    s = traffic(requests=2, ues=3)
    assert chosen(s) == {"10.20.0.11": 2, "10.20.0.12": 2, "10.20.0.13": 2}
    assert chosen(s, Options(subject=text)) == {"10.20.0.12": 2}
    assert chosen(s, Options(subject="nobody")) == {}


def test_a_number_counts_for_the_registration_that_made_it_known() -> None:
    """The network names it in SM12 only; what was before is judged all the same."""
    s = traffic(requests=0, ues=2)

    @rule("XX-01", clause="c", source="S1", actor="UE")
    def started(event: RegistrationStarted) -> Verdict | None:
        """A rule of these tests."""
        return Broken(fault="f", message="m", actor=Actor.UE)

    outcome = run(s, [started.__dict__["rule"]], Options(subject="+1000000002"))
    assert [found.frame for found in outcome.findings] == [s.frame("ue2.sm1")]
    assert outcome.tallies[0].violation == 1


@pytest.mark.parametrize("text", ["10.20.0.11", "sip:001010000000001@ims.example.org", "+1000000001"])
@pytest.mark.parametrize("story", ["removed algorithm", "ICV of another length", "no challenge"])
def test_what_was_found_before_the_name_was_known_is_as_well_proved(text: str, story: str) -> None:
    """Evidence is of the moment at which somebody did wrong: the packet, and how far its set was."""
    s = Scenario(ealg="des-ede3-cbc" if story == "removed algorithm" else "aes-cbc")
    s.register(sm7={"esp": Esp(icv=16)} if story == "ICV of another length" else {"headers": {"Security-Verify": None}})
    every, chosen = (run(s, collect(), Options(subject=each)) for each in (None, text))
    assert any(found.evidence and found.evidence.packets for found in every.findings) or story == "no challenge"
    assert [(each, each.evidence) for each in chosen.findings] == [(each, each.evidence) for each in every.findings]
    assert chosen.findings and chosen.tallies == every.tallies


def test_a_rule_that_fails_before_the_name_is_known_is_told() -> None:
    s = traffic(requests=0)

    @rule("XX-01", clause="c", source="S1", actor="UE")
    def failing(event: RegistrationStarted) -> Verdict | None:
        """A rule of these tests."""
        raise ZeroDivisionError

    for text, crashed in (("+1000000001", ["XX-01 (ZeroDivisionError)"]), ("nobody", [])):
        assert run(s, [failing.__dict__["rule"]], Options(subject=text)).crashed == crashed


def test_what_waits_for_the_name_of_its_subject_is_bounded_and_what_had_to_go_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = traffic(requests=0, ues=3)
    told = " events were not judged: whom they belong to came out too late"
    rules = [declared("XX-01", registers_only)]

    def notices() -> list[str]:
        return [each for each in run(s, rules, Options(subject="+1000000002")).notices if each.endswith(told)]

    assert notices() == []
    monkeypatch.setattr("analyzer.audit.chosen.HELD", 0)
    assert notices()
    monkeypatch.undo()
    monkeypatch.setattr("analyzer.audit.chosen.UNDECIDED", 0)
    assert notices()


def test_only_the_chosen_span_is_judged_but_state_is_built_from_all() -> None:
    s = traffic(requests=5)
    times = [s.records[s.frame(label) - 1].time for label in ("req", "req.2", "req.3", "req.4", "req.5")]
    assert chosen(s, Options(start=times[3])) == {"10.20.0.11": 2}
    assert chosen(s, Options(end=times[1])) == {"10.20.0.11": 2}
    assert chosen(s, Options(start=times[1], end=times[3])) == {"10.20.0.11": 3}
    assert chosen(s, Options(start=START + 10**6 * SECOND)) == {}
    late = run(s, collect(), Options(start=times[4]))
    assert not [found for found in late.findings if found.verdict == "violation"]


def ids(rules: Iterable[Rule]) -> list[str]:
    return [each.id for each in rules]


@pytest.mark.parametrize(
    ("wanted", "ignored", "kept"),
    [
        ((), (), ["XX-01", "XX-02", "YY-01"]),
        (("XX",), (), ["XX-01", "XX-02"]),
        (("xx-02", "YY"), (), ["XX-02", "YY-01"]),
        ((), ("XX",), ["YY-01"]),
        (("XX",), ("XX-02",), ["XX-01"]),
        (("XX-02",), ("XX",), ["XX-02"]),
    ],
)
def test_the_longest_match_of_select_and_ignore_wins(
    wanted: tuple[str, ...], ignored: tuple[str, ...], kept: list[str]
) -> None:
    rules = [declared(name, registers_only) for name in ("XX-01", "XX-02", "YY-01")]
    assert ids(select(rules, wanted, ignored)) == kept


def test_a_word_that_fits_no_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="ZZ"):
        select([declared("XX-01", registers_only)], ["ZZ"])


def test_a_response_rule_hears_responses_only() -> None:
    @rule("XX-01", clause="c", source="S1", actor="P-CSCF")
    def heard(event: ResponseSent) -> Verdict | None:
        """A rule of these tests."""
        return PASS

    s = traffic(requests=0)
    s.request("ue", "MESSAGE", on=s.sets[0])
    (tally,) = run(s, [heard.__dict__["rule"]]).tallies
    assert tally.passed == 2, "SM12 and one 200"
