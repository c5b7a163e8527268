"""Random streams and initial parameters: the oracle's numbers, so a seed means the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jetmlp
import reference_random
from jetmlp import _core
from pairs import covers_pairs
from reference import Network
from reference_random import DATA, KNOWN_ANSWERS, SHUFFLING, Words, initial_parameters

STREAMS = [(0, 0, 0), (1, 1, 0), (20240607, 1, 66), (2**32, 2, 1), (2**64 - 1, 2**32 - 1, 2**64 - 1)]
REDRAWING_SEED = 4  # rejects words in a permutation of 100000


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS, ids=["zeros", "ones", "pi"])
def test_published_words(counter: Words, key: Words, answer: Words) -> None:
    assert tuple(_core.philox4x32(counter, key)) == answer


def test_streams_are_keyed_by_seed_and_counted_by_index_and_purpose() -> None:
    seed, purpose, index = 0x299F31D0_A4093822, 0x03707344, 0x13198A2E_85A308D3
    for block in (0, 1):
        answer = _core.philox4x32((block, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0))
        words = jetmlp.random.Generator(seed, purpose, index).words(4 * block + 4)[4 * block :]
        assert words.tolist() == list(answer)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**64 - 1),
    purpose=st.integers(0, 2**32 - 1),
    index=st.integers(0, 2**64 - 1),
    counts=st.lists(st.integers(0, 9), min_size=1, max_size=5),
)
def test_words_of_any_stream(seed: int, purpose: int, index: int, counts: list[int]) -> None:
    ours = jetmlp.random.Generator(seed, purpose, index)
    theirs = reference_random.Generator(seed, purpose, index)
    for count in counts:
        words = ours.words(count)
        assert words.dtype == np.uint32
        assert np.array_equal(words, theirs.words(count))


@pytest.mark.parametrize(("seed", "purpose", "index"), STREAMS)
def test_uniform_numbers_are_equal(seed: int, purpose: int, index: int) -> None:
    ours = jetmlp.random.Generator(seed, purpose, index).uniform(1001)
    assert ours.dtype == np.float64
    assert np.array_equal(ours, reference_random.Generator(seed, purpose, index).uniform(1001))


@pytest.mark.parametrize(("seed", "purpose", "index"), STREAMS)
def test_normal_numbers_agree_to_the_last_places(seed: int, purpose: int, index: int) -> None:
    """Not equal, since logarithm, sine and cosine belong to the platform.

    Drawn in pieces, because the second number of a pair is kept.
    """
    generator = jetmlp.random.Generator(seed, purpose, index)
    ours = np.concatenate([generator.normal(n) for n in (1, 2, 5, 0, 500)])
    theirs = reference_random.Generator(seed, purpose, index).normal(508)
    assert np.allclose(ours, theirs, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 40, 257])
@pytest.mark.parametrize(("seed", "purpose", "index"), STREAMS)
def test_permutations_are_equal(seed: int, purpose: int, index: int, n: int) -> None:
    ours = jetmlp.random.Generator(seed, purpose, index).permutation(n)
    assert ours.dtype == np.int64
    assert np.array_equal(ours, reference_random.Generator(seed, purpose, index).permutation(n))


class Counting(reference_random.Generator):
    """An oracle that counts its words."""

    n_words = 0

    def next_word(self) -> int:
        self.n_words += 1
        return super().next_word()


def test_a_long_permutation_redraws_where_the_oracle_does() -> None:
    """Long enough that a word is rejected for its bias, which happens once in some 2^32 / n draws."""
    n = 100_000
    oracle = Counting(REDRAWING_SEED, SHUFFLING, 0)
    expected = oracle.permutation(n)
    assert oracle.n_words > n - 1, "this seed was chosen for a rejected word"
    assert np.array_equal(jetmlp.random.Generator(REDRAWING_SEED, SHUFFLING, 0).permutation(n), expected)


def test_mixed_draws_share_one_stream() -> None:
    ours, theirs = jetmlp.random.Generator(5, DATA, 9), reference_random.Generator(5, DATA, 9)
    for n in (1, 2, 3):
        assert np.array_equal(ours.uniform(n), theirs.uniform(n))
        assert np.allclose(ours.normal(n), theirs.normal(n), rtol=1e-15, atol=1e-15)
        assert np.array_equal(ours.permutation(n + 3), theirs.permutation(n + 3))
        assert np.array_equal(ours.words(n), theirs.words(n))


@covers_pairs(
    seed=[0, 12345678901234567890],
    dtype=["float32", "float64"],
    init=list(reference_random.INITIALIZATIONS),
    layer_sizes=[(1, 1), (1, 50, 50, 1), (3, 7, 2, 4)],
)
def test_initial_parameters(seed: int, dtype: str, init: str, layer_sizes: tuple[int, ...]) -> None:
    model = jetmlp.MLP(list(layer_sizes), dtype=dtype, init=init, seed=seed, normalize=False)
    expected = initial_parameters(Network(layer_sizes), init, seed).astype(dtype)
    assert model.parameters.dtype == dtype
    if "normal" in init:  # sine and logarithm of two libraries
        tolerance = 4 * np.finfo(dtype).eps
        assert np.allclose(model.parameters, expected, rtol=tolerance, atol=tolerance)
    else:
        assert np.array_equal(model.parameters, expected)


def test_the_oracle_has_a_row_for_each_initialisation() -> None:
    assert set(reference_random.INITIALIZATIONS) == set(_core.INITIALIZATIONS)


def test_weights_and_biases_lie_in_the_flat_vector_as_agreed() -> None:
    network = Network((3, 7, 2, 4))
    model = jetmlp.MLP(
        list(network.layer_sizes), dtype="float64", init="fan_in_uniform", seed=3, normalize=False
    )
    for layer, (W, b) in enumerate(network.layers(model.parameters)):
        assert np.array_equal(model.weights[layer], W)
        assert np.array_equal(model.biases[layer], b)
