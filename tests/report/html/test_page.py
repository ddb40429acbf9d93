"""What the page says, read without a browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64encode
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer import cli
from analyzer.finding import Tally, Waived
from analyzer.opinion.model import Difference, Explained, Reason, SecondOpinion
from analyzer.report.html.page import data
from analyzer.report.model import WaiverSummary
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.renderers import Material
from tests.report.html.large import large
from tests.report.html.made import material, page, recorded
from tests.report.reports import finding, report
from tests.scenario import Scenario
from tests.test_captures import CAPTURES


class Outline(HTMLParser):
    """Elements of a page, with what stands in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def islands(text: str) -> dict[str, object]:
    """What opens later, by name."""
    found = re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', text, re.DOTALL)
    return {name: json.loads(content) for name, content in found}


def headline(made: Material) -> tuple[str, str]:
    text = page(made)
    found = re.search(r'<h1 id="headline">(.*?)</h1>\n<p class="lead">(.*?)</p>', text)
    assert found is not None
    return found[1], found[2]


def test_elements_are_closed_and_nothing_comes_from_elsewhere() -> None:
    text = page(recorded("ue_misbehaves_after_rereg_udp4", "ue_misbehaves_after_rereg_udp4.pcap"))
    parts = [text]
    for island in islands(text).values():
        parts += [island] if isinstance(island, str) else []
        parts += (
            [piece for each in island if isinstance(each, list) for piece in each[1:]]
            if isinstance(island, list)
            else []
        )
    for part in parts:
        outline = Outline(part)
        assert outline.open == outline.wrong == []
        for tag, attributes in outline.elements:
            assert tag not in ("img", "link", "iframe", "object", "embed", "base", "video", "audio")
            assert not {"src", "srcset", "style", "onclick", "onload"} & set(attributes)
            target = attributes.get("href") or "#"
            assert target.startswith(("#", "https://www.3gpp.org/", "https://www.rfc-editor.org/"))


def test_the_same_page_twice() -> None:
    name = "ue_misbehaves_after_rereg_udp4"
    one, other = (page(recorded(name, f"{name}.pcap")) for _ in range(2))
    assert one == other


