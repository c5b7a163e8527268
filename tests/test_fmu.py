"""Functional mock-up units, as FMPy sees, loads and runs them."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import fmpy
import numpy as np
import pytest
from fmpy.fmi2 import FMU2Model, FMU2Slave
from fmpy.validation import validate_fmu

from compiled import C99, WARNINGS, compiler
from exported_models import MODELS, expected_of, inputs_of
from jetmlp import export

NAMES = {
    "input_names": ["load", 'größe <a> & "b"', "T"],
    "output_names": ["stress", "mass"],
    "input_units": ["N", "", "K"],
    "output_units": ["N/m2", "kg"],
}


def _opened(path: Path, folder: Path, kind: type) -> tuple[Any, Any]:
    description = fmpy.read_model_description(str(path))
    unpacked = folder / path.stem
    fmpy.extract(str(path), unzipdir=str(unpacked))
    unit = kind(
        guid=description.guid,
        unzipDirectory=str(unpacked),
        modelIdentifier=description.coSimulation.modelIdentifier,
        instanceName="one",
    )
    unit.instantiate()
    unit.setupExperiment()
    unit.enterInitializationMode()
    unit.exitInitializationMode()
    return description, unit


@pytest.mark.parametrize(("name", "kind"), [("ensemble", FMU2Slave), ("forward", FMU2Model)])
def test_values_and_directional_derivatives(
    name: str, kind: type, tmp_path: Path, rng: np.random.Generator
) -> None:
    model, path = MODELS[name], tmp_path / "unit.fmu"
    named = NAMES if name == "ensemble" else {}
    export.fmu(model, path, **named)
    assert validate_fmu(str(path)) == []
    X = inputs_of(model, rng)[:5]
    Y, J, _ = expected_of(model, X)
    d, m = X.shape[1], Y.shape[1]
    description, unit = _opened(path, tmp_path, kind)
    variables = description.modelVariables
    assert [variable.causality for variable in variables] == ["input"] * d + ["output"] * m
    if named:
        assert [one.name for one in variables] == [*NAMES["input_names"], *NAMES["output_names"]]
        units = [unit or None for unit in (*NAMES["input_units"], *NAMES["output_units"])]
        assert [one.unit for one in variables] == units
    x_refs, y_refs = list(range(d)), list(range(d, d + m))
    start = [float(one.start) for one in variables[:d]]
    assert unit.getReal(x_refs) == start
    state = unit.getFMUState()
    for x, y, slopes in zip(X, Y, J, strict=True):
        unit.setReal(x_refs, list(x))
        scale = np.abs(Y).max(axis=0)
        assert (np.abs(np.array(unit.getReal(y_refs)) - y) <= 1e-12 * scale).all()
        direction = rng.normal(size=d) * np.ptp(X, axis=0)
        found = np.array(unit.getDirectionalDerivative(y_refs, x_refs, list(direction)))
        sizes = np.abs(slopes) @ np.abs(direction)
        assert (np.abs(found - slopes @ direction) <= 1e-12 * sizes).all()
    kept = unit.serializeFMUState(state)
    unit.setFMUState(unit.deserializeFMUState(kept))
    assert unit.getReal(x_refs) == start
    unit.freeFMUState(state)
    for wrong in (lambda: unit.getReal([d + m]), lambda: unit.setReal([d], [0.0])):
        with pytest.raises(fmpy.fmi1.FMICallException):
            wrong()
    unit.terminate()
    unit.freeInstance()


def test_it_is_simulated_and_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    model, path = MODELS["plain"], tmp_path / "plain.fmu"
    export.fmu(model, path)
    for kind in ("CoSimulation", "ModelExchange"):
        result = fmpy.simulate_fmu(
            str(path), fmi_type=kind, stop_time=0.1, output_interval=0.1, start_values={"x[1]": 0.3}
        )
        expected = model.predict([[0.3, 0.0]])[0]
        assert np.allclose([result["y[1]"][-1], result["y[2]"][-1]], expected, rtol=1e-13)
    before = path.read_bytes()
    export.fmu(model, path)
    assert path.read_bytes() == before
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "all")
    sources = [str(file) for file in sorted((tmp_path / "all/sources").iterdir())]
    lean = [option for option in WARNINGS if option != "-Wmissing-declarations"]
    for static in ([], ["-DFMU_STATIC"]):
        subprocess.run([compiler(C99), *lean, "-std=c99", *static, "-fsyntax-only", *sources], check=True)


def test_without_a_compiler_the_sources_go_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "unit.fmu"
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match=r"binary: expected a C compiler .* binary=False"):
        export.fmu(MODELS["plain"], path)
    assert not path.exists()
    export.fmu(MODELS["plain"], path, binary=False)
    assert validate_fmu(str(path)) == []
    assert not [name for name in zipfile.ZipFile(path).namelist() if name.startswith("binaries")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "2"}, "name: expected a letter"),
        ({"input_names": ["a"]}, "input_names: expected 2 texts, got 1"),
        ({"input_names": "ab"}, "input_names: expected a text for each"),
        ({"input_names": ["a", " "]}, "input_names: expected letters"),
        ({"input_names": ["a", "b"], "output_names": ["c", "a"]}, "expected different names, got 'a' twice"),
        ({"output_units": ["m", 1]}, "output_units: expected a text for each"),
        ({"binary": 1}, "binary: expected True or False"),
    ],
)
def test_what_cannot_be_written_is_named(arguments: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        export.fmu(MODELS["plain"], tmp_path / "unit.fmu", **arguments)
