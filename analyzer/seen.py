"""What a reader of captures saw in one frame, in words that fit any reader: what two of them are compared in.

Texts are in a plain form, since readers differ in how they show octets that are no ASCII and where they cut long ones.
Imports nothing of ours.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

GOOD: Final = "good"
"""The ICV of an ESP packet was checked, and is right."""
BAD: Final = "bad"
"""It was checked, and is wrong."""
UNCHECKED: Final = "unchecked"
"""It was not checked."""

LINE: Final = 150
"""Characters of a start line, a Call-ID or a CSeq that are compared."""
VALUE: Final = 500
"""Characters of a Security-* header that are compared."""

HEADERS: Final = ("Security-Client", "Security-Server", "Security-Verify")
"""The headers of RFC 3329."""
PARAMETERS: Final = ("alg", "ealg", "prot", "spi-c", "spi-s", "port-c", "port-s")
"""Their parameters that are compared one by one."""

_STRANGE: Final = re.compile(r"[^!-~]+")
_TOKEN: Final = r"[\w\-.!%*+`'~]+"
_START: Final = re.compile(rf"(?i:SIP/2\.0) [1-6]\d\d\b.*|{_TOKEN} [a-z][\w+.-]*:\S+ (?i:SIP/2\.0)", re.ASCII)
_SEQUENCE: Final = re.compile(rf"\d+ {_TOKEN}", re.ASCII)


def plain(text: str, longest: int = LINE) -> str:
    """A text to compare and to show: blanks, and whatever is no visible ASCII, become one blank; cut to a length.

    It ends at a NUL, since Wireshark's texts do.
    """
    return _STRANGE.sub(" ", text[: 2 * longest].partition("\0")[0]).strip()[:longest]


class SeenHeader(NamedTuple):
    """One Security-Client, Security-Server or Security-Verify line."""

    name: str
    text: str
    parameters: tuple[tuple[str, str], ...]
    """Names and values of `PARAMETERS`, sorted; those of all mechanisms in the line together."""


class SeenMessage(NamedTuple):
    """One SIP message."""

    start_line: str
    call_id: str
    cseq: str
    security: tuple[SeenHeader, ...]

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells a message from others; a retransmission has the same."""
        return self.start_line, self.call_id, self.cseq

    @property
    def malformed(self) -> bool:
        """Whether it breaks the grammar where a message is told from other text (RFC 3261 7.1, 7.2, 20.16)."""
        whole = len(self.start_line) == LINE or _START.fullmatch(self.start_line) is not None
        return not (whole and self.call_id and _SEQUENCE.fullmatch(self.cseq))


class SeenPacket(NamedTuple):
    """One ESP packet."""

    spi: int
    sequence: int
    icv: str
    """GOOD, BAD or UNCHECKED."""


class SeenFrame(NamedTuple):
    """One frame in which there was something."""

    number: int
    """From 1, as Wireshark counts."""
    layers: tuple[str, ...]
    """Names of the protocols around one another, the outermost first."""
    cut: bool
    """The capture kept less than was on the wire."""
    remarks: frozenset[str]
    """What the reader says of the frame's TCP segment: `retransmission`, `out_of_order`, `lost_segment` ..."""
    packets: tuple[SeenPacket, ...]
    messages: tuple[SeenMessage, ...]
