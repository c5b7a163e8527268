"""What the command says of how good a model is."""

from __future__ import annotations

import numpy as np
import pytest

from jetmlp.cli.describing import described_goodness, say_goodness
from jetmlp.surrogate.goodness import goodness


@pytest.mark.parametrize(("largest", "word"), [(5.0, True), (1.5, False)])
def test_a_few_errors_that_rule_are_said_to(
    largest: float, word: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = np.ones(20)
    errors[0] = largest * 20
    row = goodness(0, None, np.arange(20.0), errors, "leave-one-out")
    assert (row.median, row.largest) == (1.0, largest * 20)
    say_goodness(described_goodness([row], ["x"], ["y"]))
    assert ("A few errors are far larger" in capsys.readouterr().out) == word
