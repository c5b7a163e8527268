"""The figures of a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import plotting
from .._files import replacing
from ..experiments import AblationResult, FitResult, GradientCheck, MonomialsResult

_LOSSES = {"loss_total": "loss", "loss_f": "value_loss", "loss_df": "derivative_loss"}
_Y_LABELS = {
    "loss": "loss",
    "value_loss": "mean square error of $f$",
    "derivative_loss": "mean square error of $f'$",
}
_QUANTITIES = {"runge_fit_f": "value", "runge_fit_df": "derivative"}


def draw_fits(folder: Path, results: Mapping[str, FitResult]) -> None:
    """Draw the fits and losses of one experiment: a single network, or several side by side.

    A fit of several inputs or outputs has no curve; its losses are drawn all the same.
    """
    for name, quantity in _QUANTITIES.items():
        if _is_curve(next(iter(results.values())), quantity):
            _draw_fit(folder / f"{name}.png", results, quantity)
    for name, loss in _LOSSES.items():
        _draw_loss(folder / f"{name}.png", results, loss)


def _is_curve(result: FitResult, quantity: str) -> bool:
    samples = result.samples[result.dense_points]
    true = samples.Y if quantity == "value" else samples.dYdX
    return (
        true is not None
        and len(samples.X) > 1
        and result.model.n_inputs == result.model.n_outputs == 1
        and bool(np.isfinite(true).all())
    )


def _draw_fit(path: Path, results: Mapping[str, FitResult], quantity: str) -> None:
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
    title = None
    if not trained:
        title = (
            "$f$ from its derivative alone, up to a constant: the mean residual"
            if of_value
            else "$f'$ of a network that was trained on $f$ alone"
        )
    axes = plotting.plot_fit(
        dense.X,
        true,
        predicted if len(predicted) > 1 else next(iter(predicted.values())),
        x_train=train.X,
        # Where the quantity was not trained, only the places of the training points are shown.
        y_train=(train.Y if of_value else train.dYdX) if trained else None,
        symbol="f" if of_value else "f'",
        title=title,
    )
    _save(axes, path)


def _draw_loss(path: Path, results: Mapping[str, FitResult], loss: str) -> None:
    experiment = next(iter(results.values())).experiment
    title = None
    if loss == "value_loss" and not experiment.value_trained:
        title = "measured, not trained: the constant of $f$ is free"
    if loss == "derivative_loss" and not experiment.derivative_trained:
        title = "measured, not trained"
    histories = {label: one.history for label, one in results.items()}
    axes = plotting.plot_loss(
        histories if len(histories) > 1 else next(iter(histories.values())),
        loss,
        y_label=_Y_LABELS[loss],
        title=title,
    )
    _save(axes, path)


def draw_gradient_check(folder: Path, name: str, check: GradientCheck) -> None:
    """Draw every component of a network's gradient along the diagonal."""
    d = check.model.n_inputs
    for k in range(d):
        one_input = d == 1
        axes = plotting.plot_gradient_check(
            check.t,
            check.step_by_step[:, k],
            check.jacobian[:, k],
            check.central[:, k],
            symbol="g" if one_input else f"g_{k + 1}",
            x_label="x" if one_input else "t",
            title=f"{name}" if one_input else f"{name}, on the diagonal $x = ({', '.join('t' * d)})$",
        )
        _save(axes, folder / (f"gradient_{name}.png" if one_input else f"gradient_{name}_x{k + 1}.png"))


def draw_ablation(folder: Path, result: AblationResult) -> None:
    """Draw the errors of all variants."""
    _save(plotting.plot_ablation(result.evaluations, baseline=result.baseline), folder / "ablation.png")


def draw_monomials(folder: Path, result: MonomialsResult) -> None:
    """Draw the errors of all powers against the width, of values and of derivatives."""
    for name, quantity, symbol in (("f", "value", "x^k"), ("df", "derivative", "k x^{k-1}")):
        axes = plotting.plot_monomials(
            result.widths,
            {
                points.replace("k points", "$k$ points"): errors[quantity]  # the power, not a thousand
                for points, errors in result.errors.items()
            },
            powers=result.powers,
            y_label=f"root mean square error of ${symbol}$",
        )
        _save(axes, folder / f"monomials_{name}.png")


def _save(axes: Any, path: Path) -> None:  # noqa: ANN401  what the plotting functions return
    with replacing(path) as temporary:
        plotting.save_figure(axes, temporary)
