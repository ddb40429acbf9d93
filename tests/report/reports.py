"""Reports made by hand, for the tests of the renderers and of the commands."""

from __future__ import annotations

from typing import Any

from analyzer.finding import Finding, Tally
from analyzer.frame import FrameRef
from analyzer.report.chronicle import Arrow
from analyzer.report.model import CaptureSummary, EspCounts, Report, SetSummary, SipCounts, SubjectSummary
from analyzer.report.renderers import Material
from analyzer.verdict import Level, Severity

START = 1_768_027_862_119_000_000
"""2026-01-10 06:51:02.119 UTC."""
SECOND = 1_000_000_000
PHRASES = {200: "OK", 401: "Unauthorized"}
IMPI = "001010000000101@ims.mnc001.mcc001.3gppnetwork.org"


def finding(rule: str = "PORT-09", verdict: str = "violation", **other: Any) -> Finding:
    """A finding with everything filled in; any field may be given."""
    values: dict[str, Any] = {
        "level": Level.MUST,
        "severity": Severity.MEDIUM,
        "actor": "P-CSCF",
        "subject": "s1",
        "capture": 0,
        "frame": 15,
        "time": START + 4 * SECOND,
        "message": "the answer left port_ps for port_uc over UDP",
        "expected": "5100>46432",
        "observed": "6100>56342",
        "clause": "TS 33.203 7.1",
        "fault": "wrong-pair",
        "occurrences": [other.get("frame", 15)],
    }
    return Finding(rule=rule, verdict=verdict, **(values | other))


def set_summary(generation: int = 1, **other: Any) -> SetSummary:
    """A set of one subject, all four messages seen."""
    values: dict[str, Any] = {
        "subject": "s1",
        "parent": generation - 1 or None,
        "state_ue": "use",
        "state_pcscf": "new",
        "spi_uc": 0x63C05669,
        "spi_us": 0xB1D2F0F1,
        "spi_pc": 0x1000,
        "spi_ps": 0x1001,
        "port_uc": 56342,
        "port_us": 46432,
        "port_pc": 5100,
        "port_ps": 6100,
        "alg": "hmac-sha-1-96",
        "ealg": "aes-cbc",
        "mod": "trans",
        "keyed": True,
        "capture": 0,
        "sm1": 3,
        "sm6": 5,
        "sm7": 8,
        "sm12": 9,
        "expires_at": START + 3600 * SECOND,
    }
    return SetSummary(generation=generation, **(values | other))


def sent(number: int, method: str, status: int = 0, **other: Any) -> Arrow:
    """A SIP message of the UE on the first set, in the frame of this number."""
    values: dict[str, Any] = {
        "at": FrameRef(other.pop("capture", 0), number, START + number * SECOND),
        "frames": (),
        "subject": "s1",
        "ue": "10.20.0.11",
        "pcscf": "10.20.0.1",
        "uplink": True,
        "start_line": f"SIP/2.0 {status} {PHRASES.get(status, '')}" if status else f"{method} sip:a SIP/2.0",
        "call_id": f"call-{number}",
        "cseq": number,
        "transport": "UDP",
        "sport": 56342,
        "dport": 6100,
        "generation": 1,
        "role": "uc>ps",
        "spi": 4097,
        "sequence": number,
        "state_ue": "use",
        "state_pcscf": "use",
    }
    return Arrow(method=method, status=status, **(values | other))


def report(**other: Any) -> Report:
    """A report of one registration with three findings; any field may be given."""
    cause = finding("NEG-07", fault="verify-differs", severity=Severity.CRITICAL, actor="UE", frame=8, time=START)
    values: dict[str, Any] = {
        "version": "0.1.0",
        "profile": "rel-17",
        "captures": [
            CaptureSummary(
                path="udp4_sha1_aes.pcap",
                frames=1071,
                first=START,
                last=START + 23_831 * SECOND // 1000,
                skipped={"ARP": 4, "not signalling": 0},
                notices=["the last record is cut short"],
            )
        ],
        "copies": 2,
        "esp": EspCounts(packets=46, verified=44, no_key=2),
        "sip": SipCounts(messages=50, clear=4, protected=46),
        "subjects": [
            SubjectSummary(
                id="s1",
                impi=IMPI,
                impus=[f"sip:{IMPI}"],
                contact="sip:001010000000101@10.20.0.11:46432",
                ue="10.20.0.11",
                pcscf="10.20.0.1",
            )
        ],
        "sa_sets": [set_summary(state_ue="old", state_pcscf="use"), set_summary(2, expires_at=None)],
        "rules": [
            Tally(id="NEG-01", passed=2),
            Tally(id="NEG-07", violation=1, passed=1),
            Tally(id="NEG-09"),
            Tally(id="NEG-10"),
            Tally(id="PORT-09", violation=5, passed=12),
            Tally(id="SA-13", probable=1),
        ],
        "findings": [
            finding(
                count=5,
                occurrences=[15, 23, 30, 38, 42],
                related=(14, 22),
                argument="the UE's Via has no rport, and the datagram was verified on the set's fourth association",
            ),
            finding(
                "SA-13",
                "probable",
                fault="old-set",
                frame=43,
                cause=cause.fingerprint,
                traps=("FP2",),
                argument="no acknowledgement of the new set was seen before it",
            ),
            cause,
        ],
        "notices": ["no key for SPI 0x1f4a (10.20.0.1 > 10.20.0.12): 2 packets; give it with --keys"],
    }
    return Report(**(values | other))


def material(made: Report | None = None, **other: Any) -> Material:
    """What a renderer is given: a report (by default the one above) and any other field of it."""
    return Material(report=report() if made is None else made, **other)
