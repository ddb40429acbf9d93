"""Pseudonyms for what identifies a subscriber: IMPI, IMPU, numbers, IMEI and addresses.

The same value under the same key has the same pseudonym, in every form in which it is written and in every report, so
that two reports can be compared; without the key nobody can find the value again, not even by trying all of them.
Domains of operators, ports and SPIs stay: they identify no subscriber and a reader needs them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from msgspec.structs import replace

from analyzer.opinion.model import SecondOpinion
from analyzer.report.model import Report, SubjectSummary

SHORTEST_KEY: Final = 16
"""Octets that a key file must have at least."""

LONGEST_KEY: Final = 1 << 20
"""And at most: what is longer is another file."""

SHORTEST_NAME: Final = 6
"""Characters from which on a known identity is also replaced where it stands alone."""

# Everything is matched, a domain or a run without "@" behind it as well, so that no octet is looked at twice.
# The number of a second contact ("#2@", in the id of a subject) is nobody's name.
_USER: Final = re.compile(r"#[0-9]{1,3}+(?=@)|@[\w.%+-]*+|([\w.!~*'()&=+$,;?/%-]++)(?=@[\w\[])|[\w.!~*'()&=+$,;?/%-]++")
_PLAIN: Final = re.compile(r"[\w.!~*'()&=+$,;?/%-]++")
_TEL: Final = re.compile(r"(?i)\b(tel:)(\+?[0-9*#().-]+)")
_IMEI: Final = re.compile(r"(?i)\b(urn:gsma:imei:)([0-9-]+)|\b(urn:uuid:)([0-9a-f-]+)")
_ADDRESS: Final = re.compile(
    r"(?:(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?<![\w.:])[0-9A-Fa-f]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:])(?!\w|\.\w)"
)
_SEPARATORS: Final = re.compile(r"[().-]")
_DIGITS: Final = re.compile(r"\+?[0-9]+")
_START: Final = re.compile(r"(?<![\w.-])")
_MORE: Final = re.compile(r"[\w-]")


class Pseudonyms:
    """Replaces identities by keyed pseudonyms."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: set[str] = set()
        self._lengths: list[int] = []
        """Those of the known names, the longest first."""
        self._odd: set[str] = set()
        """Known names with characters that end a name elsewhere: quotation marks, spaces, colons."""
        self._odd_lengths: list[int] = []

    def __repr__(self) -> str:
        return "<Pseudonyms>"

    def report(self, report: Report) -> Report:
        """The same report with pseudonyms in every text of it."""
        self._learn(report.subjects)
        text = self.text
        return replace(
            report,
            captures=[
                replace(each, path=text(each.path), notices=[text(notice) for notice in each.notices])
                for each in report.captures
            ],
            subjects=[
                SubjectSummary(
                    id=text(each.id),
                    impi=text(each.impi) if each.impi is not None else None,
                    impus=[text(impu) for impu in each.impus],
                    contact=text(each.contact) if each.contact is not None else None,
                    ue=text(each.ue),
                    pcscf=text(each.pcscf),
                    told=each.told,
                )
                for each in report.subjects
            ],
            sa_sets=[replace(each, subject=text(each.subject)) for each in report.sa_sets],
            findings=[
                replace(
                    each,
                    subject=text(each.subject) if each.subject is not None else None,
                    message=text(each.message),
                    expected=text(each.expected),
                    observed=text(each.observed),
                    argument=text(each.argument),
                    evidence=each.evidence and each.evidence.through(text),
                    waived=each.waived and each.waived._replace(reason=text(each.waived.reason)),
                )
                for each in report.findings
            ],
            notices=[text(notice) for notice in report.notices],
            second_opinion=self._opinion(report.second_opinion),
            waivers=[
                replace(
                    each,
                    place=text(each.place),
                    # Part of an identity, in which nothing tells that it is one.
                    subject=self.name(each.subject) if each.subject is not None else None,
                    reason=text(each.reason),
                )
                for each in report.waivers
            ],
        )

    def _opinion(self, opinion: SecondOpinion | None) -> SecondOpinion | None:
        text = self.text
        return opinion and replace(
            opinion,
            differences=[replace(each, ours=text(each.ours), theirs=text(each.theirs)) for each in opinion.differences],
            notes=[text(note) for note in opinion.notes],
        )

    def text(self, text: str) -> str:
        """Any text with the identities in it replaced."""
        if not self._odd:
            return self._usual(text)
        pieces, done = [], 0
        for begin, end in _found(text, self._odd, self._odd_lengths):
            pieces += [self._usual(text[done:begin]), self.name(text[begin:end])]
            done = end
        return "".join((*pieces, self._usual(text[done:])))

    def _usual(self, text: str) -> str:
        text = _IMEI.sub(lambda found: self._device(found), text)
        text = _TEL.sub(lambda found: found[1] + self.name(found[2]), text)
        text = _USER.sub(lambda found: self._user(found[1]) if found[1] else found[0], text)
        text = _ADDRESS.sub(lambda found: self._address(found[0]), text)
        return self._names(text) if self._known else text

    def _user(self, written: str) -> str:
        """What stands before an @: a name or a number, and its parameters (`phone-context`), which may be another."""
        value, sign, parameters = written.partition(";")
        shown = self.name(value) if value else ""
        return f"{shown};{self._made('user', parameters.lower())}" if sign else shown

    def name(self, value: str) -> str:
        """The pseudonym of a user part or a number: a number is the same with and without separators."""
        digits = _SEPARATORS.sub("", value)
        if _DIGITS.fullmatch(digits):
            return self._made("number", digits.lstrip("+"))
        return self._made("user", value.lower())

    def _device(self, found: re.Match[str]) -> str:
        scheme, value = (found[1], found[2]) if found[1] else (found[3], found[4])
        return scheme + self._made("device", value.replace("-", "").lower())

    def _address(self, written: str) -> str:
        try:
            return self._made("ip", str(ip_address(written)))
        except ValueError:
            return written  # a time of day, a ratio: anything with colons or dots that is no address

    def _made(self, kind: str, value: str) -> str:
        digest = hmac.digest(self._key, f"{kind}\0{value}".encode("utf-8", "surrogateescape"), hashlib.sha256)
        return f"{kind}-{digest.hex()[:10]}"

    def _learn(self, subjects: list[SubjectSummary]) -> None:
        """Identities of the subjects, to be replaced also where no sign tells that they are one."""
        for each in subjects:
            for value in (each.impi or "", *each.impus, each.contact or ""):
                user, sign, _ = value.removeprefix("sip:").removeprefix("tel:").partition("@")
                if sign and user and not _PLAIN.fullmatch(user):
                    self._odd.add(user)
                self._known.update(name for name in (user, user.partition(";")[0]) if len(name) >= SHORTEST_NAME)
        self._lengths = sorted({len(name) for name in self._known}, reverse=True)
        self._odd_lengths = sorted({len(name) for name in self._odd}, reverse=True)

    def _names(self, text: str) -> str:
        """The text with the known names replaced that stand alone in it; a hundred thousand cost no more than one."""
        pieces, done = [], 0
        for begin, end in _found(text, self._known, self._lengths):
            pieces += [text[done:begin], self.name(text[begin:end])]
            done = end
        return "".join((*pieces, text[done:]))


def _found(text: str, names: set[str], lengths: list[int]) -> Iterator[tuple[int, int]]:
    """Where names of these lengths, the longest first, stand alone in a text."""
    done = 0
    for start in _START.finditer(text):
        begin = start.start()
        if begin < done:
            continue
        for length in lengths:
            end = begin + length
            if end <= len(text) and text[begin:end] in names and not _MORE.match(text, end):
                yield begin, end
                done = end
                break
