"""Report of a study of surrogates: what slopes are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ... import plotting
from ...experiments import AutomaticResult, Option, SurrogateResult, SurrogateStudy, SurrogateStudyResult
from ...experiments.problems.sampled import of_one_output
from ...experiments.surrogates.study import AUTOMATIC
from .._section import Document, Figure, Rows, Runs, Section, section_of, spread
from .._table import Table, number

ONE_SEED = "one seed"
WITH_SLOPES = "values and slopes"


@section_of.register
def section_of_surrogates(study: SurrogateStudy, runs: Runs) -> Section:
    """Report the errors by number of samples and loss."""
    result = study.collect(runs)
    return Section(
        document=_document(result),
        csv_files={"surrogates.csv": _rows(result)},
        figures=_figures(result),
        tables=[_table(result)],
        summary={"counts": list(result.counts), **_summary(result)},
    )


def _document(result: SurrogateStudyResult) -> Document:
    """Say what was fitted and the errors over the seeds, by number of samples and loss."""
    return {
        "problem": {
            "inputs": [quantity.label for quantity in result.study.problem.inputs],
            "output": result.study.problem.output.label,
        },
        "counts": list(result.counts),
        "seeds": [one.seed for one in next(iter(result.runs.values()))],
        **_summary(result),
        "surrogate_fits": {
            str(count): [
                {"seed": one.seed, "time_s": one.time_s, "cpu_time_s": one.cpu_time_s, **one.errors}
                for one in result.automatic(count)
            ]
            for count in _automatic_counts(result)
        },
        "fits": {
            label: {
                "configuration": results[0].fit.configuration(),
                "n_parameters": results[0].model.n_parameters,
                "derivative_rmse": _partial_errors(results[0]),
                "seeds": [
                    {"seed": one.seed, "time_s": one.time_s, "cpu_time_s": one.cpu_time_s, **one.errors}
                    for one in results
                ],
            }
            for label, results in _with_settings(result).items()
        },
    }


def _with_settings(result: SurrogateStudyResult) -> dict[str, list[SurrogateResult]]:
    """Return the results of the fits of one network, by label."""
    return {
        label: [one for one in results if isinstance(one, SurrogateResult)]
        for label, results in result.runs.items()
        if isinstance(results[0], SurrogateResult)
    }


def _automatic_counts(result: SurrogateStudyResult) -> list[int]:
    """Return the numbers of samples that `jetmlp.Surrogate` was fitted to."""
    return [count for count in result.counts if result.automatic(count)]


def _summary(result: SurrogateStudyResult) -> Document:
    """Return the errors and times that a summary has: spreads over the seeds, in the order of `counts`."""
    return {
        "errors": {
            name: {loss: [spread(column) for column in table.T] for loss, table in by_loss.items()}
            for name, by_loss in result.errors.items()
        },
        "cpu_time_s": {
            loss: [spread(one.cpu_time_s for one in result.of(loss, count)) for count in result.counts]
            for loss in result.last
        },
        "surrogate": {
            "counts": _automatic_counts(result),
            "errors": {
                name: [spread(one.errors[name] for one in runs) for runs in _automatic_runs(result)]
                for name in result.errors
            },
            "cpu_time_s": [spread(one.cpu_time_s for one in runs) for runs in _automatic_runs(result)],
        },
    }


def _automatic_runs(result: SurrogateStudyResult) -> list[list[AutomaticResult]]:
    """Return what `jetmlp.Surrogate` did, by number of samples and seed."""
    return [result.automatic(count) for count in _automatic_counts(result)]


def _partial_errors(result: SurrogateResult) -> dict[str, float]:
    """Root mean square errors of the partial derivatives, each in its unit, by input."""
    _, true = of_one_output(result.held_out)
    errors = np.sqrt(np.mean((result.predict(result.held_out.X)[1] - true) ** 2, axis=0))
    inputs = result.fit.problem.inputs
    return {quantity.label: float(error) for quantity, error in zip(inputs, errors, strict=True)}


def _rows(result: SurrogateStudyResult) -> Rows:
    """List every fit with its errors, as a header and rows."""
    rows: list[list[object]] = [
        [
            one.fit.n_train,
            int(one.fit.slopes),
            one.seed,
            one.fit.epochs,
            *one.errors.values(),
            one.cpu_time_s,
            0,
        ]
        for results in _with_settings(result).values()
        for one in results
    ]
    rows += [
        [one.fit.n_train, 1, one.seed, "", *one.errors.values(), one.cpu_time_s, 1]
        for results in _automatic_runs(result)
        for one in results
    ]
    return ["n_train", "slopes", "seed", "epochs", *result.errors, "cpu_time_s", "surrogate"], rows


def _table(result: SurrogateStudyResult) -> Table:
    """Put values only beside values and slopes, and `jetmlp.Surrogate` beside these, where it was fitted."""
    automatic = bool(_automatic_counts(result))
    rows: list[tuple[str, ...]] = []
    for place, count in enumerate(result.counts):
        head = str(count)
        for name, symbol in (("value_error", "values"), ("derivative_error", "slopes")):
            medians = [float(np.median(table[:, place])) for table in result.errors[name].values()]
            better = number(medians[0] / medians[1], "{:.1f}")
            rows.append(
                (
                    head,
                    symbol,
                    number(medians[0]),
                    number(medians[1]),
                    better,
                    *_times(result.of(WITH_SLOPES, count), first=bool(head)),
                    *(_beside(result, name, count, medians[1], first=bool(head)) if automatic else ()),
                )
            )
            head = ""
    columns = (
        "samples",
        "RMSE / deviation of",
        *(f"from {loss}" for loss in result.last),
        "times better",
        "CPU [s]",
        *((AUTOMATIC, "times better still", "its CPU [s]") if automatic else ()),
    )
    seeds = _seeds(result)
    hint = " (more with --seeds)" if seeds == ONE_SEED else ""
    return Table(f"{result.study.name}: what slopes are worth, {seeds}{hint}", columns, rows, n_left=2)


def _seeds(result: SurrogateStudyResult) -> str:
    """Say over how many seeds the errors are."""
    n_seeds = len(next(iter(result.runs.values())))
    return ONE_SEED if n_seeds == 1 else f"medians of {n_seeds} seeds"


def _times(runs: Sequence[SurrogateResult | AutomaticResult], *, first: bool) -> tuple[str]:
    """Time of fits, in the first row of a count."""
    return (number(spread(one.cpu_time_s for one in runs)["median"], "{:.3f}") if first else "",)


def _beside(
    result: SurrogateStudyResult, name: str, count: int, median: float, *, first: bool
) -> tuple[str, ...]:
    """Median error of `jetmlp.Surrogate`, how many times smaller it is, and its time."""
    runs = result.automatic(count)
    if not runs:
        return (number(None), number(None), number(None) if first else "")
    its = float(np.median([one.errors[name] for one in runs]))
    return (number(its), number(median / its, "{:.1f}"), *_times(runs, first=first))


def _figures(result: SurrogateStudyResult) -> dict[str, Figure]:
    """Name the figures: errors against samples; predictions of the first seed with the most samples."""
    errors = {name: dict(by_loss) for name, by_loss in result.errors.items()}
    if _automatic_counts(result):
        for name, table in result.automatic_errors.items():
            errors[name][AUTOMATIC] = table
    figures: dict[str, Figure] = {
        "errors.png": lambda: plotting.plot_sample_errors(
            result.counts,
            errors["value_error"],
            errors["derivative_error"],
            title=_title(result, _seeds(result)),
        )
    }
    problem = result.study.problem
    if isinstance(problem, Option):
        return {**figures, "prices.png": lambda: _draw_prices(result, problem)}
    return {**figures, "predictions.png": lambda: _draw_predictions(result)}


def _title(result: SurrogateStudyResult, which: str) -> str:
    """Name the network and the runs that a figure shows."""
    return f"{result.study.name}: {'-'.join(map(str, result.study.fit.layer_sizes))}, {which}"


def _title_of_last(result: SurrogateStudyResult) -> str:
    seed = next(iter(result.last.values())).seed
    return _title(result, f"{result.counts[-1]} samples, seed {seed}")


def _draw_predictions(result: SurrogateStudyResult) -> object:
    return plotting.plot_predictions(*result.predictions(), title=_title_of_last(result))


def _draw_prices(result: SurrogateStudyResult, option: Option) -> object:
    underlying, true, predicted, samples = result.prices()
    return plotting.plot_prices(
        underlying,
        true,
        predicted,
        samples=samples,
        x_label=option.underlying_name,
        labels=(option.output.label, option.delta_name),
        title=_title_of_last(result),
    )
