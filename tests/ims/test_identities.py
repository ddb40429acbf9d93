"""Identities in requests: any octets may stand there, and what is remembered is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.sip.addresses import names, read_address
from tests.ims.manners import Manner, manner
from tests.scenario import Scenario, audited
from tests.scenario.state import SaSet
from tests.sip.samples import SM7


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_any_text_has_names_or_none(text: str) -> None:
    for each in names(read_address(text).uri):
        assert each == each.lower()


def test_forms_of_one_number_have_a_name_in_common() -> None:
    forms = ["<tel:+4930123456>", "<tel:+49-30-123456>", "<sip:+4930123456@ims.example.org;user=phone>"]
    found = [names(read_address(form).uri) for form in forms]
    assert found[0] & found[1] & found[2] == {"tel:+4930123456"}
    assert not names(read_address("<sip:alice@a>").uri) & names(read_address("<sip:alice@b>").uri)


def claiming(s: Scenario, on: SaSet, value: bytes) -> None:
    sent = s.request("ue", "MESSAGE", on=on, answered=False, headers={"P-Preferred-Identity": "@@"})
    s.records.pop()
    s.send("ue", sent.raw.replace(b"@@", value), on=on)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=60))
def test_any_octets_in_the_header(value: bytes) -> None:
    s = Scenario()
    claiming(s, s.register(), value)
    assert audited(s).crashed == []


@pytest.mark.parametrize("write", {write(SM7): write for write in map(manner, range(20))}.values())
@pytest.mark.parametrize("header", ["P-Preferred-Identity", "From"])
def test_a_foreign_identity_in_whatever_spelling(write: Manner, header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 3261 7.3.1: what a header is called does not hide who is claimed in it; nor is anybody else accused."""
    monkeypatch.setattr(Scenario, "spell", lambda self, who, raw: write(raw))
    s = Scenario()
    first = s.register()
    for number in range(3):
        s.request("ue", "MESSAGE", on=first)
        foreign = {"P-Preferred-Identity": None, header: f"<sip:stranger{number}@example.org>;tag=1"}
        s.request("ue", "MESSAGE", on=first, headers=foreign, label=f"m{number}")
    report = audited(s)
    assert [s.label_of(each.frame) for each in report.findings if each.rule == "SA-20"] == ["m0.resp"]
    assert [each.count for each in report.findings if each.rule == "SA-20"] == [3]


def respelt(raw: bytes, header: bytes, written: bytes) -> bytes:
    return raw.replace(b"\n" + header + b": ", b"\n" + written, 1)


@pytest.mark.parametrize(
    ("header", "written"),
    [
        (b"From", b"f: "),
        (b"From", b"FROM :"),
        (b"From", b"from:"),
        (b"From", b"From:\r\n "),
        (b"P-Preferred-Identity", b"p-preferred-identity: "),
        (b"P-Preferred-Identity", b"P-PREFERRED-IDENTITY\t: "),
        (b"P-Preferred-Identity", b"P-Preferred-Identity:"),
        (b"P-Preferred-Identity", b'P-Preferred-Identity: "A"\r\n '),
    ],
)
def test_one_header_alone_in_another_spelling(header: bytes, written: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is right stays right, whatever stands in the From beside it; who is not is told, also behind one who was."""
    odd, s = [False], Scenario()
    monkeypatch.setattr(Scenario, "spell", lambda self, who, raw: respelt(raw, header, written) if odd[0] else raw)
    first = s.register()
    own: dict[str, str | None] = {} if header != b"From" else {"P-Preferred-Identity": None}
    beside: dict[str, str | None] = {"From": "<sip:stranger@example.org>;tag=1"} if header != b"From" else {}
    for each in (False, True, False, True):
        odd[0] = each
        s.request("ue", "MESSAGE", on=first, headers={**own, **beside})
    assert [found.rule for found in audited(s).findings if found.rule == "SA-20"] == []
    stranger = "<sip:stranger@example.org>" + (";tag=1" if header == b"From" else "")
    s.request("ue", "MESSAGE", on=first, headers={**own, header.decode(): stranger}, label="foreign")
    assert [s.label_of(each.frame) for each in audited(s).findings if each.rule == "SA-20"] == ["foreign.resp"]


def test_claims_that_nobody_answers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes, and the report says so."""
    monkeypatch.setattr("analyzer.ims.messages.identities.CLAIMS", 3)
    s = Scenario()
    first = s.register()
    for number in range(5):
        headers = {"P-Preferred-Identity": f"<sip:stranger{number}@example.org>"}
        s.request("ue", "MESSAGE", on=first, answered=False, headers=headers, label=f"m{number}")
    s.answer("m0")
    s.answer("m4")
    report = audited(s)
    assert [s.label_of(each.frame) for each in report.findings if each.rule == "SA-20"] == ["m4.200"]
    assert any("the oldest was forgotten (2 times)" in notice for notice in report.notices)
