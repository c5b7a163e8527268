"""Sweeps: which runs there are, what they give, and that none is lost or run twice."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import jetmlp
from jetmlp import plotting
from sweep_functions import SPACE, fails_at, samples, squared

NUMBERS = [
    "validation_error",
    "value_rmse",
    "train_derivative_rmse",
    "loss",
    "epochs_done",
]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def numbers_of(result: jetmlp.SweepResult) -> list[list[Any]]:
    return [[row[name] for name in (*result.settings, *NUMBERS)] for row in result]


def test_a_run_is_the_fit_with_these_settings(threads: ThreadPoolExecutor) -> None:
    data = samples()
    train, held_out = data[::2], data[1::2]
    result = jetmlp.sweep(SPACE, train, validation_data=held_out, executor=threads)
    assert len(result) == 12
    assert [row["seed"] for row in result[:4]] == [0, 1, 2, 0]  # the last setting first
    row = result[10]
    model = jetmlp.MLP([1, 8, 1], seed=1)
    history = jetmlp.Trainer(model, jetmlp.Adam(0.01), n_threads=1, seed=1).fit(train, epochs=30)
    errors = jetmlp.metrics.evaluate(model, held_out)
    np.testing.assert_array_equal(result.model(row).parameters, model.parameters)
    assert (row["loss"], row["epochs_done"]) == (history["loss"][-1], 30)
    assert row["value_rmse"] == errors["value"]["rmse"]
    relative = (
        errors["value"]["rmse"] / data.Y.std(),
        errors["derivative"]["rmse"] / np.sqrt(np.mean(data.dYdX**2)),
    )
    assert row["validation_error"] == pytest.approx(np.sqrt(np.mean(np.square(relative))), rel=1e-12)
    lowest = min(result, key=lambda one: one["validation_error"])
    assert result.best() is lowest
    assert lowest["optimizer"] == jetmlp.LevenbergMarquardt()
    chained = {**FIT, "optimizer": [CHAIN], "dtype": [np.float32, "float64"]}
    assert [row["failed"] for row in jetmlp.sweep(chained, train, executor=threads)] == [None, None]


def test_processes_of_this_machine_give_the_same_numbers_and_what_is_kept_is_not_run_again(
    threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    kept = tmp_path / "runs"
    here = jetmlp.sweep(SPACE, samples(), n_processes=1, path=kept)
    assert numbers_of(here) == numbers_of(jetmlp.sweep(SPACE, samples(), executor=threads))
    files = {file.name: file.read_bytes() for file in kept.iterdir()}
    assert len(files) == 12

    class Counting(ThreadPoolExecutor):
        calls = 0

        def submit(self, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
            Counting.calls += 1
            return super().submit(*arguments, **named)

    with Counting(1) as pool:
        again = jetmlp.sweep(SPACE, samples(), executor=pool, path=kept)
        assert Counting.calls == 0
        assert list(again) == list(here)
        np.testing.assert_array_equal(again.model().parameters, here.model().parameters)
        assert {file.name: file.read_bytes() for file in kept.iterdir()} == files
        # What is damaged, what is new and what has other samples: these alone are run.
        torn = next(kept.iterdir())
        torn.write_bytes(torn.read_bytes()[:-40])
        larger = {**SPACE, "seed": range(4)}
        assert len(jetmlp.sweep(larger, samples(), executor=pool, path=kept)) == 16
        assert Counting.calls == 1 + 4
        jetmlp.sweep({**SPACE, "seed": [0]}, samples()[1:], executor=pool, path=kept)
        assert Counting.calls == 1 + 4 + 4


def test_a_run_that_raises_or_is_killed_has_a_row_and_the_others_go_on(tmp_path: Path) -> None:
    marks, kept = tmp_path / "marks", tmp_path / "runs"
    marks.mkdir()
    space = {"number": range(5), "marks": [str(marks)]}
    result = jetmlp.sweep(space, function=fails_at, n_processes=2, path=kept)
    failed = {row["number"]: row["failed"] for row in result.failed}
    assert failed == {3: "ArithmeticError: three", 4: failed[4]}
    assert "killed" in failed[4]
    assert [row["twice"] for row in result if row["failed"] is None] == [0, 2, 4]
    assert "2 of them failed: 1 × ArithmeticError: three" in str(result.summary())
    assert "2 failed" in repr(result)
    assert len(list(kept.iterdir())) == 3  # the others are tried again
    calls = {number: len(list(marks.glob(f"{number}-*"))) for number in range(5)}
    assert calls[4] == 2  # once more, alone
    assert max(calls.values()) == 2


def test_a_fit_that_diverges_is_a_result(threads: ThreadPoolExecutor, tmp_path: Path) -> None:
    space = {
        "layer_sizes": [[1, 4, 1]],
        "optimizer": [jetmlp.Adam()],
        "learning_rate": [0.01, 1e300],
        "epochs": [9],
    }
    result = jetmlp.sweep(space, samples(), executor=threads, path=tmp_path)
    assert [row["failed"] is None for row in result] == [True, False]
    assert result[1]["failed"].startswith("DivergenceError: ")
    assert len(list(tmp_path.iterdir())) == 2
    assert result.summary().rows[-1]["median"] == np.inf
    with pytest.raises(ValueError, match="row: expected a row of this sweep whose fit has ended well"):
        result.model(result[1])


def test_ctrl_c_leaves_what_is_done(threads: ThreadPoolExecutor, tmp_path: Path) -> None:
    called: list[float] = []

    def interrupted(number: float) -> float:
        called.append(number)
        if number == 2:
            while len(list(tmp_path.glob("*.npz"))) < 2:  # until those before it are kept
                time.sleep(0.01)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            time.sleep(0.3)  # for the main thread to call the others off
        return number

    with ThreadPoolExecutor(1) as one, pytest.raises(KeyboardInterrupt):
        jetmlp.sweep({"number": range(9)}, function=interrupted, executor=one, path=tmp_path)
    assert called == [0, 1, 2]
    # The lock is gone as well.
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".npz", ".npz"]


def test_tables_summaries_and_pictures(threads: ThreadPoolExecutor, tmp_path: Path) -> None:
    spaces = [{"number": [1, 2.5], "seed": [0, 1, 5]}, {"number": np.array([2.5, 7.0]), "seed": [0]}]
    result = jetmlp.sweep(spaces, function=squared, executor=threads)
    assert len(result) == 7
    summary = result.summary()
    assert [(row["number"], row["runs"], row["median"]) for row in summary.rows] == [
        (2.5, 3, 1.25),
        (1, 3, 2),
        (7.0, 1, 25),
    ]
    assert str(summary).splitlines()[0] == "by result"
    assert "<table" in result._repr_html_()
    frame = pd.DataFrame(result.columns())
    assert frame["result"].min() == result.best()["result"] == 0.25
    result.to_csv(tmp_path / "rows.csv")
    assert pd.read_csv(tmp_path / "rows.csv")["result"].tolist() == frame["result"].tolist()
    (axes,) = result.plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("number", "result")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2.5", "7.0"]
    assert list(axes.lines[-1].get_ydata()) == [2, 1.25, 25]
    plotting.save_figure(axes, tmp_path / "sweep.png")


FIT = {"layer_sizes": [[1, 4, 1]], "epochs": [5]}
CHAIN = jetmlp.Chain([jetmlp.Adam(), jetmlp.LBFGS()], epochs=[2])
REFUSED: list[tuple[Any, type[Exception], str]] = [
    ({}, ValueError, "space: expected at least one setting with a value, got none"),
    (squared, TypeError, "space: expected a mapping .* pass it as function="),
    ([3], TypeError, "space: expected a mapping .* got 3 among them"),
    (
        {**FIT, "activation": "tanh"},
        TypeError,
        r"activation: expected a sequence of the values .* \['tanh'\]",
    ),
    ({**FIT, "activation": []}, ValueError, "activation: expected at least one value, got none"),
    ({**FIT, "l2": [1, 1.0]}, ValueError, "l2: expected different values, got 1.0 twice"),
    ({**FIT, "l2": [squared]}, TypeError, "l2: expected values that can be written down"),
    (
        {**FIT, "optimizer": [jetmlp.Adam(lambda epoch: 0.1)]},
        TypeError,
        "optimizer: expected optimizers of jetmlp",
    ),
    ({"epochs": [5]}, TypeError, "layer_sizes: expected among the settings of the space, got epochs"),
    ({**FIT, "n_threads": [2]}, TypeError, "n_threads: no such setting; each run has one thread"),
    ({**FIT, "activatoin": ["sin"]}, TypeError, "activatoin: no such setting; did you mean activation?"),
    (
        {**FIT, "learning_rate": [0.1]},
        TypeError,
        "learning_rate: no such setting of 'auto'; it is one of Adam",
    ),
    (
        {**FIT, "optimizer": [jetmlp.Adam(), jetmlp.LBFGS()], "learning_rate": [0.1]},
        TypeError,
        "learning_rate: no such setting of LBFGS; it is one of Adam",
    ),
    (
        {**FIT, "optimizer": [CHAIN], "learning_rate": [0.1]},
        TypeError,
        "learning_rate: no such setting of Chain; it is one of Adam",
    ),
    ({**FIT, "layer_sizes": [[2, 4, 1]]}, ValueError, "X: expected samples of 2 inputs and 1 output"),
    ({**FIT, "activation": ["tan"]}, ValueError, "activation: expected one of .* in the run of layer_sizes"),
    (
        {**FIT, "optimizer": [jetmlp.LBFGS()], "batch_size": [8]},
        ValueError,
        "batch_size: expected None for LBFGS",
    ),
    ({**FIT, "patience": [0]}, ValueError, "patience: expected an integer of at least 1, got 0"),
    ({**FIT, "seed": [-1]}, ValueError, "seed: expected an integer of at least 0, got -1"),
]


@pytest.mark.parametrize(("space", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_is_wrong_is_said_before_the_first_run(
    space: Any,  # noqa: ANN401
    kind: type[Exception],
    message: str,
) -> None:
    with pytest.raises(kind, match=message):
        jetmlp.sweep(space, samples(), executor=None)


def test_other_arguments_are_checked(threads: ThreadPoolExecutor, tmp_path: Path) -> None:
    data = samples()
    for arguments, message in (
        ({}, "X: expected samples to fit, or a function"),
        ({"X": data, "executor": 4}, "executor: expected None for processes of this machine"),
        ({"X": data, "executor": threads, "n_processes": 2}, "n_processes: expected none beside an executor"),
        ({"X": data, "n_processes": 0}, "n_processes: expected an integer of at least 1"),
        ({"X": data, "held_out": 0.0}, "held_out: expected a finite number above 0"),
        ({"X": data[:1]}, "held_out: expected samples to fit besides the 1"),
        (
            {"X": data, "validation_data": data, "held_out": 0.1},
            "held_out: expected none beside validation_data",
        ),
        ({"X": data, "function": squared}, "X: expected none beside a function"),
        ({"function": 3}, "function: expected one that takes the settings"),
        ({"function": lambda: 1, "path": tmp_path / "kept"}, "function: expected one with a name"),
        ({"X": data, "n_jobs": 2}, "n_jobs: sweep has no such argument; it is called n_processes"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            jetmlp.sweep(FIT, **arguments)
    assert list(tmp_path.iterdir()) == []
