"""Tables from which the oldest entry goes once they are full, and that are seldom full."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def in_order(table: dict[K, V]) -> OrderedDict[K, V]:
    """The same entries, so that to find the first takes no time, however many went before it.

    In a plain dictionary it would have to be searched for behind all that are gone; but that takes 70 octets less for
    an entry, so that a table is one until it is full for the first time.
    """
    return table if isinstance(table, OrderedDict) else OrderedDict(table)
