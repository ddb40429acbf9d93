"""Two network namespaces joined by a cable, in which captures are sent again and listened to."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.audit.audit import Options
from analyzer.finding import Finding
from analyzer.report.json import document
from analyzer.report.model import Report
from analyzer.sources.recording import Recording
from analyzer.watch.session import Session

CAPTURES = Path(__file__).parent.parent.parent / "captures"
NEWNET = 0x40000000
LONGEST = 60.0


def missing() -> str:
    """Why namespaces cannot be made here; empty if they can."""
    if os.geteuid():
        return "needs root, to make network namespaces"
    name = f"gm-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"needs the right to make network namespaces: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """This thread, and the processes that it starts, are in that namespace meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        assert libc.setns(there, NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert libc.setns(here, NEWNET) == 0
    finally:
        os.close(here)
        os.close(there)


class Cable:
    """One pair of interfaces: what is sent into one end is heard at the other."""

    def __init__(self, sender: str, listener: str, number: int) -> None:
        self.listener = listener
        self.sender = sender
        self.name = f"gm{number}"
        ip("link", "add", f"tx{number}", "netns", sender, "type", "veth", "peer", "name", self.name, "netns", listener)
        for space, end in ((sender, f"tx{number}"), (listener, self.name)):
            ip("-n", space, "link", "set", end, "mtu", "9000", "up")
        with inside(sender):
            self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.raw.bind((f"tx{number}", 0))

    def send(self, frames: Sequence[tuple[float, bytes]], *, timed: bool = False) -> None:
        """Send the frames, with the gaps between their times if that is wanted."""
        began, first = time.monotonic(), frames[0][0] if frames else 0.0
        for moment, frame in frames:
            if timed:
                time.sleep(max(0.0, moment - first - (time.monotonic() - began)))
            self.raw.send(frame)

    def set(self, *words: str) -> None:
        """Change the listener's end: ``down``, ``up``."""
        ip("-n", self.listener, "link", "set", self.name, *words)

    def close(self) -> None:
        self.raw.close()


class Lab:
    """Two namespaces, and cables between them."""

    def __init__(self) -> None:
        self.sender, self.listener = f"gm-a-{os.getpid()}", f"gm-b-{os.getpid()}"
        self._cables: list[Cable] = []
        for space in (self.sender, self.listener):
            ip("netns", "add", space)
            for kind in ("all", "default"):
                setting = f"net.ipv6.conf.{kind}.disable_ipv6=1"  # no router solicitations between the frames
                subprocess.run(["ip", "netns", "exec", space, "sysctl", "-qw", setting], check=True)

    def cable(self) -> Cable:
        made = Cable(self.sender, self.listener, len(self._cables))
        self._cables.append(made)
        return made

    def again(self, cable: Cable) -> Cable:
        """Remove a cable, and lay another whose ends have the same names."""
        cable.close()
        ip("-n", self.listener, "link", "del", cable.name)
        made = Cable(self.sender, self.listener, self._cables.index(cable))
        self._cables.append(made)
        return made

    def close(self) -> None:
        for cable in self._cables:
            cable.close()
        for space in (self.sender, self.listener):
            ip("netns", "del", space)


@dataclass
class Run:
    """One live run that is over."""

    report: Report
    findings: list[Finding]
    """As they were told."""
    session: Session


class Listening:
    """A live run in a thread of its own."""

    def __init__(self, cable: Cable | None, options: Options, recording: Recording | None = None, **more: Any) -> None:
        self.findings: list[Finding] = []
        self.cable = cable
        interfaces = more.pop("interfaces", [cable.name] if cable is not None else [])
        if cable is None:
            self.session = Session(interfaces, options, recording=recording, on_finding=self.findings.append, **more)
        else:
            with inside(cable.listener):
                self.session = Session(
                    interfaces, options, recording=recording, on_finding=self.findings.append, **more
                )
        self._report: Report | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self.session.live.hears.wait(LONGEST)

    def _run(self) -> None:
        try:
            self._report = self.session.run()
        except BaseException as error:
            self._error = error

    def heard(self, frames: int) -> None:
        """Wait until so many frames came."""
        until = time.monotonic() + LONGEST
        while self.session.live.summary.frames < frames and time.monotonic() < until and self._thread.is_alive():
            time.sleep(0.01)

    def over(self) -> Run:
        """Wait for the end, which comes by itself."""
        self._thread.join(LONGEST)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        assert self._report is not None
        return Run(self._report, self.findings, self.session)

    def stop(self) -> Run:
        self.session.stop("by the test")
        return self.over()


def frames_of(path: Path) -> list[tuple[float, bytes]]:
    """Time and octets of each frame, as Ethernet whatever it was captured as."""
    from scapy.utils import RawPcapReader

    with RawPcapReader(str(path)) as reader:
        link, nano = reader.linktype, getattr(reader, "nano", False)
        return [(float(meta.sec) + meta.usec / (1e9 if nano else 1e6), _ethernet(data, link)) for data, meta in reader]


def _ethernet(data: bytes, link: int) -> bytes:
    edge = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
    if link == 113:
        return edge + data[14:]
    if link == 276:
        return edge + data[:2] + data[20:]
    assert link == 1
    return data


def captures() -> list[Path]:
    """All that are stored."""
    return sorted(CAPTURES.rglob("*.pcap"))


def keys_of(path: Path) -> list[str]:
    found = path.parent / "keys.toml"
    return [str(found)] if found.exists() else []


def told(report: Report) -> dict[str, Any]:
    """What two reports on the same packets must have in common: all but the names of the captures and how it ended."""
    made = document(report)
    for capture in made["captures"]:
        del capture["path"]
    made["notices"] = [line for line in made["notices"] if "the run was ended" not in line]
    return made
