from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sip import secagree
from analyzer.sip.message import parse
from analyzer.sip.secagree import (
    ENTRY_LIMIT,
    LIMIT,
    PARAMETERS,
    ROWS_LIMIT,
    TEXT_LIMIT,
    Mechanism,
    Result,
    Row,
    compare,
    mechanisms,
    normal_alg,
)
from tests.sip.samples import SM1, SM6, SM7

SERVER = "ipsec-3gpp;prot=esp;mod=trans;spi-c=4096;spi-s=4097;port-c=5100;port-s=6100;alg=hmac-sha-1-96;ealg=aes-cbc"
SECOND = "ipsec-3gpp;spi-c=4096;spi-s=4097;port-c=5100;port-s=6100;alg=hmac-md5-96;ealg=aes-cbc;q=0.5"
MEDIA = "sdes-srtp;mediasec"


def only(text: str) -> Mechanism:
    (entry,) = mechanisms([text])
    return entry


def test_security_client_of_the_lab() -> None:
    message = parse(SM1)
    assert message
    (entry,) = mechanisms(message.values("Security-Client"))
    assert entry.is_ipsec
    assert not entry.is_mediasec
    assert (entry.alg, entry.ealg, entry.prot, entry.mod) == ("hmac-sha-1-96", "aes-cbc", "esp", "trans")
    assert (entry.spi_c, entry.spi_s, entry.port_c, entry.port_s) == (1673564009, 2983417649, 56342, 46432)
    assert entry.q is None
    assert entry.missing() == []
    assert not entry.obsolete_form


def test_what_is_absent_and_what_is_only_unusable() -> None:
    entry = only("ipsec-3gpp;alg=hmac-sha1-96;spi-c;spi-s=x;port-c=0;port-s=70000")
    assert entry.absent() == ["spi-c"]
    assert entry.missing() == ["spi-c", "spi-s", "port-s"]
    assert only("ipsec-3gpp").absent() == ["spi-c", "spi-s", "port-c", "port-s", "alg"]
    assert entry.pair == ("hmac-sha-1-96", "null")


def test_security_server_of_a_public_capture() -> None:
    entry = only("ipsec-3gpp;prot=esp;mod=trans;spi-c=100;spi-s=101;port-c=5100;port-s=6100;alg=hmac-md5-96;ealg=null")
    assert (entry.spi_c, entry.spi_s, entry.port_c, entry.port_s) == (100, 101, 5100, 6100)
    assert (entry.alg, entry.ealg) == ("hmac-md5-96", "null")


def test_negative_spis_of_the_lab_are_unsigned() -> None:
    # Scenario spi_above_2_31_udp4: Kamailio prints both with %d.
    entry = only("ipsec-3gpp;prot=esp;mod=trans;spi-c=-2147483647;spi-s=-2147483646;port-c=5102;port-s=6100")
    assert (entry.spi_c, entry.spi_s) == (2147483649, 2147483650)
    assert only("ipsec-3gpp;spi-c=-1;spi-s=-2147483648").spi_c == 4294967295
    assert only("ipsec-3gpp;spi-c=-1;spi-s=-2147483648").spi_s == 2147483648


def test_defaults() -> None:
    entry = only("IPSEC-3GPP")
    assert (entry.name, entry.alg, entry.ealg, entry.prot, entry.mod) == ("ipsec-3gpp", "", "null", "esp", "trans")
    assert entry.missing() == ["spi-c", "spi-s", "port-c", "port-s", "alg"]


@pytest.mark.parametrize(
    "written",
    [
        "spi-c",
        "spi-c=",
        "spi-c=x",
        "spi-c=0x10",
        "spi-c=4294967296",
        "spi-c=-2147483649",
        "spi-c=-0",
        "spi-c=²",
        "spi-c=--1",
    ],
)
def test_spis_that_are_none(written: str) -> None:
    entry = only(f"ipsec-3gpp;alg=null;{written};spi-s=2;port-c=3;port-s=4")
    assert entry.spi_c is None
    assert entry.missing() == ["spi-c"]


def test_ports_that_are_none() -> None:
    assert only("ipsec-3gpp;port-c=65536;port-s=-1").port_c is None
    assert only("ipsec-3gpp;port-c=65536;port-s=-1").port_s is None
    assert only("ipsec-3gpp;port-c=0;port-s=0065535").port_c == 0
    assert only("ipsec-3gpp;port-c=0;port-s=0065535").port_s == 65535


