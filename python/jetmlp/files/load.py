"""Models back from their files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from .._files import Container, read_container
from .._files.errors import place_of, refusal
from ..fitting.checkpoint import FILE_KIND as CHECKPOINT
from ..fitting.staged import StagedMLP
from ..models.mlp import MLP
from ..surrogate.surrogate import Surrogate

#: What is a file of a fit, and who takes it.
CHECKPOINTS = {CHECKPOINT: "jetmlp.Trainer.resume(path)"}
#: Of a surrogate, the tensors that its mean is computed from.
_PREDICTS = re.compile(r"weights|normalization\..*|member\.\d+\.(weights|bias)\.\d+")


def load(path: str | os.PathLike[str]) -> MLP | StagedMLP | Surrogate:
    """Read a model that `MLP.save`, `StagedMLP.save` or `Surrogate.save` wrote.

    Parameters
    ----------
    path : path
        Of the file.

    Returns
    -------
    MLP, StagedMLP or Surrogate
        Predicts what the saved one did, to the last bit.

    Raises
    ------
    OSError
        If the file cannot be read.
    ModelFileError
        If it is not a model of this library, or is damaged; the message says in what.
    """
    path = Path(path)
    container = _read(path)
    try:
        if container.kind == StagedMLP.FILE_KIND:
            return StagedMLP._from_file(container.description, container.tensors)
        if container.kind == Surrogate.FILE_KIND:
            return Surrogate._from_file(container.description, container.tensors)
        return MLP._from_tensors(container.description["architecture"], container.tensors)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise refusal(place_of(path), f"description: expected that of a network, got {error!r}") from error
    except ValueError as error:
        raise refusal(place_of(path), f"{error}") from error


def read_parts(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description of a model and the tensors that predict, for other programs.

    Of a file that `load` takes; of a surrogate, samples, covariances and the like are left out.
    """
    container = _read(Path(path))
    tensors = container.tensors
    if container.kind == Surrogate.FILE_KIND:
        tensors = {name: array for name, array in tensors.items() if _PREDICTS.fullmatch(name)}
        description = {"kind": container.kind, "candidates": container.description["candidates"]}
        names = container.description.get("names")
        return description if names is None else {**description, "names": names}, tensors
    return {"kind": container.kind, **container.description}, tensors


def _read(path: Path) -> Container:
    models = (MLP.FILE_KIND, StagedMLP.FILE_KIND, Surrogate.FILE_KIND)
    container = read_container(path, (*models, *CHECKPOINTS))
    if container.kind in CHECKPOINTS:
        raise refusal(
            place_of(path),
            f"{container.kind}: expected a model, got a checkpoint, from which a fit goes on: "
            f"{CHECKPOINTS[container.kind]}",
        )
    return container
