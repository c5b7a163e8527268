"""A trainer in a file: all that its next epoch depends on, but for the samples.

The description has the settings; every number of model, optimizer, history and evidence is a tensor. What
comes back is made by the constructors and the core, which refuse what they would refuse from a user, and must
then give the same description and tensors again: so nothing is accepted that is spelled in another way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _checks, _core
from .._files import Container
from .._files.errors import brief
from .._files.fields import object_of
from ..data.fingerprint import fingerprint
from ..models.mlp import MLP
from ..optimizers.auto import AUTO
from ..optimizers.base import Optimizer
from ..optimizers.describing import described_optimizer
from .evidence import Evidence
from .history import COLUMNS, History
from .plan import FitPlan, hash_of
from .problem import LossWeights

#: What a file of a trainer is called in its metadata.
FILE_KIND = "jetmlp.Checkpoint"

Tensors = Mapping[str, NDArray[Any]]
_MODEL, _STATE, _HISTORY, _EVIDENCE = "model.", "state.", "history", "evidence."
_BY_NAME = ("prior_precisions", "effective_by_group", "noise")
_SHA256 = re.compile("[0-9a-f]{64}")
_ERRORS = ("value_errors", "derivative_errors", "second_derivative_errors")


class Call(NamedTuple):
    """A fit in the midst of which a checkpoint was taken: what it was asked for, by the names of `fit`.

    Of the data there are hashes.
    """

    epochs: int
    patience: int | None
    min_delta: float
    restore_best: bool
    samples: str
    validation_data: str | None
    anchor: str | None

    @classmethod
    def of(cls, plan: FitPlan) -> Call:
        """Describe a fit that is planned."""
        held_out, anchor = plan.held_out, plan.anchor
        return cls(
            plan.epochs,
            *plan.stopping,
            hash_of(plan.samples),
            None if held_out is None else hash_of(held_out),
            None if anchor is None else fingerprint(anchor._asdict()),
        )

    def check(self, plan: FitPlan, done: int) -> None:
        """Raise a ``ValueError`` unless a planned fit is the one that is to be gone on with."""
        if plan.epochs < done:
            raise ValueError(
                f"epochs: expected all that the fit is to have, at least the {done} of the checkpoint, got "
                f"{plan.epochs}"
            )
        call = Call.of(plan)
        for name in ("samples", "validation_data", "anchor"):
            before, now = getattr(self, name), getattr(call, name)
            if before != now:
                raise ValueError(
                    f"{'X' if name == 'samples' else name}: expected {_hashed(before)}, as the fit of the "
                    f"checkpoint had, got {_hashed(now)}; for another fit make a new Trainer"
                )
        for name in ("patience", "min_delta", "restore_best"):
            before, now = getattr(self, name), getattr(call, name)
            if before != now:
                raise ValueError(f"{name}: expected {before!r}, as in the fit of the checkpoint, got {now!r}")


def _hashed(sha256: str | None) -> str:
    return "none" if sha256 is None else f"data with the SHA-256 {sha256[:16]}..."


class Checkpoint(NamedTuple):
    """What a checkpoint holds."""

    model: MLP
    optimizer: Optimizer | str
    weights: LossWeights
    batch_size: int | None
    shuffle: bool
    seed: int
    n_threads: int | None
    history: History
    evidence: Evidence | None
    call: Call | None  # None between fits
    state: Tensors  # of the core; empty before the first fit with "auto"

    def container(self) -> Container:
        """Return the content of a file.

        Raises
        ------
        TypeError
            If the optimizer has a learning rate that no file can hold.
        """
        evidence = self.evidence
        description = {
            "architecture": self.model._configuration(),
            "trainer": self.settings(),
            "optimizer": AUTO if isinstance(self.optimizer, str) else described_optimizer(self.optimizer),
            "history": described_history(self.history),
            "evidence": None
            if evidence is None
            else {name: list(getattr(evidence, name)) for name in _BY_NAME},
            "fit": None if self.call is None else self.call._asdict(),
        }
        tensors = {f"{_MODEL}{name}": tensor for name, tensor in self.model._tensors().items()}
        tensors |= {f"{_STATE}{name}": array for name, array in self.state.items()}
        if self.call is None:  # else it is part of the state
            tensors[_HISTORY] = table_of(self.history)
        if evidence is not None:
            tensors[f"{_EVIDENCE}totals"] = np.array([evidence.log_evidence, evidence.effective_parameters])
            for name in _BY_NAME:
                tensors[f"{_EVIDENCE}{name}"] = np.array(list(getattr(evidence, name).values()), dtype=float)
            for name in _ERRORS:
                if getattr(evidence, name) is not None:
                    tensors[f"{_EVIDENCE}{name}"] = getattr(evidence, name)
        return Container(FILE_KIND, description, tensors)

    def settings(self) -> dict[str, Any]:
        """Return the arguments of the trainer besides model and optimizer."""
        weights = self.weights
        return {
            "value_weight": weights.value,
            "derivative_weight": "balanced" if weights.balanced else weights.derivative,
            "second_derivative_weight": weights.second_derivative,
            "l2": weights.l2,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "n_threads": self.n_threads,
            "seed": self.seed,
        }


class Parts(NamedTuple):
    """What a container says, checked one by one; a trainer made of it checks that they belong together."""

    model: MLP
    optimizer: Any  # its description, or "auto"
    settings: dict[str, Any]
    history: History
    evidence: Evidence | None
    call: Call | None
    state: dict[str, NDArray[Any]]


def parts_of(container: Container) -> Parts:
    """Take a container apart.

    Raises a ``TypeError``, ``LookupError`` or ``ValueError`` if it is not that of a checkpoint.
    """
    description, tensors = container.description, container.tensors
    model = MLP._from_tensors(description["architecture"], _below(tensors, _MODEL))
    call = None if description["fit"] is None else _call(description["fit"])
    state = _below(tensors, _STATE)
    _check_midst(state, call, model)
    if call is None:
        table = tensors[_HISTORY]
    else:
        columns = [COLUMNS.index(column) for column in description["history"]["columns"]]
        table = records_of(state)[:, columns]
    history = history_from(description["history"], table)
    evidence = None if description["evidence"] is None else _evidence(description["evidence"], tensors)
    return Parts(model, description["optimizer"], description["trainer"], history, evidence, call, state)


def described_history(history: History) -> dict[str, Any]:
    """Describe a history; its numbers are `table_of` it."""
    return {
        "columns": list(history),
        "stopped_because": history.stopped_because,
        "optimizer": history.optimizer,
    }


def table_of(history: History) -> NDArray[np.float64]:
    """Return the numbers of a history, (n_epochs, n_columns)."""
    return np.column_stack(list(history.values()))


def history_from(said: object, table: NDArray[Any]) -> History:
    """Make a history of its description and its table; a ``TypeError`` or ``ValueError`` if it is none."""
    said = object_of(said, "history", ("columns", "stopped_because", "optimizer"))
    columns = said["columns"]
    if not isinstance(columns, list) or columns != [name for name in COLUMNS if name in columns]:
        raise ValueError(f"history.columns: expected some of {COLUMNS}, in order, got {brief(columns)}")
    if table.dtype != np.float64 or table.ndim != 2 or table.shape[1] != len(columns) or not columns:
        raise ValueError(f"history: expected float64 (n, {len(columns)}), got {table.dtype} {table.shape}")
    history = History(zip(columns, np.array(table.T, order="C"), strict=True))
    ends = ("", *_core.FIT_ENDS)
    history.stopped_because = _checks.as_choice("history.stopped_because", said["stopped_because"], ends)
    history.optimizer = str(said["optimizer"])
    return history


def records_of(state: Tensors) -> NDArray[Any]:
    """Return the epochs of a fit that a state was taken in, (n_epochs, n_columns)."""
    return state["fit.records"].reshape(-1, len(COLUMNS))


def _below(tensors: Tensors, prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _check_midst(state: Tensors, call: Call | None, model: MLP) -> None:
    """Raise a ``ValueError`` unless a state is of a fit in its midst where there is one, with its best."""
    within = bool(state) and bool(state["within_fit"].any())
    if within != (call is not None):
        raise ValueError(f"fit: expected {'one' if within else 'none'}, as the state has, got {call!r}")
    if call is not None:
        kept = bool(state["fit.best.kept"].any())
        if kept != (call.restore_best and len(records_of(state)) > 0):
            raise ValueError(f"fit.restore_best: expected {kept}, as the state has, got {call.restore_best}")
        # An anchor has shifted the output biases, the last of all parameters.
        same = len(model._parameters) - (0 if call.anchor is None else model.n_outputs)
        if not np.array_equal(model._parameters[:same], state["fit.parameters"][:same]):
            raise ValueError("state.fit.parameters: expected those of the model, got others")


def as_sha256(name: str, value: object) -> str:
    """Take a hash."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"{name}: expected the SHA-256 of the data, got {brief(value)}")
    return value


