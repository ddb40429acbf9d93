"""Which report goes where, and how files of keys are written."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report import outputs
from analyzer.report.outputs import Output, OutputError, check, check_private, pair, possible, write, write_private
from analyzer.report.renderers import RENDERERS, Renderer, recognised
from tests.report.reports import material
from tests.report.schema import load

T, J = ("format", "text"), ("format", "json")


def to(path: str) -> tuple[str, str]:
    return "output", path


@pytest.mark.parametrize(
    ("order", "pairs"),
    [
        ([], [("text", None)]),
        ([J], [("json", None)]),
        ([to("a")], [("text", "a")]),
        ([J, to("a")], [("json", "a")]),
        ([to("a"), J], [("json", "a")]),
        ([T, J, to("a")], [("text", None), ("json", "a")]),
        ([J, to("a"), T, to("b")], [("json", "a"), ("text", "b")]),
        ([to("a"), J, to("b"), T], [("json", "a"), ("text", "b")]),
        ([J, to("a"), T], [("json", "a"), ("text", None)]),
        ([J, to("-")], [("json", None)]),
        ([to("r.json")], [("json", "r.json")]),
        ([to("r.JSON"), to("r.txt")], [("json", "r.JSON"), ("text", "r.txt")]),
        ([J, to("a"), to("r.txt")], [("json", "a"), ("text", "r.txt")]),
        ([J, to("r.txt")], [("json", "r.txt")]),
        ([to("r.json"), J], [("json", "r.json")]),
        ([to("r.html"), T], [("html", "r.html"), ("text", None)]),
        ([to("r.html"), T, to("r.txt")], [("html", "r.html"), ("text", "r.txt")]),
        ([to("r.txt"), to("a"), J], [("text", "r.txt"), ("json", "a")]),
    ],
)
def test_pairs(order: list[tuple[str, str]], pairs: list[tuple[str, str | None]]) -> None:
    assert pair(order) == [Output(*one) for one in pairs]


@pytest.mark.parametrize(
    "order",
    [[T, J], [to("a"), to("b")], [J, to("a"), to("b")], [J, to("a"), T, to("./a")], [T, J, to("-")]],
)
def test_no_pairs(order: list[tuple[str, str]]) -> None:
    with pytest.raises(OutputError, match="--output"):
        pair(order)


@given(st.lists(st.sampled_from([T, J, to("a"), to("b"), to("-")]), max_size=6))
def test_every_format_is_written_once_or_the_call_is_refused(order: list[tuple[str, str]]) -> None:
    try:
        pairs = pair(order)
    except OutputError:
        return
    assert [one.format for one in pairs] == ([name for kind, name in order if kind == "format"] or ["text"])
    assert {one.path for one in pairs if one.path} == {path for kind, path in order if kind == "output"} - {"-"}


def test_suffixes_tell_forms_apart() -> None:
    for name, renderer in RENDERERS.items():
        for suffix in renderer.suffixes:
            assert recognised(f"report{suffix}") == name
    assert recognised("report") is None


@pytest.mark.parametrize(
    ("line", "captures", "pseudonyms", "terminal", "words"),
    [
        (Renderer("made", binary=True), [], False, True, "not for a terminal"),
        (Renderer("made", captures=True), ["a", "-"], False, False, "standard input cannot be"),
        (Renderer("made", verbatim=True), [], True, False, "pseudonyms cannot hide them"),
    ],
)
def test_what_a_form_needs_is_asked_before_the_work(
    line: Renderer, captures: list[str], pseudonyms: bool, terminal: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "RENDERERS", {"made": line})
    with pytest.raises(OutputError, match=words):
        possible([Output("made", None)], captures, pseudonyms=pseudonyms, terminal=terminal)
    possible([Output("made", None)], ["a"], pseudonyms=False, terminal=False)


def test_octets_go_past_the_text_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "RENDERERS", {"made": Renderer("tests.report.octets", binary=True)})
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    write(material(), [Output("made", None), Output("made", str(tmp_path / "r"))], stdout)
    assert stdout.buffer.getvalue() == (tmp_path / "r").read_bytes() == b"\x00\xff"


def test_two_reports_of_one_run(tmp_path: Path) -> None:
    stdout = io.StringIO()
    write(material(), [Output("text", None), Output("json", str(tmp_path / "r.json"))], stdout)
    assert stdout.getvalue().startswith("gmaudit 0.1.0, profile rel-17")
    assert load((tmp_path / "r.json").read_text())["verdict"] == "violation"


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    capture = tmp_path / "x.pcap"
    capture.write_bytes(b"capture")
    check([str(tmp_path / "new")], [str(capture)])
    for path in (tmp_path, tmp_path / "none" / "r.json", capture, tmp_path / "." / "x.pcap"):
        with pytest.raises(OutputError, match=r"--output .*(name|make)"):
            check([str(path)], [str(capture)])


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Is a directory"):
        write(material(), [Output("json", str(tmp_path))], io.StringIO())
    with pytest.raises(OutputError, match="Is a directory"):
        write_private(str(tmp_path), "key")
    with pytest.raises(OutputError, match="No such file"):
        write_private(str(tmp_path / "none" / "esp_sa"), "key")
    assert not list(tmp_path.glob(".gmaudit-*"))


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = tmp_path / "esp_sa"
        path.write_text("old and longer than the new")
        path.chmod(0o666)
        write_private(str(path), "key\n")
    finally:
        os.umask(old)
    assert path.read_text() == "key\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["esp_sa"]


def test_keys_go_to_ordinary_files_only(tmp_path: Path) -> None:
    link, pipe, file = tmp_path / "link", tmp_path / "pipe", tmp_path / "file"
    file.write_text("")
    link.symlink_to(file)
    os.mkfifo(pipe)
    for path in ("-", "/dev/stdout", "/dev/tty", "/dev/null", str(link), str(pipe)):
        with pytest.raises(OutputError, match="ordinary files only"):
            check_private(path)
    check_private(str(file))
    check_private(str(tmp_path / "new"))
