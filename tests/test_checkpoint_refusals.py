"""Checkpoints that are damaged, or say what no trainer would: each a ModelFileError, or sound."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from checkpointed_fits import FITS, Fit
from model_files import Parts, parts_of

Change = Callable[[Parts], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fit.safetensors"


def keep(fit: Fit, path: Path, epochs: int = 9) -> bytes:
    """Write the checkpoint of a fit in its midst."""
    fit.run(fit.new(), epochs, checkpoint=path, checkpoint_every=max(epochs - 2, 1))
    return path.read_bytes()


def refused(path: Path, data: bytes) -> str:
    """Return the message with which a file is refused."""
    path.write_bytes(data)
    with pytest.raises(jetmlp.ModelFileError) as caught:
        jetmlp.Trainer.resume(path)
    message = str(caught.value)
    assert str(path) in message
    assert len(message) <= 500
    return message


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def refuse_all(path: Path, data: bytes, every_bit: int, every_length: int) -> tuple[int, int]:
    bits, lengths = range(0, 8 * len(data), every_bit), range(0, len(data), every_length)
    for bit in bits:
        refused(path, flip(data, bit))
    for length in lengths:
        refused(path, data[:length])
    refused(path, data + b"\0")
    return len(bits), len(lengths)


def test_flipped_bits_and_truncations_are_refused(path: Path) -> None:
    refuse_all(path, keep(FITS["chain"], path), 211, 97)


@pytest.mark.long
def test_every_flipped_bit_and_truncation_is_refused(path: Path) -> None:
    counts = np.zeros(2, int)
    for name in ("Adam on a plateau", "LBFGS", "evidence", "chain", "StochasticGaussNewton"):
        counts += refuse_all(path, keep(FITS[name], path), 1, 1)
    print(f"{counts[0]} flipped bits and {counts[1]} truncations of 5 checkpoints, all refused")


def set_in(*keys: str | int, to: Any) -> Change:  # noqa: ANN401
    def change(parts: Parts) -> None:
        inside: Any = parts.description
        for key in keys[:-1]:
            inside = inside[key]
        inside[keys[-1]] = to

    return change


def drop(*keys: str | int) -> Change:
    def change(parts: Parts) -> None:
        inside: Any = parts.description
        for key in keys[:-1]:
            inside = inside[key]
        del inside[keys[-1]]

    return change


WRONG: list[tuple[str, Change]] = [
    *(("Adam on a plateau", drop(key)) for key in ("architecture", "trainer", "optimizer", "history", "fit")),
    *(("AdamW", set_in(key, to=None)) for key in ("architecture", "trainer", "optimizer", "history")),
    *(("AdamW", set_in(key, to=[1])) for key in ("architecture", "trainer", "optimizer", "history", "fit")),
    ("AdamW", set_in("more", to=1)),
    ("AdamW", set_in("optimizer", to="auto")),
    ("AdamW", set_in("optimizer", to="Adam")),
    ("AdamW", set_in("optimizer", "name", to="LBFGS")),
    ("AdamW", set_in("optimizer", "name", to="Optimizer")),
    ("AdamW", set_in("optimizer", "settings", "beta1", to=1.0)),
    ("AdamW", set_in("optimizer", "settings", "beta1", to=0)),
    ("AdamW", set_in("optimizer", "settings", "beta1", to=True)),
    ("AdamW", set_in("optimizer", "settings", "beta3", to=0.5)),
    ("AdamW", drop("optimizer", "settings", "beta1")),
    ("Adam on a plateau", set_in("optimizer", "settings", "learning_rate", "name", to="open")),
    ("Adam on a plateau", set_in("optimizer", "settings", "learning_rate", "seen", to=None)),
    ("Adam on a plateau", set_in("optimizer", "settings", "learning_rate", "seen", "reductions", to=-1)),
    ("Adam on a plateau", set_in("optimizer", "settings", "learning_rate", "seen", "lowest", to="1")),
    ("chain", set_in("optimizer", "optimizers", to=[])),
    ("chain", set_in("optimizer", "epochs", to=[3])),
    ("AdamW", set_in("trainer", "batch_size", to=0)),
    ("AdamW", set_in("trainer", "batch_size", to=5.0)),
    ("LBFGS", set_in("trainer", "batch_size", to=5)),
    ("AdamW", set_in("trainer", "seed", to=-1)),
    ("AdamW", set_in("trainer", "seed", to=2**64)),
    ("AdamW", set_in("trainer", "n_threads", to=10**6)),
    ("AdamW", set_in("trainer", "l2", to=-1.0)),
    ("AdamW", set_in("trainer", "derivative_weight", to="heavy")),
    ("AdamW", drop("trainer", "l2")),
    ("AdamW", set_in("architecture", "layer_sizes", to=[1, 30000, 30000, 1])),
    ("AdamW", set_in("architecture", "dtype", to="float32")),
    ("AdamW", set_in("history", "columns", to=["loss", "loss"])),
    ("AdamW", set_in("history", "columns", to=["learning_rate", "loss"])),
    ("AdamW", set_in("history", "columns", to="loss")),
    ("AdamW", set_in("history", "stopped_because", to="tired")),
    ("AdamW", set_in("history", "optimizer", to=3)),
    ("AdamW", set_in("fit", to=None)),
    ("AdamW", set_in("fit", "epochs", to=-1)),
    ("AdamW", set_in("fit", "epochs", to="9")),
    ("AdamW", set_in("fit", "patience", to=0)),
    ("AdamW", set_in("fit", "min_delta", to=-1.0)),
    ("AdamW", set_in("fit", "restore_best", to=1)),
    ("AdamW", set_in("fit", "samples", to="abc")),
    ("AdamW", set_in("fit", "samples", to=None)),
    ("AdamW", set_in("fit", "anchor", to=5)),
    ("Adam on a plateau", set_in("fit", "restore_best", to=False)),
    ("AdamW", set_in("fit", "restore_best", to=True)),
    ("AdamW", set_in("evidence", to={})),
]


@pytest.mark.parametrize(("name", "change"), WRONG, ids=range(len(WRONG)))
def test_wrong_descriptions_are_refused(name: str, change: Change, path: Path) -> None:
    keep(FITS[name], path, 4)
    parts = parts_of(path)
    change(parts)
    refused(path, parts.file())


STRUCTURAL = ("gone", "longer", "shorter", "another type", "another shape")


def changes_of(tensor: np.ndarray) -> dict[str, np.ndarray]:
    """Return what may have become of a tensor."""
    flat = tensor.reshape(-1)
    changes = {
        "gone": tensor,
        "longer": np.append(flat, flat[:1] if flat.size else np.zeros(1, tensor.dtype)),
        "another type": np.zeros(tensor.shape, np.int64),
        "another shape": tensor.reshape(*tensor.shape, 1),
    }
    if flat.size:
        changes["shorter"] = flat[1:]
        if tensor.dtype.kind == "f":
            for number in (np.nan, np.inf, -1.0, 0.0, 1e30):
                changed = tensor.copy()
                changed.flat[0] = number
                changes[f"{number}"] = changed
        else:
            for count in (0, 1, 2, 5, 12, 2**53 + 1, 2**64 - 1):
                changes[f"{count}"] = np.array([count], tensor.dtype)
    return changes


#: How many residuals there are shows with the samples alone.
BY_DATA = "of_residuals"


def refuse_wrong_numbers(name: str, path: Path, every: int) -> tuple[int, int]:
    """Change tensor after tensor: what is taken says what was read, and its fit ends as fits do."""
    fit = FITS[name]
    keep(fit, path)
    whole = parts_of(path)
    refusals = taken = 0
    for tensor_name, tensor in whole.tensors.items():
        for what, changed in changes_of(tensor).items():
            tensors = {**whole.tensors, tensor_name: changed}
            if what == "gone":
                del tensors[tensor_name]
            data = Parts(whole.kind, whole.description, tensors).file()
            path.write_bytes(data)
            try:
                trainer = jetmlp.Trainer.resume(path)
            except jetmlp.ModelFileError:
                refusals += 1
                continue
            taken += 1
            assert what not in STRUCTURAL or (tensor_name.endswith(BY_DATA) and what != "gone"), tensor_name
            trainer.save_checkpoint(path)
            assert path.read_bytes() == data
            if what in STRUCTURAL:
                with pytest.raises(ValueError, match=BY_DATA):
                    fit.run(trainer, 9)
            elif taken % every == 0:
                ended = None
                with suppress(jetmlp.DivergenceError):
                    try:
                        fit.run(trainer, 9)
                    except ValueError as error:  # scales that are not those of the samples, to the evidence
                        ended = str(error)
                assert ended in (None, "data: expected those of the fit that is resumed, got others")
                assert np.isfinite(trainer.model.parameters).all()
    assert refusals > 4 * len(whole.tensors)
    assert taken > 0
    return refusals, taken


@pytest.mark.parametrize("name", ["Adam on a plateau", "chain with batches and evidence"])
def test_wrong_numbers_are_refused_or_are_those_of_a_sound_trainer(name: str, path: Path) -> None:
    refuse_wrong_numbers(name, path, 10)


@pytest.mark.long
def test_wrong_numbers_of_every_fit(path: Path) -> None:
    counts = np.sum([refuse_wrong_numbers(name, path, 1) for name in FITS], axis=0)
    print(f"{counts[0]} changed checkpoints of {len(FITS)} fits refused, {counts[1]} taken and sound")


def test_a_trainer_that_failed_to_come_back_changes_nothing(path: Path) -> None:
    trainer = FITS["chain"].new()
    FITS["chain"].run(trainer, 9, checkpoint=path)
    before = pickle.dumps(trainer)
    refused(path, flip(path.read_bytes(), 9999))
    assert pickle.dumps(trainer) == before
