"""Standardised inputs and outputs: the units of the data stay outside the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks, _html
from .._parts import row_by_row

__all__ = ["Normalization"]


@dataclass(frozen=True, eq=False)
class Normalization:
    r"""What stands between the units of the data and those of the network.

    The network maps :math:`\tilde x = (x - \bar x) / s_x` to :math:`\tilde y = (y - \bar y) / s_y`, so that
    :math:`y = \bar y + s_y \tilde y` and, by the chain rule,
    :math:`\partial y_o / \partial x_k = (s_{y,o} / s_{x,k})\, \partial \tilde y_o / \partial \tilde x_k`,
    and one more :math:`1/s_{x,l}` for the second derivatives.

    A fit of a model made with ``normalize=True`` learns it; assign ``model.normalization`` to choose it.

    Parameters
    ----------
    x_mean, x_scale : array_like, (d,)
        In the units of the inputs; a scale may be negative, but not 0.
    y_mean, y_scale : array_like, (m,)
        In the units of the outputs.

    Raises
    ------
    TypeError, ValueError
        If an array is of the wrong kind or shape, not finite, or a scale is 0; the message names it.
    """

    x_mean: NDArray[np.float64]
    x_scale: NDArray[np.float64]
    y_mean: NDArray[np.float64]
    y_scale: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, value in self.arrays().items():
            array = _checks.as_real_array(name, value, np.dtype(np.float64)).copy()
            if array.ndim != 1:
                raise ValueError(f"{name}: expected one number for each column, got shape {array.shape}")
            _checks.check_finite(name, array)
            if name.endswith("scale") and (array == 0).any():
                raise ValueError(f"{name}: expected numbers other than 0, got {array.tolist()}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        for mean, scale in (("x_mean", "x_scale"), ("y_mean", "y_scale")):
            shapes = [getattr(self, name).shape for name in (mean, scale)]
            if shapes[0] != shapes[1]:
                raise ValueError(f"{scale}: expected the shape of {mean}, {shapes[0]}, got {shapes[1]}")

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Means and scales by name."""
        return {name: getattr(self, name) for name in ("x_mean", "x_scale", "y_mean", "y_scale")}

    def inputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """From inputs (n, d) to those of the network."""
        return row_by_row(lambda rows: (rows - self.x_mean) / self.x_scale, X)

    def values(self, Y: NDArray[Any]) -> NDArray[np.float64]:
        """From the network's values (n, m) to those in the units of the data."""
        return row_by_row(lambda rows: self.y_mean + self.y_scale * rows.astype(np.float64), Y)

    def jacobian(self, J: NDArray[Any]) -> NDArray[np.float64]:
        """From the network's derivatives (n, m, d) to those in the units of the data."""
        units = self.jacobian_units()
        return row_by_row(lambda rows: rows.astype(np.float64) * units, J)

    def jacobian_units(self) -> NDArray[np.float64]:
        """s_y / s_x, (m, d)."""
        return np.asarray(self.y_scale[:, np.newaxis] / self.x_scale)

    def hessian(self, H: NDArray[Any]) -> NDArray[np.float64]:
        """From the network's second derivatives (n, m, d, d) to those in the units of the data."""
        units = self.hessian_units()
        return row_by_row(lambda rows: rows.astype(np.float64) * units, H)

    def hessian_units(self) -> NDArray[np.float64]:
        """s_y / (s_x s_x), (m, d, d), symmetric to the last bit."""
        # Powers of two first: the product of two scales may be beyond what float64 holds, the quotient not.
        exponents = np.frexp(self.x_scale)[1]
        fractions = np.ldexp(self.x_scale, -exponents)
        units = self.y_scale[:, np.newaxis, np.newaxis] / np.multiply.outer(fractions, fractions)
        return np.ldexp(units, -np.add.outer(exponents, exponents))

    def _repr_html_(self) -> str:
        rows = [
            (f"{letter}[{k}]", float(mean), float(scale))
            for letter, means, scales in (("x", self.x_mean, self.x_scale), ("y", self.y_mean, self.y_scale))
            for k, (mean, scale) in enumerate(zip(means, scales, strict=True))
        ]
        return _html.block("Normalization", _html.table(("column", "mean", "scale"), rows))


def as_normalization(value: object, d: int, m: int) -> Normalization:
    """Check that a normalization is one, of this many inputs and outputs."""
    if not isinstance(value, Normalization):
        raise TypeError(f"normalization: expected a jetmlp.Normalization, got {value!r}")
    shapes = (len(value.x_mean), len(value.y_mean))
    if shapes != (d, m):
        raise ValueError(f"normalization: expected inputs and outputs {(d, m)}, got {shapes}")
    return value


def identity(d: int, m: int) -> Normalization:
    """Return the normalization that changes nothing."""
    return Normalization(np.zeros(d), np.ones(d), np.zeros(m), np.ones(m))
