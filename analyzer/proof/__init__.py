"""Gathers the evidence of a finding (E1 to E8) from the state of the trackers, at the moment when it is made."""
