"""TRN: transport and TCP behaviour (RFC 3261 clause 18)."""
