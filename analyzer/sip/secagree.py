"""Security-Client, Security-Server and Security-Verify: reading and comparing them.

Grammar: RFC 3329 2.2 with the ipsec-3gpp parameters of TS 33.203 Annex H and the mediasec entries of TS 24.229 7.2A.7.
Comparison: requirements 8.4, with ruling R25 (an SPI printed as a negative number is the unsigned one of those bits).
"""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from sys import intern
from typing import Final, NamedTuple

from analyzer.sip.text import LWS, number, printable, split, unquote

LIMIT: Final = 64
"""Entries of one header that are read; `Mechanisms.dropped` counts the rest."""

PARAMETERS: Final = 32
"""Parameters of one entry that are read, three times as many as there are; `Mechanism.dropped` counts the rest."""

ENTRY_LIMIT: Final = 2048
"""Characters of one entry that are read, ten times as many as there are; `Mechanisms.dropped` counts longer ones."""

TEXT_LIMIT: Final = 300
"""Characters of an entry, or of a value in an evidence table, that reports may show."""

ROWS_LIMIT: Final = 400
"""Rows of an evidence table; those that differ come first when there are more."""

IPSEC: Final = "ipsec-3gpp"

_NEEDED: Final = ("spi-c", "spi-s", "port-c", "port-s")
_OBSOLETE: Final = frozenset({"spi", "port1", "port2"})
_NUMBERS: Final = frozenset({*_NEEDED, *_OBSOLETE})
_DEFAULTS: Final = (("ealg", "null"), ("prot", "esp"), ("mod", "trans"))
_ALGORITHMS: Final = {"hmac-sha1-96": "hmac-sha-1-96"}
_PAIRS: Final = {
    (alg, ealg): (alg, ealg)
    for alg in ("hmac-md5-96", "hmac-sha-1-96", "aes-gmac", "null")
    for ealg in ("null", "aes-cbc", "aes-gcm", "des-ede3-cbc")
}
"""So that all entries with the same pair share it."""

Canonical = tuple[str, tuple[tuple[str, str], ...]]
"""Name and sorted parameters; one without a value has `_FLAG` for it, which no value in a header can be."""

_FLAG: Final = "\n"
_plainly: Final = re.compile(r" ?([-a-z0-9]++)((?:; ?[-a-z0-9]++=[-.A-Za-z0-9_]++)*+)").fullmatch
"""Matches an entry in the usual spelling: its name, and its parameters."""
_assigned: Final = re.compile(r"; ?([-a-z0-9]++)=([-.A-Za-z0-9_]++)").findall


class Mechanism:
    """One entry: a mechanism's name and its parameters."""

    __slots__ = (
        *("_written", "alg", "dropped", "ealg", "is_ipsec", "is_mediasec", "mod", "name"),
        *("pair", "params", "port_c", "port_s", "prot", "spi_c", "spi_s"),
    )

    dropped: int
    """How many more parameters there were than `PARAMETERS`."""
    name: str
    """In lower case."""
    is_ipsec: bool
    """Whether it is ipsec-3gpp."""
    is_mediasec: bool
    """Whether it is about media security (TS 24.229 7.2A.7), hence none of our business."""
    alg: str
    """Integrity algorithm in lower case; "" if absent: there is no default."""
    ealg: str
    """Encryption algorithm in lower case."""
    prot: str
    """IPsec protocol in lower case."""
    mod: str
    """IPsec mode in lower case."""

    pair: tuple[str, str]
    """Integrity and encryption algorithm in lower case, as TS 33.203 Annex H spells them (FP20)."""
    spi_c: int | None
    """SPI of the sender's inbound SA at its client port, 0 to 2**32 - 1; None if absent, no number or beyond."""
    spi_s: int | None
    """SPI of the sender's inbound SA at its server port; as `spi_c`."""
    port_c: int | None
    """The sender's protected client port, 0 to 65535; None if absent, no number or beyond."""
    port_s: int | None
    """The sender's protected server port; as `port_c`."""

    def __init__(self, written: str) -> None:
        self._written = written
        self.name, self.dropped, params = _read(written)
        self.params: dict[str, str | None] = params
        """Keys in lower case, values unquoted, None for one without a value; of a repeated parameter the first."""
        # A rule asks for these again and again, and nearly every entry has the same few words for them
        get = params.get
        self.is_ipsec = self.name == IPSEC
        self.is_mediasec = "mediasec" in params
        self.alg = intern((get("alg") or "").lower())
        self.ealg = intern((get("ealg") or "null").lower())
        self.prot = intern((get("prot") or "esp").lower())
        self.mod = intern((get("mod") or "trans").lower())
        pair = _ALGORITHMS.get(self.alg, self.alg), self.ealg
        self.pair = _PAIRS.get(pair, pair)
        self.spi_c, self.spi_s = _spi(get("spi-c")), _spi(get("spi-s"))
        self.port_c, self.port_s = _port(get("port-c")), _port(get("port-s"))

    def __repr__(self) -> str:
        return f"<Mechanism {self.text}>"

    @property
    def text(self) -> str:
        """The entry as written, for reports: at most `TEXT_LIMIT` characters, control characters replaced."""
        return printable(self._written.strip(LWS), TEXT_LIMIT)

    @property
    def written(self) -> str:
        """The whole entry as written, from which another one like this can be made."""
        return self._written

    @property
    def q(self) -> int | None:
        """Preference in thousandths; None if absent or ill-formed."""
        return _thousandths(self.params.get("q"))

    @property
    def obsolete_form(self) -> bool:
        """Whether it has parameters of RFC 3329 Appendix A (one SPI, port1 and port2), which ipsec-3gpp replaced."""
        return not _OBSOLETE.isdisjoint(self.params)

    def absent(self) -> list[str]:
        """Which of the five parameters that an SA needs are not there, or have no value at all."""
        if None not in (self.spi_c, self.spi_s, self.port_c, self.port_s) and self.alg:
            return []
        return [key for key in (*_NEEDED, "alg") if self.params.get(key) is None]

    def missing(self) -> list[str]:
        """Which of the five parameters that an SA needs are absent or not usable as what they are."""
        numbers = (self.spi_c, self.spi_s, self.port_c, self.port_s)
        if None not in numbers and self.alg:
            return []
        absent = [key for key, value in zip(_NEEDED, numbers, strict=True) if value is None]
        return absent if self.alg else [*absent, "alg"]

    def canonical(self) -> Canonical:
        """The entry in the form of requirements 8.4: case, order, quotes, blanks and leading zeros do not matter."""
        pairs = _pairs(split(self._written, ";")[1:])
        return self.name, tuple(sorted((key, _canonical(key, value)) for key, value in pairs))


