"""UEs and what they say: registrations, messages and calls, conformant in every header that the rules look at."""

from __future__ import annotations

import base64
import hashlib
import socket

from benchmarks.frames import Set, Writer, octets
from benchmarks.streams import Stream

DOMAIN = "ims.mnc001.mcc001.3gppnetwork.org"
MEDIA = 49152
GENERATIONS = 128
"""Sets that one UE can have: SPIs of different UEs never meet."""

ACCESS = (
    "P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001",
    "User-Agent: bench/1.0 (a phone; release 17)",
    "Allow: INVITE, ACK, OPTIONS, BYE, CANCEL, UPDATE, INFO, PRACK, NOTIFY, MESSAGE, REFER",
    "Supported: 100rel, timer, precondition, path, gruu",
)
"""What phones say in nearly every message."""
NETWORK = (
    "P-Charging-Vector: icid-value=bench-0123456789abcdef;orig-ioi=ims.mnc001.mcc001.3gppnetwork.org",
    "Server: bench/1.0 (a core)",
    "Allow: INVITE, ACK, OPTIONS, BYE, CANCEL, UPDATE, INFO, PRACK, NOTIFY, MESSAGE, REFER",
)
"""What cores say in many answers."""


class Phone:
    """One UE at its P-CSCF: as many sets as it registers, each used from then on."""

    def __init__(
        self,
        number: int,
        writer: Writer,
        transport: str = "udp",
        pair: tuple[str, str] = ("hmac-sha-1-96", "aes-cbc"),
        ipv6: bool = False,
    ) -> None:
        self.number = number
        self.writer = writer
        self.transport = transport
        self.pair = pair
        self.address = bytes((10, 1 + (number >> 16), (number >> 8) & 255, number & 255))
        self.pcscf = bytes((10, 200, 0, 1))
        family = socket.AF_INET
        if ipv6:
            prefix, family = bytes.fromhex("20010db8000000000000000000"), socket.AF_INET6
            self.address, self.pcscf = prefix + self.address[1:], prefix + b"\xff\x00\x01"
        self.literal, self.pcscf_literal = (socket.inet_ntop(family, one) for one in (self.address, self.pcscf))
        self.text = f"[{self.literal}]" if ipv6 else self.literal
        self.pcscf_text = f"[{self.pcscf_literal}]" if ipv6 else self.pcscf_literal
        self.impi = f"00101{number:010d}@{DOMAIN}"
        self.user = self.impi.split("@")[0]
        self.media = MEDIA + number % 8000 * 2
        """The port that all its SDP names."""
        self.cseq = 0
        self.turn = 0
        self.generation = 0
        self.authorization = ""
        self.streams: dict[tuple[int, bool], Stream] = {}
        self.set = self.make(0)
        self.sets = [self.set]

    def make(self, generation: int) -> Set:
        base = (self.number * GENERATIONS + generation) * 4
        name = f"{self.number}.{generation}"
        return Set(
            base + 0x40000000,
            base + 0x40000001,
            base + 0x80000000,
            base + 0x80000001,
            20000 + (self.number * 7 + generation) % 20000,
            45000,
            5100 + (self.number * 3 + generation) % 900,
            6100,
            octets("ck" + name, 16),
            octets("ik" + name, 16),
            base64.b64encode(octets("rand" + name, 32)).decode(),
            *self.pair,
        )

    # How a message travels.

    def clear(self, up: bool, text: str) -> None:
        if self.transport == "tcp":
            self.stream(None, True).say(up, text)
        elif up:
            self.writer.udp(self.address, self.pcscf, 5060, 5060, text)
        else:
            self.writer.udp(self.pcscf, self.address, 5060, 5060, text)

    def up(self, keys: Set, text: str) -> None:
        """Protected, to the P-CSCF; over TCP an answer goes back on the connection of its request."""
        if self.transport == "tcp":
            self.stream(keys, not text.startswith("SIP/2.0 ")).say(True, text)
        else:
            self.writer.esp_udp(self.address, self.pcscf, keys.spi_ps, keys, keys.port_uc, keys.port_ps, text)

    def down(self, keys: Set, text: str) -> None:
        """Protected, to the UE."""
        if self.transport == "tcp":
            self.stream(keys, text.startswith("SIP/2.0 ")).say(False, text)
        else:
            self.writer.esp_udp(self.pcscf, self.address, keys.spi_us, keys, keys.port_pc, keys.port_us, text)

    def stream(self, keys: Set | None, by_ue: bool) -> Stream:
        """The connection that this side opens on this set, opened if it is not."""
        key = (keys.spi_uc if keys else 0, by_ue)
        if key not in self.streams:
            self.streams[key] = Stream(self.writer, self.address, self.pcscf, keys, by_ue)
        return self.streams[key]

    # Registration.

    def register(self, new: Set, verify: Set | None, port: int, nonce: str) -> str:
        self.cseq += 1
        if nonce:
            secret = hashlib.md5(f"{self.impi}:{DOMAIN}:{nonce}".encode()).hexdigest()
            answer = hashlib.md5(f"{secret}:{nonce}:{self.number}".encode()).hexdigest()
            self.authorization = f'nonce="{nonce}", response="{answer}", algorithm=AKAv1-MD5'
        credentials = self.authorization if verify else 'nonce="", response=""'
        instance = f'+sip.instance="<urn:gsma:imei:{self.number:015d}>"'
        mode = ";transport=tcp" if self.transport == "tcp" else ""
        lines = [
            f"REGISTER sip:{DOMAIN} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.text}:{port};branch=z9hG4bKr{self.number}x{self.cseq}",
            "Max-Forwards: 70",
            f"From: <sip:{self.impi}>;tag=f{self.number}",
            f"To: <sip:{self.impi}>",
            f"Call-ID: reg{self.number}@{self.text}",
            f"CSeq: {self.cseq} REGISTER",
            f"Contact: <sip:{self.user}@{self.text}:{port}{mode}>;{instance};expires=600000",
            "Expires: 600000",
            f'Authorization: Digest username="{self.impi}", realm="{DOMAIN}", uri="sip:{DOMAIN}", {credentials}',
            f"Security-Client: {new.client()}",
            "Require: sec-agree",
            "Proxy-Require: sec-agree",
            *([f"Security-Verify: {verify.server()}"] if verify else []),
            "Supported: path",
            "Content-Length: 0",
        ]
        return "\r\n".join(lines) + "\r\n\r\n"

    def answer(self, request: str, status: str, *more: str, body: str = "") -> str:
        kept = [
            line
            for line in request.split("\r\n\r\n")[0].split("\r\n")
            if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")
        ]
        if not status.startswith("100"):
            kept = [f"{line};tag=a" if line.startswith("To:") and ";tag=" not in line else line for line in kept]
        return "\r\n".join([f"SIP/2.0 {status}", *kept, *more, f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body

    def challenge(self, request: str, new: Set) -> str:
        return self.answer(
            request,
            "401 Unauthorized",
            f"Security-Server: {new.server()}",
            f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="{new.nonce}", algorithm=AKAv1-MD5',
        )

    def begin(self) -> None:
        """The first registration: SM1 and SM6 in clear, SM7 and SM12 on the new set."""
        first = self.set
        sm1 = self.register(first, None, 5060, "")
        self.clear(True, sm1)
        self.clear(False, self.challenge(sm1, first))
        self.confirm(first)

    def again(self) -> None:
        """The next one, on the set before."""
        self.generation += 1
        old, new = self.set, self.make(self.generation)
        sm1 = self.register(new, old, 45000, "")
        self.up(old, sm1)
        self.down(old, self.challenge(sm1, new))
        self.confirm(new)
        self.sets.append(new)

    def confirm(self, new: Set) -> None:
        sm7 = self.register(new, new, 45000, new.nonce)
        self.up(new, sm7)
        contact = next(line for line in sm7.split("\r\n") if line.startswith("Contact"))
        self.down(new, self.answer(sm7, "200 OK", contact, f"P-Associated-URI: <sip:{self.impi}>"))
        self.set = new

    # What they say.

    def talk(self) -> None:
        """Three calls, then an SMS in each direction: ten, or four protected messages."""
        self.turn += 1
        if self.turn % 4:
            self.call()
        else:
            self.exchange()

    def exchange(self) -> None:
        """A MESSAGE in each direction, and its answer."""
        keys, body = self.set, "x" * 440
        name = f"{self.number}x{self.turn}"
        mine = self.request(f"sip:callee@{DOMAIN}", f"{self.text}:45000", name, f"<sip:{self.impi}>", body, verify=True)
        self.up(keys, mine)
        asserted = "P-Asserted-Identity: <sip:callee@example.org>"
        self.down(keys, self.answer(mine, "202 Accepted", asserted, *NETWORK))
        uri = f"sip:{self.user}@{self.text}:45000"
        theirs = self.request(uri, f"{self.pcscf_text}:6100", "n" + name, "<sip:caller@x.org>", body)
        self.down(keys, theirs)
        self.up(keys, self.answer(theirs, "200 OK", *ACCESS))

    def call(self) -> None:
        """A call by the UE: INVITE, 100, 183, PRACK, 200, 180, 200, ACK, BYE, 200."""
        keys, name = self.set, f"{self.number}c{self.turn}"
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            f"m=audio {self.media} RTP/AVP 104 96\r\nb=AS:41\r\na=rtpmap:104 AMR-WB/16000\r\n"
            "a=fmtp:104 mode-change-capability=2;max-red=0\r\na=rtpmap:96 AMR/8000\r\na=ptime:20\r\na=sendrecv\r\n"
            "a=curr:qos local none\r\na=curr:qos remote none\r\na=des:qos mandatory local sendrecv\r\n"
        )
        uri, caller = f"sip:callee@{DOMAIN}", f"<sip:{self.impi}>"
        contact = f"Contact: <sip:{self.user}@{self.text}:45000>"
        sent_by, kind = f"{self.text}:45000", "application/sdp"
        invite = self.request(uri, sent_by, name, caller, sdp, True, "INVITE", 1, kind, (contact, *ACCESS))
        self.up(keys, invite)
        self.down(keys, self.answer(invite, "100 Trying"))
        routes = f"Record-Route: <sip:scscf.{DOMAIN};lr>, <sip:{self.pcscf_text}:6100;lr>"
        remote = f"sip:callee@as.{DOMAIN}:5060"
        ok = (routes, f"Contact: <{remote}>", *NETWORK)
        typed = "Content-Type: application/sdp"
        self.down(keys, self.answer(invite, "183 Session Progress", *ok, "RSeq: 1", "Require: 100rel", typed, body=sdp))
        to, rack = f"<{uri}>;tag=a", "RAck: 1 1 INVITE"
        prack = self.request(remote, sent_by, name, caller, "", True, "PRACK", 2, "", (rack, *ACCESS), to, name + "p")
        self.up(keys, prack)
        self.down(keys, self.answer(prack, "200 OK", *NETWORK))
        self.down(keys, self.answer(invite, "180 Ringing", *ok))
        self.down(keys, self.answer(invite, "200 OK", *ok, typed, body=sdp))
        self.up(keys, self.request(remote, sent_by, name, caller, "", False, "ACK", 1, "", ACCESS, to, name + "a"))
        bye = self.request(remote, sent_by, name, caller, "", True, "BYE", 3, "", ACCESS, to, name + "b")
        self.up(keys, bye)
        self.down(keys, self.answer(bye, "200 OK", *NETWORK))

    def request(
        self,
        uri: str,
        sent_by: str,
        name: str,
        caller: str,
        body: str,
        verify: bool = False,
        method: str = "MESSAGE",
        cseq: int = 1,
        kind: str = "text/plain",
        more: tuple[str, ...] = (),
        to: str = "",
        branch: str = "",
    ) -> str:
        """A request; ``verify``: with what sec-agree asks of a UE. ``to`` and ``branch`` differ within a dialog."""
        agreed = (f"Security-Verify: {self.set.server()}", "Require: sec-agree", "Proxy-Require: sec-agree")
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {sent_by};branch=z9hG4bKm{branch or name}",
            "Max-Forwards: 70",
            *((f"Route: <sip:{self.pcscf_text}:6100;lr>",) if sent_by.startswith(self.text) else ()),
            f"From: {caller};tag=t{name}",
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: c{name}@{self.text}",
            f"CSeq: {cseq} {method}",
            *(agreed if verify else ()),
            *more,
            *((f"Content-Type: {kind}",) if body else ()),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body
