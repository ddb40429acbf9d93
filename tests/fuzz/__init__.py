"""Hostile input: what must hold for any bytes, tried by coverage-guided fuzzing and by damage to the recordings."""

from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus"
"""Stored seeds, a folder a target; `seeds.py` makes them."""
