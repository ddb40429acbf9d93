"""The session model's front door: every packet and SIP message enters here and leaves as events.

The work is done in `registration.py`, `answers.py`, `traffic.py` and `packets.py`; this module finds the pair, the
context and the transaction of what came in and calls them in the order in which their answers depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from analyzer.frame import FrameRef
from analyzer.ims.events import Notice
from analyzer.ims.losses import OPEN_REQUESTS
from analyzer.ims.messages import handshakes
from analyzer.ims.messages.calm import Calm
from analyzer.ims.messages.connections import Connections
from analyzer.ims.messages.coreleg import CoreLeg
from analyzer.ims.messages.identities import Identities, right
from analyzer.ims.messages.requests import LARGE, Requests
from analyzer.ims.messages.traffic import Traffic
from analyzer.ims.packets import clear_packets
from analyzer.ims.packets.packets import PacketLedger
from analyzer.ims.packets.replays import Replays
from analyzer.ims.quality import Quality
from analyzer.ims.receipts import Emit
from analyzer.ims.register import offered, straight_from_ue
from analyzer.ims.registration.answers import Answers
from analyzer.ims.registration.bindings import deregisters, identify
from analyzer.ims.registration.latecomers import adopt, procedure_of
from analyzer.ims.registration.moved import Movements
from analyzer.ims.registration.registration import Registrar
from analyzer.ims.registration.renewal import closed, notified
from analyzer.ims.session import Packet, Session, Watch
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.ledger import UNKNOWN
from analyzer.ims.silence import goes_on, neglected, repeated
from analyzer.ims.subjects import Context, Directory, Pair
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Knowledge, Protection, Side, Sighting, State
from analyzer.keys.keyring import Keyring
from analyzer.network.tcp import Connection
from analyzer.profile import Profile
from analyzer.sip.digest import challenge
from analyzer.sip.message import Message

_new = tuple.__new__
"""Makes a named tuple without its Python-level constructor: half a microsecond for each of two in every message."""


class Tracker:
    """Follows all subjects; one instance an audit."""

    __slots__ = (
        "_on_sighting",
        "_protected_messages",
        "answers",
        "calm",
        "clear_messages",
        "connections",
        "core",
        "directory",
        "identities",
        "movements",
        "packets",
        "quality",
        "registrar",
        "replays",
        "requests",
        "session",
        "traffic",
    )

    def __init__(
        self,
        profile: Profile,
        keyring: Keyring,
        emit: Emit,
        watch: Watch,
        vantage: str = "auto",
        on_sighting: Callable[[Context | None, Sighting], None] | None = None,
    ) -> None:
        self.session = Session(profile, keyring, emit, watch)
        self.traffic = Traffic(self.session)
        self.session.retire = self._retire
        self.registrar = Registrar(self.session)
        self.answers = Answers(self.session)
        self.packets = PacketLedger(self.session, self.traffic)
        self.replays = Replays(self.session)
        self.requests = Requests(self.session)
        self.connections = Connections(self.session)
        self.identities = Identities(self.session)
        self.core = CoreLeg(self.session, self.identities, self.traffic.in_clear)
        self.movements = Movements(self.session)
        self.directory = Directory(vantage, self._forget, self.session.losses)
        self.quality = Quality(self.directory.taps)
        self.calm = Calm(
            self.session, self.traffic.switch, self.identities, self.quality, self.requests, self.directory.census
        )
        self._on_sighting = on_sighting
        self.clear_messages = 0
        self._protected_messages = 0

    @property
    def protected_messages(self) -> int:
        """SIP messages out of associations."""
        return self._protected_messages + self.calm.taken

    # --- SIP -------------------------------------------------------------------------------------------------------

    def message(
        self,
        at: FrameRef,
        frames: tuple[FrameRef, ...],
        source: bytes,
        destination: bytes,
        transport: str,
        sport: int,
        dport: int,
        message: Message,
        packet: Packet | None,
        connection: Connection | None = None,
        by: int = 0,
        end: int = 0,
    ) -> None:
        """One SIP message, in clear (`packet` is None) or out of an association.

        Over TCP with its connection, the end that sent it, and the stream offset after it.
        """
        binding = packet.binding if packet is not None else None
        if packet is not None and binding is not None:
            self._protected_messages += 1
            owner = binding.set
            context = owner.contact
            assert isinstance(context, Context)
            context.pair.turn += 1
            states = owner.states
            protection = _new(
                Protection, (owner.terms, binding.role, packet.sequence, states[Side.UE], states[Side.PCSCF])
            )
            sighting = _new(
                Sighting, (at, frames, message, binding.sender, transport, sport, dport, protection, connection)
            )
            self._protected(context, binding, sighting)
            self.calm.settle(context, owner)
            if connection is not None and owner.sm12 == at:
                owner.sm12_stream = connection, by, end
            return
        found = self.directory.find(source, destination)
        if found is None:
            if not straight_from_ue(message):
                self.core.message(at, message)
                return
            found = self.directory.learn(source, destination), Side.UE
        pair, sender = found
        pair.turn += 1
        sighting = Sighting(at, frames, message, sender, transport, sport, dport, None, connection)
        if packet is None:
            self.clear_messages += 1
            self._clear(pair, sighting)
        else:
            self._protected_messages += 1
            pair.vantage.sides.spoke += 1
            if not (sender is Side.UE and straight_from_ue(message) and self._adopted(pair, packet, sighting)):
                self._trace(None, sighting)

    def _adopted(self, pair: Pair, packet: Packet, sighting: Sighting) -> bool:
        """Whether this REGISTER is an SM7 whose set can be taken up, though its negotiation is not in the capture."""
        binding = adopt(self.session, pair, packet.association, sighting)
        if binding is None:
            return False
        owner, message, at = binding.set, sighting.message, sighting.at
        context = owner.contact
        assert isinstance(context, Context)
        self.session.prove(binding, at)
        binding.begun().note(packet.sequence, UNKNOWN, at)
        identify(context, message, leaves=False)
        context.last_seen = at.time
        sighting = sighting._replace(
            protection=Protection(owner.terms, binding.role, packet.sequence, owner.state(Side.UE), State.TMP)
        )
        transaction, _ = pair.transactions.begin(sighting, owner)
        transaction.deregisters = deregisters(message)
        procedure_of(context, owner, sighting, transaction)
        self._trace(context, sighting)
        self.traffic.protected(context, binding, sighting, transaction, True)
        return True

    def _protected(self, context: Context, binding: Binding, sighting: Sighting) -> None:
        """A message on a set, step by step; the order matters.

        First its transaction, then whether it shows that an SM12 was missed, then what it tells of the sets. Only after
        that is a REGISTER allowed to change them, and last the message itself may take the set into use.
        """
        owner = binding.set
        message, at = sighting.message, sighting.at
        context.last_seen = at.time
        transaction, fresh, final = self._transaction(context.pair, sighting, owner)
        if self._on_sighting is not None:
            self._on_sighting(context, sighting)
        served = owner.sm12 is None and sighting.sender is Side.PCSCF
        if served and self.answers.infer(context, owner, sighting, transaction):
            self.traffic.settle(context, Knowledge(False, "SM12 is not in the capture, but there was one"))
        self.traffic.protected(context, binding, sighting, transaction, fresh)
        if transaction is not None:
            if not message.is_request:
                if sighting.connection is not transaction.request.connection:
                    self.connections.answered(context, sighting, transaction)
            elif not fresh:
                self.requests.repeated(context, sighting, transaction)
                repeated(self.session, context, owner, transaction)
                self.traffic.in_clear.protected(message)
            elif len(message.raw) > LARGE:
                self.requests.large(context.pair, context, sighting)
        if message.method == "REGISTER":
            self._register(context, sighting, transaction, fresh, final, owner)
        elif fresh and message.is_request and transaction is not None and transaction.method != "ACK":
            if not owner.opened(transaction, at.time, self.session.profile):
                self.session.losses.note(OPEN_REQUESTS)
            if sighting.sender is Side.UE and not right(context, message.method, message.plain):
                self.identities.asked(context, sighting)
            if owner.silent and sighting.sender is Side.UE:
                goes_on(self.session, context, owner, sighting)
            elif message.method == "NOTIFY":
                notified(context, sighting)
        self.traffic.take_into_use(owner, sighting, transaction)
        if final:
            if self.identities.waiting:
                self.identities.answered(sighting)
            self._finish(transaction, at)

    def _clear(self, pair: Pair, sighting: Sighting) -> None:
        """A message in clear: whose it is, whether it may be in clear, and what it does to a registration."""
        message = sighting.message
        ue_port, pcscf_port = (
            (sighting.sport, sighting.dport) if sighting.sender is Side.UE else (sighting.dport, sighting.sport)
        )
        transaction, fresh, final = self._transaction(pair, sighting, None)
        known = transaction.procedure if transaction is not None else None
        if message.method == "REGISTER" and message.is_request and sighting.sender is Side.UE:
            context: Context | None = pair.place_register(message, offered(message))
        elif known is not None and transaction is not None:
            context = self._owner_of(pair, transaction)
        else:
            context = pair.place_message(message, ue_port, pcscf_port)
        if context is not None:
            context.last_seen = sighting.at.time
        self._trace(context, sighting)
        if ue_port in pair.guarded or pcscf_port in pair.guarded:
            clear_packets.told(self.session, pair, clear_packets.of_message(sighting, transaction))
        self.traffic.clear(context, sighting, transaction)
        if transaction is not None:
            if not message.is_request:
                if context is not None and sighting.connection is not transaction.request.connection:
                    self.connections.answered(context, sighting, transaction)
            elif not fresh:
                self.requests.repeated(context, sighting, transaction)
            elif len(message.raw) > LARGE:
                self.requests.large(pair, context, sighting)
        if message.method == "REGISTER" and context is not None:
            self._register(context, sighting, transaction, fresh, final, None)
        if final:
            if self.identities.waiting:
                self.identities.answered(sighting)
            self._finish(transaction, sighting.at)

    def _register(
        self,
        context: Context,
        sighting: Sighting,
        transaction: Transaction | None,
        fresh: bool,
        final: bool,
        owner: SaSet | None,
    ) -> None:
        """A REGISTER of the UE, or the first final answer to one; ``owner`` is the set that protects it.

        Requests that are repeated, and answers after the first final one, change nothing here.
        """
        message = sighting.message
        if message.is_request:
            if sighting.sender is not Side.UE or transaction is None or not fresh:
                return
            if owner is not None:
                self.identities.registered(context, sighting)
            else:
                self.movements.registers(context, sighting)
            self.registrar.request(context, sighting, transaction, owner)
            kind = transaction.kind
            self.core.note(context, sighting, kind)
            transaction.context = context
            if kind == "SM1":
                self.traffic.settle(context, Knowledge(False, "the end of the registration is not in the capture"))
            elif kind == "failure":
                self.traffic.settle(
                    context, Knowledge(True, f"the UE refused the challenge later (frame {sighting.at.number})")
                )
        elif transaction is not None and sighting.sender is Side.PCSCF and (final or message.status == 401):
            found = challenge(message) if message.status == 401 else None
            if found is not None and found.rand and found.ck and found.ik:
                self.session.keyring.learn(found.rand, found.ck, found.ik, f"401 on Gm, frame {sighting.at.number}")
            place = transaction.context
            known = place if isinstance(place, Context) else context
            if known not in known.pair.contexts:
                return  # forgotten meanwhile: nothing would clear away what this answer makes
            answer = self.answers.response if final else self.answers.again
            answer(known, sighting, transaction)
            if known.unsettled and final and found is None and (known.current is None or known.current.finished):
                self.traffic.settle(known, self.answers.ended(known, sighting), sighting.at)
            newest = known.sets[-1] if known.sets else None
            if newest is not None and newest.terms.sm6 == sighting.at:
                self.packets.spis.reserved(known, newest, sighting)

    def _transaction(
        self, pair: Pair, sighting: Sighting, owner: SaSet | None
    ) -> tuple[Transaction | None, bool, bool]:
        """(transaction, the message is no retransmission, it is the first final response)."""
        if sighting.message.is_request:
            transaction, fresh = pair.transactions.begin(sighting, owner)
            if fresh and pair.transactions.orphans:
                answer = pair.transactions.answered_before(sighting)
                if answer is not None:
                    self.quality.taps.early((answer.capture, sighting.at.capture), sighting.at.time - answer.time)
            return transaction, fresh, False
        found = pair.transactions.find(sighting)
        if found is None:
            pair.vantage.sides.spoke += 1
            pair.transactions.unasked(sighting)
            return None, True, False
        unanswered = found.final is None and found.provisional is None
        repeated = found.final is not None
        final = found.answered(sighting)
        if repeated and found.replayed:
            self.replays.answered(found, sighting)
        if unanswered:
            pair.vantage.measured(sighting.sender, sighting.at.time - found.last_request)
            if not found.repeats:
                patience = 0 if sighting.transport == "UDP" else self.session.profile.timer_64_t1
                self.quality.late_answer(found.last_request, sighting.at, patience)
        return found, not repeated, final

    @staticmethod
    def _finish(transaction: Transaction | None, at: FrameRef) -> None:
        """The transaction has its final answer: its set no longer waits for it."""
        if transaction is None:
            return
        owner = transaction.owner
        if isinstance(owner, SaSet):
            owner.finished(transaction)
            owner.busy_until = at.time
        if transaction.procedure is None:
            transaction.request.message.forget()

    @staticmethod
    def _owner_of(pair: Pair, transaction: Transaction) -> Context | None:
        context = transaction.context
        return context if isinstance(context, Context) else (pair.contexts[-1] if pair.contexts else None)

    def _trace(self, context: Context | None, sighting: Sighting) -> None:
        if self._on_sighting is not None:
            self._on_sighting(context, sighting)

    # --- the end -----------------------------------------------------------------------------------------------------

    def _retire(self, context: Context, owner: SaSet) -> None:
        unsure = Knowledge(False, "no SM12 of this set is in the capture; it may have been lost")
        for early in owner.early:
            self.session.emit(replace(early, certain=unsure))
        owner.early = ()
        closed(self.session, context, owner)
        handshakes.retire(self.session, owner)
        self.movements.retire(owner)
        neglected(self.session, context, owner)
        self.packets.retire(context, owner)
        self.replays.retire(owner)
        self.traffic.retire(context, owner)

    def _forget(self, context: Context) -> None:
        """A table is full: the oldest context goes, and with it all that stands in other tables for it."""
        text = "more subjects than are remembered: the oldest was forgotten"
        self.session.emit(Notice(at=FrameRef(0, 0, 0), subject=None, text=text))
        for procedure in context.overlapped:
            self.registrar.settle(procedure)
        self.traffic.settle(context, Knowledge(False, "the end of the registration is not in the capture"))
        for owner in list(context.sets):
            self.session.drop(context, owner)

    def close(self) -> None:
        """The capture is over: tell what is still held."""
        for pair in self.directory:
            for context in pair.contexts:
                for procedure in context.overlapped:
                    self.registrar.settle(procedure)
                self.traffic.settle(context, Knowledge(False, "the capture ends before the registration"))
                for owner in context.sets:
                    self._retire(context, owner)
