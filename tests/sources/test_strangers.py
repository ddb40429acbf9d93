"""ESP of strangers is counted and not kept, as long as nothing about it is out of the ordinary."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from analyzer.sources import strangers as module
from analyzer.sources.strangers import Strangers
from analyzer.sources.triage import Triage
from tests.layers.build import TUNNELS
from tests.network.build import ethernet, ipv4, ipv6
from tests.sources.build import Writer, pcap, pcapng, walk

FOUR = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
SIX = bytes(15) + b"\x61", bytes(15) + b"\x62"
SPI = b"\xc0\0\0\1"


def esp(number: int, spi: bytes = SPI, size: int = 40) -> bytes:
    return spi + number.to_bytes(4, "big") + bytes(size)


def packet(number: int, ends: tuple[bytes, bytes] = FOUR, spi: bytes = SPI, size: int = 40) -> bytes:
    make = ipv4 if len(ends[0]) == 4 else ipv6
    return make(50, esp(number, spi, size), source=ends[0], destination=ends[1])


def kept(
    packets: list[bytes],
    *,
    write: Writer = pcap,
    order: str = "<",
    wrap: Callable[[bytes], bytes] = bytes,
    ends: tuple[bytes, bytes] = FOUR,
    step: int = 1000,
    then: Callable[[int, Triage], None] = lambda number, triage: None,
) -> tuple[list[int], Triage]:
    """The numbers of the frames that are kept while somebody ignores the first, and whatever comes of it later."""
    triage = Triage()
    octets = write([ethernet(wrap(each), ()) for each in packets], order=order, step=step)  # type: ignore[call-arg]
    walker, summary = walk(octets, triage)
    found = []
    for frame in walker.frames():
        assert frame is not None
        found.append(frame.number)
        triage.strangers.ignore(*ends, frame.data[-48:] if len(frame.data) > 48 else b"")
        then(frame.number, triage)
    assert summary.frames == len(packets)
    assert summary.skipped == {}
    assert triage.strangers.count == len(packets) - len(found)
    return found, triage


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("write", [pcap, pcapng])
@pytest.mark.parametrize("ends", [FOUR, SIX], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("wrap", [bytes, TUNNELS["gtp-u"]], ids=["plain", "gtp-u"])
def test_one_is_kept_and_one_in_each_second(
    write: Writer, order: str, ends: tuple[bytes, bytes], wrap: Callable[[bytes], bytes]
) -> None:
    found, _ = kept([packet(number, ends) for number in range(1, 9)], write=write, order=order, wrap=wrap, ends=ends)
    assert found == [1, 2], "the second one is the first in its second of those that are strangers' by then"
    found, _ = kept([packet(n, ends) for n in range(1, 9)], write=write, ends=ends, step=2_000_000_000)
    assert found == list(range(1, 9))


def test_a_number_that_does_not_grow_ends_it() -> None:
    found, triage = kept([packet(number) for number in (1, 2, 3, 4, 4, 5, 6)])
    assert found == [1, 2, 5, 6, 7]
    triage.strangers.ignore(*FOUR, esp(8))
    assert not triage.strangers.last, "not even if it is asked for"


def test_a_packet_that_is_cut_is_kept() -> None:
    packets = [packet(number) for number in range(1, 6)]
    packets[3] = packets[3][:-1]
    assert kept(packets)[0] == [1, 2, 4]
    packets[3] = packet(4, size=0)[:-1]
    assert kept(packets)[0] == [1, 2, 4]


@pytest.mark.parametrize(
    "learn",
    [
        lambda made: made.related(FOUR[1], FOUR[0]),
        lambda made: made.announced(FOUR[1], SPI),
        lambda made: made.surprise(FOUR[0] + FOUR[1] + SPI),
    ],
    ids=["ends", "spi", "surprise"],
)
def test_what_becomes_known_is_kept_again(learn: Callable[[Strangers], None]) -> None:
    forgotten = []

    def then(number: int, triage: Triage) -> None:
        if number == 4:
            learn(triage.strangers)
            forgotten.append(FOUR[0] + FOUR[1] + SPI not in triage.strangers.last)

    other = packet(1, (FOUR[0], bytes(4)), b"\0\0\0\7")
    found, _ = kept([packet(1), packet(2), packet(3), other, packet(4), packet(5), packet(6)], then=then)
    assert found[:4] == [1, 2, 4, 5]
    assert forgotten == [True]


class TestStrangers:
    def test_each_is_forgotten_by_its_spi_and_by_its_ends(self) -> None:
        for ends in FOUR, SIX:
            made = Strangers()
            made.ignore(*ends, esp(1))
            made.ignore(*ends, esp(1, b"abcd"))
            made.ignore(ends[1], ends[0], esp(1))
            made.announced(ends[1], SPI)
            assert list(made.last) == [ends[0] + ends[1] + b"abcd", ends[1] + ends[0] + SPI]
            made.announced(ends[1], SPI)
            made.related(*ends)
            made.related(*ends)
            assert not made.last
            assert not made._of_spi
            assert not made._of_ends

    def test_the_oldest_makes_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_STRANGERS", 3)
        made = Strangers()
        for number, spi in itertools.product(range(2), (b"aaaa", b"bbbb", b"cccc")):
            made.ignore(*FOUR, esp(number, spi))
        assert len(made.last) == 3
        made.ignore(*FOUR, esp(1, b"dddd"))
        assert [key[-4:] for key in made.last] == [b"bbbb", b"cccc", b"dddd"]
        for spi in (b"bbbb", b"cccc", b"dddd"):
            made.surprise(FOUR[0] + FOUR[1] + spi)
        made.ignore(*FOUR, esp(2, b"eeee"))
        made.surprise(FOUR[0] + FOUR[1] + b"eeee")
        assert len(made._odd) == 3

    def test_a_packet_without_a_number_is_none(self) -> None:
        made = Strangers()
        made.ignore(*FOUR, SPI)
        assert not made.last
