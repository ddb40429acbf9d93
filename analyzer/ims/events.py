"""What rules are told: facts of the session model, each a frozen record that carries all that its rules need.

The three events of the hot path (`RequestSent`, `ResponseSent`, `PacketVerified`, and `FreshRequest` after a switch)
are named tuples: as immutable as the dataclasses and three times quicker to make.

Facts are named as TS 33.203 and TS 24.229 name them (SM1, SM6, SM7, SM12; sets TMP, NEW, USE, OLD). Where a fact
depends on what an endpoint could know, the event says so with a `Knowledge`. What could not be read stands beside
them as `KeyMissing` and `Notice`.

The words that they use (`Side`, `Role`, `SetTerms`, `Sighting` ...) stand in `vocabulary.py`; rules find them here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.vocabulary import End as End
from analyzer.ims.vocabulary import Knowledge as Knowledge
from analyzer.ims.vocabulary import Protection as Protection
from analyzer.ims.vocabulary import Role as Role
from analyzer.ims.vocabulary import SetTerms as SetTerms
from analyzer.ims.vocabulary import Side as Side
from analyzer.ims.vocabulary import Sighting as Sighting
from analyzer.ims.vocabulary import State as State
from analyzer.ims.vocabulary import Subject as Subject
from analyzer.sip.message import Message as Message
from analyzer.sip.secagree import Comparison as Comparison
from analyzer.sip.secagree import Mechanism as Mechanism


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened at a frame; `subject` is None where it belongs to no registration."""

    at: FrameRef
    subject: Subject | None


