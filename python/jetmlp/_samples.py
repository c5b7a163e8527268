"""Samples as they are passed in, checked and turned into the arrays that the core takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _validation

if TYPE_CHECKING:
    from .model import MLP

_FLOAT64 = np.dtype(np.float64)


class SampleNames(NamedTuple):
    """What messages call the arrays."""

    X: str = "X"
    Y: str = "Y"
    derivatives: str = "dYdX"
    second_derivatives: str = "d2YdX2"


class Samples(NamedTuple):
    """What a user passes, by the names of `Trainer.fit`."""

    X: ArrayLike
    Y: ArrayLike | None = None
    dYdX: ArrayLike | None = None  # noqa: N815
    d2YdX2: ArrayLike | None = None  # noqa: N815
    sample_weight: ArrayLike | None = None
    derivative_sample_weight: ArrayLike | None = None
    directions: ArrayLike | None = None
    dYdV: ArrayLike | None = None  # noqa: N815
    allow_missing_values: bool = False
    names: SampleNames = SampleNames()


@dataclass(frozen=True)
class SampleArrays:
    """Contiguous arrays of one type; t is the number of inputs d, or of directions where they are given.

    What is NaN is absent, also what was given with a weight of 0.
    """

    X: NDArray[Any]  # (n, d)
    Y: NDArray[Any] | None  # (n, m), NaN where missing
    derivatives: NDArray[Any] | None  # (n, m, t), NaN where missing
    second_derivatives: NDArray[Any] | None  # (n, m, d, d), NaN where missing
    directions: NDArray[Any] | None  # (n, t, d)
    sample_weights: NDArray[np.float64] | None  # (n,), of values and second derivatives, the largest 1
    derivative_weights: NDArray[np.float64] | None  # (n, m, t), the largest 1
    names: SampleNames

    def values_present(self) -> NDArray[np.bool_]:
        """Which values count, (n, m)."""
        assert self.Y is not None
        present: NDArray[np.bool_] = ~np.isnan(self.Y)
        return present

    def derivatives_present(self) -> NDArray[np.bool_]:
        """Which derivatives count, (n, m, t)."""
        assert self.derivatives is not None
        present: NDArray[np.bool_] = ~np.isnan(self.derivatives)
        return present

    def second_derivatives_present(self) -> NDArray[np.bool_]:
        """Which second derivatives count, (n, m, d, d)."""
        assert self.second_derivatives is not None
        present: NDArray[np.bool_] = ~np.isnan(self.second_derivatives)
        return present

    def rows(self, kept: NDArray[np.bool_]) -> SampleArrays:
        """Take some of the samples."""
        arrays: dict[str, Any] = {
            name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return replace(self, **{name: array[kept] for name, array in arrays.items()})


def as_arrays(model: MLP, samples: Samples, dtype: np.dtype[Any] | None = None) -> SampleArrays:
    """Check samples against a model; of its own type if no other is asked for."""
    d, m = model.n_inputs, model.n_outputs
    dtype = model.dtype if dtype is None else dtype
    missing_allowed = _validation.as_boolean("allow_missing_values", samples.allow_missing_values)
    names = samples.names
    X = _validation.as_inputs(names.X, samples.X, d, dtype)
    n = len(X)
    if n == 0:
        raise ValueError(f"{names.X}: expected at least one sample, got shape {X.shape}")
    _validation.check_finite(names.X, X)
    directions = None
    if samples.directions is not None or samples.dYdV is not None:
        directions = _as_directions(samples, n, d, dtype)
        names = names._replace(derivatives="dYdV")
    given = samples.dYdX if directions is None else samples.dYdV
    if samples.Y is None and given is None and samples.d2YdX2 is None:
        raise ValueError(
            f"{names.Y}, {names.derivatives}: expected at least one of the two "
            f"(or {names.second_derivatives}), got neither"
        )

    Y = derivatives = second_derivatives = None
    if samples.Y is not None:
        Y = _validation.as_values(names.Y, samples.Y, n, m, dtype)
        hint = "" if missing_allowed else "; allow_missing_values=True takes NaN for a value not measured"
        _validation.check_finite(names.Y, Y, missing_allowed=missing_allowed, nan_hint=hint)
        if np.isnan(Y).all():
            raise ValueError(f"{names.Y}: expected at least one value, got NaN throughout")
    if given is not None:
        t = d if directions is None else directions.shape[1]
        derivatives = _validation.as_derivatives(names.derivatives, given, n, m, t, dtype)
        _validation.check_finite(names.derivatives, derivatives, missing_allowed=True)
        if np.isnan(derivatives).all():
            raise ValueError(f"{names.derivatives}: expected at least one derivative, got NaN throughout")
    if samples.d2YdX2 is not None:
        second_derivatives = _as_second_derivatives(model, samples, n, dtype)
    sample_weights, derivative_weights = _as_weights(samples, n, derivatives)
    arrays = SampleArrays(
        X,
        Y,
        derivatives,
        second_derivatives,
        directions,
        sample_weights,
        derivative_weights,
        names,
    )
    if sample_weights is None and derivative_weights is None:
        return arrays
    return _without_absent_samples(_with_absent_as_nan(arrays))


def _as_second_derivatives(model: MLP, samples: Samples, n: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Take second derivatives as (n, m, d, d), symmetric where both places are filled."""
    assert samples.d2YdX2 is not None
    name = samples.names.second_derivatives
    array = _validation.as_second_derivatives(name, samples.d2YdX2, n, model.n_outputs, model.n_inputs, dtype)
    _validation.check_finite(name, array, missing_allowed=True)
    if np.isnan(array).all():
        raise ValueError(f"{name}: expected at least one second derivative, got NaN throughout")
    _validation.check_symmetric(name, array, model.dtype)
    return array


