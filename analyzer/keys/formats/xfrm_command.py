"""The commands that make states and policies: ``ip xfrm state add ...``, as scripts and ``ip -batch`` files have them.

The words are those of what ``ip xfrm state`` prints, in one line and quoted for a shell; a key without ``0x`` is plain
text. Commands that delete or flush have no keys and are passed over.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

from analyzer.keys.entries import address_of, octets_of
from analyzer.keys.formats.xfrm_state import Ends, State, Table, WrongLine

_COMMAND: Final = re.compile(r"(?:sudo )?\s*(?:(?:\S*/)?ip (?:-\S+ )*)?xfrm (state|policy) ([a-z]+)\b")
_ARITY: Final = {"reqid": 1, "mode": 1, "enc": 2, "auth": 2, "auth-trunc": 3, "aead": 3, "src": 1, "dst": 1} | {
    "proto": 1, "spi": 1, "sport": 1, "dport": 1, "dev": 1, "type": 1, "code": 1, "key": 1, "limit": 2, "encap": 4,
    "coa": 1, "ctx": 1, "comp": 1, "replay-window": 1, "mark": 1, "mask": 1, "output-mark": 1, "if_id": 1, "dir": 1,
    "priority": 1, "ptype": 1, "action": 1, "index": 1, "level": 1, "flag": 1, "extra-flag": 1, "seq": 1,
}  # fmt: skip
"""How many words follow each of these; every other word stands alone."""
_SELECTOR: Final = frozenset({"src", "dst", "proto", "sport", "dport", "dev", "type", "code", "key"})
_KEY: Final = re.compile(r"0x[0-9a-fA-F]{32}")


def recognises(line: str) -> bool:
    """Whether this line is such a command."""
    return _COMMAND.match(line) is not None


def read(line: str, number: int, table: Table) -> None:
    """Enter what a command makes; ``number`` is its line. Raises WrongLine."""
    found = _COMMAND.match(line)
    assert found is not None
    if found[2] not in ("add", "update"):
        return
    try:
        words = shlex.split(line[found.end() :], comments=True)
    except ValueError:
        raise WrongLine("a quotation mark is not closed") from None
    if found[1] == "state":
        table.add(_state(words, number))
    else:
        _policy(words, table)


def _clauses(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each keyword with what follows it."""
    position = 0
    while position < len(words):
        word = words[position]
        length = _ARITY.get(word, 0)
        following = words[position + 1 : position + 1 + length]
        if len(following) < length:
            raise WrongLine(f"{word} is not followed by all that belongs to it")
        if not length and _KEY.match(word) is not None:
            raise WrongLine("something as long as a key stands where none is expected")
        yield word, following
        position += 1 + length


def _state(words: list[str], number: int) -> State:
    state = State(number, (b"", b""))
    fields: dict[str, str] = {}
    selector: dict[str, str] = {}
    selecting = False
    for word, following in _clauses(words):
        selecting = word == "sel" or (selecting and word in _SELECTOR)
        if word in ("auth", "auth-trunc", "enc", "aead"):
            bits = _number(following[2], word) if len(following) == 3 else None
            state.algorithm(word, following[0], _key(following[1]), bits)
        elif following:
            (selector if selecting else fields)[word] = following[0]
    state.ends = _ends(fields.get("src"), fields.get("dst"))
    if "proto" not in fields or "spi" not in fields:
        raise WrongLine("proto and spi must be given")
    reqid = _number(fields.get("reqid", "0"), "reqid")
    state.identify(fields["proto"], _number(fields["spi"], "spi"), reqid, fields.get("mode"))
    state.ports = [_port(selector.get(side)) for side in ("sport", "dport")]
    return state


def _policy(words: list[str], table: Table) -> None:
    fields: dict[str, str] = {}
    templates = words.index("tmpl") if "tmpl" in words else len(words)
    for word, following in _clauses(words[:templates]):
        if following:
            fields[word] = following[0]
    ports = [_port(fields.get(side)) for side in ("sport", "dport")]
    ends = [_host(fields.get(side, "")) for side in ("src", "dst")]
    for word, following in _clauses(words[templates:]):
        if word == "reqid":
            table.policy(_number(following[0], word), (ends[0], ends[1]), ports)


def _ends(source: str | None, destination: str | None) -> Ends:
    octets = [address_of((text or "").partition("/")[0]) for text in (source, destination)]
    if octets[0] is None or octets[1] is None or len(octets[0]) != len(octets[1]):
        raise WrongLine("src and dst must be two IPv4 or two IPv6 addresses")
    return octets[0], octets[1]


def _host(text: str) -> bytes:
    """The address of a selector, empty if it is meant for more than one."""
    address, _, prefix = text.partition("/")
    octets = address_of(address) or b""
    return octets if prefix in ("", str(8 * len(octets))) else b""


def _key(text: str) -> bytes:
    if text[:2] not in ("0x", "0X"):
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            raise WrongLine("a key must be 0x and hexadecimal digits, or plain text") from None
    octets = octets_of(text)
    if octets is None:
        raise WrongLine("a key must be 0x and hexadecimal digits, two for each octet")
    return octets


def _number(text: str, what: str) -> int:
    """A number in any of C's notations."""
    digits = re.fullmatch(r"0[xX]([0-9a-fA-F]{1,8})|(0[0-7]{0,11})|([1-9][0-9]{0,9})", text)
    if digits is None:
        raise WrongLine(f"{what} must be followed by a number")
    return int(digits[1], 16) if digits[1] else int(digits[2], 8) if digits[2] else int(digits[3])


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    port = _number(text, "a port")
    if port > 0xFFFF:
        raise WrongLine("a port has 16 bits")
    return port or None
