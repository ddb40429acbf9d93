"""TOML of others: what tomllib reads, and no more memory than a name with a few dots takes."""

from __future__ import annotations

import tomllib
import tracemalloc
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.toml import DEEPEST, TomlError, loads

LONG: Final = "a." * 20_000 + "b"

HOSTILE: Final = {
    "a name": (f"{LONG} = 1", 1),
    "a heading": (f"x = 1\n[{LONG}]", 2),
    "an inline table": (f"x = {{{LONG} = 1}}", 1),
    "with spaces": (LONG.replace(".", " \t. ") + " = 1", 1),
    "in quotation marks": ('"a".' * 20_000 + "'b' = 1", 1),
    "behind a quoted quotation mark and a hash": (f'"\\"#".{LONG} = 1', 1),
    "behind an apostrophe in a string": (f"x = \"'\"\n\n{LONG} = 1 # '", 3),
    "behind strings of several lines": (f'x = """\n"" # \n"""\ny = \'\'\'\n\'\'\'\n{LONG} = 1', 6),
    "behind quotation marks at the end of a string": (f'x = {{y = """b"""", {LONG} = 1}}', 1),
    "behind apostrophes at the end of a string": (f"x = {{y = '''b'''', {LONG} = 1}}", 1),
    "behind a comment with a quotation mark": (f'# "\n{LONG} = 1 # "', 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_thousands_of_parts_is_refused_before_it_is_read(name: str) -> None:
    text, line = HOSTILE[name]
    tracemalloc.start()
    with pytest.raises(TomlError, match=f"line {line}: a name has more than {DEEPEST} dots") as caught:
        loads(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (caught.value.line, caught.value.deep) == (line, True)
    assert peak < 100 * len(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = '" + LONG + "'",
        'x = "' + LONG + '"',
        'x = """\n' + LONG + '"""',
        "x = '''\n" + LONG + "'''",
        "# " + LONG + "\nx = 1",
        "x = [" + "1.5, " * 1000 + "]",
        ".".join("a" * DEEPEST) + " = 1",
    ],
)
def test_dots_that_are_no_parts_of_a_name_are_nothing(text: str) -> None:
    assert loads(text) == tomllib.loads(text)


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "0o" + "7" * 5000, "0b" + "1_" * 5000])
def test_a_number_that_nobody_could_show_is_refused(number: str) -> None:
    """What is converted to decimal may have 4,300 digits (sys.set_int_max_str_digits)."""
    with pytest.raises(TomlError, match="line 2: a number has more than 1000 digits") as caught:
        loads(f"a = '{number}'\nx = [{{y = {number}}}]")
    assert caught.value.line == 2
    text = f"x = '{number}'\ny = 0x{'f' * 900} # {number}"
    assert loads(text) == tomllib.loads(text)


@pytest.mark.parametrize("text", ["x = " + "9" * 5000, "x = " + "[" * 5000, "x = " + "{a=" * 5000, "x", "x = 1\nx = 2"])
def test_all_else_that_cannot_be_read_is_one_error(text: str) -> None:
    with pytest.raises(TomlError) as caught:
        loads(text)
    assert not caught.value.deep
    assert "\n" not in str(caught.value)


@given(st.text("a.=[]{}\"'#\\\n 1", max_size=60))
def test_it_is_tomllib_within_bounds(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(TomlError):
            loads(text)
    else:
        assert loads(text) == expected
