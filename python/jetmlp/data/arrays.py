"""The arrays of samples: the one set of checks, and their full shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .._files import Container, packed, unpack
from .._parts import anywhere
from .weights import as_weights

Arrays = Mapping[str, NDArray[Any] | None]

#: The arrays of samples, in the order of the parameters of `Samples`.
ARRAYS = ("X", "Y", "dYdX", "d2YdX2", "sample_weight", "derivative_sample_weight", "directions", "dYdV")
#: What there may be to fit, each array with the weights that its entries have.
TARGETS = {
    "Y": "sample_weight",
    "dYdX": "derivative_sample_weight",
    "dYdV": "derivative_sample_weight",
    "d2YdX2": "sample_weight",
}


class SampleNames(NamedTuple):
    """What messages call the arrays."""

    X: str = "X"
    Y: str = "Y"
    derivatives: str = "dYdX"
    second_derivatives: str = "d2YdX2"

    def of_target(self, target: str) -> str:
        """Return what messages call one of `TARGETS`."""
        names = {"Y": self.Y, "d2YdX2": self.second_derivatives}
        return names.get(target, self.derivatives)


USUAL_NAMES = SampleNames()
#: What the bytes of samples are called in their metadata.
_FILE_KIND = "jetmlp.Samples"


def check_arrays(
    given: Mapping[str, Any],
    *,
    allow_missing_values: bool = False,
    sizes: tuple[int, int] | None = None,
    precision: np.dtype[Any] | None = None,
    names: SampleNames = USUAL_NAMES,
    part: bool = False,
) -> dict[str, NDArray[Any] | None]:
    """Check the arrays of samples and bring them into their full shapes.

    Of a `part` of the samples, nothing of a target need be there and no weight be above 0.
    """
    missing_allowed = _checks.as_boolean("allow_missing_values", allow_missing_values)
    X = _checks.as_inputs(names.X, given["X"], None if sizes is None else sizes[0])
    n, d = X.shape
    if n == 0:
        raise ValueError(f"{names.X}: expected at least one sample, got shape {X.shape}")
    _checks.check_finite(names.X, X, nan_hint="; leave out samples whose inputs are not known")
    directions = None
    if given["directions"] is not None or given["dYdV"] is not None:
        directions = _as_directions(given, n, d)
    names = names_of(names, directions)
    slopes = given["dYdX" if directions is None else "dYdV"]
    if given["Y"] is None and slopes is None and given["d2YdX2"] is None:
        raise ValueError(
            f"{names.Y}, {names.derivatives}: expected at least one of the two "
            f"(or {names.second_derivatives}), got neither"
        )
    Y = derivatives = second_derivatives = None
    m = None if sizes is None else sizes[1]
    if given["Y"] is not None:
        Y = _checks.as_values(names.Y, given["Y"], n, m, inputs=(names.X, d))
        m = Y.shape[1]
        hint = "" if missing_allowed else "; allow_missing_values=True takes NaN for a value not measured"
        _checks.check_finite(names.Y, Y, missing_allowed=missing_allowed, nan_hint=hint)
        _check_any(names.Y, Y, "value", part)
    if slopes is not None:
        t = d if directions is None else directions.shape[1]
        derivatives = _checks.as_derivatives(names.derivatives, slopes, n, m, t)
        m = derivatives.shape[1]
        _checks.check_finite(names.derivatives, derivatives, missing_allowed=True)
        _check_any(names.derivatives, derivatives, "derivative", part)
    if given["d2YdX2"] is not None:
        name = names.second_derivatives
        second_derivatives = _checks.as_second_derivatives(name, given["d2YdX2"], n, m, d)
        _checks.check_finite(name, second_derivatives, missing_allowed=True)
        _check_any(name, second_derivatives, "second derivative", part)
        _checks.check_symmetric(name, second_derivatives, precision)
    sample_weight, derivative_weight = as_weights(
        given["sample_weight"], given["derivative_sample_weight"], n, derivatives, part=part
    )
    return {
        "X": X,
        "Y": Y,
        "dYdX": derivatives if directions is None else None,
        "d2YdX2": second_derivatives,
        "sample_weight": sample_weight,
        "derivative_sample_weight": derivative_weight,
        "directions": directions,
        "dYdV": None if directions is None else derivatives,
    }


def names_of(names: SampleNames, directions: object) -> SampleNames:
    """Return the names with that of the first derivatives which go with the directions, or with none."""
    return names if directions is None else names._replace(derivatives="dYdV")


def _check_any(name: str, array: NDArray[Any], noun: str, part: bool) -> None:
    if not part and not anywhere(lambda rows: np.asarray(~np.isnan(rows)), array):
        raise ValueError(f"{name}: expected at least one {noun}, got NaN throughout")


def _as_directions(given: Mapping[str, Any], n: int, d: int) -> NDArray[Any]:
    """Take directions as (n, k, d); (n, d) means one for each sample."""
    if given["directions"] is None or given["dYdV"] is None:
        raise ValueError("directions, dYdV: expected both or neither, got one of the two")
    if given["dYdX"] is not None:
        raise ValueError(
            "dYdX, dYdV: expected derivatives along the inputs or along directions, got both; the inputs' "
            "are those along the unit vectors"
        )
    if given["d2YdX2"] is not None:
        raise ValueError(
            "d2YdX2: expected first derivatives along the inputs beside it, got them along directions"
        )
    array = _checks.as_real_array("directions", given["directions"])
    if array.shape == (n, d):
        array = array[:, np.newaxis, :]
    if array.ndim != 3 or array.shape[0] != n or array.shape[1] < 1 or array.shape[2] != d:
        raise ValueError(f"directions: expected shape ({n}, k, {d}) or ({n}, {d}), got {array.shape}")
    _checks.check_finite("directions", array)
    return np.ascontiguousarray(array)


def file_of(arrays: Arrays, names: SampleNames) -> NDArray[np.uint8]:
    """Return the bytes of a file of these arrays."""
    tensors = {name: array for name, array in arrays.items() if array is not None}
    return packed(Container(_FILE_KIND, {"names": list(names)}, tensors))


def from_file(data: bytes | NDArray[np.uint8]) -> tuple[dict[str, NDArray[Any] | None], SampleNames]:
    """Take back what `file_of` gave; a `ModelFileError` if it is damaged."""
    container = unpack(data, (_FILE_KIND,), "pickle of jetmlp.Samples")
    return {name: container.tensors.get(name) for name in ARRAYS}, SampleNames(
        *container.description["names"]
    )
