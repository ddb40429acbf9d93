from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.sip.text import (
    SECONDS_LIMIT,
    after_quoted,
    assignments,
    number,
    parameters,
    printable,
    seconds,
    split,
    split_addresses,
    unquote,
)

TEXT = st.text(st.characters(max_codepoint=255)) | st.text('",;=<>\\ \t\r\nab\x85\xa0²', max_size=60)


def test_printable_replaces_control_characters_and_cuts() -> None:
    assert printable("a\x1b[31m\x07\x9b\x7f\tb", 100) == "a?[31m????b"
    assert printable("ä" * 5, 3) == "äää"


def test_number_takes_ascii_digits_alone() -> None:
    assert [number(text) for text in ("0", "0042", "4294967295", "0" * 300 + "7")] == [0, 42, 4294967295, 7]
    assert [number(text) for text in ("", "-1", "+1", "1 ", "²", "1²", "0x1f", "9" * 5000)] == [None] * 8


def test_seconds_are_bounded() -> None:
    assert seconds(None) is None
    assert seconds("soon") is None
    assert seconds(" 600000 ") == 600000
    assert seconds("9" * 5000) == SECONDS_LIMIT
    assert seconds(str(2**32)) == SECONDS_LIMIT


def test_unquote() -> None:
    assert unquote("token") == "token"
    assert unquote('"a \\"b\\" \\\\ c"') == 'a "b" \\ c'
    assert unquote('"') == ""
    assert unquote('"open') == "open"


def test_split_leaves_quotes_whole() -> None:
    assert split("a;b", ";") == ["a", "b"]
    assert split('x="1;2";y', ";") == ['x="1;2"', "y"]
    assert split('x="1\\";2";y="\\\\";z', ";") == ['x="1\\";2"', 'y="\\\\"', "z"]
    assert split('x="never ends;y;z', ";") == ['x="never ends;y;z']


def test_split_addresses_leaves_brackets_and_quotes_whole() -> None:
    assert split_addresses("a,b") == ["a", "b"]
    assert split_addresses('"Doe, J" <sip:a,b@h;x=1>;y, <sip:c@h>') == ['"Doe, J" <sip:a,b@h;x=1>;y', " <sip:c@h>"]
    assert split_addresses('"\\", <" <sip:a>,<sip:b>') == ['"\\", <" <sip:a>', "<sip:b>"]
    assert split_addresses("<sip:a,b") == ["<sip:a,b"]


def test_parameters_first_wins_and_keys_are_lower_case() -> None:
    assert parameters(["A = 1", 'b="x"', "c", "", " =9", "a=2", "d="]) == {"a": "1", "b": "x", "c": None, "d": ""}


@given(TEXT)
def test_nothing_is_lost_in_splitting(text: str) -> None:
    assert ";".join(split(text, ";")) == text
    assert ",".join(split_addresses(text)) == text


@given(TEXT)
def test_no_text_makes_the_lexical_layer_fail(text: str) -> None:
    parameters(split(text, ";"))
    unquote(text)
    seconds(text)
    assert 0 <= after_quoted('"' + text) <= len(text) + 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in printable(text, 40))


ASSIGNMENT = st.sampled_from(
    [
        'realm="a b"',
        "algorithm=AKAv1-MD5",
        'nonce=""',
        "nc=00000001",
        "qop=",
        "Realm=x",
        'a="x,y"',
        'a="\\""',
        "=",
        "b",
        '"',
    ]
)
BETWEEN = st.sampled_from([",", ", ", ",  ", " ,", ",\t", ";", "\xa0", ""])


@given(st.lists(st.tuples(ASSIGNMENT, BETWEEN).map("".join) | st.text(st.characters(max_codepoint=255), max_size=4)))
def test_assignments_are_the_parameters_of_a_list_however_it_is_spelt(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert list(assignments(text).items()) == list(parameters(split(text, ",")).items())
