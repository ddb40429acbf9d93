"""One audit from capture files to report: the only module besides the command line that opens sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from analyzer.audit.audit import Audit, Options
from analyzer.engine.engine import Engine
from analyzer.frame import Frame
from analyzer.garbage import rare_collections
from analyzer.ims.session import TUNNEL
from analyzer.ims.sets.association import Binding
from analyzer.ims.vocabulary import Side
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.keys.export import Keyed
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.report.assemble import assemble
from analyzer.report.model import CaptureSummary, Report
from analyzer.sources.files import Captures, Summary
from analyzer.sources.triage import Triage

if TYPE_CHECKING:
    from analyzer.report.chronicle import Chronicle

__all__ = ["Options", "audit", "audit_frames", "keyed_associations"]

KEY_NOTICES = 50
"""Notices of one kind on the content of key files."""


@runtime_checkable
class Watcher(Protocol):
    """Who shows how far the reading is (`report/progress.py`)."""

    def begin(self, source: Captures) -> None:
        """The captures were found, with their size; what was read until now is not part of it."""

    def __call__(self, octets: int) -> None:
        """So many octets more have been read."""


def audit(
    captures: Sequence[str],
    options: Options | None = None,
    *,
    progress: Callable[[int], None] | None = None,
    chronicle: Chronicle | None = None,
    jobs: int = 1,
) -> Report:
    """Audit capture files as one timeline.

    `progress` gets the octets read since its last call (a `Watcher` also learns how many there are); an empty
    `chronicle` is filled with what happened, for the reports that draw it. With more than one of `jobs` other
    processes walk over the captures, and the report is the same.
    Raises UnreadableCapture, KeyFileError or TsharkFailed, each with one line that says what to do.
    """
    options = options or Options()
    if options.second_opinion:
        return _twice(captures, options, progress, chronicle, jobs)
    running, keyring, source = _run(captures, options, progress, chronicle=chronicle, jobs=jobs)
    report = report_of(running, keyring, options, [summary_of(each) for each in source.summaries], source.notices)
    if chronicle is not None:
        chronicle.close(running.engine, options.profile)
    return report


def _twice(
    captures: Sequence[str],
    options: Options,
    progress: Callable[[int], None] | None,
    chronicle: Chronicle | None,
    jobs: int,
) -> Report:
    """The audit, and what tshark thinks of the same captures."""
    from analyzer import second  # seldom asked for, and the engine that remembers is of no other use
    from analyzer.opinion.witness import Witness

    tshark = second.check(captures)
    running, keyring, source = _run(
        captures, options, progress, Witness, keep_keys=True, chronicle=chronicle, jobs=jobs
    )
    summaries = [summary_of(each) for each in source.summaries]
    report = report_of(running, keyring, options, summaries, source.notices)
    if chronicle is not None:
        chronicle.close(running.engine, options.profile)
    assert isinstance(running.engine, Witness)
    report.second_opinion = second.ask(tshark, running.engine, _keyed_by(running.engine), summaries)
    return report


def audit_frames(
    frames: Iterable[Frame], *, keys_text: str = "", profile: str = "rel-17", vantage: str = "auto"
) -> Report:
    """Audit frames that are already in memory, with the text of one key file."""
    keyring = Keyring()
    if keys_text:
        keyring.add_text(keys_text, "keys")
    options = Options(profile=PROFILES[profile], vantage=vantage)
    running = Audit(options, keyring)
    count, first, last = 0, None, None
    for frame in frames:
        running.engine.receive(frame)
        count, first, last = count + 1, first if first is not None else frame.time, frame.time
    return report_of(running, keyring, options, [CaptureSummary(path="-", frames=count, first=first, last=last)])


def keyed_associations(
    captures: Sequence[str], options: Options | None = None, *, progress: Callable[[int], None] | None = None
) -> list[Keyed]:
    """The associations of the captures that a key has opened, each once, in the order in which it did."""
    running, _, _ = _run(captures, options or Options(rules=()), progress, keep_keys=True)
    return _keyed_by(running.engine)


def _keyed_by(engine: Engine) -> list[Keyed]:
    found: dict[tuple[object, ...], Keyed] = {}
    numbers: dict[int, int] = {}
    for association in engine.tracker.session.proven or ():
        keys = association.keys
        if keys is None:
            continue
        key = (association.source, association.destination, association.spi, keys.auth.octets, keys.enc.octets)
        if key not in found:
            found[key] = _keyed(association, numbers)
    return list(found.values())


def _keyed(association: SecurityAssociation, numbers: dict[int, int]) -> Keyed:
    """An association with what the session model knows of its set; it held until both ends had to give it up."""
    owner = association.owner
    if not isinstance(owner, Binding):
        return Keyed(association)
    made, terms = owner.set, owner.set.terms
    ends = [ending.time for ending in made.ends.values()]
    return Keyed(
        association,
        terms.ports(owner.role),
        "tunnel" if terms.mod == TUNNEL else "transport",
        terms.sm6.time if terms.sm6 is not None else None,
        max(ends) if len(ends) == len(Side) else None,
        numbers.setdefault(id(made), len(numbers)),
    )


def _run(
    captures: Sequence[str],
    options: Options,
    progress: Callable[[int], None] | None,
    engine: Callable[..., Engine] = Engine,
    *,
    keep_keys: bool = False,
    chronicle: Chronicle | None = None,
    jobs: int = 1,
) -> tuple[Audit, Keyring, Captures]:
    keyring = Keyring()
    for path in options.keys:
        keyring.add_file(path)
    triage = Triage()
    source = Captures(captures, triage, progress=progress, jobs=jobs)
    if isinstance(progress, Watcher):
        progress.begin(source)
    source.send_ahead()
    try:
        running = Audit(options, keyring, triage.watch, engine, chronicle)
    except BaseException:
        source.close()
        raise
    if keep_keys:
        running.engine.tracker.session.proven = []
    if engine is Engine:  # any other wants to see all there is
        running.engine.leave_out(triage.strangers)
    receive = running.engine.receive
    with rare_collections():
        for frame in source:
            receive(frame)
    if source.missed:
        if chronicle is not None:
            chronicle.clear()
        return _run(captures, options, progress, engine, keep_keys=keep_keys, chronicle=chronicle)
    until = max((each.until for each in source.summaries if each.until is not None), default=0)
    running.engine.advance(until)
    packets = running.engine.tracker.packets
    packets.no_key += triage.strangers.count
    if triage.evicted:
        source.notices.append(f"{triage.evicted:,} forgotten: protected ports whose clear packets are looked for")
    return running, keyring, source


def summary_of(each: Summary) -> CaptureSummary:
    """What the report says of one capture."""
    return CaptureSummary(
        path=each.path,
        frames=each.frames,
        first=each.first,
        last=each.last,
        skipped=dict(sorted(each.skipped.items())),
        notices=each.notices,
        drops=each.drops,
    )


def report_of(
    running: Audit,
    keyring: Keyring,
    options: Options,
    summaries: list[CaptureSummary],
    left_out: Sequence[str] = (),
) -> Report:
    """Close the audit; the report on it, with what was left out of the captures and what the key files gave."""
    lost = {capture: each.drops for capture, each in enumerate(summaries) if each.drops}
    outcome = running.finish(lost)
    outcome.notices[:0] = [*left_out, *_some(keyring.notices, "notices on key files")]
    outcome.notices += _some([f"key not used: {origin}" for origin in keyring.unused()], "keys that were not used")
    return assemble(outcome, running.engine, options.profile, summaries)


def _some(notices: list[str], what: str) -> list[str]:
    """The first notices of a kind of which there may be one for each line of a file, and how many more there are."""
    more = len(notices) - KEY_NOTICES
    return notices if more <= 0 else [*notices[:KEY_NOTICES], f"{more:,} more {what}"]
