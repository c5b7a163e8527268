"""Models as ONNX files, read by onnxruntime, are the models."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import jetmlp
from exchange_models import ACTIVATIONS, TOLERANCES, errors, in_units, points
from jetmlp.cli import main

#: Layer sizes and output activation: the fewer of inputs and outputs decide how slopes are carried.
SHAPES = [
    ((3, 9, 7, 2), "identity"),
    ((2, 6, 4), "identity"),
    ((1, 8, 3), "softplus"),
    ((4, 5, 5, 5, 1), "gelu"),
    ((1, 5, 1), "relu"),
    ((2, 2), "identity"),
    ((2, 3), "tanh"),
]


def computed(path: Path, X: Any) -> list[Any]:  # noqa: ANN401  an array of either type
    """What onnxruntime makes of a file."""
    [*outputs] = onnxruntime.InferenceSession(str(path)).run(None, {"x": X})
    return outputs


def written(model: Any, folder: Path, *arguments: Any, **named: Any) -> Path:  # noqa: ANN401  of all kinds
    jetmlp.export.onnx(model, folder / "m.onnx", *arguments, **named)
    return folder / "m.onnx"


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_values_and_slopes_are_those_of_the_model(
    activation: str, dtype: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    number = ACTIVATIONS.index(activation)
    for place, ratio in ((0, 1e6), (1 + number % 6, 1e3)):
        sizes, output = SHAPES[place]
        model = in_units(jetmlp.MLP(sizes, activation, output, dtype=dtype, seed=number), ratio)
        X = points(model, rng)
        Y, J = computed(written(model, tmp_path, True), X)
        assert max(errors(model, X, Y, J)) < TOLERANCES[dtype]
        assert max(errors(model, X, *computed(written(model, tmp_path), X))) < TOLERANCES[dtype]


@pytest.mark.long
def test_every_activation_type_shape_and_mean(tmp_path: Path, rng: np.random.Generator) -> None:
    worst: dict[str, list[float]] = {dtype: [0, 0] for dtype in TOLERANCES}
    cases = list(product(ACTIVATIONS, TOLERANCES, SHAPES, (None, 1e2, 1e4, 1e6)))
    for activation, dtype, (sizes, output), ratio in cases:
        model = jetmlp.MLP(sizes, activation, output, dtype=dtype, seed=1)
        model = model if ratio is None else in_units(model, ratio)
        X = points(model, rng).astype(np.float32).astype(np.float64) if ratio is None else points(model, rng)
        found = errors(model, X, *computed(written(model, tmp_path, True), X))
        worst[dtype] = [max(pair) for pair in zip(worst[dtype], found, strict=True)]
        assert max(found) < TOLERANCES[dtype], (activation, dtype, sizes, output, ratio)
    print(f"{len(cases)} models, largest errors of values and slopes: {worst}")


@pytest.mark.parametrize("value", [0.0, 1e-3, 8.5, 40.0, 710.0, 1e4])
def test_far_inputs_stay_numbers(value: float, tmp_path: Path) -> None:
    X = np.array([[-value], [value]])
    for activation in ACTIVATIONS:
        model = jetmlp.MLP([1, 1, 1], activation, normalize=False)
        model.parameters = [1, 0, 1, 0]
        Y, J = computed(written(model, tmp_path, True), X)
        np.testing.assert_allclose(Y, model.predict(X), rtol=1e-15, atol=3e-15)
        # Of a large z the sum z + π/2 is rounded.
        np.testing.assert_allclose(J, model.jacobian(X), rtol=1e-15, atol=3e-15 + 2e-16 * value)


def test_a_sum_of_networks_and_a_mean(tmp_path: Path, rng: np.random.Generator) -> None:
    staged = in_units(jetmlp.StagedMLP([[2, 6, 2], [2, 9, 4, 2]], "silu"), 1e6)
    X = points(staged, rng)
    assert max(errors(staged, X, *computed(written(staged, tmp_path, True), X))) < 1e-12
    members = [in_units(jetmlp.MLP([2, 5, 2], "tanh", "sigmoid", seed=k), 1e3 * (1 + k)) for k in range(3)]
    X = points(members[1], rng)
    Y, J = (
        np.mean(arrays, axis=0) for arrays in zip(*(m.predict_with_jacobian(X) for m in members), strict=True)
    )
    for found in (
        computed(written(members, tmp_path, True), X),
        computed(written(members, tmp_path, chain=True), X),
    ):
        np.testing.assert_allclose(found[0], Y, rtol=1e-12)
        np.testing.assert_allclose(found[1:], [J] * (len(found) - 1), rtol=1e-9, atol=1e-12 * np.abs(J).max())


def test_a_surrogate_is_its_mean_also_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    X = np.random.default_rng(1).uniform([100, -2], [103, 5], (14, 2))
    y = np.sin(X[:, 0] - 100) * X[:, 1]
    model = jetmlp.Surrogate().fit(
        X, y, np.column_stack([np.cos(X[:, 0] - 100) * X[:, 1], np.sin(X[:, 0] - 100)])
    )
    model.save(tmp_path / "m.safetensors")
    names = [str(tmp_path / name) for name in ("m.safetensors", "m.onnx")]
    assert main(["export", names[0], "--out", names[1], "--with-jacobian"]) == 0
    assert "a graph of ONNX" in capsys.readouterr().out
    Y, J = computed(tmp_path / "m.onnx", X)
    np.testing.assert_allclose(Y, model.predict(X), rtol=0, atol=1e-12 * np.ptp(y))
    np.testing.assert_allclose(J, model.jacobian(X), rtol=0, atol=1e-11)


def test_what_was_rounded_off_a_mean_is_not_lost_in_float32(tmp_path: Path, rng: np.random.Generator) -> None:
    model = in_units(jetmlp.MLP([2, 8, 1], seed=2), 1e4)
    X = points(model, rng).astype(np.float32)
    [Y] = computed(written(model, tmp_path, dtype="float32"), X)
    assert Y.dtype == np.float32
    assert max(errors(model, X.astype(np.float64), Y)) < 1e-6


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "softplus", "sin"])
def test_a_chain_is_gemm_and_activations_alone(activation: str, tmp_path: Path) -> None:
    members = [in_units(jetmlp.MLP([3, 4 + k, 5, 2], activation, seed=k), 1e3) for k in range(2)]
    graph = onnx.load(written(members, tmp_path, chain=True))
    kinds = [node.op_type for node in graph.graph.node]
    assert kinds == ["Gemm", *["Gemm", activation.capitalize()] * 2, "Gemm"]
    assert (graph.ir_version, [entry.version for entry in graph.opset_import]) == (8, [17])
    names = [n for node in graph.graph.node for n in (node.name, *node.output)] + ["x"]
    assert len(set(names)) == len(names)
    for node in (node for node in graph.graph.node if node.op_type == "Gemm"):
        assert len(node.input) == 3
        assert {attribute.name for attribute in node.attribute} >= {"alpha", "beta", "transB"}


def test_the_same_model_is_the_same_file(tmp_path: Path) -> None:
    model = jetmlp.MLP([2, 4, 1], seed=1)
    assert written(model, tmp_path, True).read_bytes() == written(model.copy(), tmp_path, True).read_bytes()


@pytest.mark.parametrize(
    ("model", "named", "message"),
    [
        (jetmlp.MLP([2, 3, 1], "gelu"), {"chain": True}, "chain: expected activations that are one operator"),
        (
            jetmlp.MLP([2, 1]),
            {"chain": True, "with_jacobian": True},
            "chain: expected False with with_jacobian",
        ),
        (
            [jetmlp.MLP([2, 3, 1]), jetmlp.MLP([2, 3, 3, 1])],
            {"chain": True},
            "chain: expected networks of the same depth and activations, .* got tanh, identity in the first "
            "and tanh, tanh, identity in network 2 of 2",
        ),
        (jetmlp.MLP([2, 1]), {"dtype": "float16"}, "dtype: expected 'float32' or 'float64', got 'float16'"),
        (jetmlp.MLP([2, 1]), {"with_jacobian": "yes"}, "with_jacobian: expected"),
        ("m.safetensors", {}, "model: expected an MLP"),
    ],
)
def test_what_cannot_be_written_is_named_and_nothing_is_written(
    model: Any,  # noqa: ANN401  of several kinds
    named: dict[str, Any],
    message: str,
    tmp_path: Path,
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        jetmlp.export.onnx(model, tmp_path / "m.onnx", **named)
    assert not list(tmp_path.iterdir())


def test_scales_beyond_the_type_are_refused(tmp_path: Path) -> None:
    model = jetmlp.MLP([1, 2, 1])
    model.normalization = jetmlp.Normalization([0], [1e-40], [0], [1])
    with pytest.raises(ValueError, match=r"dtype: expected one that holds the weights .* got float32"):
        jetmlp.export.onnx(model, tmp_path / "m.onnx", dtype="float32")
    X = np.array([[1e-40], [-2e-40]])
    assert max(errors(model, X, *computed(written(model, tmp_path, True), X))) < 1e-12


def test_without_the_package_there_is_a_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'jetmlp.export.onnx needs onnx: pip install "jetmlp\[onnx\]"'):
        jetmlp.export.onnx(jetmlp.MLP([1, 1]), tmp_path / "m.onnx")
