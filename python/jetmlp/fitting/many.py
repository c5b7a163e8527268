"""Many independent fits at once."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import ExitStack

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks, _core
from .._jobs import run_all
from .._memory import require_memory
from .._threads import Threads
from ..data.samples import Samples, as_samples
from ..data.scales import warn_of_scales
from ..random import DATA, Generator
from .errors import DivergenceError
from .history import History
from .plan import Ending
from .trainer import Trainer


def fit_many(
    trainers: Iterable[Trainer],
    X: Samples | ArrayLike,
    Y: ArrayLike | None = None,
    dYdX: ArrayLike | None = None,
    *,
    d2YdX2: ArrayLike | None = None,
    epochs: int,
    sample_weight: ArrayLike | None = None,
    derivative_sample_weight: ArrayLike | None = None,
    directions: ArrayLike | None = None,
    dYdV: ArrayLike | None = None,
    allow_missing_values: bool = False,
    anchor: tuple[ArrayLike, ArrayLike] | None = None,
    validation_data: Samples | tuple[ArrayLike | None, ...] | None = None,
    patience: int | None = None,
    min_delta: float = 0.0,
    restore_best: bool = False,
    bootstrap: bool = False,
    n_threads: int | None = None,
) -> list[History]:
    """Train independent models on the same samples, several at a time.

    The way to an ensemble, or to a sweep over seeds and settings. Each fit gives the same bytes as
    ``trainer.fit`` would by itself, and runs on one thread unless its trainer was given a number.

    Parameters
    ----------
    trainers : iterable of Trainer
        Each with a model of its own.
    X : Samples or array_like, (n, d)
        Samples, or their inputs; of samples, the other arrays are part.
    Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV, allow_missing_values
        As for `Samples`.
    epochs, anchor, validation_data, patience, min_delta, restore_best
        As for `Trainer.fit`; early stopping is of each fit by itself.
    bootstrap : bool, default False
        Whether each trainer gets samples of its own: as many as there are, drawn with replacement by its
        seed (Efron 1979). The spread of such an ensemble says how much the fit hangs on which samples there
        happen to be, and on its start. It is no error bar: what all members have in common, such as too
        small a network or a region without samples, does not show in it. Without the bootstrap the spread is
        that of the starts alone, and smaller still (on simulated Black-Scholes prices two deviations held 9 %
        of the truth).
    n_threads : int, optional
        Fits at a time; default one for each processor.

    Returns
    -------
    list of History
        One for each trainer, in their order.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or range, before anything changes.
    DivergenceError
        If a loss of some fit turned NaN or infinite, after all others have ended; the error says which,
        and every trainer has its history.
    KeyboardInterrupt
        On Ctrl-C. Every model keeps the parameters of its last step, every trainer its history.
    RuntimeError
        If one of the models is being fitted already.
    """
    fleet = _as_trainers(trainers)
    epochs = _checks.as_integer("epochs", epochs, 0, 2**31)
    bootstrap = _checks.as_boolean("bootstrap", bootstrap)
    threads = _checks.as_threads(n_threads)
    stop = _core.StopFlag()
    with ExitStack() as claims:
        for trainer in fleet:
            claims.enter_context(trainer._claimed())
        first = fleet[0].model if fleet else None
        samples = as_samples(
            X,
            Y,
            dYdX,
            d2YdX2=d2YdX2,
            sample_weight=sample_weight,
            derivative_sample_weight=derivative_sample_weight,
            directions=directions,
            dYdV=dYdV,
            allow_missing_values=allow_missing_values,
            sizes=None if first is None else (first.n_inputs, first.n_outputs),
            precision=None if first is None else first.dtype,
        )
        if any(trainer.n_epochs == 0 and not trainer.model.normalize for trainer in fleet):
            warn_of_scales(samples)
        ending = Ending(validation_data, patience, min_delta, restore_best, anchor, allow_missing_values)
        plans = [
            trainer._plan(_drawn(samples, trainer) if bootstrap else samples, ending, epochs)
            for trainer in fleet
        ]
        at_once = sorted(trainer._need(plan, 1) for trainer, plan in zip(fleet, plans, strict=True))[
            -threads:
        ]
        require_memory(f"{len(at_once)} fits at a time", sum(at_once), "a smaller n_threads needs less")
        fits: dict[int, Future[History]] = {}
        with Threads(threads) as pool:

            def start(index: int) -> Future[History]:
                trainer, plan = fleet[index], plans[index]
                hook = trainer._hook((), None, plan)
                return pool.submit(trainer._run, plan, hook, stop, n_threads=trainer._n_threads or 1)

            # Ctrl-C reaches the main thread alone, which tells the others, if no second one comes before.
            try:
                run_all(range(len(fleet)), start, fits.__setitem__, stop.set)
            finally:
                stop.set()
    for index in range(len(fleet)):
        error = fits[index].exception()
        if isinstance(error, DivergenceError):
            raise DivergenceError(error.epoch, index)
    return [fits[index].result() for index in range(len(fleet))]


def _drawn(samples: Samples, trainer: Trainer) -> Samples:
    """Draw as many samples with replacement, by the trainer's seed."""
    n = len(samples)
    rows = (Generator(trainer.seed, DATA).uniform(n) * n).astype(np.intp)
    return samples[rows]


def _as_trainers(trainers: Iterable[Trainer]) -> list[Trainer]:
    if not isinstance(trainers, Iterable):
        raise TypeError(f"trainers: expected jetmlp.Trainer objects, got {trainers!r}")
    fleet = list(trainers)
    for trainer in fleet:
        if not isinstance(trainer, Trainer):
            raise TypeError(f"trainers: expected jetmlp.Trainer objects, got {trainer!r}")
    for what, count in (
        ("trainers", len({id(trainer) for trainer in fleet})),
        ("models", len({id(trainer.model) for trainer in fleet})),
    ):
        if count < len(fleet):
            raise ValueError(f"trainers: expected {len(fleet)} different {what}, got {count}")
    return fleet
