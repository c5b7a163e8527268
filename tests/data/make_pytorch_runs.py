"""Write pytorch_runs.json: the errors of PyTorch in every published experiment, at seeds 0 to 39.

Run from the repository's root, with jetmlp and PyTorch installed (`pip install ".[benchmark]"`):

    python tests/data/make_pytorch_runs.py

takes about twenty minutes on one core. What is finished is kept, so that a stopped script goes on where it
was if neither the specification nor a version has changed, and begins anew if one has; after a change of the
script itself, delete the file first. The tests need no PyTorch.

A run is what the experiment of `jetmlp.experiments` says, by means of PyTorch: the very points of its seed,
the architecture, the distribution of the starting parameters, `torch.optim.Adam`, its rate, epochs and
batches; slopes by `torch.autograd.grad`, of which the loss is differentiated in turn; float32 and one thread.
Starting parameters and the order of the batches come from a `torch.Generator` of the seed: the runs are of
the same distribution as jetmlp's, not of the same numbers. Errors are taken in float64 from what the network
returns in float32, as `jetmlp.metrics` does, on the published points and on 2001 equispaced ones.

Several seeds are trained side by side, since PyTorch's time goes into starting small operations: each array
has an axis of networks in front. The loss is the sum of theirs, so every network has the gradient of its own
loss alone, and Adam works entry by entry.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import jetmlp
from jetmlp import Samples
from jetmlp.experiments import ERRORS, EXPERIMENTS, Comparison, FitExperiment

N_SEEDS = 40
SIDE_BY_SIDE = 8
FILE = Path(__file__).with_name("pytorch_runs.json")
ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"tanh": torch.tanh, "relu": torch.relu}
METRICS = {"mse": jetmlp.metrics.mse, "max": jetmlp.metrics.max_error}

Layer = tuple[torch.Tensor, torch.Tensor]
Run = dict[str, Any]


class Networks:
    """Networks of one experiment, one for each generator."""

    def __init__(self, fit: FitExperiment, generators: Sequence[torch.Generator]) -> None:
        if fit.output_activation != "identity":
            raise ValueError(f"{fit.name}: expected no output activation, got {fit.output_activation}")
        self.activation = ACTIVATIONS[fit.activation]
        networks = [
            [start_of(fit.init, *sizes, generator) for sizes in pairwise(fit.layer_sizes)]
            for generator in generators
        ]
        self.layers = [
            tuple(torch.stack(arrays).requires_grad_() for arrays in zip(*layers, strict=True))
            for layers in zip(*networks, strict=True)
        ]
        self.parameters = [parameter for layer in self.layers for parameter in layer]

    def __call__(self, X: torch.Tensor) -> torch.Tensor:
        """Values (networks, n, 1) at inputs (networks, n, 1)."""
        *hidden, (W_last, b_last) = self.layers
        for W, b in hidden:
            X = self.activation(torch.baddbmm(b, X, W))
        return torch.baddbmm(b_last, X, W_last)


def start_of(init: str, n_in: int, n_out: int, generator: torch.Generator) -> Layer:
    """Draw W (n_in, n_out) and b (1, n_out) of one layer from the distribution of a name."""
    W, b = torch.empty(n_in, n_out), torch.zeros(1, n_out)
    if init == "glorot_uniform":  # |W| < √(6/(n_in + n_out)), b = 0
        W.uniform_(-math.sqrt(6 / (n_in + n_out)), math.sqrt(6 / (n_in + n_out)), generator=generator)
    elif init == "fan_in_uniform":  # |W|, |b| < 1/√n_in: what torch.nn.Linear starts from
        W.uniform_(-1 / math.sqrt(n_in), 1 / math.sqrt(n_in), generator=generator)
        b.uniform_(-1 / math.sqrt(n_in), 1 / math.sqrt(n_in), generator=generator)
    else:
        raise ValueError(f"init: expected glorot_uniform or fan_in_uniform, got {init!r}")
    return W, b


def slopes_of(values: torch.Tensor, X: torch.Tensor, *, create_graph: bool) -> torch.Tensor:
    """Derivatives by X; no value depends on another's input, so those of the sum are those of each."""
    [slopes] = torch.autograd.grad(values.sum(), X, create_graph=create_graph)
    return slopes


