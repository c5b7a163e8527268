"""Write trajectory.npz: training runs of PyTorch that the library must follow step by step.

Run from the repository's root, with NumPy, mpmath and PyTorch installed:

    PYTHONPATH=tests python tests/data/make_golden.py

The committed file was made with Python 3.11, NumPy 2.4.6 and PyTorch 2.13.0+cpu, which are also stored in it.
The tests that read the file need no PyTorch.

Everything is float64 and every number a run starts from is stored: parameters, data, and the order of the
samples in each epoch, drawn from the library's own shuffling stream as `reference_random.py` writes it down.
PyTorch does what the library must match: forward pass, Jacobian by `torch.autograd.grad(create_graph=True)`,
`torch.nn.MSELoss` on the full arrays, the gradient through both, and `torch.optim.Adam` or,
with weight decay, `torch.optim.AdamW`.

For each case NAME the file holds NAME/settings (JSON), NAME/X, NAME/Y, NAME/dYdX, NAME/initial_parameters,
NAME/orders (epochs, n), NAME/losses (epochs, 3: loss, value_loss, derivative_loss, each the sample-weighted
mean of the batches' losses before their updates) and NAME/final_parameters.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reference import Network
from reference_random import DATA, Generator, initial_parameters
from reference_training import epoch_orders

Layers = list[tuple[torch.Tensor, torch.Tensor]]

ACTIVATIONS: dict[str, Any] = {
    "tanh": torch.tanh,
    "silu": torch.nn.functional.silu,
    "identity": lambda z: z,
}


@dataclass(frozen=True)
class Case:
    """One run: 200 full-batch steps, or 67 epochs of the batches 16, 16 and 8, which is 201 steps."""

    layer_sizes: tuple[int, ...]
    activation: str
    init: str
    epochs: int
    batch_size: int
    output_activation: str = "identity"
    n_samples: int = 40
    learning_rate: float = 1e-2
    value_weight: float = 2.0
    derivative_weight: float = 0.3
    weight_decay: float = 0.0
    seed: int = 20240607

    @property
    def shuffle(self) -> bool:
        return self.batch_size < self.n_samples


CASES = {
    "runge_full_batch": Case((1, 16, 16, 1), "tanh", "fan_in_uniform", epochs=200, batch_size=40),
    "runge_mini_batch": Case((1, 16, 16, 1), "tanh", "fan_in_uniform", epochs=67, batch_size=16),
    "surface_mini_batch": Case((3, 8, 8, 2), "silu", "glorot_uniform", epochs=67, batch_size=16),
    "surface_weight_decay": Case(
        (3, 8, 8, 2), "silu", "fan_in_uniform", epochs=67, batch_size=16, weight_decay=0.1
    ),
}


def runge_data(n: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """f(x) = 1 / (1 + 25 x^2) on equispaced points of [-1, 1]."""
    X = np.linspace(-1, 1, n)[:, None]
    Y = 1 / (1 + 25 * X**2)
    return X, Y, (-50 * X * Y**2)[:, :, None]


def surface_data(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Two functions of three variables, y0 = x1 sin x0 + x2^2 and y1 = exp(-x0^2) + x1 x2, on [-1, 1]^3."""
    X = 2 * Generator(seed, DATA, 0).uniform(3 * n).reshape(n, 3) - 1
    x0, x1, x2 = X.T
    Y = np.stack([x1 * np.sin(x0) + x2**2, np.exp(-(x0**2)) + x1 * x2], axis=-1)
    rows = [
        np.stack([x1 * np.cos(x0), np.sin(x0), 2 * x2], axis=-1),
        np.stack([-2 * x0 * np.exp(-(x0**2)), x2, x1], axis=-1),
    ]
    return X, Y, np.stack(rows, axis=1)


def trainable(array: NDArray[Any]) -> torch.Tensor:
    return torch.tensor(array, requires_grad=True)


def predict(case: Case, layers: Layers, X: torch.Tensor) -> torch.Tensor:
    a = X
    for index, (W, b) in enumerate(layers):
        name = case.output_activation if index == len(layers) - 1 else case.activation
        a = ACTIVATIONS[name](torch.nn.functional.linear(a, W, b))
    return a


def batch_losses(
    case: Case, layers: Layers, X: torch.Tensor, Y: torch.Tensor, dYdX: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    X = X.clone().requires_grad_(True)
    prediction = predict(case, layers, X)
    rows = [torch.autograd.grad(column.sum(), X, create_graph=True)[0] for column in prediction.unbind(dim=1)]
    mean_squared_error = torch.nn.MSELoss()
    value_loss = mean_squared_error(prediction, Y)
    derivative_loss = mean_squared_error(torch.stack(rows, dim=1), dYdX)
    loss = case.value_weight * value_loss + case.derivative_weight * derivative_loss
    return loss, value_loss, derivative_loss


def run(case: Case) -> dict[str, NDArray[Any]]:
    network = Network(case.layer_sizes, case.activation, case.output_activation)
    start = initial_parameters(network, case.init, case.seed)
    n = case.n_samples
    data = runge_data(n) if case.layer_sizes[0] == 1 else surface_data(n, case.seed)
    orders = np.tile(np.arange(n), (case.epochs, 1))
    if case.shuffle:
        orders = epoch_orders(case.seed, n, case.epochs)

    layers = [(trainable(W), trainable(b)) for W, b in network.layers(start)]
    tensors = [torch.from_numpy(array) for array in data]
    flat = [tensor for layer in layers for tensor in layer]
    optimizer = torch.optim.Adam(flat, lr=case.learning_rate)
    if case.weight_decay > 0:
        optimizer = torch.optim.AdamW(flat, lr=case.learning_rate, weight_decay=case.weight_decay)
    losses = np.zeros((case.epochs, 3))
    for epoch, order in enumerate(orders):
        for first in range(0, n, case.batch_size):
            batch = torch.from_numpy(order[first : first + case.batch_size])
            terms = batch_losses(case, layers, *(tensor[batch] for tensor in tensors))
            optimizer.zero_grad()
            torch.autograd.backward(terms[0])
            optimizer.step()
            losses[epoch] += np.array([term.item() for term in terms]) * len(batch) / n
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
    return {
        "settings": np.array(json.dumps({**asdict(case), "shuffle": case.shuffle, "versions": versions})),
        "X": data[0],
        "Y": data[1],
        "dYdX": data[2],
        "initial_parameters": start,
        "orders": orders.astype(np.uint8),
        "losses": losses,
        "final_parameters": np.concatenate([tensor.detach().numpy().ravel() for tensor in flat]),
    }


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    arrays = {f"{name}/{key}": array for name, case in CASES.items() for key, array in run(case).items()}
    np.savez_compressed(Path(__file__).with_name("trajectory.npz"), **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
