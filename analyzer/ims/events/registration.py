"""The registration procedure: SM1, SM6, SM7, SM12 and what may go wrong between them (TS 24.229 5.1.1, 5.2.2)."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.events.authentication import RandSeen
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import Knowledge, Protection, SetTerms, Sighting
from analyzer.sip.secagree import Comparison, Mechanism


class Mirrored(NamedTuple):
    """The Security-Verify of a protected SM1, held against what it should repeat (TS 24.229 5.1.1.4.2 e)."""

    present: bool
    success: Comparison | None
    """Against the Security-Server of the last successful authentication; None if that is not in the capture."""
    reference: FrameRef | None
    """The challenge which that Security-Server came in."""
    other: FrameRef | None
    """Another challenge, whose Security-Server it repeats instead."""
    other_success: bool
    """That one led to a set too: it may be what the UE had to repeat, if it lacked a newer SM12."""


class ChallengeBefore(NamedTuple):
    """A challenge that the UE could not go on with, for want of a usable Security-Server (TS 24.229 5.1.1.5.1)."""

    at: FrameRef
    missing: tuple[str, ...]
    """Parameters that its entries lacked; none if there was no entry."""
    same_call: bool
    """The new REGISTER has the Call-ID of the one that was challenged."""
    in_time: bool
    """The UE had the challenge: it began anew before timer F of the old REGISTER, and had not repeated that (FP17)."""


class Shared(NamedTuple):
    """A living set that has a value which a new set should have for itself."""

    terms: SetTerms
    names: tuple[str, ...]
    """Of the new set's ``spi_uc``, ``spi_us``, ``spi_pc``, ``spi_ps``, ``port_uc``: those that it has too."""
    ue: bool | None
    """Alive at the UE: None if only under one of the two readings of when a replaced set is gone (R9)."""
    pcscf: bool | None
    """Alive at the P-CSCF; as `ue`."""
    same_contact: bool


class RegistrationStarted(Event, frozen=True, kw_only=True):
    """SM1, or a REGISTER that reports a MAC or SQN failure and so begins anew (cases A, B, F, G)."""

    register: Sighting
    offer: tuple[Mechanism, ...]
    """Security-Client, entry by entry."""
    in_use: SetTerms | None
    """The set that the UE has in use for this contact."""
    reports_failure: bool
    deregisters: bool
    emergency: bool
    nonce_from: FrameRef | None
    """The challenge of this contact that its nonce is from, None if that is not in the capture."""
    nonce_spent: bool
    """That challenge had been answered, and the answer had its final answer (R1)."""
    awaited: Sighting | None
    """On a set that is not established: the challenge that announced it, whose answer could come there."""
    unfinished: FrameRef | None
    """An earlier REGISTER of this contact that has neither a final answer nor timed out."""
    knew: Knowledge | None
    """On a set that a newer one replaced: how sure it is that the UE had to use the newer one."""
    sm12_missing: bool
    """It came on a set whose SM7 has no answer in the capture, so that SM12 may have been lost (FP4)."""
    discovered: int | None
    """The port at which the P-CSCF has answered the last REGISTER of this contact in clear, before this one."""
    mirrored: Mirrored | None
    """What its Security-Verify repeats; None in clear."""
    challenge_before: ChallengeBefore | None
    """The latest challenge of this contact, if it had no Security-Server that a set could be made from."""


class RegistrationOverlapped(Event, frozen=True, kw_only=True):
    """A registration of its own while an earlier REGISTER of this contact waited; told when it is settled."""

    register: Sighting
    unfinished: FrameRef
    """The REGISTER that had neither a final answer nor timed out."""
    other_identity: bool
    """The two register different public identities (FP8)."""
    complete: Knowledge
    """Whether the earlier one had no answer for sure, and it was not merely lost from the capture."""


