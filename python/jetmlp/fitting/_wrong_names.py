"""Arguments that users of other libraries try, and what to write instead."""

from __future__ import annotations

_RATE = "it is a setting of the optimizer: Trainer(model, jetmlp.Adam(learning_rate=1e-3))"
TRAINER_CURES = {
    "learning_rate": _RATE,
    "lr": _RATE,
    "weight_decay": "it is a setting of jetmlp.Adam, or l2 of the trainer",
    "epochs": "it is an argument of fit",
    "loss_weights": "value_weight and derivative_weight are its arguments",
}
FIT_CURES = {
    "batch_size": "it is an argument of the trainer: Trainer(model, jetmlp.Adam(), batch_size=32)",
    "learning_rate": _RATE,
    "lr": _RATE,
    "optimizer": "it is an argument of the trainer: Trainer(model, jetmlp.Adam())",
    "verbose": "progress=True shows a bar",
    "shuffle": "it is an argument of the trainer",
    "validation_split": "hold samples out, as in samples[:80] and validation_data=samples[80:]",
    "n_epochs": "it is called epochs",
    "y": "it is called Y",
    "x": "it is called X",
    "dydx": "it is called dYdX",
}
