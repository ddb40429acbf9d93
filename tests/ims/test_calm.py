"""The short way of calm messages and the long one lead to the same report, whatever goes on between the two."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer import run
from analyzer.audit.audit import Audit
from analyzer.engine.express import Express
from analyzer.ims.messages.openings import Marks
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.report.json import document
from analyzer.report.model import CaptureSummary
from analyzer.run import Options, audit
from analyzer.sip.large import LARGE
from analyzer.sip.usual import LONGEST
from analyzer.sources.files import UnreadableCapture
from tests.fuzz.damage import CAPTURES, load, recordings, rough
from tests.ims.lives import Life, life, replaced
from tests.ims.manners import COMPACT, Manner, manner
from tests.scenario import Scenario, crypto
from tests.scenario.state import SaSet
from tests.sip.samples import SM7


class Hearing(Audit):
    """An audit that wants to hear each event, so that nothing goes the short way."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._every, self._unheard = True, None


def without_express(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Express, "takes", lambda self, frame: False)
    patch.setattr(Express, "takes_whole", lambda self, datagram, ident: False)


def reports(path: Path, keys: Path) -> tuple[list[dict[str, Any]], int]:
    """What comes out in the usual way, without the express way, and if each event is heard; and how many messages went
    the short way.
    """
    documents, taken = [], []
    for kind, express in ((Audit, True), (Audit, False), (Hearing, False)):
        made: list[Audit] = []

        def make(*arguments: object, kind: type[Audit] = kind, made: list[Audit] = made, **options: object) -> Audit:
            made.append(kind(*arguments, **options))  # type: ignore[arg-type]
            return made[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "Audit", make)
            if not express:
                without_express(patch)
            documents.append(document(audit([str(path)], Options(keys=[str(keys)]))))
        taken += [each.engine.tracker.calm.taken for each in made]
    assert taken[2] == 0
    return documents, taken[0]


def told(kind: type[Audit], what: Life) -> tuple[object, int]:
    """What one way of auditing says of a life, and how many messages went the short way."""
    keyring, options = Keyring(), Options(profile=what.profile, vantage=what.vantage)
    if not what.late:
        keyring.add_text(what.keys, "keys")
    running = kind(options, keyring)
    for place, frame in enumerate(what.frames):
        if what.late and place == what.late:
            keyring.add_text(what.keys, "keys")
            running.engine.keys_came()
        if place in what.advances:
            running.engine.advance(what.advances[place])
        running.engine.receive(frame)
    summaries = [CaptureSummary(path=str(n), frames=len(what.frames), first=None, last=None) for n in range(2)]
    return document(run.report_of(running, keyring, options, summaries)), running.engine.tracker.calm.taken


def same(what: Life) -> tuple[dict[str, Any], int]:
    """The report on a life, which has to be the same in all three ways."""
    quick, taken = told(Audit, what)
    with pytest.MonkeyPatch.context() as patch:
        without_express(patch)
        assert told(Audit, what)[0] == quick
        assert told(Hearing, what) == (quick, 0)
    assert isinstance(quick, dict)
    return quick, taken


def lived(s: Scenario) -> Life:
    return Life(s.frames(), s.keys_toml(), PROFILES["rel-17"], "auto")


@pytest.mark.parametrize(("folder", "file"), recordings())
def test_the_recordings(folder: str, file: str) -> None:
    (quick, *others), _ = reports(CAPTURES / folder / file, CAPTURES / folder / "keys.toml")
    assert others == [quick, quick]


@pytest.mark.parametrize(("folder", "file"), recordings())
def test_damaged_recordings(folder: str, file: str, tmp_path: Path) -> None:
    recording = load(folder, file)
    for seed in range(2):
        path = tmp_path / f"{seed}.pcap"
        path.write_bytes(rough(recording, seed))
        try:
            (quick, *others), _ = reports(path, CAPTURES / folder / "keys.toml")
        except UnreadableCapture:
            continue
        assert others == [quick, quick], seed


@pytest.mark.parametrize("seed", range(20))
def test_lives(seed: int) -> None:
    same(life(seed))


