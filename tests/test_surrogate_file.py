"""Saved surrogates: every bit comes back, and what is not sound is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp.data.standardise import learn
from jetmlp.surrogate.candidates import Candidate
from jetmlp.surrogate.fit import CandidateFit, Standing
from model_files import parts_of
from surrogate_samples import pair, points, wave


@pytest.fixture(scope="module")
def surrogate() -> jetmlp.Surrogate:
    X = points(8)
    Y, dYdX = pair(X)
    dYdX[2, 1, 0] = np.nan
    weights = np.linspace(0.0, 1.0, 8)
    return jetmlp.Surrogate(seed=3, check=False).fit(X, Y, dYdX, sample_weight=weights)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "surrogate.safetensors"


def assert_same(one: jetmlp.Surrogate, other: jetmlp.Surrogate) -> None:
    """Everything that can be asked of the two is the same to the last bit."""
    X = points(5, seed=1)
    for name in ("predict", "jacobian"):
        for mine, its in zip(
            getattr(one, name)(X, return_std=True), getattr(other, name)(X, return_std=True), strict=True
        ):
            assert mine.tobytes() == its.tobytes()
    assert one.hessian(X).tobytes() == other.hessian(X).tobytes()
    assert one.sample_posterior(X, 3).tobytes() == other.sample_posterior(X, 3).tobytes()
    box = [[-1, 1]] * X.shape[1]
    assert one.suggest(box, 2).tobytes() == other.suggest(box, 2).tobytes()
    for mine, its in zip(one.left_out(), other.left_out(), strict=True):
        assert mine.tobytes() == its.tobytes()
    assert one.sensitivities().tobytes() == other.sensitivities().tobytes()
    assert str(one.summary()) == str(other.summary())
    assert repr(one) == repr(other)


# ---- Round trips ----


def test_everything_comes_back_from_a_file(surrogate: jetmlp.Surrogate, path: Path) -> None:
    surrogate.save(path)
    loaded = jetmlp.load(path)
    assert isinstance(loaded, jetmlp.Surrogate)
    assert_same(loaded, surrogate)


def test_saved_again_the_bytes_are_the_same(surrogate: jetmlp.Surrogate, path: Path) -> None:
    surrogate.save(path)
    content = path.read_bytes()
    loaded = jetmlp.load(path)
    assert isinstance(loaded, jetmlp.Surrogate)
    loaded.save(path)
    assert path.read_bytes() == content


def test_a_loaded_surrogate_is_updated_as_the_saved_one(surrogate: jetmlp.Surrogate, path: Path) -> None:
    surrogate.save(path)
    loaded, kept = jetmlp.load(path), copy.deepcopy(surrogate)
    assert isinstance(loaded, jetmlp.Surrogate)
    X = points(2, seed=2)
    Y, dYdX = pair(X)
    loaded.update(X, Y, dYdX)
    kept.update(X, Y, dYdX)
    for one, other in zip(loaded.predict(X, return_std=True), kept.predict(X, return_std=True), strict=True):
        assert one.tobytes() == other.tobytes()
    assert len(surrogate.left_out()[0]) == 7  # the copy was its own


@pytest.mark.parametrize(
    "fit",
    [
        lambda s, X, Y, D: s.fit(X[:, :1].astype(np.float32), Y.astype(np.float32)),
        lambda s, X, Y, D: s.fit(X, dYdX=D),
        lambda s, X, Y, D: s.fit(X, Y, directions=X + 2.0, dYdV=np.einsum("nod,nd->no", D, X + 2.0)),
        lambda s, X, Y, D: s.fit(X, np.where(X[:, :1] > 0, np.nan, Y), D, allow_missing_values=True),
        lambda s, X, Y, D: s.fit(X, Y, derivative_sample_weight=np.array([[1.0, 0.0]] * len(X)), dYdX=D),
    ],
    ids=["float32", "slopes alone", "directions", "missing values", "weights of slopes"],
)
def test_all_kinds_of_data_come_back(fit: Callable[..., jetmlp.Surrogate], path: Path) -> None:
    X = points(6)
    surrogate = fit(jetmlp.Surrogate(check=False), X, *wave(X))
    surrogate.save(path)
    loaded = jetmlp.load(path)
    assert isinstance(loaded, jetmlp.Surrogate)
    content = path.read_bytes()
    loaded.save(path)
    assert path.read_bytes() == content
    places = points(4, seed=1)[:, : surrogate.sensitivities().shape[1]]
    for one, other in zip(
        loaded.predict(places, return_std=True), surrogate.predict(places, return_std=True), strict=True
    ):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_and_pickles(
    surrogate: jetmlp.Surrogate, through: Callable[[jetmlp.Surrogate], jetmlp.Surrogate]
) -> None:
    assert_same(through(surrogate), surrogate)
    assert repr(through(jetmlp.Surrogate())) == "Surrogate(not fitted)"


def test_settings_come_back(surrogate: jetmlp.Surrogate, path: Path) -> None:
    surrogate.save(path)
    settings = parts_of(path).description["settings"]
    assert settings == {"seed": 3, "seconds": None, "check": False}


def test_nothing_fitted_is_not_saved(path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"fit\(X, Y, dYdX\) first"):
        jetmlp.Surrogate().save(path)
    assert not path.exists()


# ---- What is refused ----


def test_how_many_precisions_a_fit_has_is_what_the_core_says() -> None:
    X = points(6)
    Y, dYdX = pair(X)
    some = dYdX.copy()
    some[:, :, 1] = np.nan
    second = np.full((6, 2, 2, 2), np.nan)
    second[0, 1, 0, 1] = second[1, 0, 1, 1] = 1.0
    given: list[dict[str, Any]] = [
        {"Y": Y},
        {"dYdX": dYdX},
        {"Y": Y, "dYdX": some, "d2YdX2": second},
        {"Y": Y, "directions": np.ones((6, 3, 2)), "dYdV": np.ones((6, 2, 3))},
    ]
    for arrays in given:
        samples = jetmlp.Samples(X, **arrays)
        for hidden in ((3,), (3, 2)):
            candidate = Candidate(hidden, "silu", "noisy", 0)
            fit = CandidateFit(candidate, samples, learn(samples, least_effect=0.0))
            fit.run(1)
            standing = Standing(fit.model.parameters, fit._fit.prior_precisions, fit._fit.noise_precisions)
            standing.check(candidate, samples)
            for name in ("prior_precisions", "noise_precisions"):
                longer = standing._replace(**{name: np.append(getattr(standing, name), 1.0)})
                with pytest.raises(ValueError, match=f"^{name}: expected shape"):
                    longer.check(candidate, samples)
                with pytest.raises(ValueError, match=f"^{name}: expected finite"):
                    standing._replace(**{name: 0.0 * getattr(standing, name)}).check(candidate, samples)


def changed_number(name: str, value: float) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_: dict[str, Any], tensors: dict[str, Any]) -> None:
        tensors[name].ravel()[0] = value

    return change


def described_as(name: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:  # noqa: ANN401
    def change(description: dict[str, Any], _: dict[str, Any]) -> None:
        *places, last = name.split(".")
        for place in places:
            description = description[int(place) if isinstance(description, list) else place]
        description[int(last) if isinstance(description, list) else last] = value

    return change


def reshaped(name: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_: dict[str, Any], tensors: dict[str, Any]) -> None:
        tensors[name] = np.concatenate([tensors[name], tensors[name]])

    return change


CHANGES = {
    "no weights": lambda _, t: t.pop("weights"),
    "one more tensor": lambda _, t: t.update(more=np.zeros(1)),
    "no inputs": lambda _, t: t.pop("samples.X"),
    "no targets": lambda _, t: [t.pop("samples.Y"), t.pop("samples.dYdX")],
    "no scales": lambda _, t: [t.pop(name) for name in list(t) if name.startswith("normalization.")],
    "no precisions": lambda _, t: t.pop("member.0.noise_precisions"),
    "another type": lambda _, t: t.update(weights=t["weights"].astype(np.float32)),
    "samples of integers": lambda _, t: t.update({"samples.Y": t["samples.Y"].astype(np.int64)}),
    "fewer samples": lambda _, t: [
        t.update({n: a[:-1]}) for n, a in list(t.items()) if n.startswith("samples.")
    ],
    "too many weights": reshaped("weights"),
    "too many values": reshaped("samples.Y"),
    "too many precisions": reshaped("member.0.prior_precisions"),
    "too many kinds": reshaped("member.0.noise_precisions"),
    "a larger covariance": reshaped("member.0.covariance_factor"),
    "more rows": reshaped("rows"),
    "a weight of 2": changed_number("weights", 2.0),
    "a weight of NaN": changed_number("weights", np.nan),
    "an infinite input": changed_number("samples.X", np.inf),
    "an infinite value": changed_number("samples.Y", np.inf),
    "a negative sample weight": changed_number("samples.sample_weight", -1.0),
    "a parameter of NaN": changed_number("member.0.weights.0", np.nan),
    "a covariance of NaN": changed_number("member.0.covariance_factor", np.nan),
    "an infinite covariance": changed_number("member.0.covariance_factor", np.inf),
    "a precision of 0": changed_number("member.0.prior_precisions", 0.0),
    "a precision of NaN": changed_number("member.0.noise_precisions", np.nan),
    "a scale of 0": changed_number("normalization.y_scale", 0.0),
    "a factor of NaN": changed_number("calibration.value_factor", np.nan),
    "a negative factor": changed_number("calibration.slope_factor", -1.0),
    "an infinite error": changed_number("calibration.value_errors", np.inf),
    "a negative noise": changed_number("calibration.value_noise", -1.0),
    "no steps": lambda _, t: t["rows"].__setitem__((0, ROW_OF_STEPS), np.nan),
    "no candidates": described_as("candidates", []),
    "candidates that are none": described_as("candidates", [1]),
    "another width": described_as("candidates.0.hidden", [3]),
    "no widths": described_as("candidates.0.hidden", None),
    "a width of 0": described_as("candidates.0.hidden", [0]),
    "a width that is text": described_as("candidates.0.hidden", ["8"]),
    "another start": described_as("candidates.0.start", "warm"),
    "another activation": described_as("candidates.0.activation", "softtanh"),
    "a negative seed": described_as("candidates.0.seed", -1),
    "a row without a name": described_as("rows.0", 3),
    "rows that are none": described_as("rows", {}),
    "time before it began": described_as("seconds_taken", -1.0),
    "settings that are none": described_as("settings", {"sead": 1}),
    "settings out of range": described_as("settings.seed", -1),
    "an unknown key": described_as("more", 99),
    "a limit that is an integer": described_as("settings.seconds", 5),
    "no settings": described_as("settings", None),
}
ROW_OF_STEPS = 5


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_file_that_is_not_sound_is_refused(
    surrogate: jetmlp.Surrogate, path: Path, change: Callable[[dict[str, Any], dict[str, Any]], Any]
) -> None:
    surrogate.save(path)
    parts = parts_of(path)
    change(parts.description, parts.tensors)
    path.write_bytes(parts.file())
    with pytest.raises(jetmlp.ModelFileError, match=r"^path: .*surrogate.safetensors: "):
        jetmlp.load(path)


def test_a_file_cut_short_is_refused(surrogate: jetmlp.Surrogate, path: Path) -> None:
    surrogate.save(path)
    content = path.read_bytes()
    for length in (0, 7, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(jetmlp.ModelFileError, match=r"cut short|size: expected"):
            jetmlp.load(path)


def test_names_are_kept_and_forgotten_by_a_new_fit(path: Path) -> None:
    X = points(6)
    Y, _ = wave(X)
    surrogate = jetmlp.Surrogate(seconds=0.01).fit(X, Y)
    assert (surrogate.input_names, surrogate.output_names) == (None, None)
    surrogate.input_names = ["load", "größe"]
    surrogate.output_names = ("f",)
    surrogate.save(path)
    restored = jetmlp.load(path)
    assert isinstance(restored, jetmlp.Surrogate)
    assert (restored.input_names, restored.output_names) == (("load", "größe"), ("f",))
    before = path.read_bytes()
    restored.save(path)
    assert path.read_bytes() == before
    restored.update(points(2, seed=1), wave(points(2, seed=1))[0])
    assert restored.input_names == ("load", "größe")
    restored.fit(X[:, :1], Y)
    assert (restored.input_names, restored.output_names) == (None, None)


@pytest.mark.parametrize("names", [["a"], ["a", "a"], ["a", ""], ["a", 1], "ab", 3])
def test_names_that_are_none(names: object, surrogate: jetmlp.Surrogate, path: Path) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^input_names: expected"):
        surrogate.input_names = names  # type: ignore[assignment]
    surrogate.save(path)
    parts = parts_of(path)
    for entries in ({"inputs": names}, {"input": ["a", "b"]}, names):
        parts.description["names"] = entries
        path.write_bytes(parts.file())
        with pytest.raises(jetmlp.ModelFileError, match="names"):
            jetmlp.load(path)


def test_goodness_is_that_of_the_errors_of_samples_left_out(surrogate: jetmlp.Surrogate) -> None:
    values, slopes = surrogate.left_out()
    samples = surrogate.samples[1:]  # the first one weighs nothing
    assert samples.Y is not None
    assert samples.dYdX is not None
    rows = {(row.output, row.along): row for row in surrogate.goodness()}
    assert list(rows) == [(0, None), (1, None), (0, 0), (0, 1), (1, 0), (1, 1)]
    for (o, k), row in rows.items():
        errors = values[:, o] if k is None else slopes[:, o, k]
        observed = samples.Y[:, o] if k is None else samples.dYdX[:, o, k]
        there = ~np.isnan(errors)
        assert row.n == np.count_nonzero(there)
        assert row.n == (6 if (o, k) == (1, 0) else 7)
        assert row.rmse == pytest.approx(np.sqrt(np.mean(errors[there] ** 2)), rel=1e-12)
        assert row.largest == np.max(np.abs(errors[there]))
        assert row.median == np.median(np.abs(errors[there]))
        if k is None:
            spread = np.sum((observed[there] - np.mean(observed[there])) ** 2)
            assert row.r2 == pytest.approx(1 - np.sum(errors[there] ** 2) / spread, rel=1e-9)
    exact = rows[1, 0]  # of no effect at all
    assert exact.relative == np.inf or exact.rmse == 0
