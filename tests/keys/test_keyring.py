"""Which keys are offered for a challenge and for a packet, in which order, and what the user is told."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from analyzer.ipsec.algorithms import expand
from analyzer.ipsec.database import Refusal, SaDatabase
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.secret import Secret
from analyzer.keys import keyring
from analyzer.keys.aka import milenage
from analyzer.keys.entries import KeyFileError
from analyzer.keys.keyring import Keyring
from tests.ipsec.packets import CK, IK, PCSCF4, SPI, UE4, octets, protected

K = "465b5ce8b199b49faa5f0a2ee238a6bc"
OPC = "cd63cb71954a9f4e48a5994e37a02baf"
RAND = bytes.fromhex("c6a47b455a3b73fd9eebd7d15590e037")
DERIVED_CK, DERIVED_IK = "67549ae7e328db2d2d78e803ff88947a", "7c5d70da20705bf2e2eae30d8f199095"


def aka(ck: str, *, impi: str = "", rand: str = "") -> str:
    text = f'[[aka]]\nck = "{ck * 16}"\nik = "{ck * 16}"\n'
    return text + (f'impi = "{impi}"\n' if impi else "") + (f'rand = "{rand}"\n' if rand else "")


def subscriber(impi: str, k: str = K) -> str:
    return f'[[subscriber]]\nimpi = "{impi}"\nk = "{k}"\nopc = "{OPC}"\n'


def ring(*texts: str) -> Keyring:
    made = Keyring()
    for number, text in enumerate(texts):
        made.add_text(text, f"file{number}")
    return made


def test_most_specific_first() -> None:
    made = ring(
        aka("01"),
        aka("02", impi="alice@home"),
        aka("03", impi="bob@home"),
        subscriber("bob@home"),
        subscriber("alice@home"),
        aka("04", rand=RAND.hex()),
        aka("05", rand=RAND.hex(), impi="bob@home"),
        aka("06", rand="00" * 16),
    )
    made.learn(RAND, bytes([7] * 16), bytes([7] * 16), "401 of the core leg, frame 9")
    alice = made.vectors("Alice@HOME", RAND)
    assert [vector.ck.octets[:1].hex() for vector in alice] == ["04", "07", DERIVED_CK[:2], "02", "01"]
    assert alice[1].origin == "401 of the core leg, frame 9"
    derived = alice[2]
    assert (derived.ck.octets.hex(), derived.ik.octets.hex()) == (DERIVED_CK, DERIVED_IK)
    assert derived.res == Secret(bytes.fromhex("bb5f3a758bcea459"))
    assert (derived.impi, derived.rand, derived.origin) == ("alice@home", RAND, "file4:1")
    anybody = made.vectors(None, RAND)
    assert [vector.ck.octets[:1].hex() for vector in anybody] == ["04", "05", "07", "67", "02", "03", "01"]
    assert [vector.ck.octets[:1].hex() for vector in made.vectors("carol@home", bytes(16))] == ["06", "01"]


def test_a_nonce_that_is_too_short_for_a_rand() -> None:
    made = ring(aka("01"), subscriber("alice@home"))
    assert [vector.origin for vector in made.vectors("alice@home", b"short")] == ["file0:1"]


def test_candidates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MAX_VECTORS", 3)
    made = ring(*(subscriber(f"{number}@home", f"{number:032x}") for number in range(9)))
    assert [vector.impi for vector in made.vectors(None, RAND)] == ["0@home", "1@home", "2@home"]
    assert [vector.impi for vector in made.vectors("8@home", RAND)] == ["8@home"]


def test_what_was_learned_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MAX_LEARNED", 5)
    made = Keyring()
    for number in range(8):
        made.learn(bytes([number]) * 16, CK.octets, IK.octets, f"frame {number}")
    assert made.forgotten == 3
    assert made.vectors(None, bytes([2]) * 16) == []
    assert [vector.origin for vector in made.vectors("a", bytes([3]) * 16)] == ["frame 3"]
    for number in range(6):
        made.learn(RAND, bytes([number]) * 16, IK.octets, f"frame {number}")
    made.learn(RAND, bytes([4]) * 16, IK.octets, "frame 9")
    assert [vector.origin for vector in made.vectors(None, RAND)] == ["frame 9", "frame 5", "frame 3", "frame 2"]
    assert made.forgotten == 3 + 1 + 2


@pytest.mark.parametrize("lengths", [(15, 16, 16), (16, 0, 16), (16, 16, 17), (32, 16, 16)])
def test_what_is_no_vector_is_not_learned(lengths: tuple[int, int, int]) -> None:
    made = Keyring()
    rand, ck, ik = (bytes(length) for length in lengths)
    made.learn(rand, ck, ik, "frame 1")
    assert made.vectors(None, rand) == []


ESP_SA = f"""\
"IPv4","10.20.0.*","*","0xb1d3573*","AES-CBC [RFC3602]","0x{CK.octets.hex()}","HMAC-SHA1-96","0x{IK.octets.hex()}"
"IPv4","*","10.20.0.1","0xb1d35731","AES-CBC [RFC3602]","0x{"01" * 16}","HMAC-SHA-1-96 [RFC2404]","0x{"02" * 16}"
"IPv4","*","10.20.0.2","0xb1d35731","NULL","","HMAC-MD5-96 [RFC2403]","0x{"03" * 16}"
"""


def test_explicit_associations_open_a_packet() -> None:
    made = ring(ESP_SA)
    source, destination = octets(UE4), octets(PCSCF4)
    found = made.explicit(source, destination, SPI)
    assert [(one.origin, one.source) for one in found] == [("file0:2", None), ("file0:1", source)]
    assert all((one.spi, one.destination) == (SPI, destination) for one in found)
    database = SaDatabase()
    for one in found:
        database.add(one)
    packet, inside = protected("hmac-sha-1-96", "aes-cbc")
    result = database.open(source, destination, packet)
    assert not isinstance(result, Refusal)
    assert (result[0].origin, result[1].payload) == ("file0:1", inside)
    made.mark_used(result[0])
    assert made.unused() == ["file0:2", "file0:3"]
    assert made.explicit(source, destination, SPI + 100) == []
    assert made.explicit(bytes(16), bytes(16), SPI) == []
    assert [one.spi for one in made.associations()] == [None, SPI, SPI]


def test_wildcards_do_not_make_a_packet_dear_and_exact_spis_come_first() -> None:
    line = '"IPv4","*","*","{}","NULL","","HMAC-MD5-96 [RFC2403]","0x{:032x}"\n'
    many = "".join(line.format("*", number) for number in range(1, 3 * keyring.MAX_EXPLICIT))
    found = ring(many, line.format("0x00001234", 0xFFFF)).explicit(octets(UE4), octets(PCSCF4), 0x1234)
    assert len(found) == keyring.MAX_EXPLICIT
    assert found[0].keys is not None
    assert found[0].keys.auth.octets == (0xFFFF).to_bytes(16)


def test_a_listing_that_repeats_another_adds_nothing() -> None:
    made = ring(ESP_SA, ESP_SA, ESP_SA.replace("03" * 16, "04" * 16))
    assert len(made.associations()) == 4
    assert made.unused() == ["file0:1", "file0:2", "file0:3", "file2:3"]


def test_unused_vectors() -> None:
    made = ring(aka("01") + aka("02") + subscriber("a"))
    made.learn(RAND, CK.octets, IK.octets, "frame 1")
    for vector in made.vectors("a", RAND)[:2]:
        made.mark_used(vector)
    assert made.unused() == ["file0:1", "file0:4"]


def test_one_key_from_several_places_is_offered_once_and_used_everywhere() -> None:
    """What the capture itself tells, what a file tells for this RAND or for any, and what follows from K."""
    given = f'[[aka]]\nck = "{DERIVED_CK}"\nik = "{DERIVED_IK}"\n'
    made = ring(subscriber("a@home"), given, given + f'rand = "{RAND.hex()}"\n', aka("01"), subscriber("b@home"))
    made.learn(RAND, bytes.fromhex(DERIVED_CK), bytes.fromhex(DERIVED_IK), "401 of the core leg, frame 9")
    first, other = made.vectors("a@home", RAND)
    assert (first.origin, other.origin) == ("file2:1", "file3:1")
    assert made.unused() == [f"file{number}:1" for number in range(5)]
    made.mark_used(first)
    assert made.unused() == ["file3:1", "file4:1"]


def test_a_key_of_the_capture_makes_the_same_key_of_a_file_used() -> None:
    made = ring(subscriber("a@home"))
    made.learn(RAND, bytes.fromhex(DERIVED_CK), bytes.fromhex(DERIVED_IK), "401 of the core leg, frame 9")
    (vector,) = made.vectors("a@home", RAND)
    assert vector.origin == "401 of the core leg, frame 9"
    made.mark_used(vector)
    assert made.unused() == []


def test_what_several_challenges_have_in_common_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MAX_LEARNED", 2)
    made = ring(subscriber("a@home"))
    k, opc = Secret(bytes.fromhex(K)), Secret(bytes.fromhex(OPC))
    vectors = []
    for number in range(4):
        rand = bytes([number]) * 16
        made.learn(rand, milenage(k, opc, rand).ck.octets, milenage(k, opc, rand).ik.octets, "frame 1")
        vectors += made.vectors("a@home", rand)
    made.mark_used(vectors[0])
    assert made.unused() == ["file0:1"]  # forgotten that these are the same
    made.mark_used(vectors[3])
    assert made.unused() == []


def test_associations_with_the_same_keys_are_used_together() -> None:
    """One set has its keys in four lines, of which only some may have packets; a vector may have opened them."""
    line = ESP_SA.splitlines()[0]
    made = ring(line + "\n" + line.replace("0xb1d3573*", "0x2000") + "\n" + line.replace(IK.octets.hex(), "05" * 16))
    shorter = SecurityAssociation(
        spi=7,
        destination=octets(UE4),
        alg="hmac-sha-1-96",
        ealg="aes-cbc",
        keys=expand("hmac-sha-1-96", "aes-cbc", CK, IK),
    )
    made.mark_used(shorter)
    assert made.unused() == ["file0:3"]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"\xef\xbb\xbf" + aka("01").encode())
    path.chmod(0o600)
    made = Keyring()
    made.add_file(path)
    assert made.unused() == [f"{path}:1"]
    assert made.notices == []
    path.chmod(0o640)
    made.add_file(str(path))
    assert made.notices == [f"{path}: others than its owner can read these keys: chmod 600"]


def test_notices_of_the_formats_are_kept() -> None:
    assert [notice.partition(" ")[0] for notice in ring(ESP_SA.replace("AES-CBC", "AES-CTR")).notices] == [
        "file0:1:",
        "file0:2:",
    ]


def test_unusable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Keyring()
    with pytest.raises(KeyFileError, match="missing: cannot be read: No such file"):
        made.add_file(tmp_path / "missing")
    with pytest.raises(KeyFileError, match="cannot be read"):
        made.add_file(tmp_path)
    binary = tmp_path / "binary"
    binary.write_bytes(aka("01").encode() + b"\xff")
    with pytest.raises(KeyFileError, match="no text in UTF-8") as raised:
        made.add_file(binary)
    assert "01010101" not in "".join(traceback.format_exception(raised.value))
    log = tmp_path / "log"
    log.write_bytes(b"3(1) INFO: <script>: \xff\n" + f'WWW-Authenticate: Digest ck="{K}", ik="{OPC}"\n'.encode())
    made.add_file(log)
    assert made.unused() == [f"{log}:2"]
    monkeypatch.setattr(keyring, "MAX_FILE", 10)
    with pytest.raises(KeyFileError, match="more than 10 octets"):
        made.add_file(binary)


def test_nothing_shows_a_key(tmp_path: Path) -> None:
    made = ring(subscriber("a"), aka("c1"), ESP_SA)
    made.learn(RAND, CK.octets, IK.octets, "frame 1")
    shown = repr([made, made.vectors("a", RAND), made.associations(), made.explicit(octets(UE4), octets(PCSCF4), SPI)])
    secrets = (K, OPC, DERIVED_CK, DERIVED_IK, "c1" * 16, CK.octets.hex(), IK.octets.hex(), "01" * 16, "02" * 16)
    assert not any(secret in shown or repr(bytes.fromhex(secret)) in shown for secret in secrets)


def test_a_vector_that_follows_from_k_tells_res_also_where_its_keys_are_given_too() -> None:
    given = f'[[aka]]\nrand = "{RAND.hex()}"\nck = "{DERIVED_CK}"\nik = "{DERIVED_IK}"\n'
    made = ring(given, subscriber("alice@home"))
    (vector,) = made.vectors("alice@home", RAND)
    assert vector.res == Secret(bytes.fromhex("bb5f3a758bcea459"))
    made.mark_used(vector)
    assert made.unused() == []


def test_who_made_a_challenge() -> None:
    made = ring(subscriber("alice@home"))
    autn = bytes.fromhex("82edc0cba1ac8000294de47a6f69a5e4")
    assert made.genuine("Alice@HOME", RAND, autn) is True
    assert made.genuine("alice@home", RAND, autn[::-1]) is False
    assert made.genuine("bob@home", RAND, autn) is None
    assert made.genuine(None, RAND, autn) is None
    assert made.resynchronises("alice@home", RAND, bytes(14)) is False
    assert made.resynchronises("bob@home", RAND, bytes(14)) is None
