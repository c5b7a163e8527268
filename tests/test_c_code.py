"""C that is written for a model: compiled without a warning, it computes what the model does."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import jetmlp
from compiled import C99, CPP17, REALS, WARNINGS, built, compiler, evaluated, stack_of
from exported_models import MODELS, Array, expected_of, inputs_of
from jetmlp import export
from jetmlp._c_code import c_code
from jetmlp._c_code.constants import constants
from jetmlp.export.models import network_sum
from reference_activations import ACTIVATIONS


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All models in both types in one file: no name of one is that of another."""
    source = tmp_path_factory.mktemp("c") / "models.c"
    texts = [
        c_code(network_sum(model), f"{name}_{real}", real=real, hessian=True)
        for name, model in MODELS.items()
        for real in REALS
    ]
    source.write_text("".join(texts))
    return built(source, "-O0", "-fsanitize=undefined", "-fsanitize=float-cast-overflow")


@pytest.mark.parametrize("name", MODELS)
def test_it_computes_what_the_model_does(
    name: str, library: Path, rng: np.random.Generator, capfd: pytest.CaptureFixture[str]
) -> None:
    model = MODELS[name]
    X = inputs_of(model, rng)
    # The network of float32 has rounding of its own in Python, none in C of double.
    single = getattr(model, "dtype", None) == np.float32
    for real, bound in (("double", 2e-6 if single else 1e-13), ("float", 3e-6 if single else 1e-6)):
        # What float can tell of these inputs; the rest is no fault of the code.
        x = X.astype(REALS[real][1]).astype(np.float64)
        expected = expected_of(model, x)
        m = expected[0].shape[1]
        got = evaluated(library, f"{name}_{real}", x, m, real=real, function="hessian")
        fewer = evaluated(library, f"{name}_{real}", x, m, real=real, function="jacobian")
        least = evaluated(library, f"{name}_{real}", x, m, real=real, function="predict")
        for found in (got, fewer, least):
            for order, (ours, exact) in enumerate(zip(found, expected, strict=False)):
                error = np.abs(ours - exact).max(axis=0)
                # A second derivative of float has the roundings of both passes.
                roundings = 3 if order == 2 and real == "float" else 1
                assert (error <= roundings * bound * np.abs(exact).max(axis=0)).all(), (real, order)
        assert np.array_equal(got[2], got[2].swapaxes(2, 3))
    assert capfd.readouterr().err == "", "UBSan has nothing to say"


def test_activations_are_right_at_numbers_of_every_size(tmp_path: Path) -> None:
    """σ, σ' and σ'' beside 30 digits: to a few roundings of their exact terms, far out, too."""
    sizes = np.concatenate([np.geomspace(1e-9, 36.0, 25), [0.34, 0.71, 40.0, 88.0, 300.0, 701.0, 720.0, 1e5]])
    X = np.concatenate([-sizes[::-1], [0.0], sizes])[:, np.newaxis]
    texts = []
    for name in ACTIVATIONS:
        model = jetmlp.MLP([1, 1], "tanh", name, normalize=False)
        model.parameters = [1.0, 0.0]
        texts += [c_code(model._network_sum(), f"{name}_{real}", real=real, hessian=True) for real in REALS]
    source = tmp_path / "sigmas.c"
    source.write_text("".join(texts))
    library = built(source, "-O2")
    mpmath.mp.dps = 30
    for real, (_, dtype) in REALS.items():
        tiny, epsilon = np.finfo(dtype).tiny, np.finfo(dtype).eps
        for name, activation in ACTIVATIONS.items():
            got = evaluated(library, f"{name}_{real}", X, 1, real=real, function="hessian")
            for row, x in enumerate(X[:, 0].astype(dtype)):
                terms = activation.terms(mpmath.mpf(float(x)))
                for order in range(3):
                    exact, size = sum(terms[order]), sum(map(abs, terms[order]))
                    error = abs(mpmath.mpf(float(got[order].reshape(-1)[row])) - exact)
                    # exp(−z²/2) magnifies the rounding of its argument.
                    roundings = 8 + (float(x) ** 2 if name == "gelu" else 0)
                    assert error <= roundings * epsilon * size + 2 * tiny, (real, name, x, order)


def test_it_is_cpp_and_its_stack_is_what_it_says(tmp_path: Path, rng: np.random.Generator) -> None:
    model = MODELS["ensemble"]
    source = tmp_path / "beam.c"
    export.c(model, source, hessian=True)
    X = inputs_of(model, rng)
    library = built(source, "-O1", language=CPP17)
    for exact, found in zip(
        expected_of(model, X), evaluated(library, "beam", X, 2, function="hessian"), strict=True
    ):
        assert np.abs(found - exact).max() <= 1e-13 * np.abs(exact).max()
    chains = {"predict": ("forward", "dense"), "jacobian": ("forward", "reverse", "dense"), "hessian": ()}
    chains["hessian"] = chains["jacobian"]
    for level in ("-O0", "-O3"):
        usage = tmp_path / f"usage{level}.o"
        command = [
            compiler(C99),
            *WARNINGS,
            *C99,
            level,
            "-fstack-usage",
            "-c",
            str(source),
            "-o",
            str(usage),
        ]
        subprocess.run(command, check=True)
        for function, chain in chains.items():
            stated = int(re.search(rf"beam_{function}: (\d+)", source.read_text())[1])  # type: ignore[index]
            measured = stack_of(
                usage.with_suffix(".su"), (function, "standardise", "activate", "sigma", *chain)
            )
            print(f"{level} {function}: {measured} bytes of {stated}")
            assert 0 < measured <= stated


