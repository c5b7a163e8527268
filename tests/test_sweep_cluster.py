"""Sweeps and scikit-learn's searches on a cluster of Dask, of several processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV

import jetmlp
import sweep_functions
from jetmlp.sklearn import SobolevRegressor
from sweep_functions import SPACE, samples

NUMBERS = ("seed", "validation_error", "value_rmse", "loss", "stopped_because")


@contextmanager
def cluster(n_workers: int) -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            silence_logs=50,
        ) as workers,
        Client(workers) as client,
    ):
        # Workers know what the tests do.
        client.run(sys.path.insert, 0, str(Path(__file__).parent))
        yield client


def test_a_cluster_gives_the_rows_of_one_machine() -> None:
    with ThreadPoolExecutor(1) as thread:
        here = jetmlp.sweep(SPACE, samples(), executor=thread)
    with cluster(2) as client:
        there = jetmlp.sweep(SPACE, samples(), executor=client)
        by_executor = jetmlp.sweep({**SPACE, "seed": [0]}, samples(), executor=client.get_executor())
    rows = [[row[name] for name in NUMBERS] for row in here]
    assert [[row[name] for name in NUMBERS] for row in there] == rows
    assert [[row[name] for name in NUMBERS] for row in by_executor] == rows[::3]


@pytest.mark.long
def test_a_search_of_scikit_learn_finds_the_same_on_a_cluster() -> None:
    data = samples()
    with cluster(2):
        search = search_over(
            data, lambda: joblib.parallel_config("dask", scatter=[data.X, data.Y, data.dYdX])
        )
    alone = search_over(data, lambda: joblib.parallel_config("threading", n_jobs=1))
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert search.best_params_ == alone.best_params_


def search_over(data: jetmlp.Samples, config: Callable[[], Any]) -> Any:  # noqa: ANN401
    regressor = SobolevRegressor("lbfgs", max_iter=20, random_state=0)
    search = GridSearchCV(regressor, {"hidden_layer_sizes": [(4,), (8,)]}, cv=2)
    with config(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return search.fit(data.X, data.Y, dydx=data.dYdX)


@pytest.mark.long
def test_no_run_is_lost_or_kept_twice_when_a_worker_and_the_driver_are_killed(tmp_path: Path) -> None:
    n_runs = 60
    with cluster(3) as client:
        address = client.scheduler.address

        def driver() -> subprocess.Popen[bytes]:
            called = [
                sys.executable,
                sweep_functions.__file__,
                address,
                tmp_path / "runs",
                tmp_path,
                str(n_runs),
            ]
            return subprocess.Popen(list(map(str, called)))

        def kept() -> list[str]:
            return sorted(file.name for file in (tmp_path / "runs").glob("*.npz"))

        first = driver()
        wait_for(lambda: len(kept()) >= 8)
        killed = next(iter(client.run(os.getpid).values()))
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: len(kept()) >= 20)
        first.kill()
        first.wait()
        before = kept()
        assert 20 <= len(before) < n_runs
        # What the scheduler still had of the first driver ends, or is called off, and nobody takes it.
        called = -1
        while called < (called := len((tmp_path / "calls").read_text())):
            time.sleep(1)
        done = numbers_kept(tmp_path / "runs")
        calls_before = calls_of(tmp_path)
        second = driver()
        assert second.wait(120) == 0
        assert len(kept()) == n_runs
        assert set(before) <= set(kept())
        assert sorted(numbers_kept(tmp_path / "runs")) == list(range(n_runs))
        space = sweep_functions.slow_space(str(tmp_path), n_runs)
        result = jetmlp.sweep(space, function=sweep_functions.slow, path=tmp_path / "runs", executor=client)
    calls = calls_of(tmp_path)
    print(f"{n_runs} runs: {len(before)} kept when the driver was killed, {sum(calls.values())} calls in all")
    assert [row["result"] for row in result] == [number**2 for number in range(n_runs)]
    assert sorted(calls) == list(range(n_runs))
    again = {number for number in done if calls[number] > calls_before[number]}
    assert again == set()  # what was kept has not been run again


def calls_of(folder: Path) -> Counter[int]:
    """How often each number was called to the end."""
    return Counter(map(int, (folder / "calls").read_text().split()))


def numbers_kept(folder: Path) -> list[int]:
    """Of which numbers there are runs, as the files themselves say."""
    about = [json.loads(np.load(file)["about.json"].tobytes()) for file in folder.glob("*.npz")]
    numbers = [one["settings"]["settings"]["number"] for one in about]
    assert len(set(numbers)) == len(numbers)
    return numbers


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
