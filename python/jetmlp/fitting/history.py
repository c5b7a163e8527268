"""What a fit went through, epoch by epoch."""

from __future__ import annotations

import io
import os
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from .. import _core, _html
from .._files import write_bytes

COLUMNS = _core.HISTORY_COLUMNS
#: Terms whose losses every history has; of the others, those that were given.
ALWAYS = ("value", "derivative")


class History(dict[str, NDArray[np.float64]]):
    """A dictionary of float64 arrays with one entry an epoch.

    Keys are ``loss``, ``value_loss``, ``derivative_loss``, with validation data the same three with
    ``val_`` before them, and ``learning_rate``; where second derivatives were given, there is also
    ``second_derivative_loss``, ``val_second_derivative_loss``, or both. Training losses are
    sample-weighted means over the epoch's batches, each before its update; validation losses are taken
    after the epoch. A loss is NaN where the data has nothing of its kind, and so is the learning rate of an
    optimizer that has none. ``loss`` has the l2 penalty in it, ``val_loss`` has not. Losses of a normalized
    model are in normalized units.

    Attributes
    ----------
    stopped_because : str
        Why the fit ended: "epochs" (all done), "callback", "patience", "diverged", "interrupted", or the
        tolerance that an optimizer met: "gradient", "step", "loss", "target"; "rising" where the loss of
        `StochasticGaussNewton` kept rising. Empty before a fit.
    optimizer : str
        Name of the optimizer, also where "auto" chose it. Empty before a fit.
    """

    stopped_because: str = ""
    optimizer: str = ""

    @classmethod
    def from_table(
        cls,
        table: NDArray[np.float64],
        *,
        terms: Collection[str] = (),
        validation_terms: Collection[str] | None = None,
    ) -> History:
        """Take the columns of a table (n_epochs, n_columns) that belong to the terms of the loss given.

        Those of validation only with `validation_terms`, which are None without validation data.
        """
        wanted = {"loss", "learning_rate", *(f"{term}_loss" for term in (*ALWAYS, *terms))}
        if validation_terms is not None:
            wanted |= {"val_loss", *(f"val_{term}_loss" for term in (*ALWAYS, *validation_terms))}
        columns = zip(COLUMNS, table.T, strict=True)
        return cls({name: np.ascontiguousarray(column) for name, column in columns if name in wanted})

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the lowest validation loss, counted from 0 in this call; None without any."""
        losses = self.get("val_loss")
        return int(np.argmin(losses)) if losses is not None and len(losses) > 0 else None

    @property
    def n_epochs(self) -> int:
        """Number of whole epochs."""
        return len(self.get("learning_rate", ()))

    def __repr__(self) -> str:
        if self.n_epochs == 0:
            return "History(0 epochs)"
        last = ", ".join(f"{name}={self[name][-1]:.3g}" for name in ("loss", "val_loss") if name in self)
        return f"History({self.n_epochs} epochs, last {last})"

    def _repr_html_(self) -> str:
        if self.n_epochs == 0:
            return _html.block("History of 0 epochs")
        losses = [name for name in self if name != "learning_rate" and not np.isnan(self[name]).all()]
        rows = [
            (name, float(self[name][0]), float(np.nanmin(self[name])), float(self[name][-1]))
            for name in losses
        ]
        curves = [(name, self[name].tolist()) for name in ("loss", "val_loss") if name in losses]
        ended = f", ended by {self.stopped_because!r}" if self.stopped_because else ""
        return _html.block(
            f"History of {self.n_epochs} epoch{'' if self.n_epochs == 1 else 's'}{ended}",
            _html.table(("loss", "first", "lowest", "last"), rows),
            _html.sparkline(curves),
        )

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one row an epoch, with a header, to every digit.

        Parameters
        ----------
        path : path
            Of the file; what stands there is replaced only once the new file is whole.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        table = np.column_stack([np.arange(self.n_epochs), *self.values()])
        formats = ["%d", *["%.17g"] * len(self)]
        text = io.StringIO()
        np.savetxt(text, table, fmt=formats, delimiter=",", header=",".join(["epoch", *self]), comments="")
        write_bytes(path, text.getvalue().encode())
