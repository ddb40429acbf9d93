"""What the rules of this family and of the ports show side by side (evidence E3)."""

from collections.abc import Iterable, Sequence

from analyzer.ims.events import Mechanism, SetTerms
from analyzer.rule import Table

ABSENT = "-"
ENTRIES = 8
"""Entries of a header that are shown; more than that nobody compares by eye."""
ROWS = 64
"""Rows of a comparison that are shown."""
PARAMETERS = ("alg", "ealg", "prot", "mod", "spi-c", "spi-s", "port-c", "port-s", "q")


def entries_table(title: str, entries: Iterable[Mechanism], compares: bool = False) -> Table:
    """The entries of a Security-* header, one a column; `compares` where they should be alike."""
    shown = list(entries)[:ENTRIES]
    columns = ("parameter", *(f"entry {number}" for number in range(1, len(shown) + 1)))
    rows = [("mechanism", *(short(entry.name) for entry in shown))]
    for name in PARAMETERS:
        values = tuple(_value(entry, name) for entry in shown)
        if any(value != ABSENT for value in values):
            rows.append((name, *values))
    return Table(title, columns, tuple(rows), compares)


def two_columns(
    title: str, left: str, right: str, rows: Iterable[tuple[str, object, object]], compares: bool = True
) -> Table:
    """Named values in two columns, which should be alike if it `compares` them."""
    cells = tuple((name, _text(before), _text(after)) for name, before, after in rows)
    return Table(title, ("parameter", left, right), cells, compares)


def sets_table(title: str, before: SetTerms, after: SetTerms) -> Table:
    """SPIs and ports of two sets."""
    names = ("spi_uc", "spi_us", "spi_pc", "spi_ps", "port_uc", "port_us", "port_pc", "port_ps")
    heads = (f"set {before.generation}", f"set {after.generation}")
    rows = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return two_columns(title, *heads, rows, compares=False)


def pairs_text(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs of algorithms in words."""
    return ", ".join(f"{short(alg or ABSENT)}/{short(ealg)}" for alg, ealg in pairs) or "none"


def new_values(wrong: Sequence[str]) -> str:
    """What an offer does to the values of a set if these are wrong: all but port-s have to be new (S1 7.4)."""
    *most, last = [name for name in wrong if name != "port-s"] or [""]
    repeated = f"repeats {', '.join(most)} and {last}" if most else f"repeats {last}" if last else ""
    return " and ".join(filter(None, (repeated, "changes port-s" if "port-s" in wrong else "")))


def _value(entry: Mechanism, name: str) -> str:
    if name not in entry.params:
        return ABSENT
    value = entry.params[name]
    return "(no value)" if value is None else short(value)


def _text(value: object) -> str:
    return ABSENT if value is None or value == "" else short(str(value))


def short(text: str, limit: int = 60) -> str:
    """A value from the wire as a report may show it."""
    shown = text[:limit]
    return shown if shown.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in shown)
