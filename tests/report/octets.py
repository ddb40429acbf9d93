"""A form of octets, for the test of where they go."""

from __future__ import annotations

from typing import BinaryIO

from analyzer.report.renderers import Material


def render(material: Material, sink: BinaryIO) -> None:
    """Write two octets that are no text."""
    assert material.report.findings
    sink.write(b"\x00\xff")
