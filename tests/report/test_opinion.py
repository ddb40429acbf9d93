"""The second opinion in reports: the section for people, JSON, and pseudonyms in both."""

from __future__ import annotations

import io
from typing import Any

from analyzer.opinion.model import Difference, Explained, Reason, SecondOpinion
from analyzer.report import json, text
from analyzer.report.opinion import SHOWN
from analyzer.report.pseudonyms import Pseudonyms
from tests.report.reports import report
from tests.report.schema import load

IMSI = "001010000000101"


def difference(**more: Any) -> Difference:
    values: dict[str, Any] = {
        "about": "sip",
        "capture": 0,
        "frame": 15,
        "ours": f"SIP/2.0 200 OK (Call-ID 1@10.20.0.11, CSeq 1 REGISTER) {IMSI}\x1b[2J",
        "theirs": "no such message",
    }
    return Difference(**(values | more))


def opinion(**more: Any) -> SecondOpinion:
    copies = Explained(reason=Reason.COPY, count=17, frames=[(0, 8), (0, 18)])
    values: dict[str, Any] = {"esp": 1052, "sip": 1, "sec_agree": 29, "explained": {Reason.COPY: copies}}
    return SecondOpinion(program="tshark 4.0.17", **(values | more))


def section(made: SecondOpinion) -> list[str]:
    stream = io.StringIO()
    text.write(report(second_opinion=made), stream)
    lines = stream.getvalue().splitlines()
    return lines[lines.index("Second opinion: tshark 4.0.17") + 1 : lines.index("Summary") - 1]


def test_agreement_for_people() -> None:
    assert section(opinion(explained={})) == [
        "  both see the same: 1,052 ESP packets, 1 SIP message, 29 Security-* headers",
        "  nothing differs",
    ]


def test_what_is_explained_names_its_frames() -> None:
    lines = section(opinion())
    whole = " ".join(line.strip() for line in lines[1:-1])
    assert whole == f"- 17 times: {Reason.COPY.sentence} (frames of udp4_sha1_aes.pcap 8, 18)"
    assert lines[-1] == "  nothing else differs"


def test_what_is_not_explained_shows_both_sides() -> None:
    lines = section(opinion(unexplained=1, differences=[difference()], notes=["x.pcap: compared up to frame 3 of 9"]))
    assert "  - not compared: x.pcap: compared up to frame 3 of 9" in lines
    assert lines[-4:] == [
        "  1 difference that nothing explains:",
        "  SIP in udp4_sha1_aes.pcap frame 15",
        f"    gmaudit SIP/2.0 200 OK (Call-ID 1@10.20.0.11, CSeq 1 REGISTER) {IMSI}\\x1b[2J",
        "    tshark  no such message",
    ]


def test_of_many_differences_the_first_are_shown() -> None:
    lines = section(opinion(unexplained=5000, differences=[difference() for _ in range(1000)]))
    assert sum("frame 15" in line for line in lines) == SHOWN
    assert lines[-1] == f"  … {5000 - SHOWN:,} more; the JSON report has them"


def written(**more: Any) -> dict[str, Any]:
    stream = io.StringIO()
    json.write(report(**more), stream)
    return load(stream.getvalue())


def test_json_has_every_field() -> None:
    made = opinion(unexplained=1, differences=[difference(about="sec-agree")], notes=["a note"])
    assert written(second_opinion=made)["second_opinion"] == {
        "program": "tshark 4.0.17",
        "agree": {"esp": 1052, "sip": 1, "sec_agree": 29},
        "explained": [
            {
                "reason": "copy",
                "explanation": Reason.COPY.sentence,
                "count": 17,
                "frames": [{"capture": 0, "frame": 8}, {"capture": 0, "frame": 18}],
            }
        ],
        "unexplained": 1,
        "differences": [
            {
                "about": "sec-agree",
                "capture": 0,
                "frame": 15,
                "ours": f"SIP/2.0 200 OK (Call-ID 1@10.20.0.11, CSeq 1 REGISTER) {IMSI}\x1b[2J",
                "theirs": "no such message",
            }
        ],
        "notes": ["a note"],
    }


def test_json_without_a_second_opinion_says_null() -> None:
    assert written()["second_opinion"] is None


def test_pseudonyms_reach_every_text() -> None:
    made = opinion(unexplained=1, differences=[difference(theirs="to 10.20.0.11")], notes=["/captures/10.20.0.11: no"])
    hidden = Pseudonyms(b"k" * 16).report(report(second_opinion=made)).second_opinion
    assert hidden is not None
    shown = str(hidden)
    assert "10.20.0.11" not in shown
    assert IMSI not in shown
    assert hidden.explained == made.explained
    assert Pseudonyms(b"k" * 16).report(report()).second_opinion is None
