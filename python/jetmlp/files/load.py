"""Models back from their files."""

from __future__ import annotations

import os
from pathlib import Path

from .._files import read_container
from ..fitting.staged import StagedMLP
from ..models.mlp import MLP
from ..surrogate.surrogate import Surrogate


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
    ValueError
        If it is not a model of this library, or is damaged; the message says in what.
    """
    path = Path(path)
    container = read_container(path, (MLP.FILE_KIND, StagedMLP.FILE_KIND, Surrogate.FILE_KIND))
    try:
        if container.kind == StagedMLP.FILE_KIND:
            return StagedMLP._from_file(container.description, container.tensors)
        if container.kind == Surrogate.FILE_KIND:
            return Surrogate._from_file(container.description, container.tensors)
        return MLP._from_tensors(container.description["architecture"], container.tensors)
    except (IndexError, KeyError, OverflowError, TypeError) as error:
        raise ValueError(f"path: {path} does not describe a network ({error!r})") from error
    except ValueError as error:
        raise ValueError(f"path: {path} does not describe a network: {error}") from error
