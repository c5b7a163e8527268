"""Whole processes: the command `jetmlp reproduce`, and Python with an import."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from workload import THREAD_VARIABLES, Outcome, Run, Workload

LAUNCHES = 10


def prepare(workload: Workload | None, processors: int, *, what: str) -> Run:
    """Launch "reproduce" once a run, or an import statement `LAUNCHES` times: the mean is the run's time."""
    # As a user has it: what keeps the peers to so many threads is not set.
    environment = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}

    def launch(*arguments: str) -> float:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments],
            check=True,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - start

    def reproduce() -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            return Outcome(launch("-m", "jetmlp", "reproduce", "--out", folder))

    def imports() -> Outcome:
        return Outcome(sum(launch("-c", what) for _ in range(LAUNCHES)) / LAUNCHES)

    return reproduce if what == "reproduce" else imports
