"""scikit-learn's checks of an estimator: all pass and none is skipped, with every solver."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sklearn_checks import ESTIMATORS, failures

TESTS = Path(__file__).parent

#: Half of the time of a surrogate's checks, two hundred rows of ten inputs each; among the long ones.
OF_MANY_ROWS = ("check_regressors_train", "check_regressor_data_not_an_array")


@pytest.fixture(autouse=True)
def array_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """scikit-learn skips a check without it."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


@pytest.mark.parametrize("name", ["auto", "lbfgs with l2"])
def test_checks_of_quick_solvers(name: str) -> None:
    count, failed = failures(ESTIMATORS[name])
    assert failed == []
    assert count >= 55


def test_checks_of_the_default() -> None:
    count, failed = failures(ESTIMATORS["surrogate"], without=OF_MANY_ROWS)
    assert failed == []
    assert count >= 50


@pytest.mark.long
def test_all_checks_of_all_solvers() -> None:
    """In a process of its own, in which SciPy too has been told of arrays of other libraries."""
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    run = subprocess.run(
        [sys.executable, TESTS / "sklearn_checks.py"], env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    rows = [line.rsplit(maxsplit=3) for line in run.stdout.splitlines()[1:]]
    assert [(row[0].strip(), row[2]) for row in rows] == [(name, "0") for name in ESTIMATORS], run.stdout
    assert all(int(row[1]) >= 55 for row in rows)
