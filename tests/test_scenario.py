"""The scripted UE and P-CSCF write what they say: readable by scapy and by tshark, with real keys."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from scapy.layers import ipsec
from scapy.layers.inet import IP, TCP, UDP, Ether
from scapy.packet import Raw

from .scenario import Scenario
from .scenario.aka import Milenage, cipher_key, digest, integrity_key, salt
from .scenario.reading import ROLES, opened, packet, whole

PAIRS = [(alg, ealg) for alg in ("hmac-sha-1-96", "hmac-md5-96") for ealg in ("null", "aes-cbc", "des-ede3-cbc")] + [
    ("aes-gmac", "null"),
    ("null", "aes-gcm"),
]


def test_milenage_gives_the_values_of_ts_35_208_set_1() -> None:
    functions = Milenage(
        bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"),
        bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf"),
        bytes.fromhex("23553cbe9637a89d218ae64dae47bf35"),
    )
    mac_a, mac_s = functions.f1(bytes.fromhex("ff9bb4d0b607"), bytes.fromhex("b9b9"))
    assert mac_a.hex() == "4a9ffac354dfafb3"
    assert mac_s.hex() == "01cfaf9ec4e871e9"
    assert functions.res.hex() == "a54211d5e3ba50bf"
    assert functions.ak.hex() == "aa689c648370"
    assert functions.ck.hex() == "b40ba9a3c58b2a05bbf0d987b21bf8cb"
    assert functions.ik.hex() == "f769bcd751044604127672711c6d3441"
    assert functions.ak_star.hex() == "451e8beca43b"


def test_salts_and_keys_of_annex_i() -> None:
    ck, ik = bytes(range(16)), bytes(range(16, 32))
    assert salt(0x58, b"AES_GMAC_SALT", ck, ik).hex() == "7040f6a2"
    assert salt(0x59, b"AES_GCM_SALT", ck, ik).hex() == "99ca2318"
    assert integrity_key("hmac-sha-1-96", ck, ik).hex() == "101112131415161718191a1b1c1d1e1f00000000"
    assert cipher_key("des-ede3-cbc", ck, ik).hex() == "000102030405060708090a0b0c0d0e0f0001020304050607"


def test_the_digest_of_rfc_2617() -> None:
    arguments = ("Mufasa", "testrealm@host.com", b"Circle Of Life", "GET", "/dir/index.html")
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    assert digest(*arguments, nonce, qop="auth", cnonce="0a4f113b") == "6629fae49393a05397450978507c4ef1"
    assert digest(*arguments, nonce) == "670fd8c2df070c60b045671b8b24ff02"


def test_sm7_answers_the_challenge_with_res() -> None:
    scenario = Scenario()
    sa_set = scenario.register()
    authorization = scenario.sent["sm7"].message["Authorization"]
    assert f'nonce="{sa_set.vector.nonce}"' in authorization
    ue = sa_set.ue
    expected = digest(ue.impi, ue.domain, sa_set.vector.res, "REGISTER", f"sip:{ue.domain}", sa_set.vector.nonce)
    assert f'response="{expected}"' in authorization


def test_a_wrong_res_gives_another_response() -> None:
    right, wrong = Scenario(), Scenario()
    right.register()
    wrong.register(sm7={"res_wrong": True})
    assert right.sent["sm7"].message["Authorization"] != wrong.sent["sm7"].message["Authorization"]


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_scapy_decrypts_what_was_written(transport: str, alg: str, ealg: str) -> None:
    scenario = Scenario(transport=transport, alg=alg, ealg=ealg, ipv6=alg == "hmac-md5-96")
    whole(scenario)
    octets: dict[str, bytes] = {}
    for label, inner, _ in opened(scenario):
        if Raw in inner:
            octets[label] = octets.get(label, b"") + bytes(inner[Raw].load)
    assert octets == {label: sent.raw for label, sent in scenario.sent.items()}


def test_aes_gcm_opens_without_scapy_too() -> None:
    scenario = Scenario(alg="null", ealg="aes-gcm")
    vector = scenario.register().vector
    esp = bytes(packet(scenario, "sm7").payload)
    key = cipher_key("aes-gcm", vector.ck, vector.ik)
    inside = AESGCM(key[:16]).decrypt(key[16:] + esp[8:16], esp[16:], esp[:8])
    assert inside[8:].startswith(scenario.sent["sm7"].raw)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ports_and_addresses_fit_the_spi(transport: str) -> None:
    scenario = Scenario(transport=transport)
    whole(scenario)
    for number, (_, inner, role) in enumerate(opened(scenario), 1):
        if role:
            spi = Ether(scenario.frames()[number - 1].data)[ipsec.ESP].spi
            sa_set = next(s for s in scenario.sets if s.selector(role)[2] == spi)
            assert (inner.sport, inner.dport) == sa_set.selector(role)[:2]
            assert (inner.src == sa_set.ue.address) == (role in ("uc>ps", "us>pc"))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sequence_numbers_count_from_one_on_each_sa(transport: str) -> None:
    scenario = Scenario(transport=transport)
    whole(scenario)
    numbers: dict[int, list[int]] = {}
    for frame in scenario.frames():
        esp = Ether(frame.data).payload.payload
        if isinstance(esp, ipsec.ESP):
            numbers.setdefault(esp.spi, []).append(esp.seq)
    assert len(numbers) == (4 if transport == "udp" else 8)
    for seen in numbers.values():
        assert seen == list(range(1, len(seen) + 1))


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_checksums_are_right(transport: str, ipv6: bool) -> None:
    scenario = Scenario(transport=transport, ipv6=ipv6, copies="gtp")
    whole(scenario)
    inners = [inner for _, inner, _ in opened(Scenario(transport=transport, ipv6=ipv6))]
    plain_scenario = Scenario(transport=transport, ipv6=ipv6)
    whole(plain_scenario)
    inners += [inner for _, inner, _ in opened(plain_scenario)]
    for outer in [Ether(frame.data).payload for frame in scenario.frames()] + inners:
        again = outer.copy()
        for layer in (IP, UDP, TCP):
            if layer in again:
                del again[layer].chksum
        assert bytes(again) == bytes(outer)


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others() -> None:
    made = []
    for seed in ("one", "one", "two"):
        scenario = Scenario(transport="tcp", seed=seed)
        whole(scenario)
        made.append(scenario.pcap())
    assert made[0] == made[1] != made[2]


def test_tcp_streams_are_without_holes() -> None:
    scenario = Scenario(transport="tcp")
    first = scenario.register(sm7={"segments": 3})
    scenario.request("pcscf", "NOTIFY", on=first)
    scenario.fin("ue", on=first)
    expected: dict[tuple[str, int, str, int], int] = {}
    flags: dict[tuple[str, int, str, int], list[str]] = {}
    for _, inner, _ in opened(scenario):
        way = (inner.src, inner.sport, inner.dst, inner.dport)
        back = (inner.dst, inner.dport, inner.src, inner.sport)
        segment = inner[TCP]
        assert segment.seq == expected.get(way, segment.seq)
        if "A" in segment.flags:
            assert segment.ack == expected[back]
        octets = len(bytes(segment.payload))
        expected[way] = (segment.seq + octets + ("S" in segment.flags) + ("F" in segment.flags)) % 2**32
        flags.setdefault(min(way, back), []).append(str(segment.flags))
    assert all(seen[:3] == ["S", "SA", "A"] for seen in flags.values())
    assert len(flags) == 3  # clear, uc and ps, pc and us
    assert [label for label, inner, _ in opened(scenario) if label == "sm7"] == ["sm7"] * 3
    assert [seen[-3:] for seen in flags.values()].count(["FA", "FA", "A"]) == 1


def test_a_connection_that_was_closed_is_opened_again() -> None:
    scenario = Scenario(transport="tcp")
    first = scenario.register()
    scenario.rst("pcscf", on=first, clear=True)
    scenario.request("ue", "MESSAGE", on=first)
    labels = [record.label for record in scenario.records]
    assert labels.index("rst") < labels.index("req.syn") < labels.index("req")
    assert not packet(scenario, "rst").haslayer(ipsec.ESP)
    assert packet(scenario, "req.syn").haslayer(ipsec.ESP)


def test_the_file_holds_the_frames() -> None:
    scenario = Scenario()
    scenario.register()
    octets = scenario.pcap()
    assert octets[:4] == bytes.fromhex("d4c3b2a1")
    offset = 24
    for frame in scenario.frames():
        seconds, rest, kept, length = (
            int.from_bytes(octets[offset + n : offset + n + 4], "little") for n in (0, 4, 8, 12)
        )
        assert (seconds * 1_000_000 + rest) * 1000 == frame.time
        assert octets[offset + 16 : offset + 16 + kept] == frame.data
        assert length == frame.length
        offset += 16 + kept
    assert offset == len(octets)


NAMES = {"aes-cbc": "AES-CBC [RFC3602]", "null": "NULL", "des-ede3-cbc": "TripleDES-CBC [RFC2451]"}


@pytest.mark.tshark
@pytest.mark.parametrize(
    ("transport", "alg", "ealg", "ipv6"),
    [
        ("udp", "hmac-sha-1-96", "aes-cbc", False),
        ("tcp", "hmac-sha-1-96", "aes-cbc", True),
        ("udp", "hmac-md5-96", "null", True),
        ("tcp", "hmac-md5-96", "des-ede3-cbc", False),
    ],
)
def test_tshark_reads_every_message(transport: str, alg: str, ealg: str, ipv6: bool, tmp_path: Path) -> None:
    scenario = Scenario(transport=transport, alg=alg, ealg=ealg, ipv6=ipv6)
    whole(scenario)
    path = tmp_path / "scenario.pcap"
    path.write_bytes(scenario.pcap())
    command = ["tshark", "-r", str(path), "-o", "esp.enable_encryption_decode:TRUE"]
    command += ["-o", "esp.enable_authentication_check:TRUE"]
    authentication = "HMAC-SHA-1-96 [RFC2404]" if alg == "hmac-sha-1-96" else "HMAC-MD5-96 [RFC2403]"
    for sa_set, role in itertools.product(scenario.sets, ROLES):
        ck, ik = sa_set.vector.ck, sa_set.vector.ik
        key = "" if ealg == "null" else "0x" + cipher_key(ealg, ck, ik).hex()
        entry = f'"{"IPv6" if ipv6 else "IPv4"}","*","*","0x{sa_set.selector(role)[2]:08x}","{NAMES[ealg]}","{key}"'
        command += ["-o", f'uat:esp_sa:{entry},"{authentication}","0x{integrity_key(alg, ck, ik).hex()}"']
    fields = ["frame.number", "esp.icv_bad", "sip.Request-Line", "sip.Status-Line", "tcp.analysis.flags"]
    command += ["-T", "fields", *itertools.chain.from_iterable(("-e", field) for field in fields)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    seen = {}
    for line in done.stdout.splitlines():
        number, icv_bad, asked, status, oddity = line.split("\t")
        assert icv_bad in ("", "0", "False")
        assert oddity == ""
        if asked or status:
            seen[int(number)] = asked or status
    assert seen == {scenario.frame(label): sent.message.start for label, sent in scenario.sent.items()}
