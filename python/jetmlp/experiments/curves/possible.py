"""How to find out what is possible on the samples of an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...optimizers.base import Optimizer
from ...optimizers.levenberg_marquardt import LevenbergMarquardt


@dataclass(frozen=True)
class Possible:
    """Settings of a second fit, by the library's best means, to the samples of an experiment.

    Samples, weights of the loss and points of evaluation stay those of the experiment.

    Parameters
    ----------
    layer_sizes : tuple of int
        Inputs, hidden widths, outputs.
    epochs : int
        Steps on all samples.
    optimizer : Optimizer, default `LevenbergMarquardt()`
        One of full batches.
    init, dtype, normalize
        As for `jetmlp.MLP`, with its defaults.
    """

    layer_sizes: tuple[int, ...]
    epochs: int
    optimizer: Optimizer = field(default_factory=LevenbergMarquardt)
    init: str = "glorot_uniform"
    dtype: str = "float64"
    normalize: bool = True
