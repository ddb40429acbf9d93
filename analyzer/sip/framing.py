"""Cuts one direction of a TCP connection into SIP messages (RFC 3261 18.3, keep-alives of RFC 5626 3.5.1).

Content-Length frames a message; without one (or with one that is no number) the message has no body. What does not
begin like a message is malformed: it is reported once, and the next line that is a start line begins anew. How the
octets were divided among segments makes no difference to the messages. Time is linear in the octets, however small the
segments; memory is bounded by the limits below.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from analyzer.frame import FrameRef
from analyzer.sip.headers import HEADER_LIMIT, content_length, header_end
from analyzer.sip.startline import METHODS

BODY_LIMIT: Final = 262_144
"""The largest Content-Length that is waited for, in octets."""

PIECES_LIMIT: Final = 4096
"""Segments that one message may be made of."""

START_LINE_LIMIT: Final = 8192
"""Octets of an unfinished line that are kept while a start line is sought."""

OVERHEAD: Final = 256
"""What a segment is charged besides its octets as long as the message that it belongs to is not whole."""

MALFORMED_KEPT: Final = 256
"""Octets of what was malformed that are handed on."""

_TOKEN: Final = rb"A-Za-z0-9\-.!%*_+`'~"
_STATUS_LINE: Final = rb"(?i:SIP)/2\.0 [1-6][0-9]{2}(?: [^\n]{0,8000})?\r?\n"
_START: Final = re.compile(rb"[" + _TOKEN + rb"]{1,64} [^\n]+ (?i:SIP)/2\.0[ \t]*\r?\n|" + _STATUS_LINE)
# In the middle of a stream the rest of a torn word must not pass for a method: only those that are known.
_KNOWN: Final = rb"(?:" + "|".join(sorted(METHODS)).encode() + rb") [^\n]{1,8000} SIP/2\.0\r?\n|" + _STATUS_LINE
_FIRST_LINE: Final = re.compile(_KNOWN)
_LATER_LINE: Final = re.compile(rb"\n(?=" + _KNOWN + rb")")
_BLANK: Final = re.compile(rb"(?:\r?\n)+")
_KEEPALIVES: Final = (b"\r\n\r\n", b"\r\n")
"""Ping and pong, as they nearly always come: alone."""
_new = tuple.__new__
_when = attrgetter("time", "capture", "number")
_TOKEN_OCTET: Final = re.compile(rb"[" + _TOKEN + rb"]")


class Framed(NamedTuple):
    """What was cut out of the stream."""

    kind: Literal["message", "keepalive", "malformed"]
    data: bytes
    """The octets; of what is malformed the first `MALFORMED_KEPT`."""
    at: FrameRef
    """The last frame (by time) that carried a part of it."""
    frames: tuple[FrameRef, ...]
    """All frames that carried a part of it, each once, in stream order."""
    tags: tuple[Hashable, ...]
    """The distinct tags of its segments in stream order: more than one if its protection changed on the way."""
    end: int
    """Offset in the stream of the octet after it."""

    def __repr__(self) -> str:
        """Without the octets: a 401 of the core leg holds keys."""
        return f"<Framed {self.kind}, {len(self.data)} octets up to {self.end}>"


class _Piece(NamedTuple):
    end: int
    at: FrameRef
    frames: tuple[FrameRef, ...]
    tag: Hashable


class Framer:
    """One direction of one connection; `feed` it the octets in order. Call `hole` first if the start was not seen."""

    __slots__ = ("_buffer", "_end", "_pieces", "_searched", "_started", "_torn", "_wanted", "synchronised")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._pieces: list[_Piece] = []  # a deque takes 700 octets while it is empty, which it nearly always is
        self._end = 0
        # Up to where the buffer was searched in vain.
        self._searched = 0
        # The buffer's first line is a start line.
        self._started = False
        # Octets of the message at the start of the buffer, once its headers are complete.
        self._wanted = 0
        self.synchronised = True
        """It knows where it is: between two messages, or in one."""
        # The buffer begins in the middle of a line (only while not synchronised).
        self._torn = False

    @property
    def held(self) -> int:
        """What the unfinished message is charged."""
        return len(self._buffer) + OVERHEAD * len(self._pieces)

    def feed(self, data: bytes, at: FrameRef, frames: tuple[FrameRef, ...], tag: Hashable, end: int) -> list[Framed]:
        """Take the next octets, which end at stream offset `end`, and return what they complete."""
        stated = 0
        if self.synchronised and not self._buffer:
            stated = _stated(data)
            if 0 < stated == len(data):
                return [Framed("message", data, at, frames, (tag,), end)]
            if data in _KEEPALIVES:
                return [Framed("keepalive", data, at, frames, (tag,), end)]
        found: list[Framed] = []
        if len(self._pieces) >= PIECES_LIMIT:
            if self.synchronised:
                found.append(self._malformed(len(self._buffer)))
            self._drop(len(self._buffer))
            self._torn = True
        self._buffer += data
        self._end = end
        self._pieces.append(_new(_Piece, (end, at, frames, tag)))
        self._wanted = self._wanted or stated
        while self._buffer:
            framed = self._next()
            if framed is None:
                break
            found.append(framed)
        return found

    def hole(self) -> list[Framed]:
        """Octets are missing from here on, or the stream ends: lose what is incomplete, and seek a start line.

        A message whose headers are complete is not lost: it is returned with the part of its body that there is.
        """
        found = [self._take("message", len(self._buffer))] if self._wanted and self._buffer else []
        self._drop(len(self._buffer))
        self.synchronised = self._torn = False
        return found

    def _next(self) -> Framed | None:
        """The next thing in the buffer, None if more octets are needed to tell what it is."""
        buffer = self._buffer
        if not self.synchronised and not self._seek():
            return None
        if not self._wanted:
            blank = _BLANK.match(buffer)
            if blank:
                return self._take("keepalive", blank.end())
            if buffer == b"\r":
                return None
            if not _TOKEN_OCTET.match(buffer):
                return self._malformed(buffer.find(b"\n") + 1)
            refused = self._measure()
            if refused:
                return self._malformed(refused)
        if not self._wanted or len(buffer) < self._wanted:
            return None
        return self._take("message", self._wanted)

    def _measure(self) -> int:
        """Find out how long the message is that the buffer begins with; returns how many octets to refuse, if any."""
        buffer = self._buffer
        full = len(buffer) > HEADER_LIMIT + 2
        if not self._started:
            line_end = buffer.find(b"\n", self._searched)
            if line_end < 0:
                self._searched = len(buffer)
                return len(buffer) if full else 0
            if not _START.match(buffer):
                return line_end + 1
            self._started = True
            self._searched = line_end
        end, rest = header_end(buffer, self._searched)
        if end < 0 and not full:
            self._searched = max(self._searched, len(buffer) - 2)
            return 0
        if end < 0 or end > HEADER_LIMIT:
            return buffer.find(b"\n") + 1
        length = content_length(buffer, rest) or 0
        if length > BODY_LIMIT:
            return rest
        self._wanted = rest + length
        return 0

    def _seek(self) -> bool:
        """Drop what comes before the next start line; False if there is none yet."""
        buffer = self._buffer
        last = buffer.rfind(b"\n", self._searched)
        if last >= 0:
            if not self._torn and _FIRST_LINE.match(buffer):
                self.synchronised = True
                return True
            later = _LATER_LINE.search(buffer)
            self._torn = False
            self._drop(later.start() + 1 if later else last + 1)
            if later:
                self.synchronised = True
                return True
        self._searched = len(buffer)
        if len(buffer) > START_LINE_LIMIT:
            self._drop(len(buffer))
            self._torn = True
        return False

    def _malformed(self, size: int) -> Framed:
        """Report and skip the octets that cannot be read (all if `size` is 0), and lose synchronisation."""
        size = size or len(self._buffer)
        self._torn = not self._buffer.endswith(b"\n", 0, size)
        self.synchronised = False
        return self._take("malformed", size)

    def _take(self, kind: Literal["message", "keepalive", "malformed"], size: int) -> Framed:
        """Cut the first octets out of the buffer."""
        stop = self._end - len(self._buffer) + size
        pieces = []
        for piece in self._pieces:
            pieces.append(piece)
            if piece.end >= stop:
                break
        data = bytes(self._buffer[: min(size, MALFORMED_KEPT) if kind == "malformed" else size])
        self._drop(size)
        if len(pieces) == 1:
            return Framed(kind, data, pieces[0].at, pieces[0].frames, (pieces[0].tag,), stop)
        return Framed(
            kind,
            data,
            max([piece.at for piece in pieces], key=_when),
            tuple(dict.fromkeys([frame for piece in pieces for frame in piece.frames])),
            tuple(dict.fromkeys([piece.tag for piece in pieces])),
            stop,
        )

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        start = self._end - len(self._buffer)
        pieces = self._pieces
        done = 0
        while done < len(pieces) and pieces[done].end <= start:
            done += 1
        del pieces[:done]
        self._searched = self._wanted = 0
        self._started = False


def says_whole(data: bytes, rest: int) -> bool:
    """Whether a message whose headers end at `rest` has, by a Content-Length of the usual form, all these octets."""
    at = data.find(b"\nContent-Length:", 0, rest)
    return at >= 0 and data.startswith(b" %d\r\n" % (len(data) - rest), at + 16)


def _stated(data: bytes) -> int:
    """How long the message is that the octets begin with; 0 if it takes a closer look, or more octets, to tell."""
    if not _START.match(data):
        return 0
    end, rest = header_end(data)
    if not 0 <= end <= HEADER_LIMIT:
        return 0
    length = content_length(data, rest) or 0
    return rest + length if length <= BODY_LIMIT else 0
