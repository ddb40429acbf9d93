"""SIP transactions (RFC 3261 clause 17): those that are alive, and, packed, those that are over."""
