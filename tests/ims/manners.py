"""How makes of phones and cores write the same message: RFC 3261 7.3 leaves order and spelling of headers to them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

Manner = Callable[[bytes], bytes]

COMPACT: Final = {
    "Call-ID": "i",
    "Contact": "m",
    "Content-Length": "l",
    "Content-Type": "c",
    "From": "f",
    "Supported": "k",
    "To": "t",
    "Via": "v",
}
LEADING: Final = "Via", "Call-ID", "CSeq"
COLONS: Final = ": ", ": ", ":", " : ", ":\t", ":  "


def manner(seed: object, *, whole: bool = True) -> Manner:
    """A manner of writing; half of them are the usual one. Unless ``whole``, a few mix spellings or fold a line."""
    rng = random.Random(f"manner {seed}")
    if rng.random() < 0.5:
        return lambda raw: raw
    order = rng.sample(LEADING, 3) if rng.random() < 0.6 else None
    last = rng.random() < 0.3
    colon = rng.choice(COLONS)
    names = rng.choice((str, str, str.lower, str.upper, str.title, lambda name: COMPACT.get(name, name)))
    blank = rng.choice(("", "", "", " "))
    only = None if whole else rng.choice((None, None, *COMPACT, "CSeq", "Route", "Security-Verify", "Require"))
    folded = not whole and rng.random() < 0.05

    def write(raw: bytes) -> bytes:
        head, found, body = raw.partition(b"\r\n\r\n")
        if not found:
            return raw
        start, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        if order is not None:
            first = [each for wanted in order for each in headers if each[0] == wanted]
            others = [each for each in headers if each[0] not in LEADING]
            headers = [*others, *first] if last else [*first, *others]
        written = [
            f"{names(name)}{colon}{value}{blank}" if only in (None, name) else f"{name}: {value}"
            for name, value in headers
        ]
        if folded:
            written.append("Subject: a\r\n b")
        return "\r\n".join((start, *written)).encode("latin-1") + found + body

    return write
