"""The rules that are installed, for the commands that audit and for those that explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.cli.refusal import Refusal

if TYPE_CHECKING:
    from analyzer.rule import Rule


def installed_rules() -> list[Rule]:
    """All of them; raises Refusal if two packages have one of the same name."""
    from analyzer.rule import collect

    try:
        return collect()
    except ValueError as error:
        raise Refusal(f"{error}; remove one of the two rule packages") from error
