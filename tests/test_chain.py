"""Optimizers in a row, and the choice of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jetmlp

X = np.linspace(-1.0, 1.0, 40)
Y, DYDX = np.sin(3 * X), 3 * np.cos(3 * X)


def model_of(dtype: str = "float64") -> jetmlp.MLP:
    return jetmlp.MLP([1, 9, 9, 1], dtype=dtype, seed=3, normalize=False)


def test_a_chain_is_its_optimizers_one_after_the_other() -> None:
    links = [jetmlp.Adam(lambda epoch: 1e-2 / (1 + epoch)), jetmlp.LBFGS(), jetmlp.LevenbergMarquardt()]
    chained = jetmlp.Trainer(model_of(), jetmlp.Chain(links, epochs=[7, 5]))
    history = chained.fit(X, Y, DYDX, epochs=16)
    model, losses, rates = model_of(), [], []
    for link, epochs in zip(links, (7, 5, 4), strict=True):
        part = jetmlp.Trainer(model, link).fit(X, Y, DYDX, epochs=epochs)
        losses.append(part["loss"])
        rates.append(part["learning_rate"])
    assert np.array_equal(history["loss"], np.concatenate(losses))
    assert np.array_equal(history["learning_rate"], np.concatenate(rates), equal_nan=True)
    assert np.array_equal(chained.model.parameters, model.parameters)


def test_an_optimizer_that_is_done_hands_over() -> None:
    chain = jetmlp.Chain(
        [jetmlp.LBFGS(target_loss=1e-3), jetmlp.LevenbergMarquardt(target_loss=1e-9)], epochs=[10**6]
    )
    history = jetmlp.Trainer(model_of(), chain).fit(X, Y, DYDX, epochs=10**5)
    assert history.stopped_because == "target"
    assert history["loss"][-1] <= 1e-9
    assert history.n_epochs < 1000


def test_batches_in_the_warm_start() -> None:
    chain = jetmlp.Chain([jetmlp.Adam(1e-2), jetmlp.LBFGS()], epochs=[20])
    history = jetmlp.Trainer(model_of("float32"), chain, batch_size=8).fit(X, Y, DYDX, epochs=60)
    assert history["loss"][-1] < 0.1 * history["loss"][19]
    with pytest.raises(ValueError, match="batch_size: expected None for Chain"):
        jetmlp.Trainer(model_of(), jetmlp.Chain([jetmlp.LBFGS()]), batch_size=8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([],), ValueError, "optimizers: expected at least one"),
        (([jetmlp.Adam()], [3]), ValueError, "epochs: expected 0 numbers"),
        (([jetmlp.Adam(), jetmlp.LBFGS()],), ValueError, "epochs: expected 1 numbers"),
        (
            ([jetmlp.LBFGS(), jetmlp.Adam()], [3]),
            ValueError,
            "optimizers: expected those with",
        ),
        (([jetmlp.Adam(), jetmlp.LBFGS()], [-1]), ValueError, "epochs: expected an integer of at least 0"),
        (([jetmlp.Adam(), "adam"], [3]), TypeError, "optimizers: expected optimizers of jetmlp"),
        ((jetmlp.Adam(),), TypeError, "optimizers: expected a sequence"),
    ],
    ids=str,
)
def test_bad_chains_are_named(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        jetmlp.Chain(*arguments)


def test_a_chain_that_needs_float64_says_so() -> None:
    with pytest.raises(ValueError, match=r"optimizer: expected a model of dtype='float64'"):
        jetmlp.Trainer(
            model_of("float32"), jetmlp.Chain([jetmlp.Adam(), jetmlp.LevenbergMarquardt()], epochs=[1])
        )


# ---- "auto" ----


@pytest.mark.parametrize(
    ("sizes", "dtype", "batch_size", "expected"),
    [
        ([1, 9, 1], "float64", None, jetmlp.LevenbergMarquardt),
        ([1, 300, 300, 1], "float64", None, jetmlp.LevenbergMarquardt),  # many parameters, few residuals
        ([1, 9, 1], "float32", None, jetmlp.LBFGS),
        ([1, 9, 1], "float64", 16, jetmlp.Adam),
    ],
    ids=str,
)
def test_auto_picks_by_size_and_says_what(
    sizes: list[int], dtype: str, batch_size: int | None, expected: type
) -> None:
    trainer = jetmlp.Trainer(jetmlp.MLP(sizes, dtype=dtype, normalize=False), "auto", batch_size=batch_size)
    assert trainer.optimizer == "auto"
    assert trainer.n_epochs == 0
    trainer.fit(X, Y, DYDX, epochs=1)
    assert type(trainer.optimizer) is expected
    assert trainer.n_epochs == 1


@pytest.mark.parametrize(
    ("n", "hidden", "expected"),
    [
        (2000, [64, 64], "LevenbergMarquardt"),
        (2100, [52, 52], "SelfScaledBroyden"),
        (2100, [54, 54], "Chain"),  # 3133 parameters
        (50_100, [54, 54], "LBFGS"),
        (50_100, [4], "SelfScaledBroyden"),
        (500_100, [4], "Adam"),
    ],
    ids=str,
)
def test_auto_beyond_the_exact_step(n: int, hidden: list[int], expected: str) -> None:
    x = np.linspace(-1, 1, n)
    model = jetmlp.MLP([1, *hidden, 1], dtype="float64", normalize=False)
    history = jetmlp.Trainer(model, n_threads=1).fit(x, x, np.ones_like(x), epochs=0)
    assert history.optimizer == expected


def test_a_fit_that_is_refused_chooses_nothing() -> None:
    trainer = jetmlp.Trainer(model_of(), "auto")
    with pytest.raises(ValueError, match="Y: expected shape"):
        trainer.fit(X, Y[:3], epochs=1)
    assert trainer.optimizer == "auto"


def test_other_words_are_refused() -> None:
    with pytest.raises(ValueError, match=r"optimizer: expected 'auto' or an optimizer .* got 'sgd'"):
        jetmlp.Trainer(model_of(), "sgd")
    with pytest.raises(TypeError, match="optimizer: expected 'auto' or an optimizer"):
        jetmlp.Trainer(model_of(), jetmlp.Adam)  # type: ignore[arg-type]
