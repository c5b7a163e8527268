"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest

import pytest

import jetmlp
from jetmlp import (
    _higher_derivatives,
    chain,
    derivative_check,
    experiments,
    model,
    second_order,
    staged,
    trainer,
)
from jetmlp.experiments import fit, gradient_steps, surrogate_study


@pytest.mark.parametrize(
    "module",
    [
        derivative_check,
        model,
        _higher_derivatives,
        trainer,
        second_order,
        chain,
        staged,
        experiments,
        fit,
        gradient_steps,
        surrogate_study,
    ],
    ids=lambda module: module.__name__,
)
def test_examples(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.attempted > 0
    assert results.failed == 0


def test_everything_public_is_documented_and_reachable() -> None:
    for name in jetmlp.__all__:
        assert getattr(jetmlp, name).__doc__, name
