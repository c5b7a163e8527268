"""One contender in a process of its own, with the processors and the thread settings of its figure.

The parent sends pickles: first what to prepare, then anything for each run. The answers are pickles too: None
when all is prepared, then an `Outcome` for each run.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from workload import THREAD_VARIABLES, Outcome, Run, Workload


class Contender:
    """The parent's handle of a worker."""

    def __init__(
        self, peer: str, workload: Workload | None, options: dict[str, Any], processors: int
    ) -> None:
        environment = dict(os.environ, JAX_PLATFORMS="cpu")
        environment.update(dict.fromkeys(THREAD_VARIABLES, str(processors)))
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(processors)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self._send((peer, workload, options))
        self._receive()

    def run(self) -> Outcome:
        """Let the worker do its whole training once."""
        self._send("run")
        outcome = self._receive()
        assert isinstance(outcome, Outcome)
        return outcome

    def close(self) -> None:
        """End the worker."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        pickle.dump(message, self._process.stdin)
        self._process.stdin.flush()

    def _receive(self) -> object:
        assert self._process.stdout is not None
        try:
            answer: object = pickle.load(self._process.stdout)
        except EOFError:
            raise RuntimeError("a contender ended; its error stands above") from None
        return answer


def _serve(processors: int) -> None:
    available = sorted(os.sched_getaffinity(0))
    # The last ones: the first serves the machine's interrupts. XLA takes as many threads as it may use here.
    os.sched_setaffinity(0, available[-processors:])
    # Answers go where standard output was; what libraries print there goes to standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    peer, workload, options = pickle.load(sys.stdin.buffer)
    run: Run = import_module(f"peers_{peer}").prepare(workload, processors, **options)
    answer: Outcome | None = None
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        answer = run()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
