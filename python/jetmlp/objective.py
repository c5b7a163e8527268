"""The loss on a set of samples as a function of the parameters."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core, _validation
from ._balance import BALANCED, balance
from ._samples import SampleArrays, SampleNames, Samples, as_arrays
from .model import MLP
from .normalization import Normalization, learn


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
        Gives architecture, type and normalization; its parameters are not touched. The loss of a normalized
        model is in normalized units.
    X : array_like, (n, d)
        Inputs.
    Y : array_like, (n, m), optional
        Values; with `allow_missing_values`, NaN or masked for one that was not measured. With one output,
        (n,) will do.
    dYdX : array_like, (n, m, d), optional
        Derivatives [sample, output, input]; NaN, or masked, for one that was not measured. With one output,
        (n, d) will do.
    d2YdX2 : array_like, (n, m, d, d), optional
        Second derivatives [sample, output, input, input], as for `Trainer.fit`.
    value_weight, derivative_weight, second_derivative_weight : float, default 1.0
        w_v, w_d and w_s; not negative, and not all zero on what is given. With
        ``derivative_weight="balanced"`` and a normalized model, Huge and Savine's balance of values and
        first derivatives, as for `Trainer`.
    l2 : float, default 0.0
        l₂ of the penalty; not negative.
    sample_weight, derivative_sample_weight : array_like, optional
        How much each sample counts, as for `Trainer.fit`.
    directions, dYdV : array_like, optional
        Directions and derivatives along them, as for `Trainer.fit`.
    allow_missing_values : bool, default False
        Whether NaN in `Y` means a value that was not measured, instead of a mistake.
    n_threads : int, optional
        Most threads of one evaluation; default one for each processor. The result is the same for any
        number.

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
        self._n_threads = _validation.as_threads(n_threads)
        self._dtype = as_model(model).dtype
        self._n_parameters = model.n_parameters
        samples = Samples(
            X,
            Y,
            dYdX,
            d2YdX2,
            sample_weight=sample_weight,
            derivative_sample_weight=derivative_sample_weight,
            directions=directions,
            dYdV=dYdV,
            allow_missing_values=allow_missing_values,
        )
        self._squares_alone = weights.l2 == 0 and samples.other_targets is None
        if model.normalize and model.normalization is None:
            raise ValueError(
                "model: expected one whose normalization is known, got one that has not been fitted; assign "
                "model.normalization"
            )
        self._core = compile_problem(model, samples, None, weights).training
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

    @property
    def n_residuals(self) -> int:
        """Number of values and derivatives that are present and have a weight above 0; for float64."""
        self._expect_residuals()
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
            If `parameters` are not numbers of that shape, the model is not of float64, or the objective has
            an l2 penalty, directions or second derivatives.
        """
        self._expect_residuals()
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
            If `parameters` are not numbers of that shape, the model is not of float64, or the objective has
            an l2 penalty, directions or second derivatives.
        """
        self._expect_residuals()
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
            If `parameters` are not numbers of that shape, the model is not of float64, or the objective has
            an l2 penalty, directions or second derivatives.
        """
        self._expect_residuals()
        vector = self._as_parameters(parameters)
        with self._lock:
            gram: NDArray[np.float64] = self._core.gram(vector, self._n_threads)
        return gram

    def _expect_residuals(self) -> None:
        if self._dtype != np.float64:
            raise ValueError(f"model: expected dtype='float64' for residuals, got {self._dtype}")
        if not self._squares_alone:
            raise ValueError("l2, directions, d2YdX2: expected none for residuals, got one of them")

    def _as_parameters(self, parameters: ArrayLike) -> NDArray[Any]:
        vector = _validation.as_real_array("parameters", parameters, self._dtype)
        if vector.shape != (self._n_parameters,):
            raise ValueError(f"parameters: expected shape ({self._n_parameters},), got {vector.shape}")
        return vector


class LossWeights(NamedTuple):
    """What the terms of the loss are multiplied by."""

    value: float
    derivative: float
    second_derivative: float
    l2: float = 0.0
    balanced: bool = False  # value and derivative are yet to be found from the samples


class CompiledProblem(NamedTuple):
    """What to fit, as the core wants it."""

    training: Any  # _core.Objective32 or _core.Objective64
    validation: Any  # likewise, or None
    normalization: Normalization | None


def as_model(model: object) -> MLP:
    """Check that a model is one."""
    if not isinstance(model, MLP):
        raise TypeError(f"model: expected a jetmlp.MLP, got {model!r}")
    return model


