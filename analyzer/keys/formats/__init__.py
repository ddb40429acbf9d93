"""One module for each format in which users hold keys."""
