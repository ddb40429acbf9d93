"""Attributes that have the same value in nearly all objects of a class, so that a slot for each would be wasted.

An object has one slot, ``odd``, for all of them together: None, or a table of those that have another value. So an
object in which nothing is out of the ordinary takes 8 octets less for each, and there are tens of thousands of sets,
associations and transactions. To read one costs 0.1 µs more than a slot does; what every message reads has a slot.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Odd(Protocol):
    """An object that has rare attributes."""

    odd: dict[str, object] | None
    """By name those that have another value than the usual one; None: none has."""


class Rare(Generic[T]):
    """An attribute that has the value ``usual`` until another is set, as it has in nearly every object."""

    __slots__ = ("_name", "_usual")

    def __init__(self, usual: T) -> None:
        self._usual = usual
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, owner: Odd, kind: type | None = None) -> T:
        rare = owner.odd
        return self._usual if rare is None else rare.get(self._name, self._usual)  # type: ignore[return-value]

    def __set__(self, owner: Odd, value: T) -> None:
        if owner.odd is None:
            if value == self._usual:
                return
            owner.odd = {}
        owner.odd[self._name] = value
