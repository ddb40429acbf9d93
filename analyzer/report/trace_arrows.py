"""What a ladder is drawn with: strokes for terminals and for files, the widths of its columns, and one arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from analyzer.report.page import shortened
from analyzer.report.safe import clean

if TYPE_CHECKING:
    from analyzer.report.chronicle import Arrow

GENERATIONS: Final = (
    "green",
    "cyan",
    "blue",
    "magenta",
    "bright_green",
    "bright_cyan",
    "bright_blue",
    "bright_magenta",
)
"""Colours of the sets, in turn."""

SHORTEST: Final = 18
LONGEST: Final = 44
"""Columns between the two sides, sides included."""

FULL: Final = 80
"""Columns of a page that has room for hours, transports and states."""


class Strokes(NamedTuple):
    """What arrows are drawn with."""

    protected: str
    clear: str
    right: tuple[str, str]
    """Head of a protected and of a clear arrow to the right."""
    left: tuple[str, str]
    side: str
    """A side's line."""
    pause: str
    """The same while nothing is sent."""
    end: str
    """The same where a set ends."""


_DRAWN = Strokes("━", "┄", ("▶", "▷"), ("◀", "◁"), "│", "┊", "┻")
_TYPED = Strokes("=", ".", (">", ">"), ("<", "<"), "|", ":", "x")


def strokes(drawn: bool) -> Strokes:
    """Lines where the reader's terminal shows them, ASCII everywhere else."""
    return _DRAWN if drawn else _TYPED


class Layout(NamedTuple):
    """Widths of a ladder's columns."""

    full: bool
    """With hours, transport and states."""
    number: int
    time: int
    """The last columns of a time of day."""
    arrow: int
    """From side to side, both included."""
    protection: int

    @property
    def left(self) -> int:
        """Columns between time and arrow: a step of the registration and a port."""
        return 1 + 5 + 6

    @property
    def right(self) -> int:
        """Columns between arrow and protection: a port and perhaps a transport."""
        return 7 + 5 * self.full

    @property
    def lifeline(self) -> int:
        """Columns before the UE's side."""
        return self.number + 2 + self.time + self.left

    @property
    def before(self) -> int:
        """Columns before the findings."""
        return self.lifeline + self.arrow + self.right + self.protection


def layout(width: int) -> Layout:
    """The columns for a page of this width; the arrows grow with it."""
    full = width >= FULL
    roomy = width >= 100
    plan = Layout(full, 6 if roomy else 5, 12 if full else 9, 0, 16 if full else 8)
    spare = 17 + (width - 100) // 2 if roomy else 0  # for findings beside the arrow; else they go below it
    return plan._replace(arrow=min(max(width - plan.before - spare, SHORTEST), LONGEST))


def arrow(each: Arrow, room: int, drawn: Strokes, *, again: bool) -> str:
    """``== REGISTER =====>`` in so many columns."""
    light = each.generation is None
    stroke = drawn.clear if light else drawn.protected
    label = f" {_label(each, room - 5, again=again)} "
    before = stroke * min(2, room - 2 - cell_len(label))
    shaft = before + label + stroke * (room - 1 - len(before) - cell_len(label))
    return shaft + drawn.right[light] if each.uplink else drawn.left[light] + shaft


def _label(each: Arrow, room: int, *, again: bool) -> str:
    """Method, or status with the method that it answers, and whether it came before: what there is room for."""
    first, _, rest = each.start_line.partition(" ")
    if each.status or first.upper().startswith("SIP/"):
        status, _, reason = rest.strip().partition(" ")
        forms = [f"{status} {reason} ({each.method})", f"{status} ({each.method})", f"{status} {reason}", status]
    else:
        forms = [first]
    if again:
        forms = [*(f"{form} again" for form in forms), *forms]
    told = [clean(form, 80) for form in forms]
    return next((form for form in told if cell_len(form) <= room), shortened(told[-1], room))
