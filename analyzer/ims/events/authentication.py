"""The AKA digest exchange: credentials, refused challenges, answers and their ends (RFC 3310; TS 24.229 5.1.1)."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import Knowledge, SetTerms, Sighting
from analyzer.sip.secagree import Mechanism


class RandSeen(NamedTuple):
    """An earlier challenge of the same subscriber with the same RAND."""

    at: FrameRef
    autn: bytes
    """AUTN of that challenge, 16 octets."""
    same_autn: bool
    """The whole vector is the same; else only RAND, and so CK and IK."""
    same_pair: bool
    """It went from the same P-CSCF address to the same UE address."""


class ChallengeRejected(Event, frozen=True, kw_only=True):
    """A REGISTER that reports that the UE did not accept the challenge: MAC or SQN was wrong for it (cases F, G)."""

    register: Sighting
    challenge: Sighting
    rejected: SetTerms | None
    """The set that the challenge announced."""
    before: tuple[Mechanism, ...]
    """Security-Client of the REGISTER that was challenged."""
    offer: tuple[Mechanism, ...]
    """Security-Client of this one."""
    parent: SetTerms | None
    """The set that protected SM1, None if it was in clear."""
    in_use: SetTerms | None
    """The set that the UE has in use for this contact."""
    mac_right: bool | None
    """Whether the challenge came from somebody who has K of this subscriber; None if K is not at hand."""
    auts_right: bool | None
    """Whether its AUTS came from such a one; None if there is none or K is not at hand."""
    card: Knowledge
    """Whether K and OPc at hand are those of the UE."""
    in_a_row: int
    """How many challenges the UE has rejected one after the other, this one included."""


class ForgedChallengeAnswered(Event, frozen=True, kw_only=True):
    """SM7 to a challenge that nobody made who has K of this subscriber."""

    register: Sighting
    challenge: Sighting
    card: Knowledge
    """Whether K and OPc at hand are those of the UE."""


class CredentialsRepeated(Event, frozen=True, kw_only=True):
    """A protected SM1 on the set of the last authentication, and what its Authorization holds of it."""

    register: Sighting
    sm7: FrameRef
    """The REGISTER of the last success."""
    nonce: tuple[str, str]
    """Of the last success, and here; empty where there is none."""
    response: tuple[str, str]
    comparable: bool
    """The response must be the same: it was computed over the same, without a nonce count."""
    next_nonce: str
    """``nextnonce`` in the Authentication-Info of the last 2xx that had one, if there was any."""
    refused_since: bool
    """A later authentication was refused."""
    complete: Knowledge
    """Whether the capture has all that was sent on the set, a later challenge or refusal among it."""
    new_identity: bool
    """It registers another public identity than those that are registered, for which this is the first REGISTER."""
    newer_challenge: FrameRef | None
    """The later challenge that the nonce is from, if it is that of one."""


class AuthenticationAbandoned(Event, frozen=True, kw_only=True):
    """A REGISTER of the UE after its SM7 had no answer until Timer F (TS 33.203 7.3.1.4)."""

    register: Sighting
    sm7: FrameRef
    """The SM7 that had no answer."""
    temporary: SetTerms | None
    """The set that it was to establish."""
    in_use: SetTerms | None
    """The set of an earlier success, if there is one."""
    waited: Knowledge
    """Whether there was no answer for sure."""


class AuthenticationConcluded(Event, frozen=True, kw_only=True):
    """The final answer to an SM7, or to a REGISTER that reports a MAC or SQN failure."""

    response: Sighting
    register: Sighting
    reports_failure: bool
    res_right: bool | None
    """Whether the UE's digest is that of RES; None if RES is not known, or its algorithm is not computed."""
    res_known: bool
    """There is a RES at hand; if it says nothing all the same, the algorithm is one that is not computed."""
    algorithm: str
    """Of the challenge."""
    card: Knowledge
    """Whether the RES at hand is that of the UE."""
