"""PORT: ports, selectors and the addresses in headers (TS 33.203 7.1, 7.4)."""
