"""CLR: what may be sent in clear (TS 33.203 7.1)."""
