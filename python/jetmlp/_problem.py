"""What to fit, checked against the model and handed to the core."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core, _validation
from ._balance import BALANCED, balance
from ._samples import SampleArrays, SampleNames, Samples, as_arrays
from .model import MLP
from .normalization import Normalization, learn


class LossWeights(NamedTuple):
    """What the terms of the loss are multiplied by, in the order of the core."""

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

    def as_core_weights(array: NDArray[np.float64] | None) -> Any:  # noqa: ANN401  likewise
        # A weight above 0 stays above 0: what is too small for the type becomes the smallest there is.
        return None if array is None else as_core(np.where(array > 0, np.maximum(array, tiny), 0.0))

    tiny = float(np.finfo(model.dtype).tiny)
    names = arrays.names
    by_sample = as_core_weights(arrays.sample_weights)
    compiled = _core.Objective32 if model.dtype == np.float32 else _core.Objective64
    return compiled(
        model._architecture,
        as_core(arrays.X, names.X),
        [
            as_core(arrays.Y, names.Y),
            as_core(arrays.derivatives, names.derivatives),
            as_core(arrays.second_derivatives, names.second_derivatives),
        ],
        weights[: len(_core.TERMS)],
        weights.l2,
        [by_sample, as_core_weights(arrays.derivative_weights), by_sample],
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
