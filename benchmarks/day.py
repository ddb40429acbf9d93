"""A day of a phone: what phones and their network say beside short messages, in the sizes that they have in the field.

Calls whose answers have two kilobytes, SMS with control octets, requests for options, the subscription to the
registration event and what it notifies of, refreshes of the registration that are not challenged, and keep-alives. Over
TCP what is longer than a segment goes in several, over UDP in IP fragments; requests over UDP stay below 1,300 octets.
"""

from __future__ import annotations

from benchmarks.phones import ACCESS, DOMAIN, NETWORK, Phone

FEATURES = (
    '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel";audio;video;+g.3gpp.mid-call;+g.3gpp.srvcc-alerting;'
    "+g.3gpp.ps2cs-srvcc-orig-pre-alerting"
)
CALLING = (
    "P-Early-Media: supported",
    "Accept: application/sdp, application/3gpp-ims+xml",
    "Session-Expires: 1800",
    "P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.mmtel",
    f"Accept-Contact: *;{FEATURES}",
)
"""What a request for a call has besides, where it may be long."""
CALLED = ("Session-Expires: 1800;refresher=uac", "P-Early-Media: sendrecv", f"Feature-Caps: *;{FEATURES}")
CODECS = "".join(
    f"a=rtpmap:{number} {name}\r\na=fmtp:{number} {how};max-red=0\r\n"
    for number, name, how in (
        (116, "EVS/16000", "br=5.9-24.4;bw=nb-swb;ch-aw-recv=2"),
        (107, "AMR-WB/16000", "octet-align=1;mode-change-capability=2"),
        (118, "AMR-WB/16000", "mode-change-capability=2"),
        (96, "AMR/8000", "octet-align=1;mode-change-capability=2"),
        (111, "telephone-event/16000", "0-15"),
    )
)
SDP = (
    "v=0\r\no=- 3890817 3890817 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nb=AS:49\r\nt=0 0\r\n"
    f"m=audio 49152 RTP/AVP 116 107 118 96 111\r\nb=AS:49\r\nb=RS:600\r\nb=RR:2000\r\n{CODECS}"
    "a=curr:qos local none\r\na=curr:qos remote none\r\na=des:qos mandatory local sendrecv\r\na=sendrecv\r\n"
)
SHORT_SDP = SDP[: SDP.index("a=")]
SMS = "".join(chr(1 + place * 7 % 126) for place in range(180))


