"""What clauses permit although it looks odd: nothing but notes may come out."""

from __future__ import annotations

import re
from typing import Any

from tests.scenario.state import Params

from . import stories
from .edits import TCP, UE, asks, first, harmless, on_second, second
from .model import Act, Mutated, Mutation, probable


def permitted() -> list[Mutation]:
    def extra(**options: Any) -> Act:
        return lambda s: s.register(ue=s.ue(options.pop("number", 1), **options))

    return [
        harmless("a second contact of the same UE", "FP9", before={"options": extra(reg_id=2, instance="urn:uuid:2")}),
        harmless("an emergency registration meanwhile", "FP10", before={"options": extra(sos=True)}),
        harmless("another UE at the same P-CSCF", "FP25", before={"sm7.2": extra(number=2)}),
        harmless("another UE behind the same address", "FP28", before={"sm7.2": extra(number=3, address="10.20.0.11")}),
        harmless("a UE that has the SPIs of another", "FP25, FP28: keys by address", before={"options": same_spis}),
        harmless("an emergency call in clear", "FP10", before={"options": emergency}),
        harmless(
            "a refresh that is not challenged", "FP16, AUTH-07", before={"greeting": lambda s: s.refresh(on=s.second)}
        ),
        harmless("an offer once more that was never used", "FP16, NEG-11", story=offered_again),
        harmless(
            "a restart in clear with another server port",
            "FP15, FP30",
            story=stories.restarted,
            change={"sm1.2": {"client": {"port_s": 31077}}},
        ),
        harmless(
            "a restart in clear from another address",
            "FP15: a new context",
            before={"dereg": extra(address="10.20.0.77")},
        ),
        harmless("423 and again", "FP17: Min-Expires", story=too_brief),
        harmless(
            "503 to a protected SM1",
            "FP17, case I",
            before={"dereg": lambda s: s.sm12(s.sm1(over=s.second, label="busy"), status=503, label="busy.503")},
        ),
        harmless("a second challenge to SM7", "case E, R11", story=stories.challenged_again),
        harmless("a report of a wrong MAC", "case F", story=stories.forged),
        harmless("a report of a wrong SQN over an old set", "case F with SM1 protected", story=stories.forged_again),
        harmless("a resynchronisation", "case G", story=stories.out_of_step),
        harmless("a wrong RES and its refusal", "case D1", story=stories.refused, keys=Mutated.subscriber_toml),
        harmless(
            "a wrong RES in a re-registration", "case D2", story=stories.refused_again, keys=Mutated.subscriber_toml
        ),
        harmless("calls that ring across the switch", "FP6", story=stories.ringing),
        harmless("calls that ring across the switch over TCP", "FP6, TRN-05", story=stories.ringing, scenario=TCP),
        harmless(
            "a request of the UE while it re-registers", "SA-08: on the old set", before={"sm7.2": asks("ue", on=first)}
        ),
        harmless(
            "a request of the P-CSCF while the UE re-registers", "SA-08", before={"sm12.2": asks("pcscf", on=first)}
        ),
        harmless(
            "a request of the UE that SM12 may have crossed",
            "SA-12, FP2",
            scenario={"vantage": "pcscf"},
            after={"sm12.2": asks("ue", on=first)},
            expected=(probable("SA-12", UE, "extra"),),
        ),
        harmless("100 Trying to SM1", "SA-03: 100 is no SM6", after={"sm1": lambda s: s.answer("sm1", 100)}),
        harmless(
            "a request inside a dialog",
            "FP24: a new transaction of an old dialog on the new set",
            before={"dereg": asks("ue", on=second)},
        ),
        harmless(
            "the network ends the registration",
            "case J",
            after={"greeting.resp": lambda s: s.notify_terminated(on=s.second, label="ended")},
            stop="greeting.resp",
        ),
        harmless(
            "a sudden silence of the P-CSCF",
            "FP26: a symptom",
            skip=frozenset({"greeting", "greeting.resp", "call.bye.resp", "dereg.200"}),
        ),
        harmless("SPIs of a deleted set come again", "FP29", story=comes_again),
        harmless(
            "the UE registers at another P-CSCF",
            "FP15: no set there",
            before={"dereg": extra(pcscf="10.20.0.2", address="10.20.0.11")},
        ),
        harmless("no IPsec at all", "FP11: TLS", story=without_ipsec),
        harmless("an answer of the core leg beside", "the core leg has its own rules", story=stories.behind_core),
    ]


