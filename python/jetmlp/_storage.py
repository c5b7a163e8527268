"""Models as files: tensors in the safetensors format, the architecture in its metadata, no pickle."""

from __future__ import annotations

import json
import os
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .model import MLP, _restore

FORMAT = "jetmlp.MLP"
FORMAT_VERSION = 1


def save(model: MLP, path: str | os.PathLike[str]) -> None:
    """Write a model; see `MLP.save`."""
    from safetensors.numpy import save as serialize

    tensors = {}
    for layer, (weights, bias) in enumerate(zip(model.weights, model.biases, strict=True)):
        tensors[f"weights.{layer}"] = weights
        tensors[f"bias.{layer}"] = bias
    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "architecture": json.dumps(model._configuration()),
    }
    _replace_file(Path(path), serialize(tensors, metadata))


def _replace_file(path: Path, content: bytes) -> None:
    """Write beside the target, then move over it, so that a failure leaves the old file whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files private; a saved model gets the permissions of any new file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path: str | os.PathLike[str]) -> MLP:
    """Read a model that `MLP.save` wrote.

    Parameters
    ----------
    path : path
        Of the file.

    Returns
    -------
    MLP
        Predicts what the saved one did, to the last bit.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a model of this library, or is damaged; the message says in what.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    path.open("rb").close()  # an OSError of the usual kind if there is nothing to read
    try:
        with safe_open(str(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"path: {path} is not a readable safetensors file ({error})") from error
    return _assemble(path, metadata, tensors)


def _assemble(path: Path, metadata: dict[str, str], tensors: dict[str, Any]) -> MLP:
    if metadata.get("format") != FORMAT:
        raise ValueError(f"path: {path} holds no model of jetmlp (format {metadata.get('format')!r})")
    if metadata.get("format_version") != str(FORMAT_VERSION):
        raise ValueError(
            f"path: {path} has format version {metadata.get('format_version')}, this jetmlp reads "
            f"{FORMAT_VERSION}"
        )
    configuration = json.loads(metadata["architecture"])
    sizes = configuration["layer_sizes"]
    parts = []
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        for name, shape in ((f"weights.{layer}", (n_out, n_in)), (f"bias.{layer}", (n_out,))):
            tensor = tensors.get(name)
            if tensor is None or tensor.shape != shape or tensor.dtype != np.dtype(configuration["dtype"]):
                got = "nothing" if tensor is None else f"{tensor.dtype} {tensor.shape}"
                raise ValueError(
                    f"path: {path}: expected {name} as {configuration['dtype']} {shape}, got {got}"
                )
            parts.append(tensor.ravel())
    return _restore(configuration, np.concatenate(parts))