def _as_directions(samples: Samples, n: int, d: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Take directions as (n, t, d); (n, d) means one for each sample."""
    if samples.directions is None or samples.dYdV is None:
        raise ValueError("directions, dYdV: expected both or neither, got one of the two")
    if samples.dYdX is not None:
        raise ValueError(
            "dYdX, dYdV: expected derivatives along the inputs or along directions, got both; the inputs' "
            "are those along the unit vectors"
        )
    if samples.d2YdX2 is not None:
        raise ValueError(
            "d2YdX2: expected first derivatives along the inputs beside it, got them along directions"
        )
    array = _validation.as_real_array("directions", samples.directions, dtype)
    if array.shape == (n, d):
        array = array[:, np.newaxis, :]
    if array.ndim != 3 or array.shape[0] != n or array.shape[1] < 1 or array.shape[2] != d:
        raise ValueError(f"directions: expected shape ({n}, k, {d}) or ({n}, {d}), got {array.shape}")
    _validation.check_finite("directions", array)
    return np.ascontiguousarray(array)


def _as_weights(
    samples: Samples, n: int, derivatives: NDArray[Any] | None
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Take weights of samples (n,) and of derivatives (n, m, t), which are the samples' if not given."""
    sample_weights = derivative_weights = None
    if samples.sample_weight is not None:
        sample_weights = _as_ratios("sample_weight", samples.sample_weight, ((n,),))
        derivative_weights = sample_weights
    if samples.derivative_sample_weight is not None:
        name = "derivative_sample_weight"
        if derivatives is None:
            raise ValueError(f"{name}: expected derivatives that it weighs, got none")
        m, t = derivatives.shape[1:]
        shapes = tuple(dict.fromkeys([(n,), (n, t), (n, m, t)]))
        derivative_weights = _as_ratios(name, samples.derivative_sample_weight, shapes)
    if derivatives is None or derivative_weights is None:
        return sample_weights, None
    if derivative_weights.ndim < 3:
        derivative_weights = derivative_weights.reshape(n, 1, -1)
    return sample_weights, np.ascontiguousarray(np.broadcast_to(derivative_weights, derivatives.shape))


def _as_ratios(name: str, value: ArrayLike, shapes: tuple[tuple[int, ...], ...]) -> NDArray[np.float64]:
    """Take weights, not negative, and divide by the largest: only their ratios matter to a mean."""
    array = _validation.as_real_array(name, value, _FLOAT64)
    if array.shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise ValueError(f"{name}: expected shape {expected}, got {array.shape}")
    _validation.check_finite(name, array)
    if (array < 0).any():
        index = tuple(int(i) for i in np.argwhere(array < 0)[0])
        raise ValueError(
            f"{name}: expected weights of at least 0, got {array[index]} at {list(index)}, "
            f"{int((array < 0).sum())} such of {array.size}"
        )
    largest = array.max()
    if largest == 0:
        raise ValueError(f"{name}: expected at least one weight above 0, got 0 throughout")
    ratios: NDArray[np.float64] = array / largest
    return ratios


def _with_absent_as_nan(arrays: SampleArrays) -> SampleArrays:
    """Mark what has a weight of 0: from here on, and in the core, NaN is the one way to be absent."""

    def marked(array: NDArray[Any] | None, weights: NDArray[np.float64] | None) -> NDArray[Any] | None:
        if array is None or weights is None:
            return array
        return np.where(
            weights.reshape(weights.shape + (1,) * (array.ndim - weights.ndim)) > 0, array, np.nan
        )

    return replace(
        arrays,
        Y=marked(arrays.Y, arrays.sample_weights),
        derivatives=marked(arrays.derivatives, arrays.derivative_weights),
        second_derivatives=marked(arrays.second_derivatives, arrays.sample_weights),
    )


def _without_absent_samples(arrays: SampleArrays) -> SampleArrays:
    """Leave out the samples that count nothing, so that a batch has none of them either."""
    kept = np.zeros(len(arrays.X), dtype=bool)
    if arrays.Y is not None:
        present = arrays.values_present()
        if not present.any():
            raise ValueError(
                f"sample_weight: expected a weight above 0 for at least one entry of {arrays.names.Y}, "
                "got 0 for all that are not NaN"
            )
        kept |= present.any(axis=1)
    if arrays.second_derivatives is not None:
        present = arrays.second_derivatives_present()
        if not present.any():
            raise ValueError(
                "sample_weight: expected a weight above 0 for at least one entry of "
                f"{arrays.names.second_derivatives}, got 0 for all that are not NaN"
            )
        kept |= present.any(axis=(1, 2, 3))
    if arrays.derivatives is not None:
        present = arrays.derivatives_present()
        if not present.any():
            raise ValueError(
                f"sample_weight, derivative_sample_weight: expected a weight above 0 for at least one entry "
                f"of {arrays.names.derivatives}, got 0 for all that are not NaN"
            )
        kept |= present.any(axis=(1, 2))
    return arrays if kept.all() else arrays.rows(kept)
