"""One security association as ``ip xfrm`` tells of it, and the table of all that one file tells of.

A state's selector may have no ports (phones put them into the policy alone); then those of the policy with the same
reqid and the same addresses are its ports. Times are the printing host's local ones and name no zone: they count as
UTC, which is why nothing is ever refused for its time.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from analyzer.frame import SECOND
from analyzer.ipsec.algorithms import (
    Encryption,
    Integrity,
    Keys,
    Spelling,
    UnknownAlgorithm,
    encryption,
    integrity,
    pair,
)
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import ANYTHING, Contents, ExplicitSa, content_of, exactly, place, wrong_length

_NULL: Final = {"auth": ("digest_null", Secret(b"")), "enc": ("cipher_null", Secret(b""))}
Ends = tuple[bytes, bytes]


class WrongLine(Exception):
    """What is wrong with a line."""


class _LeftOut(Exception):
    """Why a state is of no use."""


class State(Struct):
    """One state while it is read."""

    line: int
    ends: Ends
    """Source and destination address."""
    run: int = 0
    """In which of the file's listings it stands."""
    time: int | None = None
    """When it was told, in nanoseconds since the epoch, if the source says so."""
    event: str = ""
    """``Deleted``, ``Updated``, ``Expired``; empty where a state is listed or added."""
    esp: bool = False
    spi: int = 0
    reqid: int = 0
    mode: str | None = None
    hard: bool = False
    """Whether it expired for good."""
    ports: list[int | None] = field(default_factory=lambda: [None, None])
    found: dict[str, tuple[str, Secret]] = field(default_factory=dict)
    """Algorithm and key by ``auth``, ``enc`` and ``aead``."""
    flaw: str = ""
    """Why it will be left out."""
    times: dict[str, int] = field(default_factory=dict)
    """When it was made (``add``) and first used (``use``), in nanoseconds."""
    limits: dict[str, int] = field(default_factory=dict)
    """Seconds after these at which it expires."""

    def identify(self, protocol: str, spi: int, reqid: int, mode: str | None) -> None:
        """Take in what follows the addresses. Raises WrongLine."""
        if spi > 0xFFFFFFFF:
            raise WrongLine("an SPI has 32 bits")
        self.esp, self.spi, self.reqid = protocol == "esp", spi, reqid
        self.mode = mode if mode in ("transport", "tunnel") else None

    def algorithm(self, kind: str, name: str, key: bytes, bits: int | None) -> None:
        """Take in an algorithm with its key; ``bits`` is the length of the ICV where the line names one."""
        kind = kind.removesuffix("-trunc")
        self.found[kind] = name, Secret(key)
        if bits is not None and not self.flaw:
            wanted = 128 if kind == "aead" else 96
            if bits != wanted:
                self.flaw = f"its ICV does not have {wanted} bits"

    def entry(self, name: str, ports: list[int | None]) -> ExplicitSa:
        """What was read as an entry. Raises UnknownAlgorithm or _LeftOut."""
        if self.flaw:
            raise _LeftOut(self.flaw)
        alg, ealg, auth, enc = self._algorithms()
        since = self.times.get("add", self.time if not self.event else None)
        ended = [self.times[what] + limit * SECOND for what, limit in self.limits.items() if what in self.times]
        return ExplicitSa(
            # The kernel takes the unspecified address for any.
            sources=exactly(self.ends[0]) if any(self.ends[0]) else ANYTHING,
            destinations=exactly(self.ends[1]),
            spis=exactly(self.spi.to_bytes(4)),
            source_port=ports[0],
            destination_port=ports[1],
            alg=alg.name,
            ealg=ealg.name,
            keys=Keys(_key(auth, alg), _key(enc, ealg)),
            mode=self.mode,
            since=since,
            until=min(ended, default=None),
            origin=place(name, self.line),
        )

    def _algorithms(self) -> tuple[Integrity, Encryption, Secret, Secret]:
        found = dict(self.found)
        combined = found.pop("aead", None)
        if combined is not None:
            # RFC 4543 is integrity alone, the others encrypt: each has its own half of the table.
            try:
                integrity(combined[0], Spelling.KERNEL)
                found["auth"] = combined
            except UnknownAlgorithm:
                found["enc"] = combined
        (alg, auth), (ealg, enc) = found.get("auth", _NULL["auth"]), found.get("enc", _NULL["enc"])
        first, second = integrity(alg, Spelling.KERNEL), encryption(ealg, Spelling.KERNEL)
        return *pair(first.name, second.name), auth, enc


