"""Send a capture from an interface in another namespace: ``python -m tests.live.send NAMESPACE INTERFACE CAPTURE``."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from tests.live.lab import frames_of, inside

if __name__ == "__main__":
    space, interface, path = sys.argv[1:]
    with inside(space), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        for _, frame in frames_of(Path(path)):
            out.send(frame)
