"""The rules as SARIF describes them (reportingDescriptor, SARIF 3.49): documentation as text and as Markdown."""

from __future__ import annotations

from typing import Any, Final

from analyzer.audit.conditions import condition
from analyzer.report.clauses import address, cited
from analyzer.report.traps import trap
from analyzer.rule import Rule
from analyzer.verdict import Level, Severity

LEVELS: Final = {Level.MUST: "error", Level.SHOULD: "warning", Level.INFO: "note"}

RANKS: Final = {Severity.CRITICAL: 95.0, Severity.HIGH: 80.0, Severity.MEDIUM: 55.0, Severity.LOW: 20.0}
"""Priority from 0 to 100 (SARIF 3.27.25); a tenth of it is the score by which GitHub tells severities apart."""

LONGEST: Final = 1_000
"""Characters of a description."""


def descriptor(id: str, rule: Rule | None) -> dict[str, Any]:
    """One rule; of one that is not installed here nothing is known but its id."""
    if rule is None:
        told = {"text": f"Rule {id}."}
        return {"id": id, "shortDescription": told, "fullDescription": told, "help": told}
    first, *others = [" ".join(block.split()) for block in rule.documentation.split("\n\n")] or [id]
    links = [found for found in map(address, cited(rule.clause)) if found is not None]
    properties: dict[str, Any] = {
        "tags": ["security", "3gpp", "gm", id.partition("-")[0].lower(), str(rule.level).lower()],
        "clause": rule.clause,
        "source": rule.source,
        "level": str(rule.level),
        "severity": str(rule.severity),
        "actor": rule.actor,
        "traps": list(rule.traps),
        "precision": "very-high",
    }
    if rule.level is not Level.INFO:
        properties["security-severity"] = f"{RANKS[rule.severity] / 10:.1f}"
    made: dict[str, Any] = {
        "id": id,
        "name": "".join(word.capitalize() for word in rule.name.split("_")),
        "shortDescription": {"text": _braces(first[:LONGEST])},
        "fullDescription": {"text": _braces(" ".join((first, *others[:1]))[:LONGEST])},
        "help": {"text": _braces(_help(rule, markdown=False)), "markdown": _braces(_help(rule, markdown=True))},
        "defaultConfiguration": {"level": LEVELS[rule.level], "rank": RANKS[rule.severity]},
        "properties": properties,
    }
    if links:
        made["helpUri"] = links[0]
    return made


def _help(rule: Rule, *, markdown: bool) -> str:
    """What `gmaudit rule` tells, as far as it helps with a finding."""
    head = "## " if markdown else ""
    parts = [rule.documentation]
    parts.append(f"{head}Clause\n\n{_clauses(rule) if markdown else rule.clause}")
    parts.append(f"{head}When it judges\n\n{condition(rule)}; it binds: {rule.actor}")
    if rule.traps:
        parts.append(
            f"{head}What is ruled out before it is a fault\n\n" + "\n".join(f"- {trap(code)}" for code in rule.traps)
        )
    return "\n\n".join(parts) + "\n"


def _clauses(rule: Rule) -> str:
    """The clauses, each linked to its document."""
    links = [(str(citation), address(citation)) for citation in cited(rule.clause)]
    return ", ".join(f"[{name}]({link})" if link else name for name, link in links)


def _braces(text: str) -> str:
    """Braces stand for arguments in SARIF's messages; doubled ones for themselves."""
    return text.replace("{", "{{").replace("}", "}}")