def settled(**options: Any) -> tuple[Scenario, SaSet]:
    """A set that is so calm that messages of both sides go the short way."""
    s = Scenario(**options)
    owner = s.register()
    for _ in range(3):
        s.request("ue", "MESSAGE", on=owner)
        s.request("pcscf", "OPTIONS", on=owner)
    return s, owner


def counted(report: dict[str, Any], rule: str) -> dict[str, int]:
    row = next(each for each in report["rules"] if each["id"] == rule)
    return {name: row[name] for name in ("pass", "violation", "warning", "probable", "inconclusive") if row[name]}


def test_most_messages_go_the_short_way() -> None:
    s, owner = settled()
    for _ in range(20):
        s.request("ue", "MESSAGE", on=owner)
        s.request("pcscf", "OPTIONS", on=owner)
    report, taken = same(lived(s))
    assert taken > 70
    assert counted(report, "PORT-08") == {"pass": 47}


@pytest.mark.parametrize("write", {write(SM7): write for write in map(manner, range(40))}.values())
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_in_whatever_order_and_spelling(write: Manner, transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def talk() -> tuple[dict[str, Any], int]:
        s, owner = settled(transport=transport)
        for _ in range(20):
            s.request("ue", "MESSAGE", on=owner)
            s.request("pcscf", "OPTIONS", on=owner)
        return same(lived(s))

    usual, most = talk()
    monkeypatch.setattr(Scenario, "spell", lambda self, who, raw: write(raw))
    report, taken = talk()
    assert taken == most > 80
    assert (report["verdict"], report["rules"]) == (usual["verdict"], usual["rules"])


def spaced(value: str) -> str:
    return value.replace(";", " ; ")


@pytest.mark.parametrize(
    ("headers", "faults"),
    [
        ({"Require": "100rel, sec-agree"}, {}),
        ({"Proxy-Require": "sec-agree,x"}, {}),
        ({"Require": "sec-agreement"}, {"warning": 20}),
        ({"Require": None}, {"warning": 20}),
        ({"Security-Verify": spaced}, {}),
        ({"Security-Verify": None}, {"warning": 20}),
        ({"Security-Verify": lambda value: value.replace("aes-cbc", "null")}, {"warning": 20}),
        ({"Security-Verify": lambda value: f"{value}, digest"}, {"warning": 20}),
        ({"Security-Verify": ["x", "y"]}, {"warning": 20}),
    ],
)
def test_what_opens_a_call_goes_the_short_way_however_it_is_written(
    headers: dict[str, Any], faults: dict[str, int]
) -> None:
    s, owner = settled()
    for _ in range(20):
        s.request("ue", "MESSAGE", on=owner, headers=headers)
    report, taken = same(lived(s))
    assert taken > 45
    assert counted(report, "NEG-13") == {"pass": 3 if faults else 23, **faults}


def test_the_list_of_another_set_does_not_become_that_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Around a re-registration either list is right, but a set remembers the notation of its own alone."""
    learnt = list[bytes]()
    monkeypatch.setattr(Marks, "mirrored", lambda self, head: learnt.append(head))
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    for text in (first.server_text, second.server_text):
        s.request("ue", "MESSAGE", on=second, headers={"Security-Verify": spaced(text)})
    report, _ = told(Audit, lived(s))
    assert isinstance(report, dict)
    assert counted(report, "NEG-13") == {"pass": 2}
    assert [spaced(second.server_text).encode() in head for head in learnt] == [True]


def test_a_list_in_two_lines_does_not_make_room_for_a_line_beside_a_list_in_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s = Scenario()
    owner = s.register(sm6={"offers": [("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")]})
    s.request("ue", "MESSAGE", on=owner, headers={"Subject": "digest"})
    s.request("ue", "MESSAGE", on=owner, headers={"Subject": "digest"})
    s.request("ue", "OPTIONS", on=owner, headers={"Security-Verify": owner.server_text.split(", ")})
    monkeypatch.setattr(
        Scenario, "spell", lambda self, who, raw: raw.replace(b"\nSubject: digest", b"\nSecurity-Verify: digest")
    )
    s.request("ue", "MESSAGE", on=owner, headers={"Subject": "digest"})
    report, _ = same(lived(s))
    assert counted(report, "NEG-13") == {"pass": 3, "warning": 1}


def test_the_request_by_which_two_others_time_out_is_told() -> None:
    s, owner = settled()
    for pause in (1.0, 300.0):
        s.request("ue", "MESSAGE", on=owner, answered=False)
        s.wait(pause)
    s.request("ue", "MESSAGE", on=owner, answered=False)
    report, _ = same(lived(s))
    assert counted(report, "LIFE-18") == {"probable": 1}


def test_a_foreign_identity_that_waits_does_not_keep_others_from_the_short_way() -> None:
    s, owner = settled()
    s.request(
        "ue", "MESSAGE", on=owner, headers={"P-Preferred-Identity": "<sip:other@ims.example.org>"}, answered=False
    )
    claim = s.request(
        "ue", "MESSAGE", on=owner, headers={"P-Preferred-Identity": "<sip:other@ims.example.org>"}, answered=False
    )
    for _ in range(20):
        s.request("pcscf", "OPTIONS", on=owner)
    s.answer(claim, 403)
    report, taken = same(lived(s))
    assert taken > 35
    assert counted(report, "SA-20") == {"pass": 1}


@pytest.mark.parametrize(
    "claim",
    [
        {"P-Preferred-Identity": "<sip:other@ims.example.org>"},
        {"From": "<sip:001010000000001@ims.example.org.example.com>;tag=1"},
    ],
)
def test_a_foreign_identity_behind_the_usual_one_is_told(claim: dict[str, str]) -> None:
    s, owner = settled()
    for headers in ({}, {}, claim):
        s.request("ue", "MESSAGE", on=owner, headers={"P-Preferred-Identity": None, **headers})
    report, _ = same(lived(s))
    assert counted(report, "SA-20") == {"inconclusive": 1}


def test_a_claim_that_was_right_in_one_method_is_right_in_another_wherever_it_stands() -> None:
    s, owner = settled()
    before = same(lived(s))[1]
    for method in ("OPTIONS", "INFO", "PUBLISH"):
        s.request("ue", method, on=owner, headers={"Subject": method * 3})
    report, taken = same(lived(s))
    assert taken - before == 6
    assert counted(report, "SA-20") == {}


def test_a_foreign_claim_in_another_method_is_told() -> None:
    s, owner = settled()
    for method in ("OPTIONS", "INFO"):
        s.request("ue", method, on=owner, headers={"P-Preferred-Identity": "<sip:other@ims.example.org>"})
    report, _ = same(lived(s))
    assert counted(report, "SA-20") == {"inconclusive": 2}


ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'
STRANGER = "<sip:other@ims.example.org>"


def short_of(s: Scenario, owner: SaSet, **how: Any) -> tuple[dict[str, Any], int]:
    """The report once the UE has asked something ten times more, and how many of the twenty messages went short."""
    _, before = same(lived(s))
    for _ in range(10):
        s.request("ue", "INFO", on=owner, **how)
    report, taken = same(lived(s))
    return report, taken - before


def test_who_withholds_an_identity_goes_the_short_way() -> None:
    s, owner = settled()
    report, short = short_of(s, owner, headers={"P-Preferred-Identity": None, "From": ANONYMOUS})
    assert short >= 18
    assert counted(report, "SA-20") == {}


def test_where_it_is_not_known_what_is_bound_nothing_keeps_a_request_from_the_short_way() -> None:
    s = Scenario()
    owner = s.register(sm12={"headers": {"P-Associated-URI": None}})
    for _ in range(3):
        s.request("ue", "MESSAGE", on=owner)
    report, short = short_of(s, owner, headers={"P-Preferred-Identity": STRANGER})
    assert short >= 18
    assert counted(report, "SA-20") == {}
    second = s.register(over=owner)  # now it is known
    report, short = short_of(s, second, headers={"P-Preferred-Identity": STRANGER})
    assert short <= 10
    assert counted(report, "SA-20") == {"inconclusive": 10}


TO = "<sip:me@ims.example.org>"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([f"To: {TO};tag=a"], False),
        (["To: <sip:me@ims.example.org;tag=a;user=phone>;x=y;tag=b"], False),
        ([f"to :\t{TO};tag=a"], False),
        ([f"To: {TO}"], True),
        (["To: <sip:me@ims.example.org;tag=a>"], True),
        ([f"To: {TO};TAG"], True),
        ([f"t: {TO}", f"To: {TO};tag=a"], True),
        ([f"To: {TO};tag=a", f"To: {TO}"], False),
        ([f"To: {TO}", f"To: {TO};tag=a"], True),
        ([f"To: {TO}\r\n ;tag=a"], False),
        ([f"Subject: x\r\n To: {TO};tag=a", f"To: {TO}"], True),
        ([f'To: "{TO};tag=a" {TO}'], True),
        ([f"Tox: {TO};tag=a", f"To: {TO}"], True),
        ([f"To\r: {TO}", f"To: {TO};tag=a"], True),
    ],
)
def test_a_foreign_from_is_told_outside_of_a_dialog_alone(
    lines: list[str], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However To is written: of several the first counts, and what a quoted name or a folded line holds is no tag."""
    s, owner = settled()

    def write(self: Scenario, who: str, raw: bytes) -> bytes:
        first, _, rest = raw.partition(b"\r\nTo: ")
        if b"\nX-Here: " not in raw:
            return raw
        return first + "".join(f"\r\n{line}" for line in lines).encode() + rest[rest.index(b"\r\n") :]

    monkeypatch.setattr(Scenario, "spell", write)
    for who in ("<tel:0171>;tag=1", "<tel:0172>;tag=1"):
        for _ in range(2):
            headers = {"X-Here": "x", "P-Preferred-Identity": None, "From": who}
            s.request("ue", "INFO", on=owner, headers=headers, body=f"\r\nTo: {TO};tag=a\r\n".encode())
    report, _ = same(lived(s))
    assert counted(report, "SA-20") == ({"inconclusive": 4} if told else {})


def test_a_called_party_goes_the_short_way_under_the_name_that_was_dialled() -> None:
    s, owner = settled()
    headers = {"P-Preferred-Identity": None, "From": "<tel:0171>;tag=1", "To": f"{TO};tag=a"}
    report, short = short_of(s, owner, headers=headers)
    assert short >= 18
    assert counted(report, "SA-20") == {}
    report, short = short_of(s, owner, headers={**headers, "P-Preferred-Identity": STRANGER})
    assert short <= 10
    assert counted(report, "SA-20") == {"inconclusive": 10}


@pytest.mark.parametrize(
    ("routes", "short"),
    [
        (["<sip:10.20.0.1:{ps};lr>"], True),
        (["<sip:mt@10.20.0.1:{ps};lr=on;ftag=a.1>", "<sip:scscf.ims.example.org;lr>"], True),
        (["<sip:[fd00:20::1]:{ps}>, <sip:scscf.ims.example.org:{pc};lr>"], True),
        (["<sip:10.20.0.1:{pc};lr>"], False),
        (["<sip:10.20.0.1:{pc};lr>", "<sip:10.20.0.1:{ps};lr>"], False),
        (["<sip:10.20.0.1;lr;x=:{ps}>"], False),
        (["<sip:10.20.0.1:{ps}@10.20.0.1;lr>"], False),
        (["<sip:[::{ps}]:{pc};lr>"], False),
        (['"a" <sip:10.20.0.1:{ps};lr>'], False),
        (["<sips:10.20.0.1:{ps};lr>"], False),
    ],
)
def test_the_topmost_record_route_of_a_request_to_the_ue(routes: list[str], short: bool) -> None:
    """In plain spelling, and with port_ps, it goes the short way; the report is that of the long one in any case."""
    s, owner = settled()
    headers = {"Record-Route": [each.format(ps=owner.port_ps, pc=owner.port_pc) for each in routes]}
    _, before = same(lived(s))
    for _ in range(6):
        s.request("pcscf", "OPTIONS", on=owner, headers=headers)
    report, taken = same(lived(s))
    assert taken - before == (12 if short else 6)
    if "10.20.0.1:{pc}" in routes[0]:
        assert counted(report, "PORT-13")["violation"] == 6


@pytest.mark.parametrize("written", ["{}:", "{} : ", "{}:  ", "{}:\t", "lower", "compact"])
@pytest.mark.parametrize("name", ["Contact", "Proxy-Require", "Require", "Route", "Security-Verify", "Supported"])
def test_one_header_alone_in_another_spelling(name: str, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report counts what it counts where all are as usual, and nothing is told in full."""
    spelt = {"lower": f"{name.lower()}: ", "compact": f"{COMPACT.get(name, name)}: "}.get(written, written.format(name))

    def talk() -> dict[str, Any]:
        s, owner = settled()
        for method in ("INVITE", "OPTIONS", "SUBSCRIBE"):
            for _ in range(4):
                s.request("ue", method, on=owner, headers={"Subject": "odd", "Supported": "path"})
        return same(lived(s))[0]

    usual = talk()
    told = list[str]()
    monkeypatch.setattr("analyzer.ims.messages.openings._mirrored", lambda *given: told.append(name))
    monkeypatch.setattr(
        Scenario,
        "spell",
        lambda self, who, raw: (
            raw.replace(f"\n{name}: ".encode(), f"\n{spelt}".encode()) if b"\nSubject: odd" in raw else raw
        ),
    )
    report = talk()
    assert (report["findings"], report["rules"]) == (usual["findings"], usual["rules"])
    assert told == []


ODD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("NEG-13", {"Max-Forwards": "70\r\nSecurity-Verify: ipsec-3gpp;alg=hmac-md5-96;spi-c=1;spi-s=2;port-c=3;port-s=4"}),
    ("NEG-13", {"Security-Verify": lambda text: f"{text}\r\n , ipsec-3gpp;alg=hmac-md5-96;spi-c=1;port-c=3"}),
    ("NEG-13", {"Proxy-Require": None, "X-Require": "sec-agree"}),
    ("PORT-12", {"Max-Forwards": "70\r\nroute: <sip:10.20.0.1:9;lr>"}),
    ("PORT-12", {"Route": None}),
    ("PORT-11", {"Contact": None, "CONTACT": "<sip:a@10.20.0.11:9>"}),
    ("PORT-11", {"Contact": None, "m ": "<sip:a@10.20.0.11:9>"}),
    ("PORT-11", {"Contact": '"a:31001;" <sip:a@10.20.0.11:9>'}),
    ("PORT-11", {"Contact": '<sip:a@10.20.0.11:9>;x=":31001>"'}),
)


@pytest.mark.parametrize(("rule", "headers"), ODD)
def test_what_only_looks_right_in_the_first_request_of_a_call(rule: str, headers: dict[str, Any]) -> None:
    s, owner = settled()
    for odd in ({}, {}, headers):
        body = b"\nRoute: <sip:10.20.0.1:%d;lr>" % owner.port_ps
        s.request("ue", "OPTIONS", on=owner, headers=odd, body=body)
    report, _ = same(lived(s))
    assert [finding["rule"] for finding in report["findings"]] == [rule]


REG = {"Event": "reg", "Subscription-State": "active;expires=600000"}


@pytest.mark.parametrize(
    ("who", "headers", "body", "short", "ends"),
    [
        ("pcscf", REG, b'<registration state="active" event="registered">', True, False),
        ("pcscf", REG, b'<contact state="active" event="shortened" expires="60">', False, True),
        ("pcscf", REG, b'<registration state="terminated">', False, True),
        ("pcscf", REG | {"Subscription-State": "Terminated;reason=rejected"}, b"", False, True),
        ("pcscf", REG | {"Subscription-State": "TERMINATED"}, b"x" * 3000, False, True),
        ("pcscf", REG, b"Terminated Shortened", False, False),
        ("pcscf", {"Event": "presence", "Subscription-State": "terminated"}, b"", False, False),
        ("ue", {"Event": "refer", "Subscription-State": "active"}, b"SIP/2.0 200 OK", True, False),
    ],
)
def test_a_notify_goes_the_short_way_if_it_ends_no_registration(
    who: Any, headers: dict[str, str], body: bytes, short: bool, ends: bool
) -> None:
    """Where the network ended or shortened it, no REGISTER was due: LIFE-19 has nothing to say."""
    s, owner = settled(expires=3600)
    _, before = same(lived(s))
    for _ in range(5):
        s.request(who, "NOTIFY", on=owner, headers=headers, body=body)
    _, taken = same(lived(s))
    assert taken - before == (10 if short else 5)
    for _ in range(8):
        s.wait(400)
        s.request("ue", "MESSAGE", on=owner)
    report, _ = same(lived(s))
    assert counted(report, "LIFE-19") == ({} if ends else {"warning": 1})


@pytest.mark.parametrize("transport", ["udp", "tcp", "tried"])
def test_large_requests_are_told_or_counted(transport: str) -> None:
    """Over UDP each is told; TRN-08 has no word for those of a sender that has tried TCP."""
    s, owner = settled(transport="tcp" if transport == "tcp" else "udp")
    if transport == "tried":
        s.syn("ue", on=owner, role="uc>ps")
        s.request("ue", "MESSAGE", on=owner)
    _, before = same(lived(s))
    for size in (300, 1300, 2000, 7000):
        s.request("ue", "MESSAGE", on=owner, body=b"x" * size)
        s.request("pcscf", "MESSAGE", on=owner, body=b"x" * size)
    for _ in range(2):  # the first ACK shows what an ACK is
        call = s.invite("ue", on=owner, body=b"x" * 2000)
        s.answer(call, 200, body=b"x" * 3000)
        s.ack(call, headers={"Subject": "x" * 2000})
    report, taken = same(lived(s))
    assert taken - before == 23
    told = {"udp": {"warning": 10}, "tcp": {"pass": 10}, "tried": {"warning": 3}}[transport]
    assert counted(report, "TRN-08") == told


def test_what_is_longer_than_any_usual_message_goes_the_long_way() -> None:
    """Be it the whole message, or its headers alone."""
    s, owner = settled()
    _, before = same(lived(s))
    for size in (LONGEST, LARGE - 1000, LARGE, 40_000):
        s.request("ue", "MESSAGE", on=owner, body=b"x" * size)
    for size in (1000, LONGEST):
        s.request("ue", "MESSAGE", on=owner, headers={"Subject": "x" * size})
    _, taken = same(lived(s))
    assert taken - before == 3 + 6


def test_two_transports_on_a_renewed_set() -> None:
    s, first = settled()
    second = s.register(over=first)
    for transport in ("udp", "udp", "tcp", "tcp", "udp", "udp", "udp"):
        s.request("ue", "MESSAGE", on=second, transport=transport)
        s.request("pcscf", "MESSAGE", on=second, transport=transport)
    report, _ = same(lived(s))
    assert counted(report, "TRN-09") == {"pass": 4}


def test_what_passed_on_other_ports_says_nothing_of_the_right_ones() -> None:
    s, owner = settled()
    for ports in ({"sport": 4444, "dport": 5555}, {}):
        for _ in range(2):
            way: Any = {"role": "us>pc", **ports}
            s.request("ue", "MESSAGE", on=owner, answered=False, **way)
            s.request("pcscf", "MESSAGE", on=owner, answer=way)
    report, _ = same(lived(s))
    assert counted(report, "PORT-08")["violation"] == 4


@pytest.mark.parametrize("before", [{"Record-RouteX": "x"}, {"Record-Route": "<<>"}])
def test_every_record_route_that_may_be_the_first_counts(before: dict[str, str]) -> None:
    s, owner = settled()
    for port in (owner.port_ps, 9):
        for _ in range(2):
            route = f"<sip:10.20.0.1:{port};lr>"
            lines = [*([before["Record-Route"]] if "Record-Route" in before else []), route]
            s.request("pcscf", "OPTIONS", on=owner, headers={**before, "Record-Route": lines})
    report, _ = same(lived(s))
    assert counted(report, "PORT-13") == {"pass": 5, "violation": 2}


def test_a_datagram_too_short_for_udp_has_no_ports() -> None:
    s, owner = settled()
    for octets in (4, 8):
        ports = owner.port_uc.to_bytes(2, "big") + owner.port_ps.to_bytes(2, "big")
        s._emit("short", s.sent["req"].path, crypto.raw_payload(17, (ports + b"\0\10\0\0")[:octets]), {})
    report, _ = same(lived(s))
    assert counted(report, "PORT-07") == {"pass": 15}


@pytest.mark.parametrize("ipv6", [False, True])
def test_damaged_headers_are_read_as_ever(ipv6: bool) -> None:
    s, owner = settled(ipv6=ipv6)
    for place in range(12, 66):
        s.request("ue", "MESSAGE", on=owner, label=str(place))
        s.request("ue", "MESSAGE", on=owner)
    what = lived(s)
    for place in range(12, 66):
        number = s.frame(str(place)) - 1
        octets = bytearray(what.frames[number].data)
        octets[place] ^= 1 << place % 8
        what.frames[number] = replaced(what.frames[number], bytes(octets))
    same(what)


def torn(seed: int) -> Scenario:
    """Long messages in IP fragments, and what may become of these on their way."""
    rng = random.Random(seed)
    s, owner = settled(ipv6=bool(seed % 2), transport="tcp" if seed % 7 == 6 else "udp")
    for number in range(12):
        who: Any = rng.choice(("ue", "pcscf"))
        s.request(who, "MESSAGE", on=owner, label=f"f{number}", body=b"x" * rng.choice((200, 900, 3000)))
    for number in range(12):
        name, kind = f"f{number}", rng.randrange(12)
        whole = [replace(record) for record in s.records if record.label == name]
        s.fragment(name, rng.choice((400, 800, 1480)))
        parts = [record for record in s.records if record.label == name]
        times = [record.time for record in parts]
        one = rng.choice(parts)
        if kind == 0:
            s.records.remove(one)
        elif kind == 1:
            rng.shuffle(times)
            for record, time in zip(parts, times, strict=True):
                record.time = time
        elif kind in (2, 3):  # once more, as a whole or each fragment for itself, before or behind
            later = rng.choice((-500_000, 2_000_000, 100_000_000, 3_000_000_000))
            for record in whole if kind == 2 else parts:
                octets = bytearray(record.data)
                octets[21 if seed % 2 else 22] -= rng.choice((0, 1))
                s.records.append(replace(record, data=bytes(octets), time=record.time + later))
        elif kind == 4:
            s.corrupt(name)
        elif kind == 5:  # what an attacker puts between
            data = one.data[:-4] + bytes(4)
            s.records.append(replace(one, data=data, time=one.time + rng.choice((-1000, 1000))))
        elif kind == 6:
            s.cut(name, 60)
        elif kind == 7:  # another way through the network
            for record in parts:
                octets = bytearray(record.data)
                octets[21 if seed % 2 else 22] -= 3
                record.data = bytes(octets)
    s.records.sort(key=lambda record: record.time)
    return s


@pytest.mark.parametrize("seed", range(28))
def test_packets_in_fragments(seed: int) -> None:
    same(lived(torn(seed)))


def test_a_bad_packet_before_others_in_fragments_is_told_as_ever() -> None:
    s, owner = settled()
    for number in range(6):
        s.request("ue", "MESSAGE", on=owner, label=str(number), body=b"x" * 900, answered=False)
    s.corrupt("1")
    for number in range(6):
        s.fragment(str(number), 400)
    report, _ = same(lived(s))
    assert report["esp"]["bad_icv"] == 1


def test_a_finding_on_a_packet_in_fragments_shows_it() -> None:
    s, owner = settled()
    for number in range(3):
        s.request("ue", "MESSAGE", on=owner, label=str(number), body=b"x" * 500, answered=False, esp={"iv": b"i" * 16})
        s.fragment(str(number), 400)
    report, _ = same(lived(s))
    (finding,) = report["findings"]
    assert (finding["rule"], finding["frame"]) == ("ESP-08", s.frame("1"))
    assert [each["iv"] for each in finding["evidence"]["packets"]] == [(b"i" * 16).hex()]


def test_the_answer_to_what_came_in_fragments_names_them_all() -> None:
    """TRN-08 shows the frames of the request, on whatever way it came."""
    s, owner = settled()
    s.request("ue", "MESSAGE", on=owner, label="large", body=b"x" * 2000)
    s.fragment("large", 800)
    report, taken = same(lived(s))
    assert taken == 10
    (finding,) = report["findings"]
    assert (finding["rule"], finding["frame"], finding["related"]) == (
        "TRN-08",
        s.frame("large"),
        [s.frame("large") - n for n in (3, 2, 1)],
    )


def test_kinds_of_messages_are_few_whatever_is_in_them() -> None:
    s, owner = settled()
    for turn in range(40):
        route = f"<sip:{'t' * (300 if turn % 2 else 3)}{turn}@10.20.0.1:{owner.port_ps};lr>"
        s.request("pcscf", "OPTIONS", on=owner, headers={"Record-Route": route} if turn % 4 else {})
        s.request("ue", f"METHOD{turn}", on=owner)
    what, keyring = lived(s), Keyring()
    keyring.add_text(what.keys, "keys")
    running = Audit(Options(), keyring)
    for frame in what.frames:
        running.engine.receive(frame)
    passed = running.engine.tracker.session.passed
    assert [len(table) for table in (passed.requests, passed.answers, passed.fresh)] == [2, 2, 0]
    same(what)


def renewed(**options: Any) -> tuple[Scenario, SaSet, SaSet]:
    """The set of a third registration and the one before it, with all kinds of messages known from the first two."""
    s, first = settled(**options)
    second = s.register(over=first)
    for _ in range(3):
        s.request("ue", "MESSAGE", on=second)
        s.request("pcscf", "OPTIONS", on=second)
    return s, second, s.register(over=second)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_first_messages_of_a_set_go_the_short_way_too(transport: Any) -> None:
    s, _, third = renewed(transport=transport)
    before = same(lived(s))[1]
    s.request("ue", "MESSAGE", on=third)
    assert same(lived(s))[1] == before + 2
    s.request("ue", "MESSAGE", on=third)
    report, taken = same(lived(s))
    assert taken == before + 4
    assert report["sa_sets"][-1]["state_pcscf"] == "use"


def test_a_request_of_the_p_cscf_before_any_of_the_ue_goes_the_long_way() -> None:
    s, _, third = renewed()
    before = same(lived(s))[1]
    s.request("pcscf", "OPTIONS", on=third)
    report, taken = same(lived(s))
    assert taken == before  # it waits for the UE's next packet, and so does its answer
    assert sum(counted(report, "SA-13").values()) == 1
    s.request("ue", "MESSAGE", on=third)
    assert same(lived(s))[1] == before + 2


def test_what_is_open_on_the_set_before_is_looked_at_with_the_first_request() -> None:
    s, second, third = renewed()
    before = same(lived(s))[1]
    s.request("ue", "MESSAGE", on=second, answered=False)
    s.request("ue", "MESSAGE", on=third)
    assert same(lived(s))[1] == before + 1  # the answer, of which nobody asks what is open elsewhere
    s.wait(200.0)
    for _ in range(2):
        s.request("ue", "MESSAGE", on=third)
    assert same(lived(s))[1] == before + 5


def test_the_old_set_used_again_after_the_first_messages_on_the_new_one() -> None:
    s, second, third = renewed()
    for on in (third, second, third, second):
        s.request("ue", "MESSAGE", on=on)
        s.request("pcscf", "OPTIONS", on=on)
        s.wait(40.0)
    report, _ = same(lived(s))
    assert {"SA-12", "SA-14"} <= {finding["rule"] for finding in report["findings"]}
