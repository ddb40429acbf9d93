"""Which frames go the express way, and what is remembered of them in case a copy comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.audit.audit import Audit
from analyzer.engine.express import Express
from analyzer.engine.layouts import Stack, stacked
from analyzer.frame import SECOND, Frame
from analyzer.keys.keyring import Keyring
from analyzer.network import copies, taps
from analyzer.network.packets import Datagram
from analyzer.run import Options
from tests.engine.test_layouts import LINKS, TUNNELS, Wrap
from tests.scenario import Scenario

Change = Callable[[bytes], bytes]


def calls(ipv6: bool = False, requests: int = 12) -> Scenario:
    """A registration, and requests of both sides."""
    s = Scenario(ipv6=ipv6)
    on = s.register()
    for number in range(requests):
        s.request(("ue", "pcscf")[number % 2], "MESSAGE", on=on)
    return s


def heard(
    monkeypatch: pytest.MonkeyPatch, s: Scenario, frames: list[Frame], late: bool = False
) -> tuple[Audit, list[int]]:
    """An audit of these frames, whose keys may come behind the first one, and the numbers of those that went the
    express way.
    """
    taken: list[int] = []
    takes = Express.takes

    def listen(self: Express, frame: Frame) -> bool:
        done = takes(self, frame)
        if done and (not taken or taken[-1] != frame.number):
            taken.append(frame.number)
        return done

    monkeypatch.setattr(Express, "takes", listen)
    keyring = Keyring()
    audit = Audit(Options(), keyring)
    if late:
        audit.engine.receive(frames.pop(0))
    keyring.add_text(s.keys_toml(), "keys")
    audit.engine.keys_came()
    for frame in frames:
        audit.engine.receive(frame)
    return audit, taken


def changed(frames: list[Frame], change: Change) -> list[Frame]:
    made = []
    for frame in frames:
        data = change(frame.data)
        made.append(frame._replace(data=data, length=len(data)))
    return made


def tagged(number: int, kind: bytes = b"\x81\x00") -> Change:
    return lambda data: data[:12] + kind + number.to_bytes(2, "big") + data[12:]


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("tunnel", TUNNELS.values(), ids=list(TUNNELS))
@pytest.mark.parametrize(("link", "wrap"), LINKS.values(), ids=list(LINKS))
def test_all_but_the_first_of_both_associations_goes_the_express_way(
    monkeypatch: pytest.MonkeyPatch, ipv6: bool, tunnel: Wrap, link: int, wrap: Wrap
) -> None:
    s = calls(ipv6)
    frames = changed(s.frames(), lambda data: wrap(tunnel(data[14:])))
    audit, taken = heard(monkeypatch, s, [frame._replace(link=link) for frame in frames])
    packets = audit.engine.tracker.packets.verified_count
    assert packets == 2 + 2 * 12
    assert len(taken) == packets - 2
    assert audit.engine.reader.copies == 0


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize(
    ("harm", "long"),
    [
        (lambda s: None, []),
        (lambda s: s.corrupt("4"), ["4", "5", "6", "7"]),
        (lambda s: s.lose("4"), ["5"]),
        (lambda s: s.duplicate("4", 0.001), []),
        (lambda s: hop(s, "4"), ["4", "5"]),
    ],
    ids=["nothing", "corrupt", "lost", "copied", "another way"],
)
def test_what_was_in_fragments_goes_the_express_way_as_well(
    monkeypatch: pytest.MonkeyPatch, ipv6: bool, harm: Callable[[Scenario], object], long: list[str]
) -> None:
    """What comes behind a packet that is not like the one before goes the long way, too; and for ever behind one that
    did not open, since a copy of it may still come.
    """
    s = calls(ipv6, requests=4)
    for number in range(8):
        s.request("ue", "MESSAGE", on=s.sent["req"].on, label=str(number), body=b"x" * 600, answered=False)
    harm(s)
    for label in dict.fromkeys(record.label for record in s.records):
        if label.partition(".")[0].isdigit():
            s.fragment(label, 400)
    asked, takes = list[tuple[int, bool]](), Express.takes_whole

    def listen(self: Express, datagram: Datagram, ident: int) -> bool:
        number = datagram.at.number
        asked.append((number, takes(self, datagram, ident)))
        return asked[-1][1]

    monkeypatch.setattr(Express, "takes_whole", listen)
    audit, _ = heard(monkeypatch, s, s.frames())
    refused = [s.label_of(number) for number, done in asked if not done]
    assert refused == long
    assert audit.engine.reader.copies == sum(record.label == "4.dup" for record in s.records)
    assert len(asked) == 8 - ("4" not in refused and "5" in refused)


@pytest.mark.parametrize("fragmented", [False, True])
def test_what_is_too_old_to_have_a_copy_does_not_wait_for_one(
    monkeypatch: pytest.MonkeyPatch, fragmented: bool
) -> None:
    monkeypatch.setattr(copies, "LATEST", 4)
    monkeypatch.setattr(copies, "PIECE", 1)
    s = calls(requests=4)
    for number in range(40):
        s.wait(1.0)
        s.request("ue", "MESSAGE", on=s.sent["req"].on, label=str(number), answered=False)
        if fragmented:
            s.fragment(str(number), 400)
    audit, _ = heard(monkeypatch, s, s.frames())
    assert 4 <= len(audit.engine.reader.recent.fresh) <= 8


@pytest.mark.parametrize(("alg", "ealg"), [("null", "aes-gcm"), ("aes-gmac", "null"), ("hmac-md5-96", "null")])
def test_whatever_the_algorithms(monkeypatch: pytest.MonkeyPatch, alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    on = s.register()
    for number in range(12):
        s.request(("ue", "pcscf")[number % 2], "MESSAGE", on=on, label=str(number))
    s.corrupt("10")
    audit, taken = heard(monkeypatch, s, s.frames())
    packets = audit.engine.tracker.packets
    assert (packets.verified_count, packets.bad_icv) == (2 + 2 * 12 - 1, 1)
    assert len(taken) >= 2 * 12 - 6


def hop(s: Scenario, label: str) -> None:
    """One router more lay on the way of this message."""
    for record in s.records:
        if record.label == label:
            octets = bytearray(record.data)
            octets[21 if octets[12:14] == b"\x86\xdd" else 22] -= 1
            record.data = bytes(octets)


def test_two_kinds_of_frames_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two phones have the same keys."""
    one, other = calls(), calls(ipv6=True)
    merged = sorted((*one.frames(), *other.frames()), key=lambda frame: frame.time)
    _, taken = heard(monkeypatch, one, [frame._replace(number=number) for number, frame in enumerate(merged, 1)])
    assert len(taken) == 2 * (2 * 12)


