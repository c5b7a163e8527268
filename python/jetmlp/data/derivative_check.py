"""Do supplied derivatives belong to the supplied values? Checked before a fit, without one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .derivative_report import DerivativeReport
from .neighbours import nearest_neighbours
from .presence import counting
from .samples import Samples, as_samples
from .slope_comparison import MOST_UNEXPLAINED, NEGLIGIBLE, SlopeComparison
from .slope_orders import MOST_EXCHANGED, axis_orders, exchanges, input_order, output_order

__all__ = ["DerivativeReport", "check_derivatives"]

_FLOAT64 = np.dtype(np.float64)
Floats = NDArray[np.float64]

DROWNED = 0.01  # mean squares of slopes beside those between neighbours, below which noise may hide them
LEAST_GAIN = 2.0  # how much less another order must leave unexplained where the given one may be right
LEAST_GAIN_OF_WRONG = 1.3  # the same where it is wrong
MOST_OF_BEST = 1.2  # of what the best factors leave: another order must not do worse
ROUNDING = 8 * float(np.finfo(np.float64).eps)  # of values that are meant to be equal
# Of few samples an input, neighbours are far apart, what is right leaves much unexplained, and some order of
# the many inputs or some factor does a little better. A slip has to be clear then.
FEW_TO_REORDER, FEW = 6, 4  # samples an input: for an order that leaves much, and for all
CLEAR_GAIN = 10.0  # how much less another order must leave unexplained
CLEAR_FACTOR = 1.3  # by how many tolerances a factor must be off, unless the slopes are far too large
CLEARLY_TOO_LARGE = 4.0  # mean square of what is left, of that of slopes between neighbours
CLEARLY_LEFT = 0.5  # the same of slopes that no single slip explains
FAR_APART = 0.7  # of the mean squared difference of any two values: neighbours that are too far to tell
#: Where a slip may well be none.
UNCLEAR = ("undecided", ("too few samples for each input to tell from so little",))


def check_derivatives(
    X: Samples | ArrayLike, Y: ArrayLike | None = None, dYdX: ArrayLike | None = None
) -> DerivativeReport:
    r"""Compare derivatives with the differences of the values between nearest neighbours.

    Between neighbours i and j of a smooth function,
    :math:`y_j - y_i = \tfrac12 (\nabla y_i + \nabla y_j) \cdot (x_j - x_i) + O(|x_j - x_i|^3)`: the
    trapezoidal rule, which in any number of inputs takes no more neighbours than one. A linear fit of the
    left side to the d terms of the right, over all pairs, gives a factor for each derivative. An input
    without any derivative has its mean slope fitted instead, so that the others can be checked.

    Whether another order of the axes, or of the inputs or outputs, does better is tried as well.

    Parameters
    ----------
    X : Samples or array_like, (n, d)
        Samples with values and derivatives, or their inputs.
    Y, dYdX
        As for `Samples`; NaN is missing in both.

    Returns
    -------
    DerivativeReport
        Verdict, likely slips and numbers for every output and input.

    Raises
    ------
    TypeError, ValueError
        If an array is of the wrong kind or shape or not finite; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(0, 3, 40)
    >>> jetmlp.check_derivatives(x, np.sin(x), np.cos(x)).verdict
    'agree'
    >>> jetmlp.check_derivatives(x, np.sin(x), -np.cos(x)).slips
    ('output 0, input 0: of the wrong sign',)
    """
    samples = counting(as_samples(X, Y, dYdX, allow_missing_values=True), _FLOAT64)
    if samples.Y is None or samples.dYdX is None:
        raise ValueError("Y, dYdX: expected both, values and derivatives by the inputs, to compare them")
    inputs, values, slopes = (array.astype(_FLOAT64) for array in (samples.X, samples.Y, samples.dYdX))
    check = _Check(inputs, _without_rounding(values), slopes)
    return check.report(*check.verdict())


def doubts(samples: Samples) -> str:
    """Say how derivatives contradict the values; nothing where they agree, or where there is no telling."""
    if samples.Y is None or samples.dYdX is None:
        return ""
    report = check_derivatives(samples)
    if report.agrees or report.verdict == "undecided":
        return ""
    names = samples._names
    belong = f"{names.derivatives}: do not seem to belong to {names.Y}"
    return f"{belong}: {report.verdict}; {', '.join(report.slips)}."


def _without_rounding(values: Floats) -> Floats:
    """Make outputs equal that are constant but for rounding."""
    values = values.copy()
    for column in values.T:
        known = ~np.isnan(column)
        if known.any() and np.ptp(column[known]) <= ROUNDING * np.max(np.abs(column[known])):
            column[known] = column[known][0]
    return values


class _Check:
    """One run of the check: the derivatives as given, and in other orders."""

    def __init__(self, X: Floats, Y: Floats, slopes: Floats) -> None:
        self._X, self._Y, self._slopes = X, Y, slopes
        # Where slopes were measured at some samples only, these are compared with each other.
        both = (~np.isnan(Y) & ~np.isnan(slopes).all(axis=2)).any(axis=1)
        rows = np.flatnonzero(both)
        pairs = nearest_neighbours(X[rows])
        self._pairs = rows[pairs]
        there = np.count_nonzero(~np.isnan(slopes[rows]), axis=0)
        samples_an_input = float(there[there > 0].mean()) / X.shape[1] if there.any() else 0.0
        self._few_to_reorder, self._few = samples_an_input < FEW_TO_REORDER, samples_an_input < FEW
        self._found = self._compare(slopes)

    def _compare(self, slopes: Floats) -> SlopeComparison:
        return SlopeComparison(self._X, self._Y, slopes, self._pairs)

    def verdict(self) -> tuple[str, tuple[str, ...]]:
        found = self._found
        if not found.comparable.any():
            return "undecided", ("too few pairs of samples with values and derivatives",)
        other = self._other_order()
        if other is not None:
            return other
        wrong = np.flatnonzero(found.comparable & ~found.agree())
        if len(wrong) == 0:
            if self._too_few().any():
                few = ", ".join(map(str, np.flatnonzero(self._too_few())))
                return "undecided", (f"output {few}: too few pairs of samples with values and derivatives",)
            seen = found.given & ~found.blind() & found.comparable[:, np.newaxis]
            constant = found.comparable & (found.unexplained == 0)
            if not seen.any() and not constant.any():
                return "undecided", ("what is given has too little effect to tell",)
            return "agree", ()
        if found.explained_with_factors()[wrong].all():
            return _slips(found, wrong) if self._clear(wrong) else UNCLEAR
        if self._few:
            gaps = np.asarray(np.isnan(self._slopes).any(axis=(0, 2)))
            wrong = wrong[(found.unexplained[wrong] > CLEARLY_LEFT) & ~gaps[wrong]]
            if len(wrong) == 0:
                return UNCLEAR
        near = wrong[found.spacing[wrong] < FAR_APART]
        if len(near) == 0:
            return "undecided", ("values of neighbours differ like those of any two samples",)
        listed = ", ".join(map(str, near))
        if (found.hardly_beyond_mean() & found.has_size())[near].any():
            return "shuffled", (f"output {listed}: slopes of the right size at the wrong samples",)
        # Such as one simulated path a sample: its noise drowns slopes that may well be right.
        drowned = (found.size > 0) & (found.size < DROWNED) & (found.blind() | ~found.given).all(axis=1)
        if drowned[near].all():
            text = "values of neighbours differ far more than such slopes allow: noise, or other units"
            return "undecided", (f"output {listed}: {text}",)
        return "disagree", (f"output {listed}: no single slip explains it",)

    def _other_order(self) -> tuple[str, tuple[str, ...]] | None:
        """Find an order of axes, inputs or outputs in which everything agrees, far better than as given."""
        found = self._found
        if found.agree()[found.comparable].all() and self._mean_rest(found) <= NEGLIGIBLE:
            return None
        candidates: list[tuple[str, tuple[str, ...], SlopeComparison]] = [
            ("transposed", (text,), self._compare(slopes)) for text, slopes in axis_orders(self._slopes)
        ]
        data = (self._X, self._Y, self._slopes, self._pairs)
        for axis, noun, find in ((2, "input", input_order), (1, "output", output_order)):
            order = find(*data, self._places(axis))
            if order is not None:
                slopes = np.take(self._slopes, order, axis=axis)
                candidates.append(("swapped", exchanges(order, noun), self._compare(slopes)))
        candidates = [candidate for candidate in candidates if self._explains_more(candidate[2])]
        if not candidates:
            return None
        verdict, slips, _ = min(candidates, key=lambda candidate: self._mean_rest(candidate[2]))
        return verdict, slips

    def _clear(self, wrong: NDArray[np.intp]) -> bool:
        """Whether the factors of an output are so far off that so many samples can tell."""
        if not self._few:
            return True
        found = self._found
        off = np.where(found.factors_off(), abs(found.factor - 1) / found.tolerance, 0.0).max(axis=1)
        clear = (off > CLEAR_FACTOR) | (found.unexplained > CLEARLY_TOO_LARGE)
        return bool(clear[wrong].any())

    def _mean_rest(self, comparison: SlopeComparison) -> float:
        """Mean unexplained fraction of the outputs that can be compared as given."""
        return float(comparison.unexplained[self._found.comparable].mean())

    def _explains_more(self, other: SlopeComparison) -> bool:
        """Whether another order agrees and leaves a fraction of what the given one does, by factors too."""
        found, compared = self._found, self._found.comparable
        if not (other.comparable[compared].all() and other.agree()[compared].all()):
            return False
        if (other.given & ~found.given & other.blind()).any():
            return False  # derivatives too small to contradict anything
        gain = LEAST_GAIN_OF_WRONG
        if found.agree()[compared].all():
            gain = LEAST_GAIN
            if not np.array_equal(other.given, found.given):
                return False  # what is not given may well be like what is
        rest, of_other = self._mean_rest(found), self._mean_rest(other)
        if self._few or (self._few_to_reorder and of_other > MOST_UNEXPLAINED):
            gain = CLEAR_GAIN
        at_best, other_at_best = (float(c.unexplained_best[compared].mean()) for c in (found, other))
        return rest > max(gain * of_other, NEGLIGIBLE) and other_at_best <= MOST_OF_BEST * at_best + 1e-3

    def _places(self, axis: int) -> list[int]:
        """Choose the inputs or outputs that may be exchanged: all, or of many those that are furthest off."""
        found = self._found
        off = abs(found.factor - 1) / found.tolerance
        off = np.where(found.given & ~np.isnan(off), off, np.inf).max(axis=2 - axis)
        return sorted(int(k) for k in np.argsort(-off, kind="stable")[:MOST_EXCHANGED])

    def _too_few(self) -> NDArray[np.bool_]:
        """Which outputs have values and derivatives, but too few together, (m,)."""
        found = self._found
        something = found.given.any(axis=1) & ~np.isnan(self._Y).all(axis=0)
        return np.asarray(something & ~found.comparable)

    def report(self, verdict: str, slips: tuple[str, ...]) -> DerivativeReport:
        found = self._found
        return DerivativeReport(
            verdict,
            slips,
            self._notes(),
            1.0 - found.unexplained,
            found.factor,
            found.agreement,
            found.n_pairs,
            found.given,
            found.tolerance,
        )

    def _notes(self) -> tuple[str, ...]:
        found = self._found
        notes = []
        for k in np.flatnonzero(~found.given.any(axis=0)):
            notes.append(f"input {k}: not given")
        for o in range(self._Y.shape[1]):
            if np.isnan(self._Y[:, o]).all():
                notes.append(f"output {o}: no values")
            elif not found.given[o].any():
                notes.append(f"output {o}: no derivatives")
            elif not found.comparable[o]:
                notes.append(f"output {o}: too few pairs")
            else:
                absent = ~found.given[o] & found.given.any(axis=0)
                notes += [f"output {o}, input {k}: not given" for k in np.flatnonzero(absent)]
                notes += [
                    f"output {o}, input {k}: too little effect to tell its sign"
                    for k in np.flatnonzero(found.blind()[o])
                ]
        return tuple(notes)


def _slips(found: SlopeComparison, wrong: NDArray[np.intp]) -> tuple[str, tuple[str, ...]]:
    """Name the factors that are not 1."""
    kinds, texts = [], []
    for o in wrong:
        for k in np.flatnonzero(found.factors_off()[o]):
            factor = found.factor[o, k]
            if found.sign_is_wrong(int(o), int(k)):
                kinds.append("sign")
                texts.append(f"output {o}, input {k}: of the wrong sign")
            else:
                kinds.append("units")
                texts.append(f"output {o}, input {k}: fits if multiplied by {factor:.4g}, as of other units")
    return " and ".join(sorted(set(kinds))), tuple(texts)
