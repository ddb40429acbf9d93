"""Regular expressions meet the text that is worst for them, at a hundred thousand characters: a bad one would hang.

Every pattern of the package with one repetition inside another, or two beside each other for the same letters, is
reached through the function that uses it; `python -m benchmarks.adversarial` measures what takes more than a moment.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable

import pytest

import analyzer
import rules
from analyzer.frame import FrameRef
from analyzer.keys.entries import KeyFileError
from analyzer.keys.formats import LONGEST_LINE, read
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.sip.addresses import read_address, read_via
from analyzer.sip.digest import Challenge
from analyzer.sip.framing import Framer
from analyzer.sip.headers import careful_lines, content_length
from analyzer.sip.secagree import mechanisms
from analyzer.sip.text import after_quoted, split, split_addresses, unquote

SIZE = 100_000
AT = FrameRef(0, 1, 0)
UNITS = (
    *(" ", "\t", "a", "0", "\\", '"', '\\"', "@", "a@", "@a", ".", "a.", "0.", ":", "a:", "::", "1:", "<", ",", ';a="'),
    *("\r\n ", "\n\t", "\n", "-", "+", "%", "(", "tel:", "tel:+", "sip:", "urn:uuid:", "urn:gsma:imei:0", "[", "[::"),
)
HIDDEN = Pseudonyms(b"a key of thirty-two octets or so")


def framed(text: str) -> object:
    framer = Framer()
    data = text.encode("latin-1")
    return [framer.feed(part, AT, (AT,), None, len(part)) for part in (b"OPTIONS sip:a SIP/2.0" + data, data)]


def lost(text: str) -> object:
    framer = Framer()
    framer.hole()
    data = text.encode("latin-1")
    return framer.feed(b"\nREGISTER " + data + b" SIP/2.0", AT, (AT,), None, len(data))


READERS: list[Callable[[str], object]] = [
    lambda text: after_quoted('"' + text),
    lambda text: read_address('"' + text + "<sip:a>"),
    lambda text: read_via("SIP/2.0/UDP " + text),
    lambda text: Challenge("Digest " + text),
    lambda text: mechanisms([text]),
    lambda text: (split(text, ","), split_addresses(text), unquote('"' + text)),
    lambda text: content_length(b"a\nContent-Length:" + text.encode("latin-1") + b"\0", SIZE),
    lambda text: content_length(b"a\nl" + text.encode("latin-1") + b"\0", SIZE),
    lambda text: careful_lines(b"a\r\n" + text.encode("latin-1")),
    framed,
    lost,
    HIDDEN.text,
]


@pytest.mark.parametrize("unit", UNITS)
def test_no_reader_takes_more_than_linear_time(unit: str) -> None:
    text = unit * (SIZE // len(unit))
    for reader in READERS:
        assert reader(text) is not reader


BEGINNINGS = (
    *('"IPv4","', "0x1@::1 aes:0x", "src a dst b\n\tproto esp spi 0x1 ", "src a dst b\n\tauth-trunc a 0x00 ("),
    *("[[sa]]\n", "ip xfrm state add ", "5(1) DEBUG: <script>: WWW-Authenticate: Digest ", "\x1b["),
)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_no_line_of_a_key_file_takes_more_than_a_moment(beginning: str) -> None:
    for unit in UNITS:
        if "\n" not in unit:
            room = SIZE if "DEBUG" in beginning else LONGEST_LINE - len(beginning.rpartition("\n")[2])
            with pytest.raises(KeyFileError):
                read(beginning + unit * (room // len(unit)), "keys")


def test_no_pattern_of_a_rule_takes_more_than_linear_time() -> None:
    for found in pkgutil.walk_packages(rules.__path__, "rules."):
        module = importlib.import_module(found.name)
        for pattern in (value for value in vars(module).values() if isinstance(value, re.Pattern)):
            for unit in UNITS:
                pattern.fullmatch(unit * (SIZE // len(unit)) + "\0")
                pattern.match(unit * (SIZE // len(unit)) + "\0")


LOOKS = {"ASSERT", "ASSERT_NOT"}


def inside(parsed: object, kinds: set[str], within: bool = False) -> bool:
    """Whether a parsed pattern has one of these kinds in a repetition that gives nothing back."""
    if isinstance(parsed, re._parser.SubPattern):  # type: ignore[attr-defined]
        return any(
            (within and str(kind) in kinds) or inside(what, kinds, within or str(kind) == "POSSESSIVE_REPEAT")
            for kind, what in parsed.data
        )
    return isinstance(parsed, tuple | list) and any(inside(each, kinds, within) for each in parsed)


def test_no_repetition_that_gives_nothing_back_looks_around() -> None:
    """Python 3.11.2, which Debian 12 has, finds nothing with such a pattern."""
    assert inside(re._parser.parse("(?:(?!b)[^;]*+;){0,8}+x"), LOOKS)  # type: ignore[attr-defined]
    assert not inside(re._parser.parse("(?!b)(?:[^;]*+;){0,8}+x"), LOOKS)  # type: ignore[attr-defined]
    found = 0
    for package in (analyzer, rules):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for value in vars(importlib.import_module(module.name)).values():
                pattern = getattr(value, "__self__", value)
                if isinstance(pattern, re.Pattern):
                    found += 1
                    assert not inside(re._parser.parse(pattern.pattern, pattern.flags), LOOKS), pattern.pattern  # type: ignore[attr-defined]
    assert found > 50
