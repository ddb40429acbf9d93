"""``python -m tests.synthetic``: write captures/synthetic again."""

from .build import FOLDER, write

write(FOLDER)
