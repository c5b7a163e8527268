"""What a check of derivatives found, to be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _html

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DerivativeReport:
    """What `check_derivatives` found; print it to read it.

    Attributes
    ----------
    verdict : str
        "agree", or the likely slip: "transposed" (axes), "swapped" (inputs or outputs), "sign", "units",
        "sign and units" or "shuffled" (samples); "disagree" where none of these explains the values,
        "undecided" where the samples are too few or too far apart to tell.
    slips : tuple of str
        Where it is, one sentence each.
    notes : tuple of str
        What could not be checked: derivatives that were not given, outputs without enough of them, inputs
        with too little effect.
    explained : ndarray, (m,)
        Fraction of the mean squared slope between neighbours that the derivatives as supplied explain: 1
        where they agree to every digit, 0 or less where they are of no use.
    factor : ndarray, (m, d)
        What each derivative is to be multiplied by to fit the values best: 1 where it agrees, −1 where its
        sign is wrong. NaN where all are zero.
    agreement : ndarray, (m, d)
        Partial correlation, from −1 to 1, of the differences of the values with what each derivative
        predicts, given the others. NaN where all are zero.
    n_pairs : ndarray, (m,)
        Pairs of neighbours that were compared.
    given : ndarray of bool, (m, d)
        Whether there is any derivative; where there is none, the mean slope was fitted.
    tolerance : ndarray, (m, d)
        How far each factor may be from 1 by noise and by the distance of neighbours; one above 1 means that
        not even a wrong sign would show.
    """

    verdict: str
    slips: tuple[str, ...]
    notes: tuple[str, ...]
    explained: Floats
    factor: Floats
    agreement: Floats
    n_pairs: NDArray[np.intp]
    given: NDArray[np.bool_]
    tolerance: Floats

    @property
    def agrees(self) -> bool:
        """Whether the verdict is "agree"."""
        return self.verdict == "agree"

    def __str__(self) -> str:
        lines = [f"derivatives and values: {self.verdict}", *(f"  {slip}" for slip in self.slips)]
        for o, inputs in enumerate(self._numbers()):
            lines.append(f"output {o}: {self._explained(o)}")
            lines += [
                f"  input {k}: agreement {agreement:+.3f}, factor {factor:.4g} ± {tolerance:.2g}"
                if given and not np.isnan(factor)
                else f"  input {k}: {'no effect' if given else 'not given'}"
                for k, given, agreement, factor, tolerance in inputs
            ]
        return "\n".join([*lines, *self._remarks()])

    def _numbers(self) -> list[list[tuple[int, bool, float, float, float]]]:
        """For each output that was compared: input, whether it is given, agreement, factor, tolerance."""
        m, d = self.factor.shape
        return [
            [
                (
                    k,
                    *(
                        array[o, k].item()
                        for array in (self.given, self.agreement, self.factor, self.tolerance)
                    ),
                )
                for k in range(d)
                if self.n_pairs[o] > 0
            ]
            for o in range(m)
        ]

    def _explained(self, o: int) -> str:
        if self.n_pairs[o] == 0:
            return "not compared"
        part = f"{self.explained[o]:.1%}" if self.explained[o] > 0 else "nothing"
        return f"{part} of the slopes between {self.n_pairs[o]} pairs explained"

    def _remarks(self) -> list[str]:
        """Say what could not be checked, as far as the numbers do not show it, and what was done."""
        notes = [f"note: {note}" for note in self.notes if not note.endswith("not given")]
        absent = self.given.any(axis=1) & ~self.given.all(axis=1)
        fitted = ", with mean slopes fitted to the inputs that are not given" if absent.any() else ""
        return [*notes, f"method: differences of nearest neighbours against the trapezoidal rule{fitted}"]

    def _repr_html_(self) -> str:
        rows = [
            (
                f"{o}, {k}",
                *(("no effect" if given else "not given", "", "") if np.isnan(numbers[1]) else numbers),
                self._explained(o) if k == 0 else "",
            )
            for o, inputs in enumerate(self._numbers())
            for k, given, *numbers in inputs
        ]
        heads = ("output, input", "agreement", "factor", "tolerance", "of the output")
        texts = (*self.slips, *self._remarks())
        return _html.block(
            f"derivatives and values: {self.verdict}", *map(_html.line, texts), _html.table(heads, rows)
        )
