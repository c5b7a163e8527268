"""What a fitted surrogate says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from ..data.presence import counting
from ..data.samples import Samples
from .figure import Names, draw_curve, draw_left_out
from .goodness import Basis, Goodness, goodness_of
from .names import as_names
from .prediction import Predicting
from .summary import SurrogateSummary, summarise

Array = NDArray[np.float64]


class Describing(Predicting):
    """What a surrogate says of itself: how good it is and what matters; a part of `Surrogate`."""

    _input_names: tuple[str, ...] | None = None
    _output_names: tuple[str, ...] | None = None

    @property
    def input_names(self) -> tuple[str, ...] | None:
        """What the inputs are called, None if nobody said; kept in the file of the surrogate."""
        return self._input_names

    @input_names.setter
    def input_names(self, names: Sequence[str] | None) -> None:
        self._input_names = as_names("input_names", names, self._fitted().mixture.n_inputs)

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """What the outputs are called, None if nobody said; kept in the file of the surrogate."""
        return self._output_names

    @output_names.setter
    def output_names(self, names: Sequence[str] | None) -> None:
        self._output_names = as_names("output_names", names, self._fitted().mixture.n_outputs)

    @property
    def samples(self) -> Samples:
        """The samples that were fitted."""
        return self._fitted().samples

    def sensitivities(self) -> Array:
        """How much each input matters to each output.

        The mean squared derivative at the samples times the variance of the input there: the share of an
        output's variance if the function were linear (derivative-based sensitivity: Sobol and Kucherenko
        2009).

        Returns
        -------
        ndarray, (m, d)
            Shares; those of an output sum to 1.

        Raises
        ------
        RuntimeError
            If nothing was fitted before.
        """
        outcome = self._fitted()
        X, normalization = outcome.samples.X, outcome.mixture.normalization
        _, slopes = self.predict_with_jacobian(X)
        # In the units of the network, so that no square is too large or too small.
        slopes = slopes / normalization.y_scale[:, np.newaxis] * normalization.x_scale
        effects = np.mean(slopes**2, axis=0) * np.var(normalization.inputs(X), axis=0)
        totals = effects.sum(axis=1, keepdims=True)
        shares = np.divide(effects, totals, where=totals > 0, out=np.full_like(effects, 1.0 / X.shape[1]))
        return np.asarray(shares)

    def left_out(self) -> tuple[Array, Array]:
        """Errors of each sample, had it been left out.

        In closed form, from the posterior of each network; a sample of which that is unsure is left out for
        real. Beyond a fit by evidence, see `fit`, errors of the samples held out, NaN for the others.

        Returns
        -------
        values : ndarray, (n, m)
            Prediction less observation in the units of the data, NaN where nothing was observed. Samples that
            weigh 0 are not among the n.
        slopes : ndarray, (n, m, t)
            The same of the derivatives, along the inputs or along the t directions; t = 0 without any.

        Raises
        ------
        RuntimeError
            If nothing was fitted before.
        """
        outcome = self._fitted()
        normalization, calibration = outcome.mixture.normalization, outcome.calibration
        scale = normalization.y_scale
        units = scale[:, np.newaxis]
        if outcome.samples.dYdX is not None:
            units = units / normalization.x_scale
        return calibration.value_errors * scale, calibration.slope_errors * units

    def goodness(self) -> tuple[Goodness, ...]:
        """How good each output and each derivative is, by samples left out of the fit.

        Returns
        -------
        tuple of Goodness
            A row for each that was fitted, values first; in the units of the data.

        Raises
        ------
        RuntimeError
            If nothing was fitted before.
        """
        values, slopes = self.left_out()
        outcome = self._fitted()
        basis: Basis = "leave-one-out" if outcome.standings else "held out"
        return goodness_of(counting(outcome.samples, np.dtype(np.float64)), values, slopes, basis)

    def summary(self) -> SurrogateSummary:
        """Say what was done and how good it is: print it, or look at it in a notebook.

        Returns
        -------
        SurrogateSummary
            With the table of the networks that were tried.

        Raises
        ------
        RuntimeError
            If nothing was fitted before.
        """
        return summarise(self._fitted())

    def plot(
        self,
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        output: int | None = None,
        title: str | None = None,
        axes: Any = None,  # noqa: ANN401  matplotlib is not imported before the first figure
    ) -> tuple[Any, ...]:
        """Draw how good the surrogate is, how well it knows that, and what matters.

        Parameters
        ----------
        input_names, output_names : sequence of str, optional
            By default those of the surrogate, else x_1, x_2, … and y_1, y_2, ….
        output : int, optional
            The only one to draw. Default all; with a single input the first.
        title : str, optional
            Title above the first panel.
        axes : Axes or sequence of Axes, optional
            Where to draw, as many as are returned. By default a new figure.

        Returns
        -------
        tuple of Axes
            For each output three, see `plotting.plot_left_out`: errors of the values, each predicted without
            its sample, with bars that are to hold 95 %; the sizes of these errors and of those of the slopes
            over the deviations expected; `sensitivities`. With a single input three, see
            `plotting.plot_bands`: the function and its slope with the samples and bands of 68 and 95 %, and
            how wide these are. `plotting.save_figure` takes them.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind or out of its range; the message names it.
        RuntimeError
            If nothing was fitted before.
        ImportError
            If matplotlib is not installed.
        """
        outcome = self._fitted()
        mixture = outcome.mixture
        output = None if output is None else _checks.as_integer("output", output, 0, mixture.n_outputs - 1)
        names = Names(
            self._input_names if input_names is None else input_names,
            self._output_names if output_names is None else output_names,
        )
        if mixture.n_inputs == 1:
            return draw_curve(self, outcome.samples, 0 if output is None else output, names, title, axes)
        return draw_left_out(outcome, self.sensitivities(), output, names, title, axes)
