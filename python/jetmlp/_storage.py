"""Models as files: tensors in the safetensors format, the architecture in its metadata, no pickle."""

from __future__ import annotations

import json
import os
import tempfile
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from .model import MLP
from .normalization import Normalization

METADATA_KEY = "jetmlp.MLP"
FORMAT_VERSION = 1
NORMALIZATION = "normalization."  # stands before the names of means and scales


def save(model: MLP, path: str | os.PathLike[str]) -> None:
    """Write a model; see `MLP.save`."""
    from safetensors.numpy import save as serialize

    layers = zip(model.weights, model.biases, strict=True)
    tensors = dict(zip(_tensor_shapes(model), chain.from_iterable(layers), strict=True))
    if model.normalization is not None:
        tensors |= {f"{NORMALIZATION}{name}": a for name, a in model.normalization.arrays().items()}
    # One entry: safetensors writes several in an order that changes from call to call.
    description = {"format_version": FORMAT_VERSION, "architecture": model._configuration()}
    _replace_file(Path(path), serialize(tensors, {METADATA_KEY: json.dumps(description)}))


def _replace_file(path: Path, content: bytes) -> None:
    """Write beside the target, then move over it, so that a failure leaves the old file whole."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        error.filename = str(path)  # what the caller asked for, not what stands in for it
        raise
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
            model = _blank(path, file.metadata() or {})
            expected = _tensor_shapes(model)
            found = sorted(file.keys())
            normalized = model.normalize and any(name.startswith(NORMALIZATION) for name in found)
            scales = _normalization_shapes(model) if normalized else {}
            if found != sorted([*expected, *scales]):
                raise ValueError(
                    f"path: {path}: expected tensors {sorted([*expected, *scales])}, got {found}"
                )
            tensors = {name: file.get_tensor(name) for name in (*expected, *scales)}
    except SafetensorError as error:
        raise ValueError(f"path: {path} is not a readable safetensors file ({error})") from error
    for name, shape in {**expected, **scales}.items():
        tensor, dtype = tensors[name], np.dtype(np.float64) if name in scales else model.dtype
        if tensor.shape != shape or tensor.dtype != dtype:
            raise ValueError(
                f"path: {path}: expected {name} as {dtype} {shape}, got {tensor.dtype} {tensor.shape}"
            )
    try:
        model.parameters = np.concatenate([tensors[name].ravel() for name in expected])
        if scales:
            arrays = {name.removeprefix(NORMALIZATION): tensors[name] for name in scales}
            model.normalization = Normalization(**arrays)
    except ValueError as error:
        raise ValueError(f"path: {path}: {error}") from error
    return model


def _blank(path: Path, metadata: dict[str, str]) -> MLP:
    """Build the model that the metadata describe, still without parameters."""
    if METADATA_KEY not in metadata:
        raise ValueError(f"path: {path} holds no model of jetmlp, its metadata is {metadata}")
    try:
        description = json.loads(metadata[METADATA_KEY])
        version, architecture = description["format_version"], description["architecture"]
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"path: {path} does not describe a network ({error!r})") from error
    if version != FORMAT_VERSION:
        raise ValueError(
            f"path: {path} has format version {version!r}, this jetmlp reads version {FORMAT_VERSION}"
        )
    try:
        model = MLP.__new__(MLP)
        model._configure(**architecture)
    except (TypeError, ValueError) as error:
        raise ValueError(f"path: {path} does not describe a network ({error})") from error
    return model


def _tensor_shapes(model: MLP) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors of a model, in the order of its parameters."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in enumerate(pairwise(model.layer_sizes)):
        shapes[f"weights.{layer}"] = (n_out, n_in)
        shapes[f"bias.{layer}"] = (n_out,)
    return shapes


def _normalization_shapes(model: MLP) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors of a normalization."""
    sizes = {"x_mean": model.n_inputs, "x_scale": model.n_inputs}
    sizes |= {"y_mean": model.n_outputs, "y_scale": model.n_outputs}
    return {f"{NORMALIZATION}{name}": (size,) for name, size in sizes.items()}
