"""NEG: the security mechanism agreement (RFC 3329, TS 33.203 7.2)."""
