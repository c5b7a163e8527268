"""What callbacks write to trackers is the history of the fit, losses that are NaN included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import jetmlp

# What large packages warn of each other is not ours.
pytestmark = [pytest.mark.exchange, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

X = np.linspace(0, 2, 12)


def fit(log: object) -> jetmlp.History:
    model = jetmlp.MLP([1, 6, 1], normalize=True, seed=0)
    return jetmlp.Trainer(model, jetmlp.LBFGS()).fit(X, np.sin(X), epochs=8, callbacks=log)


def test_tensorboard_has_every_loss(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.summary import Writer
    from tensorboard.util.tensor_util import make_ndarray

    writer = Writer(str(tmp_path))

    def log(epoch: int, losses: dict[str, float]) -> None:
        for name, loss in losses.items():
            writer.add_scalar(name, loss, epoch)

    history = fit(log)
    writer.close()
    kept = EventAccumulator(str(tmp_path)).Reload()
    assert set(kept.Tags()["tensors"]) == set(history)
    for name, losses in history.items():
        events = kept.Tensors(name)
        assert [event.step for event in events] == list(range(history.n_epochs))
        got = [make_ndarray(event.tensor_proto).item() for event in events]
        assert np.allclose(got, losses, rtol=1e-6, atol=0, equal_nan=True)  # it keeps float32
    assert np.isnan(history["derivative_loss"]).all()


def test_mlflow_has_every_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_PYTHON_REFRESH", "quiet")
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    with mlflow.start_run() as run:
        history = fit(lambda epoch, losses: mlflow.log_metrics(losses, step=epoch))
    for name, losses in history.items():
        kept = mlflow.MlflowClient().get_metric_history(run.info.run_id, name)
        assert [entry.step for entry in kept] == list(range(history.n_epochs))
        assert np.array_equal([entry.value for entry in kept], losses, equal_nan=True)


def test_what_optuna_raises_ends_the_fit_and_comes_out() -> None:
    import optuna

    epochs: list[int] = []

    def prune(epoch: int, losses: dict[str, float]) -> None:
        epochs.append(epoch)
        if epoch == 3:
            raise optuna.TrialPruned

    with pytest.raises(optuna.TrialPruned):
        fit(prune)
    assert epochs == [0, 1, 2, 3]
