"""From events to findings.

`audit.py` runs the rules, of which `listeners.py` has those for each kind of event; `doubts.py` weakens what a capture
does not bear out, `folding.py` makes findings of verdicts. `chosen.py` knows whom the user asked about,
`conditions.py` says when a rule has something to judge.
"""
