"""What installed packages say in their entry points, for whoever wants to be found (packages of rules).

`importlib.metadata` tells the same. But to import it takes 14 ms and 4 MB, since it reads the headers of mails, and so
a sixteenth of every start. What it would find is looked up here where it usually is: in the folders of the import path,
below `NAME-VERSION.dist-info`. Where packages may lie elsewhere too, `importlib.metadata` itself is asked.
https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

_SEPARATORS = re.compile("[-_.]+")


def named(group: str) -> list[str]:
    """What the entry points of a group name. Of a package that is there twice, the first on the import path counts."""
    folders = [Path(place) for place in sys.path]
    if _elsewhere() or any(folder.suffix == ".egg" or folder.is_file() for folder in folders):
        from importlib.metadata import entry_points

        return [point.value for point in entry_points(group=group)]
    described: dict[str, Path] = {}
    for folder in folders:
        with suppress(OSError):
            for child in folder.iterdir():
                if child.suffix in (".dist-info", ".egg-info"):
                    described.setdefault(_SEPARATORS.sub("-", child.stem.partition("-")[0]).lower(), child)
    return [value for child in described.values() for value in _values(child / "entry_points.txt", group)]


def _elsewhere() -> bool:
    """Whether anybody else finds packages, too."""
    return any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder)


def _values(file: Path, group: str) -> Iterator[str]:
    text = ""
    with suppress(OSError):
        text = file.read_text("utf-8")
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif section == group and line and not line.startswith("#"):
            yield line.partition("=")[2].strip()