# --- the registration procedure -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationStarted(Event):
    """SM1, or a REGISTER that reports a MAC or SQN failure and so begins anew (cases A, B, F, G)."""

    register: Sighting
    offer: tuple[Mechanism, ...]
    """Security-Client, entry by entry."""
    in_use: SetTerms | None
    """The set that the UE has in use for this contact."""
    reports_failure: bool
    deregisters: bool
    emergency: bool
    unfinished: FrameRef | None
    """An earlier REGISTER of this contact that has neither a final answer nor timed out."""
    knew: Knowledge | None
    """On a set that a newer one replaced: how sure it is that the UE had to use the newer one."""
    sm12_missing: bool
    """It came on a set whose SM7 has no answer in the capture, so that SM12 may have been lost (FP4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationOverlapped(Event):
    """A registration of its own while an earlier REGISTER of this contact waited; told when it is settled."""

    register: Sighting
    unfinished: FrameRef
    """The REGISTER that had neither a final answer nor timed out."""
    other_identity: bool
    """The two register different public identities (FP8)."""
    complete: Knowledge
    """Whether the earlier one had no answer for sure, and it was not merely lost from the capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeSent(Event):
    """SM6: a 401 with a Digest challenge to a REGISTER on Gm."""

    challenge: Sighting
    register: Sighting | None
    """The REGISTER that it answers, None if that is not in the capture."""
    answers_sm7: bool
    """A second challenge in answer to SM7 (case E)."""
    answers_failure: bool
    """The challenge that follows a MAC or SQN failure (cases F, G)."""
    is_aka: bool
    reveals_keys: bool
    """The challenge holds ck or ik."""
    offer: tuple[Mechanism, ...]
    """Security-Client of that REGISTER."""
    server: tuple[Mechanism, ...]
    """Security-Server, entry by entry."""
    announced: SetTerms | None
    """The set that offer and answer make, None if they make none."""
    parent: SetTerms | None
    """The set that protected SM1."""
    emergency: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeAnswered(Event):
    """SM7: the REGISTER with the answer to the newest challenge."""

    register: Sighting
    challenge: Sighting
    expected: SetTerms | None
    """The set that SM6 announced; None if no set could be built from SM1 and SM6."""
    client: Comparison | None
    """Security-Client of SM7 against that of the challenged REGISTER; None if that had none."""
    verify: Comparison | None
    """Security-Verify against the Security-Server of SM6; None if SM6 had none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSucceeded(Event):
    """SM12: a 2xx to SM7."""

    response: Sighting
    register: Sighting
    expected: SetTerms | None
    client: Comparison | None
    verify: Comparison | None
    parent: SetTerms | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRefused(Event):
    """A final 4xx to 6xx, no challenge, to SM1 or SM7 (cases D and I)."""

    response: Sighting
    register: Sighting
    answers_sm7: bool
    parent: SetTerms | None
    """The set that protected SM1, None if it was in clear."""
    expected: SetTerms | None
    client: Comparison | None
    verify: Comparison | None
    answers_failure: bool
    """The REGISTER reported a MAC or SQN failure (R30)."""
    res_right: bool | None
    """Whether the UE's answer was right, None if RES is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRefreshed(Event):
    """A 2xx to a REGISTER that was not challenged (case B0); deregistrations have their own event."""

    response: Sighting
    register: Sighting
    offer: tuple[Mechanism, ...]
    in_use: SetTerms | None
    answers_challenge: bool
    """The REGISTER came in clear and carried an answer to the newest challenge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deregistered(Event):
    """A 2xx to a REGISTER with expiry 0."""

    response: Sighting
    register: Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreRegisterSent(Event):
    """The REGISTER as the P-CSCF forwarded it, seen behind it (SM2, SM8)."""

    leaked: tuple[str, ...]
    """Which of Security-Client, Security-Verify and sec-agree it still holds."""
    original: FrameRef | None
    """The REGISTER on Gm."""


# --- messages -------------------------------------------------------------------------------------------------------


class RequestSent(NamedTuple):
    """A protected request."""

    at: FrameRef
    subject: Subject | None
    request: Sighting
    repeat: bool
    """A retransmission of the same transaction (FP1)."""


class ResponseSent(NamedTuple):
    """A protected response."""

    at: FrameRef
    subject: Subject | None
    response: Sighting
    request: Sighting | None
    """Its request, None if that is not in the capture or was forgotten."""
    connection_alive: bool
    """Over TCP: the responder could still use the connection of the request."""
    answers_register: str
    """For a REGISTER: ``SM1``, ``SM7`` or ``failure`` (MAC or SQN); else empty."""
    complete: Knowledge | None
    """On another connection than the request: whether the end of that one could have been lost in the capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearMessageSent(Event):
    """A SIP message in clear between a UE and a P-CSCF."""

    sighting: Sighting
    request: Sighting | None
    """For a response: its request."""
    established: bool
    """An ipsec-3gpp set had been established for this contact, or protected what this answers (FP11)."""
    dialog_protected: bool
    """Earlier messages with this Call-ID were protected."""
    emergency: bool
    deregistration: bool
    """It answers a deregistration."""
    answers_register: str
    """For an answer to a REGISTER: ``SM1``, ``SM7`` or ``failure`` (MAC or SQN); else empty."""
    sm1_protected: bool
    """The latest registration of this contact began protected."""
    acknowledges_clear: bool
    """An ACK to a refusal that had come in clear."""
    sent_astray: bool
    """A response of the UE that went where the P-CSCF's Via pointed, on ports that no association serves (R23)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDuringRegistration(Event):
    """A message that is no REGISTER nor an answer to one, while a registration procedure is open."""

    sighting: Sighting
    request: Sighting | None
    parent: SetTerms | None
    """The set that protected SM1; None if SM1 was in clear."""
    challenged: bool
    """SM6 has been sent."""
    begun_before: bool
    """It belongs to a transaction, or to a call, that began before SM1 (FP6)."""
    emergency: bool
    sent_astray: bool
    """A response of the UE that went where the P-CSCF's Via pointed, on ports that no association serves (R23)."""
    running: Knowledge
    """Whether the registration was running for sure. Its final answer may have been lost from the capture, so what was
    not sent on the set that protected SM1 is told only when that is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyUse(Event):
    """The UE used a temporary set for other things than the authentication; told when it is settled."""

    sighting: Sighting
    request: Sighting | None
    """For a response: its request."""
    certain: Knowledge
    """Whether SM12 came later for sure, and was not merely lost from the capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationOnly(Event):
    """SM12 came, and until then the new set had carried nothing but the authentication."""

    generation: int


class FreshRequest(NamedTuple):
    """A new transaction (no REGISTER, no ACK, no CANCEL) on an established set; the switch rules judge it."""

    at: FrameRef
    subject: Subject | None
    request: Sighting
    newer: SetTerms | None
    """The newer established set of this contact, if the request is on an older one."""
    older: SetTerms | None
    """The set that the one used replaces, if the request is on the newest one and SM1 was protected."""
    knew: Knowledge | None
    """On an older set: how sure it is that the sender had to use the newer one."""
    trigger: FrameRef | None
    """First further message of the UE on the newest set."""
    pending: bool
    """A transaction of the older set is open, as far as the capture shows."""
    older_expires: int | None
    """Deadline of the older set, ns since the epoch."""
    complete: Knowledge
    """Whether what speaks against the P-CSCF on the newest set could be a gap in the capture: an earlier message of the
    UE there, or the end of what was pending on the older one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadSetUsed(Event):
    """A SIP message on a set that its sender had to have given up."""

    sighting: Sighting
    terms: SetTerms
    end: End
    since: FrameRef
    """The message by which the set had to go."""
    since_time: int
    """From when on it had to be gone, ns since the epoch (a deadline, or the time of `since`)."""
    knew: Knowledge
    pending: bool
    """It belongs to a transaction that began while the set was still good (FP6)."""
    repeat: bool
    """A retransmission of a message that was sent while the set was still good (FP1)."""
    invited: bool
    """It answers a request that the other side should not have sent there."""
    complete: Knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRetired(Event):
    """The end of the capture, or of the set's memory: a set that had to go, and whether a side used it after that."""

    terms: SetTerms
    end: End
    used_by_ue: bool
    """The UE used it after that, or this end was none of its."""
    used_by_pcscf: bool
    observed: bool
    """Something was seen on this contact after the set had to be gone: without it there is nothing to pass."""


