"""The authentication of one contact over its procedures: what a REGISTER repeats, rejects or leaves unanswered.

TS 24.229 5.1.1.4.2, 5.1.1.5; TS 33.203 6.1, 7.3. With K and OPc of the subscriber MAC, AUTS and RES can be computed;
that they are the UE's own is believed once its RES or its AUTS has come out right, or its set was keyed by them.
"""

from __future__ import annotations

from struct import Struct
from sys import intern
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.events import (
    AuthenticationAbandoned,
    AuthenticationConcluded,
    ChallengeRejected,
    CredentialsRepeated,
    ForgedChallengeAnswered,
    Notice,
    RandSeen,
)
from analyzer.ims.exchange import Success
from analyzer.ims.oldest import in_order
from analyzer.ims.receipts import Emit
from analyzer.ims.register import offered
from analyzer.ims.registration.procedures import Procedure, res_right, was_waiting
from analyzer.ims.session import Session
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Knowledge, Protection, Sighting
from analyzer.sip.addresses import names
from analyzer.sip.digest import Challenge, Credentials, challenge, challenges, credentials, meant, next_nonce
from analyzer.sip.text import identifier

RANDS: Final = 65_536
"""Challenges remembered for all subscribers, to find one that comes again; the oldest goes first."""

_FIRST: Final = Struct("=IQq16sB")
"""What is packed of a challenge: its frame, its AUTN, and how many octets the addresses behind these are."""


def started(
    session: Session, context: Context, earlier: Procedure | None, sighting: Sighting, transaction: Transaction
) -> None:
    """An SM1, or a REGISTER that rejects the newest challenge; `earlier` is the procedure before."""
    exchange, protection = context.exchange, sighting.protection
    if transaction.kind == "failure":
        _reject(session, context, sighting)
        return
    exchange.rejections, exchange.rejected = 0, ""
    success = exchange.success
    if success is None or protection is None or protection.generation != success.generation:
        return
    if not transaction.deregisters:
        _repeat(session, context, sighting, success, _answered(context, earlier, protection))


def _answered(context: Context, earlier: Procedure | None, protection: Protection) -> Knowledge:
    """Whether the capture has all that the network told on a set, so that nobody has other credentials by now."""
    if earlier is not None and earlier.transaction.final is None:
        return Knowledge(False, f"the REGISTER of frame {earlier.transaction.request.at.number} has no answer here")
    owner = next((each for each in context.sets if each.terms is protection.terms), None)
    return owner.complete() if owner is not None else Knowledge(False, "the set was forgotten")


def _reject(session: Session, context: Context, sighting: Sighting) -> None:
    """The UE reports a wrong MAC (no AUTS), or an SQN out of range (AUTS): was it right to, as far as K tells?"""
    exchange, refused, found = context.exchange, context.newest, credentials(sighting.message)
    if refused is None or refused.challenge is None or found is None:
        return
    if refused.nonce != exchange.rejected:
        exchange.rejections, exchange.rejected = exchange.rejections + 1, refused.nonce
    made, auts, right = _meant(refused.challenge, found), found.auts_octets, None
    if auts is not None and made is not None and made.rand is not None:
        right = session.keyring.resynchronises(context.impi, made.rand, auts)
    if right:
        exchange.card = Knowledge(True, f"the AUTS of frame {sighting.at.number} was made with this K and OPc")
    in_use = context.in_use()
    if in_use is not None and in_use.expires_at is not None and sighting.at.time > in_use.expires_at:
        in_use = None
    if context.ended is not None:
        in_use = None  # the network has ended the registration meanwhile
    session.emit(
        ChallengeRejected(
            at=sighting.at,
            subject=context.subject,
            register=sighting,
            challenge=refused.challenge,
            rejected=refused.set.terms if refused.set is not None else None,
            before=refused.offer,
            offer=offered(sighting.message),
            parent=refused.parent_terms,
            in_use=in_use.terms if in_use is not None else None,
            mac_right=_genuine(session, context, made),
            auts_right=right,
            card=exchange.card,
            in_a_row=exchange.rejections,
        )
    )


