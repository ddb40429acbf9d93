"""Key material as an object that nothing can print: design, "Secrets"."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex

from analyzer.hashes import same


class Secret:
    """Octets that must never reach a report, a log, a traceback or another process by accident.

    Whoever needs the content says so with ``.octets``. Equality takes constant time; there is no hash, so that no
    secret ends up as the key of a table by mistake. Pickling raises TypeError, which says nothing of the content.
    """

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = bytes(octets)

    @property
    def octets(self) -> bytes:
        """The content."""
        return self._octets

    def __len__(self) -> int:
        return len(self._octets)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return same(self._octets, other._octets)

    def __repr__(self) -> str:
        return f"<secret of {len(self._octets)} octets>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied: hand over its octets where that is meant")
