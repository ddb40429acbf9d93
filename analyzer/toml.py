"""TOML that somebody else wrote: the values of a text, or a typed refusal, within bounds of time and memory.

tomllib (TOML 1.0) has none for a name with dots: it keeps every beginning of it, gigabytes for a line of 100 KB. And
where a number has thousands of digits, what it raises is no error of its own; one that is not decimal it reads, and
then nobody can show it.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

DEEPEST: Final = 32
"""Dots that a name may have."""
LONGEST: Final = 1000
"""Digits that a number may have which is not decimal."""

_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}+(?:[^"\\]|\\.))*+(?:"{3,5}+)?'
    r"|'''(?:[^']|'{1,2}+[^'])*+(?:'{3,5}+)?"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'[^'\n]*+'?",
    re.DOTALL,
)
"""A string, also one that does not end: so it takes linear time to step over all of them."""
_COMMENT: Final = re.compile(r"#[^\n]*+")
_SKIPPED: Final = re.compile(f"{_STRING.pattern}|{_COMMENT.pattern}", re.DOTALL)
_LONG: Final = re.compile(rf"(?<![0-9A-Fa-f_])0[box][0-9A-Fa-f_]{{{LONGEST + 1}}}")
_DEEP: Final = re.compile(rf"(?:\.[ \t]*+[A-Za-z0-9_-]++[ \t]*+){{{DEEPEST + 1}}}")


class TomlError(ValueError):
    """The text is no TOML; ``line`` is where, if that is known, and ``deep`` says that a name has too many dots."""

    def __init__(self, text: str, line: int | None = None, *, deep: bool = False) -> None:
        super().__init__(text)
        self.line = line
        self.deep = deep


def loads(text: str) -> dict[str, Any]:
    """The values of a text. Raises TomlError; what it says may quote the text."""
    if text.count(".") > DEEPEST or _LONG.search(text):
        bare = _SKIPPED.sub(_blank, text)
        if found := _DEEP.search(bare):
            line = bare.count("\n", 0, found.start()) + 1
            raise TomlError(f"line {line}: a name has more than {DEEPEST} dots", line, deep=True)
        if found := _LONG.search(bare):
            line = bare.count("\n", 0, found.start()) + 1
            raise TomlError(f"line {line}: a number has more than {LONGEST} digits", line)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlError("arrays or tables lie in one another too deep") from None
    except ValueError as error:  # tomllib's own, and int()'s
        said = re.search(r"line (\d+)", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else None
        raise TomlError(str(error), int(said[1]) if said else None) from None


def _blank(found: re.Match[str]) -> str:
    """What stands for a string: a word, so that names in quotation marks count, and its lines."""
    written = found[0]
    return "\n" * written.count("\n") if written.startswith("#") else "s" + "\n" * written.count("\n")
