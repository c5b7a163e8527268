"""Fits to second derivatives: what `fit`, `fit_many`, the history and the metrics make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from fit_state import bytes_of
from problems import make_problem, model_of
from reference import Network
from reference_training import Adam
from refusals import assert_refused

NETWORK = Network((2, 8, 3))
PROBLEM = make_problem(NETWORK, 23)
X, Y, dYdX = PROBLEM.X, PROBLEM.Y, PROBLEM.dYdX  # noqa: N816
H = np.random.default_rng(2).uniform(-1, 1, (23, 3, 2, 2))
H += H.swapaxes(2, 3).copy()
WEIGHTS = {"value_weight": 2.0, "derivative_weight": 0.3, "second_derivative_weight": 0.7}
FIRST = ("loss", "value_loss", "derivative_loss")
SECOND = "second_derivative_loss"


def trainer_of(**arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    return jetmlp.Trainer(model_of(PROBLEM), seed=3, **{**WEIGHTS, **arguments})


def with_entry(entry: float, *place: int) -> NDArray[Any]:
    array = H.copy()
    array[place] = entry
    return array


# ---- History ----


def validation_names(*names: str) -> tuple[str, ...]:
    return tuple(f"val_{name}" for name in names)


@pytest.mark.parametrize("epochs", [0, 2])
def test_columns_are_there_where_second_derivatives_were_given(epochs: int) -> None:
    columns = {
        (True, None): (*FIRST, SECOND),
        (True, False): (*FIRST, SECOND, *validation_names(*FIRST)),
        (False, True): (*FIRST, *validation_names(*FIRST, SECOND)),
        (True, True): (*FIRST, SECOND, *validation_names(*FIRST, SECOND)),
        (False, False): (*FIRST, *validation_names(*FIRST)),
    }
    for (training, validation), expected in columns.items():
        seen: list[tuple[str, ...]] = []
        history = trainer_of().fit(
            X,
            Y,
            dYdX,
            d2YdX2=H if training else None,
            epochs=epochs,
            validation_data=None if validation is None else (X, Y, dYdX, H if validation else None),
            callbacks=lambda epoch, losses, seen=seen: seen.append(tuple(losses)),
        )
        assert tuple(history) == (*expected, "learning_rate")
        assert seen == [tuple(history)] * epochs
        assert history.n_epochs == epochs


def test_losses_are_those_of_the_objective() -> None:
    model = model_of(PROBLEM)
    objective = jetmlp.Objective(model, X, Y, dYdX, d2YdX2=H, **WEIGHTS)
    at_start = objective.losses(model.parameters)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(0.1), **WEIGHTS)
    history = trainer.fit(X, Y, dYdX, d2YdX2=H, epochs=1, validation_data=(X, Y, dYdX, H))
    assert [history[name][0] for name in (*FIRST, SECOND)] == pytest.approx(at_start, rel=1e-14)
    after = objective.losses(model.parameters)
    assert [history[f"val_{name}"][0] for name in (*FIRST, SECOND)] == pytest.approx(after, rel=1e-14)
    assert after != pytest.approx(at_start, rel=1e-3)


def test_batches_without_second_derivatives_do_not_count_in_their_mean() -> None:
    """Batches of 10, 10 and 3, the middle one with none, at a rate so small that nothing moves."""
    d2YdX2 = H.copy()
    d2YdX2[10:20] = np.nan
    model = model_of(PROBLEM)
    losses = [
        jetmlp.Objective(model, X[rows], d2YdX2=d2YdX2[rows], **WEIGHTS).losses(model.parameters)[3]
        for rows in (slice(0, 10), slice(20, 23))
    ]
    trainer = trainer_of(optimizer=jetmlp.Adam(1e-30), batch_size=10, shuffle=False)
    history = trainer.fit(X, Y, d2YdX2=d2YdX2, epochs=2)
    assert history[SECOND] == pytest.approx(np.average(losses, weights=[10, 3]), rel=1e-13)


def test_history_is_written_with_its_columns(tmp_path: Any) -> None:  # noqa: ANN401
    history = trainer_of().fit(X, d2YdX2=H, epochs=3)
    history.to_csv(tmp_path / "history.csv")
    header, *rows = (tmp_path / "history.csv").read_text().splitlines()
    assert header == f"epoch,{','.join(FIRST)},{SECOND},learning_rate"
    assert [float(row.split(",")[4]) for row in rows] == history[SECOND].tolist()


# ---- What fits ----


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_single_input_and_output_take_fewer_axes(dtype: str) -> None:
    x = np.linspace(-1, 1, 12)
    curvature = -np.sin(x)
    found = []
    for d2YdX2 in (curvature, curvature[:, None, None], curvature[:, None, None, None], list(curvature)):
        model = jetmlp.MLP([1, 6, 1], dtype=dtype, seed=1, normalize=False)
        jetmlp.Trainer(model, jetmlp.Adam()).fit(x, d2YdX2=d2YdX2, epochs=3)
        found.append(model.parameters.tobytes())
    assert len(set(found)) == 1


def test_a_single_output_takes_three_axes(rng: np.random.Generator) -> None:
    d2YdX2 = rng.normal(size=(5, 3))[:, :, None] * np.ones((1, 1, 3))
    d2YdX2 = d2YdX2 + d2YdX2.swapaxes(1, 2)
    objectives = [
        jetmlp.Objective(
            jetmlp.MLP([3, 4, 1], seed=1, dtype="float32", normalize=False), np.ones((5, 3)), d2YdX2=array
        )
        for array in (d2YdX2, d2YdX2[:, None])
    ]
    parameters = jetmlp.MLP([3, 4, 1], seed=1, dtype="float32", normalize=False).parameters
    assert objectives[0].losses(parameters)[3] == objectives[1].losses(parameters)[3]


def test_masked_entries_are_missing(rng: np.random.Generator) -> None:
    mask = rng.random(H.shape) < 0.4
    fits = []
    for d2YdX2 in (np.ma.masked_array(H, mask), np.where(mask, np.nan, H)):
        trainer = trainer_of()
        trainer.fit(X, Y, d2YdX2=d2YdX2, epochs=3)
        fits.append(trainer.model.parameters.tobytes())
    assert fits[0] == fits[1]


def test_many_fits_are_the_fits_one_by_one() -> None:
    fleet = [
        jetmlp.Trainer(jetmlp.MLP([2, 8, 3], seed=seed, dtype="float32", normalize=False), **WEIGHTS)
        for seed in range(3)
    ]
    histories = jetmlp.fit_many(fleet, X, Y, dYdX, d2YdX2=H, epochs=4, validation_data=(X, Y, None, H))
    for seed, history in enumerate(histories):
        alone = jetmlp.Trainer(jetmlp.MLP([2, 8, 3], seed=seed, dtype="float32", normalize=False), **WEIGHTS)
        expected = alone.fit(X, Y, dYdX, d2YdX2=H, epochs=4, validation_data=(X, Y, None, H))
        assert list(history) == list(expected)
        assert all(np.array_equal(history[name], expected[name], equal_nan=True) for name in expected)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bytes(n_threads: int) -> None:
    one, several = trainer_of(batch_size=9), trainer_of(batch_size=9, n_threads=n_threads)
    for trainer in (one, several):
        trainer.fit(X, Y, dYdX, d2YdX2=H, epochs=5)
    assert bytes_of(one) == bytes_of(several)


def test_metrics_measure_second_derivatives() -> None:
    model = model_of(PROBLEM)
    d2YdX2 = with_entry(np.nan, 4, 1, 0, 1)
    result = jetmlp.metrics.evaluate(model, X, Y, d2YdX2=d2YdX2)
    assert list(result) == ["value", "second_derivative"]
    error = model.hessian(X) - d2YdX2
    assert result["second_derivative"]["mse"] == pytest.approx(np.nanmean(error**2), rel=1e-13)
    assert result["second_derivative"]["max_error"] == pytest.approx(np.nanmax(np.abs(error)), rel=1e-13)


# ---- What second derivatives teach ----

POINTS = np.linspace(0, np.pi, 24)


def test_curvature_and_values_at_the_ends_give_the_sine() -> None:
    """y'' = -sin x with y(0) = y(pi) = 0: two objectives, one inside and one at the ends, under one Adam."""
    model = jetmlp.MLP([1, 16, 1], dtype="float64", seed=1, normalize=False)
    inside = jetmlp.Objective(model, POINTS, d2YdX2=-np.sin(POINTS))
    ends = jetmlp.Objective(model, [0.0, np.pi], [0.0, 0.0])
    parameters, optimizer = model.parameters, Adam(1e-2)
    for step in range(4000):
        optimizer.learning_rate = 1e-2 if step < 3000 else 1e-3
        gradient = inside.loss_and_gradient(parameters)[1] + ends.loss_and_gradient(parameters)[1]
        parameters = optimizer.step(parameters, gradient)
    model.parameters = parameters
    dense = np.linspace(0, np.pi, 201)
    assert np.abs(model.predict(dense)[:, 0] - np.sin(dense)).max() < 5e-3
    assert np.abs(model.jacobian(dense)[:, 0, 0] - np.cos(dense)).max() < 1e-2


def test_curvature_and_the_slope_at_one_end_give_all_slopes() -> None:
    """y'' = -sin x with y'(0) = 1, the slope missing everywhere else."""
    slopes = np.full(POINTS.size, np.nan)
    slopes[0] = 1.0
    model = jetmlp.MLP([1, 16, 1], dtype="float64", seed=1, normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(jetmlp.schedules.Step(1e-2, 3000, 0.1)))
    history = trainer.fit(POINTS, None, slopes, d2YdX2=-np.sin(POINTS), epochs=4000)
    assert history[SECOND][-1] < 1e-3 * history[SECOND][0]
    dense = np.linspace(0, np.pi, 201)
    assert np.abs(model.jacobian(dense)[:, 0, 0] - np.cos(dense)).max() < 1e-2
    assert np.abs(model.hessian(dense)[:, 0, 0, 0] + np.sin(dense)).max() < 3e-2


