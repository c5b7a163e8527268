"""Exact second derivatives of a model by its inputs, and third ones along a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core, _validation


class HigherDerivatives:
    """What a model can say of its derivatives beyond the first; a part of `MLP`."""

    _layer_sizes: tuple[int, ...]
    _architecture: _core.Architecture
    _parameters: NDArray[Any]
    _dtype: np.dtype[Any]

    def hessian(self, X: ArrayLike, *, n_threads: int = 1) -> NDArray[Any]:
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
        n_threads : int, default 1
            Threads to share the rows; the result is the same for any number.

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
        inputs = _validation.as_inputs("X", X, self._layer_sizes[0], self._dtype)
        threads = _validation.as_threads(n_threads)
        return _core.hessian(self._architecture, self._parameters, inputs, threads)

    def laplacian(self, X: ArrayLike, *, n_threads: int = 1) -> NDArray[Any]:
        r"""Compute the exact sum of the unmixed second derivatives at `X`, without the Hessian.

        Carried forward with values and tangents: :math:`\Delta a = \sigma'(z) \Delta z + \sigma''(z)
        \sum_k (\partial_k z)^2`.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        n_threads : int, default 1
            Threads to share the rows; the result is the same for any number.

        Returns
        -------
        ndarray, (n, m)
            The trace of each Hessian.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.
        """
        inputs = _validation.as_inputs("X", X, self._layer_sizes[0], self._dtype)
        threads = _validation.as_threads(n_threads)
        return _core.laplacian(self._architecture, self._parameters, inputs, threads)

    def hvp(self, X: ArrayLike, V: ArrayLike, *, n_threads: int = 1) -> NDArray[Any]:
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
        n_threads : int, default 1
            Threads to share the rows; the result is the same for any number.

        Returns
        -------
        ndarray, (n, m, d)
            Entry [i, o, k] is Σ_l H[i, o, k, l] V[i, l].

        Raises
        ------
        TypeError, ValueError
            If `X` or `V` is not an array of real numbers of that shape.
        """
        inputs = _validation.as_inputs("X", X, self._layer_sizes[0], self._dtype)
        vectors = _validation.as_vectors("V", V, len(inputs), self._layer_sizes[0], self._dtype)
        threads = _validation.as_threads(n_threads)
        return _core.hessian_vector_product(self._architecture, self._parameters, inputs, vectors, threads)

    def directional_derivatives(self, X: ArrayLike, V: ArrayLike, *, n_threads: int = 1) -> NDArray[Any]:
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
        n_threads : int, default 1
            Threads to share the rows; the result is the same for any number.

        Returns
        -------
        ndarray, (n, m, 3)
            Entry [i, o, j] is :math:`d^{j+1} y_o(x_i + t v_i) / dt^{j+1}` at t = 0.

        Raises
        ------
        TypeError, ValueError
            If `X` or `V` is not an array of real numbers of that shape.
        """
        inputs = _validation.as_inputs("X", X, self._layer_sizes[0], self._dtype)
        vectors = _validation.as_vectors("V", V, len(inputs), self._layer_sizes[0], self._dtype)
        threads = _validation.as_threads(n_threads)
        return _core.directional_derivatives(self._architecture, self._parameters, inputs, vectors, threads)
