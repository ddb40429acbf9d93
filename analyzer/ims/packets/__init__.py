"""ESP packets, and clear ones on protected ports: what each looks like and what its association makes of it."""
