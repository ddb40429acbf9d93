"""Which report goes where: several reports of one run, and the file of keys."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO

from analyzer.report.renderers import DEFAULT, RENDERERS, Material, Renderer, recognised


class OutputError(Exception):
    """A report cannot go where the user wants it; the text is one line that says so."""


class Output(NamedTuple):
    """One report to write."""

    format: str
    path: str | None
    """None: standard output."""


def pair(order: Iterable[tuple[str, str]]) -> list[Output]:
    """Join ``("format", name)`` and ``("output", path)``, in the order of the command line, to pairs.

    A path belongs to the format just before it, or if that has one (or there is none) to the next one, unless its name
    asks for another. A path that is left without a format has the one that its name asks for; if it asks for none and
    is alone, the default. Raises OutputError if a path is left over, if two reports would go to one place.
    """
    pairs: list[Output] = []
    waiting: str | None = None
    for kind, value in order:
        if kind == "format":
            if waiting is not None and recognised(waiting) not in (None, value):
                pairs.append(_named(waiting))
                waiting = None
            pairs.append(Output(value, waiting))
            waiting = None
        elif pairs and pairs[-1].path is None:
            pairs[-1] = Output(pairs[-1].format, value)
        else:
            if waiting is not None:
                pairs.append(_named(waiting))
            waiting = value
    if waiting is not None:
        pairs.append(_named(waiting, alone=not pairs))
    pairs = pairs or [Output(DEFAULT, None)]
    pairs = [Output(output.format, None if output.path == "-" else output.path) for output in pairs]
    places = [None if output.path is None else os.path.realpath(output.path) for output in pairs]
    for place, output in zip(places, pairs, strict=True):
        if places.count(place) > 1:
            name = "standard output" if output.path is None else output.path
            raise OutputError(f"two reports would go to {name}; give each --format an --output of its own")
    return pairs


def _named(path: str, *, alone: bool = False) -> Output:
    """A path without a format."""
    name = recognised(path)
    if name is None and not alone:
        raise OutputError(f"--output {path} has no --format of its own; give them as pairs")
    return Output(name or DEFAULT, path)


def check(paths: Iterable[str], inputs: Sequence[str]) -> None:
    """See to it, before the work begins, that these paths can be written and are none of the inputs.

    Raises OutputError.
    """
    for path in paths:
        if Path(path).is_dir():
            raise OutputError(f"--output {path} is a directory; name a file in it")
        if not Path(path).absolute().parent.is_dir():
            raise OutputError(f"--output {path}: there is no directory {Path(path).absolute().parent}; make it first")
        for source in inputs:
            if Path(path).exists() and Path(source).exists() and Path(path).samefile(source):
                raise OutputError(f"--output {path} would overwrite an input; name another file")


def possible(
    outputs: Sequence[Output],
    captures: Sequence[str],
    *,
    pseudonyms: bool,
    terminal: bool,
    decrypted: bool = False,
) -> None:
    """See to it, before the work begins, that each form can be made of this input and go to its place.

    ``terminal`` says that standard output is one, ``decrypted`` that packets are wanted as they were before ESP. Raises
    OutputError.
    """
    if decrypted and not any(RENDERERS[output.format].verbatim for output in outputs):
        raise OutputError("--decrypted adds packets to a capture; give it one: --format pcapng --output FILE")
    once = next((path for path in captures if path == "-" or Path(path).is_fifo()), None)
    for output in outputs:
        renderer = RENDERERS[output.format]
        if renderer.binary and output.path is None and terminal:
            raise OutputError(f"--format {output.format} is not for a terminal; give it an --output")
        if renderer.captures and once is not None:
            what = "standard input" if once == "-" else once
            raise OutputError(f"--format {output.format} reads the captures again; {what} cannot be: save it first")
        if renderer.verbatim and pseudonyms:
            raise OutputError(
                f"--format {output.format} holds the captured packets, and pseudonyms cannot hide them; "
                "leave out one of the two"
            )


def write(material: Material, outputs: Iterable[Output], stdout: TextIO) -> None:
    """Write each report; a reader that has gone is no error. Raises OutputError for a file that cannot be written."""
    for output in outputs:
        renderer = RENDERERS[output.format]
        try:
            if output.path is None:
                renderer.load()(material, stdout.buffer if renderer.binary else stdout)
                stdout.flush()
                continue
            with _opened(output.path, renderer) as sink:
                renderer.load()(material, sink)
        except BrokenPipeError:
            continue
        except OSError as error:
            place = "standard output" if output.path is None else f"--output {output.path}"
            raise OutputError(f"{place}: {error.strerror}; name another file with --output") from error


def _opened(path: str, renderer: Renderer) -> IO[Any]:
    """The file to write to; what a line ends with is the renderer's to say."""
    if renderer.binary:
        return Path(path).open("wb")
    return Path(path).open("w", encoding="utf-8", errors="backslashreplace", newline="")


def check_private(path: str) -> None:
    """Keys go into an ordinary file only: to no terminal, no pipe, nothing that a link points to.

    Raises OutputError.
    """
    if path == "-" or (os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode)):
        raise OutputError(f"--output {path}: keys are written to ordinary files only; name a new file")


def write_private(path: str, text: str) -> None:
    """Write a file that only its owner can read; there is no moment at which others could. Raises OutputError."""
    import tempfile  # seldom needed, and it needs much

    target = Path(path)
    draft = None
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".gmaudit-", dir=target.parent)  # made with mode 0600
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text)
        Path(draft).replace(target)
        draft = None
    except OSError as error:
        raise OutputError(f"--output {path}: {error.strerror}; name another file") from error
    finally:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