class Mechanisms(list[Mechanism]):
    """The entries of one header in their order."""

    dropped: int = 0
    """How much was not read: entries beyond `LIMIT`, parameters beyond `PARAMETERS`, entries beyond `ENTRY_LIMIT`."""


class Result(StrEnum):
    """How two headers compare, from best to worst but for the last."""

    EXACT = "exact"
    """The same octets."""
    CANON = "canon"
    """The same in another notation."""
    DEFAULT = "default"
    """The same once defaults are spelled out."""
    ORDER = "order"
    """The same entries in another order: the preference has changed."""
    REDUCED = "reduced"
    """Some entries are missing, nothing else."""
    DIFFERENT = "different"
    """A value differs, or an entry was added."""
    MISSING = "missing"
    """There is no entry at all."""


class Row(NamedTuple):
    """One line of the evidence table; what differs is what has different values here."""

    entry: int
    """Position of the entry in the reference, from 1; added entries are numbered after them."""
    parameter: str
    """Its name; ``mechanism`` for the name of the mechanism, ``position`` for the place of an entry that has moved."""
    left: str | None
    """Canonical value in the reference, None if absent."""
    right: str | None
    """Canonical value in the repeated header, None if absent."""


class Comparison:
    """What `compare` found; the table is made when it is asked for."""

    __slots__ = ("_left", "_right", "result")

    def __init__(self, result: Result, left: list[Canonical], right: list[Canonical]) -> None:
        self.result = result
        self._left = left
        self._right = right

    def __repr__(self) -> str:
        return f"<Comparison {self.result}>"

    @property
    def ok(self) -> bool:
        """Whether the header was repeated unchanged, whatever its notation."""
        return self.result in (Result.EXACT, Result.CANON, Result.DEFAULT)

    @property
    def rows(self) -> list[Row]:
        """All parameters side by side, at most `ROWS_LIMIT`; empty where the whole headers are equal octet by octet."""
        rows: list[Row] = []
        for entry, (left, right) in enumerate(_aligned(self._left, self._right), 1):
            rows.extend(_rows(entry, self._left[left - 1] if left else None, self._right[right - 1] if right else None))
            if self.result is Result.ORDER and left != right:
                rows.append(Row(entry, "position", str(left), str(right)))
        if len(rows) > ROWS_LIMIT:
            rows.sort(key=lambda row: row.left == row.right)
        return rows[:ROWS_LIMIT]


_SAME: Final = Comparison(Result.EXACT, [], [])
"""What nearly every comparison finds."""


def mechanisms(values: list[str]) -> Mechanisms:
    """Read the values of all header lines of one name, in order; empty entries are left out."""
    found = Mechanisms()
    for value in values:
        for entry in split(value, ","):
            if not entry.strip(LWS):
                continue
            if len(found) < LIMIT:
                found.append(Mechanism(entry[:ENTRY_LIMIT]))
                found.dropped += found[-1].dropped + (len(entry) > ENTRY_LIMIT)
            else:
                found.dropped += 1
    return found


def compare(reference: list[str], repeated: list[str]) -> Comparison:
    """Compare the values of a header with those that should repeat it (requirements 8.4), mediasec entries apart."""
    if reference == repeated and any(value.strip(" \t\r\n,") for value in repeated):
        return _SAME
    before, after = mechanisms(reference), mechanisms(repeated)
    left = [entry.canonical() for entry in before if not entry.is_mediasec]
    right = [entry.canonical() for entry in after if not entry.is_mediasec]
    return Comparison(_result(before, after, left, right), left, right)


