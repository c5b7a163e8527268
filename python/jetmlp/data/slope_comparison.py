"""Slopes between pairs of samples against those that the derivatives predict, by linear fits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TINY = float(np.finfo(np.float64).tiny)
_ROUNDING = 1e-20  # of sums of squares

# Thresholds, of fractions of the mean squared slope between neighbours that is left when the mean slopes of
# absent inputs are fitted. They were chosen on random functions (tests/derivative_slips.py).
MOST_UNEXPLAINED = 0.2  # by what is right, where neighbours are close
MOST_BY_CURVATURE = 1.5  # of what the derivatives themselves differ by between neighbours
NEGLIGIBLE = 0.02  # left over by what is right
FACTOR_TOLERANCE = 0.15  # of a factor, besides five standard errors and most of the curvature
BLIND = 1.0  # a tolerance that does not tell a wrong sign from none
ENOUGH_PAIRS = 10  # for each input: then pairs that lack a derivative are left out


class SlopeComparison:
    r"""Differences of the values of neighbours, in m linear fits by the d inputs.

    For a pair at the steps :math:`s` with derivatives :math:`g, g'` the trapezoidal rule predicts
    :math:`y' - y = \sum_k f_k t_k`, :math:`t_k = \tfrac12 (g_k + g'_k) s_k`, with factors :math:`f_k = 1`. An
    input whose derivative is absent has :math:`c_k s_k` instead, with its mean slope :math:`c_k` fitted and
    then taken out of everything else (Frisch and Waugh 1933). All is divided by the length of the step.

    How far the rule is off is known from the derivatives: the third derivatives that it neglects are of the
    size of the *curvature* :math:`\sum (\tfrac12 (g'_k - g_k) s_k)^2` relative to :math:`\sum t_k^2`, 1/3 of
    it for a sine. That and the standard error say which factors are not 1.
    """

    def __init__(self, X: Floats, Y: Floats, slopes: Floats, pairs: NDArray[np.intp]) -> None:
        first, second = pairs.T
        scales = np.std(X, axis=0)
        scales = np.where(scales > 0, scales, 1.0)
        steps = (X[second] - X[first]) / scales
        lengths = np.linalg.norm(steps, axis=1)
        self._steps = steps / lengths[:, np.newaxis]
        m, d = slopes.shape[1:]
        self.given: NDArray[np.bool_] = np.asarray(~np.isnan(slopes).all(axis=0))  # (m, d)
        self.comparable = np.zeros(m, dtype=bool)
        self.n_pairs = np.zeros(m, dtype=np.intp)
        self.spacing = np.zeros(m)  # mean squared difference of neighbours over that of any two
        self.unexplained, self.unexplained_best = np.ones(m), np.ones(m)
        self.factor, self.tolerance, self.agreement = (np.full((m, d), np.nan) for _ in range(3))
        self._curvature, self._partly = np.zeros(m), np.zeros(m, dtype=bool)
        self.beyond_mean, self._beyond_mean_error = np.ones(m), np.full(m, np.inf)
        self.size = np.ones(m)
        for o in range(m):
            differences = Y[second, o] - Y[first, o]
            known = ~np.isnan(differences)
            largest = float(np.max(np.abs(differences), where=known, initial=0.0))
            size = (
                largest if largest > 0 else 1.0
            )  # the output's unit, so that squares neither over- nor underflow
            rises, of_output = differences / size / lengths, slopes[:, o] * (scales / size)
            self._compare(o, rises, of_output, pairs, known)
            if known.any():
                spread = float(np.nanvar(Y[:, o] / size))
                self.spacing[o] = np.mean((differences[known] / size) ** 2) / max(2 * spread, _TINY)

    def _compare(
        self, o: int, rises: Floats, slopes: Floats, pairs: NDArray[np.intp], known: NDArray[np.bool_]
    ) -> None:
        """Fill in the numbers of one output."""
        d = slopes.shape[1]
        ends = slopes[pairs]  # (p, 2, d)
        used = _usable(ends, known, self.given[o])
        self.n_pairs[o] = used.sum()
        if self.n_pairs[o] < 2 * d:
            return
        self.comparable[o] = True
        rises, steps = rises[used], self._steps[used]
        middle, halves, nowhere = _at_ends(ends[used], slopes)
        terms, curving = middle * steps, halves * steps
        self._partly[o] = bool(nowhere.any())
        free = (steps * nowhere)[:, nowhere.any(axis=0)]
        basis = _basis(free)
        rises, terms, curving = (_without(basis, part) for part in (rises, terms, curving))
        total = float(np.sum(rises**2))
        predicted = terms.sum(axis=1)
        if total <= _TINY:  # a constant output
            wrong = bool((predicted != 0).any())
            self.unexplained[o] = self.unexplained_best[o] = 1.0 / np.finfo(np.float64).eps if wrong else 0.0
            return
        # Pairs share samples: there are no more independent ones than samples.
        freedom = max(1, min(len(rises), len(np.unique(pairs[used]))) - d)
        factor, error, self.agreement[o], rest = _fit(terms, rises, freedom)
        sizes = np.sum(terms**2, axis=0)
        curvature = np.sum(curving**2, axis=0) / np.where(sizes > 0, sizes, 1.0)
        self.factor[o] = factor
        self.tolerance[o] = FACTOR_TOLERANCE + 5 * error + 0.75 * curvature
        self.unexplained[o] = np.sum((rises - predicted) ** 2) / total
        self.unexplained_best[o] = rest / total
        best = np.where(np.isnan(factor), 0.0, factor)
        self._curvature[o] = np.sum((curving @ best) ** 2) / total
        # What the derivatives say beyond their means, as one term: 1 where they belong, 0 where shuffled.
        beyond = _without(_basis(np.hstack([free, steps])), np.stack([rises, terms @ best], axis=1))
        coefficient, its_error, _, _ = _fit(beyond[:, 1:], beyond[:, 0], freedom)
        if np.sum(beyond[:, 1] ** 2) > _ROUNDING * total:
            self.beyond_mean[o], self._beyond_mean_error[o] = coefficient[0], its_error[0]
        self.size[o] = np.sum(predicted**2 + curving.sum(axis=1) ** 2) / total

    def factors_off(self) -> NDArray[np.bool_]:
        """Which factors differ from 1 by more than they are uncertain, (m, d)."""
        return np.asarray(abs(self.factor - 1) > self.tolerance)

    def blind(self) -> NDArray[np.bool_]:
        """Which derivatives have too little effect for a wrong sign to show, (m, d)."""
        return np.asarray(self.given & self.comparable[:, np.newaxis] & ~(self.tolerance < BLIND))

    def agree(self) -> NDArray[np.bool_]:
        """Which outputs agree as they are, (m,)."""
        return np.asarray(~self.factors_off().any(axis=1) & self.explained_with_factors())

    def explained_with_factors(self) -> NDArray[np.bool_]:
        """Which outputs factors put right, (m,): little is left, and the slopes say more than their means."""
        little = self.unexplained_best <= np.maximum(MOST_UNEXPLAINED, MOST_BY_CURVATURE * self._curvature)
        return np.asarray((little | self._partly) & ~self.like_their_mean())

    def like_their_mean(self) -> NDArray[np.bool_]:
        """Which outputs have slopes that say no more than their means, (m,)."""
        apart = 1 - self.beyond_mean > 3 * self._beyond_mean_error
        # Of pairs that lack derivatives at one end or both, the slopes that belong there say less, too.
        return np.asarray(apart & (self.beyond_mean < np.where(self._partly, 0.25, 0.5)))

    def hardly_beyond_mean(self) -> NDArray[np.bool_]:
        """Which outputs, known to be wrong, may have slopes that say no more than their means, (m,)."""
        return np.asarray((self.beyond_mean < 0.5) | (self.beyond_mean < 2 * self._beyond_mean_error))

    def has_size(self) -> NDArray[np.bool_]:
        """Which outputs have slopes of about the size of those between neighbours, (m,)."""
        return np.asarray((self.size > 0.5) & (self.size < 3.0))

    def sign_is_wrong(self, o: int, k: int) -> bool:
        """Whether a factor is −1 within its uncertainty."""
        return bool(abs(self.factor[o, k] + 1) <= self.tolerance[o, k])


def _usable(ends: Floats, known: NDArray[np.bool_], given: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Choose pairs (p,): those with every derivative at both ends, or any where these are too few."""
    there = ~np.isnan(ends[:, :, given])
    complete = known & there.all(axis=(1, 2)) & given.any()
    enough = complete.sum() >= ENOUGH_PAIRS * len(given)
    return np.asarray(complete if enough else known & there.any(axis=(1, 2)))


