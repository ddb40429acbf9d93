"""Sets that are forgotten: what a report still says of each, packed, since a run of hours forgets thousands of them.

Nothing can be sent on such a set that anybody could read, and no rule is asked about it. Its states, ends and messages
stay as they were when it was forgotten.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.sets.associations import Ending, SaSet
from analyzer.ims.vocabulary import End, SetTerms, Side, State

_TERMS: Final = SetTerms.__struct_fields__
_FRAMES: Final = tuple(name in ("sm1", "sm6") for name in _TERMS)
_SIDES, _STATES, _ENDS = tuple(Side), tuple(State), tuple(End)
"""Each is written as its place among these."""


class Former(NamedTuple):
    """What is left of a set; each name means what it means in `SaSet`."""

    terms: SetTerms
    alg: str | None
    ealg: str | None
    keyed: bool
    inferred: bool
    expires_at: int | None
    expiry_from: FrameRef | None
    sm7: FrameRef | None
    sm12: FrameRef | None
    uplink: FrameRef | None
    downlink: FrameRef | None
    states: dict[Side, State]
    ends: dict[Side, Ending]

    @property
    def generation(self) -> int:
        """Number of the set among those of its subject."""
        return self.terms.generation


class FormerSets:
    """The sets that one contact had, the oldest first, in 0.4 KB each; a `SaSet` takes 3."""

    __slots__ = ("_packed", "established")

    def __init__(self) -> None:
        self._packed: tuple[bytes, ...] = ()
        self.established = 0
        """How many were added whose SM12 had been seen."""

    def add(self, owner: SaSet) -> None:
        """Pack a set that is forgotten, as the newest of these."""
        self._packed += (_pack(owner),)
        self.established += owner.established()

    def drop_first(self) -> None:
        """Forget the oldest altogether."""
        self._packed = self._packed[1:]

    def clear(self) -> None:
        """Forget all of them."""
        self._packed = ()

    def first(self) -> Former | None:
        """The oldest of them; None if there is none."""
        return _unpack(self._packed[0]) if self._packed else None

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Former]:
        return map(_unpack, self._packed)


def _pack(owner: SaSet) -> bytes:
    """Numbers, texts and plain tuples of them: what `marshal` takes, which writes them three times as short as they lie
    in memory. Nobody reads it but `_unpack`."""
    terms = owner.terms
    frames = owner.expiry_from, owner.sm7, owner.sm12, owner.uplink, owner.downlink
    return marshal.dumps(
        (
            [_plain(value) if frame else value for value, frame in zip(_values(terms), _FRAMES, strict=True)],
            (owner.alg, owner.ealg, owner.keyed, owner.inferred, owner.expires_at),
            [_plain(at) for at in frames],
            [_STATES.index(owner.states[side]) for side in _SIDES],
            [
                (_SIDES.index(side), _ENDS.index(each.end), tuple(each.since), each.time)
                for side, each in owner.ends.items()
            ],
        )
    )


def _unpack(packed: bytes) -> Former:
    values, (alg, ealg, keyed, inferred, expires_at), frames, states, ends = marshal.loads(packed)
    terms: dict[str, Any] = dict(zip(_TERMS, values, strict=True))
    terms |= {name: _frame(terms[name]) for name, frame in zip(_TERMS, _FRAMES, strict=True) if frame}
    expiry_from, sm7, sm12, uplink, downlink = map(_frame, frames)
    return Former(
        terms=SetTerms(**terms),
        alg=alg,
        ealg=ealg,
        keyed=keyed,
        inferred=inferred,
        expires_at=expires_at,
        expiry_from=expiry_from,
        sm7=sm7,
        sm12=sm12,
        uplink=uplink,
        downlink=downlink,
        states={side: _STATES[state] for side, state in zip(_SIDES, states, strict=True)},
        ends={_SIDES[side]: Ending(_ENDS[end], FrameRef(*since), time) for side, end, since, time in ends},
    )


def _values(terms: SetTerms) -> Iterator[Any]:
    return (getattr(terms, name) for name in _TERMS)


def _plain(at: FrameRef | None) -> tuple[int, ...] | None:
    return tuple(at) if at is not None else None


def _frame(at: tuple[int, int, int] | None) -> FrameRef | None:
    return FrameRef(*at) if at is not None else None
