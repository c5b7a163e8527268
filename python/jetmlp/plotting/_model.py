"""What figures ask of a model: values and slopes, with standard deviations where it knows them."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _checks
from ..data.presence import counting
from ..data.samples import Samples, as_samples
from ._inputs import FloatArray, as_names, as_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_FLOAT64 = np.dtype(np.float64)


class Answer(NamedTuple):
    """Values (n, m) or slopes (n, m, d) and, of a model with error bars, their standard deviations."""

    mean: FloatArray
    deviation: FloatArray | None = None


def check_model(model: object) -> Any:  # noqa: ANN401  whatever predicts
    """Return what predicts values and slopes: a model, or the one within a fitted estimator."""
    model = getattr(model, "model_", model)
    if not all(callable(getattr(model, method, None)) for method in ("predict", "jacobian")):
        raise TypeError(
            "model: expected one with predict and jacobian, such as a jetmlp.MLP, StagedMLP or Surrogate "
            f"or a fitted SobolevRegressor, got {model!r}"
        )
    return model


def has_deviations(model: Any) -> bool:  # noqa: ANN401
    """Whether a model says how far off its predictions may be."""
    return "return_std" in signature(model.predict).parameters


def values_at(model: Any, X: FloatArray, *, deviations: bool = False) -> Answer:  # noqa: ANN401
    """Return the values at `X` and, where asked for and known, their deviations."""
    if not (deviations and has_deviations(model)):
        return Answer(_as_values(model.predict(X)))
    mean, deviation = model.predict(X, return_std=True)
    return Answer(_as_values(mean), _as_values(deviation))


def slopes_at(model: Any, X: FloatArray, *, deviations: bool = False) -> Answer:  # noqa: ANN401
    """Return the slopes at `X` and, where asked for and known, their deviations."""
    if not (deviations and has_deviations(model)):
        return Answer(_as_slopes(model.jacobian(X)))
    mean, deviation = model.jacobian(X, return_std=True)
    return Answer(_as_slopes(mean), _as_slopes(deviation))


def _as_values(values: ArrayLike) -> FloatArray:
    array = as_numbers("model.predict", values)
    return array[:, np.newaxis] if array.ndim == 1 else array


def _as_slopes(slopes: ArrayLike) -> FloatArray:
    array = as_numbers("model.jacobian", slopes)
    return array[:, np.newaxis, :] if array.ndim == 2 else array


def sizes_of(model: Any) -> tuple[int, int] | None:  # noqa: ANN401
    """Return the numbers of inputs and outputs of a model that says them."""
    sizes = getattr(model, "n_inputs", None), getattr(model, "n_outputs", None)
    return None if None in sizes else sizes  # type: ignore[return-value]


def samples_of(model: Any, X: object, Y: object, dYdX: object) -> Samples:  # noqa: ANN401
    """Check samples to compare a model with; an entry that is NaN or weighs nothing is absent."""
    samples = as_samples(X, Y, dYdX, allow_missing_values=True, sizes=sizes_of(model))  # type: ignore[arg-type]
    return counting(samples, _FLOAT64)


def inputs_of(model: Any, X: object) -> FloatArray:  # noqa: ANN401
    """Return the inputs (n, d) of samples, or an array of them."""
    if isinstance(X, Samples):
        X = X.X
    sizes = sizes_of(model)
    inputs = _checks.as_inputs("X", X, None if sizes is None else sizes[0], _FLOAT64)  # type: ignore[arg-type]
    if len(inputs) == 0:
        raise ValueError(f"X: expected at least one sample, got shape {inputs.shape}")
    _checks.check_finite("X", inputs)
    return np.asarray(inputs, dtype=np.float64)


def as_point(X: FloatArray, at: ArrayLike | None) -> FloatArray:
    """Return where the other inputs are held, (d,); by default their medians."""
    if at is None:
        return np.asarray(np.median(X, axis=0))
    point = as_numbers("at", at).reshape(-1)
    if point.shape != X.shape[1:] or not np.isfinite(point).all():
        raise ValueError(f"at: expected {X.shape[1]} finite numbers, one for each input, got {at!r}")
    return point


def as_bounds(X: FloatArray, bounds: ArrayLike | None) -> FloatArray:
    """Return the lower and the upper end of each input, (d, 2); by default those of the samples."""
    if bounds is None:
        return np.stack([X.min(axis=0), X.max(axis=0)], axis=1)
    ends = as_numbers("bounds", bounds)
    if ends.shape == (2,) and X.shape[1] == 1:
        ends = ends[np.newaxis]
    if ends.shape != (X.shape[1], 2) or not np.isfinite(ends).all() or not (ends[:, 0] < ends[:, 1]).all():
        raise ValueError(
            f"bounds: expected a lower and a higher end for each of {X.shape[1]} inputs, got {ends.tolist()}"
        )
    return ends


def names_of(
    argument: str,
    given: Sequence[str] | None,
    table: object,
    model: object,
    count: int,
) -> list[str]:
    """Return names of inputs or outputs: those given, those of a data frame or of the model, or symbols."""
    if given is None:
        given = _labels(table)
    if given is None:
        # A surrogate knows both, an estimator of scikit-learn its inputs.
        given = getattr(model, argument, None)
    if given is None and argument == "input_names":
        given = getattr(model, "feature_names_in_", None)
    return as_names(argument, given, count, "x" if argument == "input_names" else "y")


def _labels(table: object) -> list[str] | None:
    """Return the names of the columns of a data frame, or that of a labelled series; else None."""
    columns = getattr(table, "columns", None)
    if columns is not None and getattr(table, "ndim", 0) == 2:
        return [str(column) for column in columns]
    name = getattr(table, "name", None)
    return [name] if isinstance(name, str) and getattr(table, "ndim", 0) == 1 else None


def as_indices(argument: str, chosen: Sequence[int | str] | int | str, names: list[str]) -> list[int]:
    """Return the places of inputs or outputs that are chosen by number or by name."""
    listed = list(chosen) if isinstance(chosen, Iterable) and not isinstance(chosen, str) else [chosen]
    places = []
    for one in listed:
        if isinstance(one, str):
            if one not in names:
                raise ValueError(f"{argument}: expected names among {', '.join(names)}, got {one!r}")
            places.append(names.index(one))
        else:
            places.append(_checks.as_integer(argument, one, 0, len(names) - 1))
    if not places or len(set(places)) < len(places):
        raise ValueError(f"{argument}: expected at least one, each once, got {chosen!r}")
    return places
