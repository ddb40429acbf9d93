"""What ``ip xfrm`` prints: ``state`` with or without statistics, ``policy``, ``monitor``; and commands that add them.

A state begins with ``src A dst B`` at the margin, a policy with ``src A/n dst B/n``; all that belongs to it is
indented. A monitor puts ``Deleted``, ``Updated`` or ``Expired`` in front of it and, with ``-timestamp`` or ``-tshort``,
the time. Of a state only the lines with identity, keys, ports and times matter, of a policy addresses, ports and reqid.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from analyzer.keys.entries import Contents, KeyFileError, address_of, octets_of, time_of
from analyzer.keys.formats import xfrm_command
from analyzer.keys.formats.xfrm_state import Ends, State, Table, WrongLine

_STATE: Final = re.compile(r"src (\S+) dst (\S+)")
_POLICY: Final = re.compile(r"src (\S+)/([0-9]{1,3}) dst (\S+)/([0-9]{1,3})((?: .*)?)")
_EVENT: Final = re.compile(r"(Deleted|Updated|Expired) ")
_OTHER: Final = re.compile(r"(Flushed (?:state|policy)|acquire|report|Async event|Mapping change|Unknown message)\b")
_PREFIX: Final = re.compile(r"\[([^\]]*)\]\s*")
_TIMESTAMP: Final = re.compile(r"Timestamp: \w{3} (\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) (\d{1,6}) usec")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_PROTO: Final = re.compile(r"proto (\S+) spi (0x[0-9a-fA-F]{1,8}|[0-9]{1,10})(?:\([0-9]+\))?((?:\s.*)?)")
_TEMPLATE: Final = re.compile(r"proto esp\b")
_MODE: Final = re.compile(r"\bmode (\S+)")
_REQID: Final = re.compile(r"\breqid ([0-9]{1,10})\b")
_PORTS: Final = tuple(re.compile(rf"\b{side} ([0-9]{{1,5}})(?:\s|$)") for side in ("sport", "dport"))
_ALGORITHM: Final = re.compile(r"(auth-trunc|auth|enc|aead)\s+(\S+)(?:\s+(0x\S*))?((?:\s.*)?)")
_TRUNCATION: Final = re.compile(r"(?:\s*\([0-9]+ bits\))?\s*([0-9]{1,5})\s*")
_MOMENTS: Final = re.compile(r"add (\S+ \S+) use (.+)")
_LIMIT: Final = re.compile(r"expire (add|use):.*\bhard ([0-9]{1,10})\(sec\)")
_HIDDEN: Final = "<<Keys hidden>>"
_KEY: Final = re.compile(r"0x[0-9a-fA-F]{32}")


def recognises(line: str) -> bool:
    """Whether a file whose first line with content is this one comes from ``ip xfrm``, or is meant for it."""
    if xfrm_command.recognises(line) or line.startswith("Timestamp: "):
        return True
    bare = _bare(line)[0]
    return bare.startswith(("src ", "Flushed ", "acquire proto ", "Async event ")) or _EVENT.match(bare) is not None


def read(text: str, name: str) -> Contents:
    """Read such a text. ``name`` is how messages call it. Raises KeyFileError.

    States with an algorithm or key length that IMS does not have are left out with a notice: a host has other tunnels.
    """
    reader = _Reader(Table(name))
    command: list[str] = []
    begin = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        begin = begin if command else number
        try:
            if command or xfrm_command.recognises(line):
                line = line.strip()
                command.append(line.removesuffix("\\"))
                if not line.endswith("\\"):
                    reader.end()
                    xfrm_command.read(" ".join(command), begin, reader.table)
                    command.clear()
            elif line[0].isspace():
                reader.indented(line.strip())
            else:
                reader.margin(line.rstrip(), number)
        except WrongLine as error:
            raise KeyFileError(name, begin, str(error)) from None
    if command:
        raise KeyFileError(name, begin, "the command goes on in another line, but there is none")
    reader.end()
    return reader.table.contents()


def _bare(line: str) -> tuple[str, str]:
    """A line without what a monitor puts in front of it in brackets, and the last of that which may be a time."""
    time, position = "", 0
    while (found := _PREFIX.match(line, position)) is not None:
        if not found[1].startswith("nsid"):
            time = found[1]
        position = found.end()
    return line[position:], time


class _Reader:
    """Puts lines together to states and policies."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._state: State | None = None
        self._policy: tuple[Ends, list[int | None]] | None = None
        self._time: int | None = None

    def end(self) -> None:
        """What was begun is complete."""
        if self._state is not None:
            self.table.add(self._state)
        self._state = self._policy = None

    def margin(self, line: str, number: int) -> None:
        """A line that begins something new."""
        self.end()
        if line.startswith("Timestamp: "):
            self._time = _timestamp(line)
            return
        line, prefix = _bare(line)
        time, self._time = self._time, None
        if prefix:
            time = _moment(prefix)
            if time is None:
                raise WrongLine("what stands in brackets is neither a time nor a namespace of ip xfrm monitor")
        event = _EVENT.match(line)
        if event is not None:
            line = line[event.end() :]
        other = None if event is not None else _OTHER.match(line)
        if other is not None:
            if other[1] == "Flushed state":
                self.table.flushed(time)
        elif (found := _POLICY.fullmatch(line)) is not None:
            self._policy = _selector(found), [_port(found[5], side) for side in (0, 1)]
        elif (found := _STATE.fullmatch(line)) is not None:
            source, destination = address_of(found[1]), address_of(found[2])
            if source is None or destination is None or len(source) != len(destination):
                raise WrongLine("src and dst must be two IPv4 or two IPv6 addresses")
            self._state = State(number, (source, destination), time=time, event=event[1] if event else "")
        else:
            raise WrongLine("this is not a line of ip xfrm, where all begin with src or are indented")

    def indented(self, line: str) -> None:
        """A line that belongs to what was begun."""
        state = self._state
        if self._policy is not None:
            reqid = _REQID.search(line)
            if reqid is not None and _TEMPLATE.match(line) is not None:
                self.table.policy(int(reqid[1]), *self._policy)
            return
        if state is None:
            return
        word = line.partition(" ")[0]
        if word == "proto":
            _identity(state, line)
        elif word in ("auth", "auth-trunc", "enc", "aead"):
            _algorithm(state, line)
        elif word == "sel":
            state.ports = [_port(line, side) for side in (0, 1)]
        elif word == "hard":
            state.hard = line == "hard 1"
        elif (moments := _MOMENTS.fullmatch(line)) is not None:
            for what, text in (("add", moments[1]), ("use", moments[2])):
                time = _moment(text)
                if time is not None:
                    state.times[what] = time
        elif (limit := _LIMIT.match(line)) is not None:
            if int(limit[2]):
                state.limits[limit[1]] = int(limit[2])
        elif _KEY.search(line) is not None:
            raise WrongLine(
                "something as long as a key stands here, but the line does not begin with auth, enc or aead"
            )


