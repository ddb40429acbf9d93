"""What a scenario knows about its UEs, their sets and their registrations, and the options that every step takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypedDict

from .aka import Vector
from .sip_text import Edits, Message, host, mechanism
from .tcp import Endpoint, Segment

Who = Literal["ue", "pcscf"]
Role = Literal["uc>ps", "ps>uc", "pc>us", "us>pc"]
BACK: dict[Role, Role] = {"uc>ps": "ps>uc", "ps>uc": "uc>ps", "pc>us": "us>pc", "us>pc": "pc>us"}
SIDE: dict[Role, Who] = {"uc>ps": "ue", "us>pc": "ue", "pc>us": "pcscf", "ps>uc": "pcscf"}


class Params(TypedDict, total=False):
    """SPIs and ports of one side; what is named replaces the builder's own choice, in header and packets alike."""

    spi_c: int
    spi_s: int
    port_c: int
    port_s: int


class Esp(TypedDict, total=False):
    """What to do differently with one ESP packet."""

    spi: int
    seq: int
    """This sequence number; the next packet goes on from the greater of it and the SA's own count."""
    iv: bytes
    pad: bytes
    """These padding octets instead of 1, 2, 3 ... (their number must fit)."""
    next_header: int
    icv: int
    """Octets of an HMAC's ICV (12 unless given)."""
    esn: int
    """High half of an extended sequence number, as if one had been agreed."""
    ck: bytes
    ik: bytes
    alg: str
    ealg: str
    auth_key: bytes
    enc_key: bytes
    tunnel: bool
    """Tunnel mode inside native ESP."""
    udp: int
    """UDP-encapsulated tunnel mode with this port on the UE's side."""
    within: tuple[int, bytes]
    """An IPv6 extension header, by its number, between ESP and what it holds (transport mode)."""
    before: tuple[int, bytes]
    """The same between IPv6 and ESP."""
    marker: bool
    """With UDP encapsulation: four zero octets before the SPI, as if it were IKE."""


class How(TypedDict, total=False):
    """How a message travels; whatever is left out is what a conformant sender would do."""

    on: SaSet | None
    """The set that protects it; None for clear."""
    role: Role
    sport: int
    dport: int
    src: str
    dst: str
    transport: str
    headers: Edits
    body: bytes
    rport: bool
    """Put ``rport`` into the sender's own Via."""
    label: str
    esp: Esp
    segments: int
    """Over TCP: into how many segments it is cut."""
    ack: bool
    """Over TCP: whether the receiver's acknowledgement is seen (yes)."""
    ttl: int


@dataclass(eq=False)
class Ue:
    """One registration context of one UE: IMPI, address, contact, and what the last success left behind."""

    prefix: str
    """What its labels begin with: nothing for the first UE, else ``ue2.`` and so on."""
    index: int
    address: str
    pcscf: str
    domain: str
    k: bytes = field(repr=False)
    opc: bytes = field(repr=False)
    instance: str | None
    reg_id: int | None = None
    sos: bool = False
    nat: str | None = None
    """The address that the network sees, if a NAT stands between."""
    clear_port: int = 5060
    impi: str = ""
    impus: list[str] = field(default_factory=list)
    sqn: int = 32
    generations: int = 0
    procedures: int = 0
    call_id: str = ""
    tag: str = ""
    cseq: int = 0
    port_s: int = 0
    next_port_c: int = 0
    pcscf_port_s: int = 0
    next_pcscf_port_c: int = 0
    nonce: str = ""
    response: str = ""
    server_text: str = ""
    """Security-Server of the last success: what Security-Verify of later requests repeats."""
    current: SaSet | None = None

    @property
    def user(self) -> str:
        return self.impi.split("@")[0]

    @property
    def seen_as(self) -> str:
        """The source address of its packets."""
        return self.nat or self.address

    def uri(self, port: int, transport: str) -> str:
        """The contact URI at this port."""
        suffix = ";transport=tcp" if transport == "tcp" else ""
        return f"sip:{self.user}@{host(self.address)}:{port}{suffix}" + (";sos" if self.sos else "")

    def contact(self, port: int, transport: str, expires: int | None = None) -> str:
        """The Contact of a REGISTER."""
        value = f"<{self.uri(port, transport)}>"
        if self.instance:
            value += f';+sip.instance="<{self.instance}>"'
        if self.reg_id is not None:
            value += f";reg-id={self.reg_id}"
        return value if expires is None else f"{value};expires={expires}"


