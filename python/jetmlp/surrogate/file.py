"""A fitted surrogate in a file: the container of all models, see `jetmlp._files`.

The description has the settings and what the members are; everything else is a tensor. What comes back is
made by the constructors that made it, so that nothing is accepted that they would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, astuple, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks, _core
from .._files.canonical import MOST_VALUES
from .._files.errors import brief
from .._files.fields import list_of, object_of, of
from ..data.arrays import ARRAYS
from ..data.presence import counting
from ..data.samples import Samples
from ..data.standardise import standardised
from ..models.mlp import MLP
from ..models.normalization import Normalization
from ..models.tensors import (
    NORMALIZATION,
    Shapes,
    Tensors,
    check_tensors,
    normalization_of,
    normalization_tensors,
    parameter_shapes,
    scale_shapes,
)
from .calibration import Calibration
from .candidates import STARTS, Candidate
from .fit import Standing
from .mixture import Mixture
from .outcome import BEYOND, MOST_EQUATIONS, NOISY, Outcome, n_equations
from .posterior import Jets, Member
from .rows import CandidateRow

Array = NDArray[np.float64]

#: Of a mixture; a search keeps a dozen.
MOST_MEMBERS = 64
#: Counts are exact in float64 up to this.
MOST_COUNTED = 2.0**53
#: Of the numbers of a row.
ROW_NUMBERS = tuple(field.name for field in fields(CandidateRow) if field.name != "network")
ROW_COUNTS = ("n_parameters", "n_steps")
CANDIDATE_FIELDS = {field.name for field in fields(Candidate)}


def described(outcome: Outcome) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description of what was fitted, and its tensors."""
    mixture = outcome.mixture
    description = {
        "candidates": [asdict(candidate) for candidate in outcome.candidates],
        "rows": [row.network for row in outcome.rows],
        "seconds_taken": outcome.seconds,
    }
    tensors: dict[str, NDArray[Any]] = {
        "weights": np.array([member.weight for member in mixture.members]),
        "rows": np.array([astuple(row)[1:] for row in outcome.rows], dtype=np.float64),
        **normalization_tensors(mixture.normalization),
        **{f"calibration.{name}": array for name, array in outcome.calibration._asdict().items()},
    }
    for name, array in outcome.samples.arrays().items():
        if array is not None:
            tensors[f"samples.{name}"] = array
    if mixture.floors is not None:
        tensors |= {f"floor.{name}": array for name, array in mixture.floors._asdict().items()}
    for k, member in enumerate(mixture.members):
        network = member.model._tensors()
        tensors |= {f"{_prefix(k)}{name}": network[name] for name in network if not _shared(name)}
        tensors[f"{_prefix(k)}covariance_factor"] = member.covariance_factor
    for k, standing in enumerate(outcome.standings):
        tensors[f"{_prefix(k)}prior_precisions"] = standing.prior_precisions
        tensors[f"{_prefix(k)}noise_precisions"] = standing.noise_precisions
    return description, tensors


