"""A fit in stages in a file, as it stands after one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from .. import _checks
from .._files import Container, read_container, write_container
from .._files.errors import place_of
from .._files.fields import list_of, made_of, object_of
from ..models.staged import MOST_STAGES, Stages
from ..optimizers.auto import AUTO
from ..optimizers.base import Optimizer
from ..optimizers.describing import described_optimizer
from .checkpoint import as_sha256, described_history, history_from, table_of
from .history import History

#: What a file of it is called in its metadata.
FILE_KIND = "jetmlp.StagedCheckpoint"
_MODEL, _HISTORY = "model.", "history."

Model = TypeVar("Model", bound=Stages)


class StagedCall(NamedTuple):
    """What a fit in stages was asked for, by the names of `StagedMLP.fit`; of the samples there is a hash."""

    samples: str
    epochs: list[int]
    optimizer: Any  # its description, or "auto"
    value_weight: float
    derivative_weight: float

    def check(self, now: StagedCall, n_done: int) -> None:
        """Raise a ``ValueError`` unless a fit is this one; epochs of stages to come may be others."""
        for name, before, new in zip(self._fields, self, now, strict=True):
            same = before[:n_done] == new[:n_done] if name == "epochs" else before == new
            if not same:
                argument = "X" if name == "samples" else name
                raise ValueError(
                    f"{argument}: expected {_checks.brief(before)}, as in the fit of the checkpoint, got "
                    f"{_checks.brief(new)}; for another fit make a new StagedMLP"
                )


def as_described(optimizer: Optimizer | str) -> Any:  # noqa: ANN401  a dictionary or "auto"
    """Describe the optimizer of the stages; a ``TypeError`` if no file can hold it."""
    return optimizer if isinstance(optimizer, str) else described_optimizer(optimizer)


def write_stages(path: Path, model: Stages, call: StagedCall, histories: list[History]) -> None:
    """Write a model of which as many stages are fitted as there are histories."""
    write_container(path, _container(model, call, histories))


def read_stages(path: Path, kind: type[Model]) -> tuple[Model, StagedCall, list[History]]:
    """Read what `write_stages` wrote.

    Raises
    ------
    OSError
        If the file cannot be read.
    ModelFileError
        If it is not that.
    """
    return made_of(
        read_container(path, (FILE_KIND,)),
        place_of(path),
        lambda container: _from_container(container, kind),
        lambda parts: _container(*parts),
    )


def _from_container(container: Container, kind: type[Model]) -> tuple[Model, StagedCall, list[History]]:
    description = object_of(container.description, "description", ("model", "fit", "histories"))
    tensors: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for name, tensor in container.tensors.items():
        (tensors if name.startswith(_MODEL) else tables)[name] = tensor
    of_model = {name.removeprefix(_MODEL): tensor for name, tensor in tensors.items()}
    model = kind._from_container(Container(kind.FILE_KIND, description["model"], of_model))
    call = _call(description["fit"], len(model.stages))
    said = list_of(description["histories"], "histories", min(MOST_STAGES, len(model.stages)))
    for k in range(len(said)):
        if f"{_HISTORY}{k}" not in tables:
            raise ValueError(f"{_HISTORY}{k}: expected the epochs of a stage, got none")
    return model, call, [history_from(entry, tables[f"{_HISTORY}{k}"]) for k, entry in enumerate(said)]


def _container(model: Stages, call: StagedCall, histories: list[History]) -> Container:
    whole = model._container()
    description = {
        "model": whole.description,
        "fit": call._asdict(),
        "histories": [described_history(history) for history in histories],
    }
    tensors = {f"{_MODEL}{name}": tensor for name, tensor in whole.tensors.items()}
    tensors |= {f"{_HISTORY}{k}": table_of(history) for k, history in enumerate(histories)}
    return Container(FILE_KIND, description, tensors)


def _call(said: Any, n_stages: int) -> StagedCall:  # noqa: ANN401  whatever the file says
    said = object_of(said, "fit", StagedCall._fields)
    epochs = [
        _checks.as_integer("fit.epochs", count, 0, 2**31)
        for count in list_of(said["epochs"], "fit.epochs", n_stages)
    ]
    if len(epochs) != n_stages:
        raise ValueError(f"fit.epochs: expected {n_stages} numbers, one for each stage, got {len(epochs)}")
    if said["optimizer"] != AUTO:
        object_of(said["optimizer"], "fit.optimizer", ("name",), ("settings", "optimizers", "epochs"))
    return StagedCall(
        as_sha256("fit.samples", said["samples"]),
        epochs,
        said["optimizer"],
        _checks.as_number("fit.value_weight", said["value_weight"], least=0.0),
        _checks.as_number("fit.derivative_weight", said["derivative_weight"], least=0.0),
    )
