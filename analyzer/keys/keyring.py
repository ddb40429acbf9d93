"""All keys at hand, of files and of the capture itself, and which of them a challenge or a packet may need.

Nothing here is believed: every candidate is proven by an ICV before it counts.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from analyzer.ipsec.algorithms import Keys
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.secret import Secret
from analyzer.keys import formats
from analyzer.keys.aka import is_genuine, is_resynchronisation, milenage
from analyzer.keys.entries import ExplicitSa, KeyFileError, Subscriber, Vector, content_of

__all__ = ["ExplicitSa", "KeyFileError", "Keyring", "Subscriber", "Vector"]

MAX_FILE: Final = 64 << 20
"""Octets of the largest key file."""
MAX_LEARNED: Final = 32_768
"""RANDs whose vectors are remembered from the capture; the oldest goes first."""
MAX_LEARNED_PER_RAND: Final = 4
"""Different vectors for one RAND; the newest are kept."""
MAX_VECTORS: Final = 1_000
"""Candidates for one challenge. Only a challenge whose subscriber is unknown can have so many."""

MAX_CARDS: Final = 16
"""K and OPc of one subscriber that are tried for one challenge."""

MAX_EXPLICIT: Final = 16
"""Associations of key files for one packet; only wildcards let so many fit, and each costs as much as the packet."""

Entry = ExplicitSa | Subscriber | Vector
Listed = TypeVar("Listed", Subscriber, Vector)


class Keyring:
    """Keys by subscriber, RAND and SPI. ``forgotten`` counts what was learned and then pushed out by a limit."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        """What the user should know about the key files."""
        self.forgotten = 0
        self._subscribers: dict[str, list[Subscriber]] = {}
        self._of_rand: dict[bytes, list[Vector]] = {}
        self._of_impi: dict[str, list[Vector]] = {}
        self._of_anybody: list[Vector] = []
        self._learned: OrderedDict[bytes, tuple[Vector, ...]] = OrderedDict()
        self._associations: list[ExplicitSa] = []
        self._known: set[tuple[object, ...]] = set()
        self._of_spi: dict[int, list[ExplicitSa]] = {}
        self._open_spi: list[ExplicitSa] = []
        self._unused: dict[str, None] = {}
        self._same_keys: dict[tuple[bytes, bytes], dict[str, None]] = {}
        """Keys of associations to their origins."""
        self._same_vectors: OrderedDict[tuple[bytes, bytes], dict[str, None]] = OrderedDict()
        """CK and IK that a challenge may have from several origins, to all but the first of them."""

    def add_file(self, path: str | Path) -> None:
        """Add the keys of a file of any known format. Raises KeyFileError."""
        path = Path(path)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE + 1)
            mode = path.stat().st_mode
        except OSError as error:
            raise KeyFileError(str(path), None, f"cannot be read: {error.strerror}") from None
        if len(data) > MAX_FILE:
            raise KeyFileError(str(path), None, f"has more than {MAX_FILE} octets, so it is no key file")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
            if not formats.is_log(text):
                raise KeyFileError(str(path), None, "is no text in UTF-8, so it is no key file") from None
        self.add_text(text, str(path))
        if mode & 0o077:
            self.notices.append(f"{path}: others than its owner can read these keys: chmod 600")

    def add_text(self, text: str, name: str) -> None:
        """Add the keys of a text of any known format; ``name`` is how messages call it. Raises KeyFileError."""
        contents = formats.read(text, name)
        self.notices += contents.notices
        for entry in contents.entries:
            self._enter(entry)

    def _enter(self, entry: Entry) -> None:
        if isinstance(entry, ExplicitSa):
            content = content_of(entry)
            if content in self._known:
                return  # listings taken one after the other repeat what has not changed
            self._known.add(content)
            self._associations.append(entry)
            self._same_keys.setdefault(_pair(entry.keys), {})[entry.origin] = None
            (self._open_spi if entry.spi is None else self._of_spi.setdefault(entry.spi, [])).append(entry)
        elif isinstance(entry, Subscriber):
            self._subscribers.setdefault(_fold(entry.impi), []).append(entry)
        elif entry.rand is not None:
            self._of_rand.setdefault(entry.rand, []).append(entry)
        elif entry.impi is not None:
            self._of_impi.setdefault(_fold(entry.impi), []).append(entry)
        else:
            self._of_anybody.append(entry)
        self._unused[entry.origin] = None

    def _entries(self) -> Iterator[Entry]:
        """All that the files hold."""
        yield from self._associations
        yield from itertools.chain.from_iterable(self._subscribers.values())
        yield from itertools.chain.from_iterable(self._of_rand.values())
        yield from itertools.chain.from_iterable(self._of_impi.values())
        yield from self._of_anybody

    def read_again(self, path: str | Path) -> bool:
        """Add what a file has by now and had not before; true if there is something new. Raises KeyFileError."""
        others = Keyring()
        others.add_file(path)
        mine = set(map(_content, self._entries()))
        fresh = [entry for entry in others._entries() if _content(entry) not in mine]
        for entry in fresh:
            self._enter(entry)
        return bool(fresh)

    def learn(self, rand: bytes, ck: bytes, ik: bytes, origin: str) -> None:
        """Remember a vector found in the capture; one whose parts have not 16 octets each is none and is ignored."""
        if not len(rand) == len(ck) == len(ik) == 16:
            return
        vector = Vector(None, rand, Secret(ck), Secret(ik), None, origin)
        known = self._learned.pop(rand, ())
        kept = [other for other in known if (other.ck, other.ik) != (vector.ck, vector.ik)]
        self.forgotten += len(kept) >= MAX_LEARNED_PER_RAND
        self._learned[rand] = (vector, *kept[: MAX_LEARNED_PER_RAND - 1])
        if len(self._learned) > MAX_LEARNED:
            self.forgotten += len(self._learned.popitem(last=False)[1])

    def vectors(self, impi: str | None, rand: bytes) -> list[Vector]:
        """The vectors that may belong to a challenge, the most specific first, MAX_VECTORS at most.

        First CK and IK for this RAND, then what follows from K of this subscriber (of all of them if ``impi`` is
        None), then CK and IK that name no RAND; each CK and IK once. ``rand`` is the first 16 octets of the nonce.
        """
        found: dict[tuple[bytes, bytes], Vector] = {}
        for vector in itertools.islice(self._vectors(None if impi is None else _fold(impi), rand), MAX_VECTORS):
            key = vector.ck.octets, vector.ik.octets
            known = found.setdefault(key, vector)
            if known is vector:
                continue
            if known.res is None and vector.res is not None:
                found[key] = known._replace(res=vector.res)  # what follows from K tells RES too
            if vector.origin in self._unused:
                self._same_vectors.setdefault(key, {})[vector.origin] = None
                if len(self._same_vectors) > MAX_LEARNED:
                    self._same_vectors.popitem(last=False)
        return list(found.values())

    def genuine(self, impi: str | None, rand: bytes, autn: bytes) -> bool | None:
        """Whether this challenge was made by somebody who has K of this subscriber; None if no K of it is here."""
        cards = self._cards(impi)
        return any(is_genuine(card.k, card.opc, rand, autn) for card in cards) if cards else None

    def resynchronises(self, impi: str | None, rand: bytes, auts: bytes) -> bool | None:
        """Whether this AUTS was made by somebody who has K of this subscriber; None if no K of it is here."""
        cards = self._cards(impi)
        return any(is_resynchronisation(card.k, card.opc, rand, auts) for card in cards) if cards else None

    def _cards(self, impi: str | None) -> list[Subscriber]:
        return self._subscribers.get(_fold(impi), [])[:MAX_CARDS] if impi is not None else []

    def _vectors(self, impi: str | None, rand: bytes) -> Iterator[Vector]:
        for vector in self._of_rand.get(rand, ()):
            if impi is None or vector.impi is None or _fold(vector.impi) == impi:
                yield vector
        yield from self._learned.get(rand, ())
        if len(rand) == 16:
            for subscriber in _those(self._subscribers, impi):
                result = milenage(subscriber.k, subscriber.opc, rand)
                yield Vector(subscriber.impi, rand, result.ck, result.ik, result.res, subscriber.origin)
        yield from _those(self._of_impi, impi)
        yield from self._of_anybody

    def associations(self) -> list[ExplicitSa]:
        """All associations that the files name with their keys, in their order."""
        return list(self._associations)

    def explicit(self, source: bytes, destination: bytes, spi: int) -> list[SecurityAssociation]:
        """New associations for a packet of this SPI, from MAX_EXPLICIT of those that fit at most; exact SPIs first."""
        if spi not in self._of_spi and not self._open_spi:
            return []
        octets = spi.to_bytes(4)
        fitting = (
            entry
            for entry in (*self._of_spi.get(spi, ()), *self._open_spi)
            if entry.spis.matches(octets) and entry.destinations.matches(destination) and entry.sources.matches(source)
        )
        return [
            SecurityAssociation(
                spi=spi,
                destination=destination,
                # A pattern that leaves the whole source open means any sender, not only this one.
                source=source if entry.sources.mask else None,
                alg=entry.alg,
                ealg=entry.ealg,
                keys=entry.keys,
                origin=entry.origin,
            )
            for entry in itertools.islice(fitting, MAX_EXPLICIT)
        ]

    def loose(self) -> Iterator[Vector]:
        """Every vector that is there without a challenge, of files and of the capture, the newest of the latter first.

        Packets whose challenge is not in the capture may be tried with them.
        """
        for table in (self._of_rand, self._of_impi):
            yield from itertools.chain.from_iterable(table.values())
        yield from self._of_anybody
        yield from itertools.chain.from_iterable(reversed(self._learned.values()))

    def typed(self, vector: Vector) -> bool:
        """Whether CK and IK of this vector stand in a key file themselves, and follow from nothing else."""
        folded = "" if vector.impi is None else _fold(vector.impi)
        places = (self._of_rand.get(vector.rand or b"", ()), self._of_impi.get(folded, ()), self._of_anybody)
        return any(vector is known for place in places for known in place)

    def mark_used(self, proven: Vector | SecurityAssociation) -> None:
        """Note that a key was right, as a packet has proven; and so is the same key wherever else it was given."""
        self._unused.pop(proven.origin, None)
        same: dict[str, None] = {}
        if isinstance(proven, Vector):
            if self._same_vectors:
                same = self._same_vectors.pop((proven.ck.octets, proven.ik.octets), same)
        elif self._same_keys and proven.keys is not None:
            same = self._same_keys.pop(_pair(proven.keys), same)
        for origin in same:
            self._unused.pop(origin, None)

    def unused(self) -> list[str]:
        """Origins of what the files hold and no packet has proven, in their order."""
        return list(self._unused)


def _pair(keys: Keys) -> tuple[bytes, bytes]:
    """Both keys of an association; an HMAC pads its own with zeros, so with them or without it is the same (R2)."""
    return keys.auth.octets.rstrip(b"\0"), keys.enc.octets


def _fold(impi: str) -> str:
    return impi.strip().casefold()


def _content(entry: Entry) -> tuple[object, ...]:
    """What an entry says, wherever it stands."""
    if isinstance(entry, ExplicitSa):
        return content_of(entry)
    if isinstance(entry, Subscriber):
        return _fold(entry.impi), entry.k.octets, entry.opc.octets
    return entry.impi and _fold(entry.impi), entry.rand, entry.ck.octets, entry.ik.octets


def _those(table: dict[str, list[Listed]], impi: str | None) -> Iterator[Listed]:
    """The entries of this IMPI, of all if it is None."""
    if impi is None:
        return itertools.chain.from_iterable(table.values())
    return iter(table.get(impi, ()))
