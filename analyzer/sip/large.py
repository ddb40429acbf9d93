"""Keeps large messages from filling the memory.

Requests wait for their answers, and procedures remember what began them: thousands of messages for one UE. Usual ones
have a kilobyte, but nothing keeps a sender from 64 KB a datagram or 320 KB a message over TCP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from analyzer.sip.message import Message

LARGE: Final = 8192
"""Octets from which on a message is large; none of IMS needs as many, save for some bodies."""

OCTETS: Final = 32 << 20
"""What the large messages that are remembered may hold together."""

CROWDED: Final = "large SIP messages: too many to remember the headers of the oldest"


class LargeMessages:
    """The large messages of the last time; when there are too many, the oldest is made to forget headers and body.

    Whoever still remembers it finds what `Message.forget` leaves; ``on_evict`` is told, save where that was so already.
    """

    __slots__ = ("_held", "_messages", "_on_evict")

    def __init__(self, on_evict: Callable[[str], None]) -> None:
        self._on_evict = on_evict
        self._messages: deque[tuple[int, Message]] = deque()
        self._held = 0

    def note(self, message: Message) -> None:
        """One more message that has more than `LARGE` octets."""
        self._messages.append((len(message.raw), message))
        self._held += len(message.raw)
        while self._held > OCTETS:
            size, oldest = self._messages.popleft()
            self._held -= size
            if len(oldest.raw) > LARGE:
                oldest.forget()
                self._on_evict(CROWDED)
