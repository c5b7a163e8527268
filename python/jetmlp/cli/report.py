"""``jetmlp report``: something to hand in, from what `reproduce` wrote or from a surrogate."""

from __future__ import annotations

from pathlib import Path

import click

from .. import report as reports
from ..surrogate.surrogate import Surrogate
from .arguments import SETTINGS, examples, file
from .console import EXIT_FAILED, EXIT_OK, EXIT_USAGE, CommandError, say
from .files import load_model
from .libraries import expect_figures


@click.command(
    **SETTINGS,
    short_help="a report to hand in: a PDF, and a page for a browser",
    epilog=examples(
        "jetmlp report results",
        "jetmlp report model.safetensors --out report",
        'jetmlp report model.safetensors --x "width [mm],load [N]" --y stress',
    ),
)
@click.argument("source", metavar="FOLDER|MODEL", type=file)
@click.option(
    "--out", metavar="DIR", type=file, help="where to write (default: FOLDER itself; of a MODEL, report)"
)
@click.option("--x", metavar="NAMES", help="what the inputs of a MODEL are called, as a,b,c")
@click.option("--y", metavar="NAMES", help="what its outputs are called")
@click.option("--title", metavar="TEXT", help="of the report")
def report(source: Path, out: Path | None, x: str | None, y: str | None, title: str | None) -> int:
    """Write report.pdf, report.html and report-source, which has the text and the figures to go on writing.

    From the FOLDER that reproduce wrote: the experiments beside what was published. From a MODEL that is a
    surrogate, which has its samples: how good it is, what matters, how to use it.
    """
    expect_figures()
    try:
        if source.is_dir():
            if x or y:
                raise CommandError("--x, --y: expected only with a MODEL, got a FOLDER", EXIT_USAGE)
            written = reports.write_report(source, out, title=title)
        else:
            model = load_model(source)
            if not isinstance(model, Surrogate):
                kind = type(model).__name__
                raise CommandError(
                    f"MODEL: expected a surrogate, which keeps its samples, got {kind}", EXIT_USAGE
                )
            written = reports.report_surrogate(
                model,
                out or Path("report"),
                input_names=_names(x),
                output_names=_names(y),
                title=title,
                file=source.name,
            )
    except (ImportError, TypeError, ValueError) as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    except FileNotFoundError as error:
        raise CommandError(f"{error.filename}: {error.strerror or error}", EXIT_USAGE) from None
    except OSError as error:
        where = error.filename or out or source
        raise CommandError(f"cannot write {where}: {error.strerror or error}", EXIT_FAILED) from None
    for path in written:
        say(str(path))
    return EXIT_OK


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",")]
