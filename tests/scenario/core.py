"""The core leg: what the P-CSCF makes of a request towards the S-CSCF, and the answers from there."""

from __future__ import annotations

import re
from typing import Unpack

from . import crypto
from .dialogs import SCSCF
from .registration import Registration
from .sip_text import Edits, Message, request, response
from .state import How, Path, Procedure, Sent

PCSCF = ("10.30.0.1", 5060)
TO_CORE = {"sm1": "sm2", "sm7": "sm8"}


class CoreLeg(Registration):
    """Frames between P-CSCF and S-CSCF, in clear over UDP, with a second Via."""

    def core_forward(self, what: Sent | str, **how: Unpack[How]) -> Sent:
        """A request of the UE as the P-CSCF forwards it: ``core.label``."""
        heard = self.sent[what] if isinstance(what, str) else what
        message = heard.message
        kept = [
            (name, value)
            for name, value in message.headers
            if name not in ("Security-Client", "Security-Verify", "Require", "Proxy-Require", "Route")
        ]
        identity = [("P-Asserted-Identity", f"<{heard.ue.impus[0]}>")]
        return self._forward(heard, [*kept, *identity], f"core.{heard.label}", how)

    def core_register(self, what: Procedure | Sent | str, **how: Unpack[How]) -> Sent:
        """The REGISTER that waits, with a second Via, Path and ``integrity-protected``: ``sm2``, ``sm8``."""
        heard = what.register if isinstance(what, Procedure) else self.sent[what] if isinstance(what, str) else what
        assert heard
        answers = 'response=""' not in heard.message["Authorization"]
        trusted = heard.on is not None and (answers or heard.on is heard.ue.current)
        protected = f', integrity-protected="{"yes" if trusted else "no"}"'
        headers = []
        for name, value in heard.message.headers:
            if name in ("Security-Client", "Security-Verify", "Require", "Proxy-Require"):
                continue
            if name == "Authorization":
                value = re.sub(r',\s*integrity-protected="?\w*"?', "", value) + protected
            headers.append((name, value))
        headers += [("Path", "<sip:term@10.30.0.1:5060;lr>"), ("Require", "path"), ("P-Visited-Network-ID", "gm.test")]
        known = re.sub(r"sm[17]", lambda found: TO_CORE[found.group()], heard.label)
        return self._forward(heard, headers, known if known != heard.label else f"core.{heard.label}", how)

    def core_401(self, procedure: Procedure, **how: Unpack[How]) -> Sent:
        """The challenge with ck and ik on its way to the P-CSCF: ``sm5``. The next ``sm6`` carries the same vector."""
        assert procedure.register
        procedure.pending = self.next_vector(procedure.ue)
        text = self._authenticate(procedure.ue, procedure.pending, procedure.qop, leak=True)
        headers = [*self._back(procedure.register), ("WWW-Authenticate", text)]
        how.setdefault("label", procedure.label("sm5"))
        return self._from_core(procedure.register, response(401, headers), how)

    def core_200(self, procedure: Procedure, **how: Unpack[How]) -> Sent:
        """The 200 on its way to the P-CSCF: ``sm11``."""
        assert procedure.register
        text = self._ok_text(procedure.register, procedure.ue, procedure.expires, procedure)
        how.setdefault("label", procedure.label("sm11"))
        return self._from_core(procedure.register, text, how)

    def core_answer(self, what: Sent | str, status: int = 200, **how: Unpack[How]) -> Sent:
        """An answer of the core to a forwarded request: ``core.label.status``."""
        heard = self.sent[what] if isinstance(what, str) else what
        how.setdefault("label", f"core.{heard.label}.{status}")
        return self._from_core(heard, self._answer_text(heard, "pcscf", status, "", heard.on, None), how)

    def _forward(self, heard: Sent, headers: list[tuple[str, str]], label: str, how: How) -> Sent:
        heard.core_via = f"SIP/2.0/UDP {PCSCF[0]}:{PCSCF[1]};branch={self.branch()}"
        headers = [("Via", heard.core_via), *headers]
        edits: Edits = {"Max-Forwards": "69", **how.get("headers", {})}
        message = request(heard.message.method, heard.message.uri, headers, heard.message.body).edit(edits)
        return self._core(heard, message, how.get("label", label), towards_core=True)

    def _from_core(self, heard: Sent, message: Message, how: How) -> Sent:
        whole = Message(message.start, (("Via", heard.core_via), *message.headers), message.body)
        return self._core(heard, whole.edit(how.get("headers", {})), how["label"], towards_core=False)

    def _core(self, heard: Sent, message: Message, label: str, *, towards_core: bool) -> Sent:
        """One frame of the core leg; the time that it takes does not count as a turn on Gm."""
        source, target = (PCSCF, SCSCF) if towards_core else (SCSCF, PCSCF)
        self.wait(0.002)
        raw = message.encode()
        header = crypto.ip(source[0], target[0], 64, 0)
        name = self._name(label)
        self.record(name, crypto.ethernet(crypto.packet(header, crypto.udp(source, target, raw)), None), None)
        sent = Sent(name, message, raw, Path(heard.who, heard.ue, None, None, source, target), "udp")
        self.sent[name] = sent
        return sent
