"""SIP of which a tool only tells (HEP, exported PDUs, SCAT): followed apart from the wire, judged by its headers alone.

Nobody knows whether such a message was protected, and perhaps not even its addresses and ports. So it has a tracker of
its own, from which nothing goes to that of the wire or comes from it, and only what headers prove against headers
leaves here (`rule.by_headers`). Tools lose messages without a trace, and several of them tell in no order: an answer to
a challenge is believed to be one only where no REGISTER can be missing between the two, by Call-ID and CSeq.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from analyzer.frame import SECOND
from analyzer.ims.events import (
    AuthenticationConcluded,
    ChallengeAnswered,
    ChallengeRejected,
    ChallengeSent,
    ForgedChallengeAnswered,
    Notice,
    RegistrationRefused,
    RegistrationStarted,
    RegistrationSucceeded,
)
from analyzer.ims.register import straight_from_ue
from analyzer.ims.subjects import NOWHERE, Context
from analyzer.ims.tracker import Tracker
from analyzer.ims.vocabulary import HEARSAY, Sighting, Subject
from analyzer.keys.keyring import Keyring
from analyzer.layers.told import PHONE
from analyzer.network.packets import MADE_UP, TOLD, Datagram
from analyzer.profile import Profile
from analyzer.sip.digest import challenge, credentials
from analyzer.sip.message import Message, parse

_OFF: Final = (
    "only its headers are judged (by rules of NEG, AUTH and CRY); PORT, SA, LIFE, ESP, TRN and CLR are off, since "
    "nothing tells when and how it was sent"
)
UNJUDGED: Final = {
    TOLD: f"a SIP message comes from a tool that tells no protection (HEP, exported PDU): {_OFF}",
    MADE_UP: f"a SIP message comes from a tool that made up its addresses and ports (SCAT, exported PDU): {_OFF}",
}
"""What is said of messages of which nobody knows how they were sent."""

HELD: Final = 512
"""Events that wait, in case the wire shows the same messages; the oldest is judged first."""
WAIT: Final = 60 * SECOND
"""How long they wait, in ns of the capture: a tool's clock and its way to the file are not those of the wire."""

Judged = (
    RegistrationStarted
    | ChallengeSent
    | ChallengeAnswered
    | ChallengeRejected
    | ForgedChallengeAnswered
    | AuthenticationConcluded
    | RegistrationSucceeded
    | RegistrationRefused
)
"""Events that headers alone can make; only these leave here."""

_ANSWERS = (AuthenticationConcluded, RegistrationSucceeded, RegistrationRefused)
_UDP_HEADER = 8


