"""The log of a Kamailio P-CSCF: CK and IK of each challenge, and the sets that it made of them.

Two kinds of lines matter. The example configuration logs ``WWW-Authenticate`` of the 401 before it takes ck and ik out
of it (``Old header - WWW-Authenticate=Digest ...``): a vector for the RAND of its nonce. With debug output
``ims_ipsec_pcscf`` tells the addresses, ports, SPIs and algorithms of the set just before, in the same process
(``Creating security associations: ...``): together they are four associations. Docker's JSON lines are unwrapped.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

from analyzer.ipsec.algorithms import UnknownAlgorithm, expand
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import Contents, ExplicitSa, KeyFileError, Vector, address_of, exactly, place
from analyzer.sip.digest import Challenge

_HEADER: Final = re.compile(r"WWW-Authenticate\s*[=:]\s*(Digest\s.*)", re.IGNORECASE)
_SET: Final = re.compile(
    r"Creating security associations: Local IP: \[?([0-9a-fA-F.:]+)\]? port_pc: (\d{1,5}) port_ps: (\d{1,5}); "
    r"UE IP: \[?([0-9a-fA-F.:]+)\]?; port_uc (\d{1,5}) port_us (\d{1,5}); "
    r"spi_pc (-?\d{1,10}), spi_ps (-?\d{1,10}), spi_uc (-?\d{1,10}), spi_us (-?\d{1,10}), alg ([\w-]+), ealg ([\w-]+)",
    re.ASCII,
)
_PROCESS: Final = re.compile(r"(?:\((\d{1,10})\)|\[(\d{1,10})\]):?\s")
_LOG: Final = re.compile(
    r"\b(?:DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT): ?(?:<script>|\w{1,40} \[\w{1,40}\.c:\d)"
)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


class _Set(NamedTuple):
    """A line about a new set."""

    line: int
    found: re.Match[str]
    before: Vector | None
    """The vector that the process told of before."""


def recognises(text: str) -> bool:
    """Whether a text of which no other format knows the first line is such a log."""
    return _LOG.search(text) is not None or _SET.search(text) is not None or _HEADER.search(text) is not None


def read(text: str, name: str) -> Contents:
    """Read a log; lines that are not ours are passed over. Raises KeyFileError if there is no key in it at all."""
    contents = Contents([], [])
    waiting: dict[str, _Set] = {}
    latest: dict[str, Vector] = {}
    alone: list[_Set] = []
    sets = 0
    for number, line in enumerate(text.split("\n"), 1):
        line = _unwrapped(line)
        made = _SET.search(line) if "Creating security" in line else None
        header = _HEADER.search(line) if "ck=" in line and "ik=" in line else None
        if made is None and header is None:
            continue
        found = _PROCESS.search(line)
        process = (found[1] or found[2]) if found is not None else ""
        if made is not None:
            sets += 1
            if process in waiting:
                alone.append(waiting[process])
            waiting[process] = _Set(number, made, latest.get(process))
        elif header is not None:
            vector = _vector(header[1], place(name, number))
            if vector is None:
                contents.notices.append(f"{place(name, number)}: left out: ck and ik must have 16 octets each")
                continue
            contents.entries.append(vector)
            latest[process] = vector
            if process in waiting:
                _enter(contents, name, waiting.pop(process), vector)
    alone += waiting.values()
    if len(alone) == sets:
        # No set is followed by a vector: this configuration tells of the header first.
        for each in alone:
            _enter(contents, name, each, each.before)
    if not contents.entries:
        what = f"it names {sets} sets of security associations, but has no" if sets else "this log has no"
        problem = f"{what} line with ck and ik: log WWW-Authenticate of the 401 before they are taken out of it"
        raise KeyFileError(name, None, problem)
    return contents


def _unwrapped(line: str) -> str:
    """The message of a line: out of Docker's JSON, and without colours."""
    if line.startswith('{"'):
        try:
            inside = json.loads(line)
        except (ValueError, RecursionError):
            return ""
        text = inside.get("log") if isinstance(inside, dict) else None
        line = text if isinstance(text, str) else ""
    return _COLOUR.sub("", line)


def _vector(text: str, origin: str) -> Vector | None:
    found = Challenge(text.replace('\\"', '"'))
    ck, ik = found.ck, found.ik
    return None if ck is None or ik is None else Vector(None, found.rand, Secret(ck), Secret(ik), None, origin)


def _enter(contents: Contents, name: str, made: _Set, vector: Vector | None) -> None:
    """Enter the four associations of a set."""
    if vector is None:
        return
    found = made.found
    pcscf, ue = address_of(found[1]), address_of(found[4])
    port_pc, port_ps, port_uc, port_us = (int(found[group]) for group in (2, 3, 5, 6))
    # Kamailio prints SPIs from 2^31 on as negative numbers.
    spi_pc, spi_ps, spi_uc, spi_us = (int(found[group]) & 0xFFFFFFFF for group in (7, 8, 9, 10))
    origin = place(name, made.line)
    if pcscf is None or ue is None or len(pcscf) != len(ue) or max(port_pc, port_ps, port_uc, port_us) > 0xFFFF:
        contents.notices.append(f"{origin}: left out: its addresses or ports make no sense")
        return
    try:
        keys = expand(found[11], found[12], vector.ck, vector.ik)
    except UnknownAlgorithm as error:
        contents.notices.append(f"{origin}: left out: {error}")
        return
    for source, destination, spi, source_port, destination_port in (
        (ue, pcscf, spi_ps, port_uc, port_ps),
        (ue, pcscf, spi_pc, port_us, port_pc),
        (pcscf, ue, spi_uc, port_ps, port_uc),
        (pcscf, ue, spi_us, port_pc, port_us),
    ):
        contents.entries.append(
            ExplicitSa(
                sources=exactly(source),
                destinations=exactly(destination),
                spis=exactly(spi.to_bytes(4)),
                source_port=source_port,
                destination_port=destination_port,
                alg=found[11].lower(),
                ealg=found[12].lower(),
                keys=keys,
                mode=None,
                since=None,
                until=None,
                # The place of the key, which is what can be used or not.
                origin=vector.origin,
            )
        )
