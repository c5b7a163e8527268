"""Measure how fast jetmlp is, each figure beside its peers.

    python -m pip install ".[benchmark]"
    python tests/benchmarks/run.py [NAME …] [--repeats N] [--out DIR] [--list]

Contenders run by turns, each in a process of its own bound to as many processors as the figure says. Where a
figure says one thread, all share the same processor.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import report
from figures import all_cases
from timing import measure


def main() -> int:
    """Run the command; the exit code is 1 if a figure misses what it has to reach."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases or figures to measure (default: all)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="rounds (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"), metavar="DIR")
    parser.add_argument("--list", action="store_true", help="list the cases with their figures and stop")
    options = parser.parse_args()
    known_cases = all_cases()
    if options.list:
        for case in known_cases.values():
            print(f"{case.name}: {', '.join(figure.name for figure in case.figures)}")
        return 0
    if options.repeats < 1:
        parser.error("--repeats: expected at least 1")

    wanted = set(options.names)
    known = {name for case in known_cases.values() for name in (case.name, *(f.name for f in case.figures))}
    if wanted - known:
        parser.error(f"unknown: {', '.join(sorted(wanted - known))}; --list says what there is")
    cases = [
        case
        for case in known_cases.values()
        if not wanted or wanted & {case.name, *(figure.name for figure in case.figures)}
    ]
    start, load = time.perf_counter(), os.getloadavg()
    measurements = []
    for case in cases:
        begin = time.perf_counter()
        measurement = measure(case, options.repeats)
        measurements.append(measurement)
        print(f"{case.name} ({time.perf_counter() - begin:.0f} s)", file=sys.stderr)
        for line in (*measurement.checks, *map(report.row_text, measurement.results)):
            print(f"    {line}", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - start
    print(report.write(options.out, measurements, options.repeats, seconds, load))
    print(f"{options.out}: written after {seconds:.0f} s", file=sys.stderr)
    return 1 if any(r.reached is False for m in measurements for r in m.results) else 0


if __name__ == "__main__":
    sys.exit(main())
