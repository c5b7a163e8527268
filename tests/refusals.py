"""What is refused, and how: which argument, what was expected, what came."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

NO_SEEDS: dict[str, object] = {
    "negative": -1,
    "too large": 2**64,
    "float": 1.0,
    "text": "0",
    "None": None,
    "bool": True,
    "array": np.arange(2),
}
NO_COUNTS = {name: value for name, value in NO_SEEDS.items() if name != "too large"} | {"zero": 0}

NO_NUMBERS: dict[str, object] = {
    "NaN": np.nan,
    "infinite": np.inf,
    "minus infinity": -np.inf,
    "negative": -1e-3,
    "an integer beyond floats": 10**400,
    "text": "1e-3",
    "bytes": b"1",
    "True": True,
    "False": np.bool_(False),
    "None": None,
    "complex": 1e-3 + 0j,
    "NumPy complex": np.complex64(1e-3),
    "list": [1e-3],
    "array": np.array([1e-3]),
    "text in an array": np.array("1e-3"),
    "ragged": [[1], [2, 3]],
}


def assert_refused(call: Callable[[], object], named: str, came: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert re.match(rf"{re.escape(named)}: expected .+ got .*{re.escape(came)}", str(caught.value), re.DOTALL)
