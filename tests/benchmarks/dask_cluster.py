"""What an evaluation on a cluster takes beyond its arithmetic: python tests/benchmarks/dask_cluster.py."""

from __future__ import annotations

import time
from typing import Any

import dask.array
import numpy as np
from distributed import Client, LocalCluster

import jetmlp
from jetmlp.data.samples import as_samples
from jetmlp.distributed.fit import DaskParts
from jetmlp.fitting.parts import pose_parts
from jetmlp.fitting.problem import as_loss_weights, pose

N_WORKERS, LAYERS = 2, [5, 64, 64, 1]


def seconds(core: Any, parameters: Any, repeats: int = 30) -> float:  # noqa: ANN401
    """Return the median time of a loss with its gradient."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        core.loss_and_gradient(parameters, 1)
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def main() -> None:
    """Print a row for each number of samples."""
    names = ("X", "Y", "dYdX", "d2YdX2", "sample_weight", "derivative_sample_weight", "directions", "dYdV")
    weights = as_loss_weights(1.0, 1.0, 1.0, 0.0)
    with (
        LocalCluster(n_workers=N_WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        print(f"{N_WORKERS} workers, layers {LAYERS}; milliseconds of loss and gradient")
        print("samples a worker  here  on the cluster  beyond a worker's share")
        for n in (100, 5000, 20000):
            X = np.random.default_rng(0).normal(size=(n * N_WORKERS, LAYERS[0]))
            given = {"X": X, "Y": np.sin(X[:, :1]), "dYdX": np.cos(X)[:, np.newaxis]}
            model = jetmlp.MLP(LAYERS, seed=0)
            here = pose(model, as_samples(*given.values()), None, weights).training
            chunked = {name: dask.array.from_array(a, chunks=(n, *a.shape[1:])) for name, a in given.items()}
            parts = DaskParts(
                client, dict.fromkeys(names) | chunked, {name: name for name in names}, model, missing=False
            )
            there = pose_parts(model, parts, None, weights).training
            alone, together = (1e3 * seconds(core, model.parameters) for core in (here, there))
            print(f"{n:16d}  {alone:4.1f}  {together:14.1f}  {together - alone / N_WORKERS:23.1f}")


if __name__ == "__main__":
    main()
