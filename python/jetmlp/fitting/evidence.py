"""What regularization by evidence found in a fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _html
from ..data.presence import counting
from ..data.samples import Samples
from ..models.normalization import Normalization

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """What the evidence says of a fit and its samples, where the model stands.

    Parameters
    ----------
    log_evidence : float
        Logarithm of the probability of the data given the network, its α and β, in Laplace's approximation
        (MacKay 1992). Of networks fitted to the same samples, normalized alike and with the same weights of
        the loss, the one with the higher evidence is likely to predict better.
    effective_parameters : float
        γ: how many parameters the data determine.
    prior_precisions : dict of str to float
        α by group of parameters, such as "weights 1, input 0", "biases 1", "weights 2", counted from the
        first layer: 1/√α is the size that the group's parameters are expected to have.
    effective_by_group : dict of str to float
        How many parameters of each group the data determine.
    noise : dict of str to float
        Standard deviation of the noise in each kind of data, such as "value of output 0" or "derivative of
        output 0 along input 1", in the units of the data: 1/√β. Where samples have weights, the root mean
        square over the kind's entries.
    value_errors : ndarray, (n, m), or None
        Leave-one-out errors of the values, in the units of the data: prediction less value, had the whole
        sample been left out, in closed form. NaN where nothing was given, None without values. n are the
        samples that have something of a weight above 0.
    derivative_errors : ndarray, (n, m, d) or (n, m, k), or None
        Likewise of the derivatives along inputs or directions.
    second_derivative_errors : ndarray, (n, m, d, d), or None
        Likewise of the second derivatives.
    """

    log_evidence: float
    effective_parameters: float
    prior_precisions: Mapping[str, float]
    effective_by_group: Mapping[str, float]
    noise: Mapping[str, float]
    value_errors: Array | None = field(default=None)
    derivative_errors: Array | None = field(default=None)
    second_derivative_errors: Array | None = field(default=None)

    @classmethod
    def from_report(
        cls, report: Mapping[str, Any], samples: Samples, normalization: Normalization | None, n_layers: int
    ) -> Evidence:
        """Take what the core reports of a fit, in the units of the network, to those of the data."""
        samples = counting(samples, np.dtype(np.float64))
        names = _groups(len(report["prior_precisions"]), n_layers)
        kinds = _kinds(samples)
        units = _units(samples, normalization)
        errors = [
            None if left_out is None else left_out * unit
            for left_out, unit in zip(scattered(samples, report, "leave_one_out"), units, strict=True)
        ]
        every_kind = np.concatenate([kind.ravel() for kind in kinds])[report["entries"]]
        every_unit = np.concatenate(
            [np.broadcast_to(unit, kind.shape).ravel() for kind, unit in zip(kinds, units, strict=True)]
        )
        deviations = np.sqrt(report["noise_variances"]) * np.abs(every_unit[report["entries"]])
        # In the order of the data, not of the residuals.
        listed = dict.fromkeys(every_kind[np.argsort(report["entries"])].tolist())
        return cls(
            float(report["log_evidence"]),
            float(report["effective_parameters"]),
            dict(zip(names, report["prior_precisions"].tolist(), strict=True)),
            dict(zip(names, report["effective_by_group"].tolist(), strict=True)),
            {kind: _root_mean_square(deviations[every_kind == kind]) for kind in listed},
            *errors,
        )

    @property
    def leave_one_out_error(self) -> dict[str, float]:
        """Root mean squares of the leave-one-out errors of values, derivatives and second derivatives."""
        every = {
            "values": self.value_errors,
            "derivatives": self.derivative_errors,
            "second derivatives": self.second_derivative_errors,
        }
        return {
            name: _root_mean_square(errors[~np.isnan(errors)])
            for name, errors in every.items()
            if errors is not None and not np.isnan(errors).all()  # of a weight of 0 there are none
        }

    def __repr__(self) -> str:
        errors = ", ".join(f"{name} {error:.3g}" for name, error in self.leave_one_out_error.items())
        return (
            f"Evidence(log_evidence={self.log_evidence:.5g}, "
            f"effective_parameters={self.effective_parameters:.3g}, leave-one-out errors: {errors})"
        )

    def _repr_html_(self) -> str:
        groups = [
            (name, alpha, self.effective_by_group[name]) for name, alpha in self.prior_precisions.items()
        ]
        return _html.block(
            f"Log evidence {self.log_evidence:.5g}, {self.effective_parameters:.3g} effective parameters",
            _html.table(("data", "noise (standard deviation)"), list(self.noise.items())),
            _html.table(("leave-one-out errors", "root mean square"), list(self.leave_one_out_error.items())),
            _html.table(("parameters", "α", "effective"), groups),
        )


def _root_mean_square(numbers: Array) -> float:
    """Of at least one number; squares of the ratios to the largest neither overflow nor vanish."""
    largest = float(np.max(np.abs(numbers)))
    return largest * float(np.sqrt(np.mean((numbers / largest) ** 2))) if 0 < largest < np.inf else largest


def scattered(samples: Samples, report: Mapping[str, Any], name: str) -> list[Array | None]:
    """Put numbers by residual where they belong: in the shapes of what is given, NaN where nothing is."""
    targets = samples.targets
    ends = np.cumsum([0, *(0 if target is None else target.size for target in targets)])
    flat = np.full(ends[-1], np.nan)
    flat[report["entries"]] = report[name]
    return [
        None if target is None else flat[first:end].reshape(target.shape)
        for target, first, end in zip(targets, ends[:-1], ends[1:], strict=True)
    ]


def _groups(count: int, n_layers: int) -> list[str]:
    """Names of the groups of parameters: two a layer, or more where the first weights are by input."""
    names = [f"{sort} {layer}" for layer in range(1, n_layers + 1) for sort in ("weights", "biases")]
    n_inputs = count - len(names) + 1
    return names if n_inputs == 1 else [*(f"{names[0]}, input {k}" for k in range(n_inputs)), *names[1:]]


def _kinds(samples: Samples) -> list[NDArray[Any]]:
    """Name of the kind of each entry of what is given."""
    along = "input" if samples.directions is None else "direction"

    def name(term: int, at: tuple[int, ...]) -> str:
        if term == 0:
            return f"value of output {at[0]}"
        if term == 1:
            return f"derivative of output {at[0]} along {along} {at[1]}"
        return f"second derivative of output {at[0]} along inputs {at[1]} and {at[2]}"

    found = []
    for term, target in enumerate(samples.targets):
        kinds = np.empty((0,) if target is None else target.shape, dtype=object)
        for at in () if target is None else np.ndindex(*target.shape[1:]):
            kinds[(slice(None), *at)] = name(term, at)
        found.append(kinds)
    return found


def _units(samples: Samples, normalization: Normalization | None) -> list[Array]:
    """Units of values, derivatives and second derivatives of the network, in those of the data."""
    one = np.ones(())
    if normalization is None:
        return [one, one, one]
    of_outputs = normalization.y_scale
    along_inputs = samples.directions is None
    with np.errstate(all="ignore"):  # of what is not given, units may be beyond what float64 holds
        units = [
            of_outputs,
            normalization.jacobian_units() if along_inputs else of_outputs[:, np.newaxis],
            normalization.hessian_units(),
        ]
    return [unit if target is not None else one for unit, target in zip(units, samples.targets, strict=True)]
