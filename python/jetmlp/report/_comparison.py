"""What was published, what was measured, and what is possible on the same samples: tables and document."""

from __future__ import annotations

from collections.abc import Mapping

from ..experiments import FitResult
from ._fit_results import compared_errors
from ._section import Compared, Document, spread
from ._table import Table, number

_ERROR_NAMES = {
    "value_mse": "MSE f",
    "value_max": "max f",
    "derivative_mse": "MSE f'",
    "derivative_max": "max f'",
}

_RATIO = "ratio: the error divided by the published one on the same points; below 1 is better."
_SCATTER = (
    "A single fit may lie ten times above or below the median, with any library: Adam at a constant rate "
    "never comes to rest, and its path depends chaotically on the start and on rounding, so that another "
    "seed, compiler or processor ends somewhere else. Only distributions over seeds can be compared."
)
_RELU = (
    "A network of ReLUs has no such fit: its slope is a staircase, which no optimizer mends, and its errors "
    "scatter over powers of ten."
)


def comparison_tables(fits: Mapping[str, Compared]) -> list[Table]:
    """Put published, measured and possible errors side by side; below each other the times."""
    return [_error_table(fits), _time_table(fits)]


def comparison_document(compared: Compared) -> Document:
    """Describe the same for one network."""
    document = _document(compared.measured)
    if not compared.possible:
        return {**document, "possible": None}
    possible = _document(compared.possible)
    possible["configuration"] = compared.possible[0].experiment.configuration()
    possible["cpu_time_ratio"] = _time_ratio(compared)
    return {**document, "possible": possible}


def _document(results: list[FitResult]) -> Document:
    return {
        "points": results[0].points,
        "seeds": [one.seed for one in results],
        "time_s": spread(one.time_s for one in results),
        "cpu_time_s": spread(one.cpu_time_s for one in results),
        "value_trained": results[0].experiment.value_trained,
        "derivative_trained": results[0].experiment.derivative_trained,
        "errors": compared_errors(results),
    }


def _error_table(fits: Mapping[str, Compared]) -> Table:
    n_seeds = max(len(both.measured) for both in fits.values())
    several = n_seeds > 1
    measured = ("median", "lowest", "highest") if several else ("measured",)
    with_possible = [both.possible for both in fits.values() if both.possible]
    columns = ("experiment", "error", "published", *measured, "ratio", *["possible"] * bool(with_possible))
    rows: list[tuple[str, ...]] = []
    for name, both in fits.items():
        # The name stands in the first row of an experiment, the points in the second.
        heads = [name, f"  on {both.measured[0].points}"]
        has_published = both.measured[0].experiment.published is not None
        possible = compared_errors(both.possible) if both.possible else {}
        for error, compared in compared_errors(both.measured).items():
            if compared["published" if has_published else "median"] is None:
                continue
            names = ("median", "minimum", "maximum") if several else ("median",)
            cells = [
                heads.pop(0) if heads else "",
                _ERROR_NAMES[error],
                number(compared["published"]),
                *(number(compared[one], "{:.1e}") for one in names),
                number(compared["ratio"], "{:.3g}"),
            ]
            if with_possible:
                cells.append(number(possible.get(error, {}).get("maximum"), "{:.1e}"))
            rows.append(tuple(cells))
    title = f"Published and measured: {n_seeds} seeds" if several else "Published and measured: one seed"
    return Table(title, columns, rows, n_left=2, notes=_notes(with_possible, fits, several=several))


def _notes(
    with_possible: list[list[FitResult]], fits: Mapping[str, Compared], *, several: bool
) -> tuple[str, ...]:
    of_median = " Here it is that of the median." if several else ""
    notes = [f"{_RATIO}{of_median} {_SCATTER}"]
    if with_possible:
        fit = with_possible[0][0].experiment
        sizes = "-".join(map(str, fit.layer_sizes))
        notes.append(
            f"possible: the same samples and weights of the loss, {type(fit.optimizer).__name__}, "
            f"{fit.epochs} steps, {sizes}, {fit.dtype}, normalized, the same for every experiment"
            + ("; the worst of the seeds." if several else ".")
        )
        if any(
            not both.possible and both.measured[0].experiment.activation == "relu" for both in fits.values()
        ):
            notes[-1] += f" {_RELU}"
    return tuple(notes)


def _time_table(fits: Mapping[str, Compared]) -> Table:
    """Say how long one fit takes."""
    rows: list[tuple[str, ...]] = [
        (
            name,
            number(_time(both.measured), "{:.3f}"),
            number(_time(both.possible), "{:.3f}"),
            number(_time_ratio(both), "{:.2g}"),
        )
        for name, both in fits.items()
    ]
    return Table(
        "Time of one fit with its validation, CPU [s], median",
        ("experiment", "measured", "possible", "ratio"),
        rows,
    )


def _time(results: list[FitResult]) -> float | None:
    return spread(one.cpu_time_s for one in results)["median"]


def _time_ratio(compared: Compared) -> float | None:
    measured, possible = _time(compared.measured), _time(compared.possible)
    # A clock that stands still between two looks says nothing.
    return None if possible is None or not measured else possible / measured
