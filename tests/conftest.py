"""What pytest collects: everything in this folder, save what needs recordings that must not lie in the project."""

import os

collect_ignore = [] if os.environ.get("GMAUDIT_PUBLIC_CAPTURES") else ["test_public_captures.py"]
