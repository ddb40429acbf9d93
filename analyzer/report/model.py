"""What every renderer gets: one report, with the names of the JSON format (contract, version 1).

Times are nanoseconds since the epoch; renderers turn them into text. Addresses are text already.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from msgspec import Struct, field

from analyzer.finding import RANK, Finding, Tally
from analyzer.opinion.model import SecondOpinion


class CaptureSummary(Struct, kw_only=True):
    """One capture file: what was in it and what was left out, with the reason."""

    path: str
    frames: int
    first: int | None
    last: int | None
    skipped: dict[str, int] = field(default_factory=dict)
    drops: int | None = None
    """Frames that the recorder lost, as it says itself; None if it does not say."""
    notices: list[str] = field(default_factory=list)
    """What the reader should know: a cut file, unknown blocks, drop counters."""


class EspCounts(Struct, kw_only=True):
    """ESP packets, copies left out."""

    packets: int = 0
    verified: int = 0
    bad_icv: int = 0
    no_key: int = 0
    unchecked: int = 0
    """Of those that no key verified, the ones that were read all the same."""
    replayed: int = 0

    @property
    def unread(self) -> int:
        """Packets that nothing opened."""
        return self.no_key - self.unchecked


class SipCounts(Struct, kw_only=True):
    """SIP messages: ``messages`` are those between a UE and a P-CSCF, ``core`` those between servers.

    ``told`` are those of which tools told (HEP, exported PDUs, SCAT); they are in none of the other counts.
    """

    messages: int = 0
    clear: int = 0
    protected: int = 0
    malformed: int = 0
    core: int = 0
    told: int = 0


class SubjectSummary(Struct, kw_only=True):
    """One registration context (K1 of the catalogue)."""

    id: str
    impi: str | None
    impus: list[str]
    contact: str | None
    ue: str
    """``unknown``, as `pcscf`, where only a tool told of it and made the addresses up."""
    pcscf: str
    told: bool = False
    """Tools told of its messages; only their headers were judged."""


class SetSummary(Struct, kw_only=True):
    """One set of four security associations."""

    subject: str
    generation: int
    parent: int | None
    state_ue: str
    state_pcscf: str
    spi_uc: int | None
    spi_us: int | None
    spi_pc: int | None
    spi_ps: int | None
    port_uc: int | None
    port_us: int | None
    port_pc: int | None
    port_ps: int | None
    alg: str | None
    ealg: str | None
    mod: str | None
    keyed: bool
    capture: int | None = None
    """The capture that the frame numbers below belong to."""
    sm1: int | None = None
    sm6: int | None = None
    sm7: int | None = None
    sm12: int | None = None
    expires_at: int | None = None
    ended: int | None = None


class Clocks(NamedTuple):
    """Two captures whose clocks differ; twice the same index: two clocks within one."""

    one: int
    other: int
    offset: int
    """By how much at least, in nanoseconds."""


class Quality(Struct, kw_only=True):
    """The quality of the captures (K8 of the catalogue): facts that limit how sure a finding can be."""

    drops: list[int | None] = field(default_factory=list)
    """Frames that the recorder of each capture lost; None where it does not say."""
    cut: dict[str, int] = field(default_factory=dict)
    """Packets that the capture cut, by what could not be judged for it."""
    holes: int = 0
    """Holes in SIP streams over TCP."""
    esp_missing: int = 0
    """ESP packets that are missing by their sequence numbers."""
    steps: int = 0
    """How often the clock of a capture was set."""
    largest_step: int = 0
    """The largest of these steps, in nanoseconds; negative: backwards."""
    clocks: list[Clocks] = field(default_factory=list)
    sightings: int = 0
    """Packets that were captured at two points of their way, beside other copies."""
    delay: int = 0
    """The longest time between two such points, in nanoseconds."""
    shadows: int = 0
    """Decrypted copies of ESP packets."""
    shadows_unread: int = 0
    """Those of them whose ESP packet nothing opened."""
    offload: list[str] = field(default_factory=list)
    """Sides that left their checksums to a network card: they run on the capturing host."""
    one_sided: dict[str, int] = field(default_factory=dict)
    """Registrations of which only one side's packets were captured, by that side."""
    remarks: list[str] = field(default_factory=list)
    """All that in sentences, as far as there is something to say."""


class WaiverSummary(Struct, kw_only=True):
    """One waiver of the user, and what became of it (`report/waivers.py`)."""

    place: str
    """File and entry: ``waivers.toml, waiver 2``."""
    rule: str
    """Id of a rule, or how the ids of several begin."""
    actor: str | None
    subject: str | None
    fingerprint: str | None
    reason: str
    expires: date | None
    state: Literal["used", "unused", "expired"]
    findings: int = 0
    """How many findings it fits, whether it waives them or has expired."""


class Report(Struct, kw_only=True):
    """The outcome of one audit."""

    version: str
    profile: str
    captures: list[CaptureSummary]
    copies: int
    esp: EspCounts
    sip: SipCounts
    subjects: list[SubjectSummary]
    sa_sets: list[SetSummary]
    rules: list[Tally]
    findings: list[Finding]
    notices: list[str] = field(default_factory=list)
    """What could not be read or judged: missing and unused keys, holes, evictions, each one line without secrets."""
    crashed: list[str] = field(default_factory=list)
    """Rules that raised an exception, with its type; the others ran (exit status 3)."""
    quality: Quality = field(default_factory=Quality)
    not_in_force: dict[str, str] = field(default_factory=dict)
    """Rules that were chosen and that the profile does not have, with the reason."""
    second_opinion: SecondOpinion | None = None
    """How tshark sees the captures, if that was asked for."""
    waivers: list[WaiverSummary] = field(default_factory=list)
    """What the user has accepted, in the order of the file."""

    @property
    def verdict(self) -> str:
        """The worst verdict of the findings, ``pass``, or ``nothing-to-judge`` if no rule was exercised."""
        if not any(tally.exercised for tally in self.rules):
            return "nothing-to-judge"
        return min((finding.verdict for finding in self.findings), key=RANK.index, default="pass")
