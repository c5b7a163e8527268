"""Measure who needs the fewest samples: errors of values and slopes, error bars and time, by problem and n.

    python tests/benchmarks/fewest_samples.py                          # all problems, all that is installed
    python tests/benchmarks/fewest_samples.py --contenders surrogate   # the others from the reference file
    python tests/benchmarks/fewest_samples.py --problems wing-weight piston --samples 20 50 --designs 1

One thread, in one processor. Errors are root mean squares on 2000 held-out points, relative to the deviation;
time is processor time. Results go to a JSON file after each row, to a table and a picture. What is in the
reference file and was not run again is shown from there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from workload import THREAD_VARIABLES

REFERENCE = Path(__file__).parent / "data" / "fewest_samples.json"


def main() -> int:
    """Run the command."""
    import fewest_report as report
    from fewest_rows import Row, merge, read, score, write
    from surrogate_contenders import CONTENDERS, missing
    from surrogate_problems import TestProblem, problems

    known = problems()
    options = _options(list(known), list(CONTENDERS))
    if options.list:
        for problem in known.values():
            mark = "" if problem.named else "  (not named by the aims)"
            print(f"{problem.name}: {problem.n_inputs} inputs, n = {problem.samples}{mark}")
        return 0
    contenders = []
    for name in options.contenders:
        why_not = missing(name)
        if why_not is None:
            contenders.append(name)
        else:
            print(f"!!! {name} IS LEFT OUT: {why_not}", file=sys.stderr)

    def sizes(problem: TestProblem) -> list[int]:
        wanted: list[int] = options.samples or list(problem.samples)
        # A grid has its own numbers of points.
        return [n for n in wanted if problem.layout != "grid" or n in problem.samples]

    # The smallest first: a run that is cut short has something of every problem.
    order = sorted((n, name) for name in options.problems for n in sizes(known[name]))
    reference = read(options.reference) if options.reference and options.reference.exists() else []
    rows: dict[tuple[str, int, str], Row] = {}
    slow: set[tuple[str, str]] = set()
    for n, name in order:
        problem = known[name]
        for contender in contenders:
            n_residuals = n * (1 + problem.n_inputs)
            if contender in ("process", "noisy-process") and n_residuals > options.residuals:
                print(f"!!! {contender} LEFT OUT of {name}, {n}: {n_residuals} equations", file=sys.stderr)
                continue
            row = Row(name, n, contender)
            for design in range(options.designs):
                if (name, contender) in slow:
                    print(f"!!! {contender} LEFT OUT of {name}, {n}, design {design}: slow", file=sys.stderr)
                    continue
                start = time.perf_counter()
                scores = score(problem, CONTENDERS[contender], n, design)
                row.add(design, scores)
                if scores["seconds"] > options.seconds:
                    slow.add((name, contender))
                print(f"{row.line()} ({time.perf_counter() - start:.0f} s)", file=sys.stderr, flush=True)
            if row.designs:
                rows[name, n, contender] = row
                write(options.out / "fewest_samples.json", list(rows.values()))
    merged = merge(reference, list(rows.values()))
    shown = [row for row in merged if (row.n, row.problem) in order]
    print(report.text(shown, known))
    options.out.mkdir(parents=True, exist_ok=True)
    report.draw(shown, options.out / "fewest_samples.png")
    print(f"{options.out}: written; {len(shown) - len(rows)} rows from the reference", file=sys.stderr)
    if options.update:
        write(options.reference, merged)
        print(f"{options.reference}: {len(rows)} rows put in", file=sys.stderr)
    return 0


def _options(known: list[str], contenders: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--problems", nargs="+", choices=known, default=known, metavar="NAME", help="default: all")
    add("--samples", nargs="+", type=int, metavar="N", help="default: those of each problem")
    add("--designs", type=int, default=3, metavar="N", help="designs of each row (default: %(default)s)")
    add("--contenders", nargs="+", choices=contenders, default=contenders, metavar="NAME")
    add("--residuals", type=int, default=2500, metavar="N", help="most equations of the process")
    add("--seconds", type=float, default=60.0, metavar="S", help="a slower fit is the last of its problem")
    add(
        "--reference",
        type=Path,
        nargs="?",
        default=REFERENCE,
        metavar="FILE",
        help="results of an earlier run (default: those of the repository; without FILE: none)",
    )
    add("--update", action="store_true", help="put what was run in the reference file")
    add("--out", type=Path, default=Path("results/fewest_samples"), metavar="DIR")
    add("--list", action="store_true", help="list the problems and stop")
    options = parser.parse_args()
    if options.reference not in (None, REFERENCE) and not (options.update or options.reference.exists()):
        parser.error(f"--reference: expected a file, got {options.reference}, which is not there")
    if options.update and options.reference is None:
        parser.error("--update: expected a file to put the results in, got --reference without one")
    for name in ("designs", "residuals", *(["samples"] if options.samples else [])):
        value = getattr(options, name)
        if min(value if isinstance(value, list) else [value]) < 1:
            parser.error(f"--{name}: expected at least 1, got {value}")
    return options


def _with_one_thread() -> None:
    """Start again where the libraries would take more: they read this when they are imported."""
    if any(os.environ.get(name) != "1" for name in THREAD_VARIABLES):
        os.execve(
            sys.executable, [sys.executable, *sys.argv], os.environ | dict.fromkeys(THREAD_VARIABLES, "1")
        )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])


if __name__ == "__main__":
    _with_one_thread()
    sys.exit(main())
