"""One run of a sweep, wherever it is run: all of this is sent to other processes and machines."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core, metrics
from .._core.info import info
from .._files import pack, unpack
from .._runs import Record
from ..data.presence import counting
from ..data.samples import Samples
from ..fitting.errors import DivergenceError
from ..fitting.plan import Ending
from ..models.mlp import MLP
from .settings import FitSettings

#: The column by which fits are ranked.
VALIDATION_ERROR = "validation_error"
#: The column of what is not a mapping.
RESULT = "result"
MODEL = "model.safetensors"

_FLOAT64 = np.dtype(np.float64)


class Stop:
    """The flag that calls runs off where they share a process with whoever called."""

    def __init__(self) -> None:
        self.flag = _core.StopFlag()

    def __reduce__(self) -> tuple[Any, ...]:
        return Stop, ()


class Outcome(NamedTuple):
    """What came of a run: what is to be kept of it, or why it failed."""

    record: Record | None
    failed: str | None = None


class FitWork(NamedTuple):
    """Fits with different settings to the same samples, measured on others."""

    train: Samples
    validation: Samples
    #: Of each kind of data, how large the values of each column are: what errors are relative to.
    sizes: dict[str, NDArray[np.float64]]

    def __call__(self, settings: FitSettings, stop: Stop) -> Record:
        """Fit and measure; a fit that diverges is a result, too: it would do so each time."""
        fit = dict(settings.fit)
        epochs = fit.pop("epochs")
        # After every epoch only where the fit itself asks for it.
        watched = fit["patience"] is not None or fit["restore_best"]
        trainer = settings.new_trainer()
        model = trainer.model
        begun = time.perf_counter()
        numbers: dict[str, Any] = {"failed": None, "n_parameters": model.n_parameters}
        try:
            with trainer._claimed():
                ending = Ending(self.validation if watched else None, **fit)
                history = trainer._fit(self.train, ending, epochs, stop=stop.flag)
        except DivergenceError as error:
            numbers["failed"] = f"DivergenceError: {error}"
            return Record(numbers, {})
        if history.stopped_because == "interrupted":
            raise CancelledError
        numbers["time_s"] = time.perf_counter() - begun
        numbers |= self._errors(model)
        numbers |= {
            "loss": float(history["loss"][-1]) if history.n_epochs else None,
            "epochs_done": history.n_epochs,
            "stopped_because": history.stopped_because,
            "optimizer_used": history.optimizer,
            "instruction_set": info()["level"],
        }
        return Record(numbers, {MODEL: np.frombuffer(pack(model._container()), dtype=np.uint8)})

    def _errors(self, model: MLP) -> dict[str, float]:
        """Measure a model: relative to the columns of the data, and in their units."""
        found: dict[str, float] = {}
        relative: dict[str, float] = {}
        by_column = metrics.evaluate(model, self.validation, per_column=True)
        for kind, errors in by_column.items():
            with np.errstate(invalid="ignore"):  # of columns of which nothing is known
                ratios = errors["rmse"] / self.sizes[kind]
            known = ratios[np.isfinite(ratios)]
            relative[kind] = float(np.sqrt(np.mean(known**2))) if known.size else float("nan")
        there = np.array([error for error in relative.values() if not np.isnan(error)])
        found[VALIDATION_ERROR] = float(np.sqrt(np.mean(there**2))) if there.size else float("nan")
        found |= {f"{kind}_error": error for kind, error in relative.items()}
        for which, samples in (("", self.validation), ("train_", self.train)):
            for kind, those in metrics.evaluate(model, samples).items():
                found[f"{which}{kind}_rmse"] = those["rmse"]
        return found


def fit_work(train: Samples, validation: Samples) -> FitWork:
    """Return the work of fits; errors are relative to the spread of values and the size of derivatives."""
    both = [counting(samples, _FLOAT64) for samples in (train, validation)]
    sizes = {}
    kinds = zip(
        ("value", "derivative", "second_derivative"), *(samples.targets for samples in both), strict=True
    )
    for kind, *arrays in kinds:
        columns = [array for array in arrays if array is not None]
        if columns:
            sizes[kind] = _sizes(np.concatenate(columns), centred=kind == "value")
    return FitWork(train, validation, sizes)


def _sizes(array: NDArray[np.float64], *, centred: bool) -> NDArray[np.float64]:
    """Root mean square of each column, of values about their mean; NaN of one that has no size."""
    known = ~np.isnan(array)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, array, 0.0).sum(axis=0) / count if centred else 0.0
    size = np.sqrt(np.where(known, (array - mean) ** 2, 0.0).sum(axis=0) / count)
    return np.where(size > 0.0, size, np.nan)


class FunctionWork(NamedTuple):
    """Calls of a function with different settings."""

    function: Callable[..., Any]

    def __call__(self, settings: Mapping[str, Any], stop: Stop) -> Record:
        """Call the function and take what it returns."""
        begun = time.perf_counter()
        returned = self.function(**settings)
        time_s = time.perf_counter() - begun
        results = dict(returned) if isinstance(returned, Mapping) else {RESULT: returned}
        taken = {name: _as_cell(name, value, settings) for name, value in results.items()}
        return Record({"failed": None, "time_s": time_s, **taken}, {})


def _as_cell(name: object, value: Any, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if not isinstance(name, str) or name in ("failed", "time_s") or name in settings:
        raise ValueError(
            f"function: expected names of results that are text, no setting and neither 'failed' nor "
            f"'time_s', got {name!r}"
        )
    if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0:
        value = value.item()
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise TypeError(
            f"function: expected a number, or a mapping of names to numbers or text, got {value!r:.100} "
            f"as {name!r}"
        )
    return value


Work = FitWork | FunctionWork


def outcome_of(work: Work, settings: Any, stop: Stop) -> Outcome:  # noqa: ANN401  what the work takes
    """Run once. An error is told as text, since not every exception finds its way between processes."""
    try:
        return Outcome(work(settings, stop))
    except CancelledError:
        raise
    except Exception as error:
        return Outcome(None, f"{type(error).__name__}: {error}")


_held: list[Work] = []


def hold(work: Work) -> None:
    """Keep the work in this process, so that it is sent there once and not with every run."""
    _held[:] = [work]


def outcome_of_held(settings: Any, stop: Stop) -> Outcome:  # noqa: ANN401
    """Run the work that `hold` keeps."""
    return outcome_of(_held[0], settings, stop)


def model_of(record: Record) -> MLP:
    """Return the model that a fit has left."""
    place = "the model of a run"
    return MLP._from_container(unpack(record.arrays[MODEL].tobytes(), (MLP.FILE_KIND,), place))
