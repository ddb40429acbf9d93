"""tshark's view of a capture, for the second opinion: the only place that runs tshark.

pyshark reads what tshark says. The process itself is ours: pyshark 0.6 cannot give it an environment (where the keys
are), takes any `config.ini` in the working directory for its own, may lose the exit status, and waits for ever.

Keys reach tshark in a profile that only the owner can read, which goes as soon as tshark has read it; they are in no
argument, which other users of the machine could see.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from analyzer.seen import SeenFrame
from analyzer.sources.tshark_frames import TREES, seen_frame

OLDEST: Final = (4, 0)
"""The oldest version that is asked; names of algorithms and fields differ in those before."""

ANSWER: Final = 20.0
"""Seconds within which tshark must tell its version."""
SILENCE: Final = 300.0
"""Seconds without an octet after which tshark hangs. It says nothing of frames that are no signalling, of which a large
capture has ten million in this time."""

PACKET: Final = 64 << 20
"""Octets that tshark may say of one frame; a datagram of 64 KB full of SIP headers gives a tenth of that."""
WORDS: Final = 2_000
"""Octets of its last complaints that are kept."""
BLOCK: Final = 1 << 18
"""Octets that are read at once."""

INSTALL: Final = "install it (Debian and Ubuntu: apt-get install tshark; others: https://www.wireshark.org)"

_PREFERENCES: Final = {
    "esp.enable_encryption_decode": True,
    "esp.enable_authentication_check": True,
    "esp.enable_null_encryption_decode_heuristic": True,
    # Protected ports are any ports, which may be those of another protocol.
    "tcp.try_heuristic_first": True,
    "udp.try_heuristic_first": True,
}
_DOUBTED: Final = 'tcp.analysis.flags && tcp.payload contains "SIP/2.0"'
"""Segments with SIP in which it may see none, since it takes them for repeated or finds a gap before them."""
_VERSION: Final = re.compile(rb"TShark[^\n]*?(\d+)\.(\d+)\.(\d+)")


class TsharkFailed(Exception):
    """tshark cannot be asked; the text is one line that says why and what to do."""


class Told(NamedTuple):
    """What became of a reading, known at its end."""

    reached: int
    """The last frame that it reached for sure."""
    complaint: str
    """Its last words if it gave up, else empty."""
    unreadable: int
    """Frames of which it says what makes no sense."""


class Tshark:
    """A tshark that can be asked."""

    def __init__(self, path: str, version: str) -> None:
        self.path = path
        self.version = version
        """As in ``4.0.17``."""

    @classmethod
    def find(cls) -> Tshark:
        """The tshark of this machine, found to be there, to answer and to be new enough. Raises TsharkFailed."""
        try:
            import pyshark  # noqa: F401 -- a second opinion is rare, and this import takes a third of a second
        except ImportError:
            raise TsharkFailed("--second-opinion needs pyshark 0.6: pip install pyshark") from None
        path = shutil.which("tshark")
        needed = ".".join(map(str, OLDEST))
        if path is None:
            raise TsharkFailed(f"--second-opinion needs tshark {needed} or newer: {INSTALL}")
        found = _VERSION.search(_first_words(path))
        if found is None:
            raise TsharkFailed(f"{path}: does not say which version of tshark it is: {INSTALL}")
        numbers = tuple(map(int, found.groups()))
        version = ".".join(map(str, numbers))
        if numbers < OLDEST:
            raise TsharkFailed(f"{path}: version {version} is too old, --second-opinion needs {needed}: {INSTALL}")
        return cls(path, version)

    def read(self, capture: str, last: int, keys: str) -> Generator[SeenFrame | Told, None, None]:
        """What there is to tell about the frames of a file with SIP or ESP, in their order; at the end how it ended.

        ``last`` is the number of the last frame in the file, ``keys`` the text of an `esp_sa` file. Raises
        TsharkFailed if tshark hangs, or says what makes no sense.
        """
        with _profile(keys) as folder:
            yield from _Reading(self.path, capture, last, folder).frames()


class _Reading:
    """One run of tshark."""

    def __init__(self, program: str, capture: str, last: int, folder: Path) -> None:
        self._capture = capture
        self._folder = folder
        command = [program, "-l", "-n", "-T", "json", "--no-duplicate-keys", "-j", TREES]
        command += ["-Y", f"sip || esp || ({_DOUBTED}) || frame.number == 1 || frame.number == {last}"]
        for name, value in _PREFERENCES.items():
            command += ["-o", f"{name}:{str(value).upper()}"]
        command += ["-d", "udp.port==8472,vxlan"]  # where Linux sends VXLAN
        # A path that begins with a dash must not be taken for an option.
        command += ["-r", str(Path(capture).absolute())]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | {"WIRESHARK_CONFIG_DIR": str(folder), "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            )
        except OSError as error:
            raise TsharkFailed(f"{program}: cannot be started ({error.strerror}): {INSTALL}") from None
        self._words = b""

    def frames(self) -> Iterator[SeenFrame | Told]:
        """See `Tshark.read`."""
        from pyshark.tshark.output_parser.tshark_json import packet_from_json_packet

        reached = unreadable = 0
        try:
            for text in self._packets():
                if not reached:
                    (self._folder / "esp_sa").unlink(missing_ok=True)
                try:
                    seen = seen_frame(packet_from_json_packet(text.decode("utf-8", "replace").encode()))
                except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
                    unreadable += 1
                    continue
                reached = seen.number
                yield seen
            status = self._process.wait(ANSWER)
        except subprocess.TimeoutExpired:
            raise self._failed("does not end") from None
        finally:
            self._stop()
        words = self._words.decode("utf-8", "replace").strip().splitlines()
        complaint = (words[-1] if words else f"exit status {status}") if status else ""
        if unreadable and not reached:
            raise self._failed("says what makes no sense")
        yield Told(reached, complaint.removeprefix("tshark: "), unreadable)

    def _packets(self) -> Iterator[bytes]:
        """The JSON object of each frame. tshark puts the brackets around one on lines of their own."""
        held: list[bytes] = []
        size = 0
        for line in self._lines():
            if line == b"  {":
                held, size = [b"{"], 1
            elif held:
                size += len(line)
                if size > PACKET:
                    raise self._failed(f"says more than {PACKET >> 20} MB of one frame")
                if line in (b"  }", b"  },"):
                    yield b"\n".join((*held, b"}"))
                    held = []
                else:
                    held.append(line)
            elif line.strip() not in (b"[", b"]", b"[]", b",", b""):
                raise self._failed("says what makes no sense")

    def _lines(self) -> Iterator[bytes]:
        """The lines of its output, without their ends; the rest of an unfinished one too."""
        pieces: list[bytes] = []
        size = 0
        for block in self._blocks():
            *whole, rest = block.split(b"\n")
            for line in whole:
                yield b"".join((*pieces, line)) if pieces else line
                pieces, size = [], 0
            if rest:
                pieces.append(rest)
                size += len(rest)
                if size > PACKET:
                    raise self._failed(f"says more than {PACKET >> 20} MB of one frame")
        if pieces:
            yield b"".join(pieces)

    def _blocks(self) -> Iterator[bytes]:
        """Its output as it comes; the end of its complaints is kept in `_words`."""
        out, err = self._process.stdout, self._process.stderr
        assert out is not None and err is not None
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            selector.register(err, selectors.EVENT_READ)
            complaints = 0
            while selector.get_map():
                ready = selector.select(SILENCE)
                if not ready:
                    raise self._failed(f"said nothing for {SILENCE:.0f} s, and was stopped")
                for key, _ in ready:
                    stream: Any = key.fileobj
                    block = os.read(stream.fileno(), BLOCK)
                    if not block:
                        selector.unregister(stream)
                    elif stream is out:
                        yield block
                    else:
                        self._words = (self._words + block)[-WORDS:]
                        complaints += len(block)
                        if complaints > PACKET:
                            raise self._failed("complains without end")

    def _failed(self, how: str) -> TsharkFailed:
        return TsharkFailed(f"tshark {how}, at {self._capture}; try without --second-opinion, or another tshark")

    def _stop(self) -> None:
        process = self._process
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


# --- the program and its profile ------------------------------------------------------------------------------------


def installed() -> str | None:
    """The version of this machine's tshark, however old; None if there is none, or if it does not say."""
    path = shutil.which("tshark")
    try:
        found = None if path is None else _VERSION.search(_first_words(path))
    except TsharkFailed:
        return None
    return None if found is None else ".".join(map(str, map(int, found.groups())))


def _first_words(path: str) -> bytes:
    """What tshark says of itself, the beginning."""
    try:
        with subprocess.Popen(
            [path, "-v"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                return _head(process.stdout)
            finally:
                process.kill()
    except OSError as error:
        raise TsharkFailed(f"{path}: cannot be started ({error.strerror}): {INSTALL}") from None


def _head(stream: IO[bytes] | None) -> bytes:
    assert stream is not None
    words = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while b"\n" not in words and len(words) < WORDS and selector.select(ANSWER):
            block = os.read(stream.fileno(), WORDS)
            if not block:
                break
            words += block
    return words


@contextmanager
def _profile(keys: str) -> Iterator[Path]:
    """A directory of the user's own with the keys in it, in memory where the system has such a place."""
    place = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(tempfile.mkdtemp(prefix="gmaudit-", dir=place if place and os.access(place, os.W_OK) else None))
    try:
        with os.fdopen(os.open(folder / "esp_sa", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(keys)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
