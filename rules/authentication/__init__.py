"""AUTH: the AKA digest exchange (RFC 3310, TS 24.229 5.1.1)."""
