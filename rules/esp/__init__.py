"""ESP: the packet layer (RFC 4303)."""
