"""The loss on a set of samples as a function of the parameters."""

from __future__ import annotations

import threading
from typing import Any

from numpy.typing import ArrayLike, NDArray

from . import _core, _validation
from .model import MLP


class Objective:
    r"""The Sobolev loss of a model on given samples, as a function of the flat parameter vector.

    .. math:: w_v \, \mathrm{mean}\,(\hat Y - Y)^2 + w_d \, \mathrm{mean}\,(\hat J - J)^2
        + w_s \, \mathrm{mean}\,(\hat H - H)^2

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
    d2YdX2 : array_like, (n, m, d, d), optional
        Second derivatives [sample, output, input, input], as for `Trainer.fit`.
    value_weight, derivative_weight, second_derivative_weight : float, default 1.0
        w_v, w_d and w_s; not negative, and not all zero on what is given.
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
        d2YdX2: ArrayLike | None = None,
        value_weight: float = 1.0,
        derivative_weight: float = 1.0,
        second_derivative_weight: float = 1.0,
        n_threads: int = 1,
    ) -> None:
        weights = as_loss_weights(value_weight, derivative_weight, second_derivative_weight)
        self._n_threads = _validation.as_threads(n_threads)
        self._dtype = as_model(model).dtype
        self._n_parameters = model.n_parameters
        self._core = compile_objective(model, (X, Y, dYdX, d2YdX2), weights, SAMPLE_NAMES)
        self._lock = threading.Lock()

    def loss(self, parameters: ArrayLike) -> float:
        """Compute the loss at parameters (n_parameters,)."""
        return self.losses(parameters)[0]

    def losses(self, parameters: ArrayLike) -> tuple[float, ...]:
        """Compute (loss, mean squared value error, that of derivatives), NaN for what is not given.

        With `d2YdX2`, the mean squared error of second derivatives comes fourth.
        """
        vector = self._as_parameters(parameters)
        with self._lock:
            losses: tuple[float, ...] = self._core.losses(vector, self._n_threads)
        return losses if self._core.has_second_derivatives else losses[:3]

    def loss_and_gradient(self, parameters: ArrayLike) -> tuple[float, NDArray[Any]]:
        """Compute the loss and its gradient (n_parameters,), which is of the model's type."""
        vector = self._as_parameters(parameters)
        with self._lock:
            loss, gradient = self._core.loss_and_gradient(vector, self._n_threads)
        return loss, gradient

    def _as_parameters(self, parameters: ArrayLike) -> NDArray[Any]:
        vector = _validation.as_real_array("parameters", parameters, self._dtype)
        if vector.shape != (self._n_parameters,):
            raise ValueError(f"parameters: expected shape ({self._n_parameters},), got {vector.shape}")
        return vector


# X, Y, dYdX, d2YdX2
Samples = tuple[ArrayLike, ArrayLike | None, ArrayLike | None, ArrayLike | None]
SAMPLE_NAMES = ("X", "Y", "dYdX", "d2YdX2")
# Of values, derivatives and second derivatives.
LossWeights = tuple[float, float, float]
WEIGHT_NAMES = ("value_weight", "derivative_weight", "second_derivative_weight")


def as_model(model: object) -> MLP:
    """Check that a model is one."""
    if not isinstance(model, MLP):
        raise TypeError(f"model: expected a jetmlp.MLP, got {model!r}")
    return model


def as_loss_weights(
    value_weight: object, derivative_weight: object, second_derivative_weight: object
) -> LossWeights:
    """Check the weights of the loss."""
    weights = (
        _validation.as_number("value_weight", value_weight, least=0.0),
        _validation.as_number("derivative_weight", derivative_weight, least=0.0),
        _validation.as_number("second_derivative_weight", second_derivative_weight, least=0.0),
    )
    if weights[:2] == (0.0, 0.0):
        raise ValueError("value_weight, derivative_weight: expected at least one above 0, got both 0")
    return weights


