"""Networks in stages: a sum, as one map."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from .._c_code import Coded
from .._claims import Claim
from .._files import Container, write_container
from .._files.fields import list_of, object_of, of
from .._network_sum import NetworkSum, Term
from .mlp import MLP
from .normalization import Normalization, identity
from .tensors import (
    Shapes,
    check_tensors,
    has_scales,
    normalization_of,
    normalization_tensors,
    scale_shapes,
)

Array = NDArray[np.float64]
Self = TypeVar("Self", bound="Stages")

MOST_STAGES = 64
#: What every stage is besides its sizes and its activation: the stages together have one normalization.
STAGE: dict[str, Any] = {"output_activation": "identity", "dtype": "float64", "normalize": False}
_STAGE_PREFIX = "stage."


class Stages(Coded):
    r"""A sum of perceptrons :math:`f_1(x) + s_2 f_2(x) + \ldots`: what `StagedMLP` is once it is fitted."""

    #: What a file of such a model is called in its metadata.
    FILE_KIND: ClassVar[str] = "jetmlp.StagedMLP"

    _seed: int
    _stages: tuple[MLP, ...]
    _scales: Array
    _normalization: Normalization | None

    def __init__(self) -> None:
        self._claim = Claim()  # held by what fits it

    def _set(self, stages: tuple[MLP, ...], scales: Array, normalization: Normalization | None) -> None:
        self._stages, self._scales, self._normalization = stages, scales, normalization

    @property
    def stages(self) -> tuple[MLP, ...]:
        """The network of each stage, of float64."""
        return self._stages

    @property
    def scales(self) -> Array:
        """What the standardised outputs of each stage are multiplied by, (n_stages, m); 0 before a fit."""
        return self._scales.copy()

    @property
    def n_inputs(self) -> int:
        """Number of inputs, d."""
        return self._stages[0].n_inputs

    @property
    def n_outputs(self) -> int:
        """Number of outputs, m."""
        return self._stages[0].n_outputs

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases of all stages."""
        return sum(stage.n_parameters for stage in self._stages)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the parameters and results: float64."""
        return self._stages[0].dtype

    @property
    def normalization(self) -> Normalization | None:
        """What stands between the data and all stages; None before a fit."""
        return self._normalization

    def predict(self, X: ArrayLike, *, n_threads: int | None = None) -> Array:
        """Compute the values at `X` (n, d): (n, m), as `MLP.predict`."""
        inputs = self._as_inputs(X)
        terms = [stage.predict(inputs, n_threads=n_threads) for stage in self._stages]
        values = np.asarray(sum(s * term for s, term in zip(self._scales, terms, strict=True)))
        return values if self._normalization is None else self._normalization.values(values)

    __call__ = predict

    def jacobian(self, X: ArrayLike, *, n_threads: int | None = None) -> Array:
        """Compute the derivatives by the inputs at `X` (n, d): (n, m, d), as `MLP.jacobian`."""
        return self.predict_with_jacobian(X, n_threads=n_threads)[1]

    def predict_with_jacobian(self, X: ArrayLike, *, n_threads: int | None = None) -> tuple[Array, Array]:
        """Compute values and derivatives at `X` (n, d): (n, m) and (n, m, d)."""
        inputs = self._as_inputs(X)
        terms = [stage.predict_with_jacobian(inputs, n_threads=n_threads) for stage in self._stages]
        values = np.asarray(sum(s * value for s, (value, _) in zip(self._scales, terms, strict=True)))
        slopes = np.asarray(
            sum(s[:, np.newaxis] * slope for s, (_, slope) in zip(self._scales, terms, strict=True))
        )
        if self._normalization is None:
            return values, slopes
        return self._normalization.values(values), self._normalization.jacobian(slopes)

    def _as_inputs(self, X: ArrayLike) -> Array:
        """Check inputs and standardise them."""
        inputs = _checks.as_inputs("X", X, self.n_inputs, self.dtype)
        return inputs if self._normalization is None else self._normalization.inputs(inputs)

    def _network_sum(self) -> NetworkSum:
        """Return what the model is for other programs: a term for each stage."""
        units = self._normalization or identity(self.n_inputs, self.n_outputs)
        terms = []
        for stage, scale in zip(self._stages, self._scales, strict=True):
            [term] = stage._network_sum().terms
            terms.append(Term(units.x_mean, units.x_scale, term.layers, units.y_scale * scale))
        return NetworkSum(units.y_mean, tuple(terms))

    def copy(self: Self) -> Self:
        """Return an independent model with the same parameters."""
        return self._from_parts(
            [stage.copy() for stage in self._stages], self._scales, self._seed, self._normalization
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._from_parts, (self._stages, self._scales, self._seed, self._normalization)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one ``.safetensors`` file, which `jetmlp.load` reads back.

        Parameters
        ----------
        path : path
            Of the file; what stands there is replaced only once the new file is whole.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_container(path, self._container())

    def _container(self) -> Container:
        """Return what stands in a file."""
        tensors = {"scales": self._scales, **normalization_tensors(self._normalization)}
        for k, stage in enumerate(self._stages):
            tensors |= {f"{_prefix(k)}{name}": tensor for name, tensor in stage._tensors().items()}
        architectures = [stage._configuration() for stage in self._stages]
        description = {"architectures": architectures, "seed": self._seed}
        return Container(self.FILE_KIND, description, tensors)

    @classmethod
    def _from_parts(
        cls: type[Self],
        stages: Sequence[MLP],
        scales: Array,
        seed: int,
        normalization: Normalization | None,
    ) -> Self:
        """Build a model from what it is made of."""
        model = cls.__new__(cls)
        Stages.__init__(model)
        model._seed = seed
        model._set(tuple(stages), np.array(scales, dtype=np.float64), normalization)
        return model

    @classmethod
    def _from_container(cls: type[Self], container: Container) -> Self:
        """Build a model from what `_container` gave; a ``TypeError`` or ``ValueError`` if it is not that."""
        description = object_of(container.description, "description", ("architectures", "seed"))
        architectures = list_of(description["architectures"], "architectures", MOST_STAGES)
        sizes = as_stage_sizes(_sizes(entry, k) for k, entry in enumerate(architectures))
        seed = as_stage_seed(description["seed"], len(sizes))
        left: dict[str, Any] = {}
        of_stages: list[dict[str, Any]] = [{} for _ in sizes]
        by_number = {str(k): tensors for k, tensors in enumerate(of_stages)}
        for name, tensor in container.tensors.items():
            of_stage, _, rest = name.removeprefix(_STAGE_PREFIX).partition(".")
            if name.startswith(_STAGE_PREFIX) and rest and of_stage in by_number:
                by_number[of_stage][rest] = tensor
            else:
                left[name] = tensor
        d, m = sizes[0][0], sizes[0][-1]
        shapes: Shapes = {"scales": (len(sizes), m)}
        if has_scales(left):
            shapes |= scale_shapes(d, m)
        check_tensors(left, shapes, dict.fromkeys(shapes, np.dtype(np.float64)))
        _checks.check_finite("scales", left["scales"])
        stages = []
        for k, (architecture, tensors) in enumerate(zip(architectures, of_stages, strict=True)):
            expected = {**STAGE, "activation": architectures[0]["activation"]}
            for key, value in expected.items():
                if architecture[key] != value:
                    where = f"architectures[{k}].{key}"
                    raise ValueError(
                        f"{where}: expected {value!r}, as of every stage, got {architecture[key]!r}"
                    )
            with of(f"stage.{k}"):
                stages.append(MLP._from_tensors(architecture, tensors))
        return cls._from_parts(stages, left["scales"], seed, normalization_of(left))

    def __repr__(self) -> str:
        sizes = " + ".join("-".join(map(str, stage.layer_sizes)) for stage in self._stages)
        activation = self._stages[0].activation
        return f"{type(self).__name__}({sizes}, activation={activation!r}, {self.n_parameters} parameters)"


def as_stage_sizes(layer_sizes: Iterable[Iterable[int]]) -> list[tuple[int, ...]]:
    """Take the layer sizes of stages: the same inputs and outputs in all."""
    if not isinstance(layer_sizes, Iterable) or isinstance(layer_sizes, (str, bytes)):
        raise TypeError(f"layer_sizes: expected a sequence for each stage, got {layer_sizes!r}")
    layer_sizes = list(islice(layer_sizes, MOST_STAGES + 1))
    if layer_sizes and not any(isinstance(stage, Iterable) for stage in layer_sizes):
        raise TypeError(
            f"layer_sizes: expected a sequence for each stage, got numbers {layer_sizes!r}; "
            f"two stages of these are [{layer_sizes!r}, {layer_sizes!r}]"
        )
    if len(layer_sizes) > MOST_STAGES:
        raise ValueError(f"layer_sizes: expected at most {MOST_STAGES} stages, got more")
    sizes = [_checks.as_layer_sizes(stage) for stage in layer_sizes]
    if not sizes:
        raise ValueError("layer_sizes: expected at least one stage, got none")
    if len({(stage[0], stage[-1]) for stage in sizes}) > 1:
        raise ValueError(f"layer_sizes: expected the same inputs and outputs in every stage, got {sizes}")
    n_layers = sum(len(stage) - 1 for stage in sizes)
    if n_layers > _checks.MOST_LAYERS:
        most = _checks.MOST_LAYERS
        raise ValueError(f"layer_sizes: expected at most {most} layers in all stages, got {n_layers}")
    return sizes


def as_stage_seed(seed: object, n_stages: int) -> int:
    """Take the seed of stages, of which stage k draws from seed + k."""
    return _checks.as_integer("seed", seed, 0, 2**64 - 1 - n_stages)


def _sizes(architecture: Any, stage: int) -> Any:  # noqa: ANN401  whatever the file says
    return object_of(architecture, f"architectures[{stage}]", ("layer_sizes", *STAGE, "activation"))[
        "layer_sizes"
    ]


def _prefix(stage: int) -> str:
    """Return what stands before the names of a stage's tensors in a file."""
    return f"{_STAGE_PREFIX}{stage}."
