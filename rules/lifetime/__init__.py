"""LIFE: creation, lifetime, replacement and deletion of sets (TS 33.203 7.4)."""
