"""What the comments on frames say, and that they stand at the right ones."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.finding import Finding, Waived
from analyzer.report import pcapng_comments
from analyzer.report.model import CaptureSummary, Report
from analyzer.report.pcapng_comments import REFERENCES, Comments, about, names
from tests.report.reports import IMPI, finding, report


def captures(*paths: str) -> list[CaptureSummary]:
    return [CaptureSummary(path=path, frames=99, first=0, last=0) for path in paths]


def on(made: Report, capture: int = 0, until: int = 99) -> dict[int, list[str]]:
    """Frames with their comments."""
    comments = Comments(made)
    found = {number: comments.at(capture, number) for number in range(1, until)}
    return {number: lines for number, lines in found.items() if lines}


def test_the_frame_of_the_finding_has_all_of_it() -> None:
    one = finding(
        related=(14, 22),
        count=3,
        occurrences=[15, 30, 40],
        argument="nothing is missing",
        waived=Waived("ticket 7", date(2026, 12, 31)),
        cause="00112233445566ff",
    )
    found = on(report(findings=[one]))
    assert found.pop(15) == [
        "gmaudit violation[PORT-09] P-CSCF: the answer left port_ps for port_uc over UDP. Expected: 5100>46432. "
        "Observed: 6100>56342. Waived until 2026-12-31: ticket 7. MUST of TS 33.203 7.1; severity medium. "
        "Certain: nothing is missing. See frames 14, 22. 3 times: 15, 30, 40. "
        f"Subject: {IMPI} at 10.20.0.11. Explained by the finding with fingerprint 00112233445566ff. "
        f"Fingerprint {one.fingerprint}; this is frame 15 of udp4_sha1_aes.pcap"
    ]
    told = "told at frame 15 of udp4_sha1_aes.pcap: the answer left port_ps for port_uc over UDP"
    assert found == {
        **{frame: [f"gmaudit violation[PORT-09] P-CSCF, rests on frame {frame}, {told}"] for frame in (14, 22)},
        **{frame: [f"gmaudit violation[PORT-09] P-CSCF, again in frame {frame}, {told}"] for frame in (30, 40)},
    }


def test_a_doubt_is_told() -> None:
    one = finding(verdict="probable", argument="loss", traps=("FP2", "FP4"), subject="s9", waived=Waived("so", None))
    (line,) = on(report(findings=[one]))[15]
    assert "In doubt: loss. Not ruled out: FP2, FP4. Subject: s9. " in line
    assert "Waived: so. " in line


def test_frames_of_other_captures() -> None:
    one = finding(capture=1, frame=3, occurrences=[3], related_other=((0, 7),))
    made = report(findings=[one], captures=captures("a/x.pcap", "b/x.pcap", "c/y.pcap"))
    assert list(on(made, 0)) == [7]
    assert "rests on frame 7 of a/x.pcap, told at frame 3 of b/x.pcap" in on(made, 0)[7][0]
    assert "See frame 7 of a/x.pcap. " in on(made, 1)[3][0]
    assert on(made, 2) == {}
    assert names(made) == ["a/x.pcap", "b/x.pcap", "y.pcap"]


def test_many_references_to_one_frame_are_counted() -> None:
    many = [finding(frame=40 + place, related=(3,)) for place in range(REFERENCES + 5)]
    lines = on(report(findings=many))[3]
    assert len(lines) == REFERENCES + 1
    assert lines[-1] == "gmaudit: 5 more findings refer to this frame"
    own = on(report(findings=[finding(frame=3) for _ in range(REFERENCES + 5)]))[3]
    assert len(own) == REFERENCES + 5


def test_nothing_in_it_steers_a_terminal() -> None:
    nasty = "\x1b[2J\u202e\n<b>"
    one = finding(message=nasty, expected=nasty, observed=nasty, argument=nasty, clause=nasty, related=(3,))
    made = report(findings=[one], captures=captures(f"{nasty}.pcap"))
    lines = [line for each in on(made).values() for line in each] + [about(made)]
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_the_capture_itself_says_what_it_is() -> None:
    three = [finding(), finding("SA-13", "probable"), finding("SA-14", waived=Waived("so", None))]
    made = report(findings=three, captures=captures(*(f"{place}.pcap" for place in range(25))))
    line = about(made)
    assert line.startswith("gmaudit 0.1.0, profile rel-17: violation; 2 violations, 1 probable, 1 of them waived. ")
    assert line.endswith(", 19.pcap and 5 more")
    assert "nothing-to-judge; no findings. " in about(report(findings=[], rules=[]))


FRAMES = st.integers(1, 12)
FINDINGS = st.builds(
    lambda capture, frame, related, occurrences, others: finding(
        capture=capture,
        frame=frame,
        related=tuple(related),
        occurrences=[frame, *occurrences],
        related_other=tuple((1 - capture, other) for other in others),
    ),
    st.integers(0, 1),
    FRAMES,
    st.lists(FRAMES, max_size=3),
    st.lists(FRAMES, max_size=3),
    st.lists(FRAMES, max_size=3),
)


@given(st.lists(FINDINGS, max_size=12), st.sets(FRAMES))
@settings(deadline=None)
def test_each_frame_of_a_finding_has_one_comment_of_it(found: list[Finding], asked: set[int]) -> None:
    made = report(findings=found, captures=captures("a", "b"))
    for capture in (0, 1):
        comments = Comments(made)
        for number in sorted(asked):
            expected = sum(
                number in {each.frame, *each.related, *each.occurrences}
                if each.capture == capture
                else (capture, number) in each.related_other
                for each in found
            )
            assert len(comments.at(capture, number)) == expected <= REFERENCES


def test_codes_hold_every_kind() -> None:
    kinds = (pcapng_comments.OWN, pcapng_comments.AGAIN, pcapng_comments.RELATED)
    frames = pcapng_comments._marked(finding(frame=1 << 40, occurrences=[1 << 40, 5], related=(6,)))[0]
    assert list(pcapng_comments._unpacked(frames, 9)) == [(5, 9, kinds[1]), (6, 9, kinds[2]), (1 << 40, 9, kinds[0])]
