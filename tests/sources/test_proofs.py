"""The loops walk over nothing that the complete answer would keep, whichever headers they are made for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.sources import proofs
from analyzer.sources.pcap import _records
from analyzer.sources.proofs import Judge
from analyzer.sources.strangers import Sieve
from analyzer.sources.triage import SLACK, Triage
from analyzer.sources.walker import FOREVER, NEVER
from tests.layers.build import TUNNELS
from tests.network.build import ethernet as tagged
from tests.network.build import ipv4, udp
from tests.sources.build import SECOND, START, WRAPPERS, Writer, pcap, pcapng, read, walk
from tests.sources.test_triage_tunnels import LOUD, QUIET, RTP, triage

STACKS = ["", "gtp-u", "gtp-u over ipv6", "gtp-u with pdu session", "gtp-u with sequence number"]
TAGS = [(), (0x8100,), (0x88A8, 0x8100), (0x9100, 0x8100, 0x8100)]
PACKETS = {**QUIET, **LOUD}


def wrap(link: int, tags: tuple[int, ...], tunnel: str, packet: bytes) -> bytes:
    if tunnel:
        packet = TUNNELS[tunnel](packet)
    return tagged(packet, tags) if link == 1 else WRAPPERS[link](packet)


def check(link: int, frames: list[bytes], order: str) -> None:
    """Whatever the walkers remember of earlier frames, and in whatever steps they go, they keep the same ones."""
    complete = triage()
    expected = [number for number, frame in enumerate(frames, 1) if complete.keeps(link, frame)]
    for write in pcap, pcapng:
        octets = write(frames, order=order, link=link)
        kept, summary = read(octets, triage())
        assert [frame.number for frame in kept] == expected
        assert [frame.data for frame in kept] == [frames[number - 1] for number in expected]
        dropped = len(frames) - len(expected)
        assert summary.skipped == ({"not signalling": dropped} if dropped else {})
        walker, _ = walk(octets, triage())
        walker.limit = START - 1
        stepped = []
        for frame in walker.frames():
            if frame is None:
                assert walker.reached == walker.limit + SECOND if walker.limit >= START else START
                walker.limit = walker.reached
            else:
                assert frame.time <= walker.limit
                stepped.append(frame.number)
        assert stepped == expected


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("tags", "tunnel"), list(itertools.product(TAGS, STACKS)))
def test_every_stack_of_headers(tags: tuple[int, ...], tunnel: str, order: str) -> None:
    check(1, [wrap(1, tags, tunnel, packet) for packet in (*PACKETS.values(), *QUIET.values())], order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("link", WRAPPERS)
def test_every_link_type(link: int, order: str) -> None:
    check(link, [wrap(link, (), tunnel, packet) for tunnel in STACKS for packet in PACKETS.values()], order)


@pytest.mark.parametrize("tunnel", STACKS)
@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
def test_frames_cut_anywhere_in_front_of_a_loud_one(packet: bytes, tunnel: str) -> None:
    for tags in TAGS[:2]:
        quiet, whole = wrap(1, tags, tunnel, QUIET["rtp"]), wrap(1, tags, tunnel, packet)
        loud = wrap(1, tags, tunnel, LOUD["sip on any port"])
        check(1, [each for end in range(len(whole)) for each in (quiet, whole[:end], loud)], "<")


@st.composite
def runs(draw: st.DrawFn) -> tuple[int, list[bytes]]:
    """Some frames of one stack of headers, then any of them damaged, cut or lengthened, and others between."""
    link = draw(st.sampled_from([1, 1, 1, 101, 113, 276, 0]))
    tags, tunnel = draw(st.sampled_from(TAGS)), draw(st.sampled_from(STACKS))
    frames = [wrap(link, tags, tunnel, packet) for packet in draw(st.permutations(list(QUIET.values())))[:2]] * 2
    for packet in draw(st.lists(st.sampled_from(list(PACKETS.values())), max_size=8)):
        frame = bytearray(wrap(link, tags, tunnel, packet))
        for place, value in draw(st.lists(st.tuples(st.integers(0, 130), st.integers(0, 255)), max_size=3)):
            if place < len(frame):
                frame[place] = value
        cut = draw(st.one_of(st.just(0), st.just(0), st.integers(0, 90)))
        frames.append(bytes(frame[: len(frame) - cut]) + draw(st.one_of(st.just(b""), st.binary(max_size=8))))
        if draw(st.booleans()):
            frames.append(wrap(link, draw(st.sampled_from(TAGS)), draw(st.sampled_from(STACKS)), packet))
    return link, frames


@settings(max_examples=150, deadline=None)
@given(runs(), st.sampled_from("<>"))
def test_damaged_frames_among_those_a_loop_was_made_for(drawn: tuple[int, list[bytes]], order: str) -> None:
    check(*drawn, order)


def judge(made: Triage, link: int = 1) -> Judge:
    return Judge(made, _records("<", 1000, 16), link, Sieve(made.strangers))


def passed(made: Judge, frames: list[bytes], link: int = 1) -> int:
    """How many of the frames the loop walks over that is the judge's now."""
    octets = pcap(frames, link=link)
    buffer = bytearray(octets + bytes(SLACK))
    _, _, number, _ = next(made.walk(bounded=False)(buffer, memoryview(buffer), 24, 24, len(octets), 0, FOREVER))
    return number


