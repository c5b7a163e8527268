"""The best surrogate from few samples, with error bars, by one call."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from .._claims import Claim, already_fitted
from ..data.derivative_check import doubts
from ..data.presence import counting
from ..data.samples import Samples, as_samples
from ..fitting.resuming import as_checkpoint_path
from .joining import joined
from .keeping import Keeping
from .progress import SearchProgress
from .search import Clock
from .suggestion import next_points

Array = NDArray[np.float64]


class Surrogate(Keeping):
    r"""A function from few samples of its values and derivatives, with error bars, without a setting.

    Dozens of small networks are fitted by regularised least squares, the precisions of noise and of weights
    being found from the samples themselves (evidence: MacKay 1992; Foresee and Hagan 1997). Which networks
    are used is decided by the evidence, so that no sample is held out; the good ones are averaged. Error bars
    come from the posterior of each network and from how far the networks differ, and are calibrated by the
    errors of samples left out: they are standard deviations of the function, without the noise of a further
    observation.

    Parameters
    ----------
    seed : int, default 0
        Of the starting parameters. The same samples and the same seed give the same surrogate, whatever the
        number of threads.
    seconds : float, optional
        Limit of the search; what has been found by then is used. Default none: the search ends by itself.
        With a limit, what is found depends on how fast the machine is.
    n_threads : int, optional
        Networks fitted at a time; default one for each processor.
    check : bool, default True
        Whether `fit` warns of derivatives that do not belong to the values, see `check_derivatives`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of its range; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 9)
    >>> surrogate = jetmlp.Surrogate().fit(x, np.sin(3 * x), 3 * np.cos(3 * x))
    >>> mean, deviation = surrogate.predict([0.1], return_std=True)
    >>> bool(abs(mean[0, 0] - np.sin(0.3)) < 1e-3)
    True
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        seconds: float | None = None,
        n_threads: int | None = None,
        check: bool = True,
    ) -> None:
        self._seed = _checks.as_integer("seed", seed, 0, 2**32 - 1)
        self._seconds = _as_seconds(seconds)
        self._n_threads = None if n_threads is None else _checks.as_threads(n_threads)
        self._check = _checks.as_boolean("check", check)
        self._claim = Claim()

    def fit(
        self,
        X: Samples | ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        d2YdX2: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        derivative_sample_weight: ArrayLike | None = None,
        directions: ArrayLike | None = None,
        dYdV: ArrayLike | None = None,
        allow_missing_values: bool = False,
        seconds: float | None = None,
        progress: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Surrogate:
        """Fit samples; what was fitted before is forgotten.

        A thousand numbers or more that are noisy, as simulated payoffs are, are fitted with a few small
        networks, by evidence and with the noise as it varies among samples and is correlated within one.
        Others, if they are more than 5000, are beyond a search by evidence: three larger networks are then
        fitted by `Trainer`, with a tenth of the samples held out to end the fits, weigh the networks and
        calibrate their error bars. The summary says so. Without values of an output its constant is open, and
        such that it is 0 on average over the samples.

        Parameters
        ----------
        X : Samples or array_like, (n, d)
            Samples, or their inputs; of samples, the other arrays are part.
        Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV, allow_missing_values
            As for `Samples`: values (n, m), derivatives (n, m, d), NaN for one that was not measured.
        seconds : float, optional
            Takes the place of the limit that the surrogate was made with.
        progress : bool, default False
            Whether to show a bar.
        checkpoint : path, optional
            Write what the search has come to, to this file after each of its rounds, from which `resume` goes
            on. Only a search by evidence has rounds: other fits, of noisy or of many samples, write none.

        Returns
        -------
        Surrogate
            Itself.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind, shape or range, before anything changes.
        KeyboardInterrupt
            On Ctrl-C; what was fitted before stays.
        RuntimeError
            If it is being fitted already, in another thread.

        Warns
        -----
        UserWarning
            If the derivatives do not belong to the values.
        """
        arrays: dict[str, Any] = {
            "d2YdX2": d2YdX2,
            "sample_weight": sample_weight,
            "derivative_sample_weight": derivative_sample_weight,
            "directions": directions,
            "dYdV": dYdV,
        }
        limit = self._seconds if seconds is None else _as_seconds(seconds)
        progress = _checks.as_boolean("progress", progress)
        path = None if checkpoint is None else as_checkpoint_path(checkpoint)
        samples = as_samples(X, Y, dYdX, **arrays, allow_missing_values=allow_missing_values)
        rounds = self._rounds_of(samples, path)
        if self._check:
            _warn_of_derivatives(samples)
        counted = counting(samples, np.dtype(np.float64))
        clock = Clock(limit)
        with self._claim.hold(already_fitted(self)), SearchProgress(shown=progress) as shown:
            self._outcome = self._fit(samples, counted, clock, shown, rounds=rounds)
            self._resumed = None
            self._input_names = self._output_names = None
        return self

    def update(
        self,
        X: Samples | ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        seconds: float | None = None,
        **arrays: Any,  # noqa: ANN401  as for fit
    ) -> Surrogate:
        """Take more samples, from where the surrogate stands: its networks go on, no new ones are tried.

        A fraction of the time of a new fit. Where the samples have become many more, `fit` them all anew.

        Parameters
        ----------
        X, Y, dYdX, seconds, **arrays
            As for `fit`: the new samples, with the same kinds of data as those before.

        Returns
        -------
        Surrogate
            Itself.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind, shape or range, before anything changes.
        RuntimeError
            If nothing was fitted before, or it is being fitted already, in another thread.
        """
        limit = self._seconds if seconds is None else _as_seconds(seconds)
        with self._claim.hold(already_fitted(self)):
            outcome = self._fitted()
            mixture = outcome.mixture
            sizes = (mixture.n_inputs, mixture.n_outputs)
            samples = joined(outcome.samples, as_samples(X, Y, dYdX, **arrays, sizes=sizes))
            self._outcome = self._updated(outcome, samples, Clock(limit))
        return self

    def suggest(
        self,
        bounds: ArrayLike,
        n: int = 1,
        criterion: str = "variance",
        *,
        maximize: bool = False,
        output: int | None = None,
        seed: int = 0,
    ) -> Array:
        """Name the points where to sample next.

        Parameters
        ----------
        bounds : array_like, (d, 2)
            Lower and upper end of each input.
        n : int, default 1
            Points; each is chosen as if those before had been sampled, so that they do not crowd together.
        criterion : {"variance", "expected_improvement", "lower_bound"}, default "variance"
            "variance" makes the surrogate better everywhere. The other two look for the least value: by how
            much a point is expected to lie below the lowest value so far (Jones, Schonlau and Welch 1998), or
            by the mean less two standard deviations.
        maximize : bool, default False
            Whether to look for the largest value instead.
        output : int, optional
            The output that counts. Default: for "variance" all, each in units of its spread; for the others
            the only one.
        seed : int, default 0
            Of the points that are compared, a Latin hypercube of 1024.

        Returns
        -------
        ndarray, (n, d)
            Inputs.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind or out of its range; the message names it.
        RuntimeError
            If nothing was fitted before.
        """
        outcome = self._fitted()
        return next_points(
            outcome.mixture,
            outcome.samples,
            bounds,
            n,
            criterion,
            maximize=maximize,
            output=output,
            seed=seed,
            noise=outcome.calibration.value_noise,
            n_threads=self._n_threads,
        )

    def __repr__(self) -> str:
        if self._outcome is None:
            return "Surrogate(not fitted)"
        mixture, n = self._outcome.mixture, len(self._outcome.samples)
        counts = (
            (len(mixture.members), "network"),
            (mixture.n_inputs, "input"),
            (mixture.n_outputs, "output"),
            (n, "sample"),
        )
        return f"Surrogate({', '.join(f'{c} {noun}' + 's' * (c != 1) for c, noun in counts)})"

    def _repr_html_(self) -> str:
        return "<div>Surrogate, not fitted</div>" if self._outcome is None else self.summary()._repr_html_()


def _as_seconds(seconds: object) -> float | None:
    return None if seconds is None else _checks.as_number("seconds", seconds, above=0.0)


def _warn_of_derivatives(samples: Samples) -> None:
    doubt = doubts(samples)
    if doubt:
        cure = "See jetmlp.check_derivatives, or Surrogate(check=False) if they are right."
        warnings.warn(f"{doubt} {cure}", UserWarning, stacklevel=3)