def mean_squares(predicted: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """The mean square of each network's errors, summed over the networks."""
    return (predicted - true).square().mean(dim=(1, 2)).sum()


def batches(n: int, size: int, generators: Sequence[torch.Generator]) -> Iterator[torch.Tensor]:
    """Rows (networks, size, 1) of each batch of an epoch; the last may be smaller."""
    orders = torch.stack([torch.randperm(n, generator=generator) for generator in generators])
    return iter(orders.unsqueeze(-1).split(size, dim=1))


def train(fit: FitExperiment, seeds: Sequence[int], samples: Sequence[Samples]) -> Networks:
    """Train on the samples of each seed."""
    if fit.dtype != "float32" or not isinstance(fit.learning_rate, float):
        raise ValueError(f"{fit.name}: expected float32 and a constant learning rate")
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    networks = Networks(fit, generators)
    optimizer = torch.optim.Adam(networks.parameters, lr=fit.learning_rate, fused=True)
    X, Y, dYdX = (columns([getattr(one, part) for one in samples]) for part in ("X", "Y", "dYdX"))
    n = X.shape[1]
    for _ in range(fit.epochs):
        for rows in [None] if fit.batch_size is None else batches(n, fit.batch_size, generators):
            x, y, dydx = (array if rows is None else array.gather(1, rows) for array in (X, Y, dYdX))
            x.requires_grad_(fit.derivative_trained)
            values = networks(x)
            loss = torch.zeros(())
            if fit.value_trained:
                loss = loss + fit.value_weight * mean_squares(values, y)
            if fit.derivative_trained:
                slopes = slopes_of(values, x, create_graph=True)
                loss = loss + fit.derivative_weight * mean_squares(slopes, dydx)
            optimizer.zero_grad()
            loss.backward(inputs=networks.parameters)
            optimizer.step()
    if not fit.value_trained:
        # The loss does not see the constant of the function: the mean residual fixes it.
        with torch.no_grad():
            networks.parameters[-1] += (Y - networks(X)).double().mean(dim=1, keepdim=True).float()
    return networks


def columns(arrays: Sequence[NDArray[np.float64] | None]) -> torch.Tensor:
    """Numbers of each network, of one input and one output, as (networks, n, 1)."""
    return torch.from_numpy(np.stack([np.reshape(one, (-1, 1)) for one in arrays]).astype(np.float32))


def errors_of(networks: Networks, samples: Sequence[Samples]) -> list[dict[str, float]]:
    """The four errors of each network on its samples."""
    X = columns([one.X for one in samples]).requires_grad_()
    values = networks(X)
    slopes = slopes_of(values, X, create_graph=False)
    found = [array.detach().numpy()[..., 0].astype(np.float64) for array in (values, slopes)]
    errors = []
    for one, *predicted in zip(samples, *found, strict=True):
        true = [np.ravel(one.Y), np.ravel(one.dYdX)]
        pairs = dict(zip(("value", "derivative"), zip(true, predicted, strict=True), strict=True))
        errors.append({})
        for error in ERRORS:
            quantity, _, metric = error.partition("_")
            errors[-1][error] = METRICS[metric](*pairs[quantity])
    return errors


def run(fit: FitExperiment, seeds: Sequence[int]) -> list[Run]:
    """Train, and measure where errors were published and on many equispaced points."""
    samples = [fit.samples(seed) for seed in seeds]
    networks = train(fit, seeds, [one["train"] for one in samples])
    assert fit.published is not None
    names = dict.fromkeys((fit.published.points, list(samples[0])[-1]))  # the densest points are the last
    errors = {name: errors_of(networks, [one[name] for one in samples]) for name in names}
    return [
        {"seed": seed, "errors": {name: errors[name][index] for name in names}}
        for index, seed in enumerate(seeds)
    ]


def description(fits: dict[str, FitExperiment]) -> dict[str, Any]:
    """What determines the runs."""
    return {
        "about": "Errors of PyTorch (CPU, eager, float32, one thread) in the experiments of jetmlp, "
        "written by make_pytorch_runs.py. A reference distribution, not a target.",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
            "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
        },
        "initialization": {
            "glorot_uniform": "weights uniform within sqrt(6/(n_in + n_out)), biases 0",
            "fan_in_uniform": "weights and biases uniform within 1/sqrt(n_in)",
        },
        "specification": {
            name: {**fit.configuration(), "published_points": fit.published.points}
            for name, fit in fits.items()
            if fit.published is not None
        },
    }


def write(file: Path, about: dict[str, Any], runs: dict[str, list[Run]]) -> None:
    """Write a line a run, so that nobody ever reads half a file."""
    head = json.dumps(about, indent=1).removesuffix("\n}")
    lists = []
    for name, its in runs.items():
        lines = ",\n".join(f"   {json.dumps(one)}" for one in its)
        lists.append(f"  {json.dumps(name)}: [\n{lines}\n  ]")
    text = head + ',\n "runs": {\n' + ",\n".join(lists) + "\n }\n}\n"
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, file)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=FILE, help="file to write and to go on with")
    file = parser.parse_args().out
    torch.set_num_threads(1)
    fits = {
        fit.name: fit
        for experiment in EXPERIMENTS.values()
        if isinstance(experiment, (FitExperiment, Comparison))
        for fit in experiment.fits.values()
        if fit.optimizer is None  # as published, with Adam; what is possible stands beside these
    }
    about = description(fits)
    runs: dict[str, list[Run]] = {name: [] for name in fits}
    if file.exists():
        earlier = json.loads(file.read_text(encoding="utf-8"))
        if {key: earlier.get(key) for key in about} == about:
            runs = earlier["runs"]
    for first in range(0, N_SEEDS, SIDE_BY_SIDE):
        seeds = range(first, first + SIDE_BY_SIDE)
        for name, fit in fits.items():
            if len(runs[name]) > first:
                continue
            start = time.perf_counter()
            runs[name] += run(fit, seeds)
            write(file, about, runs)
            print(
                f"seeds {seeds[0]} to {seeds[-1]} of {name}: {time.perf_counter() - start:.0f} s", flush=True
            )


if __name__ == "__main__":
    main()
