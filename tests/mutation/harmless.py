"""Changes that are none of a fault: other spellings, and repetitions. Nothing but notes may come out."""

from __future__ import annotations

from .edits import SHA_AES, SHA_NULL, TCP, harmless, headers
from .model import Act, Mutated, Mutation


def respelt(text: str) -> str:
    """The same entry: parameters in another order, upper case, blanks, leading zeros."""
    name, *parameters = text.replace("spi-c=", "spi-c=0").split(";")
    return " ; ".join([name.upper(), *(each.upper() for each in reversed(parameters))])


def spelling() -> list[Mutation]:
    both = {name: headers(Security_Client=respelt) for name in ("sm1", "sm7")}
    return [
        harmless(
            "Security-Client of SM7 in another spelling",
            "FP20, 8.4 CANON",
            change={"sm7": headers(Security_Client=respelt)},
        ),
        harmless("Security-Client in another spelling in both", "FP20", change=both),
        harmless(
            "Security-Verify in another spelling", "FP20, 8.4 CANON", change={"sm7": headers(Security_Verify=respelt)}
        ),
        harmless("Security-Server in another spelling", "FP20", change={"sm6": headers(Security_Server=respelt)}),
        harmless(
            "Security-Verify on two lines",
            "FP20, 8.4: all lines of the name are joined",
            change={
                "sm1": {"offers": [SHA_AES, SHA_NULL]},
                "sm6": {"offers": [SHA_AES, SHA_NULL]},
                "sm7": lambda s: headers(Security_Verify=s.sets[-1].server_text.split(", ")),
            },
        ),
        harmless(
            "ealg=null left out in SM7",
            "8.4 DEFAULT, R12",
            scenario={"ealg": "null"},
            change={"sm7": headers(Security_Client=lambda text: text.replace(";ealg=null", ""))},
        ),
        harmless(
            "prot and mod spelt out in SM7",
            "8.4 DEFAULT, R12",
            change={
                "sm7": headers(
                    Security_Client=lambda text: f"{text};prot=esp;mod=trans" if "prot=" not in text else text
                )
            },
        ),
        harmless(
            "distinct q values",
            "8.2",
            change={
                "sm1": {"offers": [SHA_AES, SHA_NULL]},
                "sm6": {"offers": [SHA_AES, SHA_NULL], "q": ["0.7", "0.2"]},
            },
        ),
        harmless(
            "a mediasec entry in Security-Client",
            "8.4: taken out and compared apart",
            change={
                name: headers(Security_Client=lambda text: f"{text}, sdes-srtp;mediasec") for name in ("sm1", "sm7")
            },
        ),
        harmless(
            "a mediasec entry in the 200", "NEG-19", change={"sm12": headers(Security_Server="sdes-srtp;mediasec")}
        ),
        harmless(
            "a tls entry beside ipsec-3gpp",
            "FP20",
            change={name: headers(Security_Client=lambda text: f"tls, {text}") for name in ("sm1", "sm7")},
        ),
        harmless(
            "SPIs of three digits that are usable",
            "NEG-21: INFO",
            change={"sm1": {"client": {"spi_c": 300, "spi_s": 301}}},
        ),
        harmless(
            "header lines in another order",
            "RFC 3261 7.3.1",
            turned=frozenset({"sm1", "sm7", "message", "notify", "greeting"}),
        ),
        harmless(
            "quoted algorithm in Authorization",
            "FP20, AUTH-03",
            change={
                "sm7": headers(Authorization=lambda text: text.replace("algorithm=AKAv1-MD5", 'algorithm="akav1-md5"'))
            },
        ),
        harmless(
            "the nonce without its padding",
            "AUTH-01: padding variants of base64",
            change={"sm6": headers(WWW_Authenticate=unpadded), "sm7": headers(Authorization=unpadded)},
            stop="sm12",
        ),
        harmless(
            "qop=auth", "AUTH-12: RFC 3310 with qop", change={"sm6": {"qop": "auth"}}, keys=Mutated.subscriber_toml
        ),
        harmless(
            "an anonymous From",
            "SA-20: anonymous From",
            change={"message": headers(From='"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1')},
        ),
        harmless(
            "the other registered identity",
            "FP8, SA-20",
            change={"message": headers(P_Preferred_Identity="<tel:+1000000001>")},
        ),
        harmless(
            "a GRUU in Contact",
            "PORT-11",
            change={"subscribe": headers(Contact="<sip:001010000000001@ims.example.org;gr=urn:gsma:imei:1>")},
        ),
        harmless(
            "a host name in Route",
            "PORT-12: FQDN with port",
            change={"message": headers(Route=lambda text: text.replace("10.20.0.1:", "pcscf.example.org:"))},
        ),
        harmless(
            "rport in the Via, answered to us", "PORT-09: rport changes nothing", change={"message": {"rport": True}}
        ),
        harmless(
            "a body with SIP in it",
            "R25: SIP quoted inside another message",
            change={"message": {"body": b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n"}},
        ),
    ]


def unpadded(text: str) -> str:
    return text.replace('=",', '",')


def repetition() -> list[Mutation]:
    def again(label: str, *pauses: float) -> dict[str, Act]:
        def act(s: Mutated) -> None:
            for number, seconds in enumerate(pauses):
                s.wait(seconds)
                s.again(label, label=f"{label}.again{number}")

        return {label: act}

    made = [
        harmless(
            f"{label} again after 2 and 4 s", "FP1: the same message in a new ESP packet", after=again(label, 2, 4)
        )
        for label in ("sm1", "sm7", "sm12", "sm1.2", "sm6.2", "sm7.2", "subscribe", "call.200", "options", "dereg")
    ]
    made += [
        harmless("an answer again", "FP1", after=again("message.resp", 2)),
        harmless(
            "a TCP segment again", "FP1, FP23", scenario=TCP, after={"message.resp": lambda s: s.retransmit("message")}
        ),
        harmless("SM7 in three segments", "FP23", scenario=TCP, change={"sm7": {"segments": 3}}),
    ]
    return made


MUTATIONS = [*spelling(), *repetition()]
