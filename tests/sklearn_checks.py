"""scikit-learn's own checks of an estimator, run one by one, and the estimators that must pass them.

``SCIPY_ARRAY_API=1 python tests/sklearn_checks.py`` runs all of them and prints a table.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Collection

import sklearn
from sklearn.utils.estimator_checks import estimator_checks_generator

import jetmlp
from jetmlp.sklearn import SobolevRegressor

#: Every solver by its name, with what changes the loss, and optimizers as they are.
ESTIMATORS = {
    "surrogate": SobolevRegressor(),
    "auto": SobolevRegressor("auto"),
    "adam": SobolevRegressor("adam"),
    "lbfgs": SobolevRegressor("lbfgs"),
    "lbfgs with l2": SobolevRegressor("lbfgs", l2=1e-3),
    "levenberg_marquardt": SobolevRegressor("levenberg_marquardt"),
    "evidence": SobolevRegressor("evidence"),
    "self_scaled_broyden": SobolevRegressor("self_scaled_broyden"),
    "stochastic_gauss_newton": SobolevRegressor("stochastic_gauss_newton"),
    "Adam in batches": SobolevRegressor(jetmlp.Adam(1e-2), batch_size=16, max_iter=300),
    "Chain": SobolevRegressor(jetmlp.Chain([jetmlp.Adam(1e-2), jetmlp.LBFGS()], epochs=[100])),
}


def failures(estimator: SobolevRegressor, without: Collection[str] = ()) -> tuple[int, list[str]]:
    """Run the checks but for those named; how many there were, and what did not pass or was skipped."""
    count, failed = 0, []
    for subject, check in estimator_checks_generator(estimator):
        name = getattr(check, "func", check).__name__
        if name in without:
            continue
        count += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the checks themselves
                check(subject)
        except Exception as error:  # SkipTest too
            failed.append(f"{name}: {type(error).__name__}: {error}")
    return count, failed


def main() -> None:
    print(f"scikit-learn {sklearn.__version__}: checks, not passed, processor time [s]")
    for name, estimator in ESTIMATORS.items():
        start = time.process_time()
        count, failed = failures(estimator)
        print(f"{name:25} {count:3} {len(failed):3} {time.process_time() - start:6.1f}", flush=True)
        for text in failed:
            print(f"    {text}")


if __name__ == "__main__":
    sys.exit(main())
