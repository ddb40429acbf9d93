"""SIP messages on and beside the sets, the connections that carry them, and the short way through all that."""
