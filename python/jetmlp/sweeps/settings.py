"""The settings of a fit, told apart by their names: of the model, the trainer, the optimizer and the fit."""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass, fields, replace
from typing import Any

from .. import _checks
from ..data.samples import Samples, as_samples
from ..fitting.early_stopping import as_stopping_rule
from ..fitting.trainer import Trainer
from ..models.mlp import MLP
from ..optimizers.auto import AUTO
from ..optimizers.base import Optimizer
from ..optimizers.chain import Chain
from ..optimizers.describing import OPTIMIZERS
from .plain import plain
from .space import Combination


def _defaults(function: Any, *left_out: str) -> dict[str, Any]:  # noqa: ANN401  a constructor
    parameters = inspect.signature(function).parameters
    return {name: p.default for name, p in parameters.items() if name not in left_out}


#: By name, with their defaults: what a setting may be, besides `optimizer`, its settings and `seed`.
MODEL = _defaults(MLP, "seed")
TRAINER = _defaults(Trainer, "model", "optimizer", "n_threads", "seed")
FIT = {
    "epochs": inspect.Parameter.empty,
    "anchor": None,
    "patience": None,
    "min_delta": 0.0,
    "restore_best": False,
}
REQUIRED = ("layer_sizes", "epochs")
CURES = {
    "n_threads": "each run has one thread, and n_processes of sweep says how many run at once",
    "hidden": 'it is layer_sizes, with inputs and outputs: "layer_sizes": [[2, 32, 1]]',
    "hidden_layer_sizes": 'it is layer_sizes, with inputs and outputs: "layer_sizes": [[2, 32, 1]]',
    "lr": "it is called learning_rate",
    "random_state": "it is called seed",
    "validation_data": "it is an argument of sweep",
}


@dataclass(frozen=True)
class FitSettings:
    """All that determines a fit besides its samples: what was given, and the defaults of the rest."""

    model: dict[str, Any]
    trainer: dict[str, Any]
    optimizer: Optimizer | str
    fit: dict[str, Any]
    seed: int

    def new_trainer(self) -> Trainer:
        """Make a model and what fits it, on one thread."""
        model = MLP(**self.model, seed=self.seed)
        return Trainer(model, self.optimizer, **self.trainer, n_threads=1, seed=self.seed)

    def plain(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        found = {**self.model, **self.trainer, **self.fit, "optimizer": self.optimizer, "seed": self.seed}
        return {name: plain(name, value) for name, value in found.items()}


def settings_of(combination: Combination) -> FitSettings:
    """Tell the settings of a combination apart.

    Raises
    ------
    TypeError, ValueError
        If one is unknown, could be of two things, or is missing.
    """
    optimizer = combination.get("optimizer", AUTO)
    # A chain has settings through its links alone: epochs are those of the fit.
    has_own = isinstance(optimizer, Optimizer) and not isinstance(optimizer, Chain)
    own = {field.name for field in fields(optimizer)} if has_own else set()
    common = {*MODEL, *TRAINER, *FIT, "optimizer", "seed"}
    kind = type(optimizer).__name__
    of_optimizer: dict[str, Any] = {}
    for name, value in combination.items():
        if name in own and name in common:
            raise ValueError(
                f"{name}: expected a setting of one thing, but both the fit and {kind} have one; write "
                f"that of {kind} into the optimizers, as jetmlp.{kind}({name}=…)"
            )
        if name in own:
            of_optimizer[name] = value
        elif name not in common:
            raise TypeError(f"{name}: no such setting{_cure(name, optimizer, sorted(common | own))}")
    for name in REQUIRED:
        if name not in combination:
            raise TypeError(f"{name}: expected among the settings of the space, got {', '.join(combination)}")
    if of_optimizer:
        optimizer = replace(optimizer, **of_optimizer)
    return FitSettings(
        {name: combination.get(name, default) for name, default in MODEL.items()},
        {name: combination.get(name, default) for name, default in TRAINER.items()},
        optimizer,
        {name: combination.get(name, default) for name, default in FIT.items()},
        _checks.as_seed(combination.get("seed", 0)),
    )


def check(settings: FitSettings, samples: Samples) -> None:
    """Raise what the fit would raise before its first epoch, as far as its settings alone say it."""
    trainer = settings.new_trainer()
    model, fit = trainer.model, settings.fit
    as_samples(samples, sizes=(model.n_inputs, model.n_outputs))
    _checks.as_integer("epochs", fit["epochs"], 0, 2**31)
    as_stopping_rule(fit["patience"], fit["min_delta"], fit["restore_best"], validated=True)


def _cure(name: str, optimizer: object, known: list[str]) -> str:
    if name in CURES:
        return f"; {CURES[name]}"
    whose = [kind for kind, of in OPTIMIZERS.items() if name in {field.name for field in fields(of)}]
    if whose:
        of = f"{optimizer!r}" if isinstance(optimizer, str) else type(optimizer).__name__
        return (
            f" of {of}; it is one of {', '.join(sorted(whose))}: write it into the optimizers, or give a "
            "sequence of spaces, each with the settings that belong together"
        )
    close = difflib.get_close_matches(name.lower(), known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
