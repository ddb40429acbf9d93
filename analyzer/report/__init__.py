"""Reports: one model, one renderer a file."""
