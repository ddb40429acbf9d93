"""Transactions that are over, packed: hundreds of UEs leave thousands of them, of which hardly one is asked for again.

What lies in six objects of a finished request of the usual shape is put into one piece of octets; 0.5 of 1.3 KB go. A
resting transaction is one for all who hold it, and wakes when somebody asks for its request or changes it.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final, cast

from analyzer.frame import FrameRef
from analyzer.ims.transactions.transaction import Seen, Transaction

_PACKED: Final = Struct("=QIQqIQqIQq")
"""The ESP sequence number, and the frames of the request, its provisional and its final answer."""
_FRAME: Final = Struct("=IQq")
_PROVISIONAL, _FINAL = 28, 48
_NONE: Final = 0, 0, 0
"""Stands for no provisional answer; frames are counted from 1."""

_NEEDED: Final = b"Via: ", b"Call-ID: ", b"CSeq: "
"""How the lines begin that the usual shape (`sip/usual.py`) finds."""
_PERHAPS: Final = b"v", b"i", b"call", b"cseq"
"""How the others may begin, in lower case, that are these headers in another spelling."""

# The slots themselves, which the properties of `Resting` hide. They hold something else meanwhile.
_SLOTS: Final = {name: cast(Any, Transaction.__dict__[name]) for name in Transaction.__slots__}
_SEEN, _REQUEST, _DATA = _SLOTS["seen"], _SLOTS["_request"], _SLOTS["_data"]


def rest(transaction: Transaction) -> None:
    """Pack a transaction if it is over and of the usual kind; others stay as they are."""
    if type(transaction) is Resting or transaction.final is None or transaction.odd is not None:
        return
    seen = transaction.seen
    if seen is None or seen.frames != (seen.at,):
        return
    octets = _needed(_DATA.__get__(transaction))
    packed = _PACKED.pack(seen.sequence, *seen.at, *(transaction.provisional or _NONE), *transaction.final)
    transaction.provisional = transaction.final = None
    transaction.last_request = 0
    _DATA.__set__(transaction, packed + octets)
    _SEEN.__set__(transaction, seen.binding)
    _REQUEST.__set__(transaction, seen.connection)
    transaction.__class__ = Resting


def _needed(octets: bytes) -> bytes:
    """The lines of a request that its transaction can still be asked for (`Message.forget`); all, if one may be
    spelt in another way than the usual one: a server leaves the lines of others as they are.
    """
    first, *lines = octets.split(b"\n")
    kept = [line for line in lines if line.startswith(_NEEDED)]
    if not all(any(line.startswith(each) for line in kept) for each in _NEEDED):
        return octets
    if sum(line.lower().startswith(_PERHAPS) for line in lines) > len(kept):
        return octets
    return b"\n".join((first, *kept, b""))


def _wake(transaction: Transaction) -> None:
    packed, binding, connection = (each.__get__(transaction) for each in (_DATA, _SEEN, _REQUEST))
    transaction.__class__ = Transaction
    sequence, *_ = _PACKED.unpack_from(packed)
    at, octets = FrameRef(*_FRAME.unpack_from(packed, 8)), packed[_PACKED.size :]
    transaction.seen = Seen(at, (at,), len(octets), binding, sequence, connection)
    transaction.last_request = at.time
    transaction.provisional, transaction.final = _frame(packed, _PROVISIONAL), _frame(packed, _FINAL)
    _DATA.__set__(transaction, octets)
    _REQUEST.__set__(transaction, None)


def _frame(packed: bytes, place: int) -> FrameRef | None:
    found = _FRAME.unpack_from(packed, place)
    return FrameRef(*found) if found[1] else None


class _Waking:
    """An attribute that is packed: whoever reads or writes it wakes its transaction, if it cannot be read so."""

    __slots__ = ("_name", "_place")

    def __init__(self, place: int = 0) -> None:
        self._place = place
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, transaction: Transaction, kind: type | None = None) -> Any:
        if self._place:
            return _frame(_DATA.__get__(transaction), self._place)
        _wake(transaction)
        return getattr(transaction, self._name)

    def __set__(self, transaction: Transaction, value: object) -> None:
        _wake(transaction)
        setattr(transaction, self._name, value)


class Resting(Transaction):
    """A transaction that is over."""

    __slots__ = ()

    provisional = _Waking(_PROVISIONAL)
    final = _Waking(_FINAL)
    last_request = _Waking()
    seen = _Waking()
    _request = _Waking()
