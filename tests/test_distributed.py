"""Fits to Dask arrays: the loss in parts is the loss in one piece, and the bytes are those of any workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import pytest
from distributed import Client, LocalCluster

import distributed_kills
import jetmlp
import jetmlp.distributed
from distributed_samples import arrays, in_chunks
from jetmlp.data.samples import as_samples
from jetmlp.distributed.fit import DaskParts
from jetmlp.fitting.parts import folded, pose_parts
from jetmlp.fitting.problem import as_loss_weights, pose

NAMES = ("X", "Y", "dYdX", "d2YdX2", "sample_weight", "derivative_sample_weight", "directions", "dYdV")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as found,
    ):
        yield found


def model_for(dtype: str = "float64", **settings: Any) -> jetmlp.MLP:  # noqa: ANN401
    return jetmlp.MLP([2, 8, 2], seed=1, dtype=dtype, **settings)


def second_derivatives() -> dict[str, Any]:
    given = arrays()
    n = len(given["X"])
    return given | {"d2YdX2": np.random.default_rng(0).normal(size=(n, 2, 1, 1)) * np.ones((2, 2))}


def directed() -> dict[str, Any]:
    given, random = arrays(), np.random.default_rng(0)
    n = len(given["X"])
    return {
        "X": given["X"],
        "Y": given["Y"],
        "directions": random.normal(size=(n, 1, 2)),
        "dYdV": random.normal(size=(n, 2, 1)),
    }


def weighed() -> dict[str, Any]:
    given, random = arrays(), np.random.default_rng(0)
    weights = random.integers(0, 3, len(given["X"])).astype(float)
    weights[:300] = 0.0  # a whole chunk that does not count
    return given | {
        "sample_weight": weights,
        "derivative_sample_weight": 5.0 * random.random((len(weights), 2)),
    }


CASES = {
    "values and slopes": (arrays, {}, {}),
    "l2": (arrays, {"l2": 1e-3, "value_weight": 0.3}, {}),
    "balanced": (arrays, {"derivative_weight": "balanced"}, {}),
    "weights": (weighed, {"derivative_weight": 2.0}, {}),
    "weights, balanced": (weighed, {"derivative_weight": "balanced"}, {}),
    "second derivatives": (second_derivatives, {"second_derivative_weight": 0.1}, {}),
    "directions": (directed, {}, {}),
    "slopes alone": (lambda: arrays() | {"Y": None}, {}, {}),
    "not normalized": (arrays, {}, {"normalize": False}),
    "float32": (arrays, {}, {"dtype": "float32"}),
}


@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_are_those_of_one_piece(client: Client, case: str) -> None:
    make, weights, settings = CASES[case]
    given: dict[str, Any] = dict.fromkeys(NAMES) | make()
    if case == "values and slopes":
        given["Y"][5, 1] = np.nan
    model = model_for(**settings)
    loss_weights = as_loss_weights(
        **({"value_weight": 1, "derivative_weight": 1, "second_derivative_weight": 1, "l2": 0} | weights)
    )
    whole = pose(model, as_samples(**given, allow_missing_values=True), None, loss_weights)
    chunked = {name: None if array is None else in_chunks(array) for name, array in given.items()}
    parts = DaskParts(client, chunked, {name: name for name in NAMES}, model, missing=True)
    posed = pose_parts(model, parts, None, loss_weights)

    if model.normalize:
        for name, expected in whole.normalization.arrays().items():
            scale = np.abs(whole.normalization.arrays()[name.replace("mean", "scale")])
            np.testing.assert_array_less(np.abs(posed.normalization.arrays()[name] - expected), 1e-13 * scale)
    loss, gradient = whole.training.loss_and_gradient(model.parameters, 1)
    its_loss, its_gradient = posed.training.loss_and_gradient(model.parameters, 1)
    tolerance = 1e-13 if model.dtype == np.float64 else 1e-5
    assert its_loss == pytest.approx(loss, rel=tolerance)
    np.testing.assert_allclose(its_gradient, gradient, rtol=0, atol=10 * tolerance * np.abs(gradient).max())
    its_losses, losses = (problem.training.losses(model.parameters, 1)[1] for problem in (posed, whole))
    np.testing.assert_allclose(its_losses, losses, rtol=tolerance)


@pytest.mark.parametrize("n_parts", range(1, 12))
def test_sums_do_not_depend_on_who_adds_what(n_parts: int, rng: np.random.Generator) -> None:
    numbers = rng.normal(size=n_parts) * 10.0 ** rng.integers(-8, 8, n_parts)
    leaves = {(0, i): float(number) for i, number in enumerate(numbers)}
    [root] = folded(leaves, n_parts).values()
    for n_workers in (1, 2, 3, 5):
        owner = rng.integers(0, n_workers, n_parts)
        nodes: dict[tuple[int, int], float] = {}
        for worker in range(n_workers):
            nodes |= folded({key: leaf for key, leaf in leaves.items() if owner[key[1]] == worker}, n_parts)
        assert list(folded(nodes, n_parts).values()) == [root]


@pytest.mark.parametrize("optimizer", [jetmlp.LBFGS(), jetmlp.Adam(1e-2), jetmlp.SelfScaledBroyden()])
def test_fits_are_as_good_as_in_one_piece(client: Client, optimizer: Any) -> None:  # noqa: ANN401
    given = arrays()
    chunked = [in_chunks(array) for array in given.values()]
    validation = [array[:100] for array in given.values()]
    ours, theirs = (jetmlp.Trainer(model_for(), optimizer, l2=1e-6) for _ in range(2))
    history = jetmlp.distributed.fit(
        ours,
        *chunked,
        client=client,
        epochs=12,
        validation_data=tuple(map(in_chunks, validation)),
        patience=5,
    )
    expected = theirs.fit(*given.values(), epochs=12, validation_data=tuple(validation), patience=5)

    assert list(history) == list(expected)
    for name, column in expected.items():
        np.testing.assert_allclose(history[name], column, rtol=1e-6, err_msg=name)


def test_a_fit_goes_on_from_its_checkpoint(client: Client, tmp_path: Path) -> None:
    chunked = [in_chunks(array) for array in arrays().values()]
    whole, stopped, seen = model_for(), model_for(), []
    jetmlp.distributed.fit(whole, *chunked, client=client, epochs=9)

    def stop(epoch: int, losses: Any) -> bool:  # noqa: ANN401
        seen.append(losses["loss"])
        return epoch == 3

    path = tmp_path / "fit.safetensors"
    jetmlp.distributed.fit(stopped, *chunked, client=client, epochs=9, checkpoint=path, callbacks=stop)
    resumed = jetmlp.Trainer.resume(path)
    history = jetmlp.distributed.fit(resumed, *chunked, client=client, epochs=9)

    assert len(seen) == 4
    assert history.n_epochs == 9
    assert resumed.model.parameters.tobytes() == whole.parameters.tobytes()
    other = [chunked[0] + 1.0, *chunked[1:]]
    with pytest.raises(ValueError, match="X: expected data with the SHA-256"):
        jetmlp.distributed.fit(jetmlp.Trainer.resume(path), *other, client=client, epochs=9)


def test_what_does_not_match_is_named(client: Client) -> None:
    X, Y, dYdX = (in_chunks(array) for array in arrays().values())
    unknown = X[X[:, 0] > 0]

    def fit(*given: Any, optimizer: Any = "auto", **named: Any) -> None:  # noqa: ANN401
        trainer = jetmlp.Trainer(model_for(), optimizer, **named.pop("settings", {}))
        jetmlp.distributed.fit(trainer, *given, client=named.pop("client", client), epochs=2, **named)

    for error, match, call in (
        (TypeError, r"Y: expected a Dask array, got .*from_array\(Y", lambda: fit(X, arrays()["Y"])),
        (ValueError, r"X: expected chunks of known sizes", lambda: fit(unknown, Y)),
        (ValueError, r"Y: expected the chunks of X.*Y.rechunk\(\{0: X", lambda: fit(X, Y.rechunk((500, 2)))),
        (
            ValueError,
            r"dYdX: expected chunks along the samples alone.*rechunk\(\{1: -1, 2: -1",
            lambda: fit(X, Y, dYdX.rechunk((300, 1, 2))),
        ),
        (ValueError, r"Y: expected 1100 samples, as X has, got 900", lambda: fit(X, Y[:900])),
        (
            ValueError,
            r"Y, partition 1: expected finite numbers.*nan",
            lambda: fit(X, dask.array.where(dask.array.arange(1100, chunks=300)[:, None] == 400, np.nan, Y)),
        ),
        (ValueError, r"dYdX: expected at least one number that is not NaN", lambda: fit(X, Y, dYdX * np.nan)),
        (
            ValueError,
            r"batch_size: expected None",
            lambda: fit(X, Y, optimizer=jetmlp.Adam(), settings={"batch_size": 32}),
        ),
        (
            ValueError,
            r"optimizer: expected Adam, LBFGS or SelfScaledBroyden.*got LevenbergMarquardt",
            lambda: fit(X, Y, optimizer=jetmlp.LevenbergMarquardt()),
        ),
        (TypeError, r"client: expected a distributed.Client", lambda: fit(X, Y, client="tcp://here")),
    ):
        with pytest.raises(error, match=match):
            call()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # what Dask says of processes that are gone
@pytest.mark.parametrize("run", distributed_kills.RUNS.values())
def test_killed_processes_change_no_byte(run: Any) -> None:  # noqa: ANN401
    run()