@pytest.mark.parametrize(("tags", "tunnel"), list(itertools.product(TAGS[:3], STACKS[:4])))
@pytest.mark.parametrize("packet", ["rtp", "rtp6"])
def test_there_is_a_loop_for_the_usual_headers(tags: tuple[int, ...], tunnel: str, packet: str) -> None:
    frame, made = wrap(1, tags, tunnel, QUIET[packet]), judge(triage())
    buffer = frame + bytes(SLACK)
    made.turn(buffer, 0, len(frame))
    assert passed(made, [frame] * 5 + [wrap(1, tags, tunnel, LOUD["sip on any port"])]) == 5


def test_watched_ports_of_others_are_walked_over() -> None:
    made = judge(triage())
    assert passed(made, [wrap(1, (), "", QUIET["watched port, other address"])] * 3) == 3
    assert passed(made, [wrap(1, (), "", LOUD["watched"])] * 3) == 0


def test_what_is_watched_later_holds_in_a_loop_that_is_there() -> None:
    made = Triage()
    mine, frames = judge(made), [wrap(1, (), "", LOUD["watched"])] * 2
    assert passed(mine, frames) == 2
    made.watch(LOUD["watched"][26 - 14 : 30 - 14], 31000)
    assert passed(mine, frames) == 0


def test_loops_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MAX_LOOPS", 3)
    made = judge(Triage())
    for tags, tunnel in itertools.product(TAGS, STACKS):
        frame = wrap(1, tags, tunnel, QUIET["rtp"])
        made.turn(frame + bytes(SLACK), 0, len(frame))
        passed(made, [frame])
    assert len(made._loops) == 3
    check(1, [wrap(1, tags, tunnel, packet) for tags in TAGS for tunnel in STACKS for packet in PACKETS.values()], "<")


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_loops_are_compiled_once(write: Writer) -> None:
    made = Triage()
    octets = write([wrap(1, (), "", packet) for packet in PACKETS.values()])
    read(octets, made)
    loops = dict(made.codes)
    read(octets, made)
    assert made.codes == loops


def test_a_length_in_gtp_u_that_no_packet_has_is_no_proof() -> None:
    inner = ipv4(17, udp(RTP, 20000, 30000))
    for length in (0, 1, 19, 20, 255, 256):
        message = b"\x30\xff" + length.to_bytes(2, "big") + bytes(4) + inner
        for ports in ((2152, 2152), (5060, 2152), (31000, 2152)):
            check(1, [wrap(1, (), "gtp-u", inner), tagged(ipv4(17, udp(message, *ports)), ())] * 2, "<")


def test_frames_without_a_time_are_walked_over_one_by_one() -> None:
    walker, _ = walk(pcapng([wrap(1, (), "", QUIET["rtp"])] * 3, start=1 << 70))
    walker.limit = NEVER
    assert [walker.reached for frame in itertools.islice(walker.frames(), 2) if frame is None] == [0, 0]


def test_one_loop_walks_over_several_kinds_of_frames() -> None:
    made = judge(triage())
    kinds = [("rtp", ""), ("rtp6", ""), ("rtp", "gtp-u"), ("rtp", "gtp-u with pdu session")]
    frames = [wrap(1, (), tunnel, QUIET[packet]) for packet, tunnel in kinds]
    for number, frame in enumerate(frames, 1):
        assert made.turn(frame + bytes(SLACK), 0, len(frame))
        assert not made.turn(frame + bytes(SLACK), 0, len(frame)), "known by now"
        assert passed(made, frames) == number
    tagged_one = wrap(1, (0x8100,), "", QUIET["rtp"])
    assert made.turn(tagged_one + bytes(SLACK), 0, len(tagged_one))
    assert passed(made, [*frames[:3], tagged_one, frames[3]]) == 4, "the last of four has made room"


def test_the_headers_that_most_frames_have_come_first() -> None:
    made = judge(triage())
    four, six = (wrap(1, (), "", QUIET[packet]) for packet in ("rtp", "rtp6"))
    for frame in four, six:
        made.turn(frame + bytes(SLACK), 0, len(frame))
    assert made._stacks == [(0x0800,), (0x86DD,)]
    for frame in six, four, six:
        made.look(frame + bytes(SLACK), 0, len(frame))
    assert made._stacks == [(0x86DD,), (0x0800,)]
    assert passed(made, [four, six, four]) == 3
