"""Finished fits of experiments as records that are kept on disk, and their results back from these.

Kept is what a fit found and took: its model, its history and its times. Samples and errors follow from the
fit, the seed and the model, and are computed again.
"""

from __future__ import annotations

import tempfile
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import metrics
from .._core.info import info
from .._runs import Record, digest_of
from ..data.samples import Samples
from ..files.load import load
from ..fitting.history import History
from .curves.fit import FitExperiment, FitResult
from .surrogates.automatic import AutomaticFit, AutomaticResult
from .surrogates.fit import SurrogateFit, SurrogateResult

_MODEL = "model.safetensors"
_HISTORY = "history."

Settings = dict[str, Any]


def settings_of(study: str, label: str, fit: Any, seed: int) -> Settings | None:  # noqa: ANN401  any `Fit`
    """Return what determines a fit, for `jetmlp._runs`; None of what is over at once and not kept.

    That is its place in its experiment, its configuration, every byte of its samples, the seed, and the
    library with its instruction-set level, since not all levels round alike.
    """
    samples = _samples_of(fit, seed)
    if samples is None:
        return None
    about = info()
    return {
        "study": study,
        "fit": label,
        "seed": seed,
        "configuration": fit.configuration(),
        "samples": {name: digest_of(those.arrays()) for name, those in samples.items()},
        "version": about["version"],
        "instruction_set": about["level"],
    }


@singledispatch
def _samples_of(fit: object, seed: int) -> dict[str, Samples] | None:
    """Return the samples that a fit learns from and looks at; None for what is no fit."""
    return None


@_samples_of.register
def _(fit: FitExperiment, seed: int) -> dict[str, Samples] | None:
    return fit.samples(seed)


@_samples_of.register
def _(fit: SurrogateFit | AutomaticFit, seed: int) -> dict[str, Samples] | None:
    return {"train": fit.problem.training(fit.n_train, seed)}


@singledispatch
def record_of(result: object) -> Record:
    """Return what is kept of a result."""
    raise TypeError(f"result: expected that of a fit which is kept, got {result!r}")


@record_of.register
def _(result: FitResult) -> Record:
    record = _record_of_network(result)
    if result.value_shift is not None:
        record.arrays["value_shift"] = result.value_shift
    return record


@record_of.register
def _(result: SurrogateResult) -> Record:
    return _record_of_network(result)


@record_of.register
def _(result: AutomaticResult) -> Record:
    times = {"time_s": result.time_s, "cpu_time_s": result.cpu_time_s}
    return Record(times, {_MODEL: _bytes_of(result.surrogate)})


def _record_of_network(result: FitResult | SurrogateResult) -> Record:
    history = result.history
    return Record(
        {
            "time_s": result.time_s,
            "cpu_time_s": result.cpu_time_s,
            "stopped_because": history.stopped_because,
            "optimizer": history.optimizer,
        },
        {
            _MODEL: _bytes_of(result.model),
            **{f"{_HISTORY}{name}": column for name, column in history.items()},
        },
    )


@singledispatch
def result_of(fit: object, seed: int, record: Record) -> Any:  # noqa: ANN401  each kind has its own
    """Return the result of a fit from what was kept of it: to the last byte what the fit gave."""
    raise TypeError(f"fit: expected one which is kept, got {fit!r}")


@result_of.register
def _(fit: FitExperiment, seed: int, record: Record) -> FitResult:
    model: Any = _model_of(record)
    samples = fit.samples(seed)
    return FitResult(
        fit,
        seed,
        model,
        _history_of(record),
        samples,
        {name: metrics.evaluate(model, those) for name, those in samples.items()},
        record.arrays.get("value_shift"),
        *_times_of(record),
    )


@result_of.register
def _(fit: SurrogateFit, seed: int, record: Record) -> SurrogateResult:
    model: Any = _model_of(record)
    train, held_out = fit.problem.training(fit.n_train, seed), fit.problem.held_out(seed)
    return SurrogateResult(fit, seed, model, _history_of(record), train, held_out, *_times_of(record))


@result_of.register
def _(fit: AutomaticFit, seed: int, record: Record) -> AutomaticResult:
    model: Any = _model_of(record)
    train, held_out = fit.problem.training(fit.n_train, seed), fit.problem.held_out(seed)
    return AutomaticResult(fit, seed, model, train, held_out, *_times_of(record))


def _history_of(record: Record) -> History:
    columns = {
        name.removeprefix(_HISTORY): column
        for name, column in record.arrays.items()
        if name.startswith(_HISTORY)
    }
    history = History(columns)
    history.stopped_because = record.numbers["stopped_because"]
    history.optimizer = record.numbers["optimizer"]
    return history


def _times_of(record: Record) -> tuple[float, float]:
    return record.numbers["time_s"], record.numbers["cpu_time_s"]


def _bytes_of(model: Any) -> NDArray[np.uint8]:  # noqa: ANN401  whatever has `save`
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _MODEL
        model.save(path)
        return np.frombuffer(path.read_bytes(), dtype=np.uint8)


def _model_of(record: Record) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _MODEL
        path.write_bytes(record.arrays[_MODEL].tobytes())
        return load(path)
