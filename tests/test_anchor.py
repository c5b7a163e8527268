"""One point fixes the constant that derivatives leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jetmlp

X = np.random.default_rng(0).uniform(-1, 1, (80, 2))
VALUES = np.stack([np.sin(2 * X[:, 0]) * X[:, 1] + 7.0, X[:, 0] ** 2 - 3.0], axis=1)
SLOPES = np.stack(
    [
        np.stack([2 * np.cos(2 * X[:, 0]) * X[:, 1], np.sin(2 * X[:, 0])], axis=1),
        np.stack([2 * X[:, 0], 0 * X[:, 0]], axis=1),
    ],
    axis=1,
)
ANCHOR = (X[5], VALUES[5])


def trainer_of(**arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    model = jetmlp.MLP([2, 20, 20, 2], **{"dtype": "float64", "normalize": False, **arguments})
    return jetmlp.Trainer(model, jetmlp.Adam(1e-2, weight_decay=1e-3))


def assert_held(model: jetmlp.MLP) -> None:
    """To the last digits of the sum whose last term is the bias."""
    scale = 1.0 if model.normalization is None else np.abs(model.normalization.y_scale).max()
    size = np.abs(ANCHOR[1]).max() + scale * np.abs(model.biases[-1]).max()
    error = np.abs(model.predict([ANCHOR[0]])[0] - ANCHOR[1].astype(model.dtype)).max()
    assert error <= 2 * np.finfo(model.dtype).eps * size


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_value_is_met(dtype: str, normalize: bool) -> None:
    trainer = trainer_of(dtype=dtype, normalize=normalize)
    trainer.fit(X, None, SLOPES, epochs=400, anchor=ANCHOR)
    assert_held(trainer.model)
    assert np.abs(trainer.model.predict(X) - VALUES).max() < 0.1


def test_nothing_else_changes() -> None:
    anchored, free = trainer_of(), trainer_of()
    one, other = anchored.fit(X, None, SLOPES, epochs=5, anchor=ANCHOR), free.fit(X, None, SLOPES, epochs=5)
    assert np.array_equal(one["loss"], other["loss"])
    assert np.array_equal(anchored.model.parameters[:-2], free.model.parameters[:-2])
    assert np.array_equal(anchored.model.jacobian(X), free.model.jacobian(X))
    assert (anchored.model.parameters[-2:] != free.model.parameters[-2:]).all()


def test_it_holds_for_callbacks_for_the_best_epoch_and_along_directions(rng: np.random.Generator) -> None:
    trainer = trainer_of()
    directions = rng.normal(size=(80, 2))
    trainer.fit(
        X,
        directions=directions,
        dYdV=np.einsum("nod,nd->no", SLOPES, directions)[..., None],
        epochs=6,
        anchor=ANCHOR,
        validation_data=(X, None, SLOPES),
        restore_best=True,
        callbacks=lambda epoch, losses: assert_held(trainer.model),
    )
    assert_held(trainer.model)


def test_without_an_epoch_and_again() -> None:
    trainer = trainer_of()
    trainer.fit(X, None, SLOPES, epochs=0, anchor=ANCHOR)
    assert_held(trainer.model)
    trainer.fit(X, None, SLOPES, epochs=3, anchor=ANCHOR)
    assert_held(trainer.model)


def test_a_number_will_do_where_there_is_one() -> None:
    x = np.linspace(0, 1, 30)
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 8, 1], dtype="float64", normalize=False), jetmlp.Adam())
    trainer.fit(x, None, np.cos(x), epochs=2, anchor=(0.5, 4.0))
    assert trainer.model.predict([0.5])[0, 0] == pytest.approx(4.0, rel=1e-15)


def test_fit_many_takes_an_anchor() -> None:
    fleet = [trainer_of(seed=seed) for seed in range(3)]
    jetmlp.fit_many(fleet, X, None, SLOPES, epochs=3, anchor=ANCHOR)
    for trainer in fleet:
        assert_held(trainer.model)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "with values": ({"Y": VALUES}, "^anchor: expected a fit to derivatives alone, got one to Y"),
    "validated values": ({"validation_data": (X, VALUES)}, "^validation_data: expected derivatives alone"),
    "no pair": ({"anchor": 3.0}, r"^anchor: expected a pair \(x0, y0\), got 3.0"),
    "three": ({"anchor": (1, 2, 3)}, r"^anchor: expected a pair"),
    "point": ({"anchor": (X, VALUES[5])}, r"^anchor\[0\]: expected shape \(2,\), got \(80, 2\)"),
    "value": ({"anchor": (X[5], 1.0)}, r"^anchor\[1\]: expected shape \(2,\), got \(\)"),
    "NaN": ({"anchor": (X[5], [np.nan, 1.0])}, r"^anchor\[1\]: expected finite numbers"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    trainer = trainer_of()
    before = trainer.model.parameters
    with pytest.raises(ValueError, match=message):
        trainer.fit(**{"X": X, "dYdX": SLOPES, "epochs": 1, "anchor": ANCHOR, **changes})
    assert np.array_equal(trainer.model.parameters, before)


def test_outputs_that_bend_the_bias_are_refused() -> None:
    trainer = trainer_of(output_activation="softplus")
    with pytest.raises(ValueError, match=r"^anchor: .*output_activation='identity'.*got 'softplus'"):
        trainer.fit(X, None, SLOPES, epochs=1, anchor=ANCHOR)