def test_preferences() -> None:
    read = [only(f"tls;q={text}").q for text in ("0", "0.1", "0.25", "0.999", "1", "1.000", "0.", '"0.5"')]
    assert read == [0, 100, 250, 999, 1000, 1000, 0, 500]
    assert [only(f"tls;q={text}").q for text in ("1.001", "2", "0.1234", "-1", ".5", "x", "", "0.²")] == [None] * 8


def test_syntax_of_before_the_seed() -> None:
    entry = only("ipsec-3gpp;alg=hmac-sha-1-96;spi=1234;port1=5062;port2=5063")
    assert entry.obsolete_form
    assert entry.missing() == ["spi-c", "spi-s", "port-c", "port-s"]
    assert not only(SERVER).obsolete_form


def test_entries_in_lists_lines_and_quotes() -> None:
    entries = mechanisms(['a;x="1,2;3\\",", B ; Y = 1 ,,', " ", "c;mediasec"])
    assert [entry.name for entry in entries] == ["a", "b", "c"]
    assert entries[0].params == {"x": '1,2;3",'}
    assert entries[1].params == {"y": "1"}
    assert entries[2].is_mediasec
    assert entries[2].params == {"mediasec": None}


def test_of_a_repeated_parameter_the_first_holds() -> None:
    assert only("ipsec-3gpp;spi-c=1;spi-c=2").spi_c == 1


def test_text_is_fit_for_a_terminal() -> None:
    entry = only(" tls;x=\x1b[2J\x9b" + "y" * 1000)
    assert entry.text.startswith("tls;x=?[2J?y")
    assert len(entry.text) == TEXT_LIMIT
    assert "\x1b" not in repr(entry)


def test_ten_thousand_entries_are_bounded() -> None:
    entries = mechanisms([",".join(["tls"] * 10_000)])
    assert len(entries) == LIMIT
    assert entries.dropped == 10_000 - LIMIT
    assert mechanisms([SERVER]).dropped == 0


def test_a_long_entry_is_cut() -> None:
    (entry,) = entries = mechanisms(["tls" * 20_000])
    assert len(entry.name) == ENTRY_LIMIT
    assert entries.dropped == 1
    assert compare(["tls;a=" + "x" * 5000], ["TLS;a=" + "x" * 5000]).result is Result.DIFFERENT


def test_many_parameters_are_bounded() -> None:
    many = SERVER + ";x" * 900
    (entry,) = entries = mechanisms([many])
    assert entry.spi_c == 4096
    assert len(entry.params) == 9, "the eight of the set, and x"
    assert len(entry.canonical()[1]) == PARAMETERS
    assert entry.dropped == entries.dropped == 908 - PARAMETERS
    assert mechanisms([SERVER + ";x" * (PARAMETERS - 8)]).dropped == 0
    assert compare([SERVER], [many]).result is Result.DIFFERENT
    assert compare([many], [many.upper()]).result is Result.DIFFERENT, "what was not read cannot be called equal"
    assert compare([many], [many]).result is Result.EXACT


def test_names_of_algorithms() -> None:
    assert normal_alg("HMAC-SHA1-96") == "hmac-sha-1-96"
    assert normal_alg("hmac-sha-1-96") == "hmac-sha-1-96"
    assert normal_alg("AES-GMAC") == "aes-gmac"


def test_lab_messages_compare_exactly() -> None:
    sm1, sm6, sm7 = parse(SM1), parse(SM6), parse(SM7)
    assert sm1
    assert sm6
    assert sm7
    verify = compare(sm6.values("Security-Server"), sm7.values("Security-Verify"))
    client = compare(sm1.values("Security-Client"), sm7.values("Security-Client"))
    for found in (verify, client):
        assert found.result is Result.EXACT
        assert found.ok
        assert found.rows == []


