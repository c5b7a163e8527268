"""Models as files: tensors in the safetensors format, the architecture in its metadata, no pickle."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .model import MLP
from .normalization import Normalization

if TYPE_CHECKING:
    from .staged import StagedMLP

METADATA_KEY = "jetmlp.MLP"
STAGES_KEY = "jetmlp.StagedMLP"
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


def save_stages(
    stages: Sequence[MLP], scales: NDArray[np.float64], seed: int, path: str | os.PathLike[str]
) -> None:
    """Write a model in stages; see `StagedMLP.save`."""
    from safetensors.numpy import save as serialize

    tensors: dict[str, NDArray[Any]] = {"scales": scales}
    for k, stage in enumerate(stages):
        layers = zip(stage.weights, stage.biases, strict=True)
        names = (f"stage.{k}.{name}" for name in _tensor_shapes(stage))
        tensors |= zip(names, chain.from_iterable(layers), strict=True)
    architectures = [stage._configuration() for stage in stages]
    description = {"format_version": FORMAT_VERSION, "architectures": architectures, "seed": seed}
    _replace_file(Path(path), serialize(tensors, {STAGES_KEY: json.dumps(description)}))


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


def load(path: str | os.PathLike[str]) -> MLP | StagedMLP:
    """Read a model that `MLP.save` or `StagedMLP.save` wrote.

    Parameters
    ----------
    path : path
        Of the file.

    Returns
    -------
    MLP or StagedMLP
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
            if STAGES_KEY in metadata:
                return _load_stages(path, metadata, file)
            model = _blank(path, metadata)
            scales = _normalization_shapes(model) if model.normalize else {}
            tensors = _tensors(path, file, _tensor_shapes(model), model.dtype, scales)
    except SafetensorError as error:
        raise ValueError(f"path: {path} is not a readable safetensors file ({error})") from error
    _fill(path, model, tensors)
    return model


def _tensors(
    path: Path,
    file: Any,  # noqa: ANN401  an open safetensors file
    expected: dict[str, tuple[int, ...]],
    dtype: np.dtype[Any],
    scales: dict[str, tuple[int, ...]],
) -> dict[str, NDArray[Any]]:
    """Read the tensors of a file, which have to be just these; scales are all there, in float64, or none."""
    found = set(file.keys())
    types = dict.fromkeys(expected, dtype)
    if any(name.startswith(NORMALIZATION) for name in found):
        expected = {**expected, **scales}
        types |= dict.fromkeys(scales, np.dtype(np.float64))
    if found != set(expected):
        raise ValueError(f"path: {path}: expected tensors {sorted(expected)}, got {sorted(found)}")
    tensors = {name: file.get_tensor(name) for name in expected}
    for name, shape in expected.items():
        tensor, dtype = tensors[name], types[name]
        if tensor.shape != shape or tensor.dtype != dtype:
            raise ValueError(
                f"path: {path}: expected {name} as {dtype} {shape}, got {tensor.dtype} {tensor.shape}"
            )
    return tensors


def _fill(path: Path, model: MLP, tensors: dict[str, NDArray[Any]]) -> None:
    try:
        model.parameters = np.concatenate([tensors[name].ravel() for name in _tensor_shapes(model)])
        scales = {
            name.removeprefix(NORMALIZATION): tensor
            for name, tensor in tensors.items()
            if name.startswith(NORMALIZATION)
        }
        if scales:
            model.normalization = Normalization(**scales)
    except ValueError as error:
        raise ValueError(f"path: {path}: {error}") from error


def _load_stages(path: Path, metadata: dict[str, str], file: Any) -> StagedMLP:  # noqa: ANN401
    from . import staged

    try:
        description = json.loads(metadata[STAGES_KEY])
        architectures, seed = list(description["architectures"]), int(description["seed"])
        version = description["format_version"]
        stages = [
            _blank(path, {METADATA_KEY: json.dumps({"format_version": version, "architecture": each})})
            for each in architectures
        ]
        n_outputs = stages[0].n_outputs
    except (IndexError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f"path: {path} does not describe a network ({error!r})") from error
    expected: dict[str, tuple[int, ...]] = {"scales": (len(stages), n_outputs)}
    for k, stage in enumerate(stages):
        expected |= {f"stage.{k}.{name}": shape for name, shape in _tensor_shapes(stage).items()}
    tensors = _tensors(path, file, expected, np.dtype(np.float64), {})
    for k, stage in enumerate(stages):
        _fill(path, stage, {name: tensors[f"stage.{k}.{name}"] for name in _tensor_shapes(stage)})
    scales = tensors["scales"]
    if not np.isfinite(scales).all():
        raise ValueError(f"path: {path}: expected finite scales, got {scales.tolist()}")
    return staged._restore(stages, scales, seed)


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
