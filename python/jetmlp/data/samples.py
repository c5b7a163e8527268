"""Samples of values and derivatives: the one container, with the one set of checks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _html
from .._cures import with_cures
from .._memory import require_memory
from .._parts import copied, for_pickle, from_pickle, row_by_row
from .arrays import ARRAYS, USUAL_NAMES, Arrays, SampleNames, check_arrays, file_of, from_file, names_of

__all__ = ["Samples"]

Rows = slice | NDArray[Any] | list[int] | list[bool]


class Samples:
    """Values and derivatives of a function at n points with d inputs and m outputs.

    Everything that takes samples takes one of these, or the same arrays as arguments of its own. The arrays
    are checked and copied when it is made and cannot be changed afterwards; float32 stays float32, everything
    else becomes float64.

    Parameters
    ----------
    X : array_like, (n, d)
        Inputs. With one input, (n,) will do.
    Y : array_like, (n, m), optional
        Values; with `allow_missing_values`, NaN or masked for one that was not measured. With one output,
        (n,) will do.
    dYdX : array_like, (n, m, d), optional
        Derivatives [sample, output, input]; NaN, or masked, for one that was not measured. With one output,
        (n, d) will do.
    d2YdX2 : array_like, (n, m, d, d), optional
        Second derivatives [sample, output, input, input]; NaN, or masked, for one that was not measured.
        Every entry counts, so a mixed derivative twice where both of its places are filled. With one output,
        (n, d, d) will do, with one input besides, (n,).
    sample_weight : array_like, (n,), optional
        How much each sample counts, its value and all its derivatives: not negative. Each mean of a loss is
        Σωe² / Σω, so a weight of 2 is as if the sample were there twice, and 0 as if it were not.
    derivative_sample_weight : array_like, (n,), (n, d) or (n, m, d), optional
        Takes the place of `sample_weight` for the first derivatives; (n, d) is for every output.
    directions : array_like, (n, k, d), optional
        Directions v of each sample along which the derivatives of `dYdV` are taken, of any length; (n, d) for
        one direction a sample. Not together with `dYdX` or `d2YdX2`.
    dYdV : array_like, (n, m, k), optional
        Derivatives [sample, output, direction] J·v; NaN, or masked, for one that was not measured. With one
        output, (n, k) will do. `derivative_sample_weight` is then (n,), (n, k) or (n, m, k).
    allow_missing_values : bool, default False
        Whether NaN in `Y` means a value that was not measured, instead of a mistake.

    Attributes
    ----------
    X, Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV : ndarray or None
        In the full shapes above, read-only; `derivative_sample_weight` is that of each derivative, (n, m, d)
        or (n, m, k), also where `sample_weight` gives it.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or range; the message names it, what came and what was
        expected.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 5)
    >>> samples = jetmlp.Samples(x, x**2, 2 * x)
    >>> samples
    Samples(5 samples, 1 input, 1 output: 5 values, 5 derivatives)
    >>> samples[1:3].X.ravel()
    array([-0.5,  0. ])
    """

    __slots__ = (
        "X",
        "Y",
        "_names",
        "d2YdX2",
        "dYdV",
        "dYdX",
        "derivative_sample_weight",
        "directions",
        "sample_weight",
    )
    X: NDArray[Any]
    Y: NDArray[Any] | None
    dYdX: NDArray[Any] | None  # noqa: N815
    d2YdX2: NDArray[Any] | None  # noqa: N815
    sample_weight: NDArray[np.float64] | None
    derivative_sample_weight: NDArray[np.float64] | None
    directions: NDArray[Any] | None
    dYdV: NDArray[Any] | None  # noqa: N815
    _names: SampleNames

    @with_cures({"x": "it is called X", "y": "it is called Y", "dydx": "it is called dYdX"})
    def __init__(
        self,
        X: ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        d2YdX2: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        derivative_sample_weight: ArrayLike | None = None,
        directions: ArrayLike | None = None,
        dYdV: ArrayLike | None = None,
        allow_missing_values: bool = False,
    ) -> None:
        checked = as_samples(
            X,
            Y,
            dYdX,
            d2YdX2=d2YdX2,
            sample_weight=sample_weight,
            derivative_sample_weight=derivative_sample_weight,
            directions=directions,
            dYdV=dYdV,
            allow_missing_values=allow_missing_values,
        )
        need = sum(array.nbytes for array in checked.arrays().values() if array is not None)
        require_memory(f"X of {len(checked)} samples", need)
        self._take(checked.arrays(), checked._names, copy=True)

    def _take(
        self,
        arrays: Arrays,
        names: SampleNames = USUAL_NAMES,
        *,
        copy: bool = False,
    ) -> None:
        for name in ARRAYS:
            array = arrays[name]
            if array is not None:
                array = copied(array) if copy else array.view()
                array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "_names", names)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Samples cannot be changed; make a new one with another {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Samples cannot be changed; make a new one without {name}")

    def replace(self, **arrays: NDArray[Any] | None) -> Samples:
        """Return samples with other arrays of the same kind; for arrays that need no checks."""
        return from_checked({**self.arrays(), **arrays}, self._names)

    def arrays(self) -> dict[str, NDArray[Any] | None]:
        """Return all arrays by name, None for what is not given."""
        return {name: getattr(self, name) for name in ARRAYS}

    @property
    def n_inputs(self) -> int:
        """Number of inputs, d."""
        return int(self.X.shape[1])

    @property
    def n_outputs(self) -> int:
        """Number of outputs, m."""
        return next(int(a.shape[1]) for a in self.targets if a is not None)

    @property
    def derivatives(self) -> NDArray[Any] | None:
        """First derivatives, along the inputs or along directions: (n, m, t), t = d or k."""
        return self.dYdX if self.directions is None else self.dYdV

    @property
    def targets(self) -> tuple[NDArray[Any] | None, ...]:
        """What there is to fit, in the order of the core's terms: values, first and second derivatives."""
        return self.Y, self.derivatives, self.d2YdX2

    @property
    def n_numbers(self) -> int:
        """How many values and derivatives there are to fit, missing ones among them."""
        return sum(a.size for a in self.targets if a is not None)

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Rows | int) -> Samples:
        """Take some of the samples: by a slice, an array of indices or of booleans; an index takes one."""
        if isinstance(rows, (int, np.integer)) and not isinstance(rows, (bool, np.bool_)):
            position = range(len(self))[rows]
            rows = slice(position, position + 1)
        if isinstance(rows, tuple) or (not isinstance(rows, slice) and np.ndim(rows) != 1):
            raise IndexError(f"rows: expected a slice, indices or booleans of samples, got {rows!r}")
        arrays = {
            name: None if array is None else _taken(array, rows) for name, array in self.arrays().items()
        }
        return from_checked(arrays, self._names)

    def __reduce__(self) -> tuple[Any, ...]:
        return from_packed, (for_pickle(file_of(self.arrays(), self._names)),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Samples):
            return NotImplemented
        return all(
            its is None if mine is None else its is not None and np.array_equal(mine, its, equal_nan=True)
            for mine, its in zip(self.arrays().values(), other.arrays().values(), strict=True)
        )

    __hash__ = None  # type: ignore[assignment]  # as of other containers of arrays

    def __repr__(self) -> str:
        kinds = [
            (self.Y, "value"),
            (self.dYdX, "derivative"),
            (self.dYdV, "directional derivative"),
            (self.d2YdX2, "second derivative"),
        ]
        contents = [_present(array, noun) for array, noun in kinds if array is not None]
        if self.sample_weight is not None or self.derivative_sample_weight is not None:
            contents.append("weighted")
        return f"Samples({self._sizes()}: {', '.join(contents)})"

    def _sizes(self) -> str:
        counts = ((len(self), "sample"), (self.n_inputs, "input"), (self.n_outputs, "output"))
        return ", ".join(_count(number, noun) for number, noun in counts)

    def _repr_html_(self) -> str:
        rows = []
        for name, array in self.arrays().items():
            if array is None:
                continue
            there = int(np.count_nonzero(~np.isnan(array)))
            span = (float(np.nanmin(array)), float(np.nanmax(array))) if there else ("", "")
            rows.append((name, str(array.shape), array.dtype.name, f"{there} of {array.size}", *span))
        heads = ("array", "shape", "type", "present", "smallest", "largest")
        return _html.block(f"Samples: {self._sizes()}", _html.table(heads, rows))


