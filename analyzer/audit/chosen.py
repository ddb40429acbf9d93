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

    Public identities are known from SM12 on. Until then what was said of a subject waits, and is told late if it is one
    that the user means.
    """

    def __init__(self, text: str, find: Callable[[Subject], Context | None]) -> None:
        self._text = text.lower()
        self._find = find
        self._chosen: set[Subject] = set()
        self._undecided: dict[Subject, list[Callable[[], None]]] = {}
        self.forgotten = 0
        """Events that were not judged though the user may have meant their subjects."""

    def wants(self, subject: Subject | None) -> bool:
        """Whether the user means this subject, as far as is known now."""
        if subject is None:
            return False
        return subject in self._chosen or bool(self._decide(subject))

    def waits(self, subject: Subject | None) -> bool:
        """Whether it may still come out that the user means this subject, and there is room for what is said of it."""
        if subject is None or self._decide(subject) is not None:
            return False
        if len(self._undecided.get(subject, ())) >= HELD:
            self.forgotten += 1
            return False
        return True

    def hold(self, subject: Subject, tell: Callable[[], None]) -> None:
        """Call ``tell`` as soon as the user is known to mean this subject."""
        self._undecided.setdefault(subject, []).append(tell)
        if len(self._undecided) > UNDECIDED:
            self.forgotten += len(self._undecided.pop(next(iter(self._undecided))))

    def close(self) -> None:
        """No more is to be learnt: tell what waited for nothing else."""
        for subject in list(self._undecided):
            self._decide(subject)

    def _decide(self, subject: Subject) -> bool | None:
        """Compare what is known with the text; None if that may change."""
        context = self._find(subject)
        identities = [*context.impus, context.contact or ""] if context is not None else []
        if any(self._text in each.lower() for each in (subject.id, subject.ue, subject.pcscf, *identities)):
            self._chosen.add(subject)
            for tell in self._undecided.pop(subject, ()):
                tell()
            return True
        if context is None or not context.impus:
            return None
        self._undecided.pop(subject, None)
        return False
