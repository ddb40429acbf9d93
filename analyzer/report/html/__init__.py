"""The HTML report: one file that explains itself, without a network, in any browser.

`page.py` puts it together from `overview.py` (who is at fault, what was read, what was not judged), `faults.py` and
`details.py` (the findings), `timeline.py` and `ladder.py` (what happened) and `matrix.py` (the clauses);
`templates/` is what it looks like. The page can load nothing and run nothing but the script whose hash it names.
"""

from __future__ import annotations

from analyzer.report.html.page import render as render