# --- packets and connections ----------------------------------------------------------------------------------------


class PacketVerified(NamedTuple):
    """An ESP packet whose ICV is right: the event of almost every packet, hence a tuple and not a dataclass."""

    at: FrameRef
    subject: Subject | None
    terms: SetTerms
    role: Role
    flow: tuple[int, int] | None
    """Source and destination port inside; None if there is neither UDP nor TCP, or TCP and UDP cannot be read."""
    sequence: int
    sender_fits: bool
    """The packet came from the address that the set names as sender."""


class PacketRead(NamedTuple):
    """An ESP packet that could be read but not verified: null encryption without a key. Fields as `PacketVerified`."""

    at: FrameRef
    subject: Subject | None
    terms: SetTerms
    role: Role
    flow: tuple[int, int] | None
    sequence: int
    sender_fits: bool


class PacketUnread(NamedTuple):
    """An ESP packet on an announced SPI that no key opened: its SPI and number are all that is known."""

    at: FrameRef
    subject: Subject | None
    terms: SetTerms
    role: Role
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityUnchecked(Event):
    """The first packet of a set that could be read but not verified."""

    terms: SetTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityFailed(Event):
    """An ESP packet of a keyed association whose ICV is wrong."""

    terms: SetTerms
    role: Role
    spi: int
    sequence: int
    neighbours: bool
    """Other packets of the same association verified before."""
    later: bool
    """One that was sent later verified too, and the number of this one was not used by another: the key is the same."""
    cut: bool
    """The capture kept only a part of the packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysProven(Event):
    """The first packet of an association whose keys follow from CK and IK as TS 33.203 Annex I says."""

    terms: SetTerms
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongDerivation(Event):
    """The first packet of an association whose keys follow from CK and IK by a known mistake."""

    terms: SetTerms
    role: Role
    alg: str
    ealg: str
    mistake: str
    """``ck-ik-swapped``, ``k3-zero`` or ``salt-reversed``."""
    typed: bool
    """CK and IK stand in a key file as they are: it may be there that they were exchanged (FP18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceRepeated(Event):
    """A sequence number was used a second time, for other content, on the same association; or it was 0."""

    terms: SetTerms
    role: Role
    sequence: int
    earlier: FrameRef | None
    """The packet that had it first; None for number 0."""
    keyed: bool
    """Both verify with the same key; else other keys under the same SPI cannot be excluded (R29)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSpi(Event):
    """An ESP packet between a known UE and P-CSCF whose SPI is not one that its receiver announced."""

    sender: Side
    spi: int
    announced_by_sender: bool
    """The sender itself announced this SPI: it is the one of the other direction."""
    negotiated: bool
    """Every registration of this pair was seen from its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedSpi(Event):
    """One side announced SPIs below 256; told once for each address and value."""

    spis: tuple[int, ...]
    announced_by: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearOnProtectedPort(Event):
    """An unprotected UDP or TCP packet to or from a protected port of a living set."""

    sender: Side
    terms: SetTerms
    transport: str
    sport: int
    dport: int
    what: str
    """First line of the SIP message, or which TCP segment it is."""
    ue_port: bool
    """The port at the UE is one of the set's (else only the P-CSCF's port is, which other UEs share)."""
    follows_via: bool
    """A response to a clear request whose Via named this port (PORT-15)."""
    invited: bool
    """A response that followed a Via naming port_pc, on ports that no association serves (R23)."""
    unprotected_port: bool
    """The announced port is 5060 or 5061 (R7)."""
    deregistration: bool
    """It answers a protected deregistration."""
    answers_protected: bool
    """A SIP response to a protected request."""
    answers_clear: bool
    """A SIP response to a request that had come to the same protected port in clear."""
    is_request: bool
    """A SIP request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionClosing(Event):
    """A FIN or RST on a protected connection of a set that is being replaced."""

    sender: Side
    how: str
    terms: SetTerms
    open_request: FrameRef | None
    """A request on this connection that has no final answer yet."""
    peer_first: bool
    """The peer had closed its side before."""
    complete: Knowledge


# --- what could not be read -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMissing(Event):
    """A set that carried packets which no key opened."""

    terms: SetTerms | None
    spis: tuple[int, ...]
    packets: int
    cut: int
    """How many of them the capture cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Event):
    """Anything else that the reader of a report must know: a hole, an eviction, a wrong key."""

    text: str
