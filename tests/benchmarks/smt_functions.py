"""The test functions and their derivatives against those of the package SMT (2.15 or later).

    python tests/benchmarks/smt_functions.py

Prints the largest relative differences; the exit code is 1 if one is more than rounding.
"""

from __future__ import annotations

import sys

import numpy as np
from smt.problems import RobotArm, Rosenbrock, WaterFlow, WingWeight

from jetmlp.experiments import BoxProblem, SurrogateStudy, get

PEERS = {
    "rosenbrock": Rosenbrock(ndim=2),
    "wing-weight": WingWeight(),
    "robot-arm": RobotArm(ndim=8),
    "water-flow": WaterFlow(),
}
TOLERANCE = 1e-10


def main() -> int:
    """Compare bounds, values and derivatives on random points."""
    worst = 0.0
    for name, peer in PEERS.items():
        study = get(name)
        assert isinstance(study, SurrogateStudy)
        problem = study.problem
        assert isinstance(problem, BoxProblem)
        np.testing.assert_allclose(peer.xlimits, np.stack([problem.low, problem.high], axis=1), rtol=1e-15)
        samples = problem.held_out(seed=0)
        assert samples.Y is not None
        assert samples.dYdX is not None
        X, Y, dYdX = samples.X, samples.Y[:, 0], samples.dYdX[:, 0]
        values = np.max(np.abs(peer(X)[:, 0] - Y)) / np.max(np.abs(Y))
        partials = np.concatenate([peer(X, kx=k) for k in range(X.shape[1])], axis=1)
        # Each by its own size; the reach of an arm does not depend on the first angle, so 1 is the least.
        sizes = np.abs(dYdX).max(axis=0)
        derivatives = np.max(np.abs(partials - dYdX) / np.where(sizes > 1e-12, sizes, 1.0))
        print(f"{name}: values {values:.1e}, derivatives {derivatives:.1e}")
        worst = max(worst, values, derivatives)
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
