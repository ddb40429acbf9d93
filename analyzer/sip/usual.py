"""The usual shape of a SIP message, in which one expression finds all that every message is asked for.

That is the start line, the topmost Via, Call-ID and CSeq (RFC 3261 7, 20.8, 20.16, 20.42). Nearly every message has
it: line ends of CRLF, nothing of the four folded, in compact form or spelt in an odd way, nothing before a Via that
might be a Via as well, and so on. Of such a message the expression says what the careful way would say
(`analyzer.sip.message`), so that one is read in 2.0 instead of 6.1 µs; of any other it says nothing at all.

Most write the three headers in the order of RFC 3261's examples, but some phones Call-ID, CSeq, Via, and some stacks
CSeq before Call-ID: for these there is a second expression, which looks for each of the three from the first header on
and needs 1.0 µs more.

No part of them that repeats gives back what it took, so that their time is linear, and they see `LONGEST` characters at
most: the worst that was found costs 0.1 ms, which the careful way takes eight times for the same message.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.sip.text import IDENTIFIER_LIMIT

LONGEST: Final = 4096
"""Characters within which the headers of a usual message end."""

_START = r"(?:SIP/2\.0 ([1-6][0-9][0-9]) [^\r\n]*+|([A-Z]{1,64}+) ([^ \t\r\n]++) SIP/2\.0)\r\n"
_BEFORE_VIA = r"(?:[^ \t\r\nVvCcIi].*+\n)*+"
_BETWEEN = r"(?:(?:[^ \t\r\nCcIi]|Con).*+\n)*+"  # whatever cannot be a Call-ID or CSeq; Contact and Content-* are many
_HOST = r"(\[[0-9A-Fa-f.]*+:[0-9A-Fa-f:.]++\]|[-.0-9A-Z_a-z]++)"
_BRANCH = rf'((?:[^;,"\r\nb][^;,"\r\n]*+;){{0,8}}+)branch=([^ \t\r\n;,"]{{1,{IDENTIFIER_LIMIT}}}+)((?:;[^\r\n,"]*+)?+)'
_MORE_VIAS = r"(?:,[^\r\n]*+)?+"
_VIA = rf"Via: SIP/2\.0/([-A-Z]++) {_HOST}(?::([0-9]{{1,5}}+))?;{_BRANCH}{_MORE_VIAS}\r\n"
_CALL_ID = rf"Call-ID: ([^ \t\r\n]{{1,{IDENTIFIER_LIMIT}}}+)\r\n"
_CSEQ = r"CSeq: ([0-9]{1,9}+) ([A-Z]{1,64}+)\r\n"
_REST = r"(?![ \t])(?:[^\r\n].*+\n)*+\r\n"

usual_shape: Final = re.compile(
    _START + _BEFORE_VIA + _VIA + _BETWEEN + _CALL_ID + _BETWEEN + _CSEQ + "()" + _REST,
).match
"""Matches headers of the usual shape, decoded as latin-1, to the end of them. Its groups: status (None in a request);
method and Request-URI (None in a response); of Via transport, host, port (perhaps None), the parameters before branch,
branch, those after it; Call-ID; the number and the method of CSeq. The last one is empty: it ends where all of these
have ended."""

_TO_VIA = r"(?:[^ \t\r\nVv].*+\n)*+"
_TO_CALL_ID = r"(?:(?:[^ \t\r\nCcIi]|Con|CSeq: ).*+\n)*+"
_TO_CSEQ = r"(?:(?:[^ \t\r\nCc]|Con|Call-ID: ).*+\n)*+"
_NONE_FOLDED = r"(?:[^ \t\r\n].*+\n)*+()\r\n"

any_order: Final = re.compile(
    f"{_START}(?={_TO_VIA}{_VIA})(?={_TO_CALL_ID}{_CALL_ID})(?={_TO_CSEQ}{_CSEQ}){_NONE_FOLDED}"
).match
"""The same for the three headers in any order, if no header at all is folded."""
