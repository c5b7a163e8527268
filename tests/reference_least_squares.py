"""The oracle of `reference.py` for the residuals of all that the loss can hold, and their Jacobian.

Every error times √(w ω / Σω), absent ones left out: of the values, of the derivatives along the inputs or
along directions, of the second derivatives, each in the order of its array; then √l2 W of every weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import jetmlp
from reference import STEP, Array, Network, jets
from reference_second import second_order_jets

VALUE_WEIGHT, DERIVATIVE_WEIGHT, SECOND_WEIGHT = 0.7, 1.9, 0.4


@dataclass(frozen=True)
class Case:
    """A network, where to look at it, and what to fit it to; all that is None is not given."""

    network: Network
    parameters: Array
    X: Array
    Y: Array | None = None
    dYdX: Array | None = None  # noqa: N815
    d2YdX2: Array | None = None  # noqa: N815
    directions: Array | None = None
    dYdV: Array | None = None  # noqa: N815
    sample_weight: Array | None = None
    derivative_sample_weight: Array | None = None  # of each derivative; None: as of its sample
    l2: float = 0.0

    def data(self) -> dict[str, Any]:
        """Arguments of `jetmlp.Objective` and `Trainer.fit`."""
        names = (
            "X",
            "Y",
            "dYdX",
            "d2YdX2",
            "directions",
            "dYdV",
            "sample_weight",
            "derivative_sample_weight",
        )
        return {name: getattr(self, name) for name in names} | {"allow_missing_values": True}

    def weights(self) -> dict[str, float]:
        """Arguments of `jetmlp.Objective` and `jetmlp.Trainer`."""
        return {
            "value_weight": VALUE_WEIGHT,
            "derivative_weight": DERIVATIVE_WEIGHT,
            "second_derivative_weight": SECOND_WEIGHT,
            "l2": self.l2,
        }

    def model(self) -> jetmlp.MLP:
        network = self.network
        model = jetmlp.MLP(
            list(network.layer_sizes),
            network.activation,
            output_activation=network.output_activation,
            dtype="float64",
            normalize=False,
        )
        model.parameters = self.parameters
        return model


KINDS = {
    "values": ("Y",),
    "derivatives": ("dYdX",),
    "second derivatives": ("d2YdX2",),
    "values and second derivatives": ("Y", "d2YdX2"),
    "all three": ("Y", "dYdX", "d2YdX2"),
    "directions": ("directions", "dYdV"),
    "values and directions": ("Y", "directions", "dYdV"),
}


def make_case(
    network: Network, kind: str, n: int, *, share: float = 0.0, l2: float = 0.0, seed: int = 0
) -> Case:
    """Parameters of Glorot's size, targets of order one, of which that share is missing, never all."""
    rng = np.random.default_rng(seed)
    d, m, k = network.layer_sizes[0], network.layer_sizes[-1], 3
    parameters = np.empty(network.n_parameters)
    for W, b in network.layers(parameters):
        limit = np.sqrt(6 / sum(W.shape))
        W[...], b[...] = rng.uniform(-limit, limit, W.shape), rng.uniform(-0.7, 0.7, b.shape)

    def targets(*shape: int) -> Array:
        array = rng.uniform(-1, 1, (n, *shape))
        missing = rng.random(array.shape) < share
        if len(shape) == 3:
            array, missing = array + array.swapaxes(2, 3), missing | missing.swapaxes(2, 3)
        missing.flat[0] = False
        return np.where(missing, np.nan, array)

    arrays = {
        "Y": targets(m),
        "dYdX": targets(m, d),
        "d2YdX2": targets(m, d, d),
        "directions": rng.normal(size=(n, k, d)),
        "dYdV": targets(m, k),
    }
    X, weight = rng.uniform(-1.5, 1.5, (n, d)), rng.uniform(0.3, 2.0, n)
    given = {name: arrays[name] for name in KINDS[kind]}
    return Case(network, parameters, X, **given, sample_weight=weight, l2=l2)


def residuals(case: Case, parameters: Array) -> Array:
    """Residuals (..., N) at parameters (..., P)."""
    values, derivatives = jets(case.network, parameters, case.X)
    if case.directions is not None:
        derivatives = np.einsum("...nod,nkd->...nok", derivatives, case.directions)
    parts = []
    of_samples = case.sample_weight
    of_derivatives = of_samples if case.derivative_sample_weight is None else case.derivative_sample_weight
    for weight, target, predicted, counts in (
        (VALUE_WEIGHT, case.Y, values, of_samples),
        (DERIVATIVE_WEIGHT, case.dYdX if case.dYdV is None else case.dYdV, derivatives, of_derivatives),
        (SECOND_WEIGHT, case.d2YdX2, second_order_jets(case.network, parameters, case.X), of_samples),
    ):
        if target is None:
            continue
        counts = np.ones(len(case.X)) if counts is None else counts
        omega = np.broadcast_to(
            counts.reshape(*counts.shape, *[1] * (target.ndim - counts.ndim)), target.shape
        )
        present = ~np.isnan(target)
        scales = np.sqrt(weight * omega[present] / omega[present].sum())
        parts.append(scales * (predicted[..., present] - target[present]))
    if case.l2 > 0:
        leading = parameters.shape[:-1]
        parts += [np.sqrt(case.l2) * W.reshape(*leading, -1) for W, _ in case.network.layers(parameters)]
    return np.concatenate(parts, axis=-1)


def jacobian(case: Case) -> Array:
    """Their derivatives (N, P) by the parameters, by a complex step in each."""
    stepped = case.parameters + 1j * STEP * np.eye(case.network.n_parameters)
    return np.asarray(residuals(case, stepped).imag.T / STEP)
