"""Tables of the functions that the tests of surrogates fit."""

from __future__ import annotations

import pandas as pd

from surrogate_samples import pair, points


def frame(n: int, seed: int = 0) -> pd.DataFrame:
    """Two outputs of two inputs, with all slopes under names of every form."""
    X = points(n, seed)
    Y, D = pair(X)
    columns = {"a": X[:, 0], "b": X[:, 1], "u": Y[:, 0], "w": Y[:, 1]}
    slopes = {"du_da": D[:, 0, 0], "du/db": D[:, 0, 1], "d(w)/d(a)": D[:, 1, 0], "w!b": D[:, 1, 1]}
    return pd.DataFrame({**columns, **slopes})
