from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.network import copies
from analyzer.network.copies import ESP, TCP, UDP, WINDOW, Copies, fingerprint
from tests.network.build import MILLISECOND, PCSCF, START, UE, esp, tcp, udp

Asked = Callable[..., bool]


class Bench:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.subject = Copies(self.told.append)
        self.time = START

    def seen(
        self,
        protocol: int,
        payload: bytes,
        *,
        after: int = MILLISECOND,
        ident: int = 0,
        place: int = 16,
        addresses: bytes = UE + PCSCF,
    ) -> bool:
        self.time += after
        return self.subject.seen(
            fingerprint(addresses, protocol, payload), (self.time, protocol, payload, ident, place, 0)
        )


@pytest.mark.parametrize(
    ("protocol", "payload", "other"),
    [
        (ESP, esp(), esp(number=2)),
        (ESP, esp(), esp(body=b"another text of that length")),
        (TCP, tcp(b"a"), tcp(b"b")),
        (TCP, tcp(b"a" * 40), tcp(b"b" + b"a" * 39)),
        (TCP, tcp(), tcp(ack=5)),
        (TCP, tcp(), tcp(flags=0x14)),
        (UDP, udp(b"a"), udp(b"b")),
        (UDP, udp(b"\r\n\r\n"), udp(b"\r\n")),
        (UDP, udp(b"a" * 500), udp(b"a" * 300 + b"b" + b"a" * 199)),
        (1, b"a" * 200, b"a" * 100 + b"b" + b"a" * 99),
    ],
)
def test_equal_packets_are_copies_and_others_are_not(protocol: int, payload: bytes, other: bytes) -> None:
    bench = Bench()
    assert not bench.seen(protocol, payload)
    assert not bench.seen(protocol, payload, addresses=PCSCF + UE)
    assert bench.seen(protocol, payload)
    assert bench.seen(protocol, payload)
    assert not bench.seen(protocol, other)
    assert bench.seen(protocol, other)
    assert not bench.seen(protocol, payload, addresses=UE + UE)


@pytest.mark.parametrize("body", [b"", b"x", b"x" * 11, b"x" * 300])
def test_the_checksum_of_tcp_and_udp_may_differ(body: bytes) -> None:
    bench = Bench()
    assert not bench.seen(UDP, udp(body, checksum=1))
    assert bench.seen(UDP, udp(body, checksum=2))
    assert not bench.seen(TCP, tcp(body, checksum=1))
    assert bench.seen(TCP, tcp(body, checksum=2))


