"""What the report says of the quality of the captures (K8): facts, and what they put in doubt.

Sentences are made here once, for all renderers; the facts themselves stand in the JSON report.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.audit.doubts import one_sided
from analyzer.engine.engine import Engine
from analyzer.frame import SECOND
from analyzer.ims.vocabulary import Side
from analyzer.report.model import CaptureSummary, Clocks, Quality

NEXT = "Findings that rest on it are probable at most"


def quality_of(engine: Engine, captures: list[CaptureSummary]) -> Quality:
    """The facts, with their sentences."""
    noted, shadows = engine.quality, engine.shadows
    pairs = list(engine.tracker.directory)
    offload = [
        str(side)
        for side in Side
        if any(pair.vantage.sides.unfinished(side) or pair.vantage.sides.both_unfinished for pair in pairs)
    ]
    sides = [one_sided(context) for pair in pairs for context in pair.contexts]
    steps = noted.steps
    made = Quality(
        drops=[capture.drops for capture in captures],
        cut=dict(noted.cut),
        holes=noted.holes,
        esp_missing=sum(
            binding.ledger.missing
            for pair in pairs
            for context in pair.contexts
            for owner in context.sets
            for binding in owner.bindings
        ),
        steps=len(steps) + noted.more_steps,
        largest_step=max((step.by for step in steps), key=abs, default=0),
        clocks=[Clocks(one, other, offset) for (one, other), offset in sorted(noted.taps.clocks.items())],
        sightings=noted.taps.sightings,
        delay=noted.taps.delay,
        shadows=shadows.counted,
        shadows_unread=shadows.guessed,
        offload=offload,
        one_sided={str(side): sides.count(side) for side in Side if side in sides},
    )
    made.remarks = list(_remarks(made, captures))
    return made


def _remarks(made: Quality, captures: list[CaptureSummary]) -> Iterator[str]:
    lost = sum(count or 0 for count in made.drops)
    if lost:
        yield (
            f"the recorder lost {lost:,} frames. What is missing may have been sent; only where the numbers of ESP "
            "have no gap is an absence sure"
        )
    for what, count in made.cut.items():
        yield f"the capture cut {count:,} times a {what}, so that it could not be judged: capture whole frames"
    if made.esp_missing:
        yield f"{made.esp_missing:,} ESP packets are missing, by their sequence numbers"
    if made.holes:
        yield f"SIP streams over TCP have {made.holes:,} holes"
    if made.steps:
        way = "back" if made.largest_step < 0 else "forward"
        times = f"{made.steps:,} times" if made.steps > 1 else "once"
        size = abs(made.largest_step) / SECOND
        yield f"the clock of a capture was set {times}, by up to {size:.3f} s ({way}). {NEXT}"
    for clocks in made.clocks:
        if clocks.one == clocks.other:
            where = captures[clocks.one].path if clocks.one < len(captures) else f"capture {clocks.one}"
            yield f"{where} has two clocks that differ by {clocks.offset / SECOND:.3f} s at least. {NEXT}"
        else:
            between = f"captures {clocks.one} and {clocks.other}"
            yield f"the clocks of {between} differ by {clocks.offset / SECOND:.3f} s at least. {NEXT}"
    if made.sightings:
        apart = f"up to {made.delay / SECOND:.3f} s apart"
        yield f"{made.sightings:,} packets were captured at another point or in another capture too, {apart}: copies"
    if made.shadows:
        unread = f", {made.shadows_unread:,} of them known by size alone" if made.shadows_unread else ""
        yield f"{made.shadows:,} packets in clear are what the host decrypted of ESP packets{unread}; they are left out"
    if len(made.offload) == 1:
        yield f"the checksums of the {made.offload[0]} were left to its network card: the capture was taken on its host"
    elif made.offload:
        yield "the checksums of both sides were left to a network card: both run on the capturing host"
    for side, count in made.one_sided.items():
        yield f"of {count:,} registrations only packets of the {side} were captured"