class Telling:
    """What tools tell in one capture; the tracker is made when the first of them speaks."""

    __slots__ = (
        "_emit",
        "_held",
        "_judge",
        "_keyring",
        "_on_sighting",
        "_profile",
        "_wire",
        "messages",
        "tracker",
    )

    def __init__(
        self,
        profile: Profile,
        keyring: Keyring,
        emit: Callable[[object], object],
        judge: Callable[[object], None],
        wire: Tracker,
        on_sighting: Callable[[Context | None, Sighting], None] | None = None,
    ) -> None:
        """``emit`` gets the notices, ``judge`` what headers prove; ``wire`` is asked what was really captured."""
        self._profile = profile
        self._keyring = keyring
        self._emit = emit
        self._judge = judge
        self._wire = wire
        self._on_sighting = on_sighting
        self._held: deque[Judged] = deque()
        self.tracker: Tracker | None = None
        self.messages = 0
        """SIP messages that tools told of."""

    def datagram(self, datagram: Datagram) -> None:
        """A message that a tool tells of, behind the eight octets of a UDP header."""
        message = parse(datagram.payload[_UDP_HEADER:])
        if message is None or datagram.cut:
            return
        self.messages += 1
        self._emit(Notice(at=datagram.at, subject=None, text=UNJUDGED[datagram.origin]))
        ends = None if message.truncated_headers else _ends(datagram, message)
        if ends is not None:
            self._follow(datagram, message, *ends)
        found = challenge(message) if message.status == 401 else None
        if found is not None and found.rand and found.ck and found.ik:
            self._keyring.learn(found.rand, found.ck, found.ik, f"401 that a tool tells of, frame {datagram.at.number}")
        self._release(datagram.at.time - WAIT)

    def context(self, subject: Subject) -> Context | None:
        """The registration that a subject of these messages stands for."""
        return self.tracker.directory.context(subject) if self.tracker is not None else None

    def close(self) -> None:
        """The capture is over: judge what still waits for something that a tool might tell."""
        if self.tracker is not None:
            self.tracker.close()
            self._release(None)

    def _follow(self, datagram: Datagram, message: Message, source: bytes, destination: bytes) -> None:
        """Hand a message between a UE and a P-CSCF to the tracker of what is told."""
        tracker = self.tracker
        if tracker is None:
            self.tracker = tracker = Tracker(
                self._profile, self._keyring, self._hear, _watch_nothing, on_sighting=self._on_sighting
            )
            tracker.directory.told = True
        known = datagram.origin == TOLD
        head = datagram.payload
        sport = int.from_bytes(head[:2], "big") if known else 0
        dport = int.from_bytes(head[2:4], "big") if known else 0
        tracker.message(datagram.at, datagram.frames, source, destination, HEARSAY, sport, dport, message, None)

    def _hear(self, event: object) -> None:
        """What the tracker says. All but the events that headers alone can make rest on what nobody knows."""
        if isinstance(event, Notice):
            self._emit(event)
        elif isinstance(event, Judged) and self._proven(event):
            if isinstance(event, ChallengeSent):
                event = _by_headers(event)
            self._held.append(event)
            if len(self._held) > HELD:
                self._decide(self._held.popleft())

    def _proven(self, event: Judged) -> bool:
        """Whether the event is what it seems to be, even if messages around it are missing or came in another order.

        An SM7 whose challenge is missing looks like an SM1, and a re-REGISTER like the SM7 of the authentication before
        if that one and its answer are missing. Between a challenge and the next CSeq of its Call-ID there is nothing.
        An empty response is a report of a failure only beside ``auts``: logs are given away with their secrets blanked.
        """
        if isinstance(event, ChallengeSent):
            return event.register is not None and _paired(event.register, event.challenge)
        found = credentials(event.register.message)
        if isinstance(event, RegistrationStarted):
            return found is None or not found.response or event.nonce_from is not None
        if isinstance(event, _ANSWERS) and not _paired(event.register, event.response):
            return False
        if isinstance(event, RegistrationRefused) and not (event.answers_sm7 or event.answers_failure):
            return True
        failure = isinstance(event, ChallengeRejected) or (
            isinstance(event, AuthenticationConcluded) and event.reports_failure
        )
        if failure and (found is None or not found.auts):
            return False
        context = self.context(event.subject) if event.subject is not None else None
        procedure = context.challenges.get(found.nonce or "") if context is not None and found is not None else None
        if procedure is None or procedure.challenge is None:
            return False
        register, asked = event.register.message, procedure.challenge.message
        if register.cseq is None or asked.cseq is None or register.call_id != asked.call_id:
            return False
        return register.cseq <= asked.cseq + 1

    def _release(self, until: int | None) -> None:
        """Judge what waited long enough (ns since the epoch), or all of it."""
        while self._held and (until is None or self._held[0].at.time <= until):
            self._decide(self._held.popleft())

    def _decide(self, event: Judged) -> None:
        """Judge an event, unless the wire had its REGISTER: then it has been judged there."""
        sighting = event.challenge if isinstance(event, ChallengeSent) else event.register
        if (sighting.message.call_id, sighting.message.cseq) not in self._wire.core.registers:
            self._judge(event)


def _ends(datagram: Datagram, message: Message) -> tuple[bytes, bytes] | None:
    """Who sent a message to whom, as far as the tool knows; None if it is none between a UE and a P-CSCF.

    A REGISTER or its answer that servers have on their own legs has more than one Via, wherever the tool stands in the
    P-CSCF. Where the tool knows no addresses at all, these two are the only messages whose sender is clear.
    """
    known = datagram.source != datagram.destination
    up = message.is_request
    if message.method == "REGISTER":
        if not (straight_from_ue(message) if up else message.via_count == 1):
            return None
    elif not known:
        return None
    if known and datagram.origin == TOLD:
        return datagram.source, datagram.destination
    if known:
        sent = datagram.source == PHONE
        if message.method == "REGISTER" and sent is not up:
            return None
        up = sent
    ue, pcscf = NOWHERE
    return (ue, pcscf) if up else (pcscf, ue)


def _paired(request: Sighting, answer: Sighting) -> bool:
    """Whether an answer is that of a request: where nobody knows the addresses, two UEs may have used one branch."""
    one, other = request.message, answer.message
    return (one.call_id, one.cseq) == (other.call_id, other.cseq)


def _by_headers(event: ChallengeSent) -> ChallengeSent:
    """A challenge without what only the wire could show: which sets are alive, and between which addresses it went."""
    before = event.rand_before
    return replace(event, shared=(), living=0, rand_before=before and before._replace(same_pair=False))


def _watch_nothing(address: bytes, port: int) -> None:
    """No port of these sets is to be looked for on the wire."""
