"""The loss on a set of samples as a function of the parameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks, _core
from .._claims import Turn, abandon
from .._memory import require_memory
from ..data.samples import Samples, as_samples
from ..models.mlp import MLP
from .problem import as_loss_weights, as_model, pose


class Objective:
    r"""The Sobolev loss of a model on given samples, as a function of the flat parameter vector.

    .. math:: w_v \, \frac{\sum \omega (\hat Y - Y)^2}{\sum \omega}
              + w_d \, \frac{\sum \omega (\hat J - J)^2}{\sum \omega}
              + w_s \, \frac{\sum \omega (\hat H - H)^2}{\sum \omega} + l_2 \sum W^2

    each mean over every entry that is present, with the weights ω of the samples, 1 if not given; the
    penalty over the weights of all layers and not the biases. It is what every optimizer of this library
    sees, and fits any other that takes a function and its gradient, such as ``scipy.optimize.minimize``.

    Parameters
    ----------
    model : MLP
        Gives architecture, type and normalization; its parameters are not touched. One that has not been
        fitted learns its normalization from the samples, as in a fit. The loss of a normalized model is in
        normalized units.
    X : Samples or array_like, (n, d)
        Samples, or their inputs; of samples, the other arrays are part.
    Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV, allow_missing_values
        As for `Samples`.
    value_weight, derivative_weight, second_derivative_weight : float, default 1.0
        w_v, w_d and w_s; not negative, and not all zero on what is given. With
        ``derivative_weight="balanced"`` and a normalized model, Huge and Savine's balance of values and
        first derivatives, as for `Trainer`.
    l2 : float, default 0.0
        l₂ of the penalty; not negative.
    n_threads : int, optional
        Most threads of one evaluation; default one for each processor. The result is the same for any
        number.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or range; the message names it.

    Notes
    -----
    Threads may share an objective: one after the other evaluates it. A signal handler may not evaluate one
    that the main thread is at, and gets a ``RuntimeError``.
    """

    def __init__(
        self,
        model: MLP,
        X: Samples | ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        d2YdX2: ArrayLike | None = None,
        value_weight: float = 1.0,
        derivative_weight: float | str = 1.0,
        second_derivative_weight: float = 1.0,
        l2: float = 0.0,
        sample_weight: ArrayLike | None = None,
        derivative_sample_weight: ArrayLike | None = None,
        directions: ArrayLike | None = None,
        dYdV: ArrayLike | None = None,
        allow_missing_values: bool = False,
        n_threads: int | None = None,
    ) -> None:
        weights = as_loss_weights(value_weight, derivative_weight, second_derivative_weight, l2)
        self._n_threads = _checks.as_threads(n_threads)
        self._dtype = as_model(model).dtype
        self._n_parameters = model.n_parameters
        samples = as_samples(
            X,
            Y,
            dYdX,
            d2YdX2=d2YdX2,
            sample_weight=sample_weight,
            derivative_sample_weight=derivative_sample_weight,
            directions=directions,
            dYdV=dYdV,
            allow_missing_values=allow_missing_values,
            sizes=(model.n_inputs, model.n_outputs),
            precision=model.dtype,
        )
        problem = pose(model, samples, None, weights)
        if model.normalization is None and problem.normalization is not None:
            model.normalization = problem.normalization
        self._core = problem.training
        require_memory(f"X of {len(samples)} samples", self._core.workspace_bytes(self._n_threads))
        self._squares: Any = None  # _core.Residuals, once there is somebody to ask for them
        self._turn = Turn()

    def __reduce__(self) -> str:
        raise TypeError(
            "a jetmlp.Objective cannot be pickled, as its samples are in the compiled core; pickle the model "
            "and the jetmlp.Samples, and make it anew from them"
        )

    def loss(self, parameters: ArrayLike) -> float:
        """Compute the loss at parameters (n_parameters,)."""
        return self.losses(parameters)[0]

    def losses(self, parameters: ArrayLike) -> tuple[float, ...]:
        """Compute (loss, mean squared value error, that of derivatives), NaN for what is not given.

        With `d2YdX2`, the mean squared error of second derivatives comes fourth.
        """
        vector = self._as_parameters(parameters)
        with self._evaluating():
            loss, terms = self._core.losses(vector, self._n_threads)
        return (loss, *terms) if "second_derivative" in self._core.terms else (loss, *terms[:2])

    def loss_and_gradient(self, parameters: ArrayLike) -> tuple[float, NDArray[Any]]:
        """Compute the loss and its gradient (n_parameters,), which is of the model's type."""
        vector = self._as_parameters(parameters)
        with self._evaluating():
            loss, gradient = self._core.loss_and_gradient(vector, self._n_threads)
        return loss, gradient

    @property
    def n_residuals(self) -> int:
        """Number of what is present and has a weight above 0, and of weights with a penalty; for float64."""
        self._expect_float64()
        return int(self._core.n_residuals)

    def residuals(self, parameters: ArrayLike) -> NDArray[np.float64]:
        r"""Compute the residuals, whose squares sum to the loss; for a model of float64.

        Parameters
        ----------
        parameters : array_like, (n_parameters,)
            Where to evaluate.

        Returns
        -------
        ndarray, (n_residuals,)
            :math:`\sqrt{w \omega / \sum \omega}` times each error: first of the values by sample and output,
            then of the derivatives by sample, output and input or direction, then of the second derivatives
            by sample, output and both inputs; absent ones are left out. With a penalty,
            :math:`\sqrt{l_2} W` of every weight, in the order of the parameters, comes last.

        Raises
        ------
        TypeError, ValueError
            If `parameters` are not numbers of that shape, or the model is not of float64.
        """
        return self._of_residuals("residuals", parameters)

    def residual_jacobian(self, parameters: ArrayLike) -> NDArray[np.float64]:
        """Compute the derivatives of the residuals by the parameters; for a model of float64.

        Parameters
        ----------
        parameters : array_like, (n_parameters,)
            Where to evaluate.

        Returns
        -------
        ndarray, (n_residuals, n_parameters)
            Rows in the order of `residuals`.

        Raises
        ------
        TypeError, ValueError
            If `parameters` are not numbers of that shape, or the model is not of float64.
        """
        return self._of_residuals("residual_jacobian", parameters)

    def gram(self, parameters: ArrayLike) -> NDArray[np.float64]:
        """Compute the inner products of the rows of `residual_jacobian`, the neural tangent kernel.

        It comes from inner products within each layer, without that Jacobian.

        Parameters
        ----------
        parameters : array_like, (n_parameters,)
            Where to evaluate.

        Returns
        -------
        ndarray, (n_residuals, n_residuals)
            Rows and columns in the order of `residuals`.

        Raises
        ------
        TypeError, ValueError
            If `parameters` are not numbers of that shape, or the model is not of float64.
        """
        return self._of_residuals("gram", parameters)

    def jacobian_product(self, parameters: ArrayLike, v: ArrayLike) -> NDArray[np.float64]:
        """Compute the product of `residual_jacobian` with a vector, without that Jacobian.

        A product with the weights of each layer for the value of every sample and each of its derivatives: at
        the parameters of the call before about 0.4 of what loss and gradient take where derivatives are
        carried forward along the inputs, more than all of it where there are many inputs and one output, as
        a gradient then goes back from there. At other parameters a pass forward and back comes first.

        Parameters
        ----------
        parameters : array_like, (n_parameters,)
            Where to evaluate.
        v : array_like, (n_parameters,)
            Direction in the space of the parameters.

        Returns
        -------
        ndarray, (n_residuals,)
            J v, the derivatives of the residuals along `v`, in the order of `residuals`.

        Raises
        ------
        TypeError, ValueError
            If `parameters` or `v` are not numbers of that shape, or the model is not of float64.
        """
        return self._of_residuals("jacobian_product", parameters, "v", v)

    def jacobian_transpose_product(self, parameters: ArrayLike, u: ArrayLike) -> NDArray[np.float64]:
        """Compute the product of the transpose of `residual_jacobian` with a vector, without that Jacobian.

        Of the residuals it is half the gradient of the loss. The work is that of `jacobian_product`.

        Parameters
        ----------
        parameters : array_like, (n_parameters,)
            Where to evaluate.
        u : array_like, (n_residuals,)
            What each residual is multiplied by, in the order of `residuals`.

        Returns
        -------
        ndarray, (n_parameters,)
            Jᵀ u.

        Raises
        ------
        TypeError, ValueError
            If `parameters` or `u` are not numbers of that shape, or the model is not of float64.
        """
        return self._of_residuals("jacobian_transpose_product", parameters, "u", u)

    def _of_residuals(
        self, what: str, parameters: ArrayLike, name: str = "", vector: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        self._expect_float64()
        arguments = [self._as_parameters(parameters)]
        if vector is not None:
            size = self._n_parameters if name == "v" else self.n_residuals
            arguments.append(self._as_vector(name, vector, size))
        self._require_memory(what)
        with self._evaluating():
            if self._squares is None:
                self._squares = _core.Residuals(self._core)
            result: NDArray[np.float64] = getattr(self._squares, what)(*arguments, self._n_threads)
        return result

    def _require_memory(self, what: str) -> None:
        """Raise a ``MemoryError`` where a matrix, made twice on the way, or its parts do not fit."""
        need = self._core.residuals_bytes() if self._squares is None else 0.0
        if what in ("gram", "residual_jacobian"):
            n, p = self.n_residuals, self._n_parameters
            need += 2 * np.dtype(np.float64).itemsize * n * (n if what == "gram" else p)
        require_memory(what, need)

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """Have the core to oneself."""
        with self._turn.take(
            "this objective is being evaluated by the same thread, below a signal handler; evaluate another "
            "jetmlp.Objective of the same samples there"
        ):
            if self._turn.torn:  # forked in the middle of an evaluation
                self._turn.torn = False
                for torn in (self._core, self._squares):
                    abandon(torn)
                self._core, self._squares = self._core.renewed(), None
            yield

    def _expect_float64(self) -> None:
        if self._dtype != np.float64:
            raise ValueError(f"model: expected dtype='float64' for residuals, got {self._dtype}")

    def _as_parameters(self, parameters: ArrayLike) -> NDArray[Any]:
        return self._as_vector("parameters", parameters, self._n_parameters)

    def _as_vector(self, name: str, numbers: ArrayLike, size: int) -> NDArray[Any]:
        vector = _checks.as_real_array(name, numbers, self._dtype)
        if vector.shape != (size,):
            raise ValueError(f"{name}: expected shape ({size},), got {vector.shape}")
        return vector
