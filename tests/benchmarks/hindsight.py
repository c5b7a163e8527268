"""Measure what the choice of a surrogate costs: its errors over those of the best network in hindsight.

    python tests/benchmarks/hindsight.py                    # 20 samples of each problem, 3 designs
    python tests/benchmarks/hindsight.py --problems wing-weight --samples 25 --designs 1

The networks are all that a search begins with, each fitted to its end. The best is the one of the least
error of values on the held-out points, which nobody can know who fits. Below 1 averaging has paid.
"""

from __future__ import annotations

import argparse
import sys
from statistics import median

import numpy as np
from surrogate_problems import Data, TestProblem, problems, relative_errors

import jetmlp
from jetmlp.data.presence import counting
from jetmlp.data.samples import Samples
from jetmlp.data.standardise import learn
from jetmlp.surrogate.candidates import first_candidates
from jetmlp.surrogate.fit import CandidateFit

#: As many steps as a search gives at most.
STEPS = 400


def ratio(problem: TestProblem, n: int, design: int) -> float:
    """Return the surrogate's error of values over that of the best network."""
    train, truth = problem.training(n, design), problem.held_out()
    surrogate = jetmlp.Surrogate(check=False, n_threads=1).fit(train.X, train.Y, train.dYdX)
    mine = _error(problem, truth, surrogate.predict(truth.X), surrogate.jacobian(truth.X))
    samples = counting(Samples(train.X, train.Y, train.dYdX), np.dtype(np.float64))
    normalization = learn(samples, least_effect=0.0)
    errors = []
    for candidate in first_candidates(n * (1 + problem.n_inputs), problem.n_inputs, 1, seed=0):
        fit = CandidateFit(candidate, samples, normalization)
        fit.run(STEPS)
        if np.isfinite(fit.log_evidence):
            fit.report()
            errors.append(_error(problem, truth, *fit.model.predict_with_jacobian(truth.X)))
    return mine / min(errors)


def _error(problem: TestProblem, truth: Data, values: np.ndarray, slopes: np.ndarray) -> float:
    return relative_errors(problem, truth, np.ravel(values), np.reshape(slopes, truth.X.shape))[0]


def main() -> int:
    """Run the command."""
    known = problems()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", nargs="+", choices=known, default=list(known), metavar="NAME")
    parser.add_argument("--samples", type=int, default=20, metavar="N", help="default: %(default)s")
    parser.add_argument("--designs", type=int, default=3, metavar="N", help="default: %(default)s")
    options = parser.parse_args()
    medians = []
    for name in options.problems:
        problem = known[name]
        n = options.samples
        if problem.layout == "grid":  # has its own numbers of points
            n = min(problem.samples, key=lambda size: abs(size - options.samples))
        ratios = [ratio(problem, n, design) for design in range(options.designs)]
        medians.append(median(ratios))
        print(f"{name}, {n} samples: {', '.join(f'{number:.2f}' for number in ratios)}", flush=True)
    print(f"median over problems {median(medians):.2f}, worst {max(medians):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