@dataclass(eq=False)
class SaSet:
    """The four security associations of one authentication, with their keys and counters."""

    ue: Ue
    generation: int
    spi_uc: int
    spi_us: int
    spi_pc: int
    spi_ps: int
    port_uc: int
    port_us: int
    port_pc: int
    port_ps: int
    alg: str
    ealg: str
    mod: str
    server_text: str
    """The Security-Server that announced it."""
    vector: Vector = field(repr=False)
    sent: dict[Role, int] = field(default_factory=dict)
    """The last ESP sequence number of each SA."""
    last_iv: dict[Role, bytes] = field(default_factory=dict)

    def selector(self, role: Role) -> tuple[int, int, int]:
        """Source port, destination port and SPI."""
        return {
            "uc>ps": (self.port_uc, self.port_ps, self.spi_ps),
            "ps>uc": (self.port_ps, self.port_uc, self.spi_uc),
            "pc>us": (self.port_pc, self.port_us, self.spi_us),
            "us>pc": (self.port_us, self.port_pc, self.spi_pc),
        }[role]


def mechanisms(offers: list[tuple[str, str]], params: Params, mod: str, preferences: list[str] | None = None) -> str:
    """The value of Security-Client or Security-Server: one entry for each pair of algorithms."""
    return ", ".join(
        mechanism(
            alg, ealg, params["spi_c"], params["spi_s"], params["port_c"], params["port_s"], mod=mod, q=preference
        )
        for (alg, ealg), preference in zip(offers, preferences or [""] * len(offers), strict=True)
    )


@dataclass(eq=False)
class Procedure:
    """One registration procedure, from SM1 to its end."""

    ue: Ue
    over: SaSet | None
    number: int
    client: Params
    offers: list[tuple[str, str]]
    expires: int
    transport: str
    register: Sent | None = None
    """The REGISTER that waits for an answer."""
    pending: Vector | None = None
    """A vector that the core leg has already shown."""
    set: SaSet | None = None
    qop: str = ""
    credentials: tuple[str, str] = ("", "")
    """Nonce and response of SM7: what later REGISTERs repeat once it has succeeded."""

    def client_text(self, mod: str) -> str:
        """Security-Client."""
        return mechanisms(self.offers, self.client, mod)

    def label(self, base: str) -> str:
        """``sm1`` for the first procedure of the first UE, ``ue2.sm7.3`` for the third of the second."""
        return self.ue.prefix + base + (f".{self.number}" if self.number > 1 else "")


@dataclass(eq=False)
class Dialog:
    """What requests inside a dialog share."""

    caller: Who
    call_id: str
    caller_line: str
    callee_line: str
    cseq: dict[Who, int]


class Path(NamedTuple):
    """From where to where a packet goes, and under whose protection."""

    who: Who
    ue: Ue
    on: SaSet | None
    role: Role | None
    source: Endpoint
    target: Endpoint

    def back(self) -> Path:
        """The way of what TCP returns by itself."""
        who: Who = "pcscf" if self.who == "ue" else "ue"
        return Path(who, self.ue, self.on, BACK[self.role] if self.role else None, self.target, self.source)


@dataclass(eq=False)
class Sent:
    """A message that a scenario has sent: what answers, repetitions and expectations refer to."""

    label: str
    message: Message
    raw: bytes
    path: Path
    transport: str
    segments: list[Segment] = field(default_factory=list)
    to_tag: str = ""
    dialog: Dialog | None = None
    final: int = 0
    """Status of the final answer that it got."""
    core_via: str = ""
    """The Via that the P-CSCF put on top when it forwarded it."""

    @property
    def who(self) -> Who:
        return self.path.who

    @property
    def ue(self) -> Ue:
        return self.path.ue

    @property
    def on(self) -> SaSet | None:
        return self.path.on

    @property
    def role(self) -> Role | None:
        return self.path.role


@dataclass(frozen=True, slots=True)
class Expectation:
    """One finding that the scenario deserves, declared by hand."""

    rule: str
    verdict: str
    actor: str
    at: str
    count: int = 1
    cause: str | None = None
    """Id of the rule whose finding explains it; None: not looked at."""
