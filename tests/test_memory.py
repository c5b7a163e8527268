"""What does not fit into memory is refused before any of it is taken, with need and limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jetmlp
from jetmlp import _memory
from jetmlp._memory import Limit, memory_limit, require_memory
from jetmlp.fitting.plan import Ending

GIGABYTE = 10**9


def write(root: Path, **files: str) -> Path:
    """Write files of a system, `__` for `/` in their names."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def no_ulimit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "_of_address_space", lambda _: None)


@pytest.mark.usefixtures("no_ulimit")
class TestLimits:
    """Of made-up systems."""

    def test_control_groups_of_the_second_version_and_those_above_count(self, tmp_path: Path) -> None:
        root = write(
            tmp_path,
            proc__self__cgroup="0::/user/job\n",
            proc__meminfo="MemTotal: 64000000 kB\nMemAvailable: 32000000 kB\nSwapFree: 0 kB\n",
            sys__fs__cgroup__user__memoryDOTmax="6000000000\n",
            sys__fs__cgroup__user__memoryDOTcurrent="2500000000\n",
            sys__fs__cgroup__user__memoryDOTstat="anon 1\ninactive_file 500000000\n",
            sys__fs__cgroup__user__job__memoryDOTmax="max\n",
            sys__fs__cgroup__user__job__memoryDOTcurrent="2000000000\n",
        )
        assert memory_limit(root) == Limit(4 * GIGABYTE, "the control group (cgroup) of this process")

    def test_control_groups_of_the_first_version(self, tmp_path: Path) -> None:
        root = write(
            tmp_path,
            proc__self__cgroup="7:cpu,cpuacct:/\n5:memory:/docker/abc\n",
            sys__fs__cgroup__memory__memoryDOTlimit_in_bytes="3000000000\n",
            sys__fs__cgroup__memory__memoryDOTusage_in_bytes="1000000000\n",
            sys__fs__cgroup__memory__memoryDOTstat="total_inactive_file 0\n",
            proc__meminfo="MemAvailable: 32000000 kB\n",
        )
        assert memory_limit(root) == Limit(2 * GIGABYTE, "the control group (cgroup) of this process")

    def test_no_limit_of_a_group_leaves_that_of_the_machine(self, tmp_path: Path) -> None:
        root = write(
            tmp_path,
            proc__self__cgroup="5:memory:/\n0::/\n",
            sys__fs__cgroup__memory__memoryDOTlimit_in_bytes="9223372036854771712\n",
            sys__fs__cgroup__memoryDOTmax="max\n",
            proc__meminfo="MemTotal: 9 kB\nMemAvailable: 1000 kB\nSwapFree: 24 kB\n",
        )
        assert memory_limit(root) == Limit(1024 * 1024, "the memory of this machine")

    def test_a_group_that_is_full_leaves_nothing(self, tmp_path: Path) -> None:
        root = write(
            tmp_path,
            proc__self__cgroup="0::/\n",
            sys__fs__cgroup__memoryDOTmax="1000\n",
            sys__fs__cgroup__memoryDOTcurrent="2000\n",
        )
        assert memory_limit(root) == Limit(0, "the control group (cgroup) of this process")

    def test_a_system_that_tells_of_nothing_sets_no_limit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr("os.sysconf")
        assert memory_limit(tmp_path) is None
        monkeypatch.setattr(_memory, "ROOT", tmp_path)
        monkeypatch.setattr(_memory, "memory_limit", lambda: None)
        require_memory("X", 1e30)

    @pytest.mark.parametrize("text", ["", "garbage\n", "0::\n", "\x00", "0::/../../..\n", ":::\n", "1\n"])
    def test_odd_files_are_no_errors(self, tmp_path: Path, text: str) -> None:
        write(tmp_path, proc__self__cgroup=text, proc__meminfo=text, sys__fs__cgroup__memoryDOTmax="x\n")
        memory_limit(tmp_path)