class Day(Phone):
    """One UE whose exchanges follow each other as on a day."""

    def begin(self) -> None:
        super().begin()
        self.subscribe()

    def again(self) -> None:
        super().again()
        self.subscribe()

    def talk(self) -> None:
        """The next exchange."""
        self.turn += 1
        day = (self.ring, self.alive, self.message, self.alive, self.refresh, self.options, self.alive, self.notify)
        day[self.turn % len(day)]()

    @property
    def mine(self) -> tuple[str, str, str]:
        """Where it is reached, who it is, and what tells the exchanges of one generation apart."""
        return (
            f"sip:{self.user}@{self.text}:45000",
            f"<sip:{self.impi}>",
            f"{self.number}d{self.generation}x{self.turn}",
        )

    def ask(self, method: str, name: str, body: str = "", kind: str = "", more: tuple[str, ...] = ()) -> None:
        """A request of the UE and its answer."""
        _, me, _ = self.mine
        uri = me.strip("<>") if method == "SUBSCRIBE" else f"sip:smsc@{DOMAIN}"
        asked = self.request(uri, f"{self.text}:45000", name, me, body, True, method, 1, kind, (*more, *ACCESS))
        self.up(self.set, asked)
        self.down(self.set, self.answer(asked, "200 OK", *NETWORK))

    def be_asked(self, method: str, name: str, body: str = "", kind: str = "", more: tuple[str, ...] = ()) -> None:
        """A request of the network and its answer."""
        uri, _, _ = self.mine
        asked = self.request(uri, f"{self.pcscf_text}:6100", name, "<sip:a@x.org>", body, False, method, 1, kind, more)
        self.down(self.set, asked)
        self.up(self.set, self.answer(asked, "200 OK", *ACCESS))

    # The exchanges.

    def subscribe(self) -> None:
        """To the registration event; the state comes at once."""
        uri, _, name = self.mine
        more = (f"Contact: <{uri}>", "Event: reg", "Accept: application/reginfo+xml", "Expires: 600000")
        self.ask("SUBSCRIBE", f"{name}s", more=more)
        self.notify("n")

    def notify(self, more: str = "") -> None:
        """The registration of all identities: one of them over UDP, four over TCP."""
        uri, _, name = self.mine
        each = (
            '<registration aor="sip:{0}@x.org" id="{0}" state="active"><contact id="{0}" state="active" '
            f'event="created" expires="599990"><uri>{uri}</uri><unknown-param name="+g.3gpp.icsi-ref">mmtel'
            "</unknown-param></contact></registration>\n"
        )
        body = '<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="1" state="full">\n'
        body += "".join(each.format(number) for number in range(4 if self.transport == "tcp" else 1)) + "</reginfo>\n"
        state = "Event: reg", "Subscription-State: active;expires=599990"
        self.be_asked("NOTIFY", name + "n" + more, body, "application/reginfo+xml", (*state, *NETWORK[:1]))

    def message(self) -> None:
        """An SMS in each direction."""
        _, _, name = self.mine
        self.ask("MESSAGE", name + "u", SMS, "application/vnd.3gpp.sms")
        self.be_asked("MESSAGE", name + "d", SMS, "application/vnd.3gpp.sms")

    def options(self) -> None:
        """The network looks whether the phone is there."""
        self.be_asked("OPTIONS", self.mine[2])

    def alive(self) -> None:
        """A keep-alive: ping and pong over TCP (RFC 5626 4.4.1); over UDP nothing comes back."""
        self.up(self.set, "\r\n\r\n")
        if self.transport == "tcp":
            self.stream(self.set, True).say(False, "\r\n")

    def refresh(self) -> None:
        """A REGISTER that is not challenged: the SPIs that it offers are never used."""
        asked = self.register(self.make(100 + self.turn % 20), self.set, 45000, self.set.nonce)
        self.up(self.set, asked)
        contact = next(line for line in asked.split("\r\n") if line.startswith("Contact"))
        self.down(self.set, self.answer(asked, "200 OK", contact, f"P-Associated-URI: <sip:{self.impi}>"))

    def ring(self) -> None:
        """A call by the UE, which is not taken: INVITE, 100, 183, PRACK, 200, 180, 486, ACK."""
        uri, me, name = self.mine
        keys, callee, sent_by, kind = self.set, f"sip:callee@{DOMAIN}", f"{self.text}:45000", "application/sdp"
        offer, more = (SDP, CALLING) if self.transport == "tcp" else (SHORT_SDP, ())
        contact = f"Contact: <{uri}>;{FEATURES}" if more else f"Contact: <{uri}>"
        invite = self.request(callee, sent_by, name, me, offer, True, "INVITE", 1, kind, (contact, *more, *ACCESS))
        self.up(keys, invite)
        self.down(keys, self.answer(invite, "100 Trying"))
        remote, to = f"sip:callee@as.{DOMAIN}:5060", f"<{callee}>;tag=a"
        routes = f"Record-Route: <sip:scscf.{DOMAIN};lr>, <sip:{self.pcscf_text}:6100;lr>"
        ok = (routes, f"Contact: <{remote}>;{FEATURES}", *CALLED, *NETWORK)
        reliable = ("RSeq: 1", "Require: 100rel", f"Content-Type: {kind}")
        self.down(keys, self.answer(invite, "183 Session Progress", *ok, *reliable, body=SDP))
        rack = ("RAck: 1 1 INVITE", *ACCESS)
        prack = self.request(remote, sent_by, name, me, "", True, "PRACK", 2, "", rack, to, name + "p")
        self.up(keys, prack)
        self.down(keys, self.answer(prack, "200 OK", *NETWORK))
        self.down(keys, self.answer(invite, "180 Ringing", *ok))
        self.down(keys, self.answer(invite, "486 Busy Here", *NETWORK))
        self.up(keys, self.request(callee, sent_by, name, me, "", False, "ACK", 1, "", ACCESS, to, name))
