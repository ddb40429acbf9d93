"""What an audit had to forget because more was there at once than it remembers: a verdict may lack its evidence."""

from __future__ import annotations

from analyzer.engine.engine import Engine


def forgotten(engine: Engine) -> list[str]:
    """One line for each table that was too small; what is told at the moment at which it happens is not here."""
    session = engine.tracker.session
    told = engine.telling.tracker
    counted = {
        "security associations: too many at once, or under one SPI": session.database.evicted,
        "announcements of SPIs: too many of one SPI": session.announced.crowded,
        "SIP transactions: too many at once": engine.tracker.directory.census.evicted,
        "SIP transactions that tools told of: too many at once": told.directory.census.evicted if told else 0,
        "ESP packets that clear packets may be shadows of: too many in one moment": engine.shadows.crowded,
        "pairs of captures whose clocks differ: too many": engine.reader.taps.crowded,
        "keys from challenges and Diameter answers: too many in the capture": session.keyring.forgotten,
        "parts of Diameter messages: too many at once": engine.cx.evicted,
    }
    for tracker in (engine.tracker, told):
        for what, count in tracker.session.losses.counts.items() if tracker else ():
            counted[what] = counted.get(what, 0) + count
    lines = [f"{count:,} forgotten: {what}" for what, count in counted.items() if count]
    if engine.trials.left <= 0:
        lines.append("too many packets that no key opens: after a while no other keys or algorithms were tried on them")
    return lines
