"""How a message gets into the capture: which ports and which SA, the TCP connection below it, the time it takes."""

from __future__ import annotations

import random
from typing import Any, Unpack

from . import crypto
from .recorder import Recorder
from .sip_text import Message
from .state import SIDE, Esp, How, Path, Role, SaSet, Sent, Ue, Who
from .tcp import Connection, Endpoint, Segment

THINK = 0.003
"""Seconds that an endpoint needs before it answers."""

SHARE: dict[str, dict[Who, float]] = {
    "ue": {"ue": 0.0, "pcscf": 1.0},
    "middle": {"ue": 0.5, "pcscf": 0.5},
    "pcscf": {"ue": 1.0, "pcscf": 0.0},
}
"""How much of the round trip lies between the capture point and each side, by vantage."""

TTL: dict[str, dict[Who, int]] = {
    "ue": {"ue": 64, "pcscf": 57},
    "middle": {"ue": 61, "pcscf": 60},
    "pcscf": {"ue": 57, "pcscf": 64},
}


def needed(how: How) -> SaSet:
    """The set of a step that makes no sense without one."""
    on = how.get("on")
    if on is None:
        raise ValueError("on= which set? (clear=True puts the segment beside its SAs)")
    return on


class Sender(Recorder):
    """Sends messages, segments and packets of either side."""

    def __init__(self, *, transport: str, vantage: str, rtt: float, copies: str | None, seed: str) -> None:
        super().__init__(copies)
        self.transport = transport
        self.rng = random.Random(seed)
        self.ues: list[Ue] = []
        self.sent: dict[str, Sent] = {}
        self._share, self._rtt = SHARE[vantage], rtt
        self.ttl: dict[Who, int] = {**TTL[vantage]}
        """TTL or hop limit of each side's packets as seen here; a test may change it."""
        self._connections: dict[frozenset[Endpoint], Connection] = {}
        self._openings: dict[str, Sent] = {}
        self._spoke: Who | None = None
        self._identification = 0

    # SIP messages.

    def send(self, who: Who, message: Message | bytes, *, ue: Ue | None = None, **how: Unpack[How]) -> Sent:
        """Send one SIP message (or bare octets, a keep-alive for instance), conformant unless ``how`` says otherwise.

        Without ``on`` it goes in clear. Over UDP it is one frame; over TCP the connection is opened first if there is
        none (``label.syn``, ``.synack``, ``.established``), and the receiver's acknowledgement is ``label.tcp``.
        """
        on = how.get("on")
        ue = on.ue if on else ue or self.ues[0]
        transport = how.get("transport", self.transport)
        if isinstance(message, bytes):
            message = Message("", (), message)
            raw = message.body
        else:
            if how.get("rport"):
                message = message.edit({"Via": [f"{message['Via']};rport", *message.all("Via")[1:]]})
            message = message.edit(how.get("headers", {}))
            raw = self.spell(who, message.encode())
        role = self._role(who, on, message, transport, how)
        path = Path(who, ue, on, role, *self._ends(who, ue, on, role, transport, how))
        return self._transmit(Sent(self._name(how.get("label", "message")), message, raw, path, transport), how)

    def spell(self, who: Who, raw: bytes) -> bytes:
        """A message as this side spells it; a test may have one that does it in its own way."""
        return raw

    def again(self, what: str, **how: Unpack[How]) -> Sent:
        """The same message once more: same octets, same way unless ``how`` differs, next ESP number; ``sm7.again``."""
        old = self.sent[what]
        path = old.path
        if how.keys() & {"on", "role", "sport", "dport", "src", "dst"}:
            on = how.get("on", old.on)
            role = how.get("role", old.role if on else None)
            path = Path(old.who, old.ue, on, role, *self._ends(old.who, old.ue, on, role, old.transport, how))
        sent = Sent(self._name(how.get("label", f"{what}.again")), old.message, old.raw, path, old.transport)
        sent.dialog, sent.to_tag = old.dialog, old.to_tag
        return self._transmit(sent, how)

    def _transmit(self, sent: Sent, how: How) -> Sent:
        self.sent[sent.label] = sent
        path = sent.path
        if sent.transport == "udp":
            self._pass(path.who)
            self._emit(sent.label, path, crypto.udp(path.source, path.target, sent.raw), how)
            return sent
        link = self._connections.get(frozenset((path.source, path.target)))
        if link is None or not link.open:
            link = self._connect(path, sent.label, answered=True)
        self._pass(path.who)
        sent.segments = link.data(path.source, sent.raw, how.get("segments", 1))
        for segment in sent.segments:
            self._emit(sent.label, path, crypto.tcp(segment), how)
            self.wait(0.0001)
        if how.get("ack", True):
            self._bare(f"{sent.label}.tcp", path.back(), link.segment(path.target, "A"))
        return sent

    # TCP.

    def syn(self, who: Who, *, answered: bool = True, clear: bool = False, **how: Unpack[How]) -> None:
        """Open a connection by hand, on an SA or (``clear``) beside it: ``connect.syn``, ``.synack``, ``.established``.

        ``answered=False``: nobody answers; ``retransmit("connect.syn")`` tries again.
        """
        path = self._beside(who, clear, how, "uc>ps" if who == "ue" else "pc>us")
        self._connect(path, self._name(how.get("label", "connect")), answered=answered)

    def segment(self, who: Who, flags: str, *, clear: bool = False, **how: Unpack[How]) -> None:
        """One bare segment (``R``, ``FA``, ``A``) on the connection of this role; ``clear``: outside ESP."""
        path = self._beside(who, clear, how, "uc>ps" if who == "ue" else "ps>uc")
        self._bare(self._name(how.get("label", "segment")), path, self._link(path).segment(path.source, flags), how)

    def rst(self, who: Who, *, clear: bool = False, **how: Unpack[How]) -> None:
        """Reset a connection; label ``rst``."""
        how.setdefault("label", "rst")
        self.segment(who, "R", clear=clear, **how)

    def reset(self, what: str) -> None:
        """Whoever got this message resets the connection that it came on; label ``what.reset``."""
        back = self.sent[what].path.back()
        self._bare(f"{what}.reset", back, self._link(back).segment(back.source, "R"))

    def fin(self, who: Who, *, clear: bool = False, **how: Unpack[How]) -> None:
        """Close a connection from both ends: ``fin``, ``fin.fin`` of the other side, ``fin.tcp``."""
        path = self._beside(who, clear, how, "uc>ps" if who == "ue" else "ps>uc")
        link, label = self._link(path), self._name(how.get("label", "fin"))
        self._bare(label, path, link.segment(path.source, "FA"), how)
        self._bare(f"{label}.fin", path.back(), link.segment(path.target, "FA"))
        self._bare(f"{label}.tcp", path, link.segment(path.source, "A"))
        link.open = False

    def retransmit(self, what: str) -> None:
        """TCP sends a message's segments, or a SYN, again in new ESP packets: ``what.retransmitted``."""
        old = self._openings.get(what) or self.sent[what]
        label = self._name(f"{what}.retransmitted")
        for segment in old.segments:
            self._bare(label, old.path, segment)

    def _connect(self, path: Path, label: str, *, answered: bool) -> Connection:
        link = Connection.between(path.source, path.target, (self.rng.getrandbits(32), self.rng.getrandbits(32)))
        self._connections[frozenset((path.source, path.target))] = link
        opening = Sent(f"{label}.syn", Message("", ()), b"", path, "tcp", [link.segment(path.source, "S")])
        self._openings[opening.label] = opening
        self._bare(opening.label, path, opening.segments[0])
        if answered:
            self._bare(f"{label}.synack", path.back(), link.segment(path.target, "SA"))
            self._bare(f"{label}.established", path, link.segment(path.source, "A"))
            link.open = True
        return link

    def _beside(self, who: Who, clear: bool, how: How, usual: Role) -> Path:
        """The path of a bare segment: ports of a set, but outside its SAs if ``clear``."""
        on = needed(how)
        role = how.get("role", usual)
        ends = self._ends(who, on.ue, on, role, "tcp", how)
        return Path(who, on.ue, None if clear else on, None if clear else role, *ends)

    def _link(self, path: Path) -> Connection:
        key = frozenset((path.source, path.target))
        return self._connections.setdefault(key, Connection.between(path.source, path.target, (1, 1)))

    def _bare(self, label: str, path: Path, segment: Segment, how: How | None = None) -> None:
        self._pass(path.who)
        self._emit(label, path, crypto.tcp(segment), how or {})

    # Anything else.

    def packet(self, who: Who, protocol: int, octets: bytes, *, ue: Ue | None = None, label: str = "packet") -> None:
        """An IP packet with any protocol and payload: AH (51), ICMP (1, 58), ESP of another service (50)."""
        self._pass(who)
        ue = ue or self.ues[0]
        ends = ((ue.address, 0), (ue.pcscf, 0)) if who == "ue" else ((ue.pcscf, 0), (ue.address, 0))
        self._emit(self._name(label), Path(who, ue, None, None, *ends), crypto.raw_payload(protocol, octets), {})

    # Below.

    def _name(self, label: str) -> str:
        """The label, with a number if it is taken."""
        taken = {record.label for record in self.records} | self.sent.keys()
        if label not in taken:
            return label
        return next(name for n in range(2, len(taken) + 3) if (name := f"{label}.{n}") not in taken)

    def _role(self, who: Who, on: SaSet | None, message: Message, transport: str, how: How) -> Role | None:
        if on is None:
            return None
        role = how.get("role")
        if role is None:
            if transport == "udp" or not message.start or message.is_request:
                return "uc>ps" if who == "ue" else "pc>us"
            return "us>pc" if who == "ue" else "ps>uc"
        if SIDE[role] != who:
            raise ValueError(f"{who} cannot send {role}")
        return role

    def _ends(
        self, who: Who, ue: Ue, on: SaSet | None, role: Role | None, transport: str, how: How
    ) -> tuple[Endpoint, Endpoint]:
        if on and role:
            sport, dport, _ = on.selector(role)
        else:
            at_ue = 20000 + ue.index if transport == "tcp" else ue.clear_port
            sport, dport = (at_ue, 5060) if who == "ue" else (5060, at_ue)
        addresses = (ue.address, ue.pcscf) if who == "ue" else (ue.pcscf, ue.address)
        return (
            (how.get("src", addresses[0]), how.get("sport", sport)),
            (how.get("dst", addresses[1]), how.get("dport", dport)),
        )

    def _pass(self, who: Who) -> None:
        """Time until this side's next packet is seen here."""
        crossing = self._share[who] * self._rtt if self._spoke not in (None, who) else 0.0
        self.wait(THINK + crossing)
        self._spoke = who

    def _emit(self, label: str, path: Path, payload: Any, how: How) -> None:
        """One packet of either side becomes a frame."""
        who, ue, on, role, source, target = path
        self._identification = (self._identification + 1) & 0xFFFF
        seen = {ue.address: ue.seen_as}
        outer = (seen.get(source[0], source[0]), seen.get(target[0], target[0]))
        inner = (source[0], target[0]) if on else outer
        ttl = how.get("ttl", self.ttl[who])
        whole = crypto.packet(crypto.ip(*inner, ttl, self._identification), payload)
        if on and role:
            knobs: Esp = {**how.get("esp", {})}
            if on.mod == "UDP-enc-tun":
                knobs.setdefault("udp", 4500)
            whole = crypto.protect(whole, on, role, knobs, self.rng, outer)
        self.record(label, crypto.ethernet(whole, who == "ue"), who == "ue")