def test_a_surface_from_its_hessian_alone(rng: np.random.Generator) -> None:
    """Of f = exp(x) sin(y), up to the plane that a Hessian does not see."""
    points = rng.uniform(-1, 1, (120, 2))
    x, y = points.T
    s, c = np.exp(x) * np.sin(y), np.exp(x) * np.cos(y)
    hessian = np.stack([s, c, c, -s], axis=-1).reshape(-1, 2, 2)
    model = jetmlp.MLP([2, 24, 1], dtype="float64", seed=1, normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(jetmlp.schedules.Step(1e-2, 1500, 0.1)), batch_size=40)
    history = trainer.fit(points, d2YdX2=hessian, epochs=2000)
    assert history["loss"][-1] < 1e-4
    assert np.abs(model.laplacian(points)).max() < 0.1, "f is harmonic"


# ---- Bad input ----

BAD: dict[str, tuple[object, str]] = {
    "too short": (H[1:], "(22, 3, 2, 2)"),
    "without outputs": (H[:, 0], "(23, 2, 2)"),
    "flat": (H.reshape(23, 12), "(23, 12)"),
    "first derivatives": (dYdX, "(23, 3, 2)"),
    "a number": (1.0, "(1,)"),
    "complex": (H + 0j, "complex128"),
    "text": (H.astype(str), "<U"),
    "ragged": ([[1.0, 2.0], [3.0]], "unequal length"),
    "infinite": (with_entry(np.inf, 4, 1, 0, 0), "inf at [4, 1, 0, 0]"),
    "all missing": (np.full_like(H, np.nan), "NaN throughout"),
    "not symmetric": (with_entry(9.5, 4, 1, 0, 1), "9.5 at [4, 1, 0, 1]"),
    "hardly symmetric": (with_entry(H[4, 1, 0, 1] + 1e-6, 4, 1, 0, 1), "[4, 1, 1, 0]"),
}