def test_a_changed_fragment_field_is_for_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def more(data: bytes) -> bytes:
        return data[:20] + b"\x20\x00" + data[22:]

    s = calls()
    *before, last = s.frames()
    audit, taken = heard(monkeypatch, s, [*before, *changed([last], more)])
    assert len(taken) == 2 * 12 - 1
    assert audit.engine.tracker.packets.verified_count == 2 + 2 * 12 - 1


def test_more_tags_than_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.engine.express.KNOWN", 5)
    s = calls()
    frames = [changed([frame], tagged(number))[0] for number, frame in enumerate(s.frames())]
    audit, taken = heard(monkeypatch, s, frames)
    assert audit.engine.tracker.packets.verified_count == 2 + 2 * 12
    assert len(taken) == 2 * 12
    assert [len(layout.views) for layout in audit.engine._express._layouts.values()] == [0, 5]


def test_more_layouts_than_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.engine.express.LAYOUTS", 2)
    s = calls()
    frames = s.frames()
    frames = [*frames[:10], *changed(frames[10:18], tagged(1)), *changed(changed(frames[18:], tagged(1)), tagged(2))]
    audit, taken = heard(monkeypatch, s, frames)
    assert audit.engine.tracker.packets.verified_count == 2 + 2 * 12
    assert max(taken) <= frames[17].number
    assert len(audit.engine._express._layouts) == 2


