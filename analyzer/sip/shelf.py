"""Messages that are kept for later: what was read in them goes, their octets stay as far as somebody may ask."""

from __future__ import annotations

from analyzer.sip.message import Message


def shelve(message: Message) -> None:
    """Let go of the header table and of all that was read in a message, some 4 KB of a REGISTER.

    Nothing is lost: it is read again, in 15 microseconds, when somebody asks for it.
    """
    message._table = message._read = None
    if message.top_via is not None:
        message.top_via = message.top_via.compact()


def kept(message: Message, names: frozenset[bytes]) -> Message:
    """A copy of an answer without body, Via and all header lines but those of these names (in lower case).

    Two thirds of a challenge are left. Where lines are folded or end in another way than they should, all of them stay.
    Others may hold the whole of it.
    """
    short = message.twin()
    head, _, _ = message.raw.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    plain = head.count(b"\n") == head.count(b"\r") == len(lines) and b"\n " not in head and b"\n\t" not in head
    if plain:
        left = [line for line in lines if line.partition(b":")[0].rstrip(b" \t").lower() in names]
        short.raw = b"\r\n".join((first, *left, b"", b""))
    short.top_via = None  # nothing answers it
    return short
