"""Recordings of others, which must not lie in the project: opt-in, by the folder in GMAUDIT_PUBLIC_CAPTURES.

Without that variable `conftest.py` leaves this file out of the collection.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.opinion.model import Reason
from analyzer.report.model import Report
from analyzer.run import Options, audit

FOLDER = Path(os.environ.get("GMAUDIT_PUBLIC_CAPTURES", "."))


@pytest.fixture(scope="module")
def samsung() -> Report:
    """A Samsung tablet at a Kamailio of 2020, Linux cooked on `any`: every UE packet is there three times."""
    return audit([str(FOLDER / "open5gs_ipsec_reg.pcapng")])


def test_the_phone_is_read_without_any_key_file(samsung: Report) -> None:
    assert samsung.captures[0].frames == 1071
    assert samsung.esp.packets == samsung.esp.verified == 14
    assert samsung.esp.bad_icv == samsung.esp.no_key == samsung.esp.replayed == 0
    assert (samsung.sip.clear, samsung.sip.protected, samsung.sip.malformed) == (6, 6, 0)
    # 42 ESP frames are 14 packets; frames 698 to 700, 943 to 945 and 953 to 955 are one packet each as well
    assert samsung.copies >= 28 + 6
    [made] = samsung.sa_sets
    assert (made.spi_uc, made.spi_us, made.spi_pc, made.spi_ps) == (25656, 25657, 100, 101)
    assert (made.port_uc, made.port_us, made.port_pc, made.port_ps) == (6301, 6300, 5100, 6100)
    assert (made.alg, made.ealg, made.keyed) == ("hmac-md5-96", "null", True)


def test_its_faults_are_those_that_a_reader_finds(samsung: Report) -> None:
    found = {(each.rule, each.verdict, each.actor, each.frame) for each in samsung.findings}
    assert found == {
        ("AUTH-05", "violation", "P-CSCF", 406),
        ("NEG-18", "violation", "P-CSCF", 291),
        # the phone offers hmac-md5-96 and nothing else, and the set has it, as its SYN shows
        ("CRY-02", "warning", "UE", 279),
        ("CRY-02", "warning", "P-CSCF", 406),
        ("CRY-02", "violation", "UE", 452),
        # behind the P-CSCF SM7 has no integrity-protected
        ("AUTH-13", "violation", "P-CSCF", 485),
        ("ESP-01", "violation", "P-CSCF", 406),
        ("PORT-13", "violation", "P-CSCF", 691),
        ("CLR-01", "violation", "P-CSCF", 943),
        ("CLR-03", "violation", "P-CSCF", 943),
        # the UE's Via of frame 681 asks for rport (R20)
        ("PORT-09", "probable", "P-CSCF", 687),
        # SPIs of three and five digits, where the grammar has ten
        ("NEG-21", "note", "UE", 279),
        ("NEG-21", "note", "P-CSCF", 406),
        # a NOTIFY of some 2,000 octets over UDP
        ("TRN-08", "warning", "P-CSCF", 691),
        # the UE answers where the P-CSCF's Via points (R23)
        ("CLR-01", "probable", "UE", 698),
        ("CLR-02", "probable", "UE", 698),
        ("CLR-05", "probable", "UE", 698),
        ("CLR-01", "probable", "UE", 953),
        ("CLR-02", "probable", "UE", 953),
    }


def test_a_phone_that_offers_no_ipsec_is_told() -> None:
    """Frame 429 is an AKA challenge to a REGISTER without Security-Client; all that follows is in clear."""
    made = audit([str(FOLDER / "open5gs_nonipsec_reg.pcapng")])
    assert ("NEG-01", "violation", "UE", 429) in {(f.rule, f.verdict, f.actor, f.frame) for f in made.findings}


@pytest.mark.parametrize(
    "name",
    [
        "ndpi_sip.pcap",
        "suricata-verify_sip-compact-form.pcap",
        "zeek_sip_invalid-content-length.pcap",
        "heplify_ipip0.pcap",
        "sngrep_ipv6frag.pcap",
        "zeek_gtp1_gn_normal_incl_fragmentation.pcap",
        "kaorimatz_esp-transport_ping.pcap",
        "tcpdump_02-sunrise-sunset-esp.pcap",
    ],
)
def test_what_is_no_ims_is_accused_of_nothing(name: str) -> None:
    made = audit([str(FOLDER / name)])
    assert made.findings == []
    assert made.crashed == []


@pytest.mark.tshark
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.pcap*")), ids=lambda path: path.name)
def test_tshark_agrees_or_it_is_known_why_not(path: Path) -> None:
    made = audit([str(path)], Options(rules=(), second_opinion=True)).second_opinion
    assert made is not None
    assert (made.unexplained, made.differences, made.notes) == (0, [], [])
    assert set(made.explained) <= {Reason.COPY}
    assert made.esp + made.sip > 0 or "zeek_gtp1" in path.name