def from_checked(arrays: Arrays, names: SampleNames = USUAL_NAMES) -> Samples:
    """Make samples of arrays that have been checked; nothing is copied."""
    samples = Samples.__new__(Samples)
    samples._take(arrays, names)
    return samples


def from_packed(data: Any) -> Samples:  # noqa: ANN401  what a pickle has
    """Make samples of what `file_of` made of others."""
    return from_checked(*from_file(from_pickle(data)))


def as_samples(
    X: Samples | ArrayLike,
    Y: ArrayLike | None = None,
    dYdX: ArrayLike | None = None,
    *,
    d2YdX2: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    derivative_sample_weight: ArrayLike | None = None,
    directions: ArrayLike | None = None,
    dYdV: ArrayLike | None = None,
    allow_missing_values: bool = False,
    sizes: tuple[int, int] | None = None,
    precision: np.dtype[Any] | None = None,
    names: SampleNames = USUAL_NAMES,
    part: bool = False,
) -> Samples:
    """Take samples, or their arrays: those are checked but not copied.

    `sizes` are the inputs and outputs of the model they are for, `precision` its type if that is coarser
    than the arrays'. Of a `part` of the samples, nothing of a target need be there.
    """
    given = {
        "X": X,
        "Y": Y,
        "dYdX": dYdX,
        "d2YdX2": d2YdX2,
        "sample_weight": sample_weight,
        "derivative_sample_weight": derivative_sample_weight,
        "directions": directions,
        "dYdV": dYdV,
    }
    if not isinstance(X, Samples):
        checked = check_arrays(
            given,
            allow_missing_values=allow_missing_values,
            sizes=sizes,
            precision=precision,
            names=names,
            part=part,
        )
        return from_checked(checked, names_of(names, directions))
    for name, array in given.items():
        if name != "X" and array is not None:
            raise ValueError(f"{name}: expected none beside jetmlp.Samples, which hold their own")
    if sizes is not None and (X.n_inputs, X.n_outputs) != sizes:
        raise ValueError(
            f"{names.X}: expected samples of {_count(sizes[0], 'input')} and {_count(sizes[1], 'output')}, "
            f"as the model has, got {X!r}"
        )
    return X


def _taken(array: NDArray[Any], rows: Any) -> NDArray[Any]:  # noqa: ANN401  that NumPy takes
    """Return some rows of an array."""
    if isinstance(rows, slice):
        return row_by_row(np.ascontiguousarray, array[rows])
    places = np.asarray(rows)
    if places.dtype == bool:
        places = np.flatnonzero(places) if len(places) == len(array) else places
    return row_by_row(lambda some: np.ascontiguousarray(array[some]), places)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _present(array: NDArray[Any], noun: str) -> str:
    present = int(np.count_nonzero(~np.isnan(array)))
    if present == array.size:
        return _count(present, noun)
    return f"{present} of {_count(array.size, noun)}"
