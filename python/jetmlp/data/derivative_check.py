"""Do supplied derivatives belong to the supplied values? Checked before a fit, without one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .neighbours import nearest_neighbours
from .presence import counting
from .samples import Samples, as_samples

__all__ = ["DerivativeReport", "check_derivatives"]

_FLOAT64 = np.dtype(np.float64)
_EPSILON = float(np.finfo(np.float64).eps)
_TINY = float(np.finfo(np.float64).tiny)
Floats = NDArray[np.float64]

# Thresholds, all of fractions of the mean squared slope between neighbours. Differences of smooth functions
# on coarse samples leave a few percent unexplained, a slip most of it.
LEAST_EXPLAINED = 0.8
FACTOR_TOLERANCE = 0.15  # of a factor, besides four standard errors
NEGLIGIBLE = 0.02  # left over by what is right
LEAST_GAIN = 4.0  # how much less another arrangement must leave unexplained
MOST_LIKE_MEAN = 0.8  # of what their mean leaves unexplained: slopes that do hardly better
FAR_APART = 0.7  # of the mean squared difference of any two values: neighbours that are too far to tell


@dataclass(frozen=True, eq=False)
class DerivativeReport:
    """What `check_derivatives` found; print it to read it.

    Attributes
    ----------
    verdict : str
        "agree", or the likely slip: "transposed", "sign", "units", "sign and units" or "shuffled"; "disagree"
        where none of these explains the values, "undecided" where the samples are too few to tell.
    slips : tuple of str
        Where it is, one sentence each.
    explained : ndarray, (m,)
        Fraction of the mean squared slope between neighbours that the derivatives as supplied explain: 1
        where they agree to every digit, 0 or less where they are of no use.
    factor : ndarray, (m, d)
        What each derivative is to be multiplied by to fit the values best: 1 where it agrees, −1 where its
        sign is wrong. NaN where all are zero.
    agreement : ndarray, (m, d)
        Partial correlation, from −1 to 1, of the differences of the values with what each derivative
        predicts, given the others. NaN where all are zero.
    n_pairs : ndarray, (m,)
        Pairs of neighbours that were compared.
    """

    verdict: str
    slips: tuple[str, ...]
    explained: Floats
    factor: Floats
    agreement: Floats
    n_pairs: NDArray[np.intp]

    @property
    def agrees(self) -> bool:
        """Whether the verdict is "agree"."""
        return self.verdict == "agree"

    def __str__(self) -> str:
        lines = [f"derivatives and values: {self.verdict}", *(f"  {slip}" for slip in self.slips)]
        for o, (explained, pairs) in enumerate(zip(self.explained, self.n_pairs, strict=True)):
            lines.append(f"output {o}: {explained:.1%} of the slopes between {pairs} pairs explained")
            lines += [
                f"  input {k}: agreement {agreement:+.3f}, factor {factor:.4g}"
                for k, (agreement, factor) in enumerate(zip(self.agreement[o], self.factor[o], strict=True))
            ]
        return "\n".join(lines)


def check_derivatives(
    X: Samples | ArrayLike, Y: ArrayLike | None = None, dYdX: ArrayLike | None = None
) -> DerivativeReport:
    r"""Compare derivatives with the differences of the values between nearest neighbours.

    Between neighbours i and j of a smooth function,
    :math:`y_j - y_i = \tfrac12 (\nabla y_i + \nabla y_j) \cdot (x_j - x_i) + O(|x_j - x_i|^3)`: the
    trapezoidal rule, which in any number of inputs takes no more neighbours than one. A linear fit of the
    left side to the d terms of the right, over all pairs, gives a factor for each derivative.

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
    inputs, values, slopes = _as_arrays(X, Y, dYdX)
    pairs = nearest_neighbours(inputs)
    found = _Comparison(inputs, values, slopes, pairs)
    if (found.n_pairs < 2 * slopes.shape[2]).any():
        few = ", ".join(str(o) for o in np.flatnonzero(found.n_pairs < 2 * slopes.shape[2]))
        return found.report("undecided", (f"output {few}: too few pairs with all derivatives present",))
    other = _transposed(slopes)
    if other is not None:  # first, because of a nearly symmetric Jacobian the wrong half may seem to do
        rearranged = _Comparison(inputs, values, other, pairs)
        if rearranged.agree().all() and rearranged.explains_more_than(found):
            return found.report("transposed", ("outputs and inputs are in each other's place",))
    wrong = np.flatnonzero(~found.agree())
    if len(wrong) == 0:
        return found.report("agree", ())
    if found.explained_with_factors()[wrong].all():
        return found.report(*_slips(found, wrong))
    wrong = wrong[found.spacing[wrong] < FAR_APART]
    if len(wrong) == 0:
        return found.report("undecided", ("values of neighbours differ like those of any two samples",))
    listed = ", ".join(map(str, wrong))
    if found.like_their_mean()[wrong].any():
        return found.report("shuffled", (f"output {listed}: slopes of the right size at the wrong samples",))
    return found.report("disagree", (f"output {listed}: no single slip explains it",))


