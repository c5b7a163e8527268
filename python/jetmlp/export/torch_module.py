"""Models as modules of PyTorch, and back."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from .._network_sum import NetworkSum, Term
from ..models.mlp import MLP
from ..models.normalization import Normalization
from .models import Exportable, network_sum
from .packages import needed
from .plain_chain import Activation, Dense, Step, network_of

_CURE = "pip install torch"
#: PyTorch takes softplus as straight from its threshold on, by default from 20, where it is off by 2e-9.
_STRAIGHT = 40.0


def to_torch(model: Exportable) -> Any:  # noqa: ANN401  a module, whose type is not ours
    """Return a model as a module of PyTorch, in the units of the data.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or list of them
        What to take over, as a copy; of a `Surrogate` and a list the mean.

    Returns
    -------
    torch.nn.Module
        From a tensor, or an array, (…, d) to a tensor (…, m) of float64. Means and scales are buffers, of
        float64; weights are parameters of the model's type, to be trained on. ``terms[k].network`` is a plain
        ``Sequential``. It can be kept and compiled as any other; reading one that was kept whole asks for
        jetmlp, its ``state_dict`` does not.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        If the model is none, or not fitted.
    ImportError
        If ``torch`` is missing.
    """
    needed("jetmlp.export.to_torch", "torch", _CURE)
    return _modules().SumOfNetworks(network_sum(model))


def from_torch(module: Any, *, normalization: Normalization | None = None) -> MLP:  # noqa: ANN401  as above
    """Return a chain of layers of PyTorch as a network that can be trained on.

    Parameters
    ----------
    module : torch.nn.Sequential
        ``Linear`` and ``Tanh``, ``ReLU``, ``Sigmoid``, ``Softplus``, ``SiLU``, ``GELU`` or ``Identity``, the
        same behind every hidden ``Linear``; or what `to_torch` gave of one network. All of float32 or all of
        float64.
    normalization : Normalization, optional
        The means and scales by which inputs and outputs were standardised outside of the module. Without them
        the network takes and gives what the module does, and is not normalized.

    Returns
    -------
    MLP
        Of the module's type; an independent copy. A ``Linear`` without a bias has one of 0.

    Raises
    ------
    TypeError, ValueError
        If the module is something else; the message names the layer.
    ImportError
        If ``torch`` is missing.
    """
    nn = needed("jetmlp.export.from_torch", "torch", _CURE).nn
    if isinstance(module, _modules().SumOfNetworks):
        if len(module.terms) != 1:
            raise ValueError(f"module: expected one network, got a sum of {len(module.terms)}")
        if normalization is not None:
            raise ValueError("normalization: expected none beside that of the module, got one")
        module, normalization = module.terms[0].network, module.normalization()
    if not isinstance(module, nn.Sequential):
        raise TypeError(
            "module: expected a torch.nn.Sequential of Linear and activations, or what to_torch gave, "
            f"got {type(module).__name__}"
        )
    steps, types = _steps(nn, module, "module")
    if len(types) != 1 or not types <= {"float32", "float64"}:
        raise ValueError(
            f"module: expected parameters of float32 or of float64, got {', '.join(sorted(types)) or 'none'}"
        )
    return network_of("module", steps, normalization, np.dtype(types.pop()))


def _steps(nn: Any, sequence: Any, called: str) -> tuple[list[Step], set[str]]:  # noqa: ANN401  as above
    """Read the layers of a sequence, and of those within it, and the types of their parameters."""
    steps: list[Step] = []
    types: set[str] = set()
    for place, layer in enumerate(sequence):
        name = f"{called}[{place}]"
        is_linear = isinstance(layer, nn.Linear)
        if is_linear and isinstance(layer.weight, nn.parameter.UninitializedTensorMixin):
            raise ValueError(f"{name}: expected a layer that has seen its inputs once, got {layer}")
        if layer._forward_hooks or layer._forward_pre_hooks:
            raise ValueError(f"{name}: expected a layer without hooks, got {layer}")
        if isinstance(layer, nn.Sequential):
            inner, more = _steps(nn, layer, name)
            steps, types = steps + inner, types | more
        elif is_linear:
            weights, bias = layer.weight, layer.bias
            types |= {str(part.dtype).removeprefix("torch.") for part in (weights, bias) if part is not None}
            W = weights.detach().cpu().double().numpy()
            steps.append(Dense(W, np.zeros(len(W)) if bias is None else bias.detach().cpu().double().numpy()))
        elif (activation := _activation(nn, layer)) is not None:
            if activation != "identity":
                steps.append(Activation(activation))
        else:
            raise ValueError(
                f"{name}: expected Linear, Tanh, ReLU, Sigmoid, Softplus(), SiLU, GELU() or Identity, "
                f"got {layer}"
            )
    return steps, types


def _activation(nn: Any, layer: Any) -> str | None:  # noqa: ANN401  as above
    """Return the name of an activation; None if it is none of ours."""
    if isinstance(layer, nn.Softplus):
        return "softplus" if layer.beta == 1 and layer.threshold >= 20 else None
    if isinstance(layer, nn.GELU):
        return "gelu" if layer.approximate == "none" else None
    kinds = {
        nn.Tanh: "tanh",
        nn.ReLU: "relu",
        nn.Sigmoid: "sigmoid",
        nn.SiLU: "silu",
        nn.Identity: "identity",
        _modules().Sine: "sin",
    }
    return kinds.get(type(layer))


@cache
def _modules() -> SimpleNamespace:
    """Make the modules; their bases are there only where PyTorch is."""
    torch = needed("jetmlp.export", "torch", _CURE)
    nn = torch.nn
    activations = {
        "tanh": nn.Tanh,
        "relu": nn.ReLU,
        "sigmoid": nn.Sigmoid,
        "softplus": lambda: nn.Softplus(threshold=_STRAIGHT),
        "silu": nn.SiLU,
        "gelu": nn.GELU,
        "sin": lambda: Sine(),
    }

    class Sine(nn.Module):  # type: ignore[name-defined,misc]
        """sin z."""

        def forward(self, z: Any) -> Any:  # noqa: ANN401  a tensor
            return torch.sin(z)

    class ScaledNetwork(nn.Module):  # type: ignore[name-defined,misc]
        """f ⊙ N((x − x̄) / s)."""

        def __init__(self, term: Term) -> None:
            super().__init__()
            for name in ("x_mean", "x_scale", "factor"):
                self.register_buffer(name, torch.tensor(getattr(term, name)))
            parts: list[Any] = []
            for W, b, activation in term.layers:
                linear = nn.utils.skip_init(nn.Linear, W.shape[1], W.shape[0])
                linear.weight = nn.Parameter(torch.tensor(W))
                linear.bias = nn.Parameter(torch.tensor(b))
                parts.append(linear)
                if activation != "identity":
                    parts.append(activations[activation]())
            self.network = nn.Sequential(*parts)

        def forward(self, x: Any) -> Any:  # noqa: ANN401  a tensor
            a = ((x - self.x_mean) / self.x_scale).to(self.network[0].weight.dtype)
            return self.factor * self.network(a).to(self.factor.dtype)

    class SumOfNetworks(nn.Module):  # type: ignore[name-defined,misc]
        """ȳ and what each network adds."""

        def __init__(self, total: NetworkSum) -> None:
            super().__init__()
            self.register_buffer("offset", torch.tensor(total.offset))
            self.terms = nn.ModuleList(ScaledNetwork(term) for term in total.terms)

        def forward(self, x: Any) -> Any:  # noqa: ANN401  a tensor
            x = torch.as_tensor(x, dtype=self.offset.dtype, device=self.offset.device)
            y = self.offset
            for term in self.terms:
                y = y + term(x)
            return y

        def normalization(self) -> Normalization | None:
            """Means and scales of one network; None if they change nothing."""
            [term] = self.terms
            buffers = (term.x_mean, term.x_scale, self.offset, term.factor)
            arrays = [buffer.cpu().double().numpy() for buffer in buffers]
            if all((array == number).all() for array, number in zip(arrays, (0, 1, 0, 1), strict=True)):
                return None
            return Normalization(*arrays)

    made = (Sine, ScaledNetwork, SumOfNetworks)
    for kind in made:
        kind.__qualname__ = kind.__name__  # so that pickle finds it in this module, see below
    return SimpleNamespace(**{kind.__name__: kind for kind in made})


def __getattr__(name: str) -> Any:  # noqa: ANN401  a class
    """Find a module's class, as pickle asks for it by its name."""
    if name in ("Sine", "ScaledNetwork", "SumOfNetworks"):
        return getattr(_modules(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
