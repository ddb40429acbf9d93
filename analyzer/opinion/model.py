"""The second opinion as reports have it: how much agrees, what differs, and why where that is known."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from msgspec import Struct, field

About = Literal["esp", "sip", "sec-agree"]
"""What two readers differ about: ESP packets and their ICV, SIP messages, Security-* headers of a message."""


class Reason(Enum):
    """What explains a difference: its code, for scripts, and a sentence, for people."""

    COPY = "copy", "the packet was captured more than once; gmaudit reads it once, tshark each copy of it"
    REPLAY = "replay", "the ESP packet came again; gmaudit reads its content once (RFC 4303 3.4.3), tshark each time"
    RETRANSMISSION = "retransmission", "tshark takes the segment for a retransmission of TCP, and reads no SIP in it"
    HOLE = "hole", "segments of TCP before it are missing or out of order; tshark reads no SIP there, gmaudit does"
    REORDERED = "reordered", "segments of TCP did not come in order; the two name different ones as the last"
    BAD_ICV = "bad-icv", "the ICV is wrong; tshark shows what is inside all the same, also in TCP streams"
    GUESSED = "guessed", "gmaudit has no key for it; tshark guesses that nothing is encrypted"
    NO_NAME = "algorithm", "tshark has no name for the algorithm of this security association"
    MISMADE = "mismade", "its sender makes ESP against the standard, in a way that gmaudit knows and tshark does not"
    REUSED = "spi-reuse", "tshark knows one key for an SPI, and this SPI has had too many"
    MOVED = "moved", "the UE is behind a NAT and its address may change; what tshark has of the association names one"
    UNPROVEN = "unproven-key", "gmaudit reads it with keys that no ICV proves, and did not give those to tshark"
    OTHER_FILE = "other-file", "it begins in another capture file; tshark reads one file at a time"
    MALFORMED = "malformed", "the message breaks the grammar of SIP, and the two do not overlook the same mistakes"
    TOLD = "told", "a tool tells of the message instead of showing its packet; gmaudit does not judge by that"
    CUT = "cut", "the capture cut the packet; tshark shows what is left, gmaudit does not judge a part"
    INSIDE = "inside", "tshark finds it inside of something that gmaudit does not open"

    @property
    def code(self) -> str:
        """The short name."""
        return str(self.value[0])

    @property
    def sentence(self) -> str:
        """The explanation."""
        return str(self.value[1])


class Difference(Struct, kw_only=True):
    """One thing that the two readers see differently, and nothing that is known explains it."""

    about: About
    capture: int
    """Index of the capture."""
    frame: int
    ours: str
    theirs: str


class Explained(Struct, kw_only=True):
    """The differences that have one known reason."""

    reason: Reason
    count: int = 0
    frames: list[tuple[int, int]] = field(default_factory=list)
    """Capture and frame, of the first of them."""


class SecondOpinion(Struct, kw_only=True):
    """How another program sees the captures. It changes no verdict."""

    program: str
    """Its name and version."""
    esp: int = 0
    """ESP packets whose ICV both judge alike."""
    sip: int = 0
    """SIP messages that both see in the same frame."""
    sec_agree: int = 0
    """Lines of Security-Client, Security-Server and Security-Verify that both read alike."""
    explained: dict[Reason, Explained] = field(default_factory=dict)
    unexplained: int = 0
    differences: list[Difference] = field(default_factory=list)
    """The unexplained ones; where there are very many, the first."""
    notes: list[str] = field(default_factory=list)
    """What was not compared, each one line."""
