"""Write the snapshots anew: ``python -m tests.report.html``; look at the difference before it is committed."""

from __future__ import annotations

from tests.report.html.test_snapshot import SNAPSHOTS, readable, shown

if __name__ == "__main__":
    for path, files in SNAPSHOTS.items():
        path.write_text(readable(shown(*files)), "utf-8")
