"""Exact second derivatives of a model by its inputs, and third ones along a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core, _validation
from .normalization import Normalization


class HigherDerivatives:
    """What a model can say of its derivatives beyond the first; a part of `MLP`."""

    _layer_sizes: tuple[int, ...]
    _architecture: _core.Architecture
    _parameters: NDArray[Any]
    _dtype: np.dtype[Any]
    _normalization: Normalization | None

    def hessian(self, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        r"""Compute the exact second derivatives by the inputs at `X`.

        From tangents carried forward and gradients carried back, with nothing but first derivatives going
        through the layers:
        :math:`\nabla^2 y_o = \sum_l \sum_j \frac{\partial y_o}{\partial a_{lj}}\, \sigma''(z_{lj})\,
        \nabla z_{lj} \nabla z_{lj}^\top`, the sum running over all neurons; from jets of second order where
        those cost less, with few inputs and many outputs.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        n_threads : int, optional
            Most threads to share the rows; default one for each processor. The result is the same for any
            number.

        Returns
        -------
        ndarray, (n, m, d, d)
            Entry [i, o, k, l] is the derivative of output o along inputs k and l at sample i; symmetric to
            the last bit. A ReLU has no curvature but in its kink, where it is taken as 0: a network of
            nothing else gives zeros.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.

        Examples
        --------
        >>> import jetmlp
        >>> model = jetmlp.MLP([2, 16, 1], seed=0)
        >>> H = model.hessian([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
        >>> H.shape, model.laplacian([[0.1, 0.2]]).shape
        ((3, 1, 2, 2), (1, 1))
        """
        inputs, threads = self._as_inputs(X), _validation.as_threads(n_threads)
        normalization = self._normalization
        if normalization is None:
            return _core.hessian(self._architecture, self._parameters, inputs, threads)
        with np.errstate(all="ignore"):  # what is not finite stays so, as without normalization
            inputs = normalization.inputs(inputs).astype(self._dtype)
            H = _core.hessian(self._architecture, self._parameters, inputs, threads)
            return normalization.hessian(H).astype(self._dtype)

    def laplacian(self, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        r"""Compute the exact sum of the unmixed second derivatives at `X`, without the Hessian.

        Carried forward with values and tangents: :math:`\Delta a = \sigma'(z) \Delta z + \sigma''(z)
        \sum_k (\partial_k z)^2`.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        n_threads : int, optional
            Most threads to share the rows; default one for each processor. The result is the same for any
            number.

        Returns
        -------
        ndarray, (n, m)
            The trace of each Hessian.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.
        """
        inputs, threads = self._as_inputs(X), _validation.as_threads(n_threads)
        normalization = self._normalization
        if normalization is None:
            return _core.laplacian(self._architecture, self._parameters, inputs, None, threads)
        # Σ_k ∂²y/∂x_k² = (s_y / s²) Σ_k (s/s_k)² ∂²ỹ/∂x̃_k², with s the smallest of the s_k.
        smallest = np.abs(normalization.x_scale).min()
        with np.errstate(all="ignore"):
            inputs = normalization.inputs(inputs).astype(self._dtype)
            factors = (smallest / normalization.x_scale).astype(self._dtype)
            L = _core.laplacian(self._architecture, self._parameters, inputs, factors, threads)
            units: NDArray[np.float64] = normalization.y_scale / smallest / smallest
            return (L * units).astype(self._dtype, copy=False)

    def hvp(self, X: ArrayLike, V: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        r"""Compute the exact products of the Hessians at `X` with vectors, without the Hessians.

        A tangent along v goes forward through the values and back through the gradients of the outputs
        (Pearlmutter 1994, here by the inputs); where there are many outputs for the inputs, Hessians are
        formed block by block after all, because that costs less.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        V : array_like, (n, d) or (d,); with one input, (n,) will do
            The vectors, one for each row of `X` or one for all.
        n_threads : int, optional
            Most threads to share the rows; default one for each processor. The result is the same for any
            number.

        Returns
        -------
        ndarray, (n, m, d)
            Entry [i, o, k] is Σ_l H[i, o, k, l] V[i, l].

        Raises
        ------
        TypeError, ValueError
            If `X` or `V` is not an array of real numbers of that shape.
        """
        inputs, threads = self._as_inputs(X), _validation.as_threads(n_threads)
        vectors = _validation.as_vectors("V", V, len(inputs), self._layer_sizes[0], inputs.dtype)
        normalization = self._normalization
        if normalization is None:
            return _core.hessian_vector_product(
                self._architecture, self._parameters, inputs, vectors, threads
            )
        # Σ_l ∂²y/∂x_k∂x_l v_l = (s_y / s_k) Σ_l ∂²ỹ/∂x̃_k∂x̃_l (v_l / s_l).
        with np.errstate(all="ignore"):
            inputs = normalization.inputs(inputs).astype(self._dtype)
            lengths, vectors = _lengths_and_units(vectors / normalization.x_scale)
            products = _core.hessian_vector_product(
                self._architecture, self._parameters, inputs, vectors.astype(self._dtype), threads
            )
            return (normalization.jacobian(products) * lengths[:, :, np.newaxis]).astype(self._dtype)

    def directional_derivatives(
        self, X: ArrayLike, V: ArrayLike, *, n_threads: int | None = None
    ) -> NDArray[Any]:
        r"""Compute the exact first three derivatives along a direction at `X`.

        A Taylor series of four terms goes forward, so all three together cost what values would at four
        times the rows, whatever the number of inputs. With one input and a direction of 1 they are the
        first, second and third derivative of a curve.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        V : array_like, (n, d) or (d,); with one input, (n,) will do
            The directions, one for each row of `X` or one for all; their lengths count.
        n_threads : int, optional
            Most threads to share the rows; default one for each processor. The result is the same for any
            number.

        Returns
        -------
        ndarray, (n, m, 3)
            Entry [i, o, j] is :math:`d^{j+1} y_o(x_i + t v_i) / dt^{j+1}` at t = 0.

        Raises
        ------
        TypeError, ValueError
            If `X` or `V` is not an array of real numbers of that shape.
        """
        inputs, threads = self._as_inputs(X), _validation.as_threads(n_threads)
        vectors = _validation.as_vectors("V", V, len(inputs), self._layer_sizes[0], inputs.dtype)
        normalization = self._normalization
        if normalization is None:
            return _core.directional_derivatives(
                self._architecture, self._parameters, inputs, vectors, threads
            )
        with np.errstate(all="ignore"):
            inputs = normalization.inputs(inputs).astype(self._dtype)
            lengths, vectors = _lengths_and_units(vectors / normalization.x_scale)
            derivatives = _core.directional_derivatives(
                self._architecture, self._parameters, inputs, vectors.astype(self._dtype), threads
            )
            units = normalization.y_scale[:, np.newaxis] * lengths[:, :, np.newaxis] ** [1, 2, 3]
            return (derivatives * units).astype(self._dtype)

    def _as_inputs(self, X: ArrayLike) -> NDArray[Any]:
        """Check inputs; those that are still to be normalized keep all their digits."""
        dtype = self._dtype if self._normalization is None else np.dtype(np.float64)
        return _validation.as_inputs("X", X, self._layer_sizes[0], dtype)


def _lengths_and_units(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take powers of two (n, 1) out of vectors (n, d), so that their cubes do not overflow."""
    _, exponents = np.frexp(np.abs(vectors).max(axis=1, keepdims=True))
    lengths = np.ldexp(1.0, exponents)
    return lengths, vectors / lengths