def normal_alg(name: str) -> str:
    """The name of an integrity algorithm as TS 33.203 Annex H spells it, in lower case (FP20)."""
    name = name.lower()
    return _ALGORITHMS.get(name, name)


def _result(before: Mechanisms, after: Mechanisms, left: list[Canonical], right: list[Canonical]) -> Result:
    if not after:
        return Result.MISSING
    if before.dropped or after.dropped:
        # What was not read cannot be called equal.
        return Result.DIFFERENT
    if not right:
        return Result.MISSING if left else Result.EXACT
    if left == right:
        media = len(left) < len(before) or len(right) < len(after)
        kept = ([entry.text for entry in each if not entry.is_mediasec] for each in (before, after))
        return Result.EXACT if media and next(kept) == next(kept) else Result.CANON
    left, right = [_filled(entry) for entry in left], [_filled(entry) for entry in right]
    if left == right:
        return Result.DEFAULT
    offered, mirrored = Counter(left), Counter(right)
    if offered == mirrored:
        return Result.ORDER
    return Result.REDUCED if mirrored < offered else Result.DIFFERENT


def _read(written: str) -> tuple[str, int, dict[str, str | None]]:
    """An entry's name, how many of its parameters were not read, and those that were, the first of each name."""
    plain = _plainly(written)
    if plain is not None:
        assigned = _assigned(plain[2])
        if len(assigned) <= PARAMETERS:
            return intern(plain[1]), 0, dict(reversed(assigned))
    name, *pieces = split(written, ";")
    return intern(name.strip(LWS).lower()), max(0, len(pieces) - PARAMETERS), dict(reversed(_pairs(pieces)))


def _pairs(pieces: list[str]) -> list[tuple[str, str | None]]:
    """The parameters of an entry, given as what stands between semicolons: `PARAMETERS` at most, repeated ones too."""
    pairs = []
    for piece in pieces[:PARAMETERS]:
        key, equals, value = piece.partition("=")
        key = key.strip(LWS).lower()
        if key:
            value = value.strip(LWS)
            pairs.append((key, (unquote(value) if value[:1] == '"' else value) if equals else None))
    return pairs


def _filled(entry: Canonical) -> Canonical:
    """The entry with the defaults of requirements 8.2 spelled out."""
    name, pairs = entry
    if name != IPSEC:
        return entry
    keys = {key for key, _ in pairs}
    return name, tuple(sorted((*pairs, *(default for default in _DEFAULTS if default[0] not in keys))))


def _aligned(left: list[Canonical], right: list[Canonical]) -> list[tuple[int, int]]:
    """Which entry stands beside which, as positions from 1; 0 where there is none: equal ones first, then in order."""
    free: dict[Canonical, list[int]] = {}
    for position in range(len(right), 0, -1):
        free.setdefault(_filled(right[position - 1]), []).append(position)
    pairs: dict[int, int] = {}
    for position, entry in enumerate(left, 1):
        equals = free.get(_filled(entry))
        if equals:
            pairs[position] = equals.pop()
    rest = sorted(position for positions in free.values() for position in positions)
    for position in range(1, len(left) + 1):
        if position not in pairs:
            pairs[position] = rest.pop(0) if rest else 0
    return [*sorted(pairs.items()), *((0, position) for position in rest)]


def _rows(entry: int, left: Canonical | None, right: Canonical | None) -> list[Row]:
    before, after = _shown(left), _shown(right)
    return [Row(entry, key, before.get(key), after.get(key)) for key in dict.fromkeys((*before, *after))]


def _shown(entry: Canonical | None) -> dict[str, str]:
    """What the table shows of an entry, nothing if it is not there; a repeated parameter's values stand together."""
    if entry is None:
        return {}
    shown = {"mechanism": printable(entry[0], TEXT_LIMIT)}
    for key, value in entry[1]:
        key = printable(key, TEXT_LIMIT)
        value = "(no value)" if value == _FLAG else printable(value, TEXT_LIMIT)
        shown[key] = f"{shown[key]}, {value}"[:TEXT_LIMIT] if key in shown else value
    return shown


def _canonical(key: str, value: str | None) -> str:
    if value is None:
        return _FLAG
    if key in _NUMBERS:
        found = _spi(value) if "spi" in key else number(value)
        return value.lower() if found is None else str(found)
    if key == "q":
        thousandths = _thousandths(value)
        return value.lower() if thousandths is None else f"{thousandths / 1000:g}"
    return value.lower()


def _spi(value: str | None) -> int | None:
    if value is None:
        return None
    if value[:1] == "-":
        found = number(value[1:])
        return 2**32 - found if found is not None and 0 < found <= 2**31 else None
    found = number(value)
    return found if found is None or found < 2**32 else None


def _port(value: str | None) -> int | None:
    found = None if value is None else number(value)
    return found if found is None or found <= 65535 else None


def _thousandths(value: str | None) -> int | None:
    if value is None:
        return None
    whole, _, fraction = value.partition(".")
    if whole not in ("0", "1") or len(fraction) > 3:
        return None
    rest = number(fraction.ljust(3, "0"))
    return None if rest is None or (whole == "1" and rest) else int(whole) * 1000 + rest
