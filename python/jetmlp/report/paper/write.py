"""Write the report of a folder of `reproduce`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .._files import prepared
from .explore import HELP, Panel, explorer, head
from .figures import pictures
from .needed import expect_installed
from .publish import Figure, Paper, Published, publish
from .reproduction import TITLE, about, body
from .results import Array, Results, read_results
from .study_figures import study_pictures


def write_report(
    folder: str | os.PathLike[str], out: str | os.PathLike[str] | None = None, *, title: str | None = None
) -> Published:
    """Write a report to hand in, from what `reproduce` wrote.

    Two pages to print (report.pdf), the same as one page for a browser that needs no network (report.html),
    and the text and figures to go on writing (report-source, for Typst). All numbers come from the files of
    the folder.

    Parameters
    ----------
    folder : path
        What was given to `reproduce` as `out`.
    out : path, optional
        Where to write; made if it is not there. Default: the folder itself.
    title : str, optional
        Of the report.

    Returns
    -------
    Published
        Where PDF, page and source are.

    Raises
    ------
    ImportError
        If a library that this needs is not installed.
    FileNotFoundError
        If the folder, or a file in it that its summary is about, is not there.
    ValueError
        If a file is not what `reproduce` writes.
    OSError
        If the report cannot be written.
    """
    expect_installed("jetmlp.report.write_report")
    results = read_results(folder)
    drawn = pictures(results) | study_pictures(results)
    explored = _explored(results)
    paper = Paper(
        title=title or TITLE,
        about=about(results),
        body=body(results, drawn),
        figures={name: Figure(one.draw, one.alt) for name, one in drawn.items()},
        interactive={"explore": explored} if explored else {},
        head=head() if explored else "",
    )
    place = results.folder if out is None else Path(out)
    with prepared(place):
        return publish(paper, place)


_PANELS = (
    Panel("The function", "x", "f", {"f": "true", "fitted_f": "measured", "possible_f": "possible"}),
    Panel(
        "Error of the function",
        "x",
        "absolute error",
        {"error_f": "measured", "possible_error_f": "possible"},
        logarithmic=True,
    ),
    Panel("Its derivative", "x", "f′", {"df": "true", "fitted_df": "measured", "possible_df": "possible"}),
    Panel(
        "Error of the derivative",
        "x",
        "absolute error",
        {"error_df": "measured", "possible_error_df": "possible"},
        logarithmic=True,
    ),
    Panel(
        "Loss",
        "epoch",
        "loss",
        {"loss": "training", "val_loss": "validation"},
        x="epoch",
        logarithmic=True,
        shared=False,
    ),
)


def _explored(results: Results) -> str:
    """Return the curves of every fit to look into; nothing where there is none."""
    choices: dict[str, dict[str, Array]] = {}
    for name, fit in results.fits.items():
        if fit.curves is None:
            continue
        columns = dict(fit.curves) | {
            column: fit.history[column] for column in ("epoch", "loss", "val_loss") if column in fit.history
        }
        for quantity in ("f", "df"):
            true, fitted = fit.curves[quantity], fit.curves[f"fitted_{quantity}"]
            columns[f"error_{quantity}"] = _drawable(fitted - true)
            if fit.possible_curves is not None:
                other = fit.possible_curves[f"fitted_{quantity}"]
                columns[f"possible_{quantity}"] = other
                columns[f"possible_error_{quantity}"] = _drawable(other - true)
        choices[name] = columns
    if not choices:
        return ""
    return explorer(
        "explore",
        "Every fit, to look into",
        f"Curves, errors and losses of seed {results.summary['seed']}. {HELP}",
        _PANELS,
        choices,
    )


def _drawable(errors: Array) -> Array:
    """Return sizes of errors; a logarithmic axis has no zero."""
    sizes = np.abs(errors)
    return np.where(sizes > 0.0, sizes, np.nan)
