"""Run experiments, write their folders and sum them up."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import plotting
from .._files import replacing
from ..experiments import (
    EXPERIMENTS,
    Ablation,
    Experiment,
    FitExperiment,
    FitResult,
    InputGradient,
    Monomials,
    Study,
    SurrogateStudy,
    get,
    seeds_of,
)
from . import _documents, _figures, _files, _surrogates, _tables
from ._runner import AnyStudy, Runs, default_threads, run_studies


@dataclass
class Summary:
    """What a reproduction came to.

    Attributes
    ----------
    document : dict
        What summary.json says.
    tables : list of Table
        What the terminal and summary.md show.
    folder : Path
        Where everything was written.
    """

    document: dict[str, Any]
    tables: list[_tables.Table]
    folder: Path


def reproduce(
    names: Iterable[str] = (),
    out: str | os.PathLike[str] = "results",
    *,
    seed: int = 0,
    n_seeds: int = 1,
    n_threads: int | None = None,
    progress: bool = False,
) -> Summary:
    """Run experiments and write, for each, a folder with figures and numbers, and a summary of all.

    Files of former reports are replaced; others are left alone.

    Parameters
    ----------
    names : iterable of str, optional
        Which experiments; by default all of `jetmlp.experiments.EXPERIMENTS`.
    out : path, default "results"
        Folder of the report; made if it is not there.
    seed : int, default 0
        The first seed; the figures show it.
    n_seeds : int, default 1
        How many seeds to run; the summary then has medians and ranges.
    n_threads : int, optional
        Fits at a time; by default one for each processor. The results are the same for any number.
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
        If the folder cannot be written to, before any work is done; or later, if a disk is full.
    """
    started = time.perf_counter()
    experiments = [get(name) for name in dict.fromkeys(names)] or list(EXPERIMENTS.values())
    folder = Path(out)
    _files.prepare_folders(folder, [experiment.name for experiment in experiments])
    threads = default_threads() if n_threads is None else n_threads

    report = _Report(folder, seed, n_seeds, threads)
    studies: list[AnyStudy] = []
    for experiment in experiments:
        if not isinstance(experiment, InputGradient):
            studies.append(experiment)
    n_fits = sum(len(study.fits) * len(seeds_of(study, seed, n_seeds)) for study in studies)
    with _Bar(n_fits, shown=progress) as bar, plotting.offscreen():
        for experiment in experiments:
            if isinstance(experiment, InputGradient):
                report.write_gradients(experiment)
        run_studies(
            studies,
            seed=seed,
            n_seeds=n_seeds,
            n_threads=threads,
            after_fit=bar.advance,
            after_study=report.write_study,
        )
    return report.sum_up([experiment.name for experiment in experiments], time.perf_counter() - started)


@dataclass
class _Report:
    """Writes folders as results come in, and keeps what the summary needs."""

    folder: Path
    seed: int
    n_seeds: int
    n_threads: int
    compared: dict[str, dict[str, list[FitResult]]] = field(default_factory=dict)
    tables: dict[str, list[_tables.Table]] = field(default_factory=dict)
    parts: dict[str, _documents.Document] = field(default_factory=dict)

    def write_gradients(self, experiment: InputGradient) -> None:
        checks = experiment.run(self.seed)
        folder = self.folder / experiment.name
        for name, check in checks.items():
            _figures.draw_gradient_check(folder, name, check)
        document = _documents.gradient_document(experiment, checks)
        self._write_numbers(experiment, document, {"gradients.csv": _documents.gradient_rows(checks)})
        self.tables[experiment.name] = [_tables.gradient_table(checks)]
        self.parts[experiment.name] = document["errors"]

    def write_study(self, study: AnyStudy, runs: Runs) -> None:
        """Write the folder of an experiment whose fits are all done."""
        if isinstance(study, Ablation):
            self._write_ablation(study, runs)
        elif isinstance(study, Monomials):
            self._write_monomials(study, runs)
        elif isinstance(study, SurrogateStudy):
            self._write_surrogates(study, runs)
        else:
            self._write_fits(study, runs)

    def _write_fits(self, study: Study, runs: Runs) -> None:
        folder = self.folder / study.name
        firsts = {label: results[0] for label, results in runs.items()}
        if isinstance(study, FitExperiment):
            document = _documents.fit_document(runs[study.name])
            with replacing(folder / "history.csv") as path:
                firsts[study.name].history.to_csv(path)
            self._write_numbers(study, document, {})
            self.compared[study.name] = runs
        else:
            document = {"fits": {label: _documents.fit_document(results) for label, results in runs.items()}}
            self._write_numbers(study, document, {"history.csv": _documents.history_rows(firsts)})
            self.compared[study.name] = {f"{study.name}: {label}": results for label, results in runs.items()}
        _figures.draw_fits(folder, firsts)

    def _write_ablation(self, study: Ablation, runs: Runs) -> None:
        result = study.collect(runs)
        document = _documents.ablation_document(result)
        self._write_numbers(study, document, {"ablation.csv": _documents.run_rows(runs)})
        _figures.draw_ablation(self.folder / study.name, result)
        self.tables[study.name] = [_tables.ablation_table(result)]
        self.parts[study.name] = {"baseline": document["baseline"], "effects": document["effects"]}

    def _write_monomials(self, study: Monomials, runs: Runs) -> None:
        result = study.collect(runs)
        document = _documents.monomials_document(study, result)
        self._write_numbers(study, document, {"monomials.csv": _documents.run_rows(runs)})
        _figures.draw_monomials(self.folder / study.name, result)
        self.tables[study.name] = _tables.monomials_tables(result)
        self.parts[study.name] = {
            "powers": list(result.powers),
            "widths": list(result.widths),
            "rmse": result.errors,
        }

    def _write_surrogates(self, study: SurrogateStudy, runs: Runs) -> None:
        result = study.collect(runs)
        rows = _surrogates.surrogate_rows(result)
        self._write_numbers(study, _surrogates.surrogate_document(result), {"surrogates.csv": rows})
        _surrogates.draw_surrogates(self.folder / study.name, result)
        self.tables[study.name] = [_surrogates.surrogate_table(result)]
        self.parts[study.name] = {"counts": list(result.counts), **_surrogates.surrogate_summary(result)}

    def _write_numbers(
        self,
        experiment: Experiment | Study,
        document: _documents.Document,
        csv_files: Mapping[str, tuple[Sequence[str], Iterable[Sequence[object]]]],
    ) -> None:
        folder = self.folder / experiment.name
        for name, (header, rows) in csv_files.items():
            _files.write_csv(folder / name, header, rows)
        head = {"experiment": experiment.name, "description": experiment.description}
        _files.write_json(folder / "metrics.json", {**head, **document, **_documents.environment()})

    def sum_up(self, names: Sequence[str], time_s: float) -> Summary:
        """Write the summary of all experiments, in the order of `names`."""
        fits: dict[str, list[FitResult]] = {}
        for name in names:
            fits |= self.compared.get(name, {})
        document: dict[str, Any] = {
            "seed": self.seed,
            "n_seeds": self.n_seeds,
            "n_threads": self.n_threads,
            "time_s": time_s,
            **_documents.environment(),
            "fits": {
                label: {
                    "points": results[0].points,
                    "seeds": [one.seed for one in results],
                    "time_s": _documents.spread(one.time_s for one in results),
                    "cpu_time_s": _documents.spread(one.cpu_time_s for one in results),
                    "value_trained": results[0].experiment.value_trained,
                    "derivative_trained": results[0].experiment.derivative_trained,
                    "errors": _documents.compared_errors(results),
                }
                for label, results in fits.items()
            },
            **{name: self.parts[name] for name in names if name in self.parts},
        }
        tables = [_tables.comparison_table(fits)] if fits else []
        for name in names:
            tables += self.tables.get(name, [])
        versions = document["versions"]
        about = (
            f"jetmlp {versions['jetmlp']} ({document['instruction_set']}), NumPy {versions['numpy']}, Python "
            f"{versions['python']}; first seed {self.seed}; {time_s:.1f} s, {self.n_threads} fits at a time."
        )
        sections = [
            "# Reproduction of the published experiments",
            about,
            *(one.to_markdown() for one in tables),
        ]
        _files.write_json(self.folder / "summary.json", document)
        _files.write_text(self.folder / "summary.md", "\n\n".join(sections) + "\n")
        return Summary(document, tables, self.folder)


class _Bar:
    """One bar for all fits, on standard error and only on a terminal."""

    def __init__(self, n_fits: int, *, shown: bool) -> None:
        from tqdm import tqdm

        # disable=None: shown where the stream is a terminal.
        self._bar: Any = tqdm(
            total=n_fits, unit="fit", file=sys.stderr, disable=None if shown else True, leave=False
        )
        self.advance: Callable[[AnyStudy], None] = self._advance

    def _advance(self, study: AnyStudy) -> None:
        self._bar.set_description(study.name, refresh=False)
        self._bar.update()

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
