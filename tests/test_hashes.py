"""What stands in for `hashlib` and `hmac` gives what they give, and keeps them out of memory."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from importlib.util import find_spec

from hypothesis import given
from hypothesis import strategies as st

from analyzer.hashes import blake2s, md5, same


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_same_as_those_of_the_library(one: bytes, other: bytes) -> None:
    assert md5(one, usedforsecurity=False).digest() == hashlib.md5(one, usedforsecurity=False).digest()
    assert blake2s(one, digest_size=8).digest() == hashlib.blake2s(one, digest_size=8).digest()
    assert same(one, other) == hmac.compare_digest(one, other)
    assert same(one, bytes(one))


def test_an_audit_loads_no_second_openssl() -> None:
    """Unless the interpreter has been built without hashes of its own."""
    program = (
        "import sys, analyzer.cli.check, analyzer.run, analyzer.report.json; "
        "from analyzer.rule import collect; collect(); print('_hashlib' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    own = find_spec("_md5") is not None and find_spec("_blake2") is not None
    assert found.stdout == f"{not own}\n"