@pytest.mark.parametrize(("value", "came"), BAD.values(), ids=BAD)
def test_a_bad_call_is_as_if_never_made(value: object, came: str) -> None:
    trainer = trainer_of()
    before = bytes_of(trainer)
    assert_refused(lambda: trainer.fit(X, Y, dYdX, d2YdX2=value, epochs=2), "d2YdX2", came)
    validation = (X, Y, dYdX, value)
    assert_refused(
        lambda: trainer.fit(X, Y, epochs=2, validation_data=validation), "validation_data[3]", came
    )
    assert bytes_of(trainer) == before
    assert_refused(lambda: jetmlp.Objective(trainer.model, X, d2YdX2=value), "d2YdX2", came)
    assert_refused(lambda: jetmlp.metrics.evaluate(trainer.model, X, d2YdX2=value), "d2YdX2", came)
    assert_refused(lambda: jetmlp.fit_many([trainer], X, d2YdX2=value, epochs=2), "d2YdX2", came)
    assert bytes_of(trainer) == before


def test_asymmetry_of_rounding_is_taken() -> None:
    """In the type of the model: what is off by 1e-5 is rounding in float32 and a slip in float64."""
    rounded = with_entry(H[4, 1, 0, 1] * (1 + 1e-14), 4, 1, 0, 1)
    jetmlp.Objective(model_of(PROBLEM), X, d2YdX2=rounded)
    rounded = with_entry(H[4, 1, 0, 1] * (1 + 1e-5), 4, 1, 0, 1)
    jetmlp.Objective(jetmlp.MLP([2, 8, 3], dtype="float32", normalize=False), X, d2YdX2=rounded)
    assert_refused(lambda: jetmlp.Objective(model_of(PROBLEM), X, d2YdX2=rounded), "d2YdX2", "[4, 1, 0, 1]")


def test_one_of_a_mirrored_pair_is_enough() -> None:
    """The other one counts, and the mean is over the entries that are there."""
    model, given = model_of(PROBLEM), with_entry(np.nan, 4, 1, 0, 1)
    loss = jetmlp.Objective(model, X, d2YdX2=given).loss(model.parameters)
    assert loss == pytest.approx(np.nanmean((model.hessian(X) - given) ** 2), rel=1e-13)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "1", None, [1.0]], ids=str)
def test_bad_weights_are_refused(value: object) -> None:
    named = "second_derivative_weight"
    assert_refused(lambda: trainer_of(second_derivative_weight=value), named, repr(value))
    assert_refused(
        lambda: jetmlp.Objective(model_of(PROBLEM), X, d2YdX2=H, second_derivative_weight=value),
        named,
        repr(value),
    )


def test_something_that_is_given_must_have_a_weight() -> None:
    only = trainer_of(second_derivative_weight=0.0)
    assert_refused(lambda: only.fit(X, d2YdX2=H, epochs=1), "second_derivative_weight", "0")
    two = trainer_of(second_derivative_weight=0.0, value_weight=0.0)
    named = "value_weight, second_derivative_weight"
    assert_refused(lambda: two.fit(X, Y, d2YdX2=H, epochs=1), named, "all 0")
    two.fit(X, Y, dYdX, d2YdX2=H, epochs=1)
