"""What scapy encrypts we open; what is not genuine we refuse; and nothing raises."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ipsec.algorithms import PAIRS, Keys, UnfitPair, UnknownAlgorithm, expand
from analyzer.ipsec.esp import (
    BAD_ICV,
    BAD_PADDING,
    NO_KEY,
    NOT_BLOCKS,
    TOO_SHORT,
    Opened,
    SecurityAssociation,
    inner,
    makes_sense,
)
from analyzer.ipsec.secret import Secret
from analyzer.ipsec.variants import VariantAssociation, variants
from tests.ipsec.packets import CK, IK, SPI, association, other_keys, protected

ALIGNMENT = {"aes-cbc": 16, "des-ede3-cbc": 8, "aes-gcm": 4, "null": 4}
REFUSALS = (BAD_ICV, BAD_PADDING, NOT_BLOCKS, TOO_SHORT)


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
@pytest.mark.parametrize("six", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_opens_what_scapy_encrypts(alg: str, ealg: str, six: bool, tcp: bool) -> None:
    ours = association(alg, ealg)
    for sequence in range(1, 12):
        text = b"x" * sequence * 7
        packet, inside = protected(alg, ealg, sequence=sequence, text=text, six=six, tcp=tcp)
        opened = ours.open(packet)
        assert isinstance(opened, Opened)
        assert opened.payload == inside
        assert opened.next_header == (6 if tcp else 17)
        assert opened.sequence == sequence
        assert (len(inside) + opened.padding + 2) % ALIGNMENT[ealg] == 0
    assert (ours.verified, ours.failed) == (11, 0)


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_one_flipped_bit_anywhere_is_a_bad_icv(alg: str, ealg: str) -> None:
    packet, _ = protected(alg, ealg, text=b"short")
    ours = association(alg, ealg)
    for position in range(len(packet)):
        changed = bytearray(packet)
        changed[position] ^= 1 << position % 8
        assert ours.open(bytes(changed)) == BAD_ICV
    assert (ours.verified, ours.failed) == (0, len(packet))
    assert isinstance(ours.open(packet), Opened)


@pytest.mark.parametrize(("alg", "ealg"), [pair for pair in PAIRS if pair[0] != "null" or pair[1] == "aes-gcm"])
def test_the_content_is_what_opening_finds_and_counts_nothing(alg: str, ealg: str) -> None:
    packet, inside = protected(alg, ealg, text=b"short")
    ours = association(alg, ealg)
    assert ours.content(packet) is None  # it was never opened, and nothing is prepared
    assert isinstance(ours.open(packet), Opened)
    assert ours.content(packet) == (17, inside)
    for position in range(len(packet)):
        changed = bytearray(packet)
        changed[position] ^= 1 << position % 8
        assert ours.content(bytes(changed)) is None
        assert ours.content(packet[:position]) is None
    assert (ours.verified, ours.failed) == (1, 0)


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_no_variant_finds_content_in_what_it_does_not_open(alg: str, ealg: str) -> None:
    """A packet as the algorithms demand it is none of an association whose packets have another ICV."""
    packet, _ = protected(alg, ealg)
    for variant in variants(alg, ealg):
        ours = VariantAssociation(
            variant, spi=SPI, destination=bytes(4), alg=alg, ealg=ealg, keys=expand(alg, ealg, CK, IK)
        )
        assert ours.open(packet) == BAD_ICV
        assert variant.lax or ours.content(packet) is None


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_a_packet_is_read_the_same_whatever_came_before(alg: str, ealg: str) -> None:
    """The context of the cipher lives on from packet to packet, also over packets that were refused."""
    first, inside = protected(alg, ealg, text=b"first")
    second, _ = protected(alg, ealg, sequence=2, text=b"second" * 30)
    ours = association(alg, ealg)
    for before in (second, first, b"", second[:-1], second, bytes(100)):
        ours.open(before)
        opened = ours.open(first)
        assert isinstance(opened, Opened)
        assert opened.payload == inside


@pytest.mark.parametrize(
    ("alg", "ealg", "shortest"),
    [("hmac-sha-1-96", "aes-cbc", 52), ("aes-gmac", "null", 34), ("null", "aes-gcm", 34)],
)
def test_a_packet_that_was_cut_is_never_opened(alg: str, ealg: str, shortest: int) -> None:
    packet, _ = protected(alg, ealg)
    ours = association(alg, ealg)
    outcomes = [ours.open(packet[:length]) for length in range(len(packet))]
    assert outcomes[:shortest] == [TOO_SHORT] * shortest
    assert set(outcomes[shortest:]) == {BAD_ICV}


@pytest.mark.parametrize(
    ("alg", "ealg", "key", "packet", "next_header", "payload"),
    [
        (
            "null",
            "aes-gcm",
            "feffe9928665731c6d6a8f9467308308 cafebabe",
            """0000a5f8 0000000a facedbaddecaf888
            deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d114d2a5c
            3de81827c10e9a4f51330d0eec416642cfbb85a5b47e48a4ec3b9ba95d918bd1
            83b70d3aa8bc6ee4c309e9d85a41ad4a""",
            1,
            """4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d00100
            0001000000000000037369700963796265726369747902646b0000010001""",
        ),
        (
            "aes-gmac",
            "null",
            "4c80cdefbb5d10da906ac73c3613a634 22433c64",
            """00004321 00000007 0000000000000000
            45000030da3a00008001df3bc0a80005c0a800010800c6cd0200070061626364
            65666768696a6b6c6d6e6f707172737401020201
            f2a9a836e155106aa8dcd618e4099aaa""",
            1,
            """45000030da3a00008001df3bc0a80005c0a800010800c6cd0200070061626364
            65666768696a6b6c6d6e6f7071727374""",
        ),
    ],
    ids=["RFC 4106", "RFC 4543"],
)
def test_published_packets(alg: str, ealg: str, key: str, packet: str, next_header: int, payload: str) -> None:
    """From draft-mcgrew-gcm-test-01, which belongs to RFC 4106 and RFC 4543."""
    secret, nothing = Secret(bytes.fromhex(key)), Secret(b"")
    keys = Keys(secret, nothing) if alg == "aes-gmac" else Keys(nothing, secret)
    opened = association(alg, ealg, keys=keys).open(bytes.fromhex(packet))
    assert isinstance(opened, Opened)
    assert (opened.next_header, opened.payload.hex()) == (next_header, "".join(payload.split()))


@pytest.mark.parametrize("octets", [16, 24, 32])
@pytest.mark.parametrize(("alg", "ealg"), [("aes-gmac", "null"), ("null", "aes-gcm")])
def test_longer_keys_of_other_tunnels(alg: str, ealg: str, octets: int) -> None:
    secret, nothing = Secret(bytes(range(octets + 4))), Secret(b"")
    keys = Keys(secret, nothing) if alg == "aes-gmac" else Keys(nothing, secret)
    packet, inside = protected(alg, ealg, keys=keys)
    opened = association(alg, ealg, keys=keys).open(packet)
    assert isinstance(opened, Opened)
    assert opened.payload == inside


@pytest.mark.parametrize("seen", ["as it is", "encrypted"])
def test_what_gmac_protects_can_be_read(seen: str) -> None:
    """RFC 4543: the payload lies open behind the IV; RFC 4106 hides it."""
    packet, inside = protected("aes-gmac", "null") if seen == "as it is" else protected("null", "aes-gcm")
    assert (packet[16 : 16 + len(inside)] == inside) == (seen == "as it is")


def test_a_salt_is_part_of_the_key() -> None:
    keys = expand("null", "aes-gcm", CK, IK)
    packet, _ = protected("null", "aes-gcm", keys=keys)
    other = Keys(keys.auth, Secret(keys.enc.octets[:-1] + b"?"))
    assert association("null", "aes-gcm", keys=other).open(packet) == BAD_ICV


@pytest.mark.parametrize(
    ("alg", "ealg"), [("hmac-sha-1-96", "aes-gcm"), ("aes-gmac", "aes-cbc"), ("aes-gmac", "aes-gcm")]
)
def test_a_combined_mode_stands_alone(alg: str, ealg: str) -> None:
    with pytest.raises(UnfitPair):
        SecurityAssociation(spi=1, destination=bytes(4), alg=alg, ealg=ealg, keys=None)


@pytest.mark.parametrize(("alg", "ealg"), [("aes-gmac", "null"), ("null", "aes-gcm")])
def test_a_key_without_its_salt_does_not_fit(alg: str, ealg: str) -> None:
    with pytest.raises(ValueError, match="a key of 16 octets does not fit aes-"):
        association(alg, ealg, keys=Keys(CK, CK))


def signed(body: bytes, auth: Secret) -> bytes:
    """An ESP packet with this body, genuine whatever the body is."""
    packet = SPI.to_bytes(4) + bytes(4) + body
    return packet + hmac.digest(auth.octets, packet, hashlib.sha1)[:12]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"ab\x00\x11", (17, b"ab", 0)),
        (b"a\x01\x01\x06", (6, b"a", 1)),
        (b"\x01\x02\x02\x11", (17, b"", 2)),
        (bytes(range(1, 256)) + b"\xff\x3b", (59, b"", 255)),
        (b"\x00\x00\x02\x11", None),
        (b"\x01\x03\x02\x11", None),
        (b"\x01\x02\x03\x11", None),
        (b"\xff\x11", None),
    ],
)
def test_trailers(body: bytes, expected: tuple[int, bytes, int] | None) -> None:
    ours = association("hmac-sha-1-96", "null")
    opened = ours.open(signed(body, expand("hmac-sha-1-96", "null", CK, IK).auth))
    if expected is None:
        assert opened == BAD_PADDING
    else:
        assert isinstance(opened, Opened)
        assert (opened.next_header, opened.payload, opened.padding) == expected
    assert (ours.verified, ours.failed) == (1, 0)


def test_a_genuine_packet_that_is_not_whole_blocks() -> None:
    ours = association("hmac-sha-1-96", "aes-cbc")
    packet = signed(bytes(47), expand("hmac-sha-1-96", "aes-cbc", CK, IK).auth)
    assert ours.open(packet) == NOT_BLOCKS
    assert ours.verified == 1


def test_the_right_integrity_key_with_another_encryption_key() -> None:
    right = expand("hmac-md5-96", "des-ede3-cbc", CK, IK)
    packet, _ = protected("hmac-md5-96", "des-ede3-cbc", keys=right)
    wrong = Keys(right.auth, other_keys("hmac-md5-96", "des-ede3-cbc").enc)
    assert association("hmac-md5-96", "des-ede3-cbc", keys=wrong).open(packet) == BAD_PADDING


def test_a_sha1_key_without_its_padding_is_the_same_key() -> None:
    packet, inside = protected("hmac-sha-1-96", "null")
    short = Keys(IK, Secret(b""))
    opened = association("hmac-sha-1-96", "null", keys=short).open(packet)
    assert isinstance(opened, Opened)
    assert opened.payload == inside


def test_without_keys_and_without_integrity() -> None:
    packet, inside = protected("hmac-sha-1-96", "aes-cbc")
    keyless = association("hmac-sha-1-96", "aes-cbc", keyless=True)
    assert keyless.open(packet) == NO_KEY
    assert (keyless.verified, keyless.failed) == (0, 0)
    packet, inside = protected("null", "aes-cbc")
    open_to_all = association("null", "aes-cbc")
    opened = open_to_all.open(packet)
    assert isinstance(opened, Opened)
    assert opened.payload == inside
    assert (open_to_all.verified, open_to_all.icv) == (0, 0)


def headed(next_header: int, payload: bytes, padding: int = 2) -> Opened:
    return Opened(next_header, payload, 1, padding)


DATAGRAM = bytes.fromhex("b560 17d4 000a 0000") + b"ab"
SEGMENT = bytes.fromhex("b560 17d4 00000000 00000000 5018 0000 0000 0000")
IP4 = bytes.fromhex("45000014") + bytes(16)
IP6 = bytes.fromhex("60000000 0000 11 40") + bytes(32)


@pytest.mark.parametrize(
    ("next_header", "payload", "expected"),
    [
        (17, DATAGRAM, True),
        (17, DATAGRAM + b"traffic flow padding", True),
        (17, DATAGRAM[:-1], False),
        (17, DATAGRAM[:4] + b"\0\x07" + DATAGRAM[6:], False),
        (17, b"", False),
        (6, SEGMENT, True),
        (6, SEGMENT[:12] + b"\x60" + SEGMENT[13:], False),
        (6, SEGMENT[:12] + b"\x40" + SEGMENT[13:], False),
        (6, SEGMENT[:12] + b"\x52" + SEGMENT[13:], False),
        (6, SEGMENT[:19], False),
        (4, IP4, True),
        (4, IP4[:19], False),
        (4, b"\x65" + IP4[1:], False),
        (4, IP4[:3] + b"\x15" + IP4[4:], False),
        (41, IP6, True),
        (41, IP6[:39], False),
        (41, IP4 * 2, False),
        (41, IP6[:5] + b"\x01" + IP6[6:], False),
        (59, b"", True),
        (1, b"ping", True),
        (99, b"", False),
    ],
)
def test_what_makes_sense(next_header: int, payload: bytes, expected: bool) -> None:
    assert makes_sense(headed(next_header, payload)) == expected


def test_an_hmac_is_no_proof_of_the_other_key() -> None:
    """Padding that fits by chance, one in 256, is not enough to believe in an encryption key."""
    keys = expand("hmac-sha-1-96", "aes-cbc", CK, IK)
    noise = Cipher(AES(CK.octets), CBC(bytes(16))).encryptor().update(bytes(30) + b"\x00\x63")
    ours = association("hmac-sha-1-96", "aes-cbc", keys=keys)
    assert ours.open(signed(bytes(16) + noise, keys.auth)) == BAD_PADDING
    assert (ours.verified, ours.doubtful) == (1, True)
    packet, _ = protected("hmac-sha-1-96", "aes-cbc")
    assert isinstance(ours.open(packet), Opened)
    assert not ours.doubtful
    odd = ours.open(signed(bytes(16) + noise, keys.auth))
    assert isinstance(odd, Opened)  # now it is known that the sender meant it
    assert odd.next_header == 0x63


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_what_was_shelved_opens_packets_as_before(alg: str, ealg: str) -> None:
    receiver = association(alg, ealg)
    packets = [protected(alg, ealg, sequence=number)[0] for number in (1, 2, 3)]
    before = [receiver.open(packet) for packet in packets]
    doubtful = receiver.doubtful
    receiver.ciphers.shelve()
    assert [receiver.open(packet) for packet in packets] == before
    assert (receiver.doubtful, receiver.verified, receiver.failed) == (doubtful, 6 if receiver.icv else 0, 0)


@pytest.mark.parametrize(("alg", "ealg"), [("hmac-md5-96", "null"), ("aes-gmac", "null"), ("null", "aes-gcm")])
def test_an_icv_over_what_is_read_is_proof_enough(alg: str, ealg: str) -> None:
    ours = association(alg, ealg)
    packet, _ = protected(alg, ealg)
    ours.open(packet)
    assert not ours.doubtful


@pytest.mark.parametrize(
    ("ports", "expected"),
    [((None, None), True), ((46432, None), True), ((46432, 6100), True), ((46432, 6101), False), ((1, None), False)],
)
@pytest.mark.parametrize("ealg", ["null", "aes-cbc"])
def test_without_an_icv_the_ports_must_fit(ealg: str, ports: tuple[int | None, int | None], expected: bool) -> None:
    packet, _ = protected("null", ealg)
    ours = SecurityAssociation(
        spi=SPI, destination=bytes(4), alg="null", ealg=ealg, keys=expand("null", ealg, CK, IK), ports=ports
    )
    for _ in range(2):
        assert isinstance(ours.open(packet), Opened) == expected
    assert ours.doubtful


@pytest.mark.parametrize(("body", "expected"), [(b"ping\x01\x02\x02\x01", True), (b"ping\x01\x01\x01", False)])
def test_without_an_icv_bare_content_needs_padding(body: bytes, expected: bool) -> None:
    opened = association("null", "null").open(SPI.to_bytes(4) + bytes(4) + body)
    assert isinstance(opened, Opened) == expected


def test_an_icv_that_nobody_can_check_is_cut_off() -> None:
    packet, inside = protected("hmac-sha-1-96", "aes-cbc")
    unchecked = association("unchecked-96", "aes-cbc")
    opened = unchecked.open(packet)
    assert isinstance(opened, Opened)
    assert opened.payload == inside
    assert (unchecked.verified, unchecked.icv) == (0, 0)


def test_the_associations_of_a_set_share_keys_but_not_algorithms() -> None:
    keys = Keys(expand("hmac-sha-1-96", "null", CK, IK).auth, CK)
    encrypted, inside = protected("hmac-sha-1-96", "aes-cbc", keys=keys)
    plain, _ = protected("hmac-sha-1-96", "null", keys=keys)
    for ealg, packet in (("aes-cbc", encrypted), ("null", plain), ("aes-cbc", encrypted)):
        opened = association("hmac-sha-1-96", ealg, keys=keys).open(packet)
        assert isinstance(opened, Opened)
        assert opened.payload == inside


def test_unknown_algorithm() -> None:
    with pytest.raises(UnknownAlgorithm):
        SecurityAssociation(spi=1, destination=bytes(4), alg="aes-foo", ealg="null", keys=None)


@given(packet=st.binary(max_size=300), pair=st.sampled_from([*PAIRS, ("null", "aes-cbc"), ("null", "null")]))
def test_any_octets_give_a_result(packet: bytes, pair: tuple[str, str]) -> None:
    ours = association(*pair)
    outcome = ours.open(packet)
    assert outcome in REFUSALS or (isinstance(outcome, Opened) and not ours.icv)


@given(body=st.binary(min_size=2, max_size=300), ealg=st.sampled_from(["aes-cbc", "des-ede3-cbc", "null"]))
def test_any_genuine_octets_give_a_result(body: bytes, ealg: str) -> None:
    outcome = association("hmac-sha-1-96", ealg).open(signed(body, expand("hmac-sha-1-96", ealg, CK, IK).auth))
    assert isinstance(outcome, Opened) or outcome in (BAD_PADDING, NOT_BLOCKS, TOO_SHORT)


@given(payload=st.binary(max_size=80), next_header=st.sampled_from([4, 6, 17, 41, 59, 99]))
def test_any_content_makes_sense_or_not(payload: bytes, next_header: int) -> None:
    assert makes_sense(headed(next_header, payload)) in (True, False)


@given(payload=st.binary(max_size=100), padding=st.integers(0, 255), next_header=st.integers(0, 255))
def test_inner_undoes_what_a_sender_does(payload: bytes, padding: int, next_header: int) -> None:
    body = payload + bytes(range(1, padding + 1)) + bytes([padding, next_header])
    assert inner(bytes(8), body) == Opened(next_header, payload, 0, padding)
