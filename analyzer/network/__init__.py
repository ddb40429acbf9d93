"""From a frame to the IP packets in it, and from TCP segments to streams."""
