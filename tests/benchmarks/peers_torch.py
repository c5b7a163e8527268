"""PyTorch, eager: the loop of its tutorials, with a fused Adam and derivatives by `torch.autograd.grad`."""

from __future__ import annotations

import time
from itertools import pairwise

import torch
from workload import Outcome, Run, Samples, Workload

ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}
Tensors = tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]


def prepare(workload: Workload, processors: int) -> Run:
    """Train for the epochs of the workload, with a validation after each."""
    torch.set_num_threads(processors)
    train = _tensors(workload.train)
    validation = None if workload.validation is None else _tensors(workload.validation)
    n = len(train[0])
    size = workload.batch_size or n

    def losses_of(model: torch.nn.Module, samples: Tensors, *, train: bool) -> torch.Tensor:
        X, Y, dYdX = samples
        total = torch.zeros(())
        if dYdX is not None:
            X = X.detach().requires_grad_()
        values = model(X)
        if Y is not None:
            total = total + workload.value_weight * torch.nn.functional.mse_loss(values, Y)
        if dYdX is not None:
            (slopes,) = torch.autograd.grad(values.sum(), X, create_graph=train)  # of one output
            total = total + workload.derivative_weight * torch.nn.functional.mse_loss(slopes, dYdX[:, 0, :])
        return total

    def run() -> Outcome:
        torch.manual_seed(workload.seed)
        model = _model(workload)
        optimizer = torch.optim.Adam(model.parameters(), lr=workload.learning_rate, fused=True)
        losses = []
        start = time.perf_counter()
        for _ in range(workload.epochs):
            order = torch.randperm(n) if size < n else None
            total = 0.0
            for first in range(0, n, size):
                batch = train if order is None else _take(train, order[first : first + size])
                optimizer.zero_grad(set_to_none=True)
                loss = losses_of(model, batch, train=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                total += loss.item() * len(batch[0]) / n
            losses.append(total)
            if validation is not None:
                with torch.set_grad_enabled(validation[2] is not None):
                    losses_of(model, validation, train=False).item()
        return Outcome(time.perf_counter() - start, losses)

    return run


def _model(workload: Workload) -> torch.nn.Module:
    modules: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(workload.layer_sizes):
        modules += [torch.nn.Linear(n_in, n_out), ACTIVATIONS[workload.activation]()]
    model = torch.nn.Sequential(*modules[:-1])
    linear = [module for module in model if isinstance(module, torch.nn.Linear)]
    with torch.no_grad():
        for layer, (W, b) in zip(linear, workload.layers, strict=True):
            layer.weight.copy_(torch.from_numpy(W))
            layer.bias.copy_(torch.from_numpy(b))
    return model


def _tensors(samples: Samples) -> Tensors:
    X, Y, dYdX = samples
    return (
        torch.from_numpy(X),
        None if Y is None else torch.from_numpy(Y),
        None if dYdX is None else torch.from_numpy(dYdX),
    )


def _take(samples: Tensors, rows: torch.Tensor) -> Tensors:
    X, Y, dYdX = samples
    return X[rows], None if Y is None else Y[rows], None if dYdX is None else dYdX[rows]
