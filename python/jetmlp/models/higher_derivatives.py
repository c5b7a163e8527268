"""Exact second derivatives of a model by its inputs, and third ones along a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from .network import Network
from .normalization import Normalization


class HigherDerivatives(Network):
    """What a model can say of its derivatives beyond the first; a part of `MLP`."""

    def hessian(self, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        r"""Compute the exact second derivatives by the inputs at `X`.

        From tangents carried forward and gradients carried back, with nothing but first derivatives going
        through the layers:
        :math:`\nabla^2 y_o = \sum_l \sum_j \frac{\partial y_o}{\partial a_{lj}}\, \sigma''(z_{lj})\,
        \nabla z_{lj} \nabla z_{lj}^\top`, the sum running over all neurons; from jets of second order where
        those cost less, with few inputs and many outputs.

        Parameters
        ----------
        X, n_threads
            As for `MLP.predict`.

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

        def compute(inputs: NDArray[Any], threads: int) -> list[NDArray[Any]]:
            return [_core.hessian(self._architecture, self._parameters, inputs, threads)]

        [result] = self._evaluate(
            X, n_threads, compute, Normalization.hessian, of_row=self.n_outputs * self.n_inputs**2
        )
        return np.asarray(result)

    def laplacian(self, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        r"""Compute the exact sum of the unmixed second derivatives at `X`, without the Hessian.

        Carried forward with values and tangents: :math:`\Delta a = \sigma'(z) \Delta z + \sigma''(z)
        \sum_k (\partial_k z)^2`.

        Parameters
        ----------
        X, n_threads
            As for `MLP.predict`.

        Returns
        -------
        ndarray, (n, m)
            The trace of each Hessian.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.
        """
        # Σ_k ∂²y/∂x_k² = (s_y / s²) Σ_k (s/s_k)² ∂²ỹ/∂x̃_k², with s the smallest of the s_k.
        smallest, factors = 1.0, None
        if self._normalization is not None:
            smallest = np.abs(self._normalization.x_scale).min()
            factors = (smallest / self._normalization.x_scale).astype(self._dtype)

        def compute(inputs: NDArray[Any], threads: int) -> list[NDArray[Any]]:
            return [_core.laplacian(self._architecture, self._parameters, inputs, factors, threads)]

        def undo(normalization: Normalization, L: NDArray[Any]) -> NDArray[np.float64]:
            return np.asarray(L * (normalization.y_scale / smallest / smallest))

        [result] = self._evaluate(X, n_threads, compute, undo, of_row=self.n_outputs)
        return np.asarray(result)

    def hvp(self, X: ArrayLike, V: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        r"""Compute the exact products of the Hessians at `X` with vectors, without the Hessians.

        A tangent along v goes forward through the values and back through the gradients of the outputs
        (Pearlmutter 1994, here by the inputs); where there are many outputs for the inputs, Hessians are
        formed block by block after all, because that costs less.

        Parameters
        ----------
        X, n_threads
            As for `MLP.predict`.
        V : array_like, (n, d) or (d,); with one input, (n,) will do
            The vectors, one for each row of `X` or one for all.

        Returns
        -------
        ndarray, (n, m, d)
            Entry [i, o, k] is Σ_l H[i, o, k, l] V[i, l].

        Raises
        ------
        TypeError, ValueError
            If `X` or `V` is not an array of real numbers of that shape.
        """
        lengths, vectors = self._as_vectors(X, V)

        def compute(inputs: NDArray[Any], threads: int) -> list[NDArray[Any]]:
            return [
                _core.hessian_vector_product(self._architecture, self._parameters, inputs, vectors, threads)
            ]

        # Σ_l ∂²y/∂x_k∂x_l v_l = (s_y / s_k) Σ_l ∂²ỹ/∂x̃_k∂x̃_l (v_l / s_l).
        def undo(normalization: Normalization, products: NDArray[Any]) -> NDArray[np.float64]:
            return normalization.jacobian(products) * lengths[:, :, np.newaxis]

        [result] = self._evaluate(X, n_threads, compute, undo, of_row=self.n_outputs * self.n_inputs)
        return np.asarray(result)

    def directional_derivatives(
        self, X: ArrayLike, V: ArrayLike, *, n_threads: int | None = None
    ) -> NDArray[Any]:
        r"""Compute the exact first three derivatives along a direction at `X`.

        A Taylor series of four terms goes forward, so all three together cost what values would at four
        times the rows, whatever the number of inputs. With one input and a direction of 1 they are the
        first, second and third derivative of a curve.

        Parameters
        ----------
        X, n_threads
            As for `MLP.predict`.
        V : array_like, (n, d) or (d,); with one input, (n,) will do
            The directions, one for each row of `X` or one for all; their lengths count.

        Returns
        -------
        ndarray, (n, m, 3)
            Entry [i, o, j] is :math:`d^{j+1} y_o(x_i + t v_i) / dt^{j+1}` at t = 0.

        Raises
        ------
        TypeError, ValueError
            If `X` or `V` is not an array of real numbers of that shape.
        """
        lengths, vectors = self._as_vectors(X, V)

        def compute(inputs: NDArray[Any], threads: int) -> list[NDArray[Any]]:
            return [
                _core.directional_derivatives(self._architecture, self._parameters, inputs, vectors, threads)
            ]

        def undo(normalization: Normalization, derivatives: NDArray[Any]) -> NDArray[np.float64]:
            units = normalization.y_scale[:, np.newaxis] * lengths[:, :, np.newaxis] ** [1, 2, 3]
            return np.asarray(derivatives * units)

        [result] = self._evaluate(X, n_threads, compute, undo, of_row=3 * self.n_outputs)
        return np.asarray(result)
