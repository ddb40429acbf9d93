"""The schema of the JSON report, as the contract has it and in a stricter form for what this version writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import analyzer.report.json

FILE = Path(analyzer.report.json.__file__).with_name("gmaudit.report.1.json")
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def closed(schema: Any) -> Any:
    """The same schema with no room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: False if name == "additionalProperties" and item is True else closed(item)
        for name, item in schema.items()
    }


_VALIDATOR = Draft202012Validator(closed(SCHEMA))


def validate(document: dict[str, Any]) -> None:
    """Raise ValidationError unless this is a version 1 report, with the known fields and no others."""
    _VALIDATOR.validate(document)


def load(text: str) -> dict[str, Any]:
    """A JSON report as it was written, validated."""
    document: dict[str, Any] = json.loads(text, parse_constant=lambda name: 1 / 0)
    validate(document)
    return document
