"""The numbers of a sum of networks as tables in C."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._network_sum import NetworkSum, Term
from .constants import constants, rounded


class Type(NamedTuple):
    """The type of the C code: its name in C, what follows its constants and functions, and NumPy's."""

    real: str
    suffix: str
    dtype: type[np.float32 | np.float64]


TYPES = {"double": Type("double", "", np.float64), "float": Type("float", "f", np.float32)}


def tables(model: NetworkSum, n: str, kind: Type, *, with_units: bool) -> str:
    """Return the tables of all networks; those that have the units of their inputs in common share them."""
    parts: list[str] = []
    scales: dict[bytes, int] = {}
    rows = []
    for t, term in enumerate(model.terms):
        key = term.x_mean.tobytes() + term.x_scale.tobytes()
        if key not in scales:
            scales[key] = len(scales)
            parts += _units_of_inputs(term, f"{n}_x", scales[key], kind)
        parts += _layers(term, n, t, kind)
        parts.append(_array(f"{n}_factor_{t}", "the output scales", term.factor, kind))
        if with_units:
            units = _units(term)
            parts.append(_array(f"{n}_unit_{t}", "output scales over input scales", units, kind))
        of_inputs = [f"{n}_x_{name}_{scales[key]}" for name in ("mean", *_rest(kind), "scale")]
        n_units = sum(len(layer.bias) for layer in term.layers)
        fields = [str(len(term.layers)), str(n_units), f"{n}_layers_{t}", *of_inputs, f"{n}_factor_{t}"]
        rows.append(f"    {{{', '.join([*fields, *([f'{n}_unit_{t}'] if with_units else [])])}}}")
    parts.append(_array(f"{n}_offset", "the output means", model.offset, kind))
    parts.append(f"static const {n}_network {n}_networks[{len(rows)}] = {{\n" + ",\n".join(rows) + "\n};\n")
    return "\n" + "".join(parts)


def _rest(kind: Type) -> list[str]:
    """Name what float32 rounds off a mean, which is subtracted as well: x may be near a mean of any size."""
    return ["rest"] if kind.real == "float" else []


def _units_of_inputs(term: Term, prefix: str, group: int, kind: Type) -> list[str]:
    mean = rounded("the input means", term.x_mean, kind.dtype)
    parts = [_array(f"{prefix}_mean_{group}", "the input means", term.x_mean, kind)]
    if _rest(kind):
        left = (term.x_mean - mean.astype(np.float64)).astype(kind.dtype)  # may well be 0
        parts.append(_declared(f"{prefix}_rest_{group}", left, kind))
    return [*parts, _array(f"{prefix}_scale_{group}", "the input scales", term.x_scale, kind)]


def _units(term: Term) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):  # `rounded` says what is wrong
        return np.asarray(term.factor[:, np.newaxis] / term.x_scale)


def _layers(term: Term, n: str, t: int, kind: Type) -> list[str]:
    parts, rows = [], []
    for number, layer in enumerate(term.layers):
        names = [f"{n}_weights_{t}_{number}", f"{n}_bias_{t}_{number}"]
        n_out, n_in = layer.weights.shape
        # A weight that float32 has as 0 changes nothing that it could hold.
        for name, array in zip(names, (layer.weights.T, layer.bias), strict=True):
            with np.errstate(over="ignore"):
                cast = array.astype(kind.dtype)
            if not np.isfinite(cast).all():
                rounded("the weights", array, kind.dtype)
            parts.append(_declared(name, cast, kind))
        rows.append(f"    {{{n_in}, {n_out}, {n}_{layer.activation.upper()}, {', '.join(names)}}}")
    parts.append(f"static const {n}_layer {n}_layers_{t}[{len(rows)}] = {{\n" + ",\n".join(rows) + "\n};\n")
    return parts


def _array(name: str, what: str, numbers: NDArray[np.float64], kind: Type) -> str:
    return _declared(name, rounded(what, numbers, kind.dtype), kind)


def _declared(name: str, numbers: NDArray[Any], kind: Type) -> str:
    text = constants(numbers, kind.dtype)
    return f"static const {kind.real} {name}[{numbers.size}] = {{\n{text}\n}};\n"
