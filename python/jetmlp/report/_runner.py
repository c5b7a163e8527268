"""Fits side by side in threads: each leaves Python's lock alone while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from .._core import StopFlag
from .._core.processors import available_processors
from .._jobs import run_all
from .._runs import RunFolder
from ..experiments import Fit, Study, seeds_of
from ..experiments.kept import record_of, result_of, settings_of
from ._section import Runs

# Fits beyond this many at once would wait for each other's Python parts, and for the figures.
MOST_THREADS = 8


class _Job(NamedTuple):
    study: Study[Any]
    label: str
    fit: Fit[Any]
    seed: int


def default_threads() -> int:
    """Return the number of processors that this process may use, within limits."""
    return min(available_processors(), MOST_THREADS)


def run_studies(
    studies: Sequence[Study[Any]],
    *,
    seed: int,
    n_seeds: int | None,
    n_threads: int,
    kept: RunFolder,
    resume: bool,
    after_fit: Callable[[Study[Any]], None],
    after_study: Callable[[Study[Any], Runs], None],
) -> None:
    """Run all fits of some experiments, `n_threads` at a time.

    Each fit has one thread, so results do not depend on how many run at once.

    Parameters
    ----------
    studies : sequence of Study
        The experiments.
    seed, n_seeds : int
        The first seed and how many, or None for what each experiment has by default; it may need more.
    n_threads : int
        Fits at a time.
    kept : RunFolder
        Where each fit is kept as soon as it is done.
    resume : bool
        Whether a fit that is kept there already is taken from there.
    after_fit : callable
        Called in this thread after each fit with its experiment.
    after_study : callable
        Called in this thread with an experiment and all its results as soon as they are there, while
        other fits go on.
    """
    jobs = [
        _Job(study, label, fit, one)
        for study in studies
        for one in seeds_of(study, seed, n_seeds)
        for label, fit in study.fits.items()
    ]
    results: dict[tuple[str, str, int], Any] = {}
    open_jobs = {study.name: len(study.fits) * len(seeds_of(study, seed, n_seeds)) for study in studies}
    stop = StopFlag()

    def start(job: _Job) -> Future[Any]:
        return pool.submit(_result, job, kept, resume, stop)

    def after(job: _Job, future: Future[Any]) -> None:
        results[job.study.name, job.label, job.seed] = future.result()
        after_fit(job.study)
        open_jobs[job.study.name] -= 1
        if open_jobs[job.study.name] == 0:
            seeds = seeds_of(job.study, seed, n_seeds)
            runs = {
                label: [results.pop((job.study.name, label, one)) for one in seeds]
                for label in job.study.fits
            }
            after_study(job.study, runs)

    # Ctrl-C reaches only this thread: the others are told, and end soon.
    with ThreadPoolExecutor(n_threads, thread_name_prefix="fit") as pool:
        run_all(sorted(jobs, key=_order), start, after, stop.set)


def _result(job: _Job, kept: RunFolder, resume: bool, stop: StopFlag) -> Any:  # noqa: ANN401  each kind its own
    """Run a fit and keep it, or take what was kept of it."""
    settings = settings_of(job.study.name, job.label, job.fit, job.seed)
    record = kept.get(settings) if resume and settings is not None else None
    if record is not None:
        return result_of(job.fit, job.seed, record)
    result = job.fit.run(job.seed, stop=stop)
    if settings is not None:
        kept.put(settings, record_of(result))
    return result


def _order(job: _Job) -> tuple[bool, float]:
    """Put what takes longest first; experiments of many seeds, with few figures to draw meanwhile, last."""
    return job.study.least_seeds > 1, -job.fit.work