def _as_arrays(
    X: Samples | ArrayLike, Y: ArrayLike | None, dYdX: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    samples = counting(as_samples(X, Y, dYdX, allow_missing_values=True), _FLOAT64)
    if samples.Y is None or samples.dYdX is None:
        raise ValueError("Y, dYdX: expected both, values and derivatives by the inputs, to compare them")
    return samples.X.astype(_FLOAT64), samples.Y.astype(_FLOAT64), samples.dYdX.astype(_FLOAT64)


def _transposed(slopes: Floats) -> Floats | None:
    """Take what stands in memory for (n, d, m); None where that is the same."""
    n, m, d = slopes.shape
    return None if 1 in (m, d) else slopes.reshape(n, d, m).transpose(0, 2, 1)


class _Comparison:
    """Slopes between pairs of samples against those that the derivatives predict."""

    def __init__(self, X: Floats, Y: Floats, slopes: Floats, pairs: NDArray[np.intp]) -> None:
        first, second = pairs.T
        steps = X[second] - X[first]
        scale = np.std(X, axis=0)
        lengths = np.linalg.norm(steps / np.where(scale > 0, scale, 1.0), axis=1)
        m, d = slopes.shape[1:]
        self.spacing = np.zeros(m)  # mean squared difference of neighbours over that of any two
        self.n_pairs = np.zeros(m, dtype=np.intp)
        self.unexplained, self._unexplained_best = np.ones(m), np.ones(m)
        self._unexplained_by_mean, self._size = np.ones(m), np.ones(m)
        self.factor, self._error, self.agreement = (np.full((m, d), np.nan) for _ in range(3))
        for o in range(m):
            rises = (Y[second, o] - Y[first, o]) / lengths
            ends = [slopes[end, o] * steps / lengths[:, np.newaxis] for end in (first, second)]
            terms = 0.5 * (ends[0] + ends[1])
            present = ~np.isnan(rises) & ~np.isnan(terms).any(axis=1)
            self.n_pairs[o] = present.sum()
            if self.n_pairs[o] >= 2 * d:
                mean = np.nanmean(slopes[:, o], axis=0) * steps / lengths[:, np.newaxis]
                self._compare(o, rises[present], terms[present], mean[present])
                differences = Y[second[present], o] - Y[first[present], o]
                self.spacing[o] = np.mean(differences**2) / max(2 * np.nanvar(Y[:, o]), _TINY)
                at_ends = np.mean([end[present].sum(axis=1) ** 2 for end in ends])
                self._size[o] = at_ends / max(np.mean(rises[present] ** 2), _TINY)

    def _compare(self, o: int, rises: Floats, terms: Floats, mean_terms: Floats) -> None:
        """Fill in the numbers of one output."""
        total, predicted = np.sum(rises**2), terms.sum(axis=1)
        if total == 0:  # a constant output
            self.unexplained[o] = self._unexplained_best[o] = (
                0.0 if (predicted == 0).all() else 1.0 / _EPSILON
            )
            return
        self.unexplained[o] = np.sum((rises - predicted) ** 2) / total
        self.factor[o], self._error[o], self.agreement[o], rest = _fit(terms, rises)
        self._unexplained_best[o] = rest / total
        self._unexplained_by_mean[o] = _fit(mean_terms, rises)[3] / total

    def _factors_off(self) -> NDArray[np.bool_]:
        """Which factors differ from 1 by more than they are uncertain, (m, d)."""
        return np.asarray(abs(self.factor - 1) > FACTOR_TOLERANCE + 4 * self._error)

    def agree(self) -> NDArray[np.bool_]:
        """Which outputs agree as they are: explained, by the right factors, and no worse than by a mean."""
        like_mean = self.unexplained > 1.1 * self._unexplained_by_mean + 0.01
        explained = self._unexplained_best <= 1 - LEAST_EXPLAINED
        return np.asarray(explained & ~self._factors_off().any(axis=1) & ~like_mean)

    def explains_more_than(self, other: _Comparison) -> bool:
        """Whether it leaves a fraction of what another one leaves, which is not negligible."""
        rest = other.unexplained.mean()
        return bool(rest > LEAST_GAIN * self.unexplained.mean() and rest > NEGLIGIBLE)

    def explained_with_factors(self) -> NDArray[np.bool_]:
        """Which outputs factors put right, (m,)."""
        return np.asarray((self._unexplained_best <= 1 - LEAST_EXPLAINED) & ~self._no_better_than_mean())

    def _no_better_than_mean(self) -> NDArray[np.bool_]:
        """Which outputs leave as much unexplained as their mean slopes do, whatever the factors, (m,)."""
        rest = self._unexplained_best
        return np.asarray((rest > MOST_LIKE_MEAN * self._unexplained_by_mean) & (rest > NEGLIGIBLE))

    def like_their_mean(self) -> NDArray[np.bool_]:
        """Which outputs have slopes of about the right size that say no more than their mean, (m,)."""
        return np.asarray(self._no_better_than_mean() & (self._size > 0.5) & (self._size < 2.0))

    def wrong_factors(self, o: int) -> NDArray[np.intp]:
        """Find the inputs of an output whose factor is not 1."""
        return np.flatnonzero(self._factors_off()[o])

    def sign_is_wrong(self, o: int, k: int) -> bool:
        """Whether a factor is −1 within its uncertainty."""
        return bool(abs(self.factor[o, k] + 1) <= FACTOR_TOLERANCE + 4 * self._error[o, k])

    def report(self, verdict: str, slips: tuple[str, ...]) -> DerivativeReport:
        return DerivativeReport(
            verdict, slips, 1.0 - self.unexplained, self.factor, self.agreement, self.n_pairs
        )


def _fit(terms: Floats, rises: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Least squares of rises (p,) in terms (p, d): factors, standard errors, partial correlations, rest.

    NaN for a term that is zero throughout.
    """
    d = terms.shape[1]
    factor, error, correlation = (np.full(d, np.nan) for _ in range(3))
    sizes = np.linalg.norm(terms, axis=0)
    used = sizes > 0
    columns = terms[:, used] / sizes[used]
    inverse = np.linalg.pinv(columns.T @ columns)
    solution = inverse @ (columns.T @ rises)
    residual = rises - columns @ solution
    rest = float(residual @ residual)
    freedom = max(1, len(rises) - int(used.sum()))
    spread = np.sqrt(np.diag(inverse))
    factor[used] = solution / sizes[used]
    error[used] = np.sqrt(rest / freedom) * spread / sizes[used]
    # The part of rises along what of a column the others do not span, relative to that and the rest.
    along = solution / np.where(spread > 0, spread, 1.0)
    correlation[used] = along / np.sqrt(along**2 + max(rest, _TINY))
    return factor, error, correlation, rest


def _slips(found: _Comparison, wrong: NDArray[np.intp]) -> tuple[str, tuple[str, ...]]:
    """Name the factors that are not 1."""
    kinds, texts = [], []
    for o in wrong:
        for k in found.wrong_factors(o):
            factor = found.factor[o, k]
            if found.sign_is_wrong(o, k):
                kinds.append("sign")
                texts.append(f"output {o}, input {k}: of the wrong sign")
            else:
                kinds.append("units")
                texts.append(f"output {o}, input {k}: fits if multiplied by {factor:.4g}, as of other units")
    return " and ".join(sorted(set(kinds))), tuple(texts)