def as_loss_weights(
    value_weight: object, derivative_weight: object, second_derivative_weight: object, l2: object
) -> LossWeights:
    """Check the weights of the loss."""
    balanced = isinstance(derivative_weight, str)
    if balanced:
        _validation.as_choice("derivative_weight", derivative_weight, (BALANCED,))
        if _validation.as_number("value_weight", value_weight, least=0.0) != 1.0:
            raise ValueError(f"value_weight: expected 1 with balanced derivatives, got {value_weight!r}")
        derivative_weight = 1.0
    weights = LossWeights(
        _validation.as_number("value_weight", value_weight, least=0.0),
        _validation.as_number("derivative_weight", derivative_weight, least=0.0),
        _validation.as_number("second_derivative_weight", second_derivative_weight, least=0.0),
        _validation.as_number("l2", l2, least=0.0),
        balanced,
    )
    if weights[:2] == (0.0, 0.0):
        raise ValueError("value_weight, derivative_weight: expected at least one above 0, got both 0")
    return weights


def compile_problem(
    model: MLP, samples: Samples, held_out: Samples | None, weights: LossWeights
) -> CompiledProblem:
    """Check samples, and those of validation, and hand them to the core; the model does not change.

    A model that is to be normalized and is not yet learns how from the samples to fit.
    """
    given = np.dtype(np.float64) if model.normalize else model.dtype
    training = as_arrays(model, samples, given)
    validation = None if held_out is None else as_arrays(model, held_out, given)
    normalization = model.normalization
    if model.normalize:
        normalization = learn(training) if normalization is None else normalization
        training = normalization.samples(training)
        validation = None if validation is None else normalization.samples(validation)
    elif weights.balanced:
        raise ValueError("derivative_weight: expected a model with normalize=True, got 'balanced' without")
    if weights.balanced:
        balanced = balance(training)
        weights = weights._replace(value=balanced.value_weight, derivative=balanced.derivative_weight)
        training = balanced.apply(training)
        validation = None if validation is None else balanced.apply(validation)
    compiled = compile_objective(model, training, weights)
    if validation is None:
        return CompiledProblem(compiled, None, normalization)
    without_penalty = weights._replace(l2=0.0)
    return CompiledProblem(compiled, compile_objective(model, validation, without_penalty), normalization)


def compile_objective(model: MLP, arrays: SampleArrays, weights: LossWeights) -> Any:  # noqa: ANN401
    """Hand checked samples to the core, as an Objective32 or Objective64."""
    _check_weight_of_given(arrays, weights)

    def as_core(array: NDArray[Any] | None, name: str = "") -> Any:  # noqa: ANN401  float32, float64 or None
        if array is None or array.dtype == model.dtype:
            return array
        with np.errstate(over="ignore", under="ignore"):
            converted = array.astype(model.dtype)
        _validation.check_finite(f"{name}, normalized", converted, missing_allowed=True)
        return converted

    names = arrays.names
    compiled = _core.Objective32 if model.dtype == np.float32 else _core.Objective64
    return compiled(
        model._architecture,
        as_core(arrays.X, names.X),
        as_core(arrays.Y, names.Y),
        as_core(arrays.derivatives, names.derivatives),
        as_core(arrays.second_derivatives, names.second_derivatives),
        weights.value,
        weights.derivative,
        weights.second_derivative,
        weights.l2,
        as_core(arrays.sample_weights),
        as_core(arrays.derivative_weights),
        as_core(arrays.directions, "directions"),
    )


def _check_weight_of_given(arrays: SampleArrays, weights: LossWeights) -> None:
    """Raise a ``ValueError`` if nothing that is given has a weight."""
    names = arrays.names
    terms = (
        ("value_weight", weights.value, names.Y, arrays.Y),
        ("derivative_weight", weights.derivative, names.derivatives, arrays.derivatives),
        (
            "second_derivative_weight",
            weights.second_derivative,
            names.second_derivatives,
            arrays.second_derivatives,
        ),
    )
    given = [(weight_name, weight, name) for weight_name, weight, name, array in terms if array is not None]
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


def as_validation_samples(
    validation_data: tuple[ArrayLike | None, ...] | None, *, allow_missing_values: bool
) -> Samples | None:
    """Check the form of validation data, not yet what they hold."""
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
    names = SampleNames(*(f"validation_data[{place}]" for place in range(4)))
    return Samples(X, Y, dYdX, d2YdX2, allow_missing_values=allow_missing_values, names=names)
