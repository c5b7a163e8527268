"""Numbers as constants of C, which read back to the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST_LINE = 108


def constants(numbers: NDArray[Any], dtype: type[np.float32 | np.float64]) -> str:
    """Return numbers of a type as the lines of an initialiser: the fewest digits that name each."""
    suffix = "f" if dtype is np.float32 else ""
    flat = np.asarray(numbers, dtype=dtype).reshape(-1)
    lines = [""]
    for number in flat:
        text = str(number) + suffix  # the fewest digits, always with "." or "e"
        if len(lines[-1]) + len(text) + 2 > _LONGEST_LINE:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else '    '}{text},"
    return "\n".join(lines).rstrip(",")


def rounded(name: str, numbers: NDArray[np.float64], dtype: type[np.float32 | np.float64]) -> NDArray[Any]:
    """Return numbers in the type of the C code.

    Raises
    ------
    ValueError
        If one of them is beyond it: none may become infinite, or 0 that was not.
    """
    with np.errstate(all="ignore"):
        result = np.asarray(numbers).astype(dtype)
    lost = ~np.isfinite(result) | ((result == 0) & (np.asarray(numbers) != 0))
    if lost.any():
        number = np.asarray(numbers)[lost][0]
        raise ValueError(
            f"real: expected a type that holds {name} of the model, got {number} for {dtype.__name__}"
            + ("; real='double' may hold it" if dtype is np.float32 else "")
        )
    return result
