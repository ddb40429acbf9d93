"""``python -m tests.report.snapshots``: write the stored reports again."""

from . import write

write()
