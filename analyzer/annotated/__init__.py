"""The capture again, with what the audit found as comments on its frames: `--format pcapng`.

The captures are read a second time and written as they are read, so memory does not grow with them. `merge.py` puts
them into the order in which they were audited, `writer.py` makes one capture of them, `opened.py` adds what ESP packets
held; the comments are `report/pcapng_comments.py`'s.
"""
