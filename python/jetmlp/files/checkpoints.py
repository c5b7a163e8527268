"""Checkpoints: what is a file of a fit, who takes it, and where the fit stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._files import ModelFileError, read_container
from ..fitting.checkpoint import FILE_KIND as TRAINER
from ..fitting.staged import StagedMLP
from ..fitting.staged_checkpoint import FILE_KIND as STAGES
from ..fitting.trainer import Trainer
from ..surrogate.rounds import FILE_KIND as SEARCH
from ..surrogate.rounds import read_rounds

#: Who takes a file of each kind.
TAKERS = {
    TRAINER: "jetmlp.Trainer.resume(path)",
    STAGES: "jetmlp.StagedMLP.resume(path)",
    SEARCH: "jetmlp.Surrogate.resume(path)",
}


def described_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Say where the fit of a checkpoint stands; None if the file is none, or is damaged.

    Raises
    ------
    OSError
        If the file cannot be read.
    ModelFileError
        If it is one that nobody would take.
    """
    path = Path(path)
    try:
        kind = read_container(path, tuple(TAKERS)).kind
    except ModelFileError:
        return None
    described: dict[str, Any] = {"kind": "checkpoint", "resume": TAKERS[kind]}
    if kind == TRAINER:
        trainer = Trainer.resume(path)
        losses = {
            name: float(trainer.history[name][-1])
            for name in ("loss", "val_loss")
            if name in trainer.history and trainer.history.n_epochs > 0
        }
        call = trainer._pending
        return described | {
            "description": repr(trainer),
            "epochs": trainer.n_epochs,
            "epochs_of_fit": None if call is None else call.done,
            "epochs_asked": None if call is None else call.call.epochs,
            **losses,
        }
    if kind == STAGES:
        model = StagedMLP.resume(path)
        assert model._resumed is not None
        done = len(model._resumed.histories)
        return described | {"description": repr(model), "stages": done, "stages_asked": len(model.stages)}
    rounds = read_rounds(path)
    seconds = rounds.kept[-1].elapsed
    return described | {
        "description": "a search for a Surrogate",
        "rounds": len(rounds.kept),
        "seconds": seconds,
    }
