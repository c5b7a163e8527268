"""Models back from their files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from .._files import Container, read_container
from .._files.errors import place_of, refusal
from .._files.fields import made_of
from .._files.writing import path_text
from ..fitting.staged import StagedMLP
from ..models.mlp import MLP
from ..surrogate.surrogate import Surrogate
from .checkpoints import TAKERS

Model = MLP | StagedMLP | Surrogate

#: By the name that they have in a file.
MODELS: dict[str, type[MLP] | type[StagedMLP] | type[Surrogate]] = {
    MLP.FILE_KIND: MLP,
    StagedMLP.FILE_KIND: StagedMLP,
    Surrogate.FILE_KIND: Surrogate,
}
#: Of a surrogate, the tensors that its mean is computed from.
_PREDICTS = re.compile(r"weights|normalization\..*|member\.\d+\.(weights|bias)\.\d+")


def load(path: str | os.PathLike[str]) -> Model:
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
    TypeError
        If `path` is none.
    OSError
        If the file cannot be read.
    ModelFileError
        If it is not a model of this library, or is damaged; the message says in what.
    TypeError, ValueError
        If `path` is no path, or empty.

    Notes
    -----
    A file runs no code, and nothing in it is trusted: it is checked as the arguments of the constructors are,
    and has to be what saving the model would write. Its hash, SHA-256 without a key, finds damage. It does
    not say who wrote the file: whoever changes one on purpose can make the hash anew.

    The file is read once, from beginning to end. One that is replaced meanwhile is loaded as it was or
    refused, and what is no regular file, such as a FIFO or a device, is refused without being opened.
    """
    return _read(path)[1]


def read_parts(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description of a model and the tensors that predict, for other programs.

    Of a file that `load` takes; of a surrogate, samples, covariances and the like are left out.
    """
    container, _ = _read(path)
    tensors = container.tensors
    if container.kind == Surrogate.FILE_KIND:
        tensors = {name: array for name, array in tensors.items() if _PREDICTS.fullmatch(name)}
        description = {"kind": container.kind, "candidates": container.description["candidates"]}
        names = container.description.get("names")
        return description if names is None else {**description, "names": names}, tensors
    return {"kind": container.kind, **container.description}, tensors


def model_of(container: Container, place: str) -> Model:
    """Return the model that a container describes; `place` is what messages call it.

    Raises
    ------
    ModelFileError
        If there is none that would be written as just this container.
    """
    return made_of(container, place, _model_from, lambda model: model._container())


def _model_from(container: Container) -> Model:
    return MODELS[container.kind]._from_container(container)


def _read(path: str | os.PathLike[str]) -> tuple[Container, Model]:
    path = Path(path_text(path))
    container = read_container(path, (*MODELS, *TAKERS))
    if container.kind in TAKERS:
        raise refusal(
            place_of(path),
            f"{container.kind}: expected a model, got a checkpoint, from which a fit goes on: "
            f"{TAKERS[container.kind]}",
        )
    return container, model_of(container, place_of(path))
