"""The loss on a set of samples as a function of the parameters."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core, _validation
from .model import MLP


class Objective:
    r"""The Sobolev loss of a model on given samples, as a function of the flat parameter vector.

    .. math:: w_v \, \mathrm{mean}\,(\hat Y - Y)^2 + w_d \, \mathrm{mean}\,(\hat J - J)^2

    each mean over every entry that is present. It is what every optimizer of this library sees, and fits
    any other that takes a function and its gradient, such as ``scipy.optimize.minimize``.

    Parameters
    ----------
    model : MLP
        Gives architecture and type; its parameters are not touched.
    X : array_like, (n, d)
        Inputs.
    Y : array_like, (n, m), optional
        Values. With one output, (n,) will do.
    dYdX : array_like, (n, m, d), optional
        Derivatives [sample, output, input]; NaN, or masked, for one that was not measured. With one output,
        (n, d) will do.
    value_weight, derivative_weight : float, default 1.0
        w_v and w_d; not negative, and not both zero on what is given.
    n_threads : int, default 1
        Threads of one evaluation; the result is the same for any number.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or range; the message names it.
    """

    def __init__(
        self,
        model: MLP,
        X: ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        value_weight: float = 1.0,
        derivative_weight: float = 1.0,
        n_threads: int = 1,
    ) -> None:
        weights = as_loss_weights(value_weight, derivative_weight)
        self._n_threads = _validation.as_threads(n_threads)
        self._dtype = as_model(model).dtype
        self._n_parameters = model.n_parameters
        self._core = compile_objective(model, (X, Y, dYdX), weights, ("X", "Y", "dYdX"))
        self._lock = threading.Lock()

    def loss(self, parameters: ArrayLike) -> float:
        """Compute the loss at parameters (n_parameters,)."""
        return self.losses(parameters)[0]

    def losses(self, parameters: ArrayLike) -> tuple[float, float, float]:
        """Compute (loss, mean squared value error, that of derivatives), NaN for what is not given."""
        vector = self._as_parameters(parameters)
        with self._lock:
            losses: tuple[float, float, float] = self._core.losses(vector, self._n_threads)
        return losses

    def loss_and_gradient(self, parameters: ArrayLike) -> tuple[float, NDArray[Any]]:
        """Compute the loss and its gradient (n_parameters,), which is of the model's type."""
        vector = self._as_parameters(parameters)
        with self._lock:
            loss, gradient = self._core.loss_and_gradient(vector, self._n_threads)
        return loss, gradient

    @property
    def n_residuals(self) -> int:
        """Number of values and derivatives that are present and have a weight above 0; for float64."""
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
            :math:`\sqrt{w / N}` times each error, N the number of entries that its mean runs over: first of
            the values by sample and output, then of the derivatives by sample, output and input.

        Raises
        ------
        TypeError, ValueError
            If `parameters` are not numbers of that shape, or the model is not of float64.
        """
        self._expect_float64()
        vector = self._as_parameters(parameters)
        with self._lock:
            residuals: NDArray[np.float64] = self._core.residuals(vector, self._n_threads)
        return residuals

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
        self._expect_float64()
        vector = self._as_parameters(parameters)
        with self._lock:
            jacobian: NDArray[np.float64] = self._core.residual_jacobian(vector, self._n_threads)
        return jacobian

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
        self._expect_float64()
        vector = self._as_parameters(parameters)
        with self._lock:
            gram: NDArray[np.float64] = self._core.gram(vector, self._n_threads)
        return gram

    def _expect_float64(self) -> None:
        if self._dtype != np.float64:
            raise ValueError(f"model: expected dtype='float64' for residuals, got {self._dtype}")

    def _as_parameters(self, parameters: ArrayLike) -> NDArray[Any]:
        vector = _validation.as_real_array("parameters", parameters, self._dtype)
        if vector.shape != (self._n_parameters,):
            raise ValueError(f"parameters: expected shape ({self._n_parameters},), got {vector.shape}")
        return vector


Samples = tuple[ArrayLike, ArrayLike | None, ArrayLike | None]


def as_model(model: object) -> MLP:
    """Check that a model is one."""
    if not isinstance(model, MLP):
        raise TypeError(f"model: expected a jetmlp.MLP, got {model!r}")
    return model


def as_loss_weights(value_weight: object, derivative_weight: object) -> tuple[float, float]:
    """Check the two weights of the loss."""
    weights = (
        _validation.as_number("value_weight", value_weight, least=0.0),
        _validation.as_number("derivative_weight", derivative_weight, least=0.0),
    )
    if weights == (0.0, 0.0):
        raise ValueError("value_weight, derivative_weight: expected at least one above 0, got both 0")
    return weights


def compile_objective(
    model: MLP, samples: Samples, weights: tuple[float, float], names: tuple[str, str, str]
) -> Any:  # noqa: ANN401  Objective32 or Objective64
    """Check samples against the model and hand them to the core."""
    d, m, dtype = model.n_inputs, model.n_outputs, model.dtype
    X, Y, dYdX = samples
    inputs = _validation.as_inputs(names[0], X, d, dtype)
    n = len(inputs)
    if n == 0:
        raise ValueError(f"{names[0]}: expected at least one sample, got shape {inputs.shape}")
    _validation.check_finite(names[0], inputs)
    if Y is None and dYdX is None:
        raise ValueError(f"{names[1]}, {names[2]}: expected at least one of the two, got neither")

    values = derivatives = None
    if Y is not None:
        values = _validation.as_values(names[1], Y, n, m, dtype)
        _validation.check_finite(names[1], values)
    if dYdX is not None:
        derivatives = _validation.as_derivatives(names[2], dYdX, n, m, d, dtype)
        _validation.check_finite(names[2], derivatives, missing_allowed=True)
        if (derivatives != derivatives).all():  # only NaN differs from itself
            raise ValueError(f"{names[2]}: expected at least one derivative, got NaN throughout")
    if not (values is not None and weights[0] > 0) and not (derivatives is not None and weights[1] > 0):
        weight, only = ("value_weight", names[1]) if values is not None else ("derivative_weight", names[2])
        raise ValueError(f"{weight}: expected more than 0 as there is only {only} to fit, got 0")
    compiled = _core.Objective32 if dtype == "float32" else _core.Objective64
    return compiled(model._architecture, inputs, values, derivatives, *weights)


def compile_validation(
    model: MLP, validation_data: tuple[ArrayLike | None, ...] | None, weights: tuple[float, float]
) -> Any:  # noqa: ANN401  Objective32, Objective64 or None
    """Check validation data against the model and hand them to the core."""
    if validation_data is None:
        return None
    if not isinstance(validation_data, (tuple, list)):
        raise ValueError(f"validation_data: expected a tuple (X, Y) or (X, Y, dYdX), got {validation_data!r}")
    if len(validation_data) not in (2, 3):
        raise ValueError(
            f"validation_data: expected a tuple (X, Y) or (X, Y, dYdX), got {len(validation_data)} entries"
        )
    X, Y, dYdX = (*validation_data, None)[:3]
    if X is None:
        raise ValueError("validation_data: expected inputs first, got None")
    names = ("validation_data[0]", "validation_data[1]", "validation_data[2]")
    return compile_objective(model, (X, Y, dYdX), weights, names)
