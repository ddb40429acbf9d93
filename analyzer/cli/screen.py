"""The terminal of `gmaudit live`: shows the view, and hands it the keys that are pressed."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.live import Live

if TYPE_CHECKING:
    from analyzer.report.view import View

KEYS: Final = {
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1b[5~": "pageup",
    b"\x1b[6~": "pagedown",
    b"\x1b[H": "home",
    b"\x1b[F": "end",
    b"\x1b[1~": "home",
    b"\x1b[4~": "end",
    b"\r": "enter",
    b"\n": "enter",
    b"\x7f": "backspace",
    b"\x08": "backspace",
    b"\x1b": "escape",
}
EVERY: Final = 3
"""The view is drawn anew with every third tick, and at once when a key was pressed."""


class Screen:
    """Shows a view on the whole terminal."""

    def __init__(self, view: View, keyboard: int, console: Console | None = None) -> None:
        self._view = view
        self._keyboard = keyboard
        self._console = console or Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False, redirect_stdout=False)
        self._ticks = 0

    def tick(self) -> bool:
        """Take the keys and draw if it is time; true if a new state of the run is wanted before."""
        keys = pressed(self._keyboard)
        for key in keys:
            self._view.key(key)
        self._ticks += 1
        return bool(keys) or self._ticks % EVERY == 1

    def draw(self) -> None:
        """Show how the view is now."""
        width, height = self._console.size
        self._live.update(self._view.render(width, height), refresh=True)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """The terminal is the view's meanwhile, and as it was afterwards, whatever happens."""
        before = termios.tcgetattr(self._keyboard)
        try:
            tty.setcbreak(self._keyboard)
            with self._live:
                yield
        finally:
            with suppress(termios.error):
                termios.tcsetattr(self._keyboard, termios.TCSADRAIN, before)


@contextmanager
def keyboard() -> Iterator[int | None]:
    """Where keys come from: standard input, or the terminal itself if that is a pipe; None if there is none."""
    if sys.stdin is not None and sys.stdin.isatty():
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open("/dev/tty", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def pressed(descriptor: int) -> list[str]:
    """The keys that were pressed since; nobody waits for any."""
    if not select.select([descriptor], [], [], 0)[0]:
        return []
    octets = os.read(descriptor, 256)
    found: list[str] = []
    while octets:
        known = next((each for each in sorted(KEYS, key=len, reverse=True) if octets.startswith(each)), None)
        if known is not None:
            found.append(KEYS[known])
            octets = octets[len(known) :]
            continue
        text = octets.decode("utf-8", "ignore")
        letter = text[:1]
        if not letter:
            break
        if letter.isprintable():
            found.append(letter)
        octets = text[1:].encode()
    return found