def outcome_from(description: Mapping[str, Any], tensors: Tensors) -> Outcome:
    """Build what `described` described; a ``TypeError`` or ``ValueError`` if it is not that."""
    entries = list_of(description["candidates"], "candidates", MOST_MEMBERS)
    names = list_of(description["rows"], "rows", MOST_VALUES)
    candidates = tuple(_candidate(entry, f"candidates[{k}]") for k, entry in enumerate(entries))
    _check_candidates(candidates)
    seconds = _checks.as_number("seconds_taken", description["seconds_taken"], least=0.0)
    left = dict(tensors)
    samples = _samples(left)
    counted = counting(samples, np.dtype(np.float64))
    shapes = _shapes(counted, candidates, names)
    beyond = candidates[0].start == BEYOND
    standing_kept = not beyond and candidates[0].start != NOISY
    if standing_kept and n_equations(counted) > MOST_EQUATIONS:
        raise ValueError(f"samples: expected at most {MOST_EQUATIONS} numbers, got {n_equations(counted)}")
    for k in range(len(candidates) if standing_kept else 0):
        for kind in ("prior_precisions", "noise_precisions"):  # how many there are is checked below
            name = f"{_prefix(k)}{kind}"
            shapes[name] = (left[name].size if name in left else 1,)
    check_tensors(left, shapes, dict.fromkeys(shapes, np.dtype(np.float64)))
    _check_numbers(left)
    normalization = normalization_of(left)
    assert normalization is not None  # its tensors are there
    _check_units(counted, normalization)
    rows = tuple(_row(name, *row) for name, row in zip(names, enumerate(left["rows"]), strict=True))
    # Of what is kept, copies: the tensors are read-only, and hold on to all that was read.
    kept = {name: array.copy() for name, array in left.items() if not name.startswith("normalization.")}
    members, standings = [], []
    for k, (candidate, weight) in enumerate(zip(candidates, left["weights"], strict=True)):
        with of(_prefix(k)[:-1]):
            model = _network(candidate, samples, normalization, left, k)
            members.append(Member(model, kept[f"{_prefix(k)}covariance_factor"], float(weight)))
            if standing_kept:
                standing = Standing(
                    model.parameters,
                    kept[f"{_prefix(k)}prior_precisions"],
                    kept[f"{_prefix(k)}noise_precisions"],
                )
                standing.check(candidate, counted)
                standings.append(standing)
    calibration = Calibration(**{name: kept[f"calibration.{name}"] for name in Calibration._fields})
    return Outcome(
        samples,
        Mixture(
            tuple(members),
            calibration.value_factor,
            calibration.slope_factor,
            Jets(kept["floor.values"], kept["floor.slopes"]) if beyond else None,
        ),
        calibration,
        candidates,
        tuple(standings),
        rows,
        seconds,
    )


def _samples(left: dict[str, NDArray[Any]]) -> Samples:
    """Take the samples out of the tensors."""
    arrays: dict[str, Any] = {name: left.pop(f"samples.{name}", None) for name in ARRAYS}
    if arrays["X"] is None:
        raise ValueError("samples.X: expected a tensor, got none")
    with of("samples"):
        samples = Samples(**arrays, allow_missing_values=True)
    for name, array in samples.arrays().items():
        given = arrays[name]
        if array is not None and (given is None or given.shape != array.shape or given.dtype != array.dtype):
            came = "none" if given is None else f"{given.dtype} {given.shape}"
            raise ValueError(f"samples.{name}: expected {array.dtype} {array.shape}, got {came}")
    return samples


def _candidate(entry: Any, field: str) -> Candidate:  # noqa: ANN401  whatever the file says
    said = object_of(entry, field, CANDIDATE_FIELDS)
    with of(field):
        hidden = list_of(said["hidden"], "hidden", _checks.MOST_LAYERS)
        return Candidate(
            _checks.as_layer_sizes([1, *hidden, 1])[1:-1],
            _checks.as_choice("activation", said["activation"], _core.ACTIVATIONS),
            _checks.as_choice("start", said["start"], (*STARTS, BEYOND, NOISY)),
            _checks.as_seed(said["seed"]),
        )


def _check_candidates(candidates: tuple[Candidate, ...]) -> None:
    """Raise a ``ValueError`` for candidates that make no mixture."""
    for start in (BEYOND, NOISY):
        if len({candidate.start == start for candidate in candidates}) > 1:
            raise ValueError(f"candidates: expected all to be of the start {start!r}, or none, got some")
    n_layers = sum(len(candidate.hidden) + 1 for candidate in candidates)
    if n_layers > _checks.MOST_LAYERS:
        raise ValueError(f"candidates: expected at most {_checks.MOST_LAYERS} layers in all, got {n_layers}")


