"""Attributes that nearly all objects of a kind have at the same value: to those they cost nothing."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Odd(Protocol):
    """Something with a table of what is out of the ordinary with it; None: nothing."""

    odd: dict[str, object] | None


class Rare(Generic[T]):
    """An attribute for which nearly every object has the value ``first``."""

    __slots__ = ("_first", "_name")

    def __init__(self, first: T) -> None:
        self._first = first
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, owner: Odd, kind: type | None = None) -> T:
        rare = owner.odd
        return self._first if rare is None else rare.get(self._name, self._first)  # type: ignore[return-value]

    def __set__(self, owner: Odd, value: T) -> None:
        if owner.odd is None:
            if value == self._first:
                return
            owner.odd = {}
        owner.odd[self._name] = value
