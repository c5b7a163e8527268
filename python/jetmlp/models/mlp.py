"""Multilayer perceptrons with exact input derivatives."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .. import _checks, _core, _html
from .._cures import with_cures
from .._files import Container, write_container
from .._files.fields import object_of
from .._memory import require_memory
from .evaluation import Computation
from .higher_derivatives import HigherDerivatives
from .normalization import Normalization

_CURES = {
    "hidden": "layer_sizes has the hidden layers between inputs and outputs: MLP([2, 32, 32, 1])",
    "hidden_layer_sizes": "layer_sizes has the hidden layers between inputs and outputs: MLP([2, 32, 32, 1])",
    "learning_rate": "it is a setting of the optimizer: Trainer(model, jetmlp.Adam(learning_rate=1e-3))",
}


class MLP(HigherDerivatives):
    r"""A multilayer perceptron: :math:`a^{l} = \sigma(W^{l} a^{l-1} + b^{l})`.

    Values and input derivatives come out of one forward pass that carries both (a jet), so the
    derivatives are exact.

    Parameters
    ----------
    layer_sizes : sequence of int
        Number of inputs, widths of the hidden layers (none is fine), number of outputs; at most 1000 layers.
    activation : str, default "tanh"
        Of the hidden layers, one of ``jetmlp.info()["activations"]``. The slope of "relu" at 0 is taken
        as 0.
    output_activation : str, default "identity"
        Of the output layer, from the same list.
    dtype : {"float32", "float64"}, default "float64"
        Type of the parameters and of everything computed with them; losses are summed in float64, and what
        a normalized model gives back is float64 from the standardised result on.
    init : {"glorot_uniform", "fan_in_uniform", "he_normal", "lecun_normal"}, default "glorot_uniform"
        How the parameters start: uniform in ±√(6/(fan_in+fan_out)) with zero biases (Glorot and Bengio
        2010; the default of Keras), uniform in ±1/√fan_in for weights and biases (the default of
        PyTorch), normal of variance 2/fan_in with zero biases (He et al. 2015, made for ReLU), or of
        variance 1/fan_in with zero biases (LeCun et al. 1998).
    seed : int, default 0
        Of the starting parameters. A seed means the same network on every machine, in both types.
    normalize : bool, default True
        Whether the network works on standardised inputs and outputs. The first fit then learns mean and
        standard deviation of each (see `normalization`) and later ones keep them; what goes in and comes
        out, derivatives too, stays in the units of the data. `weights` and `biases` are those between the
        standardised quantities.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of its range; the message names it.

    Examples
    --------
    >>> import jetmlp
    >>> model = jetmlp.MLP([1, 64, 64, 1], seed=0)
    >>> model
    MLP(1-64-64-1, activation='tanh', output_activation='identity', dtype='float64', 4353 parameters)
    >>> model.predict([0.0, 0.5]).shape, model.jacobian([0.0, 0.5]).shape
    ((2, 1), (2, 1, 1))
    """

    #: What a file of such a model is called in its metadata.
    FILE_KIND: ClassVar[str] = "jetmlp.MLP"

    @with_cures(_CURES)
    def __init__(
        self,
        layer_sizes: Iterable[int],
        activation: str = "tanh",
        output_activation: str = "identity",
        dtype: DTypeLike = "float64",
        init: str = "glorot_uniform",
        seed: int = 0,
        *,
        normalize: bool = True,
    ) -> None:
        self._configure(layer_sizes, activation, output_activation, dtype, normalize)
        init = _checks.as_choice("init", init, _core.INITIALIZATIONS)
        seed = _checks.as_seed(seed)
        need = self.n_parameters * self._dtype.itemsize
        require_memory(f"layer_sizes of {self.n_parameters} parameters", need)
        if self._dtype == np.float32:
            self._parameters: NDArray[Any] = self._architecture.initial_parameters32(init, seed)
        else:
            self._parameters = self._architecture.initial_parameters64(init, seed)

    def predict(self, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        """Compute the values at `X`.

        Parameters
        ----------
        X : array_like, (n, d) or, with one input, (n,)
            Where to evaluate.
        n_threads : int, optional
            Most threads to share the rows; default one for each processor. The result is the same for any
            number.

        Returns
        -------
        ndarray, (n, m)
            Values, of the model's type; of a normalized model float64.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.

        Notes
        -----
        The result has two axes also with one output. Values ``y`` that are kept as (n,) must not be taken
        from it: NumPy makes an (n, n) array of ``model.predict(X) - y``, whose mean square says nothing.
        ``model.predict(X)[:, 0] - y`` is the error; the functions of `jetmlp.metrics` take either form.

        Examples
        --------
        >>> import numpy as np
        >>> import jetmlp
        >>> x, y = np.linspace(-1, 1, 5), np.zeros(5)
        >>> model = jetmlp.MLP([1, 4, 1])
        >>> (model.predict(x) - y).shape, (model.predict(x)[:, 0] - y).shape
        ((5, 5), (5,))
        """
        quick = self._of_few(X, n_threads, jacobian=False)
        if quick is not None:
            return np.asarray(quick)
        compute, m = self._computation(jacobian=False), self.n_outputs
        [values] = self._evaluate(X, n_threads, compute, Normalization.values, of_row=m)
        return np.asarray(values)

    __call__ = predict

    def jacobian(self, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[Any]:
        """Compute the exact derivatives by the inputs at `X`.

        Parameters
        ----------
        X, n_threads
            As for `predict`.

        Returns
        -------
        ndarray, (n, m, d)
            Entry [i, o, k] is the derivative of output o along input k at sample i.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.
        """
        quick = self._of_few(X, n_threads, jacobian=True)
        if quick is not None:
            return np.asarray(quick[1])
        compute, size = self._computation(values=False), self.n_outputs * self.n_inputs
        [slopes] = self._evaluate(X, n_threads, compute, Normalization.jacobian, of_row=size)
        return np.asarray(slopes)

    def predict_with_jacobian(
        self, X: ArrayLike, *, n_threads: int | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Compute values and derivatives at `X` in one pass.

        Parameters
        ----------
        X, n_threads
            As for `predict`.

        Returns
        -------
        Y : ndarray, (n, m)
            What `predict` gives.
        J : ndarray, (n, m, d)
            What `jacobian` gives.

        Raises
        ------
        TypeError, ValueError
            If `X` is not an array of real numbers of that shape.
        """
        quick = self._of_few(X, n_threads, jacobian=True)
        if quick is not None:
            return quick[0], quick[1]
        undo, size = (Normalization.values, Normalization.jacobian), self.n_outputs * (1 + self.n_inputs)
        values, slopes = self._evaluate(X, n_threads, self._computation(), *undo, of_row=size)
        return np.asarray(values), np.asarray(slopes)

    def _computation(self, *, values: bool = True, jacobian: bool = True) -> Computation:
        """Return what the core is to compute: those of the two that are asked for."""

        def compute(inputs: NDArray[Any], threads: int) -> list[NDArray[Any]]:
            both = _core.predict(self._architecture, self._parameters, inputs, values, jacobian, threads)
            return [result for result in both if result is not None]

        return compute

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
        return Container(self.FILE_KIND, {"architecture": self._configuration()}, self._tensors())

    @classmethod
    def _from_container(cls, container: Container) -> MLP:
        """Build a model from what `_container` gave; a ``TypeError`` or ``ValueError`` if it is not that."""
        description = object_of(container.description, "description", ("architecture",))
        return cls._from_tensors(description["architecture"], container.tensors)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self._layer_sizes))
        return (
            f"MLP({sizes}, activation={self._activation!r}, output_activation={self._output_activation!r}, "
            f"dtype={self._dtype.name!r}, {'' if self._normalize else 'normalize=False, '}"
            f"{self.n_parameters} parameters)"
        )

    def _repr_html_(self) -> str:
        activations = [self._activation] * (len(self._layer_sizes) - 2) + [self._output_activation]
        layers = zip(self.weights, self.biases, activations, strict=True)
        rows = [
            (number, W.shape[1], W.shape[0], activation, W.size + b.size)
            for number, (W, b, activation) in enumerate(layers, start=1)
        ]
        scales = "no normalization"
        if self._normalize:
            scales = "normalized, scales " + ("learned" if self._normalization else "not yet learned")
        return _html.block(
            f"{type(self).__name__} {'-'.join(map(str, self._layer_sizes))}",
            _html.table(("layer", "from", "units", "activation", "parameters"), rows),
            _html.line(f"{self.n_parameters} parameters of {self._dtype.name}, {scales}"),
        )
