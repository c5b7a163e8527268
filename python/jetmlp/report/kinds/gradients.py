"""Report of the gradient of a network by its input, computed in three ways."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ... import plotting
from ...experiments import GradientCheck, InputGradient
from .._section import Document, Figure, Rows, Runs, Section, section_of
from .._table import Table, number


@section_of.register
def section_of_gradients(study: InputGradient, runs: Runs) -> Section:
    """Report the gradients of the first seed, and the largest differences of all."""
    checks: dict[str, GradientCheck] = {name: results[0] for name, results in runs.items()}
    differences = {name: _largest(results) for name, results in runs.items()}
    return Section(
        document=_document(study, checks, differences),
        csv_files={"gradients.csv": _rows(checks)},
        figures={file: draw for name, check in checks.items() for file, draw in _figures(name, check)},
        tables=[_table(differences)],
        summary=dict(differences),
    )


def _largest(checks: list[GradientCheck]) -> dict[str, float]:
    """Return the largest differences over the seeds."""
    return {name: max(check.differences[name] for check in checks) for name in checks[0].differences}


def _document(
    study: InputGradient, checks: Mapping[str, GradientCheck], differences: Mapping[str, Mapping[str, float]]
) -> Document:
    """Say how far the three gradients of each network are apart."""
    first = next(iter(checks.values()))
    return {
        "configuration": {
            "networks": [list(sizes) for sizes in study.networks],
            "activation": study.activation,
            "output_activation": study.activation,
            "init": "fan_in_uniform",
            "dtype": first.model.dtype.name,
            "n_points": study.n_points,
        },
        "seed": first.seed,
        "errors": differences,
    }


def _rows(checks: Mapping[str, GradientCheck]) -> Rows:
    """List all gradients, as a header and rows."""
    rows: list[list[object]] = [
        [name, k + 1, *map(float, numbers)]
        for name, check in checks.items()
        for k in range(check.model.n_inputs)
        for numbers in zip(
            check.t, check.step_by_step[:, k], check.jacobian[:, k], check.central[:, k], strict=True
        )
    ]
    return ["network", "input", "t", "step_by_step", "jacobian", "central_differences"], rows


def _table(differences: Mapping[str, Mapping[str, float]]) -> Table:
    """Say how far the three gradients of each network are apart."""
    rows: list[tuple[str, ...]] = [
        (
            name,
            number(largest["gradient_max"]),
            number(largest["jacobian_max"]),
            number(largest["central_differences_max"]),
        )
        for name, largest in differences.items()
    ]
    columns = (
        "network",
        "largest\ngradient",
        "jacobian -\nstep by step",
        "central differences -\nstep by step",
    )
    return Table("input-gradient: largest absolute differences", columns, rows)


def _figures(name: str, check: GradientCheck) -> list[tuple[str, Figure]]:
    """Name the figures of every component of a network's gradient."""
    d = check.model.n_inputs
    files = [f"gradient_{name}.png"] if d == 1 else [f"gradient_{name}_x{k + 1}.png" for k in range(d)]
    return [(file, partial(_draw, name, check, k)) for k, file in enumerate(files)]


def _draw(name: str, check: GradientCheck, k: int) -> object:
    """Draw one component along the diagonal."""
    d = check.model.n_inputs
    return plotting.plot_gradient_check(
        check.t,
        check.step_by_step[:, k],
        check.jacobian[:, k],
        check.central[:, k],
        symbol="g" if d == 1 else f"g_{k + 1}",
        x_label="x" if d == 1 else "t",
        title=name if d == 1 else f"{name}, on the diagonal $x = ({', '.join('t' * d)})$",
    )
