"""Initialisation vectors as records: which one is found again, and when a set has forgotten it."""

from __future__ import annotations

import pytest

from analyzer.frame import FrameRef
from analyzer.ims.sets.ivs import (
    CBC_PACKETS,
    CHAINED,
    COMBINED_PACKETS,
    COUNTED,
    REPEATED,
    STEPS,
    BadIv,
    CbcIvs,
    CombinedIvs,
)
from analyzer.ims.sets.ledger import TAIL, WINDOW, Ledger
from analyzer.ims.vocabulary import Role
from tests.ims.made import at

ICV = 12


def packet(iv: bytes, last: bytes = b"") -> bytes:
    return bytes(8) + iv + (last or bytes(len(iv))) + bytes(ICV)


class Watch:
    """The IVs of an association and its ledger, in the order in which both hear of a packet."""

    def __init__(self, block: int = 16) -> None:
        self.ivs, self.ledger = CbcIvs(block, ICV), Ledger()

    def look(self, octets: bytes, sequence: int, where: FrameRef) -> BadIv | None:
        self.ledger.note(sequence, octets[-TAIL:], where)
        return self.ivs.look(octets, sequence, where, self.ledger)


def looked(ivs: list[bytes], first: int = 1) -> list[BadIv | None]:
    watch = Watch(len(ivs[0]))
    return [watch.look(packet(iv, b"\1" * len(iv)), first + n, at(first + n)) for n, iv in enumerate(ivs)]


@pytest.mark.parametrize("block", [8, 16])
def test_an_iv_that_comes_again_names_the_first_packet_that_had_it(block: int) -> None:
    one, other = b"\7" * block, bytes(range(block))
    assert looked([other, one, other, one])[2:] == [BadIv(REPEATED, at(1), None), None], "told once"


def test_octets_across_two_ivs_are_no_repetition() -> None:
    assert looked([b"a" * 8 + b"b" * 8, b"c" * 8 + b"a" * 8, b"b" * 8 + b"c" * 8]) == [None] * 3


def test_equal_steps_between_neighbours_are_a_counter() -> None:
    ivs = [(1 << 100 | 3 * n).to_bytes(16) for n in range(STEPS + 2)]
    assert looked(ivs)[-2:] == [BadIv(COUNTED, at(STEPS), None), None]


def test_the_last_block_of_ciphertext_is_no_iv() -> None:
    watch = Watch()
    watch.look(packet(bytes(range(16)), b"c" * 16), 1, at(1))
    assert watch.look(packet(b"c" * 16), 2, at(2)) == BadIv(CHAINED, at(1), None)


def test_only_the_first_packets_of_an_association_are_looked_at() -> None:
    watch = Watch()
    for number in range(CBC_PACKETS):
        assert watch.look(packet(number.to_bytes(4) * 4, bytes(16)), 2 * number, at(number)) is None
    assert watch.look(packet(bytes(16)), 5, at(5)) is None
    assert watch.ivs.looked_at == CBC_PACKETS


@pytest.mark.parametrize("between", [1, WINDOW - 2, WINDOW - 1, WINDOW, WINDOW + 1, CBC_PACKETS - 2])
def test_the_first_packet_with_an_iv_is_named_though_the_ledger_has_forgotten_it(between: int) -> None:
    watch = Watch()
    ivs = [b"first" * 3 + b"!", *((n * n + 7).to_bytes(16) for n in range(between)), b"first" * 3 + b"!"]
    found = [watch.look(packet(iv), 2 * n + 5, at(n + 9)) for n, iv in enumerate(ivs)]
    assert found == [None] * (between + 1) + [BadIv(REPEATED, at(9), None)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_packet_whose_number_had_been_there_has_its_own_frame(number: int) -> None:
    watch = Watch()
    for n in (1, 2, 3):
        assert watch.look(packet(bytes((n,)) * 16), n, at(n)) is None
    again = packet(b"other" * 3 + b"!")[:-ICV] + b"another  ICV"
    assert watch.look(again, number, at(4)) is None
    assert watch.look(packet(b"fifth" * 3 + b"!"), 4, at(5)) is None
    assert watch.look(again, 5, at(6)) == BadIv(REPEATED, at(4), None)
    assert watch.look(packet(bytes((2,)) * 16), 6, at(7)) is None, "told once"


def test_a_set_with_a_combined_mode_remembers_its_last_ivs() -> None:
    watch = CombinedIvs()
    for number in range(COMBINED_PACKETS + 10):
        assert watch.look(packet(number.to_bytes(8)), Role.UC_PS, at(number)) is None
    assert watch.look(packet((9).to_bytes(8)), Role.UC_PS, at(1)) is None, "forgotten"
    assert watch.look(packet((11).to_bytes(8)), Role.UC_PS, at(1)) == BadIv(REPEATED, at(11), None)
    assert watch.look(packet((9).to_bytes(8)), Role.PC_US, at(2)) == BadIv(REPEATED, at(1), Role.UC_PS)
