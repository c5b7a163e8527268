"""jetmlp itself, and the arithmetic peak of the core beside it."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import time
from pathlib import Path

from workload import Outcome, Run, Workload

import jetmlp

# The flags of CMakeLists.txt for each level. Without fused multiply-add the peak is that of a·b, then + c.
LEVEL_FLAGS = {
    "x86-64-v2": ("-march=x86-64-v2",),
    "x86-64-v3": ("-march=x86-64-v3",),
    "x86-64-v4": ("-march=x86-64-v4", "-mprefer-vector-width=512"),
    "generic": (),
}
SECONDS_OF_PEAK = 0.1


def prepare(
    workload: Workload, processors: int, *, what: str = "fit", n_fits: int = 1, n_threads: int = 0
) -> Run:
    """Train once ("fit"), an ensemble ("fit_many"), or measure the peak ("peak").

    `n_threads` is that of jetmlp, by default one for each processor of this process.
    """
    if what == "peak":
        return _peak(workload.dtype)
    n_threads = n_threads or processors
    X, Y, dYdX = workload.train

    def trainer(seed: int, threads: int) -> jetmlp.Trainer:
        model = jetmlp.MLP(
            workload.layer_sizes, workload.activation, dtype=workload.dtype, seed=seed, normalize=False
        )
        if seed == workload.seed:
            model.parameters = workload.parameters
        return jetmlp.Trainer(
            model,
            jetmlp.Adam(learning_rate=workload.learning_rate),
            value_weight=workload.value_weight,
            derivative_weight=workload.derivative_weight,
            batch_size=workload.batch_size,
            n_threads=threads,
            seed=seed,
        )

    def fit() -> Outcome:
        start = time.perf_counter()
        history = trainer(workload.seed, n_threads).fit(
            X, Y, dYdX, epochs=workload.epochs, validation_data=workload.validation
        )
        return Outcome(time.perf_counter() - start, history["loss"].tolist())

    def fit_many() -> Outcome:
        start = time.perf_counter()
        histories = jetmlp.fit_many(
            [trainer(workload.seed + i, 1) for i in range(n_fits)],
            X,
            Y,
            dYdX,
            epochs=workload.epochs,
            validation_data=workload.validation,
            n_threads=n_threads,
        )
        return Outcome(time.perf_counter() - start, histories[0]["loss"].tolist())

    return fit if what == "fit" else fit_many


def _peak(dtype: str) -> Run:
    level = jetmlp.info()["level"]
    source = Path(__file__).with_name("fma_peak.cpp")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "fma_peak.so"
        flags = ("-O2", "-ffp-contract=fast", *LEVEL_FLAGS[level], "-shared", "-fPIC")
        subprocess.run(["c++", *flags, str(source), "-o", str(library)], check=True)
        loaded = ctypes.CDLL(str(library))
    function = getattr(loaded, f"fma_peak_{dtype}")
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_double] * 3 + [ctypes.POINTER(ctypes.c_double)]

    def peak() -> Outcome:
        total = ctypes.c_double()
        start = time.perf_counter()
        rate = function(SECONDS_OF_PEAK, 0.999, 0.5, total)
        return Outcome(time.perf_counter() - start, rate=rate)

    return peak