def test_one_association_seen_in_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a tunnel and out of it, received and sent: a packet that shows itself elsewhere goes the long way."""
    s = calls(requests=40)
    frames = s.frames()
    link, sent = LINKS["sent"]
    for begin, wrap in ((20, TUNNELS["gtp4"]), (40, TUNNELS["session6"]), (60, bytes)):
        part = [sent(wrap(frame.data[14:])) for frame in frames[begin : begin + 10]]
        frames[begin : begin + 10] = [
            frame._replace(link=link, data=data, length=len(data))
            for frame, data in zip(frames[begin : begin + 10], part, strict=True)
        ]
    audit, taken = heard(monkeypatch, s, frames)
    assert audit.engine.tracker.packets.verified_count == 2 + 2 * 40
    assert 50 < len(taken) < 2 * 40
    assert audit.engine.reader.copies == 0


def test_what_looks_like_a_tag_and_is_none_is_for_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    s = calls()
    audit, taken = heard(monkeypatch, s, changed(s.frames(), tagged(7, b"\x12\x34")))
    assert taken == []
    assert audit.engine.tracker.packets.verified_count == 0


@pytest.mark.parametrize("repeat", [1, 20])
def test_a_copy_of_what_went_the_express_way_is_a_copy(monkeypatch: pytest.MonkeyPatch, repeat: int) -> None:
    """Right behind it, and behind others."""
    s = calls()
    frames = s.frames()
    copied = [frame._replace(number=1000 + frame.number, time=frame.time) for frame in frames[-repeat:]]
    audit, taken = heard(monkeypatch, s, [*frames, *(each._replace(time=frames[-1].time) for each in copied)])
    near = [each for each in frames[-repeat:] if frames[-1].time - each.time <= copies.WINDOW]
    assert near
    assert audit.engine.reader.copies == len(near)
    assert audit.engine.tracker.packets.verified_count == 2 + 2 * 12 + repeat - len(near)
    at_once = [1000 + each.number for each in near] if len(near) == repeat else []
    assert [number for number in taken if number > 1000] == at_once


@pytest.mark.parametrize("ipv6", [False, True])
def test_each_packet_in_three_places(monkeypatch: pytest.MonkeyPatch, ipv6: bool) -> None:
    """As `tcpdump -i any` has it on the host of a whole core: twice in GTP-U, and without it."""
    s = calls(ipv6)
    frames = list[Frame]()
    for frame in s.frames():
        for name, wrap in (("received", TUNNELS["gtp4"]), ("sent", TUNNELS["session4"]), ("sent", bytes)):
            link, hold = LINKS[name]
            data = hold(wrap(frame.data[14:]))
            frames.append(frame._replace(number=len(frames) + 1, link=link, data=data, length=len(data)))
    looked = list[bytes]()

    def look(link: int, data: bytes) -> tuple[Stack, int] | None:
        looked.append(data)
        return stacked(link, data)

    monkeypatch.setattr("analyzer.engine.express.stacked", look)
    audit, taken = heard(monkeypatch, s, frames)
    packets = 2 + 2 * 12
    assert audit.engine.tracker.packets.verified_count == packets
    assert audit.engine.reader.copies == len(frames) * 2 // 3
    assert len(taken) > 3 * (packets - 4)
    assert len(looked) < packets


@pytest.mark.parametrize("jump", [0.0, 0.5, 4.0, -0.5, -4.0])
def test_a_copy_is_one_though_a_packet_with_another_clock_comes_between(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    s = calls()
    frames = s.frames()
    last = frames[-1]
    data = frames[0].data[:-1] + b"x"
    other = frames[0]._replace(number=1001, time=last.time + int(jump * SECOND), data=data)
    audit, taken = heard(monkeypatch, s, [*frames, other, last._replace(number=1002)])
    assert last.number in taken
    assert audit.engine.reader.copies == 1


@pytest.mark.parametrize("again", [True, False])
def test_a_copy_of_what_nothing_opened_is_one_though_a_key_came(monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    """Its number follows that of the last one that was opened, and so it looks new."""
    s = calls()
    frames = [frame._replace(number=frame.number + 1) for frame in s.frames()]
    early = frames[-1]._replace(number=1, time=frames[0].time)
    if again:  # within the time in which a packet is captured twice
        frames = [frame._replace(time=early.time) for frame in frames]
    audit, _ = heard(monkeypatch, s, [early, *frames], late=True)
    packets = audit.engine.tracker.packets
    assert audit.engine.reader.copies == int(again)
    assert (packets.no_key, packets.verified_count) == (1, 2 + 2 * 12 - int(again))


def test_what_nothing_opened_keeps_its_association_from_the_express_way_as_long_as_a_copy_would_be_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = calls()
    frames = [frame._replace(number=frame.number + 1) for frame in s.frames()]
    early = frames[-1]._replace(number=1, time=frames[0].time)
    frames = [frame._replace(time=early.time + index * copies.WINDOW // 9) for index, frame in enumerate(frames)]
    audit, taken = heard(monkeypatch, s, [early, *frames], late=True)
    of_it = [frame for frame in frames if frame.data[30:38] == early.data[30:38]]
    near = [frame for frame in of_it if frame.time <= early.time + copies.WINDOW]
    assert len(near) > 2
    assert not [frame for frame in near if frame.number in taken]
    assert of_it[-1].number in taken
    assert audit.engine.tracker.packets.verified_count == 2 + 2 * 12


@pytest.mark.parametrize("express", [True, False])
def test_octets_that_seemed_cut_are_a_copy_when_they_come_whole(monkeypatch: pytest.MonkeyPatch, express: bool) -> None:
    """The first time the IP header promises more than there is, so that nothing is verified."""
    s = calls()
    *before, last = s.frames()
    data = bytearray(last.data)
    data[16:18] = (int.from_bytes(data[16:18], "big") + 16).to_bytes(2, "big")
    if not express:
        monkeypatch.setattr(Express, "takes", lambda self, frame: False)
    audit, taken = heard(monkeypatch, s, [*before, last._replace(data=bytes(data)), last])
    assert (len(taken) > 20) is express
    assert audit.engine.reader.copies == 1
    assert audit.engine.tracker.packets.verified_count == 2 + 2 * 12 - 1


def test_what_waits_is_as_much_as_may_have_a_copy() -> None:
    """A packet each millisecond, and then one each second: what waits is of the last moment, or the latest."""
    subject = copies.Copies(lambda what: None)
    sizes, time = [], 10**18
    for number in range(20_000):
        time += 10**6 if number < 10_000 else 10**9
        looks = len(subject.fresh) >= subject.crowd
        subject.keep((time, bytes(4), bytes(4), number.to_bytes(4), 0, 0, (64, None, 0), 0))
        if looks:
            old = sum(time - each[0] > 2 * copies.WINDOW for each in subject.fresh)
            assert old < copies.PIECE or len(subject.fresh) < copies.LATEST + copies.PIECE
        sizes.append(len(subject.fresh))
    moment = 2 * copies.WINDOW // 10**6
    assert moment < max(sizes) <= moment + copies.PIECE + copies.LATEST + 2
    assert max(sizes[-1000:]) <= 2 * copies.LATEST + copies.PIECE
    waiting = subject.fresh
    for number in range(2 * copies.FRESH):
        subject.keep((time, bytes(4), bytes(4), number.to_bytes(4), 0, 0, (64, None, 0), 0))
        if len(subject.fresh) < copies.FRESH:
            waiting = subject.fresh
    assert len(subject.fresh) == copies.FRESH
    assert subject.fresh is waiting  # 4,096 packets are not copied for each further one


def test_what_had_to_be_forgotten_too_early_is_told() -> None:
    told: list[str] = []
    subject = copies.Copies(told.append)

    def packet(spi: int, number: int) -> bytes:
        return spi.to_bytes(4, "big") + number.to_bytes(4, "big") + b"content" * 9

    def crowd(spi: int, time: int) -> None:
        for number in range(copies.FRESH):
            subject.fresh.append((time, bytes(4), bytes(4), packet(spi, number), 0, 0, (64, None, 0), 0))

    def ask(spi: int, time: int) -> bool:
        first = packet(spi, 0)
        return subject.seen(copies.fingerprint(bytes(8), copies.ESP, first), (time, copies.ESP, first, 0, 1024, 0))

    crowd(1, 10**9)
    assert not ask(1, 10**9 + taps.FAR + 1)
    assert (told, subject.evicted) == ([], 0)
    crowd(2, 4 * 10**9)
    assert ask(2, 4 * 10**9)
    assert (told, subject.evicted) == ([copies.CROWDED], 1)
