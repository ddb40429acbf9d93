"""TCP handshakes on the associations of a set: does each of the four work (TS 33.203 6.3, 7.1; SA-21)?"""

from __future__ import annotations

from functools import partial
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.events import HandshakeEnded
from analyzer.ims.losses import HANDSHAKES
from analyzer.ims.session import Packet, Session
from analyzer.ims.sets.associations import NONE, SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Role, Side, State

FLOWS: Final = 8
"""Handshakes of one set that wait for an answer; the oldest goes first."""
ATTEMPTS: Final = 4
"""A SYN and three repetitions: so long a silence is no loss of one packet."""


class Knock:
    """The SYN of a TCP handshake, with its repetitions, until it is answered."""

    __slots__ = ("count", "first", "last", "role")

    def __init__(self, role: Role, at: FrameRef) -> None:
        self.role = role
        self.count = 1
        self.first = self.last = at


def knocked(session: Session, packet: Packet, sport: int, dport: int, at: FrameRef) -> None:
    """A SYN on an association of a set, the first one or a repetition."""
    binding = packet.binding
    if binding is None:
        return
    knocks = binding.set.knocks
    known = knocks.get((sport, dport))
    if known is not None and known.role is binding.role:
        known.count, known.last = known.count + 1, at
        if known.count >= ATTEMPTS:
            quiet = 2 * (at.time - known.first.time)  # twice as long as all SYNs took: the sender has given up
            session.deadlines.add(at.time + quiet, partial(_unanswered, session, binding.set, known, at))
        return
    knocks = {**knocks, (sport, dport): Knock(binding.role, at)}
    if len(knocks) > FLOWS:
        del knocks[next(iter(knocks))]
        session.losses.note(HANDSHAKES)
    binding.set.knocks = knocks


def replied(session: Session, packet: Packet, sport: int, dport: int, reset: bool, at: FrameRef) -> None:
    """A SYN with ACK, or a RST, from `sport` to `dport`: the answer to a SYN, if one waits there."""
    binding = packet.binding
    knock = binding.set.knocks.get((dport, sport)) if binding is not None else None
    if binding is None or knock is None:
        return
    binding.set.knocks = {flow: each for flow, each in binding.set.knocks.items() if each is not knock}
    if knock.role.sender is not binding.sender:
        if reset and binding.sender is Side.PCSCF:
            binding.set.shut = at
        _tell(session, binding.set, knock, "refused" if reset else "answered", at)


def _unanswered(session: Session, owner: SaSet, knock: Knock, last: FrameRef, now: int) -> None:
    """No SYN came after this one for so long that none will; nor did an answer."""
    for flow, waiting in owner.knocks.items():
        if waiting is knock and knock.last is last:
            owner.knocks = {other: each for other, each in owner.knocks.items() if other != flow}
            _tell(session, owner, knock, "silent", knock.first)
            return


def retire(session: Session, owner: SaSet) -> None:
    """Nothing more will be seen of a set: which handshakes had no answer at all?"""
    for knock in owner.knocks.values():
        if knock.count >= ATTEMPTS:
            _tell(session, owner, knock, "silent", knock.first)
    owner.knocks = NONE


def _tell(session: Session, owner: SaSet, knock: Knock, outcome: str, at: FrameRef) -> None:
    """Tell how a handshake ended: ``answered``, ``refused`` or ``silent``.

    Unanswered ones say nothing if the set was not established yet, or had expired.
    """
    context, receiver = owner.contact, knock.role.sender.other
    assert isinstance(context, Context)
    established = owner.sm12 is not None and knock.first.time > owner.sm12.time
    expired = owner.expires_at is not None and knock.last.time > owner.expires_at
    if outcome != "answered" and (expired or not established):
        return
    other = owner.sent_between(receiver, knock.first.time, knock.last.time)
    sent = owner.count_between(receiver.other, knock.first.time, knock.last.time)
    exchanged = other if sent > knock.count - 1 else None
    newer = next((each for each in context.sets if each.sm12 is not None and each.parent is owner), None)
    early, alive = False, None
    if newer is not None and owner.states[receiver] is State.OLD:
        used = newer.downlink if receiver is Side.UE else newer.uplink
        early = used is None or used.time > knock.last.time
        alive = newer.sent_between(receiver, knock.first.time, knock.last.time + session.profile.grace)
    session.emit(
        HandshakeEnded(
            at=at,
            subject=context.subject,
            terms=owner.terms,
            role=knock.role,
            receiver=receiver,
            outcome=outcome,
            attempts=knock.count,
            exchanged=exchanged,
            near=context.pair.vantage.at(receiver),
            complete=owner.complete(),
            replaced=owner.states[receiver] is State.OLD or receiver in owner.ends,
            early=early,
            alive=alive,
        )
    )
