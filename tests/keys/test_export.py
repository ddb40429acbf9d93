"""Exported keys: what is in the files, that our readers take them back, and that Wireshark opens captures with them."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP
from scapy.layers.ipsec import SecurityAssociation as Encryptor
from scapy.packet import Raw
from scapy.utils import wrpcap

from analyzer import cli
from analyzer.frame import SECOND
from analyzer.ipsec.algorithms import Keys
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import ExplicitSa
from analyzer.keys.export import Keyed, Text, toml, unnamed, wireshark, xfrm
from analyzer.keys.formats import read
from analyzer.run import Options, audit, keyed_associations
from tests.test_captures import CAPTURES, RECORDINGS, report

AUTH = bytes(range(1, 21))
ENC = bytes(range(33, 57))
UE, PCSCF = "10.20.0.11", "10.20.0.1"


def association(
    alg: str = "hmac-sha-1-96",
    ealg: str = "aes-cbc",
    *,
    spi: int = 0x1001,
    source: str | None = UE,
    destination: str = PCSCF,
    auth: bytes = AUTH,
    enc: bytes = ENC[:16],
    keyed: bool = True,
) -> SecurityAssociation:
    return SecurityAssociation(
        spi=spi,
        source=None if source is None else ip_address(source).packed,
        destination=ip_address(destination).packed,
        alg=alg,
        ealg=ealg,
        keys=Keys(Secret(auth), Secret(enc)) if keyed else None,
    )


def lines(*found: Keyed) -> list[list[str]]:
    """The associations of each esp_sa file."""
    return [made.text.splitlines()[1:] for made in wireshark(found)]


def test_one_association_is_one_line_of_eight_values() -> None:
    assert lines(Keyed(association())) == [
        [
            '"IPv4","10.20.0.11","10.20.0.1","0x00001001",'
            '"AES-CBC [RFC3602]","0x2122232425262728292a2b2c2d2e2f30",'
            '"HMAC-SHA-1-96 [RFC2404]","0x0102030405060708090a0b0c0d0e0f1011121314"'
        ]
    ]


def test_ipv6_any_source_and_null() -> None:
    sa = association("hmac-md5-96", "null", source=None, destination="fd00:20::1", spi=2**32 - 1, enc=b"")
    ((line,),) = lines(Keyed(sa))
    assert line.startswith('"IPv6","*","fd00:20::1","0xffffffff","NULL","","HMAC-MD5-96')


def test_what_has_no_keys_is_nothing_to_export() -> None:
    for form in (wireshark, xfrm, toml):
        with pytest.raises(ValueError, match="without keys"):
            form([Keyed(association(keyed=False))])


def test_repeated_associations_and_other_spellings_are_one() -> None:
    again = association("hmac-sha1-96")
    assert lines(Keyed(association()), Keyed(again), Keyed(association())) == lines(Keyed(association()))


def spis(*found: Keyed) -> list[list[str]]:
    """SPI and first digits of the key of each line of each file."""
    return [
        [f"{fields[7]} {fields[11][2:4]}" for line in file if (fields := line.split('"'))] for file in lines(*found)
    ]


def keyed(spi: int, key: int, group: int | None = None, source: str | None = UE) -> Keyed:
    return Keyed(association(spi=spi, source=source, enc=bytes([key]) * 16), group=group)


def test_an_spi_that_came_back_with_other_keys_is_in_another_file() -> None:
    """What no later keys contradict is in both, so that each file serves for a time; a set is whole or not there."""
    assert spis(keyed(1, 0xA), keyed(2, 0xB), keyed(1, 0xC)) == [
        ["0x00000001 0a", "0x00000002 0b"],
        ["0x00000002 0b", "0x00000001 0c"],
    ]
    first, other = [keyed(1, 0xA, 0), keyed(2, 0xA, 0)], [keyed(7, 0xB, 1)]
    second, third = [keyed(1, 0xC, 2), keyed(3, 0xC, 2)], [keyed(1, 0xD, 3), keyed(3, 0xD, 3)]
    assert spis(*first, *other, *second, *third) == [
        ["0x00000001 0a", "0x00000002 0a", "0x00000007 0b"],
        ["0x00000007 0b", "0x00000001 0c", "0x00000003 0c"],
        ["0x00000007 0b", "0x00000001 0d", "0x00000003 0d"],
    ]
    # A set that took over one SPI of an old one takes its other SPI out of use too.
    assert spis(*first, keyed(2, 0xC, 1)) == [["0x00000001 0a", "0x00000002 0a"], ["0x00000002 0c"]]


def test_another_sender_may_use_the_same_spi() -> None:
    assert len(spis(keyed(1, 0xA), keyed(1, 0xB, source="10.20.0.12"))) == 1
    assert len(spis(keyed(1, 0xA), keyed(1, 0xB, source=None))) == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4))))
def test_each_file_has_one_key_for_an_spi_and_none_is_lost(drawn: list[tuple[int, int, int]]) -> None:
    # A set never has one SPI twice with different keys
    found = [keyed(spi, key, group) for (spi, group), key in {(spi, group): key for spi, key, group in drawn}.items()]
    files = spis(*found)
    for file in files:
        assert len({line.split()[0] for line in file}) == len(set(file)) == len(file)
    assert {line for file in files for line in file} == {line for each in found for line in spis(each)[0]}


PAIRED = [
    *itertools.product(("hmac-sha-1-96", "hmac-md5-96"), ("aes-cbc", "des-ede3-cbc", "null")),
    ("null", "aes-gcm"),
    ("aes-gmac", "null"),
    ("unchecked-96", "aes-cbc"),
]
LENGTHS = {"hmac-sha-1-96": 20, "hmac-md5-96": 16, "aes-gmac": 20, "null": 0, "unchecked-96": 0} | {
    "aes-cbc": 16,
    "des-ede3-cbc": 24,
    "aes-gcm": 20,
}
SINCE, UNTIL = 1_795_321_220_559_694_123, 1_795_321_230_355_497_401


@pytest.mark.parametrize("form", [wireshark, xfrm, toml])
@pytest.mark.parametrize(("alg", "ealg"), PAIRED)
@pytest.mark.parametrize(
    ("source", "destination"), [(UE, PCSCF), ("fd00:20::b", "fd00:20::1"), (None, PCSCF), (None, "fd00:20::1")]
)
def test_our_own_readers_understand_it(
    form: Callable[[list[Keyed]], Text | list[Text]], alg: str, ealg: str, source: str | None, destination: str
) -> None:
    auth, enc = AUTH[: LENGTHS[alg]], ENC[: LENGTHS[ealg]]
    sa = association(alg, ealg, auth=auth, enc=enc, source=source, destination=destination)
    each = Keyed(sa, (5061, 6100), "tunnel", SINCE, UNTIL)
    if form is wireshark and alg == "aes-gmac":
        assert (wireshark([each]), unnamed([each, each], "wireshark")) == ([], {"aes-gmac": 2})
        return
    if form is xfrm and alg == "unchecked-96":
        assert (xfrm([each]).associations, unnamed([each], "xfrm")) == (0, {"unchecked-96": 1})
        return
    made = form([each])
    (text,) = made if isinstance(made, list) else [made]
    assert text.associations == 1
    (entry,) = read(text.text, "exported").entries
    assert isinstance(entry, ExplicitSa)
    assert (entry.alg, entry.ealg, entry.spi) == (alg, ealg, 0x1001)
    assert (entry.source, entry.destination) == (sa.source, sa.destination)
    assert (entry.keys.auth.octets, entry.keys.enc.octets) == (auth, enc)
    if form is wireshark:
        return
    assert entry.mode == "tunnel"
    if source is not None or form is toml:
        assert (entry.source_port, entry.destination_port) == (5061, 6100)
    unit = 1_000 if form is toml else SECOND
    assert (entry.since, entry.until) == (SINCE // unit * unit, -(-UNTIL // unit) * unit)


@pytest.mark.parametrize("form", [xfrm, toml])
def test_what_is_not_known_is_not_written(form: Callable[[list[Keyed]], Text]) -> None:
    (entry,) = read(form([Keyed(association())]).text, "exported").entries
    assert isinstance(entry, ExplicitSa)
    assert (entry.source_port, entry.destination_port, entry.since, entry.until) == (None, None, None, None)


def encrypted(sa: SecurityAssociation, auth: str, crypt: str) -> Raw:
    assert sa.keys is not None and sa.source is not None
    layer = IP if len(sa.destination) == 4 else IPv6
    packet = layer(src=str(ip_address(sa.source)), dst=str(ip_address(sa.destination)))
    packet /= UDP(sport=5061, dport=5063) / Raw(
        b"OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    encryptor = Encryptor(
        ESP,
        spi=sa.spi,
        seq_num=1,
        crypt_algo=crypt,
        crypt_key=sa.keys.enc.octets,
        auth_algo=auth,
        auth_key=sa.keys.auth.octets,
    )
    return encryptor.encrypt(packet)


@pytest.mark.tshark
@pytest.mark.parametrize(
    ("alg", "auth", "ealg", "crypt"),
    [
        *(
            (*first, *second)
            for first in (("hmac-sha-1-96", "HMAC-SHA1-96"), ("hmac-md5-96", "HMAC-MD5-96"))
            for second in (("aes-cbc", "AES-CBC"), ("des-ede3-cbc", "3DES"), ("null", "NULL"))
        ),
        ("null", "NULL", "aes-gcm", "AES-GCM"),
    ],
)
@pytest.mark.parametrize("ends", [(UE, PCSCF), ("fd00:20::b", "fd00:20::1")], ids=["IPv4", "IPv6"])
def test_wireshark_decrypts_with_it(
    tmp_path: Path, alg: str, auth: str, ealg: str, crypt: str, ends: tuple[str, str]
) -> None:
    lengths = {"aes-cbc": 16, "des-ede3-cbc": 24, "aes-gcm": 20, "null": 0}
    sa = association(
        alg,
        ealg,
        source=ends[0],
        destination=ends[1],
        auth=AUTH[: {"hmac-sha-1-96": 20, "hmac-md5-96": 16, "null": 0}[alg]],
        enc=ENC[: lengths[ealg]],
    )
    capture = tmp_path / "esp.pcap"
    wrpcap(str(capture), [encrypted(sa, auth, crypt)], linktype=101)
    (tmp_path / "esp_sa").write_text(wireshark([Keyed(sa)])[0].text)
    command = ["tshark", "-r", str(capture), "-d", "udp.port==5063,sip", "-T", "fields", "-e", "sip.Method"]
    command += ["-e", "esp.icv_good"]
    for option in ("enable_encryption_decode", "enable_authentication_check"):
        command += ["-o", f"esp.{option}:TRUE"]
    environment = os.environ | {"WIRESHARK_CONFIG_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() in (["OPTIONS", "1"], ["OPTIONS", "True"]), done.stderr


def sealed(folder: Path, capture: Path, keys: Path) -> list[int]:
    """The frames of a capture in which Wireshark, with this esp_sa, sees SIP under a good ICV."""
    folder.mkdir()
    (folder / "esp_sa").write_text(keys.read_text())
    command = ["tshark", "-r", str(capture), "-Y", "sip && esp.icv_good", "-T", "fields", "-e", "frame.number"]
    for option in ("enable_encryption_decode", "enable_authentication_check"):
        command += ["-o", f"esp.{option}:TRUE"]
    environment = os.environ | {"WIRESHARK_CONFIG_DIR": str(folder), "HOME": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


@pytest.mark.tshark
def test_wireshark_opens_a_registration_with_its_own_file(tmp_path: Path) -> None:
    """The P-CSCF was restarted: after that the same SPIs have other keys."""
    folder = CAPTURES / "pcscf_restart_udp4"
    capture, output = folder / "pcscf_restart_udp4.pcap", tmp_path / "keys"
    arguments = [str(capture), "--keys", str(folder / "keys.toml"), "--format", "wireshark", "--output", str(output)]
    assert cli.main(["keys", *arguments]) == 0
    first = sealed(tmp_path / "first", capture, output)
    second = sealed(tmp_path / "second", capture, tmp_path / "keys.2")
    made = report("pcscf_restart_udp4", capture.name)
    (restart,) = (each.sm6 for each in made.sa_sets if each.generation == 2)
    assert restart is not None
    assert first and max(first) < restart < min(second)
    assert len(first) + len(second) == made.sip.protected


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("form", [xfrm, toml])
def test_an_exported_file_is_as_good_as_the_keys_themselves(
    name: str, form: Callable[[list[Keyed]], Text], tmp_path: Path
) -> None:
    folder = CAPTURES / name
    capture, keys = str(folder / f"{name}.pcap"), tmp_path / "exported"
    found = keyed_associations([capture], Options(keys=[str(folder / "keys.toml")], rules=()))
    keys.write_text(form(found).text)
    keys.chmod(0o600)
    made, original = audit([capture], Options(keys=[str(keys)])), report(name, f"{name}.pcap")
    assert (made.esp, made.sip) == (original.esp, original.sip)
    assert not any("key not used" in notice for notice in made.notices)
