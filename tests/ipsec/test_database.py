"""Which association opens a packet, what is said if none does, and that the table stays small."""

from __future__ import annotations

import hashlib
import hmac
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ipsec.algorithms import Keys, expand
from analyzer.ipsec.ciphers import UNPREPARED
from analyzer.ipsec.database import MALFORMED, MAX_CANDIDATES, UNKNOWN_SPI, Refusal, SaDatabase
from analyzer.ipsec.esp import BAD_ICV, BAD_PADDING, NO_KEY, NOT_BLOCKS, TOO_SHORT, SecurityAssociation
from tests.ipsec.packets import CK, IK, PCSCF4, SPI, UE4, association, octets, other_keys, protected

SOURCE, DESTINATION = octets(UE4), octets(PCSCF4)
ALG, EALG = "hmac-sha-1-96", "aes-cbc"


def database(*associations: SecurityAssociation) -> SaDatabase:
    """A database with these, the last one added first."""
    made = SaDatabase()
    for one in reversed(associations):
        made.add(one)
    return made


def wrong(seed: int = 1) -> SecurityAssociation:
    return association(ALG, EALG, keys=other_keys(ALG, EALG, seed))


def winner(made: SaDatabase, packet: bytes) -> SecurityAssociation:
    result = made.open(SOURCE, DESTINATION, packet)
    assert not isinstance(result, Refusal)
    return result[0]


def refusal(made: SaDatabase, packet: bytes, source: bytes = SOURCE) -> Refusal:
    result = made.open(source, DESTINATION, packet)
    assert isinstance(result, Refusal)
    return result


def test_the_only_candidate() -> None:
    packet, inside = protected(ALG, EALG, sequence=5)
    right = association(ALG, EALG)
    result = database(right).open(SOURCE, DESTINATION, packet)
    assert not isinstance(result, Refusal)
    assert result[0] is right
    assert (result[1].payload, result[1].sequence) == (inside, 5)


def test_the_icv_tells_candidates_apart_and_the_winner_moves_to_the_front() -> None:
    packet, _ = protected(ALG, EALG)
    first, second, right = wrong(1), wrong(2), association(ALG, EALG)
    made = database(first, second, right)
    assert winner(made, packet) is right
    assert list(made.candidates(DESTINATION, SPI.to_bytes(4))) == [right, first, second]
    assert (first.failed, second.failed, right.verified) == (0, 0, 1)


def test_newest_first() -> None:
    made = SaDatabase()
    old, new = association(ALG, EALG), association(ALG, EALG)
    made.add(old)
    made.add(new)
    packet, _ = protected(ALG, EALG)
    assert list(made.candidates(DESTINATION, packet[:4])) == [new, old]
    assert winner(made, packet) is new
    made.add(old)
    assert list(made.candidates(DESTINATION, packet[:4])) == [old, new]
    assert len(made) == 2


def test_the_source_must_fit_if_it_is_known() -> None:
    packet, _ = protected(ALG, EALG)
    other = octets("10.20.0.99")
    assert refusal(database(association(ALG, EALG)), packet, other) == Refusal(UNKNOWN_SPI, ())
    anybody = association(ALG, EALG, source=None)
    assert not isinstance(database(anybody).open(other, DESTINATION, packet), Refusal)


def test_unknown_spi_and_destination() -> None:
    packet, _ = protected(ALG, EALG, spi=SPI + 1)
    made = database(association(ALG, EALG))
    assert refusal(made, packet) == Refusal(UNKNOWN_SPI, ())
    packet, _ = protected(ALG, EALG)
    assert made.open(SOURCE, SOURCE, packet) == Refusal(UNKNOWN_SPI, ())
    assert made.candidates(SOURCE, packet[:4]) == ()


def test_no_key_excuses_the_others() -> None:
    packet, _ = protected(ALG, EALG)
    bad, keyless = wrong(), association(ALG, EALG, keyless=True)
    assert refusal(database(bad, keyless), packet) == Refusal(NO_KEY, (keyless, bad))
    assert bad.failed == 0


def test_bad_icv() -> None:
    packet, _ = protected(ALG, EALG)
    first, second = wrong(1), wrong(2)
    assert refusal(database(first, second), packet) == Refusal(BAD_ICV, (first, second))
    assert (first.failed, second.failed) == (1, 1)


def signed(body: bytes) -> bytes:
    packet = SPI.to_bytes(4) + bytes(4) + body
    return packet + hmac.digest(expand(ALG, EALG, CK, IK).auth.octets, packet, hashlib.sha1)[:12]


def test_malformed_but_genuine() -> None:
    bad, right = wrong(), association(ALG, EALG)
    result = refusal(database(bad, right), signed(bytes(33)))
    assert result == Refusal(NOT_BLOCKS, (right, bad))
    assert result.reason in MALFORMED
    assert (bad.failed, right.verified) == (0, 1)


def test_two_encryption_keys_with_one_integrity_key() -> None:
    """A P-CSCF that expands CK wrongly: its own dump and the derivation share the integrity key only."""
    keys = expand(ALG, EALG, CK, IK)
    packet, _ = protected(ALG, EALG)
    mistaken, right = association(ALG, EALG, keys=Keys(keys.auth, IK)), association(ALG, EALG)
    assert refusal(database(mistaken), packet).reason == BAD_PADDING
    assert mistaken.verified == 1
    assert winner(database(mistaken, right), packet) is right
    assert (mistaken.verified, right.verified) == (1, 1)


