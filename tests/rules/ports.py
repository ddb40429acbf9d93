"""What the tests of the port rules share: a Via with another port, and a scenario with everything in it."""

from __future__ import annotations

from analyzer.finding import Tally
from tests.scenario import SaSet, Scenario, audited
from tests.scenario.sip_text import Edit

PROFILES = ("rel-17", "sa3-29")


def tally(scenario: Scenario, rule: str, profile: str = "rel-17") -> Tally:
    return next(each for each in audited(scenario, profile=profile).rules if each.id == rule)


def port(number: int | None) -> Edit:
    """Another port in a topmost Via, or none."""

    def change(via: str) -> str:
        before, _, rest = via.partition(";")
        host = before.rpartition(":")[0]
        return f"{host}:{number};{rest}" if number is not None else f"{host};{rest}"

    return change


def busy(s: Scenario) -> SaSet:
    """Registration, re-registration, and calls both ways on the new set."""
    new = s.register(over=s.register())
    s.call("ue", on=new)
    s.call("pcscf", on=new)
    s.request("pcscf", "NOTIFY", on=new)
    return new
