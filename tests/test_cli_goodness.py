"""What the command line says of how good a model is."""

from __future__ import annotations

import numpy as np
import pytest

from jetmlp.cli.describing import described_goodness, say_goodness
from jetmlp.surrogate.goodness import goodness


@pytest.mark.parametrize("unit", [1e-170, 1.0, 1e170])
def test_an_error_that_one_sample_makes_is_said_to_be(
    unit: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where it alone says what the function does: left out, its value cannot be known."""
    rng = np.random.default_rng(0)
    observed = unit * rng.normal(size=20)
    errors = 1e-3 * unit * rng.normal(size=20)
    rows = goodness(0, None, observed, errors, "leave-one-out")
    say_goodness(described_goodness([rows], ["x"], ["y"]))
    assert "One sample" not in capsys.readouterr().out
    others = np.sqrt(np.mean((errors[1:] / unit) ** 2)) / np.std(observed / unit)
    errors[0] = 9.0 * unit
    rows = goodness(0, None, observed, errors, "leave-one-out")
    say_goodness(described_goodness([rows], ["x"], ["y"]))
    said = "One sample of 20 makes more than 90 % of the squared error of y; for the others it is "
    assert f"{said}{100 * others:.3g} % of the spread (RMS)." in capsys.readouterr().out


@pytest.mark.parametrize(("largest", "word"), [(5.0, True), (0.5, False)])
def test_a_few_errors_that_rule_are_said_to(
    largest: float, word: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = np.ones(20)
    errors[:4] = largest * 20
    row = goodness(0, None, np.arange(20.0), errors, "leave-one-out")
    assert (row.median, row.largest) == (1.0, largest * 20)
    say_goodness(described_goodness([row], ["x"], ["y"]))
    assert ("A few errors are far larger" in capsys.readouterr().out) == word
