"""Digest parameters side by side (evidence E3): those of a challenge and those of the REGISTER that answers it."""

from analyzer.ims.events import Credentials
from analyzer.rule import Table

SHOWN = 80
"""Characters of a value that a table shows."""

ABSENT = "(absent)"


def cell(value: str | None) -> str:
    """A value as a report may show it; what a sender wrote may be long, or fit for no terminal."""
    if value is None:
        return ABSENT
    if value == "":
        return '""'
    shown = value[:SHOWN]
    if not shown.isprintable():
        shown = "".join(letter if letter.isprintable() else "?" for letter in shown)
    return shown if len(value) <= SHOWN else f"{shown[: SHOWN - 3]}..."


def side_by_side(title: str, left: str, right: str, rows: tuple[tuple[str, str | None, str | None], ...]) -> Table:
    """A table of three columns: the parameter, what was asked and what was seen."""
    return Table(title, ("parameter", left, right), tuple((name, cell(a), cell(b)) for name, a, b in rows))


def alone(title: str, found: Credentials | None) -> Table:
    """What the Authorization of one REGISTER holds."""
    names = ("username", "realm", "uri", "nonce", "response", "algorithm", "auts")
    params = found.params if found is not None else {}
    return Table(title, ("parameter", "Authorization"), tuple((name, cell(params.get(name))) for name in names))
