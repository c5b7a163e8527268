"""The cover of pairs that stands in for full grids covers them."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from pairs import covers_pairs


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5))
def test_every_two_values_of_different_factors_meet(sizes: list[int]) -> None:
    factors = {f"factor_{k}": range(size) for k, size in enumerate(sizes)}
    names, cover = covers_pairs(**factors).args
    assert names == tuple(factors)
    for (i, one), (j, other) in itertools.combinations(enumerate(factors.values()), 2):
        assert {(case[i], case[j]) for case in cover} == set(itertools.product(one, other))
    assert len(set(cover)) == len(cover)
