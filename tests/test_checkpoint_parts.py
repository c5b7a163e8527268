"""Fits of several parts that are resumed between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp.cli import main
from jetmlp.surrogate.rounds import Rounds
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


def test_info_says_where_a_fit_stands(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(path, monkeypatch, 2)
    assert main(["info", str(path)]) == 0
    assert "2 of 3 stages done" in capsys.readouterr().out
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1]), jetmlp.LBFGS())
    trainer.fit(X, Y, epochs=2)
    trainer.fit(X, Y, epochs=30, checkpoint=path, callbacks=lambda epoch, losses: epoch == 4)
    assert main(["info", str(path)]) == 0
    said = capsys.readouterr().out
    for text in ("LBFGS", "5 of 30 epochs done", "Last loss: ", "jetmlp.Trainer.resume(path) goes on"):
        assert text in said
    assert main(["info", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["epochs"], document["epochs_of_fit"]) == ("checkpoint", 7, 5)
    assert document["loss"] == trainer.history["loss"][-1]
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["info", str(path)]) == 2
    assert "expected the file of a model" in capsys.readouterr().err


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


# ---- A search ----

POINTS = jetmlp.random.Generator(5).uniform(24).reshape(12, 2)
VALUES = np.sin(3 * POINTS.sum(axis=1))
SLOPES = 3 * np.cos(3 * POINTS.sum(axis=1))[:, np.newaxis] * [1.0, 1.0]


class StopAfter:
    """A writer of checkpoints that presses Ctrl-C once it has written so many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int | None = None) -> None:
        self.written: list[int] = []
        add = Rounds.add

        def adding(rounds: Rounds, *arguments: Any) -> None:  # noqa: ANN401
            add(rounds, *arguments)
            self.written.append(len(rounds.kept))
            if len(self.written) == count:
                raise KeyboardInterrupt

        monkeypatch.setattr(Rounds, "add", adding)


def found(surrogate: jetmlp.Surrogate) -> tuple[bytes, ...]:
    """Return what does not depend on the time that was taken."""
    tensors = {name: t for name, t in surrogate._container().tensors.items() if name != "rows"}
    return (*(tensor.tobytes() for tensor in tensors.values()), repr(sorted(tensors)).encode())


def go_on(path: Path, stops: list[int]) -> int:
    """Interrupt a search after each of these rounds, counted from the last if below 0; return how many."""
    with pytest.MonkeyPatch.context() as patch:
        counted = StopAfter(patch)
        whole = jetmlp.Surrogate(seed=2).fit(POINTS, VALUES, SLOPES, checkpoint=path)
        count = len(counted.written)
    assert count > 4
    for stop in [stop % (count + 1) for stop in stops]:
        with pytest.MonkeyPatch.context() as patch:
            StopAfter(patch, stop)
            with pytest.raises(KeyboardInterrupt):
                jetmlp.Surrogate(seed=2).fit(POINTS, VALUES, SLOPES, checkpoint=path)
        with pytest.MonkeyPatch.context() as patch:
            again = StopAfter(patch)
            surrogate = jetmlp.Surrogate.resume(path, n_threads=2)
            surrogate.fit(POINTS, VALUES, SLOPES, checkpoint=path)
            assert len(again.written) == count - stop  # none is done twice
        assert found(surrogate) == found(whole)
    return count


def test_a_search_goes_on_after_a_round(path: Path) -> None:
    go_on(path, [-3])


@pytest.mark.long
def test_a_search_goes_on_after_every_round(path: Path) -> None:
    count = go_on(path, list(range(-1, -6, -1)) + list(range(1, 6)))
    print(f"a search of {count} rounds resumed after its first and last five: all equal")


def test_a_search_refuses_other_samples_and_damaged_files(path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        StopAfter(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            jetmlp.Surrogate().fit(POINTS, VALUES, SLOPES, checkpoint=path)
    with pytest.raises(ValueError, match="X: expected samples with the SHA-256"):
        jetmlp.Surrogate.resume(path).fit(POINTS, VALUES + 1e-12, SLOPES)
    with pytest.raises(ValueError, match=r"^n_threads: "):  # the file is not to blame
        jetmlp.Surrogate.resume(path, n_threads=0)
    with pytest.raises(jetmlp.ModelFileError, match=r"Surrogate\.resume"):
        jetmlp.load(path)
    data = path.read_bytes()
    for bit in range(0, 8 * len(data), len(data) // 6):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(changed))
        with pytest.raises(jetmlp.ModelFileError):
            jetmlp.Surrogate.resume(path)
    path.write_bytes(data)
    for key, value in (
        ("settings", {"seed": -1, "seconds": None, "check": True}),
        ("settings", {"seed": 0, "seconds": 5, "check": True}),
        ("samples", "x"),
        ("rounds", []),
        ("rounds", [{"elapsed": 0.5, "fits": [[999, 0.1]]}]),
        ("rounds", [{"elapsed": -1.0, "fits": [[0, 0.1]]}]),
    ):
        parts = parts_of(path)
        parts.description[key] = value
        place = path.with_name("wrong.safetensors")
        place.write_bytes(parts.file())
        with pytest.raises(jetmlp.ModelFileError, match="wrong"):
            jetmlp.Surrogate.resume(place)