def _repeat(session: Session, context: Context, sighting: Sighting, success: Success, complete: Knowledge) -> None:
    """What the credentials of an SM1 on the set of the last authentication have of it."""
    found = credentials(sighting.message)
    if found is not None and found.auts:
        return  # it rejects a challenge, be it one that is not in the capture
    nonce = (found.nonce or "") if found is not None else ""
    later = context.challenges.get(nonce) if nonce not in ("", success.nonce) else None
    session.emit(
        CredentialsRepeated(
            at=sighting.at,
            subject=context.subject,
            register=sighting,
            sm7=success.sm7,
            nonce=(success.nonce, nonce),
            response=(success.response, identifier(found.response or "") if found is not None else ""),
            comparable=found is not None and _inputs(found) == success.inputs and not found.qop,
            next_nonce=success.next_nonce,
            refused_since=context.exchange.refused,
            complete=complete,
            new_identity=_unregistered(context, sighting),
            newer_challenge=later.challenge.at if later is not None and later.challenge is not None else None,
        )
    )


def answered(session: Session, context: Context, procedure: Procedure, sighting: Sighting) -> None:
    """SM7, the answer to a challenge that is in the capture."""
    exchange = context.exchange
    exchange.rejections, exchange.rejected = 0, ""
    if procedure.challenge is None:
        return
    if res_right(procedure, sighting):
        exchange.card = Knowledge(True, f"the response of frame {sighting.at.number} is that of this K and OPc")
    if _genuine(session, context, _meant(procedure.challenge, credentials(sighting.message))) is False:
        session.emit(
            ForgedChallengeAnswered(
                at=sighting.at,
                subject=context.subject,
                register=sighting,
                challenge=procedure.challenge,
                card=exchange.card,
            )
        )


def abandoned(session: Session, context: Context, sighting: Sighting) -> None:
    """A REGISTER that is no retransmission, before it is known which; tells if an SM7 had been given up by then."""
    earlier, now = context.current, sighting.at.time
    if earlier is None or earlier.sm7 is None or earlier.finished or earlier.transaction.final is not None:
        return
    timer = session.profile.timer_64_t1
    if now - earlier.transaction.request.at.time <= timer + session.profile.tolerance(timer):
        return
    in_use = context.in_use()
    session.emit(
        AuthenticationAbandoned(
            at=sighting.at,
            subject=context.subject,
            register=sighting,
            sm7=earlier.sm7.at,
            temporary=earlier.set.terms if earlier.set is not None else None,
            in_use=in_use.terms if in_use is not None else None,
            waited=was_waiting(earlier),
        )
    )


def concluded(
    session: Session, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction
) -> None:
    """The final answer to a REGISTER, before it changes anything."""
    kind, register, status = transaction.kind, transaction.request, sighting.message.status
    exchange, sm6 = context.exchange, procedure.challenge
    if status >= 300:
        exchange.refused = True
    elif kind == "SM1" and exchange.success is not None and (following := next_nonce(sighting.message)):
        exchange.success = exchange.success._replace(next_nonce=following)
    if kind == "SM1" or (kind == "SM7" and sm6 is None):
        return
    found = credentials(register.message)
    known = any(vector.res is not None for vector in procedure.vectors)
    unknown = kind == "SM7" and not known  # then nothing can be said of the answer
    if not (unknown and session.passed.again(AuthenticationConcluded)):
        made = _meant(sm6, found) if sm6 is not None else None
        receipt = session.emit(
            AuthenticationConcluded(
                at=sighting.at,
                subject=context.subject,
                response=sighting,
                register=register,
                reports_failure=kind == "failure",
                res_right=res_right(procedure, register) if kind == "SM7" else None,
                res_known=known,
                algorithm=(made.algorithm or "") if made is not None else "",
                card=_keyed(context, procedure),
            )
        )
        if unknown:
            session.passed.learn(AuthenticationConcluded, receipt)
    if kind == "SM7" and status < 300 and found is not None:
        exchange.refused = False
        exchange.success = Success(
            sm7=register.at,
            generation=procedure.set.generation if procedure.set is not None else None,
            inputs=_inputs(found),
            nonce=intern(found.nonce or ""),
            response=identifier(found.response or ""),
            next_nonce=next_nonce(sighting.message),
        )


