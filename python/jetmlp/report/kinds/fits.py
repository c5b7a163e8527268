"""Report of a fit, and of several side by side: errors beside the published ones, curves and losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from ... import plotting
from ...experiments import Comparison, FitExperiment, FitResult, label_of_possible
from .._fit_results import fit_document
from .._section import Compared, Figure, Rows, Runs, Section, section_of

_LOSSES = {"loss_total": "loss", "loss_f": "value_loss", "loss_df": "derivative_loss"}
_Y_LABELS = {
    "loss": "loss",
    "value_loss": "mean square error of $f$",
    "derivative_loss": "mean square error of $f'$",
}
#: Of curves.csv.
CURVE_COLUMNS = ("network", "x", "f", "fitted_f", "df", "fitted_df")
_QUANTITIES = {"runge_fit_f": "value", "runge_fit_df": "derivative"}


@section_of.register
def section_of_fit(study: FitExperiment, runs: Runs) -> Section:
    """Report one fit, with the results of all its seeds."""
    compared = _compared(study.name, runs)
    first = compared.measured[0]
    return Section(
        document=fit_document(*compared),
        csv_files={"history.csv": _history_rows(first), **_curves({study.name: compared})},
        figures=_figures({study.name: first}),
        compared={study.name: compared},
    )


@section_of.register
def section_of_comparison(study: Comparison, runs: Runs) -> Section:
    """Report fits side by side."""
    compared = {label: _compared(label, runs) for label in study.networks}
    firsts = {label: both.measured[0] for label, both in compared.items()}
    return Section(
        document={"fits": {label: fit_document(*both) for label, both in compared.items()}},
        csv_files={"history.csv": _history_rows_of_several(firsts), **_curves(compared)},
        figures=_figures(firsts),
        compared={f"{study.name}: {label}": both for label, both in compared.items()},
    )


def _compared(label: str, runs: Runs) -> Compared:
    """Put a fit and the one beside it together."""
    return Compared(runs[label], runs.get(label_of_possible(label), []))


def _figures(results: Mapping[str, FitResult]) -> dict[str, Figure]:
    """Name the fits and losses of one experiment: a single network, or several side by side.

    A fit of several inputs or outputs has no curve; its losses are drawn all the same.
    """
    first = next(iter(results.values()))
    curves: dict[str, Figure] = {
        f"{name}.png": partial(_draw_fit, results, quantity)
        for name, quantity in _QUANTITIES.items()
        if _is_curve(first, quantity)
    }
    return curves | {f"{name}.png": partial(_draw_loss, results, loss) for name, loss in _LOSSES.items()}


def _history_rows(result: FitResult) -> tuple[list[str], list[tuple[object, ...]]]:
    """List the epochs of a fit, as a header and rows."""
    columns = [column.tolist() for column in result.history.values()]
    return ["epoch", *result.history], list(zip(range(result.history.n_epochs), *columns, strict=True))


def _history_rows_of_several(results: Mapping[str, FitResult]) -> Rows:
    """Put the histories of several networks below each other."""
    tables = {label: _history_rows(one) for label, one in results.items()}
    header = next(iter(tables.values()))[0]
    return ["network", *header], [(label, *row) for label, (_, rows) in tables.items() for row in rows]


def _curves(compared: Mapping[str, Compared]) -> dict[str, Rows]:
    """List what the figures draw of functions of one input: true and fitted curves of the first seed.

    A possible fit stands after the one that it is beside.
    """
    firsts = [
        (label, results[0])
        for name, both in compared.items()
        for label, results in ((name, both.measured), (label_of_possible(name), both.possible))
        if results and all(_is_curve(results[0], quantity) for quantity in _QUANTITIES.values())
    ]
    rows = [(label, *row) for label, one in firsts for row in _curve_rows(one)]
    return {"curves.csv": (CURVE_COLUMNS, rows)} if rows else {}


def _curve_rows(result: FitResult) -> Iterator[tuple[float, ...]]:
    dense = result.samples[result.dense_points]
    assert dense.Y is not None
    assert dense.dYdX is not None
    value, slope = result.model.predict_with_jacobian(dense.X)
    columns = (dense.X, dense.Y, value, dense.dYdX, slope)
    return zip(*(np.asarray(column, dtype=np.float64).ravel().tolist() for column in columns), strict=True)


def _is_curve(result: FitResult, quantity: str) -> bool:
    samples = result.samples[result.dense_points]
    true = samples.Y if quantity == "value" else samples.dYdX
    return (
        true is not None
        and len(samples.X) > 1
        and result.model.n_inputs == result.model.n_outputs == 1
        and bool(np.isfinite(true).all())
    )


def _draw_fit(results: Mapping[str, FitResult], quantity: str) -> object:
    # Networks that are compared have the same task, so the samples of one are those of all.
    first = next(iter(results.values()))
    dense, train = first.samples[first.dense_points], first.samples["train"]
    of_value = quantity == "value"
    predicted: dict[str, Any] = {
        label: one.model.predict(dense.X) if of_value else one.model.jacobian(dense.X)
        for label, one in results.items()
    }
    true = dense.Y if of_value else dense.dYdX
    assert true is not None
    trained = first.experiment.value_trained if of_value else first.experiment.derivative_trained
    title = _title(results)
    if not trained:
        title += (
            "\n$f$ from its derivative alone, up to a constant: the mean residual"
            if of_value
            else "\n$f'$ of a network that was trained on $f$ alone"
        )
    return plotting.plot_fit(
        dense.X,
        true,
        predicted if len(predicted) > 1 else next(iter(predicted.values())),
        x_train=train.X,
        # Where the quantity was not trained, only the places of the training points are shown.
        y_train=(train.Y if of_value else train.dYdX) if trained else None,
        symbol="f" if of_value else "f'",
        title=title,
    )


def _draw_loss(results: Mapping[str, FitResult], loss: str) -> object:
    experiment = next(iter(results.values())).experiment
    title = _title(results)
    if loss == "value_loss" and not experiment.value_trained:
        title += "\nmeasured, not trained: the constant of $f$ is free"
    if loss == "derivative_loss" and not experiment.derivative_trained:
        title += "\nmeasured, not trained"
    histories = {label: one.history for label, one in results.items()}
    return plotting.plot_loss(
        histories if len(histories) > 1 else next(iter(histories.values())),
        loss,
        y_label=_Y_LABELS[loss],
        title=title,
    )


def _title(results: Mapping[str, FitResult]) -> str:
    """Name the fit: what the networks that are compared have in common."""
    first = next(iter(results.values()))
    words = ["-".join(map(str, first.model.layer_sizes))]
    if len(results) == 1:
        words.append(first.model.activation)
    words += [f"{len(first.history['loss'])} epochs", f"seed {first.seed}"]
    return f"{' and '.join(results)}: {', '.join(words)}"
