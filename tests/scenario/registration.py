"""REGISTER and its answers: SM1, SM6, SM7, SM12 as single steps, the failures between them, and whole procedures."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from typing import Unpack

from .aka import Vector, digest, vector
from .dialogs import Dialogs
from .sip_text import Message, host, request, response
from .state import How, Params, Procedure, SaSet, Sent, Ue, mechanisms

Pairs = list[tuple[str, str]]


class Sm1(How, total=False):
    """Options of SM1 (and of ``reject``) beyond how it travels."""

    client: Params
    offers: Pairs
    """(alg, ealg) of each entry of Security-Client."""
    expires: int
    call_id: str


class Sm6(How, total=False):
    """Options of a challenge."""

    server: Params
    offers: Pairs
    """(alg, ealg) of each entry of Security-Server."""
    q: list[str]
    use: tuple[str, str]
    """The pair that the set really uses."""
    vector: Vector
    """The challenge of an earlier set once more."""
    leak: bool
    """Leave ck and ik in WWW-Authenticate."""
    bad_mac: bool
    qop: str


class Sm7(How, total=False):
    """Options of SM7."""

    res_wrong: bool
    response: str
    call_id: str


class Sm12(How, total=False):
    """Options of the final answer."""

    status: int
    expires: int
    challenge: Sm6
    """With status 401: what the second challenge is like."""


class Registration(Dialogs, ABC):
    """Registers UEs."""

    def __init__(
        self,
        *,
        transport: str,
        vantage: str,
        rtt: float,
        copies: str | None,
        seed: str,
        pair: tuple[str, str],
        mod: str,
        expires: int,
    ) -> None:
        super().__init__(transport=transport, vantage=vantage, rtt=rtt, copies=copies, seed=seed)
        self.pair, self.mod, self.expires = pair, mod, expires
        self.vectors: list[tuple[Ue, Vector]] = []
        self.sets: list[SaSet] = []

    # Whole procedures.

    def register(
        self,
        *,
        over: SaSet | None = None,
        ue: Ue | None = None,
        core: bool = False,
        sm1: Sm1 | None = None,
        sm6: Sm6 | None = None,
        sm7: Sm7 | None = None,
        sm12: Sm12 | None = None,
    ) -> SaSet:
        """SM1, SM6, SM7, SM12; protected by ``over``, or clear. The dictionaries are the options of the steps.

        Labels ``sm1``, ``sm6``, ``sm7``, ``sm12``, with ``.2`` in the second procedure and so on; with ``core`` also
        ``sm2``, ``sm5``, ``sm8``, ``sm11`` between P-CSCF and S-CSCF.
        """
        procedure = self.sm1(over=over, ue=ue, **(sm1 or {}))
        if core:
            self.core_register(procedure)
            self.core_401(procedure)
        self.sm6(procedure, **(sm6 or {}))
        self.sm7(procedure, **(sm7 or {}))
        if core:
            self.core_register(procedure)
            self.core_200(procedure)
        self.sm12(procedure, **(sm12 or {}))
        assert procedure.set
        return procedure.set

    def refresh(self, *, on: SaSet, sm1: Sm1 | None = None, sm12: Sm12 | None = None) -> Procedure:
        """A protected re-registration that the network answers without a challenge: SM1 and SM12."""
        procedure = self.sm1(over=on, **(sm1 or {}))
        self.sm12(procedure, **(sm12 or {}))
        return procedure

    def deregister(self, *, on: SaSet, sm1: Sm1 | None = None, sm12: Sm12 | None = None) -> Procedure:
        """REGISTER with expires 0 and its 200, not challenged: ``dereg`` and ``dereg.200``."""
        first: Sm1 = {"expires": 0, "label": on.ue.prefix + "dereg", **(sm1 or {})}
        procedure = self.sm1(over=on, **first)
        assert procedure.register
        last: Sm12 = {"label": f"{procedure.register.label}.200", **(sm12 or {})}
        self.sm12(procedure, **last)
        return procedure

    # Single steps.

    def sm1(self, *, over: SaSet | None = None, ue: Ue | None = None, **how: Unpack[Sm1]) -> Procedure:
        """The first REGISTER: clear, or protected by ``over``, with the credentials of the last success."""
        ue = over.ue if over else ue or self.ues[0]
        ue.procedures += 1
        if over is None or not ue.call_id:
            ue.call_id, ue.tag, ue.cseq = f"{self.token(8)}@{ue.address}", self.token(4), 0
        ue.call_id = how.pop("call_id", ue.call_id)
        procedure = Procedure(
            ue,
            over,
            ue.procedures,
            self._client(ue, over, how.pop("client", {})),
            how.pop("offers", [self.pair]),
            how.pop("expires", self.expires),
            how.get("transport", self.transport),
        )
        nonce, answer = (ue.nonce, ue.response) if over else ("", "")
        how.setdefault("label", procedure.label("sm1"))
        how.setdefault("on", over)
        authorization = self._authorization(ue, nonce, answer, "algorithm=AKAv1-MD5" if nonce else "")
        self._register(procedure, authorization, over.port_us if over else None, ue.server_text if over else "", how)
        return procedure

    def sm6(self, procedure: Procedure, **how: Unpack[Sm6]) -> Sent:
        """The challenge; ``procedure.set`` is the set that it announces."""
        how.setdefault("label", procedure.label("sm6"))
        return self._challenge(procedure, how)

    def sm7(self, procedure: Procedure, **how: Unpack[Sm7]) -> Sent:
        """The REGISTER that answers the challenge, on the new set."""
        ue, new, before = procedure.ue, procedure.set, procedure.register
        assert new and before
        password = self.rng.randbytes(8) if how.pop("res_wrong", False) else new.vector.res
        nonce, uri, qop, cnonce = new.vector.nonce, f"sip:{ue.domain}", procedure.qop, self.token(4)
        answer = digest(ue.impi, ue.domain, password, "REGISTER", uri, nonce, qop=qop, cnonce=cnonce)
        answer = how.pop("response", answer)
        more = "algorithm=AKAv1-MD5" + (f', qop={qop}, nc=00000001, cnonce="{cnonce}"' if qop else "")
        # Another procedure may have begun meanwhile: SM7 goes on where its own challenge was.
        ue.call_id = how.pop("call_id", before.message["Call-ID"])
        ue.cseq = max(ue.cseq, int(before.message["CSeq"].split(" ")[0]))
        how.setdefault("label", procedure.label("sm7"))
        how.setdefault("on", new)
        procedure.credentials = (nonce, answer)
        authorization = self._authorization(ue, nonce, answer, more)
        return self._register(procedure, authorization, new.port_us, new.server_text, how)

    def sm12(self, procedure: Procedure, **how: Unpack[Sm12]) -> Sent:
        """The final answer: 200, a refusal, or (401) a second challenge that ends the first one's set.

        Without a challenge before it, it answers SM1. A refusal of SM7 goes on the new set after a clear SM1, else on
        the old one (section 6, case D).
        """
        ue, register = procedure.ue, procedure.register
        assert register
        status = how.pop("status", 200)
        expires = how.pop("expires", procedure.expires)
        challenge = how.pop("challenge", {})
        way: How = how
        way.setdefault("label", procedure.label("sm12"))
        if status == 401:
            second: Sm6 = {**challenge, **way}
            return self._challenge(procedure, second)
        if status >= 300:
            if procedure.set and procedure.over and register.on is procedure.set:
                way.setdefault("on", procedure.over)
            return self.answer(register, status, **way)
        if procedure.set:
            ue.current, ue.server_text = procedure.set, procedure.set.server_text
            ue.nonce, ue.response = procedure.credentials
        text = self._ok_text(register, ue, expires, procedure)
        return self._answer_with(register, text, way)

    def reject(self, procedure: Procedure, why: str, **how: Unpack[Sm1]) -> Sent:
        """The UE does not accept the challenge (``why`` is ``mac`` or ``sqn``): a REGISTER where SM1 went.

        It offers new values; go on with ``sm6`` and ``sm7``, labelled by hand. Label ``reject``.
        """
        ue, refused = procedure.ue, procedure.set
        assert refused
        procedure.client = self._client(ue, procedure.over, how.pop("client", {}))
        procedure.offers = how.pop("offers", procedure.offers)
        procedure.set = None
        how.setdefault("label", procedure.label("reject"))
        how.setdefault("on", procedure.over)
        more = "algorithm=AKAv1-MD5"
        if why == "sqn":
            ue.sqn += 64
            more += f', auts="{base64.b64encode(refused.vector.auts).decode()}"'
        over = procedure.over
        authorization = self._authorization(ue, refused.vector.nonce, "", more)
        return self._register(
            procedure, authorization, over.port_us if over else None, ue.server_text if over else "", how
        )

    # Between P-CSCF and S-CSCF: see core.py.

    @abstractmethod
    def core_register(self, what: Procedure | Sent | str, **how: Unpack[How]) -> Sent:
        """See core.py."""

    @abstractmethod
    def core_401(self, procedure: Procedure, **how: Unpack[How]) -> Sent:
        """See core.py."""

    @abstractmethod
    def core_200(self, procedure: Procedure, **how: Unpack[How]) -> Sent:
        """See core.py."""

    # What the steps are made of.

    def next_vector(self, ue: Ue, *, bad_mac: bool = False) -> Vector:
        """A fresh vector of this UE's subscription."""
        ue.sqn += 32
        made = vector(ue.k, ue.opc, self.rng.randbytes(16), ue.sqn, bad_mac=bad_mac)
        self.vectors.append((ue, made))
        return made

    def spi(self) -> int:
        """A new SPI of ten digits, as the grammar wants it."""
        return self.rng.randrange(1_000_000_000, 2**32)

    def _client(self, ue: Ue, over: SaSet | None, wanted: Params) -> Params:
        ue.next_port_c += 1
        chosen: Params = {"spi_c": self.spi(), "spi_s": self.spi(), "port_c": ue.next_port_c}
        chosen["port_s"] = over.port_us if over else ue.port_s
        return {**chosen, **wanted}

    def _authorization(self, ue: Ue, nonce: str, answer: str, more: str) -> str:
        text = f'Digest username="{ue.impi}", realm="{ue.domain}", uri="sip:{ue.domain}", nonce="{nonce}"'
        return f'{text}, response="{answer}"' + (f", {more}" if more else "")

    def _register(self, procedure: Procedure, authorization: str, port: int | None, verify: str, how: How) -> Sent:
        """A REGISTER; ``port`` is us where it is protected, ``verify`` its Security-Verify."""
        ue, transport = procedure.ue, how.get("transport", procedure.transport)
        ue.cseq += 1
        sent_by = f"{host(ue.address)}:{port or ue.clear_port}"
        contact = ue.contact(port or procedure.client["port_s"], transport, procedure.expires)
        headers = [
            ("Via", f"SIP/2.0/{transport.upper()} {sent_by};branch={self.branch()}"),
            ("Max-Forwards", "70"),
            ("From", f"<{ue.impus[0]}>;tag={ue.tag}"),
            ("To", f"<{ue.impus[0]}>"),
            ("Call-ID", ue.call_id),
            ("CSeq", f"{ue.cseq} REGISTER"),
            ("Contact", contact),
            ("Expires", str(procedure.expires)),
            ("Authorization", authorization),
            ("Require", "sec-agree"),
            ("Proxy-Require", "sec-agree"),
            ("Supported", "path" if ue.reg_id is None else "path, outbound"),
            ("Security-Client", mechanisms(procedure.offers, procedure.client, self.mod)),
        ]
        if verify:
            headers.append(("Security-Verify", verify))
        message = request("REGISTER", f"sip:{ue.domain}", headers, how.pop("body", b""))
        procedure.register = self.send("ue", message, ue=ue, **how)
        return procedure.register

    def _challenge(self, procedure: Procedure, how: Sm6) -> Sent:
        """A 401 to the REGISTER that waits; makes the new set."""
        ue, over, register = procedure.ue, procedure.over, procedure.register
        assert register
        bad_mac = how.pop("bad_mac", False)
        made = how.pop("vector", None) or procedure.pending or self.next_vector(ue, bad_mac=bad_mac)
        procedure.pending, procedure.qop = None, how.pop("qop", "")
        ue.next_pcscf_port_c += 1
        ue.generations += 1
        server: Params = {"spi_c": self.spi(), "spi_s": self.spi(), "port_c": ue.next_pcscf_port_c}
        server["port_s"] = over.port_ps if over else ue.pcscf_port_s
        server = {**server, **how.pop("server", {})}
        alg, ealg = how.pop("use", self.pair)
        text = mechanisms(how.pop("offers", [(alg, ealg)]), server, self.mod, how.pop("q", None))
        client = procedure.client
        procedure.set = SaSet(
            ue, ue.generations,
            client["spi_c"], client["spi_s"], server["spi_c"], server["spi_s"],
            client["port_c"], client["port_s"], server["port_c"], server["port_s"],
            alg, ealg, self.mod, text, made,
        )  # fmt: skip
        authenticate = self._authenticate(ue, made, procedure.qop, leak=how.pop("leak", False))
        self.sets.append(procedure.set)
        headers = [*self._back(register), ("WWW-Authenticate", authenticate), ("Security-Server", text)]
        return self._answer_with(register, response(401, headers), how)

    def _authenticate(self, ue: Ue, made: Vector, qop: str, *, leak: bool) -> str:
        text = f'Digest realm="{ue.domain}", nonce="{made.nonce}", algorithm=AKAv1-MD5'
        text += f', qop="{qop}"' if qop else ""
        return text + (f', ck="{made.ck.hex()}", ik="{made.ik.hex()}"' if leak else "")

    def _ok_text(self, register: Sent, ue: Ue, expires: int, procedure: Procedure) -> Message:
        headers = [*self._back(register), ("Path", "<sip:term@10.30.0.1:5060;lr>")]
        if expires:
            port = procedure.set.port_us if procedure.set else procedure.over.port_us if procedure.over else None
            contact = ue.contact(port or procedure.client["port_s"], procedure.transport, expires)
            headers += [("Contact", contact), ("Service-Route", "<sip:orig@10.30.0.2:5060;lr>")]
            headers.append(("P-Associated-URI", ", ".join(f"<{impu}>" for impu in ue.impus)))
        return response(200, headers)

    def _back(self, register: Sent) -> list[tuple[str, str]]:
        """The headers that every answer copies."""
        message = self._answer_text(register, "pcscf", 200, "", register.on, None)
        return [(name, value) for name, value in message.headers if name != "Contact"]

    def _answer_with(self, register: Sent, message: Message, how: How) -> Sent:
        """Send a ready answer the way that ``answer`` would."""
        self._way_back(register, how)
        sent = self.send("pcscf", message, ue=register.ue, **how)
        register.final = message.status
        return sent
