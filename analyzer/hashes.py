"""MD5 and BLAKE2s, and comparison in constant time, without a second OpenSSL.

`hashlib` and `hmac` load the OpenSSL of the system, 3.5 MB, beside the one that `cryptography` brings. What is wanted
here is in the interpreter itself; where a distribution has left it out, `hashlib` stands in.
"""

from __future__ import annotations

from _operator import _compare_digest as same
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import blake2s, md5
else:
    try:
        from _blake2 import blake2s
        from _md5 import md5
    except ImportError:
        from hashlib import blake2s, md5

__all__ = ["blake2s", "md5", "same"]
