"""`--format pcapng`: the captures are read again and written with the findings as comments on their frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from analyzer.annotated.merge import timeline
from analyzer.annotated.opened import Content, contents
from analyzer.annotated.writer import Writer
from analyzer.report.outputs import OutputError
from analyzer.report.pcapng_comments import Comments, about, names
from analyzer.report.renderers import Material
from analyzer.sources.records import Packet
from analyzer.sources.walker import UnreadableCapture


def render(material: Material, sink: BinaryIO) -> None:
    """Write the capture. Raises OutputError if what was audited cannot be read any more."""
    report = material.report
    try:
        inside: Iterator[Content] = iter(())
        if material.keyed is not None:
            inside = contents([capture.path for capture in report.captures], material.keyed())
        _write(material, sink, inside)
    except UnreadableCapture as error:
        raise OutputError(f"--format pcapng reads the captures again: {error}") from error


def _write(material: Material, sink: BinaryIO, inside: Iterator[Content]) -> None:
    report = material.report
    known = names(report)
    comments = Comments(report)
    writer = Writer(sink, f"gmaudit {report.version}", about(report), known)
    written = [0] * len(known)
    """The last frame of each capture that is written."""
    following = next(inside, None)
    for capture, number, record in timeline(report.captures):
        writer.write(capture, record, comments.at(capture, number) if isinstance(record, Packet) else ())
        written[capture] = number
        while following is not None:
            if (
                following.frame <= report.captures[following.capture].frames
            ):  # beyond: it has grown since it was audited
                if following.frame > written[following.capture]:
                    break
                writer.decrypted(following.time, following.packet, _about(following, known[following.capture]))
            following = next(inside, None)
    writer.finish()


def _about(content: Content, name: str) -> str:
    where = f"frame {content.frame} of {name}"
    return f"gmaudit decrypted: content of the ESP packet in {where}, SPI 0x{content.spi:08x} number {content.sequence}"
