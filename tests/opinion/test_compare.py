"""What counts as agreement, what explains a difference, and what is left over: on frames made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.frame import FrameRef
from analyzer.opinion import compare
from analyzer.opinion.compare import Comparison
from analyzer.opinion.model import Reason, SecondOpinion
from analyzer.opinion.witness import Noted, NotedFrame
from analyzer.seen import BAD, GOOD, UNCHECKED, SeenFrame, SeenHeader, SeenMessage, SeenPacket

ETHERNET = ("eth", "ethertype", "ip", "udp", "sip")
NOTHING: dict[int, Reason] = {}
HEADER = SeenHeader("Security-Verify", "ipsec-3gpp;alg=null", (("alg", "null"),))
MESSAGE = SeenMessage("REGISTER sip:a SIP/2.0", "1@a", "1 REGISTER", (HEADER,))
STRANGE = MESSAGE._replace(cseq="1")
OTHER = SeenMessage("SIP/2.0 200 OK", "1@a", "1 REGISTER", ())


def noted(*messages: SeenMessage, frames: tuple[int, ...] = (3,), transport: str = "UDP", capture: int = 0) -> Any:
    return [Noted(message, tuple(FrameRef(capture, each, 0) for each in frames), transport) for message in messages]


def ours(*messages: SeenMessage, **more: Any) -> NotedFrame:
    return NotedFrame(messages=noted(*messages), **more)


def theirs(
    *messages: SeenMessage,
    icv: tuple[str, ...] = (),
    layers: tuple[str, ...] = ETHERNET,
    remarks: tuple[str, ...] = (),
    cut: bool = False,
) -> SeenFrame:
    return SeenFrame(3, layers, cut, frozenset(remarks), tuple(SeenPacket(256, 1, each) for each in icv), messages)


def compared(
    mine: NotedFrame | dict[int, NotedFrame] | None,
    other: SeenFrame | dict[int, SeenFrame] | None,
    keyless: Mapping[int, Reason] = NOTHING,
) -> SecondOpinion:
    opinion = SecondOpinion(program="tshark 4.0.17")
    left = mine if isinstance(mine, dict) else {} if mine is None else {3: mine}
    right = other if isinstance(other, dict) else {} if other is None else {3: other}
    Comparison(opinion, keyless, 0, left, right).run()
    return opinion


def test_the_same_is_counted_and_nothing_else() -> None:
    made = compared(ours(MESSAGE, OTHER, packets=1, verified=1), theirs(MESSAGE, OTHER, icv=(GOOD,)))
    assert (made.esp, made.sip, made.sec_agree) == (1, 2, 1)
    assert (made.explained, made.unexplained, made.differences) == ({}, 0, [])


@pytest.mark.parametrize("icv", [BAD, UNCHECKED])
def test_what_neither_could_verify_agrees(icv: str) -> None:
    assert compared(ours(packets=1), theirs(icv=(icv,))).esp == 1


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (ours(packets=1, verified=1), theirs(icv=(BAD,))),
        (ours(packets=1, verified=1), theirs(icv=(UNCHECKED,))),
        (ours(packets=1), theirs(icv=(GOOD,))),
        (ours(packets=1), None),
        (None, theirs(icv=(GOOD,))),
        (ours(packets=1, verified=1), theirs(icv=(GOOD, GOOD))),
    ],
)
def test_other_verdicts_on_esp_are_a_difference(mine: NotedFrame | None, other: SeenFrame | None) -> None:
    made = compared(mine, other)
    assert (made.esp, made.unexplained, made.explained) == (0, 1, {})
    assert [(each.about, each.frame) for each in made.differences] == [("esp", 3)]


@pytest.mark.parametrize(("mine", "other"), [(ours(MESSAGE), None), (None, theirs(MESSAGE)), (ours(OTHER), theirs())])
def test_a_message_that_only_one_sees_is_a_difference(mine: NotedFrame | None, other: SeenFrame | None) -> None:
    made = compared(mine, other)
    assert (made.sip, made.unexplained, made.explained) == (0, 1, {})
    [found] = made.differences
    assert found.about == "sip"
    assert "1@a" in (found.ours + found.theirs)
    assert "no such message" in (found.ours, found.theirs)


def test_a_parameter_that_is_read_differently_is_a_difference() -> None:
    other = MESSAGE._replace(security=(HEADER._replace(parameters=(("alg", "hmac-md5-96"),)),))
    made = compared(ours(MESSAGE), theirs(other))
    assert (made.sip, made.sec_agree, made.unexplained) == (1, 0, 1)
    [found] = made.differences
    assert (found.about, found.ours) == ("sec-agree", "Security-Verify: ipsec-3gpp;alg=null (read as alg=null)")
    assert found.theirs.endswith("(read as alg=hmac-md5-96)")


def test_a_header_that_only_one_has_is_a_difference() -> None:
    made = compared(ours(MESSAGE), theirs(MESSAGE._replace(security=(HEADER, HEADER))))
    assert (made.sec_agree, made.unexplained) == (1, 1)
    assert made.differences[0].ours == "no such header"


TCP = NotedFrame(messages=noted(MESSAGE, transport="TCP"))
KEYLESS = (Reason.NO_NAME, Reason.MISMADE, Reason.REUSED, Reason.MOVED)


@pytest.mark.parametrize(
    ("reason", "mine", "other", "keyless"),
    [
        (Reason.COPY, NotedFrame(copy=True), theirs(MESSAGE), NOTHING),
        (Reason.COPY, NotedFrame(copy=True), theirs(icv=(GOOD,)), NOTHING),
        (Reason.REPLAY, ours(packets=1, verified=1, replayed=1), theirs(MESSAGE, icv=(GOOD,)), NOTHING),
        (Reason.RETRANSMISSION, TCP, theirs(remarks=("fast_retransmission",)), NOTHING),
        (Reason.HOLE, TCP, theirs(remarks=("lost_segment",)), NOTHING),
        (Reason.HOLE, TCP, theirs(remarks=("out_of_order",)), NOTHING),
        (Reason.BAD_ICV, ours(packets=1), theirs(MESSAGE, icv=(BAD,)), NOTHING),
        (Reason.GUESSED, ours(packets=1), theirs(MESSAGE, icv=(UNCHECKED,)), NOTHING),
        *((each, ours(packets=1, verified=1), theirs(icv=(BAD,)), {256: each}) for each in KEYLESS),
        (Reason.UNPROVEN, ours(MESSAGE, packets=1), theirs(icv=(UNCHECKED,)), NOTHING),
        (Reason.OTHER_FILE, NotedFrame(messages=noted(MESSAGE, capture=1)), theirs(), NOTHING),
        (Reason.MALFORMED, ours(STRANGE), theirs(), NOTHING),
        (Reason.MALFORMED, None, theirs(STRANGE), NOTHING),
        (Reason.TOLD, NotedFrame(told=True), theirs(MESSAGE), NOTHING),
        (Reason.CUT, None, theirs(MESSAGE, cut=True), NOTHING),
        (Reason.INSIDE, None, theirs(MESSAGE, layers=("eth", "ip", "icmp", "ip", "udp", "sip")), NOTHING),
        (Reason.INSIDE, None, theirs(icv=(UNCHECKED,), layers=("eth", "ip", "icmp", "ip", "esp")), NOTHING),
    ],
)
def test_every_reason(reason: Reason, mine: NotedFrame | None, other: SeenFrame, keyless: dict[int, Reason]) -> None:
    made = compared(mine, other, keyless)
    assert (made.unexplained, list(made.explained)) == (0, [reason])
    assert (made.explained[reason].count, made.explained[reason].frames) == (1, [(0, 3)])


def test_a_message_over_tcp_that_both_end_in_different_frames() -> None:
    mine = {3: NotedFrame(messages=noted(MESSAGE, MESSAGE, transport="TCP"))}
    made = compared(mine, {4: theirs(MESSAGE), 9: theirs(MESSAGE)})
    assert (made.sip, made.unexplained) == (0, 0)
    assert made.explained[Reason.REORDERED].count == 2


def test_a_segment_with_a_bad_icv_spoils_the_messages_after_it() -> None:
    """tshark puts it into the stream, gmaudit does not."""
    sealed = NotedFrame(packets=1, verified=1)
    mine = {3: NotedFrame(packets=1), 5: sealed, 7: NotedFrame(1, 1, messages=noted(OTHER, transport="TCP"))}
    other = {3: theirs(icv=(BAD,)), 5: theirs(MESSAGE, icv=(GOOD,)), 7: theirs(icv=(GOOD,))}
    made = compared(mine, other)
    assert (made.unexplained, made.esp) == (0, 3)
    assert made.explained[Reason.BAD_ICV].frames == [(0, 7), (0, 5)]


def test_over_udp_another_frame_is_another_message() -> None:
    made = compared({3: ours(MESSAGE)}, {4: theirs(MESSAGE)})
    assert (made.explained, made.unexplained) == ({}, 2)


def test_a_key_that_tshark_never_had_explains_no_good_icv() -> None:
    """Where tshark verifies and we do not, its keys are no excuse for us."""
    for reason in KEYLESS:
        assert compared(ours(packets=1), theirs(icv=(GOOD,)), {256: reason}).unexplained == 1


def test_the_lists_are_bounded_and_the_counts_are_not() -> None:
    alone = {number: ours(MESSAGE) for number in range(1, compare.LISTED + 50)}
    made = compared(alone, {})
    assert (made.unexplained, len(made.differences)) == (compare.LISTED + 49, compare.LISTED)
    copies = {number: NotedFrame(copy=True) for number in range(1, 2 * compare.FRAMES)}
    made = compared(copies, {number: theirs(MESSAGE) for number in copies})
    explained = made.explained[Reason.COPY]
    assert (explained.count, len(explained.frames)) == (2 * compare.FRAMES - 1, compare.FRAMES)


@pytest.mark.parametrize(
    ("start_line", "call_id", "cseq", "malformed"),
    [
        ("REGISTER sip:a SIP/2.0", "1", "1 REGISTER", False),
        ("x-Y~1 tel:+1;phone-context=a sip/2.0", "1", "0 x-Y~1", False),
        ("SIP/2.0 200 OK", "1", "1 REGISTER", False),
        ("SIP/2.0 200", "1", "1 REGISTER", False),
        ("INVITE sip:" + "a" * 139, "1", "1 INVITE", False),
        ("INVITE sip:a", "1", "1 INVITE", True),
        ('R"GISTER sip:a SIP/2.0', "1", "1 REGISTER", True),
        ("REGISTER sip2a SIP/2.0", "1", "1 REGISTER", True),
        ("SIP/2.0 OK", "1", "1 REGISTER", True),
        ("REGISTER sip:a SIP/2.0", "", "1 REGISTER", True),
        ("REGISTER sip:a SIP/2.0", "1", "REGISTER", True),
    ],
)
def test_which_messages_are_malformed(start_line: str, call_id: str, cseq: str, malformed: bool) -> None:
    assert SeenMessage(start_line, call_id, cseq, ()).malformed is malformed


def test_codes_and_sentences_are_told_apart() -> None:
    assert len({each.code for each in Reason}) == len({each.sentence for each in Reason}) == len(Reason)


packets = st.integers(0, 3)
messages = st.lists(st.sampled_from([MESSAGE, OTHER]), max_size=3)
left = st.dictionaries(
    st.integers(1, 4),
    st.builds(
        lambda texts, packets, transport: NotedFrame(
            messages=noted(*texts, transport=transport), packets=packets, verified=min(packets, 1)
        ),
        messages,
        packets,
        st.sampled_from(["TCP", "UDP"]),
    ),
)
right = st.dictionaries(
    st.integers(1, 4),
    st.builds(
        lambda texts, icv, remarks: theirs(*texts, icv=tuple(icv), remarks=tuple(remarks)),
        messages,
        st.lists(st.sampled_from([GOOD, BAD, UNCHECKED]), max_size=3),
        st.sets(st.sampled_from(["retransmission", "lost_segment"])),
    ),
)


@given(left, right)
def test_every_message_is_counted_once(mine: dict[int, NotedFrame], other: dict[int, SeenFrame]) -> None:
    made = compared(mine, other)
    kept = [each for each in made.differences if each.about == "sip"]
    assert made.unexplained == len(made.differences)
    seen = sum(len(frame.messages) for frame in mine.values()) + sum(len(frame.messages) for frame in other.values())
    moved = made.explained.get(Reason.REORDERED)
    others = sum(each.count for reason, each in made.explained.items() if reason is not Reason.REORDERED)
    assert 2 * made.sip + 2 * (moved.count if moved else 0) + len(kept) <= seen
    assert seen <= 2 * made.sip + 2 * (moved.count if moved else 0) + len(kept) + others


@given(left)
def test_what_is_the_same_differs_nowhere(mine: dict[int, NotedFrame]) -> None:
    other = {
        number: theirs(
            *(each.message for each in frame.messages),
            icv=(GOOD,) * frame.verified + (BAD,) * (frame.packets - frame.verified),
        )
        for number, frame in mine.items()
    }
    made = compared(mine, other)
    assert (made.unexplained, made.explained) == (0, {})
    assert made.esp == sum(frame.packets for frame in mine.values())
