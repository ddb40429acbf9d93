"""Mutations of the choice of algorithms and of keys (CRY)."""

from __future__ import annotations

from typing import Any

from tests.scenario import Scenario

from . import stories
from .edits import GCM, PCSCF, SHA_AES, SHA_NULL, UE
from .model import Mutation, inconclusive, note, probable, violation, warning

MD5_AES = ("hmac-md5-96", "aes-cbc")
SHA_3DES = ("hmac-sha-1-96", "des-ede3-cbc")
NULL_NULL = ("null", "null")
CK, IK = bytes(range(16)), bytes(range(16, 32))


def pair(alg: str, ealg: str) -> dict[str, str]:
    return {"alg": alg, "ealg": ealg}


def lists(mine: list[tuple[str, str]], theirs: list[tuple[str, str]], use: tuple[str, str]) -> dict[str, Any]:
    return {"sm1": {"offers": mine}, "sm6": {"offers": theirs, "use": use}}


def _both_keys(s: Scenario) -> str:
    """A second vector for the first challenge."""
    return s.keys_toml() + f'[[aka]]\nrand = "{s.sets[0].vector.rand.hex()}"\nck = "{CK.hex()}"\nik = "{IK.hex()}"\n'


MUTATIONS = [
    *(
        Mutation(
            name=f"{alg} and {ealg} under {profile}",
            why="CRY-01: not in the list of the release, and used",
            story=stories.short,
            scenario=pair(alg, ealg),
            profile=profile,
            expected=(violation("CRY-01", UE, "sm7"),),
        )
        for alg, ealg, profile in ((*GCM, "rel-11"), ("aes-gmac", "null", "rel-6"))
    ),
    *(
        Mutation(
            name=f"{alg} and {ealg} under {profile}",
            why="CRY-02: removed and used; offered is a warning for each side",
            story=stories.short,
            scenario=pair(alg, ealg),
            profile=profile,
            expected=(
                violation("CRY-02", UE, "sm7"),
                warning("CRY-02", UE, "sm1"),
                warning("CRY-02", PCSCF, "sm6"),
            ),
        )
        for alg, ealg, profile in ((*MD5_AES, "rel-14"), (*MD5_AES, "rel-17"), (*SHA_3DES, "rel-17"))
    ),
    Mutation(
        name="hmac-sha-1-96 although GCM is common",
        why="CRY-03, R13: INFO; CRY-06: weaker than the best common pair",
        story=stories.short,
        change=lists([GCM, SHA_AES], [SHA_AES, GCM], SHA_AES),
        expected=(note("CRY-03", PCSCF, "sm7"), warning("CRY-06", PCSCF, "sm7")),
    ),
    Mutation(
        name="neither integrity nor encryption",
        why="CRY-04: never both null; offered is a warning for each side. ESP-04: there is no ICV to check",
        story=stories.short,
        scenario=pair(*NULL_NULL),
        stop="sm12",
        expected=(
            violation("CRY-04", UE, "sm7"),
            warning("CRY-04", UE, "sm1"),
            warning("CRY-04", PCSCF, "sm6"),
            inconclusive("ESP-04", "unknown", "sm7"),
        ),
    ),
    Mutation(
        name="GCM with hmac-sha-1-96 is offered",
        why="CRY-04: offered only, a warning",
        story=stories.short,
        change=lists([SHA_AES, ("hmac-sha-1-96", "aes-gcm")], [SHA_AES], SHA_AES),
        expected=(warning("CRY-04", UE, "sm1"),),
    ),
    Mutation(
        name="the P-CSCF prefers the weaker pair",
        why="CRY-06 (SHOULD)",
        story=stories.short,
        change=lists([SHA_AES, SHA_NULL], [SHA_NULL, SHA_AES], SHA_NULL),
        expected=(warning("CRY-06", PCSCF, "sm7"),),
    ),
    Mutation(
        name="the pair is weaker than in the registration before",
        why="CRY-06: nor weaker than in the UE's earlier registrations; a configuration may have changed",
        story=stories.life,
        change={"sm1.2": {"offers": [SHA_NULL]}, "sm6.2": {"offers": [SHA_NULL], "use": SHA_NULL}},
        stop="options",
        expected=(probable("CRY-06", UE, "sm7.2"),),
    ),
    Mutation(
        name="two associations of a set have different keys",
        why="CRY-07: who is wrong is not to be told",
        story=stories.short,
        keys=_both_keys,
        change={label: {"esp": {"ck": CK, "ik": IK}} for label in ("sm12", "message.resp", "options")},
        expected=(violation("CRY-07", "unknown", "sm12"),),
    ),
]
