"""The quick reader of plain key files reads what tomllib does, or nothing."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.keys.formats.plain import tables

PIECES = (
    *("[[aka]]", "[[sa]]", "[aka]", "[[a.b]]", "[[ aka ]]", "\n", "\n\n", "\r\n", " ", "\t", "#", "=", " = ", '"'),
    *('rand = "00"\n', 'ck = "a b"\n', 'ck="ü#[["\n', 'ik = ""\n', 'ik = """\n', "spi = 1\n", 'x = "\\n"\n', "\x7f"),
    *('a-b = "1"\n', "'ck' = 'x'\n", 'ck = "\x00"\n', "ck", '"x"', "\ufeff", "\u2028", "[[aka]]\n", "[[sa]]\n"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_it_reads_tomllib_reads_likewise(text: str) -> None:
    found = tables(text)
    if found is not None:
        assert found == tomllib.loads(text)


@pytest.mark.parametrize("before", ["", "\n\n"])
def test_what_programs_write_is_read(before: str) -> None:
    text = before + '[[aka]]\nrand = "00"\nck = "11"\nik   = "22"\n\n[[subscriber]]\nimpi = "ü@x"\n[[aka]]\nck = ""\n'
    assert tables(text) == tomllib.loads(text)
    assert tables(text) == {
        "aka": [{"rand": "00", "ck": "11", "ik": "22"}, {"ck": ""}],
        "subscriber": [{"impi": "ü@x"}],
    }


@pytest.mark.parametrize(
    "text",
    [
        '[[aka]]\nck = "1"\nck = "1"\n',
        '[[aka]]\nck = "\\u0031"\n',
        '[[aka]]\nck = "1" # one\n',
        '[[aka]]\nck = "1"',
        "[[sa]]\nspi = 1\n",
        '# keys\n[[aka]]\nck = "1"\n',
        'ck = "1"\n',
    ],
)
def test_the_rest_is_left_to_tomllib(text: str) -> None:
    assert tables(text) is None
