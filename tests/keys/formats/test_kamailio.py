"""The log of a Kamailio P-CSCF: a vector for a RAND, and four associations where a set belongs to it."""

from __future__ import annotations

import base64
import ipaddress
import json
import traceback

import pytest

from analyzer.keys.entries import ExplicitSa, KeyFileError, Vector
from analyzer.keys.formats.kamailio import read, recognises

CK, IK = "3ecd6474e2db6220ec4ed64b804b9ac2", "11c75e008b0064b3830eade5a72272eb"
NONCE = "2ZFE1sMT+zKxFNK3+P0Tg3CzeQh9twAA00ATujy0NMY="
RAND = base64.b64decode(NONCE)[:16]

HEADER = (
    ' 3(138) NOTICE: <script>: Old header - WWW-Authenticate=Digest realm="ims.mnc001.mcc001.deltanet.org", '
    f'nonce="{NONCE}", algorithm=AKAv1-MD5, ck="{CK}", ik="{IK}", qop="auth,auth-int"'
)
NEW_HEADER = HEADER.replace("Old", "New").replace(f' ck="{CK}", ik="{IK}",', "")
SET = (
    " 3(138) DEBUG: ims_ipsec_pcscf [cmd.c:437]: create_ipsec_tunnel(): Creating security associations: "
    "Local IP: 172.22.0.9 port_pc: 5100 port_ps: 6100; UE IP: 10.129.1.215; port_uc 7004 port_us 7005; "
    "spi_pc 4096, spi_ps 4097, spi_uc 1236, spi_us -1237, alg hmac-sha-1-96, ealg aes-cbc"
)
OTHER = " 9(144) INFO: <script>: nothing of ours\n"


def docker(line: str) -> str:
    """The line as Docker keeps it, with the colours of the terminal."""
    return json.dumps(
        {"log": f"\x1b[0;32;49m{line}\x1b[0;39;49m\n", "stream": "stderr", "time": "2024-01-02T04:11:01Z"}
    )


def syslog(line: str) -> str:
    return "Nov 11 11:53:36 pcscf /usr/sbin/kamailio[138]: " + line.partition(") ")[2]


def vector(text: str) -> Vector:
    (entry,) = read(text, "kamailio.log").entries
    assert isinstance(entry, Vector)
    return entry


@pytest.mark.parametrize("form", [str, docker, syslog], ids=["plain", "Docker", "syslog"])
def test_a_header_is_a_vector_for_its_rand(form: type[str]) -> None:
    found = vector("\n".join([OTHER, form(HEADER), form(NEW_HEADER), OTHER]))
    assert (found.impi, found.rand, found.origin) == (None, RAND, "kamailio.log:3")
    assert (found.ck.octets.hex(), found.ik.octets.hex()) == (CK, IK)


def test_escaped_quotes_and_a_nonce_that_is_none() -> None:
    assert vector(HEADER.replace('"', '\\"')).rand == RAND
    assert vector(HEADER.replace(NONCE, "none")).rand is None


@pytest.mark.parametrize("form", [str, docker, syslog], ids=["plain", "Docker", "syslog"])
def test_a_set_and_the_header_after_it_are_four_associations(form: type[str]) -> None:
    contents = read("\n".join([OTHER, form(SET), form(HEADER)]), "log")
    sas = [entry for entry in contents.entries if isinstance(entry, ExplicitSa)]
    ue, pcscf = ipaddress.ip_address("10.129.1.215").packed, ipaddress.ip_address("172.22.0.9").packed
    assert [(sa.source, sa.destination, sa.spi, sa.source_port, sa.destination_port) for sa in sas] == [
        (ue, pcscf, 4097, 7004, 6100),
        (ue, pcscf, 4096, 7005, 5100),
        (pcscf, ue, 1236, 6100, 7004),
        (pcscf, ue, 2**32 - 1237, 5100, 7005),
    ]
    for sa in sas:
        assert (sa.alg, sa.ealg, sa.origin) == ("hmac-sha-1-96", "aes-cbc", "log:4")
        assert (sa.keys.auth.octets.hex(), sa.keys.enc.octets.hex()) == (IK + "00000000", CK)


def keys(*lines: str) -> list[tuple[int | None, str]]:
    """SPI of the first association of each set, and the first digits of its key."""
    entries = read("\n".join(lines), "log").entries
    return [(sa.spi, sa.keys.enc.octets.hex()[:2]) for sa in entries if isinstance(sa, ExplicitSa)][::4]


def test_which_header_belongs_to_a_set() -> None:
    def header(process: int, ck: str) -> str:
        return HEADER.replace("(138)", f"({process})").replace(CK, ck * 16)

    def made(process: int, spi: int) -> str:
        return SET.replace("(138)", f"({process})").replace("spi_ps 4097", f"spi_ps {spi}")

    # In the same process, right after it.
    assert keys(made(1, 11), made(2, 12), header(2, "c2"), header(1, "c1")) == [(12, "c2"), (11, "c1")]
    assert keys(header(1, "c0"), made(1, 11), header(1, "c1"), header(1, "c2"), made(1, 12)) == [(11, "c1")]
    # Where none ever follows, another configuration was at work: right before it.
    assert keys(header(1, "c1"), made(1, 11), header(2, "c2"), made(2, 12), made(3, 13)) == [(11, "c1"), (12, "c2")]


def test_what_is_left_out_and_named() -> None:
    lines = [HEADER.replace(CK, CK[:-2]), SET.replace("alg hmac-sha-1-96", "alg hmac-sha-9"), HEADER]
    lines += [SET.replace("10.129.1.215", "fd00::1"), HEADER, SET.replace("7004", "70040"), HEADER]
    contents = read("\n".join(lines), "log")
    assert not any(isinstance(entry, ExplicitSa) for entry in contents.entries)
    assert [notice.partition(": left out: ")[0] for notice in contents.notices] == ["log:1", "log:2", "log:4", "log:6"]
    assert CK[:8] not in " ".join(contents.notices)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OTHER + NEW_HEADER, r"^log: this log has no line with ck and ik: log WWW-Authenticate of the 401"),
        (SET + "\n" + NEW_HEADER, r"^log: it names 1 sets of security associations, but has no line with ck and ik"),
        ('{"log": 1}\n{"x\n{"[[[\n' + OTHER, "^log: this log has no line"),
        (HEADER.replace(CK, "xy"), "^log: this log has no line"),
    ],
)
def test_a_log_without_keys_says_so(text: str, message: str) -> None:
    assert recognises(text)
    with pytest.raises(KeyFileError, match=message) as raised:
        read(text, "log")
    assert IK[:8] not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("number", ["6100", "4097"])
def test_a_number_without_end_makes_no_set(number: str) -> None:
    (entry,) = read(f"{SET.replace(number, '9' * 5000)}\n{HEADER}", "kamailio.log").entries
    assert isinstance(entry, Vector)


def test_other_texts_are_no_logs() -> None:
    assert not recognises("once upon a time\nNOTICE: the door is closed\n")
