"""The committed PyTorch runs of data/trajectory.npz; data/make_golden.py says what they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import Network

NAMES = ("runge_full_batch", "runge_mini_batch", "surface_mini_batch", "surface_weight_decay")


@dataclass(frozen=True)
class Trajectory:
    network: Network
    X: NDArray[Any]
    Y: NDArray[Any]
    dYdX: NDArray[Any]  # noqa: N815
    initial_parameters: NDArray[Any]
    orders: NDArray[Any]
    losses: NDArray[Any]
    final_parameters: NDArray[Any]
    epochs: int
    batch_size: int
    shuffle: bool
    learning_rate: float
    value_weight: float
    derivative_weight: float
    weight_decay: float
    seed: int
    init: str


def load(name: str) -> Trajectory:
    with np.load(Path(__file__).parent / "data" / "trajectory.npz") as file:
        arrays = {key.removeprefix(f"{name}/"): file[key] for key in file if key.startswith(f"{name}/")}
    settings = json.loads(str(arrays.pop("settings")))
    network = Network(
        tuple(settings.pop("layer_sizes")), settings.pop("activation"), settings.pop("output_activation")
    )
    for unused in ("n_samples", "versions"):
        del settings[unused]
    return Trajectory(network, **arrays, **settings)
