"""Every kind of computation of the core, for LeakSanitizer: `.ci/run sanitize` runs this under it.

At the end of the process it lists what was allocated and is not to be found any more. Python, NumPy and the
registration of the bindings keep things that it takes for lost, so only those count that functions of jetmlp
have allocated. A second process loses arrays on purpose, which have to be found.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import warnings
from itertools import product
from pathlib import Path

#: Frames of the core; types and functions are registered once and stay.
OURS = re.compile(r"\bjetmlp::(?!bindings::bind_)")


def compute() -> None:
    """Fit and evaluate in every way, also where that fails."""
    import contextlib

    import numpy as np

    import jetmlp

    X = np.random.default_rng(0).uniform(-1.0, 1.0, (12, 2))
    Y = np.sin(X @ [1.0, 2.0])
    dYdX = np.cos(X @ [1.0, 2.0])[:, np.newaxis] * [1.0, 2.0]
    d2YdX2 = -Y[:, np.newaxis, np.newaxis] * np.outer([1.0, 2.0], [1.0, 2.0])
    of_single = (jetmlp.Adam(), jetmlp.LBFGS())
    of_double = (
        *of_single,
        jetmlp.LevenbergMarquardt(form="dual"),
        jetmlp.LevenbergMarquardt(form="primal"),
        jetmlp.LevenbergMarquardt(regularization="evidence"),
        jetmlp.SelfScaledBroyden(),
        jetmlp.StochasticGaussNewton(),
        jetmlp.Chain([jetmlp.Adam(), jetmlp.LevenbergMarquardt()], [2]),
    )
    fits = [*product(("float32",), of_single), *product(("float64",), of_double)]
    warnings.filterwarnings("ignore", message=".*a network starts for numbers")
    for (dtype, optimizer), second, size in product(fits, (None, d2YdX2), (1.0, 1e30)):
        model = jetmlp.MLP([2, 5, 1], dtype=dtype, normalize=size == 1.0)
        trainer = jetmlp.Trainer(model, optimizer, n_threads=2)
        with contextlib.suppress(jetmlp.DivergenceError, ValueError):
            trainer.fit(X, Y * size, dYdX * size, d2YdX2=second, epochs=4, validation_data=(X, Y))
        with contextlib.suppress(ZeroDivisionError):
            trainer.fit(X, Y, dYdX, epochs=4, callbacks=lambda *_: 1 // 0)
        for name in ("predict", "jacobian", "hessian", "laplacian"):
            getattr(model, name)(X, n_threads=2)
        model.hvp(X, [1.0, 0.0])
        model.directional_derivatives(X, [1.0, 0.0])
    objective = jetmlp.Objective(jetmlp.MLP([2, 5, 1]), X, Y, dYdX, l2=1e-3)
    at = jetmlp.MLP([2, 5, 1]).parameters
    for name in ("loss_and_gradient", "residuals", "residual_jacobian", "gram"):
        getattr(objective, name)(at)
    with contextlib.suppress(ValueError):
        objective.residuals(at[:-1])
    with contextlib.suppress(MemoryError):
        jetmlp._core.Architecture([2**62, 4], "tanh", "identity")
    jetmlp.StagedMLP([[2, 5, 1], [2, 5, 1]]).fit(X, Y, dYdX, epochs=3)
    jetmlp.Surrogate(seconds=2).fit(X, Y, dYdX).predict(X)


def lose() -> None:
    """Keep an array that the core has made alive for ever, and forget where it is."""
    import ctypes

    from jetmlp import _core

    for _ in range(20):
        array = _core.Architecture([50, 50], "tanh", "identity").initial_parameters64("glorot_uniform", 0)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(array))


def leaks_in(report: str) -> list[str]:
    """Return the leaks of a report that the core has allocated."""
    found = re.split(r"\n(?=(?:Direct|Indirect) leak of )", report)
    return [leak for leak in found[1:] if OURS.search(leak)]


def watched(what: str) -> tuple[list[str], int]:
    """Run one of the two functions in a process that is watched: leaks of the core, and how many in all."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "leaks"
        # Python's frames have no frame pointers, so that the fast way to unwind ends there.
        options = f"detect_leaks=1:exitcode=0:fast_unwind_on_malloc=0:log_path={log}"
        run = [sys.executable, __file__, what]
        subprocess.run(
            run,
            env={**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:{options}"},
            check=True,
        )
        report = "".join(path.read_text() for path in log.parent.glob("leaks*"))
    return leaks_in(report), len(re.findall("(?:Direct|Indirect) leak of", report))


def main() -> int:
    """Say what the computations lost; 0 if nothing, and what was lost on purpose was found."""
    on_purpose, _ = watched("lose")
    lost, in_all = watched("compute")
    print("\n".join(lost))
    print(f"{len(lost)} leaks of the core, {in_all} in all; {len(on_purpose)} lost on purpose")
    return 1 if lost or not on_purpose else 0


if __name__ == "__main__":
    if sys.argv[1:]:
        {"compute": compute, "lose": lose}[sys.argv[1]]()
    else:
        raise SystemExit(main())
