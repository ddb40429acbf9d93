"""The second opinion on an audit that has ended: asks tshark about each capture and has the two views compared."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from analyzer.ims.sets.association import Binding
from analyzer.ipsec.algorithms import pair
from analyzer.keys.export import Keyed, wireshark
from analyzer.opinion.compare import Comparison
from analyzer.opinion.model import Reason, SecondOpinion
from analyzer.opinion.witness import FRAME, MESSAGE, REMEMBERED, NotedFrame, Witness
from analyzer.report.model import CaptureSummary
from analyzer.seen import GOOD, SeenFrame
from analyzer.sources.tshark import Told, Tshark, TsharkFailed

RUNS: Final = 4
"""How often tshark reads one capture at most: it knows one key for an SPI, so where SPIs come back it needs several."""

ONCE: Final = "can be read only once, so there can be no second opinion on it; write it to a file first"


def check(captures: Sequence[str]) -> Tshark:
    """See to it, before the work begins, that a second opinion can be had. Raises TsharkFailed."""
    for path in captures:
        if path == "-" or _is_pipe(path):
            raise TsharkFailed(f"{'standard input' if path == '-' else path}: {ONCE}")
    return Tshark.find()


def ask(tshark: Tshark, engine: Witness, keyed: Sequence[Keyed], captures: Sequence[CaptureSummary]) -> SecondOpinion:
    """Compare what the engine saw with what tshark sees with the same keys. Raises TsharkFailed."""
    opinion = SecondOpinion(program=f"tshark {tshark.version}")
    texts = [each.text for each in wireshark(keyed)] or [""]
    keyless = _keyless(keyed, texts)
    for index, capture in enumerate(captures):
        if not capture.frames:
            continue
        last = engine.reached.get(index, 0) if engine.full else capture.frames
        theirs, reached = _asked(tshark, capture, texts[:RUNS], last, opinion)
        ours = engine.frames.get(index, {})
        Comparison(opinion, keyless, index, _until(ours, reached), _until(theirs, reached)).run()
        if reached < capture.frames:
            opinion.notes.append(f"{capture.path}: compared up to frame {reached} of {capture.frames}")
    return opinion


def _asked(
    tshark: Tshark, capture: CaptureSummary, texts: Sequence[str], last: int, opinion: SecondOpinion
) -> tuple[dict[int, SeenFrame], int]:
    """What tshark saw in each frame of a capture, at best, and the last frame up to which that is all."""
    best: dict[int, SeenFrame] = {}
    if _is_pipe(capture.path):
        opinion.notes.append(f"{capture.path}: {ONCE}")
        return best, 0
    room = REMEMBERED
    for text in texts:
        with closing(tshark.read(capture.path, capture.frames, text)) as reading:
            for seen in reading:
                if isinstance(seen, Told):
                    last = _told(seen, capture, last, opinion)
                elif seen.number <= last and (seen.packets or seen.messages or seen.remarks):
                    known = best.get(seen.number)
                    if known is not None and _weight(seen) <= _weight(known):
                        continue
                    best[seen.number] = seen
                    room -= FRAME + sum(MESSAGE + sum(map(len, message.identity)) for message in seen.messages)
                    if room < 0:
                        last = seen.number
                        break
    return best, last


def _told(told: Told, capture: CaptureSummary, last: int, opinion: SecondOpinion) -> int:
    """How far tshark came. Raises TsharkFailed if it has not come to the end and cannot say why."""
    if told.unreadable:
        opinion.notes.append(f"{capture.path}: of {told.unreadable} frames tshark said what makes no sense")
    if told.reached >= last:
        return last
    if not told.complaint:
        raise TsharkFailed(f"tshark stopped after frame {told.reached} of {capture.path} and does not say why")
    note = f"{capture.path}: tshark stopped after frame {told.reached}: {told.complaint}"
    if note not in opinion.notes:
        opinion.notes.append(note)
    return told.reached


def _keyless(keyed: Sequence[Keyed], texts: Sequence[str]) -> dict[int, Reason]:
    """Why tshark may lack the right key for an SPI."""
    given = {line for text in texts[:RUNS] for line in text.splitlines()}
    later = {line for text in texts[RUNS:] for line in text.splitlines()} - given
    # The fourth value of a line is the SPI.
    found = {int(line.split('"')[7], 16): Reason.REUSED for line in later if line.startswith('"')}
    for each in keyed:
        association = each.association
        if any(row.esp_sa is None for row in pair(association.alg, association.ealg)):
            found[association.spi] = Reason.NO_NAME
        elif _is_mismade(association.owner):
            found[association.spi] = Reason.MISMADE
        elif each.mode == "tunnel":
            found.setdefault(association.spi, Reason.MOVED)
    return found


def _is_mismade(owner: object) -> bool:
    """Whether packets only open as a known mistake makes them (ESP-14 and those about the form of ESP)."""
    return isinstance(owner, Binding) and (bool(owner.mistake) or owner.variant is not None)


Frames = TypeVar("Frames", NotedFrame, SeenFrame)


def _until(frames: Mapping[int, Frames], last: int) -> dict[int, Frames]:
    return {number: frame for number, frame in frames.items() if number <= last}


def _weight(seen: SeenFrame) -> tuple[int, int]:
    return sum(packet.icv == GOOD for packet in seen.packets), len(seen.messages)


def _is_pipe(path: str) -> bool:
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False  # whoever opens it will say why
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
