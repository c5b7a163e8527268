"""Show that a sample costs what its flop count says, over widths, depths, batches, inputs and corners.

    python tests/benchmarks/scaling.py [--out DIR] [--dtype float32|float64]

One thread. Each network is timed over whole training steps (Adam included) and set beside the operations of
its matrix products: the speed in GFLOP/s says where time goes into anything else. The corners are trainings
full of numbers below the smallest normal one, beside the same training without them.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

import jetmlp
from jetmlp import plotting

SECONDS = 0.15  # of each timing, of which the median of ROUNDS counts
ROUNDS = 5
SWEEPS = {
    "width of 2 hidden layers": (
        [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 100, 128, 192, 256, 384, 512],
        "width",
    ),
    "hidden layers of width 64": ([1, 2, 3, 4, 5, 6, 7, 8], "depth"),
    "samples in a batch": ([1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384, 100_000], "batch"),
    "inputs, one output": ([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64], "inputs"),
    "inputs, as many outputs": ([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64], "both"),
}


@dataclass(frozen=True)
class Row:
    """A network and what a step of it costs."""

    sweep: str
    x: int
    layer_sizes: tuple[int, ...]
    batch_size: int
    flops_per_sample: float
    seconds_per_sample: float

    @property
    def gigaflops(self) -> float:
        """Speed in 10^9 floating-point operations of the products a second."""
        return self.flops_per_sample / self.seconds_per_sample / 1e9


def flops_per_sample(layer_sizes: tuple[int, ...]) -> float:
    """Count the operations of the products of a step: 3 of 2·n·m a layer, for the value and each derivative.

    Derivatives go forward along the inputs or back from the outputs, whichever are fewer.
    """
    carried = 1 + min(layer_sizes[0], layer_sizes[-1])
    return sum(6.0 * n_in * n_out for n_in, n_out in pairwise(layer_sizes)) * carried


def make_trainer(
    layer_sizes: tuple[int, ...], batch_size: int, dtype: str, activation: str = "tanh"
) -> tuple[jetmlp.Trainer, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Make a network with random data for a few batches."""
    d, m = layer_sizes[0], layer_sizes[-1]
    n = batch_size * max(1, min(8, 4096 // batch_size))
    random = np.random.default_rng(0)
    data = (random.uniform(-1, 1, (n, d)), random.normal(size=(n, m)), random.normal(size=(n, m, d)))
    model = jetmlp.MLP(layer_sizes, activation, dtype=dtype, seed=0, normalize=False)
    return jetmlp.Trainer(model, jetmlp.Adam(1e-4), batch_size=batch_size, n_threads=1), data


def seconds_per_epoch(trainer: jetmlp.Trainer, data: tuple[np.ndarray, ...]) -> float:
    """Time epochs in one fit, so that what a call costs does not count."""
    trainer.fit(*data, epochs=1)
    start = time.perf_counter()
    trainer.fit(*data, epochs=2)
    epochs = max(2, int(SECONDS / max((time.perf_counter() - start) / 2, 1e-6)))
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        trainer.fit(*data, epochs=epochs)
        seconds.append((time.perf_counter() - start) / epochs)
    return float(np.median(seconds))


def sweep(name: str, dtype: str) -> list[Row]:
    """Time all networks of one sweep."""
    rows = []
    values, kind = SWEEPS[name]
    for x in values:
        sizes, batch = {
            "width": ((1, x, x, 1), 256),
            "depth": ((1, *[64] * x, 1), 256),
            "batch": ((1, 64, 64, 1), x),
            "inputs": ((x, 64, 64, 1), 256),
            "both": ((x, 64, 64, x), 256),
        }[kind]
        trainer, data = make_trainer(sizes, batch, dtype)
        cost = seconds_per_epoch(trainer, data) / len(data[0])
        rows.append(Row(name, x, sizes, batch, flops_per_sample(sizes), cost))
    return rows


def corners(dtype: str) -> dict[str, float]:
    """Time trainings whose numbers sink below the normal ones, as multiples of the same work without."""
    ratios = {}
    sizes = (1, 64, 64, 1)

    def timed(parameters: np.ndarray | None, activation: str, warm_up: int) -> float:
        trainer, (X, Y, dYdX) = make_trainer(sizes, 256, dtype, activation)
        if parameters is not None:
            trainer.model.parameters = parameters
        trainer.fit(X, Y, dYdX, epochs=warm_up)
        return seconds_per_epoch(trainer, (X, Y, dYdX))

    relu = jetmlp.MLP(sizes, "relu", dtype=dtype, seed=0, normalize=False)
    dead = relu.parameters.copy()
    dead[64:128] = -10.0  # biases of the first layer: no unit ever fires, every moment decays
    ratios["every ReLU dead, moments decayed over 12000 steps"] = timed(dead, "relu", 1500) / timed(
        None, "relu", 1500
    )
    tanh = jetmlp.MLP(sizes, "tanh", dtype=dtype, seed=0, normalize=False)
    saturated = tanh.parameters.copy()
    saturated[64:128] = 0.24 * -np.log(float(np.finfo(dtype).tiny))  # slopes of about the root of tiny
    saturated[-65 - 64 : -65] = 0.28 * -np.log(float(np.finfo(dtype).tiny))
    ratios["tanh saturated in both layers"] = timed(saturated, "tanh", 1) / timed(None, "tanh", 1)
    return ratios


def draw(rows: list[Row], path: Path) -> None:
    """Time per sample in each sweep, beside the flop count at the best speed of that sweep."""
    names = list(SWEEPS)
    with plotting.style(), plotting.offscreen():
        canvas = Figure(figsize=(10.0, 5.6))
        FigureCanvasAgg(canvas)
        panels = canvas.subplots(2, 3).ravel()
        fastest = max(row.gigaflops for row in rows)
        for axes, name in zip(panels, names, strict=False):
            those = [row for row in rows if row.sweep == name]
            x = [row.x for row in those]
            axes.loglog(x, [1e6 * row.seconds_per_sample for row in those], "o-", label="measured")
            axes.loglog(
                x,
                [1e-3 * row.flops_per_sample / fastest for row in those],
                "--",
                color="0.45",
                label=f"products alone, at {fastest:.0f} GFLOP/s",
            )
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
            axes.set_xlabel(name)
            axes.set_ylabel("µs a sample")
        last = panels[-1]
        flops = [row.flops_per_sample for row in rows]
        last.loglog(flops, [row.gigaflops for row in rows], "o")
        last.set_xlabel("flop a sample")
        last.set_ylabel("GFLOP/s of the products")
        canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
        plotting.save_figure(canvas, path)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"), metavar="DIR")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for name in SWEEPS:
        print(f"\n{name:<28}{'layers':>22}{'batch':>8}{'kflop':>10}{'µs/sample':>12}{'GFLOP/s':>10}")
        for row in sweep(name, options.dtype):
            rows.append(row)
            layers = "-".join(map(str, row.layer_sizes))
            cost = f"{1e6 * row.seconds_per_sample:>12.4f}{row.gigaflops:>10.1f}"
            print(
                f"{row.x:<28}{layers if len(layers) < 22 else '…':>22}{row.batch_size:>8}"
                f"{row.flops_per_sample / 1e3:>10.1f}{cost}",
                flush=True,
            )
    ratios = corners(options.dtype)
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f} times the time without")
    result = {"dtype": options.dtype, "rows": [asdict(row) for row in rows], "corners": ratios}
    (options.out / "scaling.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    draw(rows, options.out / "scaling.png")


if __name__ == "__main__":
    main()
