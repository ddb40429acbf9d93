"""SA: which association protects which message (TS 33.203 7.4)."""
