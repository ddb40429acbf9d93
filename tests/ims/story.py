"""What the engine tells about a scenario, as a list of events and as short lines."""

from __future__ import annotations

from typing import TypeVar

from analyzer.engine.engine import Engine
from analyzer.ims import events
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from tests.scenario import Scenario

PROCEDURE = (
    events.RegistrationStarted,
    events.ChallengeSent,
    events.ChallengeAnswered,
    events.RegistrationSucceeded,
    events.RegistrationRefused,
    events.RegistrationRefreshed,
    events.Deregistered,
)

Kind = TypeVar("Kind")


def engine(s: Scenario, *, keys: str | None = None, profile: str = "rel-17") -> tuple[Engine, list[object]]:
    """An engine that has read the scenario, and the events that it told, in order."""
    ring, told = Keyring(), list[object]()
    text = s.keys_toml() if keys is None else keys
    if text:
        ring.add_text(text, "keys")
    made = Engine(PROFILES[profile], ring, told.append)
    for frame in s.frames():
        made.receive(frame)
    made.close()
    return made, told


def told(s: Scenario, *, keys: str | None = None, profile: str = "rel-17") -> list[object]:
    return engine(s, keys=keys, profile=profile)[1]


def only(s: Scenario, kind: type[Kind]) -> list[Kind]:
    """The events of one kind."""
    return [event for event in told(s) if isinstance(event, kind)]


def procedure(s: Scenario) -> list[str]:
    """The events of registration procedures: ``RegistrationStarted sm1`` and so on."""
    return [
        f"{type(event).__name__} {s.label_of(event.at.number)}" for event in told(s) if isinstance(event, PROCEDURE)
    ]
