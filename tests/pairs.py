"""Cases in which every two values of different factors meet, where a full grid would multiply them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from allpairspy import AllPairs


def covers_pairs(**factors: Sequence[Any]) -> pytest.MarkDecorator:
    """Parametrize over a pairwise cover of independent factors.

    For factors of which at most two act together: sizes that only set lengths of loops, functions that only
    fill them. Where three decide at once, a full grid is the right thing.
    """
    cover = [tuple(case) for case in AllPairs([list(values) for values in factors.values()])]
    ids = ["-".join(f"{name}={value}" for name, value in zip(factors, case, strict=True)) for case in cover]
    return pytest.mark.parametrize(tuple(factors), cover, ids=ids)
