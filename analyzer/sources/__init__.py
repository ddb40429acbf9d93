"""Where frames come from: the only place in the package that does I/O."""
