"""gmaudit: do a phone and an IMS core protect their signalling as the standards demand?

Bytes come in at the bottom and verdicts leave at the top, in one direction:

    sources/   files, standard input, interfaces         -> Frame
    network/   IP, fragments, copies, TCP                -> Datagram, stream bytes
    layers/    what is around IP; both of these ask      -> where the next header is
    ipsec/     ESP: look up, verify, decrypt             -> the same, with the association that protected it
    keys/      what the user and the capture know        -> candidates, believed when an ICV proves them
    sip/       framing, message, sec-agree, AKA digest   -> Message
    ims/       subjects, transactions, registrations, SA sets -> Event
    rules/     one event in, one verdict out             -> Verdict
    audit/     runs, counts, folds repetitions           -> Finding, Tally
    proof/     what a new finding shows (E1 to E8)       -> Evidence
    opinion/   what tshark sees in the same frames       -> where the two differ, and why
    report/    text, HTML, JSON, SARIF, JUnit ... -> one form a module, named in renderers.py
    watch/     the same on what is on the wire now       -> findings as they are made

`engine/` wires the middle: `receive(frame)`, `advance(now)`, `close()`, without I/O and without a clock, so that every
test is a list of frames. What is like the one before goes short ways: `engine/express.py` for packets,
`engine/segments.py` for those of TCP, `ims/messages/calm.py` for messages; tests hold that they lead to the same.

There is one loop, and it is real: SM6 tells which SPIs, ports and algorithms will be used, so `ims/session.py` writes
the database that `ipsec/` reads; nothing else is shared.

An endpoint is held only to what it knew. UE and P-CSCF leave a state at different moments, so
`ims/sets/associations.py` keeps the state of a set once per side, and `ims/knowledge.py` says how sure it is that a
side knew: by cause, by the place of the capture, by time. Three things are never mixed up: broken, not checkable, and
not exercised.

As a library: `from analyzer.run import Options, audit`; `audit(["x.pcap"], Options(keys=["keys.toml"]))` gives a
`report.model.Report` with its findings. While a test runs: `with analyzer.live("eth0", keys=["keys.toml"]) as run:`
(`watch/interface.py`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`live`, which needs nearly everything else, when somebody asks for it; nothing below it depends on it."""
    if name == "live":
        return import_module("analyzer.watch.interface").live
    raise AttributeError(f"module 'analyzer' has no attribute {name!r}")
