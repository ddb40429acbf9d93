"""Which captures and which tests show a rule broken and met.

Read from what is held by tests: `expected.json` of each capture, and the calls `expect(...)` and `passes(...)` in the
scenario tests. Where such a call names its rule by a variable, the ids that its test runs over count.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
BROKEN = ("violation", "warning", "probable", "note")
PROFILES = ("rel-17", "sa3-29")
_ID = re.compile(r"[A-Z]+-\d\d")


class Frame(NamedTuple):
    """A frame of a capture that breaks a rule."""

    capture: str
    frame: int
    verdict: str
    profile: str


Ranked = dict[str, dict[str, int]]
"""By rule: names of tests, with the place of their surest verdict in `BROKEN`."""


class Tests(NamedTuple):
    """Names of tests, ``module.py::test``, by rule."""

    broken: dict[str, list[str]]
    met: dict[str, list[str]]


def frames() -> dict[str, list[Frame]]:
    """The frames of all captures by rule: the surest verdict first, one for each capture, in the default profile."""
    found: dict[str, list[Frame]] = {}
    for path in sorted(ROOT.glob("captures/**/expected.json")):
        expected = json.loads(path.read_text("utf-8"))
        for capture, by_profile in expected.items():
            for profile in PROFILES:
                for each in by_profile.get(profile, ()):
                    name = f"{path.parent.relative_to(ROOT / 'captures')}/{capture}"
                    frame = Frame(name, each["frame"], each["verdict"], profile)
                    if each["verdict"] in BROKEN:
                        found.setdefault(each["rule"], []).append(frame)
    return {rule: _best(each) for rule, each in sorted(found.items())}


def _best(found: list[Frame]) -> list[Frame]:
    kept: dict[str, Frame] = {}
    order = sorted(found, key=lambda each: (PROFILES.index(each.profile), BROKEN.index(each.verdict), each.frame))
    for each in order:
        kept.setdefault(each.capture, each)
    return sorted(
        kept.values(), key=lambda each: (PROFILES.index(each.profile), BROKEN.index(each.verdict), each.capture)
    )


def tests(told: dict[str, dict[str, list[str]]]) -> Tests:
    """The tests of the rules that declare a finding of a rule, the surest verdict first, or that the rule passes.

    ``told`` are those that somebody wrote down: under ``broken`` and ``met``, by rule.
    """
    made: tuple[Ranked, Ranked] = ({}, {})
    for path in sorted(ROOT.glob("tests/rules/test_*.py")):
        module = ast.parse(path.read_text("utf-8"))
        constants = {
            target.id: _ids(node.value)
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        helpers = {
            node.name: node
            for node in module.body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("test_")
        }
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                _read(node, f"{path.name}::{node.name}", constants, helpers, made)
    found = Tests(*({rule: _sorted(each) for rule, each in table.items()} for table in made))
    for table, each in ((found.broken, told["broken"]), (found.met, told["met"])):
        for rule, names in each.items():
            table[rule] = [*names, *(name for name in table.get(rule, []) if name not in names)]
    return found


def _sorted(ranked: dict[str, int]) -> list[str]:
    return sorted(ranked, key=lambda name: ranked[name])


def known_tests() -> set[str]:
    """The names of all tests of the rules."""
    return {
        f"{path.name}::{node.name}"
        for path in ROOT.glob("tests/rules/test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }


def _read(
    test: ast.FunctionDef,
    name: str,
    constants: dict[str, list[str]],
    helpers: dict[str, ast.FunctionDef],
    made: tuple[Ranked, Ranked],
) -> None:
    ranged = [rule for each in (*test.decorator_list, *_loops(test)) for rule in _ids(each, constants)]
    called = {call.func.id for call in _calls(test) if isinstance(call.func, ast.Name)}
    bodies = [test, *(helpers[each] for each in sorted(called & helpers.keys()))]
    for call in (call for body in bodies for call in _calls(body)):
        target = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        position = {"expect": 0, "passes": 1}.get(target)
        if position is None or len(call.args) <= position:
            continue
        verdict = call.args[1] if target == "expect" and len(call.args) > 1 else ast.Constant(BROKEN[0])
        said = verdict.value if isinstance(verdict, ast.Constant) else BROKEN[-1]
        if said not in BROKEN:
            continue
        table = made[position]
        for rule in _ids(call.args[position]) or ranged:
            known = table.setdefault(rule, {})
            known[name] = min(BROKEN.index(said), known.get(name, len(BROKEN)))


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Call))


def _loops(test: ast.FunctionDef) -> Iterator[ast.expr]:
    return (each.iter for each in ast.walk(test) if isinstance(each, ast.For))


def _ids(node: ast.AST, constants: dict[str, list[str]] | None = None) -> list[str]:
    """Rule ids that stand in an expression, or in what its names stand for."""
    found = []
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and _ID.fullmatch(each.value):
            found.append(each.value)
        elif isinstance(each, ast.Name) and constants:
            found += constants.get(each.id, [])
    return found