@pytest.mark.parametrize(
    ("reference", "repeated", "expected"),
    [
        ([SERVER], [SERVER], Result.EXACT),
        ([SERVER + "," + SECOND], [SERVER, SECOND], Result.CANON),
        ([SERVER], [SERVER.upper().replace(";", " ; ").replace("=", " = ")], Result.CANON),
        ([SERVER], [SERVER.replace("5100", "0005100").replace("aes-cbc", '"aes-cbc"')], Result.CANON),
        ([SERVER], ["ipsec-3gpp;" + ";".join(reversed(SERVER.split(";")[1:]))], Result.CANON),
        ([SECOND], [SECOND.replace("0.5", "0.500")], Result.CANON),
        ([SERVER.replace("4096", "-1")], [SERVER.replace("4096", "4294967295")], Result.CANON),
        ([SERVER], [SERVER.replace(";prot=esp;mod=trans", "")], Result.DEFAULT),
        (["ipsec-3gpp;alg=null"], ["ipsec-3gpp;alg=null;ealg=null"], Result.DEFAULT),
        ([SERVER, SECOND], [SECOND, SERVER], Result.ORDER),
        ([SERVER, SECOND], [SECOND + ";prot=esp", SERVER], Result.ORDER),
        ([SERVER, SECOND], [SECOND], Result.REDUCED),
        ([SERVER, SERVER], [SERVER], Result.REDUCED),
        ([SERVER], [SERVER, SECOND], Result.DIFFERENT),
        ([SERVER], [SERVER, SERVER], Result.DIFFERENT),
        ([], [SERVER], Result.DIFFERENT),
        ([SERVER], [SERVER.replace("4096", "4098")], Result.DIFFERENT),
        ([SERVER], [SERVER.replace("6100", "6101")], Result.DIFFERENT),
        ([SERVER], [SERVER.replace("hmac-sha-1-96", "hmac-md5-96")], Result.DIFFERENT),
        ([SERVER], [SERVER.replace("hmac-sha-1-96", "hmac-sha1-96")], Result.DIFFERENT),
        ([SERVER], [SERVER.replace(";ealg=aes-cbc", "")], Result.DIFFERENT),
        ([SERVER], [SERVER.replace("trans", "tun")], Result.DIFFERENT),
        ([SERVER], [SERVER + ";spi-c=9"], Result.DIFFERENT),
        ([SERVER, SECOND], [SECOND.replace("0.5", "0.9"), SERVER], Result.DIFFERENT),
        ([SECOND], [SECOND.replace(";q=0.5", "")], Result.DIFFERENT),
        (["tls;x"], ["tls;x="], Result.DIFFERENT),
        (["tls"], ["tls;prot=esp"], Result.DIFFERENT),
        ([SERVER], [], Result.MISSING),
        ([SERVER], ["", " , "], Result.MISSING),
        ([], [], Result.MISSING),
        ([""], [""], Result.MISSING),
        ([SERVER], [MEDIA], Result.MISSING),
        ([SERVER, MEDIA], [SERVER], Result.EXACT),
        ([MEDIA + ", " + SERVER], [SERVER, "dtls-srtp;mediasec"], Result.EXACT),
        ([SERVER, MEDIA], [SERVER.upper()], Result.CANON),
        ([SERVER, MEDIA], [SECOND, MEDIA], Result.DIFFERENT),
        ([MEDIA], ["dtls-srtp;mediasec"], Result.EXACT),
    ],
)
def test_comparison(reference: list[str], repeated: list[str], expected: Result) -> None:
    found = compare(reference, repeated)
    assert found.result is expected
    assert found.ok == (expected in (Result.EXACT, Result.CANON, Result.DEFAULT))
    different = [row for row in found.rows if row.left != row.right]
    assert bool(different) == (
        expected not in (Result.EXACT, Result.CANON) and (reference, repeated) != ([], []) and repeated != [""]
    )


def test_what_was_not_read_is_not_called_equal() -> None:
    many = ["tls"] * (LIMIT + 1)
    assert compare([",".join(many)], [",".join(many)]).result is Result.EXACT
    assert compare([",".join(many)], [", ".join(many)]).result is Result.DIFFERENT


def test_table_of_a_changed_value() -> None:
    found = compare([SERVER], [SERVER.replace("4096", "4098").replace("AES", "aes")])
    assert Row(1, "spi-c", "4096", "4098") in found.rows
    assert Row(1, "mechanism", "ipsec-3gpp", "ipsec-3gpp") in found.rows
    assert [row.parameter for row in found.rows if row.left != row.right] == ["spi-c"]
    assert repr(found) == "<Comparison different>"


def test_table_of_missing_added_and_moved_entries() -> None:
    assert {(row.entry, row.right) for row in compare([SERVER, SECOND], [SERVER]).rows if row.left != row.right} == {
        (2, None)
    }
    added = [row for row in compare([SERVER], [SECOND, SERVER]).rows if row.left != row.right]
    assert {(row.entry, row.left) for row in added} == {(2, None)}
    moved = [row for row in compare([SERVER, SECOND], [SECOND, SERVER]).rows if row.left != row.right]
    assert moved == [Row(1, "position", "1", "2"), Row(2, "position", "2", "1")]