def _identity(state: State, line: str) -> None:
    found = _PROTO.fullmatch(line)
    if found is None:
        raise WrongLine("proto must be followed by a protocol, spi and a number")
    mode, reqid = _MODE.search(found[3]), _REQID.search(found[3])
    spi = int(found[2], 16 if found[2].startswith("0x") else 10)
    state.identify(found[1], spi, int(reqid[1]) if reqid else 0, mode[1] if mode else None)


def _algorithm(state: State, line: str) -> None:
    if _HIDDEN in line:
        state.flaw = 'its keys are hidden: list it without "nokeys"'
        return
    found = _ALGORITHM.fullmatch(line)
    key = None if found is None else octets_of(found[3] or "")
    if found is None or key is None:
        raise WrongLine("after auth, enc or aead the name of an algorithm is expected, then 0x and the key")
    bits = None
    if found[1] in ("auth-trunc", "aead"):
        length = _TRUNCATION.fullmatch(found[4])
        if length is None:
            raise WrongLine(f"{found[1]} ends with the length of the ICV in bits")
        bits = int(length[1])
    state.algorithm(found[1], found[2], key, bits)


def _selector(found: re.Match[str]) -> Ends:
    """The two addresses of a policy, empty where it is meant for more than one."""
    ends = []
    for address, prefix in ((found[1], found[2]), (found[3], found[4])):
        octets = address_of(address)
        if octets is None or int(prefix) > 8 * len(octets):
            raise WrongLine("src and dst of a policy must be addresses with the length of a prefix")
        ends.append(octets if int(prefix) == 8 * len(octets) else b"")
    return ends[0], ends[1]


def _port(line: str, side: int) -> int | None:
    found = _PORTS[side].search(line)
    return None if found is None else int(found[1])


def _timestamp(line: str) -> int:
    found = _TIMESTAMP.fullmatch(line)
    if found is not None and found[1] in _MONTHS:
        month = _MONTHS.index(found[1]) + 1
        day, hour, minute, second, year, micro = (int(part) for part in found.groups()[1:])
        try:
            return time_of(datetime(year, month, day, hour, minute, second, micro, UTC))
        except ValueError:
            pass
    raise WrongLine("Timestamp must be followed by a date, a time and microseconds")


def _moment(text: str) -> int | None:
    """A time in ISO 8601, nanoseconds since the epoch; None if it is none (``-``: never)."""
    try:
        when = datetime.fromisoformat(text)
        return time_of(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
