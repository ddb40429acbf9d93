"""Random lives of a UE and its P-CSCF: much talk on a few sets, and now and then anything else that may happen."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from analyzer.frame import SECOND, Frame
from analyzer.profile import PROFILES, Profile
from tests.engine.test_layouts import LINKS, TUNNELS
from tests.ims.manners import Manner, manner
from tests.ims.oddities import oddity
from tests.scenario import Scenario
from tests.scenario.state import Esp, How, Params, Path, Role, SaSet, Sent, Who
from tests.scenario.taps import both_vantages, captures, decrypted, step

METHODS: Final = (
    "MESSAGE",
    "OPTIONS",
    "INFO",
    "PUBLISH",
    "REFER",
    "SUBSCRIBE",
    "UPDATE",
    "PRACK",
    "BYE",
    "NOTIFY",
    "X",
)
STATUS: Final = (100, 180, 183, 200, 202, 401, 403, 404, 481, 494, 500, 503)
FLAGS: Final = ("nat", "seed-solution-1", "seed-solution-2")
PAIRS: Final = (
    ("hmac-sha-1-96", "aes-cbc"),
    ("hmac-md5-96", "des-ede3-cbc"),
    ("hmac-sha-1-96", "null"),
    ("null", "aes-gcm"),
    ("aes-gmac", "null"),
)
ALWAYS: Final[list[Esp]] = [*[Esp()] * 12, Esp(esn=0), Esp(icv=16)]
"""What each ESP packet of a life may have that a conformant one has not."""
PAUSES: Final = (0.001, 0.3, 3.0, 40.0, 130.0, 200.0, 1000.0)

NOTIFIED: Final = (
    b'<registration state="active" event="registered">',
    b'<contact state="active" event="shortened">',
    b'<registration state="terminated">',
    b"",
)
"""What a NOTIFY for the registration event says."""
SIZES: Final = (0, 0, 0, 200, 1400, 1400, 5000, 9000)

Way = Callable[[], object]


@dataclass
class Life:
    """One life, as an audit gets it."""

    frames: list[Frame]
    keys: str
    profile: Profile
    vantage: str
    advances: dict[int, int] = field(default_factory=dict)
    """Before which frame, by its place, time is told, and which."""
    late: int = 0
    """The place of the frame before which the keys come."""


class Habitual(Scenario):
    """A scenario in which all ESP packets are made in the same unusual way, and each side spells as it is used to."""

    always: Esp
    manners: dict[Who, Manner]

    def spell(self, who: Who, raw: bytes) -> bytes:
        return self.manners[who](raw)

    def _emit(self, label: str, path: Path, payload: Any, how: How) -> None:
        esp: Esp = {**self.always, **how.get("esp", {})}
        super()._emit(label, path, payload, {**how, "esp": esp})


class Living:
    """Decides what happens next; the same seed has the same life."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = rng = random.Random(seed)
        self.fillings = random.Random(f"fillings {seed}")
        alg, ealg = rng.choice(PAIRS)
        self.s = Habitual(
            transport=rng.choice(("udp", "udp", "tcp")),
            alg=alg,
            ealg=ealg,
            ipv6=rng.random() < 0.3,
            expires=rng.choice((600_000, 600_000, 3600, 600)),
            vantage=rng.choice(("ue", "pcscf", "middle")),
            copies=rng.choice((None, None, None, "gtp")),
            mod="UDP-enc-tun" if rng.random() < 0.05 else "trans",
            rtt=rng.choice((0.04, 0.001, 0.6)),
            seed=f"calm {seed}",
        )
        self.s.always = rng.choice(ALWAYS) if alg.startswith("hmac") else {}
        self.s.manners = {"ue": manner(f"ue {seed}", whole=False), "pcscf": manner(f"pcscf {seed}", whole=False)}
        self.wild = rng.choice((0.01, 0.05, 0.05, 0.2, 0.5))
        """How much of what happens is out of the ordinary."""
        self.mixed = rng.choice((0.0, 0.0, 0.3))
        """How much goes over the other transport."""
        self.habits = [rng.random() for _ in range(rng.choice((1, 2, 3, 100)))]
        """What is odd is odd in the same way again: what passed once is what may pass wrongly later."""
        self.silent = rng.choice((0.05, 0.05, 0.15, 0.4))
        """How many requests have no answer."""
        self.sets: list[SaSet] = []
        self.names: list[str] = []
        self.waiting: list[Sent] = []
        self.calls: list[Sent] = []

    def pick(self) -> SaSet:
        """Mostly the newest set."""
        return self.sets[-1] if self.rng.random() > self.wild / 3 else self.rng.choice(self.sets)

    def side(self) -> Who:
        return "ue" if self.rng.random() < 0.5 else "pcscf"

    def transport(self) -> str:
        other = self.rng.random() < self.mixed
        return {"udp": "tcp", "tcp": "udp"}[self.s.transport] if other else self.s.transport

    def how(self, who: Who, on: SaSet | None) -> dict[str, Any]:
        """How a message travels: as it should, or not quite."""
        rng, way = self.rng, dict[str, Any](on=on, transport=self.transport())
        if rng.random() < 0.1:
            way["segments"] = rng.choice((2, 3))
        if rng.random() < self.wild and on is not None:
            way |= oddity(random.Random(rng.choice(self.habits)), rng, who, on)
        return way

    # What may happen.

    def filling(self) -> dict[str, Any]:
        """A body, perhaps, and into how many segments the message is cut."""
        size = self.fillings.choice(SIZES)
        return {"body": b"x" * size, "segments": 1 + size // 1000} if size else {}

    def talk(self) -> None:
        rng, s, who = self.rng, self.s, self.side()
        on, name = self.pick(), f"m{len(self.names)}"
        method = rng.choice(METHODS[:3] if rng.random() > self.wild else METHODS)
        way = self.how(who, on) | self.filling()
        if self.fillings.random() < 0.1:
            state = self.fillings.choice(("active", "active", "pending", "Terminated;reason=x"))
            method, way["headers"] = "NOTIFY", {"Event": "reg", "Subscription-State": state, **way.get("headers", {})}
            way["body"] = self.fillings.choice(NOTIFIED)
        sent = s.request(who, method, label=name, answered=False, **way)
        self.names.append(name)
        if rng.random() < self.silent:
            self.waiting.append(sent)
        else:
            self.reply(sent)

    def reply(self, sent: Sent) -> None:
        """Answer a request, with some delay or none, perhaps several times."""
        rng, s = self.rng, self.s
        for _ in range(rng.choice((1, 1, 1, 1, 2, 3))):
            status = 200 if rng.random() > self.wild else rng.choice(STATUS)
            how = dict[str, Any]()
            if rng.random() < self.wild / 2:
                how = self.how("pcscf" if sent.who == "ue" else "ue", self.pick())
            how["label"] = f"{sent.label}.{status}"
            name = s.answer(sent, status, **how).label
            self.names.append(name)
            if rng.random() < self.wild / 4:
                self.names.append(s.again(name).label)

    def late(self) -> None:
        if self.waiting:
            self.reply(self.waiting.pop(self.rng.randrange(len(self.waiting))))

    def call(self) -> None:
        rng, s, who = self.rng, self.s, self.side()
        on = self.pick()
        call = s.invite(who, **self.how(who, on) | self.filling())
        self.names.append(call.label)
        if rng.random() < 0.7:
            s.answer(call, rng.choice((180, 183)))
        if rng.random() < self.silent:
            self.waiting.append(call)
            if rng.random() < 0.4:
                s.cancel(call, answered=rng.random() < 0.8)
        else:
            s.answer(call, 200 if rng.random() < 0.7 else rng.choice((486, 487, 500)))
            self.go_on(call)

    def go_on(self, call: Sent) -> None:
        rng, s = self.rng, self.s
        if rng.random() < 0.85:
            s.ack(call, on=self.pick() if rng.random() < self.wild / 2 else call.on)
        if call.final < 300:
            self.calls.append(call)

    def hang_up(self) -> None:
        if self.calls:
            call = self.calls.pop(self.rng.randrange(len(self.calls)))
            on = self.pick()
            self.s.bye(call, self.side(), on=on if on.ue is call.ue else call.on)

    def again(self) -> None:
        """A request or an answer once more."""
        if self.names:
            name = self.rng.choice(self.names[-6:])
            if self.rng.random() < 0.2 and self.s.sent[name].transport == "tcp":
                self.s.retransmit(name)
            elif self.rng.random() < self.wild / 3 and self.sets[-1].ue is self.s.sent[name].ue:
                self.s.again(name, on=self.pick())
            else:
                self.s.again(name)

    def register(self) -> None:
        rng, s = self.rng, self.s
        over = self.pick() if self.sets and rng.random() < 0.85 else None
        kind = rng.random()
        if over is not None and kind < 0.2:
            s.refresh(on=over)
        elif kind < 0.75:
            before = self.sets[-1] if self.sets else None
            client: Params = {}
            server: Params = {}
            if before is not None and rng.random() < 0.2:  # SPIs and ports once more
                client = {"spi_c": before.spi_uc, "spi_s": before.spi_us, "port_c": before.port_uc}
                server = {"spi_c": before.spi_pc, "spi_s": before.spi_ps, "port_c": before.port_pc}
            core = rng.random() < 0.1
            self.sets.append(s.register(over=over, core=core, sm1={"client": client}, sm6={"server": server}))
        else:
            procedure = s.sm1(over=over)
            if rng.random() < 0.7:
                s.sm6(procedure)
            if procedure.set is not None and rng.random() < 0.2:
                s.reject(procedure, rng.choice(("mac", "sqn")))
            elif procedure.set is not None and rng.random() < 0.6:
                if self.sets:
                    self.talk()
                s.sm7(procedure, res_wrong=rng.random() < 0.5)
                if self.sets and rng.random() < 0.5:
                    self.talk()
                if rng.random() < 0.8:
                    s.sm12(procedure, status=rng.choice((200, 401, 403, 500)))
                if rng.random() < 0.5:
                    self.sets.append(procedure.set)

    def another(self) -> None:
        """Another contact of the same UE, another UE, an emergency registration, or the same UE from elsewhere."""
        rng, s = self.rng, self.s
        kind = rng.randrange(4)
        one = {} if kind == 3 else {"sos": True} if kind == 0 else {"reg_id": 2, "instance": "urn:gsma:imei:2"}
        ue = s.ue(2 if kind == 3 else 1, **one)
        self.sets.append(s.register(ue=ue))
        if rng.random() < 0.5:
            self.sets.reverse()

    def ending(self) -> None:
        if self.rng.random() < 0.5:
            self.s.deregister(on=self.pick())
        else:
            self.s.notify_terminated(on=self.pick())

    def below(self) -> None:
        """Something below SIP, or no SIP at all."""
        rng, s, on, who = self.rng, self.s, self.pick(), self.side()
        role: Role = rng.choice(("uc>ps", "us>pc") if who == "ue" else ("pc>us", "ps>uc"))
        kind = rng.randrange(11)
        if kind > 6:
            self.octets(who, on, role)
        elif kind == 0:
            s.rst(who, on=on, role=role, clear=rng.random() < 0.3)
        elif kind == 1:
            s.fin(who, on=on, role=role)
        elif kind == 2:
            s.syn(who, on=on, role=role, answered=rng.random() < 0.5, clear=rng.random() < 0.3)
        elif kind == 3:
            s.send(who, rng.choice((b"\r\n\r\n", b"x", b"", b"\x00" * 30)), on=on, role=role, transport="udp")
        elif kind == 4:
            s.packet(who, 50, rng.randbytes(60), ue=on.ue)
        elif kind == 5:
            s.packet(who, rng.choice((1, 51)), rng.randbytes(40), ue=on.ue)
        else:
            s.request(who, rng.choice(METHODS), ue=on.ue, transport="udp")

    def octets(self, who: Who, on: SaSet, role: Role) -> None:
        """Octets or a bare segment on a TCP connection: a part of a message, two of them, what is none."""
        rng, s = self.rng, self.s
        texts = [s.sent[name].raw for name in self.names[-4:]] or [b"x"]
        one, other = rng.choice(texts), rng.choice(texts)
        cut = rng.randrange(len(one) + 1)
        ways: tuple[tuple[bytes, ...], ...] = (
            (one + other,),
            (one[:cut], one[cut:]),
            (one[:cut], one[cut:] + other),
            (one + other[:cut], other[cut:]),
            (b"\r\n\r\n" + one,),
            (b"\r\n",),
            (b"junk\r\n\r\n" + one,),
            (one[:cut],),
            (one.replace(b"Content-Length: 5", b"Content-Length: 3"),),
            (one.replace(b"Content-Length: 0\r\n", b""),),
            (b"x",),
        )
        if rng.random() < 0.2:
            s.segment(who, rng.choice(("A", "PA", "FA", "R", "RA", "S", "SA", "UA")), on=on, role=role)
        else:
            for part in filter(None, rng.choice(ways)):
                s.send(
                    who, part, on=on, role=role, transport="tcp", segments=rng.choice((1, 1, 2)), ack=rng.random() < 0.8
                )

    def live(self, turns: int) -> None:
        rng = self.rng
        self.sets.append(self.s.register())
        rare: tuple[Way, ...] = (self.register, self.register, self.register, self.another, self.ending, self.below)
        for _ in range(turns):
            kind = rng.random()
            if kind < self.wild / 4:
                rng.choice(rare)()
            elif kind < self.wild / 2:
                self.again()
            elif kind < 0.85:
                self.talk()
            else:
                rng.choice((self.call, self.call, self.hang_up, self.late))()
            if rng.random() < 0.1:
                self.s.wait(rng.choice(PAUSES))

    # What the capture makes of it.

    def harm(self) -> None:
        rng, s = self.rng, self.s
        if rng.random() < 0.05 and s.mod == "trans" and self.wild < 0.02 and s.copies is None:
            decrypted(s, delay=rng.choice((0.00002, -0.00002)))
        labels = sorted({record.label for record in s.records})
        for name in rng.sample(labels, k=min(len(labels), rng.choice((0, 0, 1, 3, 8)))):
            kind = rng.randrange(6)
            if kind == 0:
                s.lose(name)
            elif kind == 1:
                s.corrupt(name)
            elif kind == 2:
                s.cut(name, rng.choice((60, 100, 300)))
            elif kind == 3:
                s.duplicate(name, rng.choice((0.001, 0.15, 0.5, 3.0)))
            elif kind == 4:
                s.fragment(name, 400)
            else:
                step(s, name, rng.choice((-0.05, -2.0, -300.0, 50.0, 2000.0)))
        if rng.random() < 0.05:
            s.only(self.side())
        if rng.random() < 0.05:
            s.start_at(rng.choice([record.label for record in s.records]))

    def written(self) -> list[Frame]:
        """The frames, perhaps of two captures, swapped, tagged."""
        rng, s = self.rng, self.s
        kind = rng.random()
        if kind < 0.05:
            both_vantages(s, delay=rng.choice((0.02, 0.3)), clock=rng.choice((0.0, 0.0, 1.5)))
        if 0.05 < kind < 0.2:
            frames = captures(s, self.side(), clock=rng.choice((0.0, 0.1, -1.0)), both=rng.random() < 0.5)
        else:
            frames = s.frames()
        if rng.random() < 0.1:
            for _ in range(5):
                place = rng.randrange(1, len(frames))
                frames[place - 1], frames[place] = frames[place], frames[place - 1]
        if rng.random() < 0.1:
            frames = [
                replaced(each, each.data[:12] + b"\x81\x00\x00\x01" + each.data[12:]) if rng.random() < 0.5 else each
                for each in frames
            ]
        if rng.random() < 0.1:
            frames = [replaced(each, each.data + bytes(6)) for each in frames]
        return self.wrapped(frames)

    def wrapped(self, frames: list[Frame]) -> list[Frame]:
        """In another link layer or a tunnel, all of them or some."""
        rng = random.Random(f"wrapped {self.seed}")
        if rng.random() < 0.6:
            return frames
        link, wrap = rng.choice(list(LINKS.values()))
        tunnel = rng.choice([*TUNNELS.values(), bytes])
        share = rng.choice((1.0, 1.0, 0.9, 0.5))
        return [
            replaced(each, wrap(tunnel(each.data[14:])))._replace(link=link)
            if each.data[12:14] in (b"\x08\x00", b"\x86\xdd") and rng.random() < share
            else each
            for each in frames
        ]


def replaced(frame: Frame, data: bytes) -> Frame:
    return frame._replace(data=data, length=frame.length + len(data) - len(frame.data))


def life(seed: int, turns: int = 40) -> Life:
    """The life of this seed, in one of the profiles."""
    living = Living(seed)
    living.live(turns)
    living.harm()
    rng, s = living.rng, living.s
    frames = living.written()
    profile = PROFILES["rel-17"] if rng.random() < 0.5 else rng.choice(list(PROFILES.values()))
    if rng.random() < 0.2:
        profile = replace(profile, flags=frozenset({rng.choice(FLAGS)}))
    entries = s.keys_toml().split("[[aka]]")[1:]
    if rng.random() < 0.1:
        entries = [each for each in entries if rng.random() < 0.7] or entries[:1]
    keys = "".join(f"[[aka]]{each}" for each in entries)
    if rng.random() < 0.1:
        keys = s.subscriber_toml()
    made = Life(frames, keys, profile, rng.choice(("auto", "auto", "auto", "ue", "pcscf", "middle")))
    if rng.random() < 0.1:
        made.late = rng.randrange(len(frames))
    if rng.random() < 0.2:
        for place in rng.sample(range(len(frames)), k=min(10, len(frames))):
            made.advances[place] = frames[place].time - rng.choice((0, 0, SECOND))
    return made
