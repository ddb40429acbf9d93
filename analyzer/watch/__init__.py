"""An audit of what is on the wire at this moment: the engine of `gmaudit check`, fed by interfaces or a pipe."""
