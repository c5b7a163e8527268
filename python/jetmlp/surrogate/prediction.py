"""Predictions of a fitted surrogate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from .._c_code import Coded
from .._network_sum import NetworkSum, added
from .outcome import Outcome

Array = NDArray[np.float64]


class Predicting(Coded):
    """What a surrogate says of the function; a part of `Surrogate`."""

    _outcome: Outcome | None = None
    _n_threads: int | None = None

    def _fitted(self) -> Outcome:
        if self._outcome is None:
            raise RuntimeError("the surrogate has not been fitted; call fit(X, Y, dYdX) first")
        return self._outcome

    def _network_sum(self) -> NetworkSum:
        """Return what the mean is for other programs: a term for each member."""
        members = self._fitted().mixture.members
        return added([member.model._network_sum().times(member.weight) for member in members])

    def predict(self, X: ArrayLike, *, return_std: bool = False) -> Any:  # noqa: ANN401  one array or two
        """Compute the values at `X`.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        return_std : bool, default False
            Whether to return standard deviations as well: of the function, without the noise of the data.

        Returns
        -------
        mean : ndarray, (n, m)
            Values.
        deviation : ndarray, (n, m)
            Their standard deviations; only with `return_std`.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.
        RuntimeError
            If nothing was fitted before.
        """
        mixture = self._fitted().mixture
        return_std = _checks.as_boolean("return_std", return_std)
        inputs = mixture.inputs(X)
        mean = mixture.mean(inputs, self._n_threads, slopes=False).values
        return (mean, mixture.deviations(inputs, slopes=False).values) if return_std else mean

    __call__ = predict

    def jacobian(self, X: ArrayLike, *, return_std: bool = False) -> Any:  # noqa: ANN401  one array or two
        """Compute the derivatives by the inputs at `X`.

        Parameters
        ----------
        X, return_std
            As for `predict`.

        Returns
        -------
        mean : ndarray, (n, m, d)
            Entry [i, o, k] is the derivative of output o along input k at sample i.
        deviation : ndarray, (n, m, d)
            Their standard deviations; only with `return_std`.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As for `predict`.
        """
        mixture = self._fitted().mixture
        return_std = _checks.as_boolean("return_std", return_std)
        inputs = mixture.inputs(X)
        mean = mixture.mean(inputs, self._n_threads, slopes=True).slopes
        return (mean, mixture.deviations(inputs, slopes=True).slopes) if return_std else mean

    def predict_with_jacobian(self, X: ArrayLike) -> tuple[Array, Array]:
        """Compute values and derivatives at `X` in one pass.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.

        Returns
        -------
        values : ndarray, (n, m)
            As of `predict`.
        derivatives : ndarray, (n, m, d)
            As of `jacobian`.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As for `predict`.
        """
        mixture = self._fitted().mixture
        values, slopes = mixture.mean(mixture.inputs(X), self._n_threads, slopes=True)
        assert slopes is not None
        return values, slopes

    def hessian(self, X: ArrayLike) -> Array:
        """Compute the second derivatives at `X`, of the mean; they have no error bars.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.

        Returns
        -------
        ndarray, (n, m, d, d)
            Entry [i, o, k, l] is the second derivative of output o along inputs k and l at sample i.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As for `predict`.
        """
        mixture = self._fitted().mixture
        return mixture.hessian(mixture.inputs(X), self._n_threads)

    def sample_posterior(
        self, X: ArrayLike, n_samples: int = 1, *, seed: int = 0, return_jacobian: bool = False
    ) -> Any:  # noqa: ANN401  one array or two
        """Draw functions from what is believed, and take their values at `X`.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        n_samples : int, default 1
            How many functions to draw.
        seed : int, default 0
            Of the draw; the same seed means the same functions, at any `X`.
        return_jacobian : bool, default False
            Whether to return their derivatives as well.

        Returns
        -------
        values : ndarray, (n_samples, n, m)
            Of each function.
        slopes : ndarray, (n_samples, n, m, d)
            Only with `return_jacobian`.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As for `predict`.

        Notes
        -----
        Each function is one network, linearised in its parameters. Its distance from the mean is stretched as
        the error bars are, that of the values and that of the slopes each by their own factor.
        """
        mixture = self._fitted().mixture
        inputs = mixture.inputs(X)
        count = _checks.as_integer("n_samples", n_samples, 1, 10**6)
        seed = _checks.as_integer("seed", seed, 0, 2**32 - 1)
        slopes = _checks.as_boolean("return_jacobian", return_jacobian)
        values, derivatives = mixture.samples(inputs, count, seed, slopes=slopes)
        return (values, derivatives) if slopes else values
