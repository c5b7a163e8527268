"""A row of the benchmark of few samples: what a contender reached on the designs of one problem and size."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr
from surrogate_contenders import Contender
from surrogate_problems import TestProblem, relative_errors

Array = NDArray[np.float64]
Scores = dict[str, float]

#: Nominal coverage of the intervals that are tried.
LEVELS = (68, 95)


@dataclass
class Row:
    """Scores by name, one number for each design; those of bars only where the contender has some."""

    problem: str
    n: int
    contender: str
    designs: list[int] = field(default_factory=list)
    scores: dict[str, list[float]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int, str]:
        """What no other row has."""
        return self.problem, self.n, self.contender

    def add(self, design: int, scores: Scores) -> None:
        """Add a design."""
        self.designs.append(design)
        for name, value in scores.items():
            # Four digits tell contenders apart and keep the file small.
            self.scores.setdefault(name, []).append(float(f"{value:.4g}"))

    def median(self, name: str) -> float | None:
        """Return the median over the designs, or None where there is no such score."""
        return median(self.scores[name]) if name in self.scores else None

    def line(self) -> str:
        """Say how the last design went."""
        shown = ", ".join(f"{name} {values[-1]:.2g}" for name, values in self.scores.items())
        return f"{self.problem}, n = {self.n}, {self.contender}, design {self.designs[-1]}: {shown}"


def score(problem: TestProblem, contender: Contender, n: int, design: int) -> Scores:
    """Fit one design and measure: errors, processor time of the fit, and what the bars are worth."""
    train, truth = problem.training(n, design), problem.held_out()
    start = time.process_time()
    predict = contender(train, design)
    seconds = time.process_time() - start
    prediction = predict(truth.X)
    value_error, slope_error = relative_errors(problem, truth, prediction.values, prediction.slopes)
    scores = {"value_error": value_error, "slope_error": slope_error, "seconds": seconds}
    if prediction.value_std is not None:
        scores |= _bars("value", prediction.values - truth.Y, prediction.value_std)
    if prediction.slope_std is not None:
        misses = (prediction.slopes - truth.dYdX) * problem.half_widths
        scores |= _bars("slope", misses, prediction.slope_std * problem.half_widths)
    return scores


def _bars(of: str, misses: Array, std: Array) -> Scores:
    """Return the share that the intervals of each level cover, and the rank correlation of error and bar."""
    errors, std = np.abs(misses).ravel(), std.ravel()
    scores = {
        f"{of}_coverage_{level}": float(np.mean(errors <= norm.ppf(0.5 + level / 200.0) * std))
        for level in LEVELS
    }
    # Bars that are all alike tell nothing: 0.
    spread = bool(np.ptp(std) > 0.0)
    scores[f"{of}_spearman"] = float(spearmanr(errors, std).statistic) if spread else 0.0
    return scores


def merge(old: list[Row], new: list[Row]) -> list[Row]:
    """Return all rows, new ones in the place of old ones, by contender, problem and size."""
    rows = {row.key: row for row in (*old, *new)}
    return sorted(rows.values(), key=lambda row: (row.contender, row.problem, row.n))


def write(path: Path, rows: list[Row]) -> None:
    """Write rows as JSON, a line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(row)) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def read(path: Path) -> list[Row]:
    """Read what `write` wrote."""
    return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
