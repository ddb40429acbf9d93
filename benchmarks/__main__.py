"""Compares gmaudit with tshark on made captures, in turns; `scaling` shows that the cost grows with the work alone.

python -m benchmarks                      every workload at full size (half an hour; 1.3 GB among temporary files)
python -m benchmarks --quick              a fiftieth of each, once: prints, and never fails on a time
python -m benchmarks --only A5,C          these workloads
python -m benchmarks jobs [--quick]       two captures with one and with two jobs, by the clock on the wall
python -m benchmarks scaling [--quick]    µs a packet by packets, UEs and registrations; draws benchmarks/scaling.svg
"""

from __future__ import annotations

import argparse
import os

from benchmarks.compare import compare
from benchmarks.jobs import jobs
from benchmarks.scaling import scaling
from benchmarks.workloads import WORKLOADS, Workload


def chosen(text: str) -> list[Workload]:
    """The workloads of a list of names."""
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    return [WORKLOADS[name] for name in names]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("compare", "jobs", "scaling"), default="compare")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the size, one pair")
    parser.add_argument("--only", type=chosen, metavar="NAMES", help=f"of {', '.join(WORKLOADS)}")
    parser.add_argument("--share", type=float, help="this part of each workload")
    parser.add_argument("--pairs", type=int, help="how often each is measured (3)")
    options = parser.parse_args(arguments)
    share = options.share or (0.02 if options.quick else 1.0)
    pairs = options.pairs or (1 if options.quick else 3)
    if options.what == "scaling":
        scaling(share, pairs, draw=not options.quick)
    elif options.what == "jobs":
        jobs(share, pairs)
    else:
        compare(options.only or [one for one in WORKLOADS.values() if not one.named], share, pairs)


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