def _at_ends(ends: Floats, slopes: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Means of both ends and half their difference, 0 where neither is known, and where that is.

    One end alone has to do for the mean of both; it may be off by its distance from the mean of all.
    """
    there = ~np.isnan(ends)
    both, either = there.all(axis=1), there.any(axis=1)
    counts = np.maximum((~np.isnan(slopes)).sum(axis=0), 1)
    mean = np.nansum(slopes, axis=0) / counts
    middle = np.nansum(ends, axis=1) / np.maximum(there.sum(axis=1), 1)
    halves = np.where(both, (ends[:, 1] - ends[:, 0]) / 2, np.where(either, middle - mean, 0.0))
    return np.asarray(middle), halves, np.asarray(~either)


def _fit(terms: Floats, rises: Floats, freedom: int) -> tuple[Floats, Floats, Floats, float]:
    """Least squares of rises (p,) in terms (p, d): factors, standard errors, partial correlations, rest.

    NaN for a term that is zero throughout.
    """
    d = terms.shape[1]
    factor, error, correlation = (np.full(d, np.nan) for _ in range(3))
    sizes = np.linalg.norm(terms, axis=0)
    used = sizes > 1e-12 * max(float(sizes.max(initial=0.0)), _TINY)
    columns = terms[:, used] / sizes[used]
    inverse = np.linalg.pinv(columns.T @ columns, hermitian=True)
    solution = inverse @ (columns.T @ rises)
    residual = rises - columns @ solution
    rest = float(residual @ residual)
    spread = np.sqrt(np.maximum(np.diag(inverse), 0.0))
    factor[used] = solution / sizes[used]
    error[used] = np.sqrt(rest / freedom) * spread / sizes[used]
    # The part of rises along what of a column the others do not span, relative to that and the rest.
    along = solution / np.where(spread > 0, spread, 1.0)
    correlation[used] = along / np.sqrt(along**2 + max(rest, _TINY))
    return factor, error, correlation, rest


def _basis(columns: Floats) -> Floats:
    """Orthonormal columns that span the given ones (p, q)."""
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-10 * max(float(sizes.max(initial=0.0)), _TINY)])


def _without(basis: Floats, part: Floats) -> Floats:
    """Take out of vectors (p,) or (p, q) what orthonormal columns span."""
    return np.asarray(part - basis @ (basis.T @ part))
