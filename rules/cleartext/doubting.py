"""What leaves it open whose message in clear it is (FP28)."""

STRANGER = "it names none of the identities of this UE: another one may be behind the same address"
"""Why such a message is `probable` only."""
