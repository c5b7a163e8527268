"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest

import pytest

import jetmlp
from jetmlp import experiments
from jetmlp.data import derivative_check, samples
from jetmlp.experiments import fit, gradient_steps, surrogate_study
from jetmlp.fitting import staged, trainer
from jetmlp.models import higher_derivatives, mlp
from jetmlp.optimizers import chain, levenberg_marquardt


@pytest.mark.parametrize(
    "module",
    [
        derivative_check,
        samples,
        mlp,
        higher_derivatives,
        trainer,
        levenberg_marquardt,
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
