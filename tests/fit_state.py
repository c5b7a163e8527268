"""All that a fit leaves behind."""

from __future__ import annotations

import jetmlp


def bytes_of(trainer: jetmlp.Trainer) -> dict[str, object]:
    losses = {name: column.tobytes() for name, column in trainer.history.items()}
    return {**losses, "parameters": trainer.model.parameters.tobytes(), "n_epochs": trainer.n_epochs}