def test_the_message_says_need_and_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "memory_limit", lambda: Limit(2_100_000_000, "the jar"))
    with pytest.raises(
        MemoryError,
        match=r"^X: expected to need no more than 2.1 GB of memory, which is left of the jar, got a"
        r" need of 1,300.0 TB; less will do$",
    ):
        require_memory("X", 1.3e15, "less will do")
    require_memory("X", 2.1e9)


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of a megabyte."""
    monkeypatch.setattr(_memory, "memory_limit", lambda: Limit(10**6, "a small machine"))
    monkeypatch.setattr(_memory, "SMALL", 0)


@pytest.mark.usefixtures("little")
class TestLittle:
    """What does not fit into a megabyte."""

    def test_a_network(self) -> None:
        for dtype, largest in (("float32", 490), ("float64", 345)):
            jetmlp.MLP([1, largest, largest, 1], dtype=dtype)
            with pytest.raises(
                MemoryError, match=r"^layer_sizes of .* parameters: expected .* got a need of"
            ):
                jetmlp.MLP([1, 510, 510, 1], dtype=dtype)

    def test_predictions(self) -> None:
        model, X = jetmlp.MLP([20, 4, 2], normalize=False), np.zeros((4000, 20))
        model.predict(X)
        for name in ("jacobian", "predict_with_jacobian", "hessian"):
            with pytest.raises(MemoryError, match=r"^X of 4000 rows: .* fewer rows at a time"):
                getattr(model, name)(X)
            getattr(model, name)(X[:50])

    @pytest.mark.parametrize(
        "optimizer",
        [
            jetmlp.LevenbergMarquardt(form="dual"),
            jetmlp.LevenbergMarquardt(form="primal"),
            jetmlp.LevenbergMarquardt(regularization="evidence"),
            jetmlp.SelfScaledBroyden(),
            jetmlp.LBFGS(memory=200),
            jetmlp.Chain([jetmlp.Adam(), jetmlp.SelfScaledBroyden()], [3]),
        ],
        ids=repr,
    )
    def test_a_fit(self, optimizer: jetmlp.optimizers.base.Optimizer) -> None:
        X = np.linspace(-1, 1, 400)
        model = jetmlp.MLP([1, 20, 20, 1])
        before = model.parameters
        trainer = jetmlp.Trainer(model, optimizer, n_threads=1)
        with pytest.raises(
            MemoryError, match=r"with 400 samples: expected .* got a need of .* MB; fewer samples"
        ):
            trainer.fit(X, np.sin(X), epochs=1)
        np.testing.assert_array_equal(model.parameters, before)
        assert model.normalization is None
        assert trainer.n_epochs == 0

    def test_auto_chooses_what_fits(self) -> None:
        X = np.linspace(-1, 1, 400)
        trainer = jetmlp.Trainer(jetmlp.MLP([1, 10, 18, 1]), n_threads=1)
        trainer.fit(X, np.sin(X), epochs=1)
        assert isinstance(trainer.optimizer, jetmlp.SelfScaledBroyden)

    def test_matrices_of_residuals(self) -> None:
        X = np.linspace(-1, 1, 300)
        model = jetmlp.MLP([1, 4, 1])
        objective = jetmlp.Objective(model, X, np.sin(X), n_threads=1)
        assert len(objective.residuals(model.parameters)) == 300
        assert objective.residual_jacobian(model.parameters).shape == (300, 13)
        with pytest.raises(MemoryError, match=r"^gram: expected"):
            objective.gram(model.parameters)

    def test_samples(self) -> None:
        with pytest.raises(MemoryError, match=r"^X of 90000 samples: "):
            jetmlp.Samples(np.zeros(90_000), np.zeros(90_000))

    def test_a_surrogate(self) -> None:
        X = np.random.default_rng(0).uniform(-1.0, 1.0, (100, 3))
        with pytest.raises(MemoryError, match=r"^X of 100 samples for a network of \d+ parameters: expected"):
            jetmlp.Surrogate(seconds=1).fit(X, np.sin(X.sum(axis=1)))

    def test_stages(self) -> None:
        X = np.linspace(-1, 1, 400)
        model = jetmlp.StagedMLP([[1, 20, 20, 1], [1, 20, 20, 1]])
        with pytest.raises(MemoryError, match=r"^LevenbergMarquardt with 400 samples: expected"):
            model.fit(X, np.sin(X), np.cos(X), epochs=1)

    def test_fits_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        X = np.linspace(-1, 1, 100)
        fleet = [jetmlp.Trainer(jetmlp.MLP([1, 8, 1]), jetmlp.LevenbergMarquardt()) for _ in range(4)]
        need = fleet[0]._need(fleet[0]._plan(jetmlp.Samples(X, np.sin(X)), Ending(), 1), 1)
        monkeypatch.setattr(_memory, "memory_limit", lambda: Limit(int(3.5 * need), "a machine for three"))
        jetmlp.fit_many(fleet, X, np.sin(X), epochs=1, n_threads=3)
        with pytest.raises(MemoryError, match=r"^4 fits at a time: .* a smaller n_threads"):
            jetmlp.fit_many(fleet, X, np.sin(X), epochs=1, n_threads=4)


UNDER_ULIMIT = """
import resource, sys, time
import numpy as np
import jetmlp

resource.setrlimit(resource.RLIMIT_AS, (4 * 10**9, 4 * 10**9))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
X = np.linspace(-1, 1, 120_000)
wide = jetmlp.MLP([300, 8, 40], dtype="float32", normalize=False)
rows = np.zeros((4000, 300), dtype=np.float32)
model = jetmlp.MLP([1, 40, 40, 1])
dual = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(form="dual"), n_threads=1)
objective = jetmlp.Objective(model, X, np.sin(X), n_threads=1)
for what in (
    lambda: jetmlp.MLP([1, 30000, 30000, 1]),
    lambda: jetmlp.MLP([2**24] * 1001),
    lambda: dual.fit(X, np.sin(X), epochs=1),
    lambda: wide.hessian(rows, n_threads=1),
    lambda: objective.gram(model.parameters),
):
    start = time.perf_counter()
    try:
        what()
    except MemoryError as error:
        print(f"{1e3 * (time.perf_counter() - start):.1f} ms: {error}", file=sys.stderr)
        assert "RLIMIT_AS" in str(error), error
        print("refused")
    else:
        print("not refused")
model.predict(X)
print("alive")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is not kept elsewhere")
def test_under_a_real_limit_nothing_is_begun() -> None:
    run = subprocess.run([sys.executable, "-c", UNDER_ULIMIT], capture_output=True, text=True, check=False)
    print(run.stderr)  # how long each took: pytest -rP shows it
    assert (run.returncode, run.stdout.split()) == (0, [*["refused"] * 5, "alive"]), run.stderr
