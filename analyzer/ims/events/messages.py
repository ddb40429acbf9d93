"""SIP messages and the associations that they travelled on (TS 33.203 7.1, 7.4; TS 24.229 5.1.2A, 5.2.6)."""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import Knowledge, SetTerms, Side, Sighting
from analyzer.sip.secagree import Comparison


class RequestSent(Event, frozen=True):
    """A protected request."""

    request: Sighting
    repeat: bool
    """A retransmission of the same transaction (FP1)."""


class ResponseSent(Event, frozen=True):
    """A protected response."""

    response: Sighting
    request: Sighting | None
    """Its request, None if that is not in the capture or was forgotten."""
    connection_alive: bool
    """Over TCP: the responder could still use the connection of the request."""
    answers_register: str
    """For a REGISTER: ``SM1``, ``SM7`` or ``failure`` (MAC or SQN); else empty."""
    complete: Knowledge | None
    """On another connection than the request: whether the end of that one could have been lost in the capture."""


class AnsweredAfterLoss(Event, frozen=True, kw_only=True):
    """A response to a protected request over TCP whose connection can be used no more."""

    response: Sighting
    request: Sighting
    via_port: int | None
    """The sent-by port of the request's topmost Via; None if it has none that can be read."""
    newest: SetTerms | None
    """The newest established set."""


class RequestRepeated(Event, frozen=True, kw_only=True):
    """A request of a transaction once more: the same branch, Call-ID, CSeq and method, in clear or protected."""

    request: Sighting
    first: Sighting
    times: int
    """How often it was repeated by now."""
    elapsed: int
    """Since the first copy, ns."""
    waited: int
    """Since the copy before, ns."""
    answered: bool
    """There was a response before this copy."""
    ipsec: bool
    """This contact has had a set, or the request offers one (FP11)."""
    translated: bool
    """It comes from another port, and a NAT may have changed it: the Via has another address than the packet."""


class LargeRequest(Event, frozen=True, kw_only=True):
    """A new request of more than 1,300 octets, over UDP or TCP."""

    request: Sighting
    size: int
    """Octets of the SIP message."""
    tcp_tried: bool
    """Its sender had tried to open a TCP connection between the two addresses before."""
    ipsec: bool
    """This contact has had a set, or the request offers one (FP11)."""


class ClearMessageSent(Event, frozen=True, kw_only=True):
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
    leaves_old: SetTerms | None
    """An answer of the P-CSCF to a request on a set that a newer one replaces, and that it has to serve yet."""
    stranger: bool
    """Where it names the UE, it names none of this contact's identities: it may be another one's (FP28)."""


class ClearRequestForwarded(Event, frozen=True, kw_only=True):
    """A request behind the P-CSCF that had come in clear; a set was established, and it is no emergency."""

    request: Sighting
    """As the UE sent it."""
    forwarded: str
    """Its first line behind the P-CSCF."""


class MessageDuringRegistration(Event, frozen=True, kw_only=True):
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


class EarlyUse(Event, frozen=True, kw_only=True):
    """A side used a temporary set for other things than the authentication; told when it is settled."""

    sighting: Sighting
    request: Sighting | None
    """For a response: its request."""
    sm7: FrameRef | None
    """The first copy of SM7 on this set."""
    certain: Knowledge
    """Whether SM12 came later for sure, and was not merely lost from the capture."""


class AuthenticationOnly(Event, frozen=True, kw_only=True):
    """SM12 came, and until then this side had put nothing but the authentication on the new set."""

    side: Side
    generation: int


class CallOpenedRight(Event, frozen=True):
    """The UE's first protected request of a call, with Route and agreement as they should be."""


class RouteRight(Event, frozen=True):
    """Such a request that opens a dialog or stands alone, so that its Route is the preloaded one."""


class ContactRight(Event, frozen=True):
    """Such a request that has a Contact, which is right too; behind a NAT none is judged (FP12)."""


class CallOpened(Event, frozen=True, kw_only=True):
    """The UE's first protected request of a call, where something is missing in it or written in an unusual way."""

    request: Sighting
    verify: Comparison | None
    """Security-Verify against the Security-Server of a set in use; None if either is not there."""
    emergency: bool
    """It belongs to an emergency; looked at only where its Route is not the usual one."""