def test_the_window() -> None:
    bench = Bench()
    assert not bench.seen(ESP, esp())
    assert bench.seen(ESP, esp(), after=WINDOW)
    assert not bench.seen(ESP, esp(), after=1)
    assert bench.seen(ESP, esp(), after=WINDOW // 2)
    # Captures that were put together may run backwards a little.
    assert bench.seen(ESP, esp(), after=-WINDOW)
    assert not bench.seen(ESP, esp(), after=-WINDOW)


def test_a_copy_is_found_across_the_change_of_generations() -> None:
    bench = Bench()
    bench.seen(ESP, esp(number=1))
    assert not bench.seen(ESP, esp(number=2), after=WINDOW - MILLISECOND)
    assert not bench.seen(ESP, esp(number=3), after=2 * MILLISECOND)
    assert bench.seen(ESP, esp(number=2), after=WINDOW - 3 * MILLISECOND)


def test_another_identification_at_the_same_place_is_another_packet() -> None:
    bench = Bench()
    assert not bench.seen(TCP, tcp(), ident=5)
    assert not bench.seen(TCP, tcp(), ident=6)
    # Copies of the two, as interleaved as a capture of two interfaces has them.
    assert bench.seen(TCP, tcp(), ident=5)
    assert bench.seen(TCP, tcp(), ident=6)
    assert bench.seen(TCP, tcp(), ident=5, place=17)
    assert bench.seen(TCP, tcp(), ident=6, place=17)
    assert bench.seen(TCP, tcp(), ident=0)


def test_identification_counts_at_the_same_place_only() -> None:
    bench = Bench()
    assert not bench.seen(UDP, udp(b"sip"), ident=5, place=16)
    assert bench.seen(UDP, udp(b"sip"), ident=6, place=17)


def test_the_table_is_limited_and_says_so() -> None:
    bench = Bench()
    body = bytes(60_000)
    room = copies.OCTETS // (len(body) + copies.OVERHEAD) + 1
    for number in range(3 * room):
        assert not bench.seen(ESP, esp(number=number, body=body), after=1)
    assert bench.subject.evicted == 2 * room
    assert bench.told == [copies.CROWDED] * 2
    assert bench.seen(ESP, esp(number=3 * room - 1, body=body))
    assert not bench.seen(ESP, esp(number=0, body=body))


def test_what_nobody_could_open_is_remembered_as_long_as_a_copy_of_it_would_be_known() -> None:
    bench = Bench()
    spi = PCSCF + esp()[:4]
    bench.seen(ESP, esp())
    bench.subject.shut(spi)
    for number in range(2, 50):
        bench.seen(ESP, esp(number=number), after=WINDOW // 8)
        known = bench.subject.may_open(spi)
        if not known:
            break
        assert number < 20
    assert not bench.seen(ESP, esp(), after=0)
    assert not known


def test_what_is_too_old_to_matter_was_not_evicted() -> None:
    bench = Bench()
    body = bytes(60_000)
    for number in range(5 * copies.OCTETS // len(body)):
        bench.seen(ESP, esp(number=number, body=body), after=WINDOW // 8)
    assert bench.subject.evicted == 0
    assert not bench.told


@given(
    st.sampled_from((ESP, TCP, UDP, 1)),
    st.lists(st.tuples(st.binary(min_size=20, max_size=40), st.integers(0, 3)), max_size=40),
    st.integers(0, 3),
)
def test_any_packets_once_and_again(protocol: int, packets: list[tuple[bytes, int]], place: int) -> None:
    # One packet for each fingerprint: where two share it, the later one is remembered.
    packets = list({fingerprint(b"", protocol, payload): (payload, ident) for payload, ident in packets}.values())
    bench = Bench()
    for payload, ident in packets:
        assert not bench.seen(protocol, payload, ident=ident, after=0)
    for payload, ident in packets:
        assert bench.seen(protocol, payload, ident=ident, place=place, after=0)


@given(st.sampled_from((ESP, TCP, UDP, 1)), st.binary(max_size=60), st.binary(max_size=60))
def test_two_packets_are_copies_only_if_equal_but_for_the_checksum(protocol: int, one: bytes, other: bytes) -> None:
    bench = Bench()
    bench.seen(protocol, one)
    if bench.seen(protocol, other):
        field = {TCP: slice(16, 18), UDP: slice(6, 8)}.get(protocol, slice(0, 0))
        left, right = bytearray(one), bytearray(other)
        del left[field], right[field]
        assert left == right


PLACES = (7 << 4, 7 << 4, 8 << 4, 1 << 12 | 7 << 4, 1 << 12 | 8 << 4 | 1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((0, 1, MILLISECOND, WINDOW, WINDOW + 1, -1, -WINDOW)),
            st.booleans(),
            st.integers(1, 4),
            st.sampled_from((b"", b"a" * 40)),
            st.sampled_from((0, 5, 6)),
            st.sampled_from(PLACES),
            st.sampled_from((0, 0, 0, 1)),
            st.sampled_from((UE + PCSCF, PCSCF + UE)),
        ),
        max_size=30,
    )
)
def test_what_follows_its_packet_is_a_copy_to_whoever_looks_with_more_care(
    packets: list[tuple[int, bool, int, bytes, int, int, int, bytes]],
) -> None:
    """Nothing is remembered of it, and all that comes later is judged the same."""
    quick, careful = Copies(lambda what: None), Copies(lambda what: None)
    time, number = START, 0
    for after, fresh, back, body, ident, place, capture, addresses in packets:
        time += after
        if fresh:
            number += 1
            packet = esp(number=number, body=body)
            where, ttl = place & ~copies.TTL, (place & copies.TTL) >> 4
            for subject in (quick, careful):
                subject.fresh.append(
                    (time, addresses[:4], addresses[4:], packet, ident, where, (ttl, None, 0), capture)
                )
            continue
        packet = esp(number=max(number - back + 1, 0), body=body)
        entry = time, ESP, packet, ident, place, capture
        key = fingerprint(addresses, ESP, packet)
        found = quick.follows(addresses[:4], addresses[4:], entry) or quick.seen(key, entry)
        assert found == careful.seen(key, entry)
        for name in ("sightings", "delay", "clocks"):
            assert getattr(quick.taps, name) == getattr(careful.taps, name)
