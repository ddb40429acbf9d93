"""Text from a capture, made safe to show: whoever sent it must not steer the reader's terminal or hide a word."""

from __future__ import annotations

LONGEST = 600
"""How much of one captured value the reports for people show."""


def clean(text: str, longest: int = LONGEST) -> str:
    """Every character that does not simply print (controls, bidirectional marks, line ends) as its escape.

    A text longer than ``longest`` characters is cut, and says by how much.
    """
    rest = len(text) - longest
    if rest > 0:
        text = text[:longest]
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else _escape(letter) for letter in text)
    return f"{text}… ({rest} more)" if rest > 0 else text


def _escape(letter: str) -> str:
    return ascii(letter)[1:-1]
