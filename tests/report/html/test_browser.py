"""The page as a reader has it: opened from disk in a real browser."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from selenium.webdriver.common.keys import Keys

from analyzer.report.renderers import Material
from tests.report.html.browser import Browser
from tests.report.html.large import large
from tests.report.html.made import material, page, recorded
from tests.scenario import Scenario

pytestmark = pytest.mark.chromium

MISBEHAVING = ("ue_misbehaves_after_rereg_udp4", "ue_misbehaves_after_rereg_udp4.pcap")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    made = Browser()
    yield made
    made.close()


@pytest.fixture(scope="module")
def made() -> Material:
    return recorded(*MISBEHAVING)


@pytest.fixture(scope="module")
def file(made: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(made, tmp_path_factory.mktemp("html"))


def stored(made: Material, place: Path) -> Path:
    path = place / "report.html"
    path.write_text(page(made), "utf-8")
    return path


def opened(browser: Browser) -> int:
    found: int = browser.run("return document.querySelectorAll('details[open]').length")
    return found


def test_it_asks_for_nothing_and_complains_of_nothing(browser: Browser, file: Path, made: Material) -> None:
    browser.requests()
    browser.open(file)
    browser.run("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    assert browser.requests() - {"about:blank"} == {file.as_uri()}
    details = browser.run("return document.querySelectorAll('.detail').length")
    assert details == len([finding for finding in made.report.findings if finding.verdict != "inconclusive"])
    assert browser.run("return document.querySelectorAll('.plot').length") == len(made.report.subjects)
    assert browser.complaints() == []


def test_a_stranger_sees_who_since_when_where_and_by_which_clause(browser: Browser, file: Path) -> None:
    browser.open(file)
    assert browser.text("h1") == "Both the UE and the P-CSCF are at fault"
    summary = browser.text("#summary")
    for told in ("4 broken", "05:03:06.860, frame 16", "TS 33.203 7.4.1a", "rules not exercised", "22 verified"):
        assert told in summary


def test_deep_links_open_what_they_name(browser: Browser, file: Path) -> None:
    browser.open(file, "#finding-SA-12-16")
    assert browser.run("return document.querySelectorAll('.fault[open]').length") == 1
    assert "began a new transaction on the old set" in browser.text(".fault[open]")
    assert browser.run("return document.querySelector('.fault[open]').getBoundingClientRect().top") < 300
    browser.run("location.hash = 'subject-1'")
    assert browser.shown(".subject .plot") == [""]
    browser.run("location.hash = 'subject-1-frame-0-16'")
    assert browser.run("return document.querySelector('tr.target').id") == "frame-1-0-16"
    browser.run("location.hash = 'rule-PORT-09'")
    assert browser.run("return document.getElementById('rule-PORT-09').open") is True
    for wrong in ("finding-", "finding-NO-1-1", "subject-99", "subject-1-frame-9-9", "%E0%A4%A", 'rule-"><b>'):
        browser.run("location.hash = arguments[0]", wrong)
    assert browser.complaints() == []


def test_a_link_finds_what_a_filter_hides(browser: Browser, file: Path) -> None:
    browser.open(file)
    filtered(browser, rule="PORT-09")
    browser.run("location.hash = 'finding-SA-12-16'")
    assert len(browser.shown(".fault[open]")) == 1
    assert "of" not in browser.text("#shown")


def filtered(browser: Browser, **chosen: str) -> None:
    browser.run(
        """const form = document.getElementById('filters');
        for (const [name, value] of Object.entries(arguments[0])) form[name].value = value;
        form.dispatchEvent(new Event('input'));""",
        chosen,
    )


def test_filters_by_verdict_rule_actor_subject_and_words(browser: Browser, file: Path, made: Material) -> None:
    findings = made.report.findings
    total = len(findings)
    browser.open(file)
    everything = browser.shown(".fault")
    assert browser.text("#shown") == f"{total}"

    def counted(**chosen: str) -> int:
        browser.run("document.getElementById('filters').reset()")
        filtered(browser, **chosen)
        text = browser.text("#shown")
        return int(text.partition(" ")[0])

    assert counted(rule="PORT-09") == sum(finding.rule == "PORT-09" for finding in findings)
    assert counted(actor="UE") == sum(finding.actor == "UE" for finding in findings)
    assert counted(subject="1") == sum(finding.subject is not None for finding in findings)
    assert counted(subject="0") == sum(finding.subject is None for finding in findings)
    assert browser.shown("#none") == (["none"] if counted(subject="0") == 0 else [])
    assert 0 < counted(text="old set") < total
    assert counted(text="old set", actor="P-CSCF") < counted(text="old set")
    assert counted(text="no such words") == 0 and browser.shown(".fault") == []
    browser.run("document.getElementById('filters').reset()")
    browser.run("document.querySelector('[name=state][value=violation]').click()")
    shown = int(browser.text("#shown").partition(" ")[0])
    assert shown == sum(finding.verdict != "violation" for finding in findings)
    browser.run("document.querySelector('[type=reset]').click()")
    browser.run("return 0")
    assert browser.shown(".fault") == everything


def test_keys(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.press("j", "j", Keys.ENTER)
    focused = "return document.activeElement.parentElement.id + document.activeElement.parentElement.open"
    assert browser.run(focused) == "fault-1true"
    top, bottom, height = browser.run(
        "const box = document.activeElement.parentElement.getBoundingClientRect();"
        "return [box.top, box.bottom, innerHeight]"
    )
    assert top < height / 4 or bottom <= height  # what has opened can be read
    browser.press("k")
    assert browser.run(focused) == "fault-0false"
    browser.press("/", "P", "O", "R", "T", "j", "t")
    assert browser.run("return document.activeElement.value") == "PORTjt"
    browser.press(Keys.ESCAPE, "g", "u")
    assert browser.run("return location.hash") == "#subjects"
    browser.press("?")
    assert browser.shown("dialog") == ["help"]
    browser.press(Keys.ESCAPE)
    assert browser.shown("dialog") == []
    assert browser.complaints() == []


def test_light_and_dark(browser: Browser, file: Path) -> None:
    browser.open(file)
    paper = "return getComputedStyle(document.body).backgroundColor"
    for scheme in ("light", "dark"):
        browser.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        bright = browser.run(paper) == "rgb(255, 255, 255)"
        assert bright is (scheme == "light")
    browser.press("t")
    assert browser.run(paper) == "rgb(255, 255, 255)"
    browser.press("t")
    assert browser.run(paper) != "rgb(255, 255, 255)" and browser.text("#theme") == "Dark"
    browser.press("t")
    assert browser.text("#theme") == "Auto"
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_contrast_is_enough_in_both_schemes(browser: Browser, file: Path) -> None:
    browser.open(file)
    for _ in range(2):
        browser.press("t")
        weak = browser.run(
            """const lit = (text) => {
              const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
                .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const behind = (e) => {
              for (; e; e = e.parentElement) {
                const colour = getComputedStyle(e).backgroundColor;
                if (!/^rgba.*, 0\\)$|transparent/.test(colour)) return colour;
              }
              return 'rgb(255, 255, 255)';
            };
            document.querySelectorAll('.fault, .subject').forEach((box) => { box.open = true; });
            return [...document.querySelectorAll('main *')]
              .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
              .filter((e) => !e.closest('svg, .zero'))
              .map((e) => {
                const [one, other] = [lit(getComputedStyle(e).color), lit(behind(e))].sort((a, b) => a - b);
                return [(other + 0.05) / (one + 0.05), e.className, e.textContent.slice(0, 40)];
              })
              .filter(([ratio]) => ratio < 4.5);"""
        )
        assert weak == []


def test_everything_has_a_name_for_those_who_do_not_see_it(browser: Browser, file: Path) -> None:
    browser.open(file)
    browser.run("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    nameless = [
        node["role"]["value"]
        for node in tree["nodes"]
        if not node.get("ignored")
        and node.get("role", {}).get("value")
        in ("button", "link", "checkbox", "combobox", "searchbox", "DisclosureTriangle")
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    doubled = browser.run(
        "const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);"
        "return ids.filter((id, place) => ids.indexOf(id) !== place)"
    )
    assert doubled == []


def test_a_narrow_page_is_not_wider_than_its_window(browser: Browser, file: Path) -> None:
    for width in (420, 1400):
        browser.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.open(file)
        browser.run("document.querySelectorAll('.fault, .subject').forEach((box) => { box.open = true; })")
        assert browser.run("return document.documentElement.scrollWidth") <= width
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_paper_has_all_findings_open_and_no_buttons(browser: Browser, file: Path) -> None:
    paper = {"width": 700, "height": 1000, "deviceScaleFactor": 1, "mobile": False}  # A4 without its margins
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", paper)
    browser.open(file)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.shown("button:not([data-text]), .filters, nav a") == []
    assert len(browser.shown(".fault .detail")) == browser.run("return document.querySelectorAll('.fault').length")
    assert browser.shown(".subject .plot") == [""]
    assert len(browser.shown(".subject .plot .bar")) > 10
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert len(browser.driver.print_page()) > 50_000


def test_headers_of_a_message_open_below_it_with_what_matters_marked(browser: Browser, file: Path) -> None:
    browser.open(file, "#finding-NEG-11-30")
    own = "document.querySelector('.fault[open] .message.own .quote')"
    assert browser.run(f"return [...{own}.querySelectorAll('mark')].map((e) => e.textContent.split('=')[0])") == [
        "spi-c",
        "spi-s",
        "port-c",
    ]
    before = browser.run(f"return {own}.innerText.split('\\n').length")
    browser.run(f"{own}.querySelector('button').click()")
    assert browser.run(f"return {own}.innerText.split('\\n').length") > before + 10
    browser.run("location.hash = 'subject-1'")
    row = "document.getElementById('frame-1-0-16')"
    browser.run(f"{row}.querySelector('button').click()")
    assert "Call-ID:" in browser.run(f"return {row}.nextElementSibling.innerText")
    browser.run(f"{row}.querySelector('button').click()")
    assert browser.run(f"return {row}.nextElementSibling.id") == "frame-1-0-17"


HOSTILE = (
    '"><script>document.title="owned"</script><img src=x onerror=document.title="owned">',
    "</script><script>document.title='owned'</script><!--<script>",
    "\u202e\u2066'; document.title='owned' //\u2028{{7*7}}{% raw %}",
    "javascript:document.title='owned'" + "&lt;" * 4,
    "</td></table></main></template></textarea></style>",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_headers_do_nothing(browser: Browser, tmp_path: Path, value: str) -> None:
    s = Scenario()
    names = ("User-Agent", "Supported", "Subject", "P-Access-Network-Info", value)
    first = s.register(
        sm1={"headers": dict.fromkeys(names, f'"{value}" <sip:a@b>;q={value}')},
        sm7={"headers": {"Security-Verify": value, "X-One": value}},
        sm12={"headers": {"P-Associated-URI": f"<sip:{value}@x>", "Server": value}},
    )
    s.request(
        "ue", "MESSAGE", on=first, uri=f"sip:{value.replace(' ', '')}@x", headers={"Subject": value, "From": value}
    )
    made = material(s)
    made.report.captures[0].path = f"{value}.pcap"
    made.report.notices.append(value)
    for each in made.report.findings:
        each.message += value
    made = replace(made, report=replace(made.report, profile=value, crashed=[value]))
    browser.open(stored(made, tmp_path))
    browser.run("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    browser.run("document.querySelectorAll('button[data-text]').forEach((each) => each.click())")
    assert browser.run("return document.title") != "owned"
    assert (
        browser.run(
            "return [...document.querySelectorAll('script')].filter((e) => e.type !== 'application/json').length"
        )
        == 1
    )
    assert (
        browser.run("return document.querySelectorAll('img, iframe, object, embed, link, base, main main').length") == 0
    )
    assert browser.run("return document.querySelectorAll('footer').length") == 1
    assert not set(browser.run("return document.body.textContent")) & set("\u202e\u2066\u2028")
    assert browser.complaints() == []


def test_headers_of_64_kilobytes_do_not_break_the_page(browser: Browser, tmp_path: Path) -> None:
    s = Scenario(transport="tcp")
    s.register(sm1={"headers": {"User-Agent": "x" * 60_000}}, sm7={"headers": {"Security-Verify": None}})
    browser.open(stored(material(s), tmp_path))
    browser.run("document.querySelectorAll('.fault, .subject').forEach((box) => { box.open = true; })")
    browser.run("document.querySelectorAll('button[data-text]').forEach((each) => each.click())")
    assert browser.run("return document.documentElement.scrollWidth") <= 1400
    assert "more octets of headers" in browser.text("#subjects")
    assert browser.complaints() == []


def test_thousands_of_findings_open_quickly(browser: Browser, tmp_path: Path) -> None:
    made = large()
    path = stored(made, tmp_path)
    begin = time.perf_counter()
    browser.open(path)
    opening = time.perf_counter() - begin
    begin = time.perf_counter()
    link = browser.run("return JSON.parse(document.getElementById('data-index').textContent).findings[4321][0]")
    browser.run("location.hash = `finding-${arguments[0]}`", link)
    following = time.perf_counter() - begin
    assert len(browser.shown(f"#finding-{link}")) == 1
    begin = time.perf_counter()
    filtered(browser, subject="77")
    filtering = time.perf_counter() - begin
    assert browser.text("#shown") == "25 of 5,000"
    size = path.stat().st_size / 1e6
    told = f"{size:.0f} MB: opens in {opening:.2f} s, link {following:.2f} s, filter {filtering:.2f} s"
    sys.stderr.write(f"{told}\n")
    assert browser.complaints() == []