def compile_objective(
    model: MLP, samples: Samples, weights: LossWeights, names: tuple[str, str, str, str]
) -> Any:  # noqa: ANN401  Objective32 or Objective64
    """Check samples against the model and hand them to the core."""
    d, m, dtype = model.n_inputs, model.n_outputs, model.dtype
    X, Y, dYdX, d2YdX2 = samples
    inputs = _validation.as_inputs(names[0], X, d, dtype)
    n = len(inputs)
    if n == 0:
        raise ValueError(f"{names[0]}: expected at least one sample, got shape {inputs.shape}")
    _validation.check_finite(names[0], inputs)
    if Y is None and dYdX is None and d2YdX2 is None:
        raise ValueError(
            f"{names[1]}, {names[2]}: expected at least one of the two (or {names[3]}), got neither"
        )

    values = derivatives = second_derivatives = None
    if Y is not None:
        values = _validation.as_values(names[1], Y, n, m, dtype)
        _validation.check_finite(names[1], values)
    if dYdX is not None:
        derivatives = _validation.as_derivatives(names[2], dYdX, n, m, d, dtype)
        _validation.check_finite(names[2], derivatives, missing_allowed=True)
        if (derivatives != derivatives).all():  # only NaN differs from itself
            raise ValueError(f"{names[2]}: expected at least one derivative, got NaN throughout")
    if d2YdX2 is not None:
        second_derivatives = _validation.as_second_derivatives(names[3], d2YdX2, n, m, d, dtype)
        _validation.check_finite(names[3], second_derivatives, missing_allowed=True)
        if (second_derivatives != second_derivatives).all():
            raise ValueError(f"{names[3]}: expected at least one second derivative, got NaN throughout")
        _validation.check_symmetric(names[3], second_derivatives)
    _check_weight_of_given((values, derivatives, second_derivatives), weights, names[1:])
    compiled = _core.Objective32 if dtype == "float32" else _core.Objective64
    return compiled(model._architecture, inputs, values, derivatives, second_derivatives, *weights)


def _check_weight_of_given(
    targets: tuple[NDArray[Any] | None, ...], weights: LossWeights, names: tuple[str, ...]
) -> None:
    """Raise a ``ValueError`` if nothing that is given has a weight."""
    given = [
        (weight_name, weight, name)
        for weight_name, weight, name, target in zip(WEIGHT_NAMES, weights, names, targets, strict=True)
        if target is not None
    ]
    if any(weight > 0 for _, weight, _ in given):
        return
    if len(given) == 1:
        [(weight_name, _, name)] = given
        raise ValueError(f"{weight_name}: expected more than 0 as there is only {name} to fit, got 0")
    weight_names = ", ".join(weight_name for weight_name, _, _ in given)
    only = " and ".join(name for _, _, name in given)
    raise ValueError(
        f"{weight_names}: expected at least one above 0 as there are only {only} to fit, got all 0"
    )


def compile_validation(
    model: MLP, validation_data: tuple[ArrayLike | None, ...] | None, weights: LossWeights
) -> Any:  # noqa: ANN401  Objective32, Objective64 or None
    """Check validation data against the model and hand them to the core."""
    if validation_data is None:
        return None
    expected = "a tuple (X, Y), (X, Y, dYdX) or (X, Y, dYdX, d2YdX2)"
    if not isinstance(validation_data, (tuple, list)):
        raise ValueError(f"validation_data: expected {expected}, got {validation_data!r}")
    if len(validation_data) not in (2, 3, 4):
        raise ValueError(f"validation_data: expected {expected}, got {len(validation_data)} entries")
    X, Y, dYdX, d2YdX2 = (*validation_data, None, None)[:4]
    if X is None:
        raise ValueError("validation_data: expected inputs first, got None")
    names = ("validation_data[0]", "validation_data[1]", "validation_data[2]", "validation_data[3]")
    return compile_objective(model, (X, Y, dYdX, d2YdX2), weights, names)
