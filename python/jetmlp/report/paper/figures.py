"""The figures of a report of `reproduce`, drawn from its files, with words for who cannot see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ... import plotting
from ...plotting._figure import panels
from .markup import DF, F, listed, number, text
from .picture import Picture
from .results import Array, FitFacts, Results

# Widths [inch]: two and two stand beside each other.
_FIT, _LOSS, _RATIOS, _SLOPES = 4.15, 2.4, 3.75, 2.75


def pictures(results: Results) -> dict[str, Picture]:
    """Return the figures that the results are enough for, by what they show."""
    return {picture.label: picture for picture in _pictures(results)}


def _pictures(results: Results) -> Iterator[Picture]:
    fits = list(results.fits.values())
    shown = next((fit for fit in fits if fit.name == "weighted-sobolev"), None) or next(
        (fit for fit in fits if fit.curves is not None), None
    )
    if shown is not None and shown.curves is not None:
        yield _fit(shown)
    if shown is not None and len(shown.history.get("loss", ())) > 1:
        yield _losses(shown)
    # One row says no more than the table.
    if sum(any(spread["ratio"] is not None for spread in fit.errors.values()) for fit in fits) > 1:
        yield _ratios(results)
    several = [fit for fit in fits if ": " in fit.name and fit.curves is not None]
    if len(several) > 1:
        yield _beside(several)


def _fit(fit: FitFacts) -> Picture:
    curves, beside = fit.curves, fit.possible_curves
    assert curves is not None
    fitted = {_optimizer(fit): curves}
    if beside is not None:
        fitted[_optimizer_of_possible(fit)] = beside

    def draw() -> object:
        with panels(None, (_FIT, 2.25), rows=2, columns=2, height_ratios=(1.5, 1.0), shared="x") as axes:
            for column, (name, symbol) in enumerate((("f", "f"), ("df", "f'"))):
                lines = {label: those[f"fitted_{name}"] for label, those in fitted.items()}
                plotting.plot_fit(
                    curves["x"], curves[name], lines, symbol=symbol, details=False, axes=axes[column::2]
                )
        return axes

    largest = "; ".join(
        f"of {label} {number(_largest(those, 'f'))} in the value and {number(_largest(those, 'df'))} in the "
        "slope"
        for label, those in fitted.items()
    )
    return Picture(
        "fit",
        draw,
        "Two columns of two panels. Above, the function and its derivative with the fitted curves on top "
        f"of them; below, the absolute errors on a logarithmic axis. The largest errors: {largest}.",
        f"{text(fit.name)}, seed {fit.fit['seed']}: {F} (left), {DF} (right), and the absolute errors on "
        f"{text(_dense(fit))} points below{' by both optimizers' * (beside is not None)}.",
        _FIT,
    )


def _beside(fits: list[FitFacts]) -> Picture:
    labels = {fit.name.partition(": ")[2]: fit.curves for fit in fits if fit.curves is not None}
    first = next(iter(labels.values()))

    def draw() -> object:
        with panels(None, (_SLOPES, 2.2), rows=2, height_ratios=(1.5, 1.0)) as axes:
            lines = {label: curves["fitted_df"] for label, curves in labels.items()}
            plotting.plot_fit(first["x"], first["df"], lines, symbol="f'", details=False, axes=axes)
        return axes

    largest = " and ".join(
        f"{number(_largest(curves, 'df'))} with {label}" for label, curves in labels.items()
    )
    names = listed(list(labels))
    return Picture(
        "relu",
        draw,
        f"Above, the derivative with the slopes of {names}; below, their absolute errors on a logarithmic "
        f"axis. The largest errors are {largest}.",
        f"{DF} fitted with {text(names)} to the same samples, seed {fits[0].fit['seed']}, and the errors.",
        _SLOPES,
    )


def _largest(curves: Mapping[str, Array], name: str) -> float:
    return float(np.max(np.abs(curves[f"fitted_{name}"] - curves[name])))


def _losses(fit: FitFacts) -> Picture:
    def draw() -> object:
        with panels(None, (_LOSS, 2.25)) as (axes,):
            plotting.plot_loss(fit.history, "loss", details=False, axes=axes)
        return axes

    first, last = float(fit.history["loss"][0]), float(fit.history["loss"][-1])
    return Picture(
        "loss",
        draw,
        f"The training loss falls from {number(first)} to {number(last)} over {len(fit.history['loss'])} "
        "epochs, on a logarithmic axis; the validation loss is drawn with it.",
        f"Loss of {text(fit.name)} on training and validation points, seed {fit.fit['seed']}: from "
        f"{number(first)} to {number(last)}.",
        _LOSS,
    )


def _ratios(results: Results) -> Picture:
    rows: dict[str, dict[str, list[float]]] = {}
    for name, fit in results.fits.items():
        for error, spread in fit.errors.items():
            if spread["published"] and spread["minimum"]:
                found = (spread[which] or 0.0 for which in ("minimum", "median", "maximum"))
                ratios = [one / spread["published"] for one in found]
                rows.setdefault(name, {})[_ERRORS[error]] = ratios
    medians = [middle for row in rows.values() for _, middle, _ in row.values()]
    several = any(fit.n_seeds > 1 for fit in results.fits.values())

    def draw() -> object:
        with panels(None, (_RATIOS, 0.6 + 1.6 * min(1.0, (1 + len(rows)) / 8))) as (axes,):
            plotting.plot_ratios(rows, x_label="measured error / published error", axes=axes)
        return axes

    return Picture(
        "ratios",
        draw,
        f"One row for each of {len(rows)} networks, with a dot for each published error at the median of "
        f"measured over published, on a line from the least to the greatest seed. Of {len(medians)} dots "
        f"{sum(middle <= 1 for middle in medians)} are not right of the line at 1; they lie between "
        f"{number(min(medians))} and {number(max(medians))}.",
        "Measured over published errors"
        + (": medians, and ranges over the seeds" if several else "")
        + ". Left of the line is better.",
        _RATIOS,
    )


_ERRORS = {
    "value_mse": "MSE $f$",
    "value_max": "max $f$",
    "derivative_mse": "MSE $f'$",
    "derivative_max": "max $f'$",
}


def _dense(fit: FitFacts) -> str:
    return str(list(fit.fit["over_seeds"])[-1])


def _optimizer(fit: FitFacts) -> str:
    optimizer = fit.configuration["optimizer"]
    return optimizer if isinstance(optimizer, str) else str(optimizer["kind"])


def _optimizer_of_possible(fit: FitFacts) -> str:
    assert fit.possible is not None
    return str(fit.possible["configuration"]["optimizer"]["kind"])