def _call(said: Mapping[str, Any]) -> Call:
    held_out, anchor = said["validation_data"], said["anchor"]
    return Call(
        _checks.as_integer("epochs", said["epochs"], 0, 2**31),
        None if said["patience"] is None else _checks.as_integer("patience", said["patience"], 1, 2**31),
        _checks.as_number("min_delta", said["min_delta"], least=0.0),
        _checks.as_boolean("restore_best", said["restore_best"]),
        as_sha256("samples", said["samples"]),
        None if held_out is None else as_sha256("validation_data", held_out),
        None if anchor is None else as_sha256("anchor", anchor),
    )


def _evidence(said: Mapping[str, Any], tensors: Tensors) -> Evidence:
    found = {}
    for name in ("totals", *_BY_NAME, *(name for name in _ERRORS if f"{_EVIDENCE}{name}" in tensors)):
        found[name] = tensors[f"{_EVIDENCE}{name}"]
        if found[name].dtype != np.float64 or (name not in _ERRORS and found[name].ndim != 1):
            raise ValueError(f"{_EVIDENCE}{name}: expected float64 numbers, got {found[name].dtype}")
    log_evidence, effective = found["totals"].tolist()
    alphas, by_group, noise = (dict(zip(said[name], found[name].tolist(), strict=True)) for name in _BY_NAME)
    errors = (found[name].copy() if name in found else None for name in _ERRORS)
    return Evidence(log_evidence, effective, alphas, by_group, noise, *errors)