class ChallengeSent(Event, frozen=True, kw_only=True):
    """SM6: a 401 with a Digest challenge to a REGISTER on Gm."""

    challenge: Sighting
    register: Sighting | None
    """The REGISTER that it answers, None if that is not in the capture."""
    answers_sm7: bool
    """A second challenge in answer to SM7 (case E)."""
    rand_before: RandSeen | None
    """An earlier challenge of this subscriber with the same RAND."""
    answers_failure: bool
    """The challenge that follows a MAC or SQN failure (cases F, G)."""
    is_aka: bool
    reveals_keys: bool
    """The challenge holds ck or ik."""
    offer: tuple[Mechanism, ...]
    """Security-Client of that REGISTER."""
    server: tuple[Mechanism, ...]
    """Security-Server, entry by entry."""
    living: int
    """Sets of this contact that the P-CSCF may still have now, the announced one included."""
    announced: SetTerms | None
    """The set that offer and answer make, None if they make none."""
    shared: tuple[Shared, ...]
    """Living sets that have SPIs or the UE's client port with it in common."""
    parent: SetTerms | None
    """The set that protected SM1."""
    emergency: bool


class ChallengeAnswered(Event, frozen=True, kw_only=True):
    """SM7: the REGISTER with the answer to the newest challenge."""

    register: Sighting
    challenge: Sighting
    expected: SetTerms | None
    """The set that SM6 announced; None if no set could be built from SM1 and SM6."""
    client: Comparison | None
    """Security-Client of SM7 against that of the challenged REGISTER; None if that had none."""
    verify: Comparison | None
    """Security-Verify against the Security-Server of SM6; None if SM6 had none."""
    offer: tuple[Mechanism, ...]
    """Security-Client of the challenged REGISTER."""
    server: tuple[Mechanism, ...]
    """Security-Server of SM6."""
    used: tuple[str, str] | None
    """Integrity and encryption algorithm that the packets of the set prove; None if no key has proven any."""


class RegistrationSucceeded(Event, frozen=True, kw_only=True):
    """SM12: a 2xx to SM7."""

    response: Sighting
    register: Sighting
    expected: SetTerms | None
    client: Comparison | None
    verify: Comparison | None
    parent: SetTerms | None
    offer: tuple[Mechanism, ...]
    """Security-Client of the challenged REGISTER."""
    server: tuple[Mechanism, ...]
    """Security-Server of SM6; nothing if SM6 is not in the capture."""
    used: tuple[str, str] | None
    """Integrity and encryption algorithm that the packets of the set prove; None if no key has proven any."""
    again: Comparison | None
    """The Security-Server of SM12 against that of SM6; None if SM12 has none, as it should be."""
    shared: tuple[Shared, ...]
    """Sets that were alive when SM6 was sent and have the UE's client port, or SPIs, in common with the new one."""


class RegistrationRefused(Event, frozen=True, kw_only=True):
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


class RegistrationRefreshed(Event, frozen=True, kw_only=True):
    """A 2xx to a REGISTER that was not challenged (case B0); deregistrations have their own event."""

    response: Sighting
    register: Sighting
    offer: tuple[Mechanism, ...]
    in_use: SetTerms | None
    answers_challenge: bool
    """The REGISTER came in clear and carried an answer to the newest challenge."""
    nonce_from: FrameRef | None
    """The challenge of this contact that its nonce is from, None if that is not in the capture."""
    established: bool
    """An ipsec-3gpp set had been established for this contact (FP11)."""
    reports_failure: bool
    """The REGISTER reported a MAC or SQN failure."""
    emergency: bool


class Deregistered(Event, frozen=True, kw_only=True):
    """A 2xx to a REGISTER with expiry 0."""

    response: Sighting
    register: Sighting


class CoreRegisterSent(Event, frozen=True, kw_only=True):
    """The REGISTER as the P-CSCF forwarded it, seen behind it (SM2, SM8)."""

    leaked: tuple[str, ...]
    """Which of Security-Client, Security-Verify and sec-agree it still holds."""
    original: FrameRef | None
    """The REGISTER on Gm."""
    protection: Protection | None
    """What protected that one; None if nothing did, or it is not in the capture."""
    kind: str
    """What that one was: ``SM1``, ``SM7`` or ``failure`` (MAC or SQN); empty if it is not in the capture."""
    claim: str | None
    """``integrity-protected`` as the P-CSCF set it, in lower case; None if it is absent."""
