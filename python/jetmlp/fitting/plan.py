"""One fit, checked and ready to run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data.fingerprint import fingerprint
from ..data.samples import Samples, as_samples
from ..models.mlp import MLP
from .anchor import Anchor, as_anchor
from .early_stopping import StoppingRule, as_stopping_rule
from .history import History
from .parts import Parts, pose_parts
from .problem import LossWeights, Problem, as_held_out, pose


class Ending(NamedTuple):
    """What else of `Trainer.fit` says when a fit ends and where, as it was passed in."""

    validation_data: Samples | tuple[ArrayLike | None, ...] | None = None
    patience: int | None = None
    min_delta: float = 0.0
    restore_best: bool = False
    anchor: tuple[ArrayLike, ArrayLike] | None = None
    allow_missing_values: bool = False


class FitPlan(NamedTuple):
    """A fit that has been checked and handed to the core."""

    problem: Problem
    stopping: StoppingRule
    anchor: Anchor | None
    epochs: int
    samples: Samples | Parts  # as they were passed in
    held_out: Samples | Parts | None  # likewise
    done: int = 0  # epochs, of a fit that is gone on with

    def history(self, table: NDArray[np.float64]) -> History:
        """Read a table of the core, of this fit or of some of its epochs."""
        training, validation = self.problem.training, self.problem.validation
        return History.from_table(
            table, terms=training.terms, validation_terms=None if validation is None else validation.terms
        )


def plan_fit(model: MLP, samples: Samples, ending: Ending, weights: LossWeights, epochs: int) -> FitPlan:
    """Check everything and hand it to the core; the model does not change."""
    samples = as_samples(samples, sizes=(model.n_inputs, model.n_outputs))
    held_out = as_held_out(ending.validation_data, model, allow_missing_values=ending.allow_missing_values)
    stopping = as_stopping_rule(
        ending.patience, ending.min_delta, ending.restore_best, validated=held_out is not None
    )
    anchor = as_anchor(model, ending.anchor, samples, held_out)
    return FitPlan(pose(model, samples, held_out, weights), stopping, anchor, epochs, samples, held_out)


def plan_parts(
    model: MLP, parts: Parts, held_out: Parts | None, ending: Ending, weights: LossWeights, epochs: int
) -> FitPlan:
    """Plan a fit to samples in parts; those of validation may be at hand, as `ending` has them."""
    validation: Parts | Samples | None = held_out
    if held_out is None:
        validation = as_held_out(
            ending.validation_data, model, allow_missing_values=ending.allow_missing_values
        )
    stopping = as_stopping_rule(
        ending.patience, ending.min_delta, ending.restore_best, validated=validation is not None
    )
    example = validation.example if isinstance(validation, Parts) else validation
    anchor = as_anchor(model, ending.anchor, parts.example, example)
    problem = pose_parts(model, parts, validation, weights)
    return FitPlan(problem, stopping, anchor, epochs, parts, validation)


def hash_of(samples: Samples | Parts) -> str:
    """Return what tells samples from any others."""
    return samples.fingerprint() if isinstance(samples, Parts) else fingerprint(samples.arrays())
