"""Messages of which only a tool tells: what their headers prove is judged, nothing else of them, and nowhere else."""
