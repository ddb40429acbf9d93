"""The program's own key file: TOML with ``[[subscriber]]``, ``[[aka]]`` and ``[[sa]]`` tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from analyzer import toml
from analyzer.ipsec.algorithms import Encryption, Integrity, Keys, UnknownAlgorithm, encryption, integrity, pair
from analyzer.ipsec.secret import Secret
from analyzer.keys.aka import opc_from_op
from analyzer.keys.entries import (
    ANYTHING,
    Contents,
    ExplicitSa,
    KeyFileError,
    Pattern,
    Subscriber,
    Vector,
    address_of,
    exactly,
    octets_of,
    place,
    time_of,
    wrong_length,
)
from analyzer.keys.formats import plain

_HEADING: Final = re.compile(r"[ \t]*\[\[[ \t]*([a-z]+)[ \t]*\]\]")
Row = TypeVar("Row", Integrity, Encryption)


def recognises(line: str) -> bool:
    """Whether a file whose first line with content is this one is TOML."""
    return re.match(r"\[{1,2}[ \t]*[A-Za-z]|[A-Za-z_-]+[ \t]*=", line) is not None


def read(text: str, name: str) -> Contents:
    """Read a key file. ``name`` is how messages call it. Raises KeyFileError."""
    try:
        data = plain.tables(text) or toml.loads(text)
    except toml.TomlError as error:
        # The parser's own words may quote a character of a key, so only the place is passed on.
        last = error.line or text.rstrip().count("\n") + 1
        problem = "this is not TOML: look for a missing quotation mark, bracket or equals sign"
        problem = "names with dots have no meaning here" if error.deep else problem
        raise KeyFileError(name, last, problem) from None
    contents = Contents([], [])
    for kind, tables in data.items():
        reader = _READERS.get(kind)
        if reader is None:
            problem = f"only {_listed(_READERS)} tables have a meaning here, another one stands there"
            raise KeyFileError(name, _first(text, kind), problem)
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise KeyFileError(name, _first(text, kind), f"{kind} must be written with two brackets: [[{kind}]]")
        lines = _lines(text, kind)
        for index, table in enumerate(tables):
            # Tables in another notation have no heading to point at.
            line = lines[index] if len(lines) == len(tables) else None
            contents.entries.append(reader(_Table(table, name, line, f"{kind} table {index + 1}")))
    return contents


class _Table:
    """One table, read field by field; what nobody asked for is an error."""

    def __init__(self, fields: dict[str, Any], name: str, line: int | None, title: str) -> None:
        self._fields = dict(fields)
        self._known: list[str] = []
        self._name = name
        self._line = line
        self._title = title
        self.origin = place(name, line) if line is not None else f"{name}, {title}"

    def wrong(self, problem: str) -> KeyFileError:
        """The error to raise."""
        return KeyFileError(self._name, self._line, f"{self._title}: {problem}")

    def take(self, field: str, required: bool = False) -> Any:
        """The value of a field, None if it is absent."""
        self._known.append(field)
        value = self._fields.pop(field, None)
        if value is None and required:
            raise self.wrong(f"{field} is missing")
        return value

    def text(self, field: str, required: bool = False) -> str | None:
        """A field that holds text."""
        value = self.take(field, required)
        if value is not None and not isinstance(value, str):
            raise self.wrong(f"{field} must be text in quotation marks")
        return value

    def hex(self, field: str, required: bool = False) -> bytes | None:
        """A field that holds octets."""
        text = self.text(field, required)
        if text is None:
            return None
        octets = octets_of(text)
        if octets is None:
            raise self.wrong(f"{field} must be hexadecimal, two digits for each octet")
        return octets

    def block(self, field: str, required: bool = False) -> bytes | None:
        """A field that holds 16 octets."""
        octets = self.hex(field, required)
        if octets is not None and len(octets) != 16:
            raise self.wrong(f"{field} must have 16 octets, this one has {len(octets)}")
        return octets

    def secret(self, field: str) -> Secret:
        """A field that must be there and holds a key of 16 octets."""
        return Secret(self.block(field, required=True) or b"")

    def number(self, field: str, limit: int, required: bool = False) -> int | None:
        """A field that holds a number from 0 to the limit."""
        value = self.take(field, required)
        if value is not None and (type(value) is not int or not 0 <= value <= limit):
            raise self.wrong(f"{field} must be a number from 0 to {limit}, without quotation marks")
        return value

    def address(self, field: str, required: bool = False) -> Pattern:
        """A field that holds an IP address; without it any fits."""
        text = self.text(field, required)
        if text is None:
            return ANYTHING
        address = address_of(text)
        if address is None:
            raise self.wrong(f"{field} must be an IPv4 or IPv6 address")
        return exactly(address)

    def time(self, field: str) -> int | None:
        """A field that holds a date and time, in nanoseconds since the epoch."""
        value = self.take(field)
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise self.wrong(f"{field} must be a date and time with a time zone, such as 2020-01-01T12:00:00Z")
        return time_of(value)

    def algorithm(self, field: str, find: Callable[[str], Row], default: str | None = None) -> Row:
        """A field that holds the name of an algorithm as in Security-Client."""
        text = self.text(field, required=default is None)
        try:
            return find(text or default or "")
        except UnknownAlgorithm as error:
            raise self.wrong(f"{field}: {error}") from None

    def key(self, field: str, algorithm: Integrity | Encryption) -> Secret:
        """A field that holds the key of this algorithm; absent or empty if it has none."""
        octets = self.hex(field, required=0 not in algorithm.key_lengths) or b""
        problem = wrong_length(octets, algorithm)
        if problem is not None:
            raise self.wrong(f"{field}: {problem}")
        return Secret(octets)

    def end(self) -> None:
        """Raise if there was a field that has no meaning."""
        if self._fields:
            raise self.wrong(f"a field has no meaning here; the fields are {_listed(self._known)}")


def _subscriber(table: _Table) -> Subscriber:
    impi = table.text("impi", required=True) or ""
    k = table.secret("k")
    opc, op = table.block("opc"), table.block("op")
    table.end()
    if opc is not None and op is None:
        return Subscriber(impi, k, Secret(opc), table.origin)
    if op is not None and opc is None:
        return Subscriber(impi, k, opc_from_op(k, Secret(op)), table.origin)
    raise table.wrong("either opc or op must be given, and not both")


def _vector(table: _Table) -> Vector:
    impi, rand = table.text("impi"), table.block("rand")
    vector = Vector(impi, rand, table.secret("ck"), table.secret("ik"), None, table.origin)
    table.end()
    return vector


def _association(table: _Table) -> ExplicitSa:
    alg = table.algorithm("alg", integrity)
    ealg = table.algorithm("ealg", encryption, default="null")
    try:
        pair(alg.name, ealg.name)
    except UnknownAlgorithm as error:
        raise table.wrong(str(error)) from None
    spi = table.number("spi", 0xFFFFFFFF, required=True) or 0
    mode = table.text("mode")
    if mode not in (None, "transport", "tunnel"):
        raise table.wrong('mode must be "transport" or "tunnel"')
    association = ExplicitSa(
        sources=table.address("src"),
        destinations=table.address("dst", required=True),
        spis=exactly(spi.to_bytes(4)),
        source_port=table.number("src_port", 0xFFFF),
        destination_port=table.number("dst_port", 0xFFFF),
        alg=alg.name,
        ealg=ealg.name,
        keys=Keys(table.key("auth_key", alg), table.key("enc_key", ealg)),
        mode=mode,
        since=table.time("from"),
        until=table.time("until"),
        origin=table.origin,
    )
    table.end()
    return association


_READERS: Final[dict[str, Callable[[_Table], Subscriber | Vector | ExplicitSa]]] = {
    "subscriber": _subscriber,
    "aka": _vector,
    "sa": _association,
}


def _listed(names: Any) -> str:
    return ", ".join(names)


def _lines(text: str, kind: str) -> list[int]:
    headings = ((number, _HEADING.match(line)) for number, line in enumerate(text.split("\n"), 1))
    return [number for number, found in headings if found is not None and found[1] == kind]


def _first(text: str, kind: str) -> int | None:
    """The first line that begins with this name, with or without brackets."""
    begin = re.compile(rf"[\[ \t]*[\"']?{re.escape(kind)}\b")
    return next((number for number, line in enumerate(text.split("\n"), 1) if begin.match(line)), None)
