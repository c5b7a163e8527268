"""``jetmlp info``: what is installed, or what is in the file of a model."""

from __future__ import annotations

from pathlib import Path

import click

from .._core.info import info as installed
from .arguments import SETTINGS, examples, file, json_option
from .console import EXIT_OK, say, say_json
from .describing import described_model, say_checkpoint, say_model
from .files import load_model, read_checkpoint


@click.command(
    **SETTINGS,
    short_help="say what is installed, or what is in the file of a model",
    epilog=examples("jetmlp info", "jetmlp info model.safetensors", "jetmlp info model.safetensors --json"),
)
@click.argument("model", metavar="[MODEL]", type=file, required=False)
@json_option
def info(model: Path | None, as_json: bool) -> int:
    """Say version, instruction-set levels (at work, built, supported), compiler and Eigen.

    With the file of a MODEL: what it is, the names and ranges of its inputs and outputs as far as it
    knows them, and how good it is; of a checkpoint, where the fit stands.
    """
    checkpoint = None if model is None else read_checkpoint(model)
    if checkpoint is not None:
        document = {"model": str(model), **checkpoint}
        if as_json:
            say_json(document)
        else:
            say_checkpoint(document)
        return EXIT_OK
    if model is not None:
        document = {"model": str(model), **described_model(load_model(model))}
        if as_json:
            say_json(document)
        else:
            say_model(document)
        return EXIT_OK
    found = installed()
    if as_json:
        say_json(dict(found))
        return EXIT_OK
    for name, value in found.items():
        say(f"{name + ':':<18}{', '.join(value) if isinstance(value, list) else value}")
    return EXIT_OK
