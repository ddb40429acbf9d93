"""Whom ``--subject`` means: compares the user's text with what the session model learns of each subject."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Subject

UNDECIDED = 1_000
"""Subjects of which it is not known yet whether the user means them; the oldest goes first. What was not judged for it,
or for the limit below, is told."""
HELD = 64
"""Events kept for each of them."""


class Chosen:
    """The subjects whose id, identities or addresses hold a text.

    Public identities are known from SM12 on. Until then the events of a subject wait, and are delivered late if it is
    one that the user means: rules have no memory, so that they can judge an event at any time.
    """

    def __init__(self, text: str, find: Callable[[Subject], Context | None], deliver: Callable[[object], None]) -> None:
        self._text = text.lower()
        self._find = find
        self._deliver = deliver
        self._chosen: set[Subject] = set()
        self._undecided: dict[Subject, list[object]] = {}
        self.forgotten = 0
        """Events that were not judged though the user may have meant their subjects."""

    def wants(self, subject: Subject | None, event: object) -> bool:
        """Whether the event is to be judged now."""
        if subject is None:
            return False
        if subject in self._chosen:
            return True
        known = self._decide(subject)
        if known is None:
            held = self._undecided.setdefault(subject, [])
            if len(held) < HELD:
                held.append(event)
            else:
                self.forgotten += 1
            if len(self._undecided) > UNDECIDED:
                self.forgotten += len(self._undecided.pop(next(iter(self._undecided))))
        return bool(known)

    def close(self) -> None:
        """No more is to be learnt: deliver what waited for nothing else."""
        for subject in list(self._undecided):
            self._decide(subject)

    def _decide(self, subject: Subject) -> bool | None:
        """Compare what is known with the text; None if that may change."""
        context = self._find(subject)
        identities = [*context.impus, context.contact or ""] if context is not None else []
        if any(self._text in each.lower() for each in (subject.id, subject.ue, subject.pcscf, *identities)):
            self._chosen.add(subject)
            for earlier in self._undecided.pop(subject, ()):
                self._deliver(earlier)
            return True
        if context is None or not context.impus:
            return None
        self._undecided.pop(subject, None)
        return False
