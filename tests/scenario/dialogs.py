"""Requests other than REGISTER and the answers to everything, each as a conformant UE or P-CSCF would write it."""

from __future__ import annotations

from typing import Unpack

from .sender import Sender, needed
from .sip_text import Message, host, reginfo, request, response, sdp
from .state import BACK, Dialog, How, SaSet, Sent, Ue, Who

SCSCF = ("10.30.0.2", 5060)
FORMS_DIALOG = {"INVITE", "SUBSCRIBE"}
HAS_CONTACT = FORMS_DIALOG | {"OPTIONS", "UPDATE", "NOTIFY"}


class Dialogs(Sender):
    """Transactions and dialogs on a set, or in clear."""

    def request(
        self,
        who: Who,
        method: str,
        *,
        ue: Ue | None = None,
        uri: str | None = None,
        within: Sent | None = None,
        status: int = 200,
        answered: bool = True,
        answer: How | None = None,
        **how: Unpack[How],
    ) -> Sent:
        """One request and its answer: ``req`` and ``resp``, or ``label`` and ``label.resp``.

        ``within`` puts it into the dialog of an earlier request, ``answer`` is how the answer travels.
        """
        given = how.get("label")
        how["label"] = self._name(given or "req")
        sent = self._ask(who, method, ue, uri, within, how)
        if answered:
            back: How = {**(answer or {})}
            back.setdefault("label", f"{sent.label}.resp" if given else sent.label.replace("req", "resp"))
            self.answer(sent, status, **back)
        return sent

    def answer(self, what: Sent | str, status: int = 200, *, reason: str = "", **how: Unpack[How]) -> Sent:
        """Answer a request as its receiver would: same set; UDP on the other pair, TCP on the same connection.

        Label: that of the request with ``.status``.
        """
        asked = self.sent[what] if isinstance(what, str) else what
        who: Who = "pcscf" if asked.who == "ue" else "ue"
        how.setdefault("label", f"{asked.label}.{status}")
        self._way_back(asked, how)
        message = self._answer_text(asked, who, status, reason, how["on"], how.pop("body", None))
        sent = self.send(who, message, ue=asked.ue, **how)
        if status >= 200:
            asked.final = status
        return sent

    def invite(self, who: Who, *, ue: Ue | None = None, uri: str | None = None, **how: Unpack[How]) -> Sent:
        """INVITE and its 100: ``invite`` and ``invite.100``. Go on with ``answer``, ``ack``, ``cancel``, ``bye``."""
        how["label"] = self._name(how.get("label", "invite"))
        sent = self._ask(who, "INVITE", ue, uri, None, how)
        self.answer(sent, 100)
        return sent

    def ack(self, call: Sent, **how: Unpack[How]) -> Sent:
        """The ACK to the final answer of an INVITE: ``invite.ack``."""
        how.setdefault("label", f"{call.label}.ack")
        self._way_of(call, how)
        if call.final < 300:
            return self._ask(call.who, "ACK", call.ue, None, call, how)
        return self.send(call.who, self._same_branch(call, "ACK"), ue=call.ue, **how)

    def cancel(self, call: Sent, *, answered: bool = True, **how: Unpack[How]) -> Sent:
        """CANCEL and the 200 to it: ``invite.cancel``, ``invite.cancel.200``. The 487 is an ``answer`` of its own."""
        how.setdefault("label", f"{call.label}.cancel")
        self._way_of(call, how)
        sent = self.send(call.who, self._same_branch(call, "CANCEL"), ue=call.ue, **how)
        if answered:
            self.answer(sent, 200)
        return sent

    def bye(self, call: Sent, who: Who | None = None, **how: Unpack[How]) -> Sent:
        """BYE and the 200 to it, by the caller unless ``who`` says otherwise: ``invite.bye``, ``invite.bye.resp``."""
        how.setdefault("label", f"{call.label}.bye")
        how.setdefault("on", call.on)
        return self.request(who or call.who, "BYE", ue=call.ue, within=call, **how)

    def call(self, who: Who, *, seconds: float = 1.0, **how: Unpack[How]) -> Sent:
        """A whole call: INVITE, 100, 180, 200, ACK, BYE, 200."""
        call = self.invite(who, **how)
        self.answer(call, 180)
        self.answer(call, 200)
        self.ack(call)
        self.wait(seconds)
        self.bye(call)
        return call

    def notify_terminated(self, *, event: str = "deactivated", **how: Unpack[How]) -> Sent:
        """The network ends the registration: NOTIFY ``terminated`` and its 200; ``notify``, ``notify.resp``."""
        on = needed(how)
        contact = on.ue.uri(on.port_us, self.transport)
        how.setdefault("label", "notify")
        how.setdefault("body", reginfo(on.ue.impus[0], contact, state="terminated", event=event))
        how["headers"] = {"Subscription-State": "terminated;reason=deactivated", **how.get("headers", {})}
        return self.request("pcscf", "NOTIFY", **how)

    # The texts.

    def _ask(self, who: Who, method: str, ue: Ue | None, uri: str | None, within: Sent | None, how: How) -> Sent:
        on = how.setdefault("on", None)
        ue = on.ue if on else within.ue if within else ue or self.ues[0]
        transport = how.get("transport", self.transport)
        dialog = within.dialog if within else None
        if method == "SUBSCRIBE" and who == "ue":
            uri = uri or ue.impus[0]
        if dialog is None:
            dialog = self._new_dialog(who, ue, uri)
        if method != "ACK":
            dialog.cseq[who] += 1
        build = self._ue_request if who == "ue" else self._pcscf_request
        message = build(method, ue, on, transport, uri, dialog, within is not None, how.pop("body", None))
        sent = self.send(who, message, ue=ue, **how)
        sent.dialog = dialog
        return sent

    def _new_dialog(self, who: Who, ue: Ue, uri: str | None) -> Dialog:
        here = f"<{ue.impus[0]}>" if ue.impus else "<sip:anonymous@anonymous.invalid>"
        remote = "caller" if who == "pcscf" else "callee"
        there = f"<{uri}>" if uri else f"<sip:{remote}@{ue.domain}>"
        first, second = (here, there) if who == "ue" else (f"<sip:caller@{ue.domain}>", here)
        home = ue.address if who == "ue" else "scscf"
        return Dialog(who, f"{self.token(8)}@{home}", f"{first};tag={self.token(4)}", second, {"ue": 0, "pcscf": 0})

    def _ue_request(
        self,
        method: str,
        ue: Ue,
        on: SaSet | None,
        transport: str,
        uri: str | None,
        dialog: Dialog,
        inside: bool,
        body: bytes | None,
    ) -> Message:
        port = on.port_us if on else ue.clear_port
        server = f"<sip:{host(ue.pcscf)}:{on.port_ps if on else 5060};lr>"
        target = f"sip:callee@{SCSCF[0]}:5060" if inside else uri or f"sip:callee@{ue.domain}"
        own, other = dialog.caller_line, dialog.callee_line
        if dialog.caller == "pcscf":
            own, other = other, own
            target = f"sip:caller@{SCSCF[0]}:5060"
        headers = [
            ("Via", f"SIP/2.0/{transport.upper()} {host(ue.address)}:{port};branch={self.branch()}"),
            ("Max-Forwards", "70"),
            ("Route", server),
            ("Route", "<sip:orig@10.30.0.2:5060;lr>"),
            ("From", own),
            ("To", other),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.cseq['ue']} {method}"),
        ]
        if on and method != "ACK":
            verify = ue.server_text or on.server_text
            headers += [("Require", "sec-agree"), ("Proxy-Require", "sec-agree"), ("Security-Verify", verify)]
            headers.append(("P-Preferred-Identity", f"<{ue.impus[0]}>"))
        if method in HAS_CONTACT:
            headers.append(("Contact", f"<{ue.uri(port, transport)}>"))
        return self._finish(method, target, headers, body, ue.address)

    def _pcscf_request(
        self,
        method: str,
        ue: Ue,
        on: SaSet | None,
        transport: str,
        uri: str | None,
        dialog: Dialog,
        inside: bool,
        body: bytes | None,
    ) -> Message:
        port = on.port_ps if on else 5060
        sent_by = f"{host(ue.pcscf)}:{port}"
        own, other = dialog.caller_line, dialog.callee_line
        if dialog.caller == "ue":
            own, other = other, own
        headers = [
            ("Via", f"SIP/2.0/{transport.upper()} {sent_by};branch={self.branch()}"),
            ("Via", f"SIP/2.0/UDP {SCSCF[0]}:{SCSCF[1]};branch={self.branch()}"),
            ("Max-Forwards", "67"),
            ("From", own),
            ("To", other),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.cseq['pcscf']} {method}"),
        ]
        if not inside:
            headers[2:2] = [("Record-Route", f"<sip:{sent_by};lr>")] if method in FORMS_DIALOG else []
            headers.append(("P-Asserted-Identity", f"<sip:caller@{ue.domain}>"))
            headers.append(("P-Called-Party-ID", f"<{ue.impus[0]}>"))
        if method in HAS_CONTACT:
            headers.append(("Contact", f"<sip:caller@{SCSCF[0]}:5060>"))
        target = uri or ue.uri(on.port_us if on else ue.clear_port, transport)
        if method == "NOTIFY" and body is None:
            body = reginfo(ue.impus[0], target)
        return self._finish(method, target, headers, body, SCSCF[0])

    def _finish(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes | None, media: str
    ) -> Message:
        if method == "INVITE":
            headers.append(("Content-Type", "application/sdp"))
            body = sdp(media) if body is None else body
        elif method in ("SUBSCRIBE", "NOTIFY"):
            headers.append(("Event", "reg"))
            headers.append(
                ("Expires", "600") if method == "SUBSCRIBE" else ("Subscription-State", "active;expires=600")
            )
            if body:
                headers.append(("Content-Type", "application/reginfo+xml"))
        elif method == "MESSAGE":
            headers.append(("Content-Type", "text/plain"))
            body = b"hello" if body is None else body
        return request(method, target, headers, body or b"")

    def _answer_text(
        self, asked: Sent, who: Who, status: int, reason: str, on: SaSet | None, body: bytes | None
    ) -> Message:
        ask = asked.message
        vias = ask.all("Via")
        if ";rport" in vias[0] and ";rport=" not in vias[0]:
            filled = on.port_us if on and asked.who == "ue" else asked.path.source[1]
            vias[0] = vias[0].replace(";rport", f";rport={filled}")
        to = ask["To"]
        if status > 100 and ";tag=" not in to:
            asked.to_tag = asked.to_tag or self.token(4)
            to = f"{to};tag={asked.to_tag}"
            if asked.dialog:
                asked.dialog.callee_line = to
        headers = [("Via", via) for via in vias]
        method = ask.method
        if method in FORMS_DIALOG and 100 < status < 300:
            headers += [("Record-Route", route) for route in self._record_route(asked)]
        headers += [("From", ask["From"]), ("To", to), ("Call-ID", ask["Call-ID"]), ("CSeq", ask["CSeq"])]
        if method in HAS_CONTACT and 100 < status < 300:
            contact = f"sip:callee@{SCSCF[0]}:5060"
            if who == "ue":
                contact = asked.ue.uri(on.port_us if on else asked.ue.clear_port, asked.transport)
            headers.append(("Contact", f"<{contact}>"))
        if method == "SUBSCRIBE" and 200 <= status < 300:
            headers.append(("Expires", "600"))
        if method == "INVITE" and status in (183, 200):
            headers.append(("Content-Type", "application/sdp"))
            body = sdp(asked.ue.address if who == "ue" else SCSCF[0]) if body is None else body
        return response(status, headers, body or b"", reason)

    def _record_route(self, asked: Sent) -> list[str]:
        if asked.who == "pcscf":
            return asked.message.all("Record-Route")
        port = asked.on.port_ps if asked.on else 5060
        return [f"<sip:10.30.0.1;lr;ftag={asked.label}>", f"<sip:{host(asked.ue.pcscf)}:{port};lr>"]

    def _same_branch(self, call: Sent, method: str) -> Message:
        """CANCEL, or the ACK to a refusal: what they copy from their INVITE (RFC 3261 9.1, 17.1.1.3)."""
        ask = call.message
        to = ask["To"] if method == "CANCEL" or not call.to_tag else f"{ask['To']};tag={call.to_tag}"
        headers = [("Via", ask["Via"]), ("Max-Forwards", "70")]
        headers += [("Route", route) for route in ask.all("Route")]
        headers += [("From", ask["From"]), ("To", to), ("Call-ID", ask["Call-ID"])]
        headers.append(("CSeq", f"{ask['CSeq'].split(' ')[0]} {method}"))
        return request(method, ask.uri, headers)

    @staticmethod
    def _way_back(asked: Sent, how: How) -> None:
        """Fill in how an answer travels: the set of the request; over TCP, and in clear, back between its two ends."""
        on = how.setdefault("on", asked.on)
        transport = how.setdefault("transport", asked.transport)
        same = on is asked.on and transport == asked.transport and not how.keys() & {"role", "sport", "dport"}
        if same and (on is None or transport == "tcp"):
            how["sport"], how["dport"] = asked.path.target[1], asked.path.source[1]
            if asked.role:
                how["role"] = BACK[asked.role]

    @staticmethod
    def _way_of(call: Sent, how: How) -> None:
        """As the INVITE went, unless the test says otherwise."""
        how.setdefault("on", call.on)
        how.setdefault("transport", call.transport)
        if how["on"] is call.on and call.role and not how.keys() & {"sport", "dport"}:
            how.setdefault("role", call.role)

    def token(self, octets: int) -> str:
        """A random word."""
        return self.rng.randbytes(octets).hex()

    def branch(self) -> str:
        """A new branch."""
        return f"z9hG4bK{self.token(6)}"
