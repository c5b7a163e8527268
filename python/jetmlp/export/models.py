"""Which models can be exported, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .._network_sum import NetworkSum, added
from ..models.mlp import MLP
from ..models.staged import Stages
from ..surrogate.surrogate import Surrogate

#: What every export takes: one model, or an ensemble, of which the mean is exported.
Exportable: TypeAlias = "MLP | Stages | Surrogate | Sequence[MLP | Stages | Surrogate]"


def network_sum(model: Exportable) -> NetworkSum:
    """Take a model, or the mean of an ensemble, as a sum of networks.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or the models of an ensemble have different inputs or outputs.
    RuntimeError
        If a `Surrogate` has not been fitted.
    """
    if isinstance(model, (MLP, Stages, Surrogate)):
        return model._network_sum()
    if not isinstance(model, Sequence) or isinstance(model, (str, bytes)):
        raise TypeError(
            "model: expected an MLP, a StagedMLP, a Surrogate or a list of them (its mean is exported), "
            f"got {type(model).__name__}"
        )
    if not model:
        raise ValueError("model: expected at least one model in the list, got none")
    for position, one in enumerate(model):
        if not isinstance(one, (MLP, Stages, Surrogate)):
            raise TypeError(
                f"model[{position}]: expected an MLP, a StagedMLP or a Surrogate, got {type(one).__name__}"
            )
    parts = [one._network_sum() for one in model]
    shape = (parts[0].n_inputs, parts[0].n_outputs)
    for position, part in enumerate(parts):
        if (part.n_inputs, part.n_outputs) != shape:
            raise ValueError(
                f"model[{position}]: expected {shape[0]} inputs and {shape[1]} outputs, as of the first, "
                f"got {part.n_inputs} and {part.n_outputs}"
            )
    return added(parts).times(1 / len(parts))
