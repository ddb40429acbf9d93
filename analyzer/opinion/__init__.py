"""The second opinion: what this program and another one saw in the same frames, and why they differ."""
