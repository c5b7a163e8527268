"""What `reproduce` wrote, read back: the only source of every number in a report of it."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...experiments import label_of_possible
from ..kinds.fits import CURVE_COLUMNS

Array = NDArray[np.float64]
Spread = Mapping[str, float | None]

_CURE = "run `jetmlp reproduce --out DIR` again, with this version"


@dataclass(frozen=True)
class FitFacts:
    """One network that was fitted, over all its seeds.

    Attributes
    ----------
    name : str
        As the tables have it.
    compared : dict
        Of summary.json: points, times, errors beside the published ones, and the same of the fit beside it.
    fit : dict
        Of metrics.json: configuration, parameters, errors on all points.
    curves, possible_curves : dict of str to ndarray, or None
        By the columns of curves.csv, those of the first seed; None for functions of several inputs.
    history : dict of str to ndarray
        Losses of every epoch, those of the first seed.
    """

    name: str
    compared: Mapping[str, Any]
    fit: Mapping[str, Any]
    curves: Mapping[str, Array] | None
    possible_curves: Mapping[str, Array] | None
    history: Mapping[str, Array]

    @property
    def configuration(self) -> Mapping[str, Any]:
        """What determines the fit."""
        return dict(self.fit["configuration"])

    @property
    def possible(self) -> Mapping[str, Any] | None:
        """The same as `compared` of the fit beside it, by the second-order optimizer."""
        return self.compared.get("possible")

    @property
    def n_seeds(self) -> int:
        """How many there are."""
        return len(self.compared["seeds"])

    @property
    def dense_errors(self) -> Mapping[str, Spread]:
        """The four errors on the many points."""
        errors: Mapping[str, Spread] = list(self.fit["over_seeds"].values())[-1]
        return errors

    @property
    def errors(self) -> Mapping[str, Spread]:
        """The four errors on the points of the published ones, with these."""
        errors: Mapping[str, Spread] = self.compared["errors"]
        return errors


@dataclass(frozen=True)
class Results:
    """Everything that a folder of `reproduce` says.

    Attributes
    ----------
    folder : Path
        Where it is.
    summary : dict
        Of summary.json.
    fits : dict of str to FitFacts
        By the name that the tables show.
    """

    folder: Path
    summary: Mapping[str, Any]
    fits: Mapping[str, FitFacts]

    def part(self, name: str) -> Mapping[str, Any] | None:
        """Return what the summary says of an experiment that is no fit, or None if it was not run."""
        return self.summary.get(name)


def read_results(folder: str | os.PathLike[str]) -> Results:
    """Read what `reproduce` wrote.

    Raises
    ------
    FileNotFoundError
        If the folder, or a file in it that its summary is about, is not there.
    ValueError
        If a file is not what `reproduce` writes.
    """
    place = Path(folder)
    summary = _json(place / "summary.json")
    if not isinstance(summary.get("fits"), dict) or "seed" not in summary:
        raise ValueError(f"folder: expected a summary.json of reproduce in {place}, got another one; {_CURE}")
    fits = {}
    for name, compared in summary["fits"].items():
        experiment, _, network = name.partition(": ")
        fits[name] = _fit(place / experiment, name, network or name, compared)
    return Results(place, summary, fits)


def _fit(folder: Path, name: str, network: str, compared: Mapping[str, Any]) -> FitFacts:
    metrics = _json(folder / "metrics.json")
    fit = metrics if network == name else metrics.get("fits", {}).get(network)
    if not isinstance(fit, dict) or "configuration" not in fit or "over_seeds" not in fit:
        raise ValueError(f"folder: expected {folder / 'metrics.json'} to describe {network}; {_CURE}")
    history = _columns(folder / "history.csv", network)
    one_input = fit["configuration"]["layer_sizes"][0] == fit["configuration"]["layer_sizes"][-1] == 1
    curves, beside = None, None
    if one_input and (fit["configuration"]["derivative"] is not None):
        curves = _columns(folder / "curves.csv", network)
        if set(curves) < set(CURVE_COLUMNS[1:]):
            raise ValueError(f"folder: expected {folder / 'curves.csv'} to have {network}; {_CURE}")
        beside = _columns(folder / "curves.csv", label_of_possible(network)) or None
    return FitFacts(name, compared, fit, curves, beside, history)


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(_text(path))
    except ValueError as error:
        raise ValueError(f"folder: expected JSON in {path}, got something else ({error}); {_CURE}") from error
    if not isinstance(document, dict):
        raise ValueError(f"folder: expected an object in {path}, got {type(document).__name__}; {_CURE}")
    return document


def _columns(path: Path, network: str) -> dict[str, Array]:
    """Return the columns of numbers of a CSV file; where it has several networks, those of one."""
    rows = list(csv.DictReader(_text(path).splitlines()))
    chosen = [row for row in rows if row.pop("network", network) == network]
    try:
        return {name: np.array([float(row[name] or "nan") for row in chosen]) for name in (chosen or [{}])[0]}
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"folder: expected numbers in {path}, got something else ({error}); {_CURE}"
        ) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FileNotFoundError(
            error.errno, f"folder: expected {path.name}, which reproduce writes; {_CURE}", str(path)
        ) from error
