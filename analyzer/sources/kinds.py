"""What a file is, by its first octets and never by its name: pcap, pcapng, or something that has to be converted."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import Final

from analyzer.sources import blocks, pcap
from analyzer.sources.compressed import form_of
from analyzer.sources.pcap import PcapWalker
from analyzer.sources.pcapng import PcapngWalker
from analyzer.sources.triage import Triage
from analyzer.sources.walker import NoCapture, Summary, UnreadableCapture, Walker, convert
from analyzer.sources.window import Window


def _command(program: str) -> Callable[[str], str]:
    return lambda path: f"{program} {quote(path)}"


STRANGERS: Final[dict[bytes, tuple[str, Callable[[str], str]]]] = {
    b"snoop\0\0\0": ("a snoop capture", convert),
    b"iptrace ": ("an AIX iptrace", convert),
    b"TRSNIFF ": ("a Sniffer capture", convert),
    b"XCP\0": ("a NetXRay capture", convert),
    b"RTSS": ("a Network Monitor capture", convert),
    b"GMBU": ("a Network Monitor capture", convert),
    b"\x7fver": ("a capture of Savvius OmniPeek", convert),
    b"\x05VNF": ("a capture of Visual Networks", convert),
    b"\xaa\xaa\xaa\xaa": ("a 5View capture", convert),
    b"\x00\x00\x02\x00\x12\x05\x00\x10": ("a recording of a Tektronix K12 or K15", convert),
    b"+---------+---": ("a text recording of a Tektronix K12", convert),
    b"Session Transcript": ("a recording of a Catapult DCT2000", convert),
    b"ObserverPktBuf": ("a capture of Network Instruments Observer", convert),
    b"\x02\x21\x4c\x18": ("compressed by lz4 in its old form", _command("lz4 -d")),
    b"\x1f\x9d": ("compressed by compress", _command("uncompress")),
    b"PK\3\4": ("a zip archive", _command("unzip")),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _command("7z x")),
}
"""What captures are given as, too: how it begins, what it is, and the command that makes something readable of it."""

LONGEST: Final = max(map(len, STRANGERS))


def recognise(window: Window, capture: int, triage: Triage, summary: Summary) -> Walker:
    """The walker for a capture, by its first octets. Raises UnreadableCapture."""
    path = summary.path
    window.fill(4)
    magic = bytes(window.buffer[: min(window.end, 4)])
    if magic in pcap.MAGICS:
        return PcapWalker(window, capture, triage, summary)
    if magic == blocks.MAGIC:
        return PcapngWalker(window, capture, triage, summary)
    window.fill(LONGEST)
    head = bytes(window.buffer[: min(window.end, LONGEST)])
    if window.failure:
        raise UnreadableCapture(f"{path}: cannot be read: {window.failure}")
    if not head:
        raise NoCapture(f"{path}: is empty; was the capture finished, and did anything arrive?")
    for start, (what, command) in STRANGERS.items():
        if head.startswith(start):
            raise UnreadableCapture(f"{path}: is {what}; make a capture of it first: {command(path)}")
    if form_of(head) is not None:
        raise UnreadableCapture(f"{path}: is compressed more than once; decompress it until one layer is left")
    raise NoCapture(f"{path}: is neither pcap nor pcapng; if Wireshark reads it, convert it: {convert(path)}")
