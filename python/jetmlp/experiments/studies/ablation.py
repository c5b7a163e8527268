"""Which change of an experiment helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..curves.fit import Evaluation, FitExperiment, FitResult
from ..study import Runs, SeveralFits

QUANTITIES = ("value", "derivative")

# A clear difference changes the median by more than this factor, in the same sense for so large a part of the
# seeds; anything less may be chance.
CLEAR_RATIO = 0.8
CLEAR_PART = 0.8


class Effect(NamedTuple):
    """What a variant does to the root mean square error of one quantity, over the seeds."""

    median: float
    minimum: float
    maximum: float
    #: Its median divided by the baseline's.
    ratio: float
    #: For how many seeds the error is smaller than the baseline's with the same seed.
    n_better: int
    n_seeds: int

    @property
    def verdict(self) -> str:
        """Say "helps", "hurts" or "unclear": the median, and four fifths of the seeds, decide."""
        if self.ratio < CLEAR_RATIO and self.n_better >= CLEAR_PART * self.n_seeds:
            return "helps"
        if self.ratio > 1.0 / CLEAR_RATIO and self.n_seeds - self.n_better >= CLEAR_PART * self.n_seeds:
            return "hurts"
        return "unclear"


@dataclass(frozen=True, eq=False)
class AblationResult:
    """Results of all variants for all seeds.

    Attributes
    ----------
    baseline : str
        Name of the variant to compare with.
    runs : dict of str to list of FitResult
        For each variant one result a seed.
    """

    baseline: str
    runs: Runs[FitResult]

    @property
    def evaluations(self) -> dict[str, list[Evaluation]]:
        """For each variant its errors on the many points, one evaluation a seed."""
        return {
            label: [one.evaluations[one.dense_points] for one in runs] for label, runs in self.runs.items()
        }

    @property
    def effects(self) -> dict[str, dict[str, Effect]]:
        """For each variant, and for "value" and "derivative", what it does; the baseline has ratio 1."""
        return {
            label: {quantity: self._effect(results, quantity) for quantity in QUANTITIES}
            for label, results in self.runs.items()
        }

    def _effect(self, results: list[FitResult], quantity: str) -> Effect:
        errors = _rmse(results, quantity)
        reference = _rmse(self.runs[self.baseline], quantity)
        return Effect(
            median=float(np.median(errors)),
            minimum=float(errors.min()),
            maximum=float(errors.max()),
            ratio=float(np.median(errors) / np.median(reference)),
            n_better=int(np.sum(errors < reference)),
            n_seeds=len(errors),
        )


@dataclass(frozen=True)
class Ablation(SeveralFits[FitResult, AblationResult]):
    """One experiment and variants of it that differ in one thing each.

    Parameters
    ----------
    name, description : str
        Of the experiment.
    variants : dict of str to FitExperiment
        The first is the baseline.
    least_seeds : int, default 5
        Seeds that are run at least: a single one says little about a change.
    """

    name: str
    description: str
    variants: Mapping[str, FitExperiment]
    least_seeds: int = 5

    @property
    def fits(self) -> Mapping[str, FitExperiment]:
        """The fits by name."""
        return self.variants

    def collect(self, runs: Runs[FitResult]) -> AblationResult:
        """Compare the results of all fits."""
        return AblationResult(next(iter(self.variants)), runs)


def _rmse(results: list[FitResult], quantity: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([one.evaluations[one.dense_points][quantity]["rmse"] for one in results])
