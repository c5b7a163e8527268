"""What the figure of a surrogate shows: the arrays that `plotting` draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.presence import counting
from ..data.samples import Samples
from .outcome import Outcome
from .prediction import Predicting

Array = NDArray[np.float64]

#: Points of a curve, and how far it goes beyond the samples, as a share of their range.
N_POINTS, BEYOND = 401, 0.05


class Names(NamedTuple):
    """What inputs and outputs are called; None for symbols."""

    inputs: Sequence[str] | None
    outputs: Sequence[str] | None


def draw_left_out(
    outcome: Outcome,
    sensitivities: Array,
    output: int | None,
    names: Names,
    title: str | None,
    axes: Any,  # noqa: ANN401
) -> tuple[Any, ...]:
    """Draw errors of samples left out and sensitivities."""
    from .. import plotting  # most programs need no figures

    calibration, normalization = outcome.calibration, outcome.mixture.normalization
    # Scales may be negative: errors keep the sign, deviations have none.
    x_scale, y_scale = normalization.x_scale, normalization.y_scale
    counted = counting(outcome.samples, np.dtype(np.float64))
    _check_names("output_names", names.outputs, len(y_scale))
    outputs = names.outputs
    if outputs is None and len(y_scale) > 1:
        outputs = [f"$y_{{{o + 1}}}$" for o in range(len(y_scale))]
    chosen = list(range(len(y_scale))) if output is None else [output]
    common: dict[str, Any] = {
        "input_names": names.inputs,
        "output_names": None if outputs is None else [outputs[o] for o in chosen],
        "title": title,
        "axes": axes,
    }
    shares, y_scale = sensitivities[chosen], y_scale[chosen]
    errors = calibration.slope_errors[:, chosen], calibration.slope_deviations[:, chosen]
    if counted.Y is None:
        # All slopes of an output in one column, in the units of the network so that one axis can hold them.
        observed = _slopes(counted, y_scale, x_scale, chosen)
        seen, missed, expected = (
            np.moveaxis(part, 1, 2).reshape(-1, len(chosen)) for part in (observed, *errors)
        )
        ones = np.ones(len(chosen))
        return plotting.plot_left_out(seen, missed, expected, shares, units=ones, quantity="slope", **common)
    slopes: dict[str, Any] = {}
    if counted.derivatives is not None:
        slopes = {"slope_errors": errors[0], "slope_deviations": errors[1]}
    return plotting.plot_left_out(
        counted.Y[:, chosen],
        calibration.value_errors[:, chosen] * y_scale,
        calibration.value_deviations[:, chosen] * np.abs(y_scale),
        shares,
        units=np.abs(y_scale),
        **slopes,
        **common,
    )


def _slopes(samples: Samples, y_scale: Array, x_scale: Array, chosen: list[int]) -> Array:
    """Slopes observed, in the units of the network; those along directions in the outputs' units alone."""
    assert samples.derivatives is not None
    along = x_scale if samples.directions is None else 1.0
    return np.asarray(samples.derivatives[:, chosen] * along / y_scale[:, np.newaxis])


def draw_curve(
    surrogate: Predicting,
    samples: Samples,
    output: int,
    names: Names,
    title: str | None,
    axes: Any,  # noqa: ANN401
) -> tuple[Any, ...]:
    """Draw a function of one input, and its slope, a little beyond the samples."""
    from .. import plotting  # most programs need no figures

    counted = counting(samples, np.dtype(np.float64))
    places = np.asarray(counted.X)[:, 0]
    margin = BEYOND * (places.max() - places.min())
    x = np.linspace(places.min() - margin, places.max() + margin, N_POINTS)
    values, value_deviations = surrogate.predict(x, return_std=True)
    slopes, slope_deviations = surrogate.jacobian(x, return_std=True)
    _check_names("input_names", names.inputs, 1)
    _check_names("output_names", names.outputs, values.shape[1])
    label = "value" if names.outputs is None else names.outputs[output]
    if names.outputs is None and values.shape[1] > 1:
        label = f"value of $y_{{{output + 1}}}$"
    return plotting.plot_bands(
        x,
        (values[:, output], value_deviations[:, output]),
        (slopes[:, output], slope_deviations[:, output]),
        x_train=places,
        y_train=None if counted.Y is None else counted.Y[:, output],
        slope_train=None if counted.dYdX is None else counted.dYdX[:, output, 0],
        x_label="x" if names.inputs is None else names.inputs[0],
        y_labels=(label, "slope" if label == "value" else f"slope of {label}"),
        title=title,
        axes=axes,
    )


def _check_names(argument: str, given: Sequence[str] | None, count: int) -> None:
    if given is not None and (isinstance(given, str) or len(given) != count):
        raise ValueError(f"{argument}: expected {count} names, got {given!r}")
