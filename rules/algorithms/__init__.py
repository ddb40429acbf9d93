"""CRY: which algorithms and keys protect the sets (TS 33.203 5.1.3, 5.1.4, 7.2, Annex H)."""
