"""Evaluating a network in the units of the data: standardise in, compute, undo out, in this one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks, _core
from .._memory import require_memory
from .._parts import of_type, row_by_row
from .normalization import Normalization

_FLOAT64 = np.dtype(np.float64)

#: What the core computes: from inputs (n, d) of the network and a number of threads.
Computation = Callable[[NDArray[Any], int], Sequence[Any]]
#: From the network's units to those of the data.
Undoing = Callable[[Normalization, NDArray[Any]], NDArray[np.float64]]


#: Parameters of a network that is kept ready for a few rows; a larger one takes longer than it is to be
#: made ready, and its parameters would be kept twice more.
MOST_PARAMETERS = 2**16


class _Ready(NamedTuple):
    """A network as the core keeps it ready, and what it was made of."""

    parameters: NDArray[Any]
    normalization: Normalization | None
    predictor: _core.Predictor32 | _core.Predictor64


def _powers_of_two(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return one for each vector (n, 1), above its largest number."""
    _, exponents = np.frexp(np.abs(vectors).max(axis=1, keepdims=True))
    return np.asarray(np.ldexp(1.0, exponents))


class Evaluated:
    """A network between its normalization, if it has one; a part of `MLP`."""

    _ready: _Ready | None = None

    _layer_sizes: tuple[int, ...]
    _architecture: _core.Architecture
    _parameters: NDArray[Any]
    _dtype: np.dtype[Any]
    _normalization: Normalization | None

    def _as_inputs(self, X: ArrayLike) -> NDArray[Any]:
        """Check inputs; those that are still to be standardised keep all their digits."""
        dtype = self._dtype if self._normalization is None else _FLOAT64
        return _checks.as_inputs("X", X, self._layer_sizes[0], dtype)

    def _predictor(self) -> _core.Predictor32 | _core.Predictor64 | None:
        """Return the network ready for a few rows at a time; None if it is too large for that.

        It gives the bytes of `_evaluate`, or None for what is no plain array of few rows.
        """
        ready = self._ready
        # Neither is ever changed in place.
        if (
            ready is None
            or ready.parameters is not self._parameters
            or ready.normalization is not self._normalization
        ):
            if len(self._parameters) > MOST_PARAMETERS:
                return None
            parameters, normalization = self._parameters, self._normalization
            made = _core.Predictor32 if self._dtype == np.float32 else _core.Predictor64
            none: list[NDArray[np.float64]] = [np.empty(0)] * 4
            scales = none if normalization is None else normalization.arrays().values()
            ready = _Ready(parameters, normalization, made(self._architecture, parameters, *scales))
            self._ready = ready
        return ready.predictor

    def _of_few(self, X: ArrayLike, n_threads: int | None, *, jacobian: bool) -> Any:  # noqa: ANN401
        """Return values, or values and Jacobian, of a few rows; None where `_evaluate` is to be asked."""
        few = None if n_threads is not None else self._predictor()
        if few is None:
            return None
        return few.predict_with_jacobian(X) if jacobian else few.predict(X)

    def _evaluate(
        self, X: ArrayLike, n_threads: int | None, compute: Computation, *undo: Undoing, of_row: int
    ) -> tuple[Any, ...]:
        """Compute arrays in the network's units and undo them, one function for each.

        They are to have `of_row` numbers for each row of `X`; more than memory holds are not begun.
        Without a normalization the results are of the model's type. With one they are float64: what the
        mean and the scale of the data add to the digits of the network is not rounded away.
        """
        inputs, threads = self._as_inputs(X), _checks.as_threads(n_threads)
        normalization = self._normalization
        # Undoing makes two arrays of float64 of each; the core packs the parameters twice.
        of_number = self._dtype.itemsize + (0 if normalization is None else 2 * _FLOAT64.itemsize)
        need = len(inputs) * of_row * of_number + 2 * self._architecture.n_parameters * self._dtype.itemsize
        require_memory(f"X of {len(inputs)} rows", need, "fewer rows at a time need less")
        if normalization is None:
            return tuple(compute(inputs, threads))
        with np.errstate(all="ignore"):  # what is not finite stays so, as without normalization
            inputs = of_type(normalization.inputs(inputs), self._dtype)
            results = compute(inputs, threads)
            return tuple(undone(normalization, result) for undone, result in zip(undo, results, strict=True))

    def _as_vectors(self, X: ArrayLike, V: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Take a vector for each row of `X` as lengths (n, 1) and vectors (n, d) of the network: ṽ = v / s.

        With a normalization the lengths are powers of two, so that the vectors' cubes do not overflow.
        """
        inputs = self._as_inputs(X)
        vectors = _checks.as_vectors("V", V, len(inputs), self._layer_sizes[0], inputs.dtype)
        if self._normalization is None:
            return np.ones((len(inputs), 1)), vectors
        with np.errstate(all="ignore"):
            x_scale = self._normalization.x_scale
            vectors = row_by_row(lambda rows: rows / x_scale, vectors)
            lengths = row_by_row(_powers_of_two, vectors)
            return lengths, of_type(row_by_row(np.divide, vectors, lengths), self._dtype)