def unchallenged(context: Context, procedure: Procedure, answer: FrameRef) -> None:
    """A REGISTER was answered without a challenge: where it was protected, its offer is used for nothing (FP16)."""
    if procedure.parent is None:
        return
    offer = [entry for entry in procedure.offer if entry.is_ipsec]
    context.exchange.offered_in_vain(
        [spi for entry in offer for spi in (entry.spi_c, entry.spi_s) if spi is not None], answer
    )


def of_nonce(context: Context, register: Sighting) -> Procedure | None:
    """The procedure of this contact whose challenge the nonce of a REGISTER is from."""
    found = credentials(register.message)
    return context.challenges.get(found.nonce) if found is not None and found.nonce else None


def nonce_from(context: Context, register: Sighting) -> FrameRef | None:
    """The challenge whose nonce a REGISTER repeats, as an event names it."""
    procedure = of_nonce(context, register)
    return procedure.challenge.at if procedure is not None and procedure.challenge is not None else None


def _keyed(context: Context, procedure: Procedure) -> Knowledge:
    """Whether the RES at hand is the UE's: the same K keyed its set, or has proven itself before."""
    for binding in procedure.set.bindings if procedure.set is not None else ():
        vector, association = binding.vector, binding.association
        if vector is not None and vector.res is not None and association is not None and association.verified:
            return Knowledge(True, f"packets of set {binding.set.generation} verify with the keys of this K and OPc")
    return context.exchange.card


class Rands:
    """Challenges of all subscribers by RAND (AUTH-11)."""

    __slots__ = ("_emit", "_seen")

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._seen: dict[bytes, bytes] = {}
        """By RAND and identity: frame, AUTN, addresses and REGISTER, as octets. That takes half of what a tuple of them
        does, and none may be forgotten for its age."""

    def seen(self, context: Context, found: Challenge, sighting: Sighting) -> RandSeen | None:
        """The first challenge of this subscriber with this RAND, if there is one; a copy of a challenge is none."""
        rand, autn, message = found.rand, found.autn, sighting.message
        if rand is None or autn is None:
            return None
        key, pair = rand + _octets(context.impi or ""), context.pair.ue + context.pair.pcscf
        known, register = self._seen.get(key), _octets(f"{message.cseq} {message.call_id}")
        if known is None:
            self._seen[key] = _FIRST.pack(*sighting.at, autn, len(pair)) + pair + register
            if len(self._seen) > RANDS:
                self._seen = oldest = in_order(self._seen)
                oldest.popitem(last=False)
                text = f"more than {RANDS} challenges: the oldest is not compared with later ones any more"
                self._emit(Notice(at=sighting.at, subject=None, text=text))
            return None
        *at, before, length = _FIRST.unpack_from(known)
        end = _FIRST.size + length
        if known[end:] == register:
            return None
        return RandSeen(FrameRef(*at), before, before == autn, known[_FIRST.size : end] == pair)


def _unregistered(context: Context, register: Sighting) -> bool:
    """Whether a REGISTER is for an identity that is not registered yet, as far as its 2xx have told."""
    target = register.message.to_uri
    if target is None or target.text in context.impus:  # nearly always it is, in the same spelling
        return False
    return names(target).isdisjoint(context.names)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _meant(sm6: Sighting, found: Credentials | None) -> Challenge | None:
    """Which challenge of a 401 the credentials are for."""
    return meant(challenges(sm6.message), found) or challenge(sm6.message)


def _genuine(session: Session, context: Context, made: Challenge | None) -> bool | None:
    """Whether somebody made this challenge who has K of the subscriber; None if K is not at hand."""
    if made is None or made.rand is None or made.autn is None:
        return None
    return session.keyring.genuine(context.impi, made.rand, made.autn)


def _inputs(found: Credentials) -> tuple[str, ...]:
    return tuple([intern(identifier(text or "")) for text in (found.username, found.realm, found.uri, found.qop)])
