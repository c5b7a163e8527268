"""Run experiments, write their folders and sum them up."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import plotting
from .._files import remove_leftovers
from .._runs import RunFolder, alone_in
from ..experiments import EXPERIMENTS, Study, get, seeds_of
from ._files import prepared
from ._runner import default_threads, run_studies
from ._section import Runs, Section
from ._writer import About, Summary, write_section, write_summary
from .kinds import section_of


def reproduce(
    names: Iterable[str] = (),
    out: str | os.PathLike[str] = "results",
    *,
    seed: int = 0,
    n_seeds: int | None = None,
    n_threads: int | None = None,
    resume: bool = False,
    progress: bool = False,
) -> Summary:
    """Run experiments and write, for each, a folder with figures and numbers, and a summary of all.

    Files of former reports are replaced; others are left alone. Each fit is kept in the folder "runs" of
    `out` as soon as it is done, until the report is whole: whatever ends the process loses no finished fit.

    Parameters
    ----------
    names : iterable of str, optional
        Which experiments; by default all of `jetmlp.experiments.EXPERIMENTS`.
    out : path, default "results"
        Folder of the report; made if it is not there.
    seed : int, default 0
        The first seed; the figures show it.
    n_seeds : int, optional
        How many seeds to run, at least as many as an experiment needs; the summary has medians and ranges.
        By default five, and the fewest for experiments of many fits: surrogates and monomials.
    n_threads : int, optional
        Fits at a time; by default one for each processor. The results are the same for any number.
    resume : bool, default False
        Whether to go on with what an earlier call left in `out`: its finished fits are not run again, and the
        report is, up to the times, the one of a call that was never interrupted. A fit counts as the same if
        its settings, samples and seed, the version of the library and the instruction-set level are.
    progress : bool, default False
        Whether to show a bar on standard error, if that is a terminal.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError
        If an experiment is not known, before any work is done.
    OSError
        If the folder cannot be written to, or another call is writing to it, before any work is done; or
        later, if a disk is full.
    """
    started = time.perf_counter()
    studies = [get(name) for name in dict.fromkeys(names)] or list(EXPERIMENTS.values())
    folder = Path(out)
    runs = runs_of(out)
    threads = default_threads() if n_threads is None else n_threads
    sections: dict[str, Section] = {}

    def write(study: Study[Any], results: Runs) -> None:
        section = section_of(study, results)
        write_section(folder / study.name, study, section)
        # Drawn by now: what they hold of the fits can go.
        sections[study.name] = replace(section, figures={}, csv_files={})

    n_fits = sum(len(study.fits) * len(seeds_of(study, seed, n_seeds)) for study in studies)
    with prepared(folder, [study.name for study in studies]), alone_in(folder):
        for part in (folder, *(folder / study.name for study in studies)):
            remove_leftovers(part)
        with _Bar(n_fits, shown=progress and sys.stderr is not None) as bar, plotting.offscreen():
            run_studies(
                studies,
                seed=seed,
                n_seeds=n_seeds,
                n_threads=threads,
                kept=runs,
                resume=resume,
                after_fit=bar.advance,
                after_study=write,
            )
        about = About(seed, n_seeds, threads, time.perf_counter() - started)
        summary = write_summary(folder, about, {study.name: sections[study.name] for study in studies})
        runs.clear()
    return summary


def runs_of(out: str | os.PathLike[str]) -> RunFolder:
    """Return the folder of the finished fits of a report that is not whole."""
    return RunFolder(Path(out) / "runs")


class _Bar:
    """One bar for all fits, on standard error and only on a terminal."""

    def __init__(self, n_fits: int, *, shown: bool) -> None:
        from tqdm import tqdm  # an optional dependency

        # disable=None: shown where the stream is a terminal.
        self._bar: Any = tqdm(
            total=n_fits, unit="fit", file=sys.stderr, disable=None if shown else True, leave=False
        )
        self.advance: Callable[[Study[Any]], None] = self._advance

    def _advance(self, study: Study[Any]) -> None:
        self._bar.set_description(study.name, refresh=False)
        self._bar.update()

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
