"""Conformant lives of a UE, which mutations change. By themselves they give no finding."""

from __future__ import annotations

from tests.scenario import Procedure, Sent

from .model import Mutated


def life(s: Mutated) -> None:
    """Registration, traffic both ways, re-registration, the switch of both sides, deregistration."""
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first, label="subscribe")
    s.request("pcscf", "NOTIFY", on=first, label="notify")
    call = s.invite("ue", on=first, label="call")
    s.answer(call, 200)
    s.ack(call)
    s.wait(60)
    second = s.register(over=first)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=first, label="options")
    s.request("ue", "MESSAGE", on=second, label="message")
    s.wait(3)
    s.request("pcscf", "MESSAGE", on=second, label="greeting")
    s.bye(call, on=second)
    s.deregister(on=second)


def short(s: Mutated) -> None:
    """One registration, and one request each way."""
    first = s.register()
    s.request("ue", "MESSAGE", on=first, label="message")
    s.request("pcscf", "OPTIONS", on=first, label="options")


def talk(s: Mutated) -> None:
    """One registration and nine requests of the UE, answered: ``req`` to ``req.9``."""
    first = s.register()
    for _ in range(9):
        s.request("ue", "MESSAGE", on=first)


def turned_away(s: Mutated) -> None:
    """The P-CSCF refuses SM1."""
    s.sm12(s.sm1(), status=403)


def refreshed(s: Mutated) -> None:
    """A re-registration that is not challenged; then the set goes on."""
    first = s.register()
    s.wait(60)
    s.refresh(on=first)
    s.request("ue", "MESSAGE", on=first, label="message")


def restarted(s: Mutated) -> None:
    """The UE registers anew in clear although there is a set (case C), and goes on with the new one."""
    s.register()
    s.wait(30)
    second = s.register()
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="message")
    s.request("pcscf", "OPTIONS", on=second, label="options")


def refused(s: Mutated) -> Procedure:
    """A wrong RES and its refusal (case D1)."""
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure, res_wrong=True)
    s.sm12(procedure, status=403)
    return procedure


def refused_again(s: Mutated) -> None:
    """A wrong RES in a re-registration (case D2); the old set goes on."""
    first = s.register()
    s.request("ue", "MESSAGE", on=first, label="before")
    procedure = s.sm1(over=first)
    s.sm6(procedure)
    s.sm7(procedure, res_wrong=True)
    s.sm12(procedure, status=403)
    s.wait(1)
    s.request("ue", "MESSAGE", on=first, label="message")


def forged(s: Mutated) -> None:
    """The UE does not accept the challenge (case F), neither in the first registration ..."""
    _rejected(s, s.sm1(), "mac")


def forged_again(s: Mutated) -> None:
    """... nor in a later one."""
    first = s.register()
    s.wait(60)
    _rejected(s, s.sm1(over=first), "mac")


def out_of_step(s: Mutated) -> None:
    """The UE reports a sequence number out of range (case G)."""
    _rejected(s, s.sm1(), "sqn")


def _rejected(s: Mutated, procedure: Procedure, why: str) -> None:
    s.sm6(procedure, bad_mac=why == "mac")
    s.reject(procedure, why, label="reject")
    s.sm6(procedure, label="sm6b")
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    assert procedure.set
    s.request("ue", "MESSAGE", on=procedure.set, label="message")


def challenged_again(s: Mutated) -> None:
    """A second challenge in answer to SM7 (case E)."""
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, status=401)
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    assert procedure.set
    s.request("ue", "MESSAGE", on=procedure.set, label="message")


def behind_core(s: Mutated) -> None:
    """Two registrations with the core leg."""
    first = s.register(core=True)
    s.wait(60)
    second = s.register(over=first, core=True)
    s.request("ue", "MESSAGE", on=second, label="message")


def ringing(s: Mutated) -> None:
    """A call of each side rings while the sets change, and is answered on the old one; then the new one is used."""
    first = s.register()
    up, down = s.invite("ue", on=first, label="up"), s.invite("pcscf", on=first, label="down")
    s.answer(up, 180)
    s.answer(down, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="message")
    s.wait(1)
    s.answer(up, 200)
    s.answer(down, 200)
    s.ack(up, on=second)
    s.ack(down, on=second)


def thrice(s: Mutated) -> None:
    """Three sets, one over the other, and nothing on the first two any more."""
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    third = s.register(over=second)
    s.wait(1)
    s.request("ue", "MESSAGE", on=third, label="message")


def silence(s: Mutated) -> Sent:
    """SM7 of a re-registration stays unanswered until Timer F; then the UE begins anew on the old set."""
    first = s.register()
    s.wait(600)
    procedure = s.sm1(over=first)
    s.sm6(procedure)
    sm7 = s.sm7(procedure)
    for pause in (2, 4, 8, 16, 16, 16, 16, 16, 16, 16):
        s.wait(pause)
        s.again(sm7.label)
    s.wait(20)
    s.register(over=first)
    return sm7


def aging(s: Mutated) -> None:
    """A registration for ten minutes, refreshed in time."""
    first = s.register()
    s.request("ue", "MESSAGE", on=first, label="early")
    s.wait(290)
    s.refresh(on=first)
    s.request("ue", "MESSAGE", on=first, label="late")
    s.request("pcscf", "OPTIONS", on=first, label="down")
