"""E3: parameters side by side: what the rule compared, else what its event has to compare."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Final

from analyzer.ims.vocabulary import SetTerms
from analyzer.proof.around import Around
from analyzer.sip.secagree import Comparison, Mechanism
from analyzer.verdict import Broken, Table, Verdict

TABLES: Final = 4
ROWS: Final = 64
COLUMNS: Final = 9
CELL: Final = 200
"""Characters of one cell."""

ABSENT: Final = "-"

COMPARED: Final = {
    "client": ("Security-Client of SM7 against that of SM1", "SM1", "SM7"),
    "verify": ("Security-Verify of SM7 against Security-Server of SM6", "SM6", "SM7"),
    "again": ("Security-Server of SM12 against that of SM6", "SM6", "SM12"),
}
"""Titles and columns of the comparisons that events carry, by field."""

VALUES: Final = ("spi_uc", "spi_us", "spi_pc", "spi_ps", "port_uc", "port_us", "port_pc", "port_ps", "mod")
PARAMETERS: Final = ("alg", "ealg", "mod", "prot", "spi-c", "spi-s", "port-c", "port-s")


def tables(around: Around, verdict: Verdict, *, wanted: bool) -> tuple[Table, ...]:
    """What the rule compared, or if its row wants a table what there is to compare; at most `TABLES`, cut to limits."""
    made: tuple[Table, ...] = verdict.tables if isinstance(verdict, Broken) else ()
    if not made and wanted:
        made = (*_comparisons(around), *_offers(around), *_sets(around), *_expected(verdict))
    return tuple(_cut(table) for table in made[:TABLES])


def _comparisons(around: Around) -> Iterable[Table]:
    for name, (title, left, right) in COMPARED.items():
        found = around.named.get(name)
        if isinstance(found, Comparison) and (rows := found.rows):
            cells = ((f"{row.entry}. {row.parameter}", row.left or ABSENT, row.right or ABSENT) for row in rows)
            yield Table(title, ("parameter", left, right), tuple(cells))


def _offers(around: Around) -> Iterable[Table]:
    """Security-Client beside Security-Server, entry by entry."""
    offer, server = around.named.get("offer") or (), around.named.get("server") or ()
    if around.named.get("client") is not None or not (offer or server):
        return
    entries = [each for each in (*offer, *server) if isinstance(each, Mechanism) and each.is_ipsec][: COLUMNS - 1]
    heads = [f"Security-Client {place}" for place, each in enumerate(offer, 1) if each.is_ipsec]
    heads += [f"Security-Server {place}" for place, each in enumerate(server, 1) if each.is_ipsec]
    rows = [(name, *(each.params.get(name) or ABSENT for each in entries)) for name in PARAMETERS]
    rows = [row for row in rows if set(row[1:]) != {ABSENT}]
    if entries:
        columns = ("parameter", *heads[: len(entries)])
        yield Table("What UE and P-CSCF announced", columns, tuple(rows), compares=False)


def _sets(around: Around) -> Iterable[Table]:
    """SPIs and ports of the sets that the event speaks of."""
    found: list[SetTerms] = sorted(around.terms(), key=lambda terms: terms.generation)[: COLUMNS - 1]
    if not found:
        return
    columns = ("parameter", *(f"set {terms.generation}" for terms in found))
    rows = ((name, *(_text(getattr(terms, name)) for terms in found)) for name in VALUES)
    yield Table("SPIs and ports", columns, tuple(rows))


def _expected(verdict: Verdict) -> Iterable[Table]:
    if isinstance(verdict, Broken) and verdict.expected and verdict.observed:
        row = (verdict.fault, verdict.expected, verdict.observed)
        yield Table("What was expected and observed", ("parameter", "expected", "observed"), (row,))


def _text(value: object) -> str:
    return ABSENT if value is None else str(value)


def _cut(table: Table) -> Table:
    width = min(len(table.columns), COLUMNS)
    rows = (
        tuple(cell[:CELL] for cell, _ in zip_longest(row[:width], range(width), fillvalue="")) for row in table.rows
    )
    return table._replace(columns=table.columns[:width], rows=tuple(rows)[:ROWS])
