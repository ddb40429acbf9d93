"""ESP packets, clear packets and connections, below SIP (RFC 4303; TS 33.203 6.3, 7.1, Annex I)."""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import Knowledge, Role, SetTerms, Side


class PacketVerified(Event, frozen=True):
    """An ESP packet whose ICV is right. The event of almost every packet."""

    terms: SetTerms
    role: Role
    flow: tuple[int, int] | None
    """Source and destination port inside; None if there is neither UDP nor TCP, or TCP and UDP cannot be read."""
    sequence: int
    sender_fits: bool
    """The packet came from the address that the set names as sender."""
    invited: bool = False
    """Its ports are wrong, and those of an earlier packet of the other side turned round (R23)."""
    told: bool = False
    """They are wrong, and a Via or Contact of the other side names the one that it went to (R23)."""


class PacketRead(Event, frozen=True):
    """An ESP packet that could be read but not verified: null encryption without a key. Fields as `PacketVerified`."""

    terms: SetTerms
    role: Role
    flow: tuple[int, int] | None
    sequence: int
    sender_fits: bool
    invited: bool = False
    told: bool = False


class PacketUnread(Event, frozen=True):
    """An ESP packet on an announced SPI that no key opened: its SPI and number are all that is known."""

    terms: SetTerms
    role: Role
    sequence: int


class IntegrityUnchecked(Event, frozen=True, kw_only=True):
    """The first packet of a set that could be read but not verified.

    ``ealg`` is the encryption that was opened: null, which needs no key, or another, whose key came without one for
    the ICV.
    """

    terms: SetTerms
    ealg: str


class IntegrityFailed(Event, frozen=True, kw_only=True):
    """An ESP packet of a keyed association whose ICV is wrong."""

    terms: SetTerms
    role: Role
    spi: int
    sequence: int
    neighbours: bool
    """Other packets of the same association verified before."""
    later: bool
    """One that was sent later verified too, and the number of this one was not used by another: the key is the same."""
    intact: bool
    """A packet with the same number verified after it: this may be a damaged copy of that one."""
    cut: bool
    """The capture kept only a part of the packet."""


class KeysProven(Event, frozen=True, kw_only=True):
    """The first packet of an association that a key verified, and what it shows of the algorithms."""

    terms: SetTerms
    role: Role
    pair: tuple[str, str]
    """Integrity and encryption algorithm."""
    derived: bool
    """The keys follow from CK and IK as TS 33.203 Annex I says; else they were given as they are."""
    icv: int
    """Octets of the ICV on the wire."""
    demanded_icv: int
    """Octets that the algorithms demand."""
    esn: bool
    """An extended sequence number stands under the ICV."""
    others: tuple[tuple[Role, str, str], ...]
    """What associations of this set that were proven before use."""


class BadIvSeen(Event, frozen=True, kw_only=True):
    """The IV of a verified packet repeats another, or follows from it; each kind once an association."""

    terms: SetTerms
    role: Role
    kind: str
    """``iv-repeated``, ``iv-counted`` or ``iv-chained``."""
    earlier: FrameRef
    """The packet whose IV it is, or from which it follows."""
    other_role: Role | None
    """Repeated from another association of the set: which one had it first."""
    combined: bool
    """AES-GCM or AES-GMAC, where a second use under one key gives the key of the ICV away."""
    ealg: str


class TrailerMalformed(Event, frozen=True, kw_only=True):
    """A packet whose ICV is right and whose trailer is not what RFC 4303 2.4 asks for."""

    terms: SetTerms
    role: Role
    kind: str
    """``padding``: other octets than 1, 2, 3...; ``alignment``; ``blocks``: no whole blocks of the cipher."""


class ForeignPayload(Event, frozen=True, kw_only=True):
    """A packet whose ICV is right and that holds neither UDP nor TCP nor IP."""

    terms: SetTerms
    role: Role
    next_header: int


class ReplayWatched(Event, frozen=True, kw_only=True):
    """The packet of a SIP request was in the capture once more, later than a copy would be; told when it is settled."""

    terms: SetTerms
    role: Role
    request: FrameRef
    """The packet as it came first."""
    reaction: FrameRef | None
    """The receiver's answer was sent anew after it, although nobody repeated the request; None: it was not."""
    complete: Knowledge
    """Whether the capture has all that could explain, or be, a reaction."""