def trapped() -> list[Mutation]:
    """What would be a fault but for one circumstance (see traps.py)."""
    return [
        harmless(
            "another identity is due later",
            "FP8: the longest registration counts",
            story=two_identities,
            scenario={"expires": 600},
        ),
        harmless(
            "a second contact registers while the first re-registers",
            "FP9: another flow, another procedure",
            before={"sm7.2": lambda s: s.register(ue=s.ue(1, reg_id=2, instance="urn:uuid:2"))},
        ),
        harmless(
            "a request eight seconds after the deadline",
            "FP14: 5 s and one per cent",
            story=stories.short,
            scenario={"expires": 600},
            before={"message": lambda s: s.wait(638)},
            stop="message.resp",
        ),
        harmless(
            "a keep-alive before SM12",
            "FP19: neither a request nor a response",
            before={"sm12.2": lambda s: s.send("ue", b"\r\n\r\n", on=s.second, label="noise")},
        ),
        harmless(
            "SM7 of a re-registration is refused on its own connection",
            "FP27, R37: 33.203 and RFC 3261 disagree over TCP",
            story=stories.refused_again,
            scenario=TCP,
            change={"sm12.2": on_second},
        ),
        harmless(
            "the keys do not fit",
            "FP18: nothing verifies from the first packet on",
            keys=lambda s: re.sub(r'(ck|ik) = "\w{8}', r'\1 = "00000000', s.keys_toml()),
            blind=True,
        ),
    ]


def two_identities(s: Mutated) -> None:
    on = s.register()
    headers = {"To": f"<{on.ue.impus[1]}>"}
    s.refresh(on=on, sm1={"headers": headers}, sm12={"expires": 7200})
    for seconds in (350, 200):
        s.wait(seconds)
        s.request("ue", "MESSAGE", on=on)


def same_spis(s: Mutated) -> None:
    old = s.first
    server: Params = {"spi_c": old.spi_pc, "spi_s": old.spi_ps}
    s.register(ue=s.ue(2), sm6={"server": server})


def emergency(s: Mutated) -> None:
    call = s.invite("ue", uri="urn:service:sos", label="sos")
    s.answer(call, 200)
    s.ack(call)
    s.bye(call)


def offered_again(s: Mutated) -> None:
    on = s.register()
    s.wait(60)
    offer = s.refresh(on=on).client
    s.wait(60)
    second_set = s.register(over=on, sm1={"client": offer})
    s.request("ue", "MESSAGE", on=second_set, label="message")


def too_brief(s: Mutated) -> None:
    s.sm12(s.sm1(expires=60), status=423)
    s.wait(1)
    on = s.register()
    s.request("ue", "MESSAGE", on=on)


def comes_again(s: Mutated) -> None:
    on = s.register()
    s.request("ue", "MESSAGE", on=on)
    s.deregister(on=on)
    s.wait(300)
    mine: Params = {"spi_c": on.spi_uc, "spi_s": on.spi_us, "port_c": on.port_uc}
    theirs: Params = {"spi_c": on.spi_pc, "spi_s": on.spi_ps, "port_c": on.port_pc}
    again = s.register(sm1={"client": mine}, sm6={"server": theirs})
    s.request("ue", "MESSAGE", on=again)
    s.request("pcscf", "OPTIONS", on=again)


def without_ipsec(s: Mutated) -> None:
    s.sm12(s.sm1(headers={"Security-Client": "tls"}))
    s.request("ue", "MESSAGE")
    s.request("pcscf", "OPTIONS")


MUTATIONS = [*permitted(), *trapped()]
