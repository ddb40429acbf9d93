"""Line charts as SVG, drawn by hand: the one picture that is needed does not deserve a plotting library."""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 320, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 34, 44


class Panel(NamedTuple):
    """One chart: what grows, and (size, µs a packet) of each measurement."""

    title: str
    across: str
    points: list[tuple[float, float]]
    bound: tuple[float, float]
    """Between which values the points are expected."""


def svg(title: str, panels: list[Panel]) -> str:
    """The panels beside each other, sizes on a logarithmic scale, all with the same height for the same value."""
    top = 1.1 * max(max(y for _, y in panel.points) for panel in panels)
    width = WIDTH * len(panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + 24}" font-family="sans-serif" '
        'font-size="11" fill="#333">',
        f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{width / 2}" y="16" text-anchor="middle" font-size="13">{escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        lines += [f'<g transform="translate({WIDTH * number} 20)">', *_panel(panel, top), "</g>"]
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel, top: float) -> list[str]:
    first, last = math.log10(panel.points[0][0]), math.log10(panel.points[-1][0])

    def x(size: float) -> float:
        return LEFT + (math.log10(size) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (1 - min(value, top) / top) * (HEIGHT - TOP - BOTTOM)

    low, high = panel.bound
    lines = [
        f'<text x="{WIDTH / 2}" y="22" text-anchor="middle">{escape(panel.title)}</text>',
        f'<rect x="{LEFT}" y="{y(high):.1f}" width="{WIDTH - LEFT - RIGHT}" height="{y(low) - y(high):.1f}" '
        'fill="#e4f0e4"/>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(panel.across)}</text>',
    ]
    step = _round(top / 4)
    for tick in range(int(top / step) + 1):
        at = y(tick * step)
        lines.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{tick * step:g} µs</text>')
    for size, _ in panel.points:
        lines.append(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_short(size)}</text>')
    path = "L".join(f"{x(size):.1f} {y(value):.1f}" for size, value in panel.points)
    lines.append(f'<path d="M{path}" fill="none" stroke="#27628f" stroke-width="2"/>')
    lines += [f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="3" fill="#27628f"/>' for size, value in panel.points]
    return lines


def _round(step: float) -> float:
    """The next of 1, 2, 5, 10, 20 ..."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= step * 0.999)


def _short(size: float) -> str:
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return f"{size:g}"
