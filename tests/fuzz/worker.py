"""The process that fuzzes one target, under atheris: ``python -m tests.fuzz.worker TARGET [libFuzzer options]``."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["analyzer", "rules"], enable_loader_override=False):
    from analyzer.rule import collect

    from . import targets

    collect()  # rules are found by entry point, so they are imported here or without instrumentation

from . import mutate


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    name, *options = sys.argv[1:]
    scripts = name == "engine"
    own = {"custom_mutator": _mutate, "custom_crossover": _cross} if scripts else {}
    atheris.Setup([sys.argv[0], *options], targets.TARGETS[name], **own)
    atheris.Fuzz()


def _mutate(data: bytes, limit: int, seed: int) -> bytes:
    return mutate.mutate(bytes(data), limit, seed, lambda octets, size: bytes(atheris.Mutate(octets, size)))


def _cross(one: bytes, other: bytes, limit: int, seed: int) -> bytes:
    return mutate.cross(bytes(one), bytes(other), limit, seed)


if __name__ == "__main__":
    main()
