"""The engine: frames in, events out, by the long way or by short ones.

`engine.py` wires all that is below it. A packet that is like the one before it takes the express way: `layouts.py`
knows where its fields are, `express.py` opens it, `segments.py` does the same for TCP inside ESP. All others go through
`sealed.py` (ESP) and `lines.py` (the text of TCP connections). `shadows.py` knows what a capture shows twice, in clear
and as ESP; `telling.py` follows SIP that a tool only tells of.
"""
