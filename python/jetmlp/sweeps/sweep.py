"""The sweep: every combination of some settings, each run once, in the end and after whatever happens."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks
from .._core.info import info
from .._core.processors import available_processors
from .._cures import with_cures
from .._files import remove_leftovers, try_folder
from .._files.writing import path_text
from .._runs import Record, RunFolder, alone_in
from ..data.fingerprint import fingerprint
from ..data.samples import Samples, as_samples
from ..fitting.progress import ProgressBar
from .held_out import split
from .plain import plain
from .pools import expect_executor
from .result import SweepResult
from .running import Run, run_here, run_on
from .settings import FitSettings, check, settings_of
from .space import Combination, Space, grid
from .work import VALIDATION_ERROR, FunctionWork, Outcome, Work, fit_work

_CURES = {
    "n_jobs": "it is called n_processes",
    "n_threads": "each run has one thread, and n_processes says how many run at once",
    "epochs": 'it is a setting of the space: {"epochs": [200], …}',
    "optimizer": 'it is a setting of the space: {"optimizer": [jetmlp.LBFGS()], …}',
    "client": "it is called executor",
    "scheduler": "executor takes a dask.distributed.Client",
    "resume": "a sweep with the same path goes on by itself",
}


@with_cures(_CURES, "name them, as in sweep(space, X, Y, dYdX, path='runs')")
def sweep(
    space: Space | Sequence[Space],
    X: Samples | ArrayLike | None = None,
    Y: ArrayLike | None = None,
    dYdX: ArrayLike | None = None,
    *,
    d2YdX2: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    derivative_sample_weight: ArrayLike | None = None,
    directions: ArrayLike | None = None,
    dYdV: ArrayLike | None = None,
    allow_missing_values: bool = False,
    validation_data: Samples | tuple[ArrayLike | None, ...] | None = None,
    held_out: float | None = None,
    function: Callable[..., Any] | None = None,
    path: str | os.PathLike[str] | None = None,
    executor: Executor | Any = None,  # noqa: ANN401  a dask.distributed.Client, too
    n_processes: int | None = None,
    progress: bool = False,
) -> SweepResult:
    """Fit with every combination of some settings, or call a function with them, many at a time.

    Each run has one thread and gives the same numbers wherever it runs. With a `path` every run is kept there
    as soon as it is done; the same call then goes on where it was interrupted, and one with a larger space
    runs what is new.

    Parameters
    ----------
    space : mapping of str to sequence, or sequence of mappings
        For each setting the values that it takes: all combinations are run. Settings are those of `MLP`
        (``layer_sizes``, which has to be there, ``activation``, …), of `Trainer` (``optimizer``, ``l2``,
        ``derivative_weight``, …), of `Trainer.fit` (``epochs``, which has to be there, ``patience``,
        ``min_delta``, ``restore_best``, ``anchor``), and of the optimizers (``learning_rate``, …), if each
        of these has it. ``seed`` is that of model and trainer. Of several spaces, whose settings may
        differ, every run counts once.
    X : Samples or array_like, (n, d), optional
        Samples, or their inputs; of samples, the other arrays are part.
    Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV, allow_missing_values
        As for `Samples`.
    validation_data : Samples, or tuple (X, Y), (X, Y, dYdX) or (X, Y, dYdX, d2YdX2), optional
        What errors are measured on, and what early stopping watches.
    held_out : float, default 0.2
        Without `validation_data`, the share of the samples that is held out for it: the same ones in every
        run, drawn at random.
    function : callable, optional
        Called as ``function(**settings)`` with any settings, instead of the fits and without samples;
        returns a number, or a mapping of names to numbers or text.
    path : path, optional
        A folder, made if it is not there, that keeps one file a run: with its model, under a key made of
        its settings, every byte of the samples and the version of the library. A run whose key is there is
        not run again. It is whole or not there, whatever ends the process. One sweep at a time writes to it;
        several, also of other spaces, may share it.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where to run, and left open; default processes of this machine.
    n_processes : int, optional
        How many of these; default one for each processor.
    progress : bool, default False
        Whether to show a bar over the runs with the smallest error so far.

    Returns
    -------
    SweepResult
        One row a run, in the order of the space.

    Raises
    ------
    TypeError, ValueError
        If a setting is unknown, could be of two things or is refused by what it is for, or another argument
        is wrong: before the first run.
    FolderInUseError
        If another sweep writes to `path`; an ``OSError``, as where the folder cannot be written to.
    KeyboardInterrupt
        On Ctrl-C. What is done is at `path`; processes of this machine have ended.

    Notes
    -----
    A run that raises an error has a row that says so, and the others go on. A fit that diverged would do so
    again and is kept like any other; after another error the run is tried again by the next call. Where a
    process was killed, by the system for want of memory for instance, its run is tried once more by itself.

    Of a function the key has its name and its settings, not what it does or reads: another function wants
    another path.

    Examples
    --------
    >>> import numpy as np
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 30)
    >>> space = {"layer_sizes": [[1, 4, 1], [1, 8, 1]], "epochs": [20], "seed": range(3)}
    >>> with ThreadPoolExecutor(1) as threads:
    ...     result = jetmlp.sweep(space, x, np.sin(3 * x), 3 * np.cos(3 * x), executor=threads)
    >>> len(result), result.settings, result.best()["failed"]
    (6, ('layer_sizes', 'epochs', 'seed'), None)
    """
    combinations = grid(space)
    expect_executor(executor)
    if executor is not None and n_processes is not None:
        raise ValueError("n_processes: expected none beside an executor, which has its own, got both")
    processes = (
        available_processors()
        if n_processes is None
        else _checks.as_integer("n_processes", n_processes, 1, 2**10)
    )
    progress = _checks.as_boolean("progress", progress)
    arrays = {
        "d2YdX2": d2YdX2,
        "sample_weight": sample_weight,
        "derivative_sample_weight": derivative_sample_weight,
        "directions": directions,
        "dYdV": dYdV,
    }
    work: Work
    if function is None:
        if X is None:
            raise TypeError("X: expected samples to fit, or a function instead of them, got neither")
        samples = as_samples(X, Y, dYdX, **arrays, allow_missing_values=allow_missing_values)  # type: ignore[arg-type]
        train, validation = split(
            samples, validation_data, held_out, allow_missing_values=allow_missing_values
        )
        work, runs = fit_work(train, validation), _fits(combinations, train, validation)
        ranked_by: str | None = VALIDATION_ERROR
    else:
        given = {
            "X": X,
            "Y": Y,
            "dYdX": dYdX,
            **arrays,
            "validation_data": validation_data,
            "held_out": held_out,
        }
        work, runs = _as_function(function, given), _calls(combinations, function)
        ranked_by = None
        if path is not None and _name_of(function) is None:
            raise ValueError(
                "function: expected one with a name, by which its runs are found again at path, got "
                f"{_checks.brief(function)}"
            )
    folder = None if path is None else _as_folder(path)
    rows: dict[int, Record] = {}
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(alone_in(folder.path))
            remove_leftovers(folder.path)
            kept = {run.place: folder.get(run.key_settings) for run in runs}
            rows = {index: record for index, record in kept.items() if record is not None}
        left = [run for run in runs if run.place not in rows]
        bar = stack.enter_context(ProgressBar(len(runs), "sweep", shown=progress, done=len(rows), unit="run"))
        best = min((_error(record) for record in rows.values()), default=np.inf)

        def after(run: Run, outcome: Outcome) -> None:
            nonlocal best
            record = outcome.record or Record({"failed": outcome.failed}, {})
            if folder is not None and outcome.record is not None:
                folder.put(run.key_settings, record)
            rows[run.place] = record
            best = min(best, _error(record))
            bar.advance({"best": best} if np.isfinite(best) else {})

        if executor is None:
            run_here(processes, work, left, after)
        else:
            run_on(executor, work, left, after)
    return SweepResult(combinations, [rows[index] for index in range(len(runs))], ranked_by)


def _fits(combinations: list[Combination], train: Samples, validation: Samples) -> list[Run]:
    """Return the runs that fit; each is checked before the first begins."""
    about = {
        "version": info()["version"],
        "train": fingerprint(train.arrays()),
        "validation": fingerprint(validation.arrays()),
    }
    runs: list[Run] = []
    checked: set[str] = set()
    for index, combination in enumerate(combinations):
        settings = _checked(combination, train, checked)
        runs.append(Run(index, settings, {**about, "fit": settings.plain()}))
    return runs


def _checked(combination: Combination, train: Samples, checked: set[str]) -> FitSettings:
    """Tell the settings apart, and try those that differ in more than their seed."""
    settings = settings_of(combination)
    text = repr({**settings.plain(), "seed": None})
    if text not in checked:
        try:
            check(settings, train)
        except (TypeError, ValueError) as error:
            shown = ", ".join(f"{name}={_checks.brief(value)}" for name, value in combination.items())
            raise type(error)(f"{error}; in the run of {shown:.300}") from None
        checked.add(text)
    return settings


def _calls(combinations: list[Combination], function: Callable[..., Any]) -> list[Run]:
    """Return the runs that call a function."""
    name = _name_of(function)
    return [
        Run(index, settings, {"function": name, "settings": plain("space", settings)})
        for index, settings in enumerate(combinations)
    ]


def _name_of(function: Callable[..., Any]) -> str | None:
    """Return the name by which runs of a function are found again; None if it has none of its own."""
    name = getattr(function, "__qualname__", "<lambda>")
    return None if "<lambda>" in name else f"{getattr(function, '__module__', '')}.{name}"


def _as_function(function: object, given: dict[str, Any]) -> FunctionWork:
    """Take a function, without samples beside it."""
    if not callable(function):
        raise TypeError(
            f"function: expected one that takes the settings by name, got {_checks.brief(function)}"
        )
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{name}: expected none beside a function, which brings its own samples, got some"
            )
    return FunctionWork(function)


def _as_folder(path: str | os.PathLike[str]) -> RunFolder:
    folder = Path(path_text(path))
    folder.mkdir(exist_ok=True)
    try_folder(folder)
    return RunFolder(folder)


def _error(record: Record) -> float:
    error = record.numbers.get(VALIDATION_ERROR)
    return error if isinstance(error, float) and not np.isnan(error) else float("inf")
