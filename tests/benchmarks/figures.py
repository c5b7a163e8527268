"""What is measured, against whom, and what each figure has to reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import workload
from workload import Workload

#: "accuracy": median error of `against` / median error of `of`, over seeds.
#: "speedup": time of `against` / time of `of`. "share": flop/s of `of` / the peak `against`.
#: "seconds": time of `of`, less that of `against` if there is one.
Kind = Literal["accuracy", "speedup", "share", "seconds"]


@dataclass(frozen=True)
class Entry:
    """A contender of a case: a module peers_*.py, what it is given, how many processors it has."""

    peer: str
    workload: Callable[[], Any] | None = None  # a Workload, or a peer's own kind
    options: dict[str, Any] = field(default_factory=dict)
    processors: int = 1
    scale: float = 1.0  # its time is multiplied by this: slow peers do a part of the epochs


@dataclass(frozen=True)
class Figure:
    """A number made of the median times, or errors, of one or two contenders."""

    name: str
    kind: Kind
    of: str
    against: str | None = None
    reach: float | None = None
    aim: float | None = None
    flops: float = 0.0  # of a run of `of`, for a share
    error: str = ""  # which of `Outcome.errors`, for an accuracy


@dataclass(frozen=True)
class Case:
    """Contenders that run by turns, and the figures this gives."""

    name: str
    entries: dict[str, Entry]
    figures: tuple[Figure, ...]
    note: str = ""
    needs: tuple[str, ...] = ()  # modules, or "jetmlp.name" for something that jetmlp has to offer
    warm_up: bool = True


NUMPY_ORDERS = "-jax-numpy: the orders of the batches drawn by NumPy, which is faster than JAX's own"


def _steps(dtype: str, batch_size: int, reach: float, aim: float) -> Case:
    hidden, n_batches = 64, 8
    epochs = 300_000 // (n_batches * batch_size)

    def make() -> Workload:
        return workload.of_steps(batch_size, dtype, n_batches=n_batches, epochs=epochs)

    name = f"step-{dtype}-{batch_size}"
    # Products H×H per sample: value and tangent forward, their adjoints back, and the two parts of W's
    # gradient: six of 2·H² flop. Layers 1-H and H-1, tanh, loss, Adam, shuffling take time and do not count.
    flops = 12.0 * hidden**2 * batch_size * n_batches * epochs
    return Case(
        name,
        {"peak": Entry("jetmlp", make, {"what": "peak"}), "jetmlp": Entry("jetmlp", make)},
        (Figure(name, "share", "jetmlp", "peak", reach, aim, flops),),
        note="1-64-64-1, values and derivatives: 12·H²·batch flop, in the time of the whole step",
    )


def _part(name: str, epochs: int | None = None) -> Callable[[], Workload]:
    return lambda: workload.of_experiment(name, epochs=epochs)


def _against_jax(name: str, *, with_jenn: int = 0, with_torch: int = 0) -> Case:
    """Compare on an experiment with JAX, and with peers that do some of its epochs."""
    make = _part(name)
    entries = {
        "jetmlp": Entry("jetmlp", make),
        "JAX": Entry("jax", make),
        "JAX + compile": Entry("jax", make, {"compile_included": True}),
    }
    figures = [
        Figure(f"{name}-jax", "speedup", "jetmlp", "JAX", 1.9, 2.5),
        Figure(f"{name}-jax-compile", "speedup", "jetmlp", "JAX + compile", 3.5, 5.0),
    ]
    needs, notes = ["jax"], ["validation in jetmlp and JAX"]
    epochs = make().epochs
    if make().batch_size is not None:
        entries["JAX, NumPy's orders"] = Entry("jax", make, {"orders_of_numpy": True})
        figures.append(Figure(f"{name}-jax-numpy", "speedup", "jetmlp", "JAX, NumPy's orders", 1.9, 2.5))
        notes.append(NUMPY_ORDERS)
    if with_torch:
        entries["PyTorch"] = Entry("torch", _part(name, with_torch), scale=epochs / with_torch)
        figures.append(Figure(f"{name}-torch", "speedup", "jetmlp", "PyTorch", 20.0, 30.0))
        needs.append("torch")
        notes.append(f"PyTorch: {with_torch} of {epochs} epochs, scaled, with validation")
    if with_jenn:
        entries["JENN"] = Entry("jenn", _part(name, with_jenn), scale=epochs / with_jenn)
        figures.append(Figure(f"{name}-jenn", "speedup", "jetmlp", "JENN", 10.0, 20.0))
        needs.append("jenn")
        notes.append(f"JENN: {with_jenn} of {epochs} epochs, scaled, float64, no validation")
    return Case(name, entries, tuple(figures), "; ".join(notes), tuple(needs))


def _second_order() -> list[Case]:
    def steps() -> Workload:
        return workload.of_steps(256, "float64", n_batches=1, epochs=20)

    def accuracy(digits: int, reach: float, aim: float) -> Case:
        name = f"levenberg-marquardt-1e-{digits}"
        options = {"what": "accuracy", "tolerance": 10.0**-digits, "seeds": 20, "least": 20}
        return Case(
            name,
            {"jetmlp": Entry("second_order", None, options)},
            (Figure(name, "seconds", "jetmlp", None, reach, aim),),
            "Runge, 1-16-16-1, 100 points: to that derivative error on 2001; all of 20 seeds must reach it",
        )

    return [
        Case(
            "levenberg-marquardt-step",
            {
                "jetmlp": Entry("second_order", steps, {"what": "jetmlp"}),
                "JAX + LAPACK": Entry("second_order", steps, {"what": "jax"}),
            },
            (Figure("levenberg-marquardt-step", "speedup", "jetmlp", "JAX + LAPACK", 5.0, 10.0),),
            "1-64-64-1, 256 points: 20 steps, the peer with an explicit Jacobian and the same damping",
            ("jax", "scipy"),
        ),
        accuracy(6, 0.02, 0.01),
        accuracy(7, 0.04, 0.02),
        Case(
            "staged",
            {"jetmlp": Entry("second_order", None, {"what": "staged", "seeds": 10})},
            (Figure("staged", "seconds", "jetmlp", None, 4.0, 1.5),),
            "Runge, 80 points, 1-16-16-1 and 1-24-24-1: all of 10 seeds to 1e-12 in value, 1e-10 in slope",
        ),
    ]


def _one_sample() -> Case:
    reach = {
        "values": (4e-6, 2.5e-6),
        "values, normalized": (4e-6, 2.5e-6),
        "value and Jacobian": (5e-6, 3e-6),
        "value and Jacobian, normalized": (6e-6, 3.5e-6),
    }
    entries = {what: Entry("one_sample", None, {"what": what}) for what in (*reach, "PyTorch")}
    seconds = [
        Figure(f"one-sample: {what}", "seconds", what, None, *bounds) for what, bounds in reach.items()
    ]
    return Case(
        "one-sample",
        entries,
        (*seconds, Figure("one-sample-torch", "speedup", "values", "PyTorch", 5.0)),
        "a call of predict for one sample of 8-64-64-1, float64; PyTorch in inference mode",
        ("torch",),
    )


def _cases() -> list[Case]:
    mini_batch, value_only = _part("mini-batch"), _part("value-only")
    gradient = Entry("jetmlp", lambda: workload.of_gradients(epochs=20))
    thousand = lambda: workload.of_steps(1024, "float32", n_batches=4, epochs=100)  # noqa: E731
    seeds = _part("mini-batch", 50)
    return [
        *_second_order(),
        _steps("float32", 256, 0.75, 0.88),
        _steps("float32", 800, 0.75, 0.88),
        _steps("float64", 256, 0.65, 0.80),
        _steps("float64", 800, 0.65, 0.80),
        _steps("float32", 64, 0.70, 0.80),
        _steps("float32", 32, 0.60, 0.80),
        _one_sample(),
        _against_jax("mini-batch", with_torch=20, with_jenn=20),
        Case(
            "mini-batch-2-threads",
            {
                "jetmlp": Entry("jetmlp", mini_batch, processors=2),
                "JAX": Entry("jax", mini_batch, processors=2),
                "JAX, NumPy's orders": Entry("jax", mini_batch, {"orders_of_numpy": True}, 2),
            },
            (
                Figure("mini-batch-jax-2-threads", "speedup", "jetmlp", "JAX", 2.2, 3.5),
                Figure(
                    "mini-batch-jax-numpy-2-threads", "speedup", "jetmlp", "JAX, NumPy's orders", 2.2, 3.5
                ),
            ),
            f"two threads each: jetmlp n_threads=2, JAX as it comes; {NUMPY_ORDERS}",
            ("jax",),
        ),
        _against_jax("derivative-only"),
        _against_jax("value-and-derivative"),
        _against_jax("weighted-sobolev", with_jenn=120),
        _against_jax("relu-vs-tanh/tanh"),
        Case(
            "value-only",
            {
                "jetmlp": Entry("jetmlp", value_only),
                "JAX, NumPy's orders": Entry("jax", value_only, {"orders_of_numpy": True}),
                "PyTorch": Entry("torch", _part("value-only", 100), scale=5.0),
                "scikit-learn": Entry("sklearn", value_only),
            },
            (
                Figure("value-only-torch", "speedup", "jetmlp", "PyTorch", 20.0, 30.0),
                Figure("value-only-sklearn", "speedup", "jetmlp", "scikit-learn", 5.0, 10.0),
                Figure("value-only-jax-numpy", "speedup", "jetmlp", "JAX, NumPy's orders"),
            ),
            "PyTorch: 100 of 500 epochs, scaled; scikit-learn has no validation",
            ("jax", "torch", "sklearn"),
        ),
        Case(
            "gradient-10d",
            {
                "jetmlp": gradient,
                "JAX": Entry("jax", gradient.workload),
                "JAX, NumPy's orders": Entry("jax", gradient.workload, {"orders_of_numpy": True}),
            },
            (
                Figure("gradient-10d-jax", "speedup", "jetmlp", "JAX", 1.5, 2.5),
                Figure("gradient-10d-jax-numpy", "speedup", "jetmlp", "JAX, NumPy's orders", 1.5, 2.5),
            ),
            f"values and gradients, JAX by reverse sweeps; 20 epochs of 4096; {NUMPY_ORDERS}",
            ("jax",),
        ),
        Case(
            "threads-1024",
            {
                "one thread": Entry("jetmlp", thousand, {"n_threads": 1}, 2),
                "two threads": Entry("jetmlp", thousand, {"n_threads": 2}, 2),
            },
            (Figure("threads-1024", "speedup", "two threads", "one thread", 1.7, 1.9),),
            "1-64-64-1, batch 1024",
        ),
        Case(
            "fit-many",
            {
                f"{word} thread{'s' * (n > 1)}": Entry(
                    "jetmlp", seeds, {"what": "fit_many", "n_fits": 16, "n_threads": n}, 2
                )
                for word, n in (("one", 1), ("two", 2))
            },
            (Figure("fit-many", "speedup", "two threads", "one thread", 1.85, 1.97),),
            "16 seeds of mini-batch, 50 of its 1000 epochs",
            ("jetmlp.fit_many",),
        ),
        Case(
            "reproduce",
            {"jetmlp": Entry("command", None, {"what": "reproduce"}, 2)},
            (Figure("reproduce", "seconds", "jetmlp", None, 15.0, 8.0),),
            "jetmlp reproduce, all experiments with figures, two processors",
            warm_up=False,
        ),
        Case(
            "import",
            {
                "NumPy": Entry("command", None, {"what": "import numpy"}),
                "jetmlp": Entry("command", None, {"what": "import numpy, jetmlp"}),
            },
            (Figure("import", "seconds", "jetmlp", "NumPy", 0.040, 0.015),),
            "a process that imports both, less one that imports NumPy",
        ),
    ]


def all_cases() -> dict[str, Case]:
    """All cases by name."""
    from figures_surrogates import cases  # which is made of the classes above

    return {case.name: case for case in (*_cases(), *cases())}