def _shapes(counted: Samples, candidates: tuple[Candidate, ...], rows: list[Any]) -> Shapes:
    """Names and shapes of all tensors whose sizes follow from the others'."""
    n, d, m = len(counted), counted.n_inputs, counted.n_outputs
    t = 0 if counted.derivatives is None else counted.derivatives.shape[2]
    shapes: Shapes = {"weights": (len(candidates),), "rows": (len(rows), len(ROW_NUMBERS))}
    shapes |= scale_shapes(d, m)
    for name in Calibration._fields:
        kind = (n, m, t) if name.startswith("slope") else (n, m)
        shapes[f"calibration.{name}"] = (m,) if name.endswith("factor") else kind
    if candidates[0].start == BEYOND:
        shapes |= {"floor.values": (m,), "floor.slopes": (m, d)}
    for k, candidate in enumerate(candidates):
        beyond = candidate.start == BEYOND
        # Beyond a fit by evidence, the posterior is that of the last layer.
        p = (candidate.hidden[-1] + 1) * m if beyond else candidate.n_parameters(d, m)
        network = parameter_shapes(candidate.layer_sizes(d, m))
        shapes |= {f"{_prefix(k)}{name}": shape for name, shape in network.items()}
        shapes[f"{_prefix(k)}covariance_factor"] = (p, p)
    return shapes


def _check_numbers(left: Tensors) -> None:
    """Raise a ``ValueError`` where numbers have no meaning; those of networks are checked by them."""
    weights = left["weights"]
    if not (((weights > 0) & (weights <= 1)).all() and abs(weights.sum() - 1.0) < 1e-9):
        raise ValueError(f"weights: expected numbers above 0 that sum to 1, got {weights.tolist()}")
    for name, array in left.items():
        if name.endswith("_factor") and not np.isfinite(array).all():
            raise ValueError(f"{name}: expected finite numbers, got others")
        if name.startswith("calibration.") and np.isinf(array).any():
            raise ValueError(f"{name}: expected no infinity, got others")
        if name.startswith("floor.") and not (np.isfinite(array) & (array >= 0)).all():
            raise ValueError(f"{name}: expected finite numbers of at least 0, got others")
        if name.startswith("calibration.") and not name.endswith("errors") and (array < 0).any():
            raise ValueError(f"{name}: expected no numbers below 0, got others")


def _check_units(counted: Samples, normalization: Normalization) -> None:
    """Raise a ``ValueError`` where samples in the units of the networks are beyond all numbers."""
    with np.errstate(over="ignore"):
        arrays = standardised(counted, normalization).arrays()
    for name, array in arrays.items():
        if array is not None and np.isinf(array).any():
            raise ValueError(f"normalization: expected scales of the samples, got infinite numbers of {name}")


def _network(
    candidate: Candidate, samples: Samples, normalization: Normalization, left: Tensors, k: int
) -> MLP:
    sizes = candidate.layer_sizes(samples.n_inputs, samples.n_outputs)
    configuration = {
        "layer_sizes": sizes,
        "activation": candidate.activation,
        "output_activation": "identity",
        "dtype": "float64",
        "normalize": True,
    }
    tensors = {name: left[f"{_prefix(k)}{name}"] for name in parameter_shapes(sizes)}
    model = MLP._from_tensors(configuration, tensors)
    model.normalization = normalization
    return model


def _row(network: Any, row: int, numbers: Array) -> CandidateRow:  # noqa: ANN401  whatever the file says
    if not isinstance(network, str):
        raise ValueError(f"rows[{row}]: expected the name of a network, got {brief(network)}")
    cells: dict[str, Any] = dict(zip(ROW_NUMBERS, map(float, numbers), strict=True))
    for name in ROW_COUNTS:
        if not (0.0 <= cells[name] <= MOST_COUNTED and cells[name].is_integer()):
            raise ValueError(f"rows[{row}].{name}: expected a count, got {cells[name]}")
        cells[name] = int(cells[name])
    return CandidateRow(network, **cells)


def _shared(name: str) -> bool:
    """Whether a tensor of a network is the same for all."""
    return name.startswith(NORMALIZATION)


def _prefix(member: int) -> str:
    """Return what stands before the names of a member's tensors."""
    return f"member.{member}."
