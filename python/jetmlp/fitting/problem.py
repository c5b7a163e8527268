"""What to fit, checked against the model and handed to the core."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks, _core
from .._parts import of_type, row_by_row
from ..data.arrays import SampleNames
from ..data.balance import BALANCED, balance
from ..data.presence import counting
from ..data.samples import Samples, as_samples
from ..data.standardise import check_units, learn, standardised
from ..models.mlp import MLP
from ..models.normalization import Normalization


class LossWeights(NamedTuple):
    """What the terms of the loss are multiplied by, in the order of the core."""

    value: float
    derivative: float
    second_derivative: float
    l2: float = 0.0
    balanced: bool = False  # value and derivative are yet to be found from the samples


class Problem(NamedTuple):
    """What to fit, in the core: the samples as the network is to map them, and the weights of the loss."""

    training: Any  # _core.Objective32 or _core.Objective64
    validation: Any  # likewise, or None
    normalization: Normalization | None

    @property
    def n_errors(self) -> int | None:
        """How many errors of the data the loss is the squares of; None in float32, which has no residuals."""
        return None if isinstance(self.training, _core.Objective32) else int(self.training.n_errors)


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
        _checks.as_choice("derivative_weight", derivative_weight, (BALANCED,))
        if _checks.as_number("value_weight", value_weight, least=0.0) != 1.0:
            raise ValueError(f"value_weight: expected 1 with balanced derivatives, got {value_weight!r}")
        derivative_weight = 1.0
    weights = LossWeights(
        _checks.as_number("value_weight", value_weight, least=0.0),
        _checks.as_number("derivative_weight", derivative_weight, least=0.0),
        _checks.as_number("second_derivative_weight", second_derivative_weight, least=0.0),
        _checks.as_number("l2", l2, least=0.0),
        balanced,
    )
    if weights[:2] == (0.0, 0.0):
        raise ValueError("value_weight, derivative_weight: expected at least one above 0, got both 0")
    return weights


def pose(model: MLP, samples: Samples, held_out: Samples | None, weights: LossWeights) -> Problem:
    """Standardise and weigh samples, and those of validation, and hand them to the core.

    The model does not change. One that is to be normalized and is not yet learns how from the samples to fit.
    """
    training = counting(samples, model.dtype)
    validation = None if held_out is None else counting(held_out, model.dtype)
    normalization = model.normalization
    check_weight_of_given(training, weights)
    if model.normalize:
        normalization = learn(weighed(training, weights)) if normalization is None else normalization
        check_units(weighed(training, weights), normalization)
        training = standardised(training, normalization)
        validation = None if validation is None else standardised(validation, normalization)
    elif weights.balanced:
        raise ValueError("derivative_weight: expected a model with normalize=True, got 'balanced' without")
    if weights.balanced:
        balanced = balance(training, model.dtype)
        weights = weights._replace(value=balanced.value_weight, derivative=balanced.derivative_weight)
        training = balanced.apply(training)
        validation = None if validation is None else balanced.apply(validation)
    return Problem(
        in_core(model, training, weights),
        None
        if validation is None
        else in_core(model, validation, of_held_out(validation, training, weights)),
        normalization,
    )


def in_core(model: MLP, samples: Samples, weights: LossWeights) -> Any:  # noqa: ANN401
    """Hand samples to the core, as an Objective32 or Objective64."""
    names = samples._names

    def as_core(array: NDArray[Any] | None, name: str = "") -> Any:  # noqa: ANN401  float32, float64 or None
        if array is None or (array.dtype == model.dtype and not model.normalize):
            return array
        with np.errstate(over="ignore", under="ignore"):
            converted = of_type(array, model.dtype)
        standardised_name = f"{name}, normalized" if model.normalize else name
        _checks.check_finite(standardised_name, converted, missing_allowed=True)
        return converted

    def as_core_weights(array: NDArray[np.float64] | None) -> Any:  # noqa: ANN401  likewise
        # What counts has a weight above 0, also where balancing made it too small for the type.
        if array is None:
            return None
        return row_by_row(lambda rows: np.maximum(rows, np.finfo(model.dtype).tiny), as_core(array))

    by_sample = as_core_weights(samples.sample_weight)
    objective = _core.Objective32 if model.dtype == np.float32 else _core.Objective64
    return objective(
        model._architecture,
        as_core(samples.X, names.X),
        [
            as_core(samples.Y, names.Y),
            as_core(samples.derivatives, names.derivatives),
            as_core(samples.d2YdX2, names.second_derivatives),
        ],
        weights[: len(_core.TERMS)],
        weights.l2,
        [by_sample, as_core_weights(samples.derivative_sample_weight), by_sample],
        as_core(samples.directions, "directions"),
    )


def of_held_out(samples: Samples, training: Samples, weights: LossWeights) -> LossWeights:
    """Return the weights of the loss of samples of validation.

    Their loss is of the terms that are fitted, to be compared with the training loss, and has no penalty.
    What is validated besides keeps a column of its own.
    """
    value, derivative, second_derivative = (
        0.0 if fitted is None else weight
        for fitted, weight in zip(training.targets, weights[: len(_core.TERMS)], strict=True)
    )
    comparable = LossWeights(value, derivative, second_derivative)
    given = zip(samples.targets, comparable[: len(_core.TERMS)], strict=True)
    if not any(target is not None and weight > 0 for target, weight in given):
        raise ValueError(
            "validation_data: expected at least one kind of target that is fitted, values, derivatives or "
            "second derivatives, to compare with the training loss; got none"
        )
    return comparable


def weighed(samples: Samples, weights: LossWeights) -> Samples:
    """Leave out the targets that the loss does not see: they set no scale either."""
    absent: dict[str, None] = {}
    if weights.value == 0:
        absent["Y"] = None
    if weights.derivative == 0:
        absent |= {"dYdX": None, "directions": None, "dYdV": None, "derivative_sample_weight": None}
    if weights.second_derivative == 0:
        absent["d2YdX2"] = None
    return samples.replace(**absent)


def check_weight_of_given(samples: Samples, weights: LossWeights) -> None:
    """Raise a ``ValueError`` if nothing that is given has a weight."""
    names = samples._names
    terms = (
        ("value_weight", weights.value, names.Y, samples.Y),
        ("derivative_weight", weights.derivative, names.derivatives, samples.derivatives),
        (
            "second_derivative_weight",
            weights.second_derivative,
            names.second_derivatives,
            samples.d2YdX2,
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


def as_held_out(
    validation_data: Samples | tuple[ArrayLike | None, ...] | None, model: MLP, *, allow_missing_values: bool
) -> Samples | None:
    """Take samples of validation: `Samples`, or a tuple of arrays."""
    if validation_data is None or isinstance(validation_data, Samples):
        if validation_data is None:
            return None
        names = SampleNames(X="validation_data")
        return as_samples(validation_data, sizes=(model.n_inputs, model.n_outputs), names=names)
    expected = "jetmlp.Samples, or a tuple (X, Y), (X, Y, dYdX) or (X, Y, dYdX, d2YdX2)"
    if not isinstance(validation_data, (tuple, list)):
        raise ValueError(f"validation_data: expected {expected}, got {_checks.brief(validation_data)}")
    if len(validation_data) not in (2, 3, 4):
        raise ValueError(f"validation_data: expected {expected}, got {len(validation_data)} entries")
    X, Y, dYdX, d2YdX2 = (*validation_data, None, None)[:4]
    if X is None:
        raise ValueError("validation_data: expected inputs first, got None")
    return as_samples(
        X,
        Y,
        dYdX,
        d2YdX2=d2YdX2,
        allow_missing_values=allow_missing_values,
        sizes=(model.n_inputs, model.n_outputs),
        precision=model.dtype,
        names=SampleNames(*(f"validation_data[{place}]" for place in range(4))),
    )
