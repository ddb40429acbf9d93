"""Completion in bash, zsh and fish: click's own, with what our options know of their values (README, "Completion")."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem

from analyzer.cli.installed import installed_rules
from analyzer.profile import FLAGS, PROFILES

VARIABLE = "_GMAUDIT_COMPLETE"
"""In the environment: what the shell asks for. The name is click's, made of the program's."""


def asked(command: click.Command) -> int | None:
    """Answer the shell that asks how a line could go on; None if no shell does."""
    instruction = os.environ.get(VARIABLE)
    if not instruction:
        return None
    from click.shell_completion import shell_complete

    return shell_complete(command, {}, "gmaudit", VARIABLE, instruction)


def rule_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of rules and the names of their families, the last one of those by comma."""
    from analyzer.report.text_names import named

    before, comma, begun = incomplete.rpartition(",")
    rules = {rule.id: named(rule) for rule in installed_rules()}
    families = {rule.partition("-")[0]: "" for rule in rules} if param.name != "id" else {}
    return [
        CompletionItem(f"{before}{comma}{word}", help=told or None)
        for word, told in (families | rules).items()
        if word.startswith(begun.upper())
    ]


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of profiles, or files."""
    named = [CompletionItem(name) for name in PROFILES if name.startswith(incomplete)]
    return named or [CompletionItem(incomplete, type="file")]


def flags(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a network may have."""
    return [CompletionItem(name) for name in FLAGS if name.startswith(incomplete)]