def test_table_shows_no_control_characters_and_is_bounded() -> None:
    entry = ";".join(["tls", "x=\x1b[2J", *(f"p{each}={each}" for each in range(PARAMETERS - 1))])
    left = ",".join([entry] * LIMIT)
    found = compare([left], [f"{left[:-2]}\x07"])
    assert len(found.rows) == ROWS_LIMIT
    assert found.rows[0] == Row(LIMIT, "p30", "30", "?")
    assert all("\x1b" not in (row.left or "") for row in found.rows)


def test_table_shows_repeated_parameters_together() -> None:
    found = compare(["tls;x=1"], ["tls;x=1;x=2;y"])
    assert Row(1, "x", "1", "1, 2") in found.rows
    assert Row(1, "y", None, "(no value)") in found.rows


ENTRY = st.lists(
    st.sampled_from(
        [
            "ipsec-3gpp",
            ";",
            ",",
            "=",
            '"',
            "\\",
            " ",
            "alg=null",
            "spi-c=-5",
            "q=0.5",
            "mediasec",
            "port-c=7",
            "é",
            "²",
            "\x1b",
        ]
    ),
    max_size=25,
).map("".join)


@given(st.lists(ENTRY | st.text(st.characters(max_codepoint=255), max_size=40), max_size=4))
def test_any_values_can_be_read_and_equal_themselves(values: list[str]) -> None:
    entries = mechanisms(values)
    for entry in entries:
        assert set(entry.missing()) <= {"spi-c", "spi-s", "port-c", "port-s", "alg"}
        assert entry.spi_c is None or 0 <= entry.spi_c < 2**32
        assert entry.port_c is None or 0 <= entry.port_c < 2**16
        assert isinstance(entry.obsolete_form, bool)
        assert (entry.ealg, entry.prot, entry.mod) != ("", "", "")
        assert entry.q is None or 0 <= entry.q <= 1000
    found = compare(values, values)
    assert found.result is (Result.EXACT if entries else Result.MISSING)
    assert compare(values, [value + " " for value in values]).ok == bool(entries)


@given(st.lists(ENTRY, max_size=3), st.lists(ENTRY, max_size=3))
def test_any_values_can_be_compared(left: list[str], right: list[str]) -> None:
    found = compare(left, right)
    assert len(found.rows) <= ROWS_LIMIT
    back = compare(right, left)
    if Result.MISSING not in (found.result, back.result):
        assert found.ok == back.ok


@given(st.permutations([SERVER, SECOND, "tls;q=0.1", "digest;d-alg=md5"]), st.randoms(use_true_random=False))
def test_order_of_parameters_never_matters_and_order_of_entries_always(
    entries: list[str], shuffle: random.Random
) -> None:
    turned = []
    for entry in entries:
        name, *pieces = entry.split(";")
        shuffle.shuffle(pieces)
        turned.append(";".join([name, *pieces]))
    assert compare(entries, turned).ok
    assert compare(entries, turned[1:] + turned[:1]).result is Result.ORDER
    assert compare(entries, turned[1:]).result is Result.REDUCED


def test_an_entry_that_is_made_again_has_all_parameters() -> None:
    entry = Mechanism("ipsec-3gpp;alg=hmac-md5-96;spi-c=7;port-s=5062;x=1;alg=null")
    before = dict(entry.params)
    entry = Mechanism(entry.written)
    assert (entry.spi_c, entry.port_s, entry.pair) == (7, 5062, ("hmac-md5-96", "null"))
    assert entry.params == before


PIECE = st.sampled_from(
    [
        "ipsec-3gpp",
        ";alg=hmac-sha-1-96",
        "; spi-c=1",
        ";spi-c=2",
        ";q=0.5",
        ";ALG=x",
        ";ealg=NULL",
        ';mod="trans"',
        " ",
        ";",
    ]
)


@given(
    st.lists(PIECE | st.text(st.characters(max_codepoint=255), max_size=3), max_size=8), st.sampled_from([0, 31, 33])
)
def test_the_usual_spelling_is_read_like_any_other(pieces: list[str], more: int) -> None:
    text = "".join([*pieces, *(f";p{number}=1" for number in range(more))])
    with pytest.MonkeyPatch.context() as patch:
        quick = secagree._read(text)
        patch.setattr(secagree, "_plainly", lambda written: None)
        slow = secagree._read(text)
    assert (quick[0], quick[1], list(quick[2].items())) == (slow[0], slow[1], list(slow[2].items()))