def _key(key: Secret, algorithm: Integrity | Encryption) -> Secret:
    problem = wrong_length(key.octets, algorithm)
    if problem is not None:
        raise _LeftOut(problem)
    return key


class Table:
    """All states of one file: each once, with its ports and with the time from which and until which it held."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._states: list[State] = []
        self._ports: dict[tuple[int | None, int, Ends], list[list[int | None]]] = {}
        self._run = 0
        """Listings of states and of policies come in turns; this is the number of the present one."""
        self._states_first: bool | None = None
        self._in_states = True

    def add(self, state: State) -> None:
        """Enter a state when all of it is read."""
        self._turn(states=True)
        state.run = self._run
        self._states.append(state)

    def flushed(self, time: int | None) -> None:
        """All states were deleted at this time."""
        self._states.append(State(0, (b"", b""), time=time, event="Flushed"))

    def policy(self, reqid: int, ends: Ends, ports: list[int | None]) -> None:
        """Enter ports that a policy has for a reqid and two addresses."""
        self._turn(states=False)
        for run in (self._run, None):
            known = self._ports.setdefault((run, reqid, ends), [])
            if ports not in known and len(known) < 2:  # two are as ambiguous as two thousand
                known.append(ports)

    def _turn(self, *, states: bool) -> None:
        if self._states_first is None:
            self._states_first = states
        elif states != self._in_states:
            self._run += 1
        self._in_states = states

    def contents(self) -> Contents:
        """What the whole file held."""
        entries: list[ExplicitSa] = []
        notices: dict[str, str] = {}
        known: dict[tuple[object, ...], int] = {}
        latest: dict[tuple[object, ...], int] = {}
        alive: dict[int, None] = {}
        for state in self._states:
            if state.event == "Flushed":
                _end(entries, alive, list(alive), state.time)
                continue
            if not state.esp:
                continue
            identity = (*state.ends, state.spi)
            gone = state.event == "Deleted" or (state.event == "Expired" and state.hard)
            if not (state.found or state.flaw):
                # The kernel's placeholder for a state that is yet to be made; or the end of one, without its keys.
                if gone and identity in latest:
                    _end(entries, alive, [latest[identity]], state.time)
                continue
            try:
                entry = state.entry(self._name, self._joined(state))
            except (_LeftOut, UnknownAlgorithm) as error:
                text = f"left out: {error}"
                notices.setdefault(f"{identity} {text}", f"{place(self._name, state.line)}: {text}")
                continue
            number = known.setdefault(content_of(entry), len(entries))
            if number == len(entries):
                entries.append(entry)
            if latest.get(identity, number) != number:
                _end(entries, alive, [latest[identity]], state.time)
            latest[identity] = number
            if gone:
                alive[number] = None
                _end(entries, alive, [number], state.time)
            elif number not in alive:
                alive[number] = None
                entries[number] = entries[number]._replace(until=entry.until)
        return Contents([*entries], [*notices.values()])

    def _joined(self, state: State) -> list[int | None]:
        """Its ports, or else those of its policy: in the listing that goes with its own, or in any."""
        if state.ports == [None, None] and state.mode != "tunnel":
            for run in (state.run + (1 if self._states_first else -1), None):
                known = self._ports.get((run, state.reqid, state.ends), [])
                if len(known) == 1:
                    return known[0]
        return state.ports


def _end(entries: list[ExplicitSa], alive: dict[int, None], which: list[int], time: int | None) -> None:
    for number in which:
        if number in alive:
            del alive[number]
            if time is not None:
                entries[number] = entries[number]._replace(until=time)
