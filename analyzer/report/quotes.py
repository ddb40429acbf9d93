"""The headers of captured messages, as far as a report may quote them: bounded, without bodies and without keys.

A body can be somebody's SMS and says nothing about Gm. CK and IK stand in a 401 that was not cleaned (TS 24.229
5.2.2), a password in Basic credentials (RFC 7617): both are blanked before anybody gets it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from analyzer.sip.headers import header_end, header_key

LONGEST: Final = 8_192
"""Octets of one message's headers that are kept."""

BUDGET: Final = 16 << 20
"""Octets that are kept of each kind of messages; the oldest go first."""

BLANK: Final = "(not shown)"
"""What stands for a key."""

_SECRET: Final = re.compile(r'(?i)\b([ci]k\s*=\s*)(?:"[^"]*"?|[^\s,;"]+)')
_BASIC: Final = re.compile(r"(?i)(:\s*basic\s+)[^\s,]+")


_HARMLESS: Final = """
accept accept-contact allow allow-events authentication-info authorization call-id contact content-length content-type
cseq event expires feature-caps from max-forwards min-expires p-asserted-identity p-associated-uri p-called-party-id
p-preferred-identity path privacy proxy-authenticate proxy-authorization proxy-require rack record-route require
retry-after route rseq security-client security-server security-verify service-route session-expires subscription-state
supported timestamp to unsupported via www-authenticate
"""

HARMLESS: Final = frozenset(_HARMLESS.split())
"""Headers that are shown beside pseudonyms: what they hold of a subscriber has a form that is recognised. A cell, a
serial number in a User-Agent or a signed identity has none."""

_DISPLAYED: Final = re.compile(
    r'((?:^|,)[ \t]*)(?:"(?:[^"\\]|\\.)*+"?|[^\s"<>,;:@]+(?:[ \t]+[^\s"<>,;:@]+)*)[ \t]*(?=<)'
)
"""A display name in front of an address."""


class Quote(NamedTuple):
    """What is kept of one message."""

    head: str
    """Start line and headers as captured, one character an octet; without CK, IK and passwords."""
    cut: int
    """Octets of the headers that are not kept."""
    body: int
    """Octets of the body, which is never kept."""

    def pseudonymous(self, text: Callable[[str], str]) -> Quote:
        """The same with identities replaced by ``text``; display names and headers not in `HARMLESS` are left out."""
        first, *lines = self.head.split("\n")
        shown = [text(first)]
        harmless = False
        for line in lines:
            name, colon, value = line.partition(":")
            if line[:1] not in (" ", "\t"):
                harmless = bool(colon) and header_key(name) in HARMLESS
                if not harmless:
                    shown.append(f"{text(name)}: {BLANK}" if colon else BLANK)
                else:
                    shown.append(f"{name}:{text(_nameless(value))}")
            elif harmless:
                shown.append(text(_nameless(line)))
        return self._replace(head="\n".join(shown))


class Head(NamedTuple):
    """What is kept of a message until somebody asks for its quote."""

    octets: bytes
    cut: int
    body: int

    def quote(self) -> Quote:
        """The quotable part: without keys."""
        head = _SECRET.sub(rf"\g<1>{BLANK}", self.octets.decode("latin-1"))
        return Quote(_BASIC.sub(rf"\g<1>{BLANK}", head), self.cut, self.body)

    def __repr__(self) -> str:
        return f"<{len(self.octets)} octets of headers>"


def head(raw: bytes) -> Head:
    """The part of a message that may be quoted, cheaply: this is done for every message, a quote is made of few."""
    end, rest = header_end(raw)
    if end < 0:
        end = rest = len(raw)
    return Head(raw[: min(end, LONGEST)], max(end - LONGEST, 0), len(raw) - rest)


def _nameless(value: str) -> str:
    return _DISPLAYED.sub(rf"\g<1>{BLANK} ", value)


class Shelf:
    """Heads of messages by their frame, of at most `BUDGET` octets together; the oldest go first.

    Nobody counts those: whoever shows a message of which no head is left says so there.
    """

    __slots__ = ("_budget", "_kept", "octets")

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._kept: OrderedDict[tuple[int, int], Head] = OrderedDict()
        self.octets = 0

    def __contains__(self, place: tuple[int, int]) -> bool:
        return place in self._kept

    def put(self, place: tuple[int, int], made: Head) -> None:
        """Keep a message; one frame may hold several messages, and the first one stays."""
        if place in self._kept:
            return
        self._kept[place] = made
        self.octets += len(made.octets)
        while self.octets > self._budget:
            _, gone = self._kept.popitem(last=False)
            self.octets -= len(gone.octets)

    def get(self, place: tuple[int, int]) -> Head | None:
        """What is kept of a frame, if it is still kept."""
        return self._kept.get(place)

    def take(self, place: tuple[int, int]) -> Head | None:
        """What is kept of a frame, which leaves this shelf for another."""
        made = self._kept.pop(place, None)
        if made is not None:
            self.octets -= len(made.octets)
        return made