def test_less_than_all_has_no_warning_either(tmp_path: Path) -> None:
    source = tmp_path / "models.c"
    for jacobian in (False, True):
        texts = [
            c_code(network_sum(model), f"{name}_{real}", real=real, jacobian=jacobian)
            for name, model in MODELS.items()
            for real in REALS
        ]
        source.write_text("".join(texts))
        subprocess.run([compiler(C99), *WARNINGS, *C99, "-fsyntax-only", str(source)], check=True)


def test_constants_are_read_back_to_the_bit(tmp_path: Path, rng: np.random.Generator) -> None:
    lines = []
    numbers: dict[str, Array] = {}
    for real, (_, dtype) in REALS.items():
        info = np.finfo(dtype)
        extremes = [
            -0.0,
            0.0,
            5e-324,
            info.smallest_subnormal,
            -info.tiny,
            info.max,
            info.eps,
            1.0,
            1e16,
            0.1,
            7.0,
        ]
        integers = rng.integers(0, 2 ** (8 * info.dtype.itemsize), 2000, dtype=f"u{info.dtype.itemsize}")
        anything = integers.view(dtype)
        numbers[real] = np.concatenate([np.array(extremes, dtype), anything[np.isfinite(anything)]])
        text = constants(numbers[real], dtype)
        lines.append(f"extern const {real} of_{real}[];\nconst {real} of_{real}[] = {{\n{text}\n}};\n")
    source = tmp_path / "constants.c"
    source.write_text("".join(lines))
    for language in (C99, CPP17):
        opened = ctypes.CDLL(str(built(source, "-O0", language=language)))
        for real, (number, _) in REALS.items():
            array = (number * len(numbers[real])).in_dll(opened, f"of_{real}")
            assert np.array(array).tobytes() == numbers[real].tobytes()


def test_the_same_model_gives_the_same_text_of_which_every_name_begins_with_the_given_one(
    tmp_path: Path,
) -> None:
    model = MODELS["staged"]
    text = model.c_code("beam_2", real="float", hessian=True)
    assert text == model.copy().c_code("beam_2", real="float", hessian=True)
    assert text.isascii()
    assert f"jetmlp {jetmlp.__version__}" in text
    export.c(model, tmp_path / "beam_2.c", "float", hessian=True)
    assert (tmp_path / "beam_2.c").read_text() == text
    export.c(model, os.fspath(tmp_path / "2 beams.c"), "float", True, True, name="beam_2")
    assert (tmp_path / "2 beams.c").read_text() == text
    without_remarks = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    declared = re.findall(r"(?:float|void|const \w+|\}) \**(\w+)[\[;(]", without_remarks)
    assert len(declared) > 20
    of_fields = {"weights", "bias", "layers", "x_scale", "factor", "unit", "z", "g", "u", "sum", "a"}
    assert {name for name in declared if not name.startswith("beam_2_")} <= of_fields
    short = model.c_code(jacobian=False)
    assert "model_predict" in short
    assert "jacobian" not in short


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "2beams"}, "name: expected a letter"),
        ({"name": "a__b"}, "name: expected a letter"),
        ({"name": "_a"}, "name: expected a letter"),
        ({"name": "größe"}, "name: expected a letter"),
        ({"name": "a" * 101}, "name: expected a letter"),
        ({"name": ""}, "name: expected a letter"),
        ({"name": None}, "name: expected a text, got None"),
        ({"real": "half"}, "real: expected"),
        ({"hessian": True, "jacobian": False}, "hessian: expected jacobian=True"),
        ({"jacobian": 1}, "jacobian: expected"),
    ],
)
def test_what_cannot_be_written_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        MODELS["plain"].c_code(**arguments)


def test_numbers_beyond_float_are_refused() -> None:
    model = jetmlp.MLP([1, 1])
    for units, what in (
        (([0], [1e-50], [0], [1]), "the input scales"),
        (([0], [1], [1e60], [1]), "the output means"),
        (([0], [1e-30], [0], [1e30]), "output scales over input scales"),
    ):
        model.normalization = jetmlp.Normalization(*units)
        with pytest.raises(ValueError, match=f"real: expected a type that holds {what} .*real='double'"):
            model.c_code(real="float")
        assert "model_jacobian" in model.c_code()
    model.parameters = [1e50, 0.0]
    model.normalization = jetmlp.Normalization([0], [1], [0], [1])
    with pytest.raises(ValueError, match="real: expected a type that holds the weights"):
        model.c_code(real="float")