@pytest.mark.parametrize("packet", [b"", b"\xb1\xd3\x57", bytes(7)])
def test_not_even_a_header(packet: bytes) -> None:
    assert refusal(database(association(ALG, EALG)), packet) == Refusal(TOO_SHORT, ())


def test_shorter_than_the_algorithms_need() -> None:
    right = association(ALG, EALG)
    assert refusal(database(right), SPI.to_bytes(4) + bytes(20)) == Refusal(TOO_SHORT, (right,))


def test_without_integrity_only_if_no_other_opens_it() -> None:
    packet, inside = protected(ALG, "null")
    unproven, right = association("null", "null"), association(ALG, "null")
    made = database(unproven, right)
    assert winner(made, packet) is right
    unsigned = packet[:8] + inside + b"\x00\x11"
    assert winner(made, unsigned) is unproven
    assert right.failed == 0


def test_a_key_without_icv_that_reads_nothing_is_no_key() -> None:
    """Nothing says that the packet is of this association: its form is nobody's fault."""
    packet, _ = protected(ALG, EALG)
    unproven = association("null", EALG, keys=other_keys("null", EALG))
    assert refusal(database(unproven), packet[:-12]) == Refusal(NO_KEY, (unproven,))
    assert refusal(database(unproven), packet) == Refusal(NO_KEY, (unproven,))  # no whole blocks for it either


def test_remove() -> None:
    packet, _ = protected(ALG, EALG)
    right, bad = association(ALG, EALG), wrong()
    made = database(right, bad)
    made.remove(right)
    made.remove(right)
    assert list(made.candidates(DESTINATION, packet[:4])) == [bad]
    made.remove(bad)
    assert len(made) == 0
    assert refusal(made, packet).reason == UNKNOWN_SPI


def test_the_oldest_are_evicted() -> None:
    made = SaDatabase(limit=10)
    added = [association(ALG, EALG, spi=1000 + number) for number in range(25)]
    for one in added:
        made.add(one)
    assert len(made) == 10
    assert made.evicted == 15
    kept = [one for one in added if made.candidates(DESTINATION, one.spi.to_bytes(4))]
    assert kept == added[15:]


@pytest.mark.parametrize("slack", [0, 3, 64])
def test_who_comes_again_is_as_young_as_any(monkeypatch: pytest.MonkeyPatch, slack: int) -> None:
    """Whatever was removed and came again, the one whose last coming was the earliest makes room."""
    monkeypatch.setattr("analyzer.ipsec.database.SLACK", slack)
    rng = random.Random(slack)
    every = [association(ALG, EALG, spi=1000 + number) for number in range(10)]
    made, ages = SaDatabase(limit=4), dict[SecurityAssociation, None]()
    for _ in range(1000):
        number = rng.randrange(len(every))
        ages.pop(every[number], None)
        if rng.random() < 0.2:
            made.remove(every[number])
            continue
        made.add(every[number])
        ages[every[number]] = None
        if len(ages) > 4:
            del ages[next(iter(ages))]
        assert {each for each in every if each in made} == set(ages)
    assert len(made) == len(ages)


def test_candidates_of_one_spi_are_bounded() -> None:
    made = SaDatabase()
    right = association(ALG, EALG)
    made.add(right)
    packet, _ = protected(ALG, EALG)
    for seed in range(1, MAX_CANDIDATES):
        made.add(wrong(seed))
    assert winner(made, packet) is right
    newest = [wrong(seed) for seed in (50, 51)]
    for one in newest:
        made.add(one)
    found = made.candidates(DESTINATION, packet[:4])
    assert len(found) == len(made) == MAX_CANDIDATES
    assert right not in found
    assert list(found[:2]) == newest[::-1]
    assert made.evicted == 2


@given(packet=st.binary(max_size=200), known=st.booleans())
def test_any_octets_give_a_result(packet: bytes, known: bool) -> None:
    if known:
        packet = SPI.to_bytes(4) + packet
    keyless = association(ALG, EALG, keyless=True)
    made = database(wrong(), association(ALG, "null"), keyless)
    result = refusal(made, packet)
    assert result.reason in {UNKNOWN_SPI, NO_KEY, TOO_SHORT, BAD_ICV}


def test_few_ciphers_stay_ready_and_the_others_open_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.ipsec.database.READY", 2)
    keys = [other_keys(ALG, EALG, seed) for seed in range(5)]
    packets = [protected(ALG, EALG, keys=each, spi=SPI + place)[0] for place, each in enumerate(keys)]
    made = database(*(association(ALG, EALG, keys=each, spi=SPI + place) for place, each in enumerate(keys)))
    spi = SPI + len(keys)
    without = SecurityAssociation(spi=spi, destination=DESTINATION, source=SOURCE, alg=ALG, ealg=EALG, keys=None)
    made.add(without)
    for times in (1, 2, 3):
        opened = [winner(made, packet) for packet in packets]
        assert [one.ciphers.shortest < UNPREPARED for one in opened] == [False] * 3 + [True] * 2
        assert {one.verified for one in opened} == {times}
        assert made.open(SOURCE, DESTINATION, spi.to_bytes(4) + bytes(60)) == Refusal(NO_KEY, (without,))
