"""Compare two installations of jetmlp, say one built by GCC and a wheel built by Clang.

    python tests/benchmarks/builds.py PYTHON OTHER_PYTHON [--repeats N] [--level LEVEL]

Each PYTHON is that of an environment with jetmlp. By turns, each in a process of its own and with one thread,
they do the same work; what is compared is the least processor time of it, as a ratio of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from math import prod

# One figure a kind of work: the kernels of each type, second-order steps, many inputs, predictions.
WORK = """
import json, time
import numpy as np
import jetmlp

def curve(dtype, optimizer, epochs, **options):
    x = np.linspace(-1, 1, 256)
    f = 1 / (1 + 25 * x**2)
    model = jetmlp.MLP([1, 64, 64, 1], "tanh", dtype=dtype, seed=0)
    jetmlp.Trainer(model, optimizer, n_threads=1, **options).fit(x, f, -50 * x * f**2, epochs=epochs)

def many_inputs():
    X = np.random.default_rng(0).uniform(-1, 1, (400, 10))
    Y = np.sin(X.sum(axis=1))
    dYdX = np.repeat(np.cos(X.sum(axis=1))[:, np.newaxis], 10, axis=1)
    model = jetmlp.MLP([10, 32, 32, 1], "softplus", seed=0)
    jetmlp.Trainer(model, jetmlp.LBFGS(), n_threads=1).fit(X, Y, dYdX, epochs=60)

model = jetmlp.MLP([4, 64, 64, 1], "tanh", seed=0, normalize=False)
points = np.random.default_rng(0).uniform(-1, 1, (20_000, 4))
work = {
    "Adam, float32": lambda: curve("float32", jetmlp.Adam(1e-3), 600, batch_size=64),
    "Adam, float64": lambda: curve("float64", jetmlp.Adam(1e-3), 300, batch_size=64),
    "LevenbergMarquardt": lambda: curve("float64", jetmlp.LevenbergMarquardt(), 8),
    "LBFGS, 10 inputs": many_inputs,
    "predict": lambda: [model.predict_with_jacobian(points, n_threads=1) for _ in range(4)],
}
seconds = {}
for name, do in work.items():
    do()
    started = time.process_time()
    do()
    seconds[name] = time.process_time() - started
print(json.dumps({"info": jetmlp.info(), "seconds": seconds}))
"""


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pythons", nargs=2, metavar="PYTHON")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="rounds (default: %(default)s)")
    parser.add_argument("--level", default="", help="instruction-set level (default: the best of each)")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats: expected at least 1")
    rounds = [[measure(python, options.level) for python in options.pythons] for _ in range(options.repeats)]
    for place, result in enumerate(rounds[0]):
        print(
            f"{'first' if place == 0 else 'second'}: {result['info']['compiler']}, {result['info']['level']}"
        )
    ratios = []
    for name in rounds[0][0]["seconds"]:
        first, second = (min(pair[place]["seconds"][name] for pair in rounds) for place in (0, 1))
        ratios.append(second / first)
        print(
            f"{name:<20} {1e3 * first:8.1f} ms {1e3 * second:8.1f} ms   second / first {second / first:.2f}"
        )
    print(f"geometric mean of the ratios: {prod(ratios) ** (1 / len(ratios)):.2f}")
    return 0


def measure(python: str, level: str) -> dict[str, dict[str, float]]:
    """Do the work once; return how jetmlp was built and the seconds of each part."""
    environment = {**os.environ, "JETMLP_LEVEL": level, "OMP_NUM_THREADS": "1"}
    process = subprocess.run(
        [python, "-c", WORK], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, dict[str, float]] = json.loads(process.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