def test_the_policy_names_its_script_and_its_style() -> None:
    text = page(Material(report=report()))
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert found is not None
    policy = found[1].replace("&#39;", "'").replace("&#34;", '"')
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for name in ("script", "style"):
        (content,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("text", ["</script>", "<!--", "<script>", "<SCRIPT x>", "</SCRIPT", "<!-- <script>", "\u2028"])
def test_nothing_ends_an_island(text: str) -> None:
    made = data({"a": [text, f"x{text}y"]})
    assert not re.search(r"</|<!|<script", made, re.IGNORECASE)
    assert json.loads(made) == {"a": [text, f"x{text}y"]}


def test_the_headline_says_who_is_at_fault() -> None:
    proven = finding("PORT-09", actor="P-CSCF")
    theirs = finding("NEG-07", actor="UE", fault="other")
    other = finding("AUTH-01", actor="network", fault="third")
    perhaps = finding("SA-05", "probable", fault="perhaps")
    judged = [Tally(id="PORT-09", passed=3, violation=1), Tally(id="NEG-07")]

    def said(*findings: object, **values: object) -> str:
        return headline(Material(report=report(findings=list(findings), rules=judged, **values)))[0]

    assert said(proven) == "The P-CSCF is at fault"
    assert said(proven, theirs) == "Both the P-CSCF and the UE are at fault"
    assert said(proven, theirs, other) == "The P-CSCF, the UE and the network are at fault"
    assert said(proven, perhaps) == "The P-CSCF is at fault"
    assert said(perhaps) == "Nothing is proven to be broken"
    assert said() == "Nothing is broken, as far as it could be judged"
    assert headline(Material(report=report(findings=[], rules=[])))[0] == "Nothing could be judged"


def test_what_is_waived_accuses_nobody_and_is_shown() -> None:
    waived = finding(waived=Waived("fixed in firmware 4.2", date(2026, 12, 31)))
    text = page(Material(report=report(findings=[waived])))
    assert "Nothing is broken, as far as it could be judged" in text
    assert "fixed in firmware 4.2" in str(islands(text)["data-fault-0"])
    assert '<i class="cell v-waived">w</i> waived' in text  # the squares of the matrix have a legend
    assert "v-waived" not in page(Material(report=report(findings=[finding()]))).partition("</style>")[2]


def test_what_could_not_be_judged_says_whose_it_would_be_and_stands_there_once() -> None:
    why = "ESP with an SPI that nobody announced"
    blind = [finding("ESP-01", "inconclusive", actor=actor, message=why) for actor in ("UE", "P-CSCF", "unknown")]
    text = page(Material(report=report(findings=blind, notices=[f"s1: {why}", "another notice"])))
    for told in ("ESP-01 · UE<", "ESP-01 · P-CSCF<", "ESP-01<", "another notice"):
        assert told in text
    assert f"s1: {why}" not in text


def test_subjects_with_findings_are_shown_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.report.html.page.SUBJECTS", 12)
    made = large(subjects=40, findings=75, messages=2)
    far = made.report.subjects[33].id
    made.report.findings[0].subject = far
    text = page(made)
    shown = re.findall(r'<details class="subject v-(\w+)" id="subject-(\d+)"', text)
    assert [int(number) for _, number in shown] == list(range(1, 13))
    assert [state for state, _ in shown].count("violation") == 4
    assert far.partition("@")[0] in text and "28 further subjects" in text


def test_waivers_and_the_second_opinion_are_told() -> None:
    waiver = WaiverSummary(
        place="w.toml, waiver 1",
        rule="PORT",
        actor="UE",
        subject=None,
        fingerprint=None,
        reason="ticket 1234",
        expires=None,
        state="unused",
    )
    opinion = SecondOpinion(program="TShark 4.0", esp=3, sip=2, unexplained=1)
    opinion.explained[Reason.COPY] = Explained(reason=Reason.COPY, count=2, frames=[(0, 5)])
    opinion.differences.append(Difference(about="esp", capture=0, frame=7, ours="verified", theirs="<bad>"))
    text = page(Material(report=report(waivers=[waiver], second_opinion=opinion)))
    for told in ("ticket 1234", "PORT, UE: unused", "TShark 4.0", Reason.COPY.sentence, "tshark: &lt;bad&gt;"):
        assert told in text


def test_one_fault_of_many_subjects_is_told_once() -> None:
    many = [finding(subject=f"s{number}", frame=10 + number, occurrences=[10 + number]) for number in range(150)]
    text = page(Material(report=report(findings=many)))
    assert text.count('<details class="fault') == 1
    assert "150 subjects" in text
    found = islands(text)["data-fault-0"]
    assert isinstance(found, list) and len(found) == 150


def test_what_a_fault_explains_stands_under_it() -> None:
    cause = finding("NEG-07", fault="cause", actor="UE", frame=9, occurrences=[9])
    effect = finding("SA-05", fault="effect", cause=cause.fingerprint)
    text = page(Material(report=report(findings=[effect, cause])))
    faults = re.findall(r'<details class="(fault[^"]*)" id="fault-(\d)"', text)
    assert faults == [("fault v-violation", "0"), ("fault v-violation effect", "1")]
    assert "follows from NEG-07" in text


def test_findings_that_explain_each_other_are_all_told() -> None:
    one = finding("NEG-07", fault="one")
    other = finding("SA-05", fault="other", cause=one.fingerprint)
    one.cause = other.fingerprint
    assert page(Material(report=report(findings=[one, other]))).count('<details class="fault') == 2


def test_links_differ_and_say_where() -> None:
    same = [finding(fault=f"fault-{number}") for number in range(3)]
    elsewhere = finding(capture=1, frame=7)
    captures = report().captures * 2
    index = islands(page(Material(report=report(findings=[*same, elsewhere], captures=captures))))["data-index"]
    assert isinstance(index, dict)
    assert sorted(row[0] for row in index["findings"]) == ["PORT-09-15", "PORT-09-15~2", "PORT-09-15~3", "PORT-09-2.7"]


def test_pseudonyms_hold_in_the_whole_page() -> None:
    made = recorded("udp4_sha1_aes", "udp4_sha1_aes.pcap")
    names = Pseudonyms(b"a key of sixteen")
    identities = {subject.ue for subject in made.report.subjects} | {"001010000000101", "0010000001"}
    plain = page(made)
    assert made.chronicle is not None
    hidden = page(replace(made, report=names.report(made.report), chronicle=made.chronicle.through(names)))
    for identity in identities:
        assert identity in plain
        assert identity not in hidden
    assert "35622410" not in hidden and "utran-cell-id" not in hidden


def test_no_key_is_in_the_page() -> None:
    known = json.loads((CAPTURES / "ckik_leak_udp4" / "ckik_leak_udp4.json").read_text("utf-8"))["subscribers"][0]
    text = page(recorded("ckik_leak_udp4", "ckik_leak_udp4.pcap")).lower()
    assert "(not shown)" in text
    for secret in (known["k"], known["opc"], *(each[name] for each in known["sets"] for name in ("ck", "ik", "res"))):
        assert secret.lower() not in text


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, s = tmp_path / "report.html", Scenario()
    first = s.register(sm7={"headers": {"Security-Verify": None}})
    s.request("ue", "MESSAGE", on=first)
    capture, keys = tmp_path / "gm.pcap", tmp_path / "keys.toml"
    capture.write_bytes(s.pcap())
    keys.write_text(s.keys_toml(), "utf-8")
    assert cli.main(["check", str(capture), "--keys", str(keys), "--format", "html", "--output", str(place)]) == 1
    assert capsys.readouterr().out == ""
    text = place.read_text("utf-8")
    assert "at fault</h1>" in text and 'id="rule-NEG-08"' in text


def test_the_template_engine_is_loaded_for_this_form_alone(tmp_path: Path) -> None:
    capture = CAPTURES / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"
    for form in ("text", "json"):
        script = "import sys; from analyzer import cli; cli.main(sys.argv[1:]); sys.exit('jinja2' in sys.modules)"
        call = ["check", str(capture), "--fail-on", "never", "--format", form, "--output", str(tmp_path / form)]
        assert subprocess.run([sys.executable, "-c", script, *call], check=False).returncode == 0


def test_a_report_without_anything() -> None:
    empty = report(captures=[], findings=[], rules=[], subjects=[], sa_sets=[], notices=[])
    outline = Outline(page(Material(report=empty)))
    assert outline.open == outline.wrong == []


def test_a_message_that_comes_again_says_so() -> None:
    text = page(recorded("udp4_sha1_aes", "udp4_sha1_aes.pcap"))
    (ladder,) = (str(island) for name, island in islands(text).items() if name.startswith("data-subject"))
    again = {int(row) for row in re.findall(r'id="frame-1-0-(\d+)"(?:(?!</tr>).)*<i>(?:REGISTER )?again</i>', ladder)}
    assert {4, 48, 53, 58} <= again and not {3, 37, 47, 51} & again


def test_a_ladder_keeps_what_matters(tmp_path: Path) -> None:
    s = Scenario()
    first = s.register()
    for _ in range(250):
        s.request("ue", "MESSAGE", on=first)
    s.register(over=first, sm7={"headers": {"Security-Verify": None}})
    for _ in range(50):
        s.request("ue", "OPTIONS", on=first)
    made = material(s)
    (picture,) = [value for name, value in islands(page(made)).items() if name.startswith("data-subject")]
    assert isinstance(picture, str)
    for label in ("sm1", "sm12", "sm7.2"):
        assert f'id="frame-1-0-{s.frame(label)}"' in picture
    assert re.search(r"[0-9,]+ messages without findings left out", picture)
    assert picture.count('<td class="arrow">') == 300
