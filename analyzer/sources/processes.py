"""How processes of our own are started: with this package, whatever lies in the working directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]


def command(module: str, *options: str) -> list[str]:
    """The beginning of a command that runs a module of ours; ``-P`` keeps the working directory out of the search."""
    return [sys.executable, "-P", *options, "-m", module]


def environment() -> dict[str, str]:
    """The environment in which it finds this package first."""
    paths = filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))  # an empty one would be the working directory
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
