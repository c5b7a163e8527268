"""The best surrogate from few samples, with error bars, by one call."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from ..data.derivative_check import check_derivatives
from ..data.presence import counting
from ..data.samples import Samples, as_samples
from ..data.standardise import learn
from ..models.mlp import MLP
from ..models.normalization import Normalization
from ..random import Generator
from .calibration import Calibration, calibrate
from .figure import Names, draw_curve, draw_left_out
from .fit import CandidateFit, LeftOut, Standing
from .mixture import SUGGESTION, Mixture
from .posterior import Member
from .prediction import Predicting
from .progress import SearchProgress
from .search import Clock, Search, weights_of
from .suggestion import CRITERIA, N_POINTS, as_bounds, choose, expected_improvement, latin_hypercube
from .summary import CandidateRow, SurrogateSummary, summarise

Array = NDArray[np.float64]

#: More numbers to fit than this are beyond a fit by evidence.
MOST_EQUATIONS = 5000


class Surrogate(Predicting):
    r"""A function from few samples of its values and derivatives, with error bars, without a setting.

    Dozens of small networks are fitted by regularised least squares, the precisions of noise and of weights
    being found from the samples themselves (evidence: MacKay 1992; Foresee and Hagan 1997). Which networks
    are used is decided by the evidence, so that no sample is held out; the good ones are averaged. Error bars
    come from the posterior of each network and from how far the networks differ, and are calibrated by the
    errors of samples left out.

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
    ) -> Surrogate:
        """Fit samples; what was fitted before is forgotten.

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

        Warns
        -----
        UserWarning
            If the derivatives do not belong to the values.
        """
        arrays = {
            "d2YdX2": d2YdX2,
            "sample_weight": sample_weight,
            "derivative_sample_weight": derivative_sample_weight,
            "directions": directions,
            "dYdV": dYdV,
        }
        limit = self._seconds if seconds is None else _as_seconds(seconds)
        progress = _checks.as_boolean("progress", progress)
        samples = as_samples(X, Y, dYdX, **arrays, allow_missing_values=allow_missing_values)
        if self._check:
            _warn_of_derivatives(samples)
        counted = counting(samples, np.dtype(np.float64))
        normalization = learn(counted, least_effect=0.0)
        clock = Clock(limit)
        with SearchProgress(shown=progress) as shown:
            search = self._search(counted, normalization, clock, shown)
            fits = search.run()
        self._take(samples, counted, fits, search.fits, clock)
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
            If nothing was fitted before.
        """
        mixture = self._fitted()
        limit = self._seconds if seconds is None else _as_seconds(seconds)
        sizes = (mixture.n_inputs, mixture.n_outputs)
        samples = _joined(self._samples, as_samples(X, Y, dYdX, **arrays, sizes=sizes))
        counted = counting(samples, np.dtype(np.float64))
        clock = Clock(limit)
        normalization = mixture.normalization
        with SearchProgress(shown=False) as shown:
            search = self._search(counted, normalization, clock, shown)
            begun = [
                CandidateFit(candidate, counted, normalization, standing)
                for candidate, standing in self._standings
            ]
            fits = search.go_on(begun)
        self._take(samples, counted, fits, search.fits, clock)
        return self

    def _search(
        self, samples: Samples, normalization: Normalization, clock: Clock, shown: SearchProgress
    ) -> Search:
        n_equations = _count(samples)
        threads = _checks.as_threads(self._n_threads)
        return Search(samples, normalization, n_equations, self._seed, threads, clock, shown.show)

    def _take(
        self,
        samples: Samples,
        counted: Samples,
        fits: Sequence[CandidateFit],
        tried: Sequence[CandidateFit],
        clock: Clock,
    ) -> None:
        """Make the mixture of the fits that went to the end, best first."""
        fits = [fit for fit in fits if np.isfinite(fit.log_evidence)]
        if not fits:
            raise RuntimeError("none of the networks could be fitted: no evidence was finite")
        n_equations = _count(counted)
        shares = weights_of(fits, n_equations)
        kept = [(fit, float(w)) for fit, w in zip(fits, shares, strict=True) if w > 0]
        reports = [fit.report() for fit, _ in kept]
        weights = [weight for _, weight in kept]
        left_out = [LeftOut(counted, report) for report in reports]
        calibration = calibrate(weights, left_out)
        members = tuple(
            Member(fit.model, report["covariance_factor"], weight)
            for (fit, weight), report in zip(kept, reports, strict=True)
        )
        rows = [
            CandidateRow.of(fit, report, part, weight)
            for (fit, weight), report, part in zip(kept, reports, left_out, strict=True)
        ]
        chosen = {id(fit) for fit, _ in kept}
        rest = sorted((fit for fit in tried if id(fit) not in chosen), key=lambda fit: -fit.log_evidence)
        self._samples = samples
        self._calibration = calibration
        self._standings = [
            (
                fit.candidate,
                Standing(report["parameters"], report["prior_precisions"], report["noise_precisions"]),
            )
            for (fit, _), report in zip(kept, reports, strict=True)
        ]
        self._rows = (*rows, *(CandidateRow.of(fit, None, None, 0.0) for fit in rest))
        self._elapsed = clock.elapsed
        self._n_equations = n_equations
        self._mixture = Mixture(members, calibration.value_factor, calibration.slope_factor)

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
            The output that counts. Default: for "variance" all, each in units of its spread; for the others the
            only one.
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
        mixture = self._fitted()
        d, m = mixture.n_inputs, mixture.n_outputs
        low, high = as_bounds(bounds, d)
        count = _checks.as_integer("n", n, 1, N_POINTS // 4)
        criterion = _checks.as_choice("criterion", criterion, CRITERIA)
        sign = -1.0 if _checks.as_boolean("maximize", maximize) else 1.0
        output = None if output is None else _checks.as_integer("output", output, 0, m - 1)
        seed = _checks.as_integer("seed", seed, 0, 2**32 - 1)
        if output is None and criterion != "variance" and m > 1:
            raise ValueError(f"output: expected which of the {m} outputs {criterion!r} is about, got None")
        random = Generator(seed, SUGGESTION, 0)
        points = low + (high - low) * latin_hypercube(N_POINTS, d, random.uniform, random.permutation)
        column = 0 if output is None else output
        scale = np.abs(mixture.normalization.y_scale)
        mean = sign * mixture.mean(points, self._n_threads, slopes=False).values[:, column]
        observed = self._samples.Y
        # With slopes alone the lowest value is that of the surrogate at the samples.
        known = mixture.mean(self._samples.X, None, slopes=False).values if observed is None else observed
        best = float(np.nanmin(sign * known[:, column]))
        between = mixture.between(points)

        def score(variances: Array) -> Array:
            total = variances + between
            if criterion == "variance":
                weighted = mixture.value_factor**2 * total
                return np.asarray(weighted.sum(axis=1) if output is None else weighted[:, column])
            deviation = np.sqrt(total[:, column]) * mixture.value_factor[column] * scale[column]
            if criterion == "lower_bound":
                return np.asarray(2.0 * deviation - mean)
            return expected_improvement(mean, deviation, best)

        noise = float(np.nanmedian(self._calibration.value_noise)) if observed is not None else 1e-8
        inputs = mixture.normalization.inputs(points)
        slopes = self._samples.dYdX is not None
        return points[choose(mixture.members, inputs, count, score, noise, slopes=slopes)]

    def sensitivities(self) -> Array:
        """How much each input matters to each output, (m, d), each row summing to 1.

        The mean squared derivative at the samples times the variance of the input there: the share of an
        output's variance if the function were linear (derivative-based sensitivity: Sobol and Kucherenko 2009).
        """
        mixture = self._fitted()
        _, slopes = self.predict_with_jacobian(self._samples.X)
        effects = np.mean(slopes**2, axis=0) * np.var(self._samples.X, axis=0)
        totals = effects.sum(axis=1, keepdims=True)
        shares = np.divide(
            effects, totals, where=totals > 0, out=np.full_like(effects, 1.0 / mixture.n_inputs)
        )
        return np.asarray(shares)

    def left_out(self) -> tuple[Array, Array]:
        """Errors of the values (n, m) and derivatives (n, m, t) of each sample, had it been left out.

        Prediction less observation in the units of the data, NaN where nothing was observed; in closed form, from
        the posterior of each network. A sample that weighs 0 is not among them.
        """
        mixture = self._fitted()
        scale = mixture.normalization.y_scale
        units = scale[:, np.newaxis]
        if self._samples.directions is None:
            units = units / mixture.normalization.x_scale
        calibration = self._calibration
        return calibration.value_errors * scale, calibration.slope_errors * units

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
        return summarise(self._samples, self._fitted(), self._calibration, self._rows, self._elapsed)

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
            By default x_1, x_2, … and y_1, y_2, ….
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
        mixture = self._fitted()
        output = None if output is None else _checks.as_integer("output", output, 0, mixture.n_outputs - 1)
        names = Names(input_names, output_names)
        if mixture.n_inputs == 1:
            return draw_curve(self, self._samples, 0 if output is None else output, names, title, axes)
        shares = self.sensitivities()
        scales = mixture.normalization
        return draw_left_out(self._samples, self._calibration, scales, shares, output, names, title, axes)

    def __repr__(self) -> str:
        if self._mixture is None:
            return "Surrogate(not fitted)"
        sizes = f"{self._mixture.n_inputs} inputs, {self._mixture.n_outputs} outputs"
        return f"Surrogate({len(self._mixture.members)} networks, {sizes}, {len(self._samples)} samples)"

    def _repr_html_(self) -> str:
        return "<div>Surrogate, not fitted</div>" if self._mixture is None else self.summary()._repr_html_()


def _as_seconds(seconds: object) -> float | None:
    return None if seconds is None else _checks.as_number("seconds", seconds, above=0.0)


def _count(samples: Samples) -> int:
    """How many numbers there are to fit."""
    arrays = (samples.Y, samples.derivatives, samples.d2YdX2)
    return sum(int(np.count_nonzero(~np.isnan(array))) for array in arrays if array is not None)


def _joined(before: Samples, after: Samples) -> Samples:
    """Put samples behind others of the same kinds."""
    arrays: dict[str, Any] = {}
    for name, old in before.arrays().items():
        new = after.arrays()[name]
        if name == "derivative_sample_weight" and (old is None) != (new is None):
            raise ValueError(f"{name}: expected it for all samples or none, as in the fit")
        if name == "sample_weight" and (old is None) != (new is None):
            old = np.ones(len(before)) if old is None else old
            new = np.ones(len(after)) if new is None else new
        if (old is None) != (new is None):
            given = "given" if old is not None else "not given"
            raise ValueError(f"{name}: expected the kinds of data of the fit, where it was {given}")
        arrays[name] = None if old is None or new is None else np.concatenate([old, new])
    return before.replace(**arrays)


def _warn_of_derivatives(samples: Samples) -> None:
    if samples.Y is None or samples.dYdX is None:
        return
    report = check_derivatives(samples)
    if not (report.agrees or report.verdict == "undecided"):
        warnings.warn(
            f"dYdX: do not seem to belong to Y: {report.verdict}; {' '.join(report.slips)} "
            "See jetmlp.check_derivatives, or Surrogate(check=False) if they are right.",
            UserWarning,
            stacklevel=3,
        )