class WrongMode(Event, frozen=True, kw_only=True):
    """A verified packet in another mode than was agreed."""

    terms: SetTerms
    role: Role
    kind: str
    """``tunnelled`` or ``encapsulated`` although transport mode was agreed; ``not-tunnelled`` or ``not-encapsulated``
    although UDP-enc-tun was."""


class WrongEncapsulation(Event, frozen=True, kw_only=True):
    """A verified packet of a set with UDP-enc-tun whose UDP around it is not as RFC 3948 and Annex M ask."""

    terms: SetTerms
    role: Role
    kind: str
    """``port``, ``unknown-port`` or ``marker``."""
    observed: str
    expected: str
    complete: Knowledge | None
    """For ``unknown-port``: whether a packet of the UE from that port may be missing in the capture."""


class AssociationExamined(Event, frozen=True, kw_only=True):
    """The end of an association that a key had verified: what was looked at, and what was found."""

    terms: SetTerms
    role: Role
    pair: tuple[str, str]
    packets: int
    """Packets that verified."""
    ivs: int
    """Packets whose IVs were looked at; of a combined mode, those of the whole set."""
    window: int
    """How many IVs were compared with each other at most."""
    combined: bool
    faults: frozenset[str]
    """Kinds of faults that were told of it: those of `BadIvSeen` and `TrailerMalformed`, ``payload``, ``mode``."""


class AuthenticationHeaderSeen(Event, frozen=True, kw_only=True):
    """AH between a UE and its P-CSCF; told once for each pair and sender."""

    sender: Side
    gm: bool
    """What it protects is a packet of a living set; else it may be another service's."""


class WrongDerivation(Event, frozen=True, kw_only=True):
    """The first packet of an association whose keys follow from CK and IK by a known mistake."""

    terms: SetTerms
    role: Role
    alg: str
    ealg: str
    mistake: str
    """``ck-ik-swapped``, ``k3-zero`` or ``salt-reversed``."""
    typed: bool
    """CK and IK stand in a key file as they are: it may be there that they were exchanged (FP18)."""


class SequenceRepeated(Event, frozen=True, kw_only=True):
    """A sequence number was used a second time, for other content, on the same association; or it was 0."""

    terms: SetTerms
    role: Role
    sequence: int
    earlier: FrameRef | None
    """The packet that had it first, if it is remembered; None for number 0."""
    behind: bool
    """It lies so far behind the others that nobody knows any more what it had: a replay, or the counter went back."""
    keyed: bool
    """Both verify with the same key; else other keys under the same SPI cannot be excluded (R29)."""


class ForeignSpi(Event, frozen=True, kw_only=True):
    """An ESP packet between a known UE and P-CSCF whose SPI is not one that its receiver announced."""

    sender: Side
    spi: int
    announced_by_sender: bool
    """The sender itself announced this SPI: it is the one of the other direction."""
    unused_offer: FrameRef | None
    """The UE had offered it in a REGISTER that was answered, here, without a challenge (FP16)."""
    former: bool
    """Its receiver had announced it for a set that is forgotten by now, and was over long before."""
    negotiated: bool
    """Every registration of this pair was seen from its beginning."""


class ReservedSpi(Event, frozen=True, kw_only=True):
    """One side announced SPIs below 256; told once for each address and value."""

    spis: tuple[int, ...]
    announced_by: Side


class ClearOnProtectedPort(Event, frozen=True, kw_only=True):
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
    """A response that followed a Via naming port_pc, on ports that no association serves (R23), or TCP for it."""
    begins_anew: bool
    """A REGISTER of the UE, or what is no SIP message, to a port that is not protected: its set may be gone (FP15)."""
    reaction: bool
    """What is no SIP message of the P-CSCF, from a port that is not protected: the UE may have opened the connection,
    or have begun with media."""
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


class ConnectionOpening(Event, frozen=True, kw_only=True):
    """A SYN on an association, or in clear to a protected port of a living set."""

    sender: Side
    terms: SetTerms
    role: Role | None
    """The association that protected it; None: in clear."""
    fits: bool
    """Its ports are those of the association."""
    sport: int
    dport: int
    told: bool
    """Where it goes the other side told the sender to: a Via that names port_pc, a Contact with port_uc (R23)."""


class ConnectionClosing(Event, frozen=True, kw_only=True):
    """A FIN or RST on a protected connection of a set that is being replaced."""

    sender: Side
    how: str
    terms: SetTerms
    open_request: FrameRef | None
    """A request on this connection that has no final answer yet."""
    peer_first: bool
    """The peer had closed its side before."""
    complete: Knowledge
