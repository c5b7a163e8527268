"""Sizes that no array can have are refused before anything is made of them."""

from __future__ import annotations

import pytest

import jetmlp
from jetmlp import _core

LARGEST = 2**24


@pytest.mark.parametrize("n_layers", [1001, 65_537])
def test_a_network_has_at_most_a_thousand_layers(n_layers: int) -> None:
    with pytest.raises(ValueError, match=rf"^layer_sizes: expected at most 1000 layers, got {n_layers}$"):
        jetmlp.MLP([1] * (n_layers + 1))


def test_a_thousand_layers_are_taken() -> None:
    model = jetmlp.MLP([1] * 1001)
    assert model.n_parameters == 2000
    assert model.predict([0.5]).shape == (1, 1)


@pytest.mark.parametrize("count", [2**15 + 1, 65_538])
def test_the_core_counts_no_parameters_that_wrap_around(count: int) -> None:
    """65,538 sizes come to 2⁶⁴ weights and a few, of which 64 bits hold the few."""
    with pytest.raises(MemoryError, match="fewer than 2⁶³"):
        _core.Architecture([LARGEST] * count, "tanh", "identity")


@pytest.mark.parametrize("sizes", [[2**62, 4], [2**62, 2], [2**31, 2**32], [2**63 - 1, 1], [1, 2**63 - 1]])
def test_layers_of_the_core_do_not_wrap_around(sizes: list[int]) -> None:
    with pytest.raises(MemoryError, match="fewer than 2⁶³"):
        _core.Architecture(sizes, "tanh", "identity")


def test_counts_that_fit_are_exact() -> None:
    architecture = _core.Architecture([LARGEST] * 1001, "tanh", "identity")
    assert architecture.n_parameters == 1000 * (LARGEST**2 + LARGEST)
    assert _core.Architecture([2**31, 2**31], "tanh", "identity").n_parameters == 2**62 + 2**31
