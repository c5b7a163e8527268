"""Fits of several parts that are resumed between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from model_files import parts_of

X = np.linspace(-1.0, 1.0, 30)
Y, DYDX = np.sin(5 * X), 5 * np.cos(5 * X)
SIZES = [[1, 6, 1], [1, 8, 1], [1, 8, 1]]
EPOCHS = (12, 9, 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fit.safetensors"


def saved(model: jetmlp.StagedMLP | jetmlp.Surrogate, path: Path) -> bytes:
    """Return the file of a model."""
    place = path.with_name("model.safetensors")
    model.save(place)
    return place.read_bytes()


def stages() -> jetmlp.StagedMLP:
    return jetmlp.StagedMLP(SIZES, seed=4)


def interrupted(path: Path, monkeypatch: pytest.MonkeyPatch, stage: int) -> None:
    """Fit in stages and press Ctrl-C in the midst of one."""
    begun: list[int] = []
    fit = jetmlp.Trainer._fit

    def until(trainer: jetmlp.Trainer, *arguments: Any, **named: Any) -> jetmlp.History:  # noqa: ANN401
        begun.append(1)
        if len(begun) > stage:
            raise KeyboardInterrupt
        return fit(trainer, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(jetmlp.Trainer, "_fit", until)
        with pytest.raises(KeyboardInterrupt):
            stages().fit(X, Y, DYDX, epochs=EPOCHS, checkpoint=path)


@pytest.mark.parametrize("stage", [1, 2])
def test_stages_go_on_after_any_of_them(path: Path, monkeypatch: pytest.MonkeyPatch, stage: int) -> None:
    whole = stages()
    histories = whole.fit(X, Y, DYDX, epochs=EPOCHS)
    interrupted(path, monkeypatch, stage)
    model = jetmlp.StagedMLP.resume(path)
    np.testing.assert_array_equal(model.scales[stage:], 0.0)
    again = model.fit(X, Y, DYDX, epochs=EPOCHS, n_threads=2, checkpoint=path)
    assert saved(model, path) == saved(whole, path)
    for one, other in zip(again, histories, strict=True):
        assert one.stopped_because == other.stopped_because
        assert {name: column.tobytes() for name, column in one.items()} == {
            name: column.tobytes() for name, column in other.items()
        }
    ended = jetmlp.StagedMLP.resume(path)  # nothing is left, and the file is that of the whole fit
    ended.fit(X, Y, DYDX, epochs=EPOCHS)
    assert saved(ended, path) == saved(whole, path)


def test_stages_refuse_another_fit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(path, monkeypatch, 1)
    for change, message in (
        ({"Y": Y + 1e-12}, "X: expected .* as in the fit of the checkpoint"),
        ({"epochs": (11, 9, 6)}, "epochs: expected"),
        ({"value_weight": 2.0}, "value_weight: expected 1.0"),
        ({"optimizer": jetmlp.LBFGS()}, "optimizer: expected"),
    ):
        model = jetmlp.StagedMLP.resume(path)
        with pytest.raises(ValueError, match=message):
            model.fit(**{"X": X, "Y": Y, "dYdX": DYDX, "epochs": EPOCHS, **change})
        model.fit(X, Y, DYDX, epochs=(12, 3, 2))  # those to come may be others
    with pytest.raises(TypeError, match="learning_rate"):
        stages().fit(X, Y, DYDX, epochs=2, optimizer=jetmlp.Adam(lambda epoch: 0.1), checkpoint=path)
    with pytest.raises(jetmlp.ModelFileError, match=r"StagedMLP\.resume"):
        jetmlp.load(path)


def test_damaged_checkpoints_of_stages_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(path, monkeypatch, 2)
    data = path.read_bytes()
    for bit in range(0, 8 * len(data), 499):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(changed))
        with pytest.raises(jetmlp.ModelFileError):
            jetmlp.StagedMLP.resume(path)
    path.write_bytes(data)
    whole = parts_of(path)
    for keys, value in (
        (("fit",), None),
        (("fit", "samples"), "x"),
        (("fit", "epochs"), [1]),
        (("fit", "optimizer"), 3),
        (("fit", "value_weight"), -1),
        (("histories",), []),
        (("histories",), whole.description["histories"] * 2),
        (("histories", 0, "columns"), ["loss"]),
        (("histories", 0, "stopped_because"), "tired"),
        (("model", "seed"), -1),
        (("model",), None),
    ):
        parts = parts_of(path)
        inside: Any = parts.description
        for key in keys[:-1]:
            inside = inside[key]
        inside[keys[-1]] = value
        place = path.with_name("wrong.safetensors")
        place.write_bytes(parts.file())
        with pytest.raises(jetmlp.ModelFileError, match="wrong"):
            jetmlp.StagedMLP.resume(place)
