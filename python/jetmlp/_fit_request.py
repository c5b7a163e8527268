"""What a call of `fit` asks for besides epochs, and what is ready for the core once it has been checked."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._anchor import Anchor, as_anchor
from ._early_stopping import StoppingRule, as_stopping_rule
from ._problem import LossWeights, as_validation_samples, compile_problem
from ._samples import Samples
from .history import History
from .model import MLP
from .normalization import Normalization


class PreparedFit(NamedTuple):
    """What the core and the end of a fit need to know, all of it checked."""

    training: Any  # _core.Objective32 or _core.Objective64
    validation: Any  # likewise, or None
    learning_rates: NDArray[np.float64]  # of every epoch
    stopping: StoppingRule
    anchor: Anchor | None
    normalization: Normalization | None  # that the model gets

    def history(self, table: NDArray[np.float64]) -> History:
        """Name the columns of a table of epochs by what was given."""
        validation_terms = None if self.validation is None else self.validation.terms
        return History.from_table(table, terms=self.training.terms, validation_terms=validation_terms)


class FitRequest(NamedTuple):
    """The arguments of `Trainer.fit` and `fit_many`, by their names and not yet checked."""

    samples: Samples
    validation_data: tuple[ArrayLike | None, ...] | None
    patience: int | None
    min_delta: float
    restore_best: bool
    anchor: tuple[ArrayLike, ArrayLike] | None

    def prepare(self, model: MLP, weights: LossWeights) -> PreparedFit:
        """Check everything and hand it to the core, still without epochs; the model does not change."""
        held_out = as_validation_samples(
            self.validation_data, allow_missing_values=self.samples.allow_missing_values
        )
        stopping = as_stopping_rule(
            self.patience, self.min_delta, self.restore_best, validated=held_out is not None
        )
        anchor = as_anchor(model, self.anchor, self.samples, self.validation_data)
        problem = compile_problem(model, self.samples, held_out, weights)
        return PreparedFit(
            problem.training, problem.validation, np.empty(0), stopping, anchor, problem.normalization
        )
