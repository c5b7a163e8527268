"""What a network is made of: sizes, activations, type, normalization and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .. import _checks, _core
from .._c_code import Coded
from .._claims import Claim
from .._files.fields import object_of
from .._network_sum import Layer, NetworkSum, Term
from .._parts import copied, for_pickle, from_pickle, joined
from .evaluation import Evaluated
from .normalization import Normalization, as_normalization, identity
from .tensors import (
    Tensors,
    check_tensors,
    has_scales,
    normalization_of,
    normalization_tensors,
    parameter_shapes,
    scale_shapes,
)

Self = TypeVar("Self", bound="Network")

#: What the architecture of a file says: the arguments of `Network._configure`.
_CONFIGURATION = ("layer_sizes", "activation", "output_activation", "dtype", "normalize")


class Network(Coded, Evaluated):
    """The parts of a network; a part of `MLP`."""

    def _configure(
        self,
        layer_sizes: Iterable[int],
        activation: str,
        output_activation: str,
        dtype: DTypeLike,
        normalize: bool,
    ) -> None:
        """Check and keep everything but the parameters."""
        self._layer_sizes = _checks.as_layer_sizes(layer_sizes)
        self._activation = _checks.as_choice("activation", activation, _core.ACTIVATIONS)
        self._output_activation = _checks.as_choice("output_activation", output_activation, _core.ACTIVATIONS)
        self._dtype = _checks.as_dtype(dtype)
        self._architecture = _core.Architecture(self._layer_sizes, self._activation, self._output_activation)
        self._normalize = _checks.as_boolean("normalize", normalize)
        self._normalization: Normalization | None = None
        self._claim = Claim()  # held by what fits it

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Number of inputs, widths of the hidden layers, number of outputs."""
        return self._layer_sizes

    @property
    def n_inputs(self) -> int:
        """Number of inputs, d."""
        return self._layer_sizes[0]

    @property
    def n_outputs(self) -> int:
        """Number of outputs, m."""
        return self._layer_sizes[-1]

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return self._architecture.n_parameters

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the parameters and results."""
        return self._dtype

    @property
    def activation(self) -> str:
        """Activation of the hidden layers."""
        return self._activation

    @property
    def output_activation(self) -> str:
        """Activation of the output layer."""
        return self._output_activation

    @property
    def normalize(self) -> bool:
        """Whether the network works on standardised inputs and outputs."""
        return self._normalize

    @property
    def normalization(self) -> Normalization | None:
        """Means and scales of inputs and outputs; None until a fit has learned them, or without any."""
        return self._normalization

    @normalization.setter
    def normalization(self, value: Normalization) -> None:
        if not self._normalize:
            raise ValueError("normalization: expected a model made with normalize=True, got one without")
        normalization = as_normalization(value, self.n_inputs, self.n_outputs)
        self._expect_no_fit("normalization")
        self._normalization = normalization

    @property
    def parameters(self) -> NDArray[Any]:
        """All parameters, (n_parameters,): layer by layer W row by row, then b. A copy; assign to change."""
        return copied(self._parameters)

    @parameters.setter
    def parameters(self, value: ArrayLike) -> None:
        array = _checks.as_real_array("parameters", value, self._dtype)
        if array.shape != (self.n_parameters,):
            raise ValueError(f"parameters: expected shape ({self.n_parameters},), got {array.shape}")
        _checks.check_finite("parameters", array)
        self._expect_no_fit("parameters")
        # Never changed in place: what `weights` and `biases` gave out stays what it was.
        self._parameters = copied(array)

    def _network_sum(self) -> NetworkSum:
        """Return what the model is for other programs: one term."""
        d, m = self.n_inputs, self.n_outputs
        scales = self._normalization or identity(d, m)
        activations = [self._activation] * (len(self._layer_sizes) - 2) + [self._output_activation]
        layers = tuple(map(Layer, self.weights, self.biases, activations))
        return NetworkSum(scales.y_mean, (Term(scales.x_mean, scales.x_scale, layers, scales.y_scale),))

    def _expect_no_fit(self, name: str) -> None:
        if self._claim.held:
            raise RuntimeError(
                f"{name}: expected model.{name} to be left alone while the model is being fitted, which "
                "overwrites it; end the fit, as a callback does by returning True, and assign then"
            )

    @property
    def weights(self) -> list[NDArray[Any]]:
        """W of every layer, (n_out, n_in) each; read-only, assign `parameters` to change them."""
        return self._layers()[0]

    @property
    def biases(self) -> list[NDArray[Any]]:
        """Biases b of every layer, (n_out,) each; read-only, assign `parameters` to change them."""
        return self._layers()[1]

    def _layers(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        flat = self._parameters.view()
        flat.flags.writeable = False
        weights, biases = [], []
        sizes = zip(self._layer_sizes[:-1], self._layer_sizes[1:], strict=True)
        for (n_in, n_out), (at, bias_at) in zip(sizes, self._architecture.layer_offsets, strict=True):
            weights.append(flat[at:bias_at].reshape(n_out, n_in))
            biases.append(flat[bias_at : bias_at + n_out])
        return weights, biases

    def copy(self: Self) -> Self:
        """Return an independent model with the same parameters."""
        return type(self)._from_tensors(self._configuration(), self._tensors())

    def _configuration(self) -> dict[str, Any]:
        return {
            "layer_sizes": list(self._layer_sizes),
            "activation": self._activation,
            "output_activation": self._output_activation,
            "dtype": self._dtype.name,
            "normalize": self._normalize,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        tensors = {name: for_pickle(tensor) for name, tensor in self._tensors().items()}
        return type(self)._from_pickle, (self._configuration(), tensors)

    @classmethod
    def _from_pickle(cls: type[Self], configuration: Mapping[str, Any], tensors: Mapping[str, Any]) -> Self:
        return cls._from_tensors(
            configuration, {name: from_pickle(tensor) for name, tensor in tensors.items()}
        )

    def _tensors(self) -> dict[str, NDArray[Any]]:
        """Weights, biases and scales by the names that they have in a file."""
        layers = chain.from_iterable(zip(*self._layers(), strict=True))
        parameters = dict(zip(parameter_shapes(self._layer_sizes), layers, strict=True))
        return parameters | normalization_tensors(self._normalization)

    @classmethod
    def _from_tensors(cls: type[Self], configuration: Mapping[str, Any], tensors: Tensors) -> Self:
        """Build a model from what `_configuration` and `_tensors` gave, without drawing random numbers.

        Raises a ``TypeError`` or ``ValueError`` if the two do not belong together.
        """
        said = object_of(configuration, "architecture", _CONFIGURATION)
        # What there is, before anything of the sizes that are said: they may be those of no memory.
        sizes, dtype = _checks.as_layer_sizes(said["layer_sizes"]), _checks.as_dtype(said["dtype"])
        shapes = parameter_shapes(sizes)
        names, types = list(shapes), dict.fromkeys(shapes, dtype)
        if _checks.as_boolean("normalize", said["normalize"]) and has_scales(tensors):
            scales = scale_shapes(sizes[0], sizes[-1])
            shapes |= scales
            types |= dict.fromkeys(scales, np.dtype(np.float64))
        check_tensors(tensors, shapes, types)
        model = cls.__new__(cls)
        model._configure(**said)
        parameters = joined((tensors[name] for name in names), model.n_parameters, model._dtype)
        _checks.check_finite("parameters", parameters)
        model._parameters = parameters
        normalization = normalization_of(tensors)
        if normalization is not None:
            model.normalization = normalization
        return model
