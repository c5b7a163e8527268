"""One experiment: a function or data, a network, a loss, a training, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import metrics
from ..._core import StopFlag
from ...data.samples import Samples
from ...fitting.callbacks import Callback
from ...fitting.history import History
from ...fitting.trainer import Trainer
from ...models.mlp import MLP
from ...optimizers.adam import Adam
from ...optimizers.base import Optimizer
from ..description import described, name_of
from ..fits import n_products, timed_fit
from ..problems.measured import MeasuredData
from ..problems.sampled import Function, sampled
from ..problems.sampling import Sampling
from ..study import DEFAULT_SEEDS
from .constant import fix_constant
from .possible import Possible
from .published import ERRORS, Published

Evaluation = dict[str, dict[str, float]]

_METRICS = {"mse": "mse", "max": "max_error"}


@dataclass(frozen=True, kw_only=True)
class FitExperiment:
    """A fit that is determined by a seed.

    What the weights leave out of the loss is still measured, as far as it is known: it appears in the
    history and in the errors.

    Parameters
    ----------
    name : str
        Name of the experiment, or of its part in a larger one.
    data : Sampling or MeasuredData
        Where to sample the function, such as `Equispaced`; or the samples themselves.
    layer_sizes : tuple of int
        Inputs, hidden widths, outputs.
    function, derivative : callable, optional
        Values (n,) or (n, m), and derivatives (n,), (n, d) or (n, m, d), at inputs (n,) or (n, d).
        None with `MeasuredData`.
    activation, output_activation, init, dtype : str
        As for `jetmlp.MLP`.
    normalize : bool, default False
        Likewise; the published fits are in the units of the data.
    value_weight, derivative_weight : float
        Weights of the two parts of the loss. With a value weight of 0 the constant of the function is free;
        it is fixed after the fit, see `FitResult`.
    learning_rate : float or callable
        Of Adam: a number, or a schedule of `jetmlp.schedules`.
    optimizer : Optimizer, optional
        Another one, without that rate; default Adam.
    epochs : int
        Passes over the training samples.
    batch_size : int, optional
        Samples per update; default all of them.
    published : Published, optional
        Errors to compare with.
    possible : Possible, optional
        A fit to the same samples to run beside this one: what is possible in no more time.
    description : str
        One line.

    Examples
    --------
    >>> import numpy as np
    >>> from jetmlp.experiments import Equispaced, FitExperiment
    >>> sine = FitExperiment(
    ...     name="sine", function=np.sin, derivative=np.cos, layer_sizes=(1, 16, 1), learning_rate=1e-2,
    ...     data=Equispaced(n_train=40, n_validation=20, low=0.0, high=3.0), epochs=500,
    ... )
    >>> sine.run(seed=0).errors["value_max"] < 0.1
    True
    """

    name: str
    data: Sampling | MeasuredData
    layer_sizes: tuple[int, ...]
    function: Function | None = None
    derivative: Function | None = None
    activation: str = "tanh"
    output_activation: str = "identity"
    init: str = "glorot_uniform"
    dtype: str = "float32"
    normalize: bool = False
    value_weight: float = 1.0
    derivative_weight: float = 1.0
    learning_rate: float | Callable[[int], float] = 1e-3
    optimizer: Optimizer | None = None
    epochs: int
    batch_size: int | None = None
    published: Published | None = None
    possible: Possible | None = None
    description: str = ""

    #: A single fit needs no more seeds than the user asks for.
    least_seeds = 1
    default_seeds = DEFAULT_SEEDS

    def __post_init__(self) -> None:
        given = self.function is not None or self.derivative is not None
        if isinstance(self.data, MeasuredData) and given:
            raise ValueError("function, derivative: expected None with measured data, got a function")
        if not isinstance(self.data, MeasuredData) and not given:
            raise ValueError("function, derivative: expected at least one of the two, got neither")

    @property
    def fits(self) -> dict[str, FitExperiment]:
        """The fits of this experiment by name: itself, and the one beside it if there is one."""
        return fits_with_possible({self.name: self})

    @property
    def work(self) -> float:
        """About how many products the fit takes."""
        n_train = len(self.data.samples) if isinstance(self.data, MeasuredData) else self.data.n_train
        return float(n_products(self.layer_sizes) * self.epochs * n_train)

    @property
    def possible_fit(self) -> FitExperiment | None:
        """The fit to run beside this one, to the same samples with the same weights, or None."""
        its = self.possible
        if its is None:
            return None
        return replace(
            self,
            name=f"{self.name}/possible",
            layer_sizes=its.layer_sizes,
            init=its.init,
            dtype=its.dtype,
            normalize=its.normalize,
            optimizer=its.optimizer,
            epochs=its.epochs,
            batch_size=None,
            possible=None,
        )

    @property
    def value_trained(self) -> bool:
        """Whether the loss contains the values."""
        known = self.data.samples.Y if isinstance(self.data, MeasuredData) else self.function
        return self.value_weight > 0.0 and known is not None

    @property
    def derivative_trained(self) -> bool:
        """Whether the loss contains the derivatives."""
        known = self.data.samples.derivatives if isinstance(self.data, MeasuredData) else self.derivative
        return self.derivative_weight > 0.0 and known is not None

    def samples(self, seed: int = 0) -> dict[str, Samples]:
        """Compute the samples of a seed: "train", "validation", sometimes "test", and those to measure on."""
        compared = None if self.published is None else self.published.points
        if isinstance(self.data, MeasuredData):
            given = self.data.split(seed)
            if compared is not None and compared not in given:
                raise ValueError(f"published: expected points among {', '.join(given)}, got {compared!r}")
            return given
        points = self.data.draw(seed)
        inputs = {name: X for name, X in points._asdict().items() if X is not None}
        if compared is not None and compared not in inputs:
            count, _, spacing = compared.partition(" ")
            if spacing != "equispaced" or not count.isdecimal():
                raise ValueError(f"published: expected points of this experiment, got {compared!r}")
            inputs[compared] = self.data.equispaced(int(count))
        dense_name, dense = self.data.dense(seed)
        inputs.setdefault(dense_name, dense)
        return {name: sampled(X, self.function, self.derivative) for name, X in inputs.items()}

    def run(
        self,
        seed: int = 0,
        *,
        n_threads: int = 1,
        callbacks: Iterable[Callback] | Callback = (),
        stop: StopFlag | None = None,
    ) -> FitResult:
        """Draw the samples, fit and measure.

        Parameters
        ----------
        seed : int, default 0
            Of samples, starting parameters and order of the batches.
        n_threads : int, default 1
            Threads of the fit; the result is the same for any number.
        callbacks : callable or iterable of callables
            As for `jetmlp.Trainer.fit`.
        stop : StopFlag, optional
            Calls the fit off once it is set, from whatever thread.

        Returns
        -------
        FitResult

        Raises
        ------
        concurrent.futures.CancelledError
            If `stop` was set before the end.
        TypeError, ValueError, jetmlp.DivergenceError
            What the samples, the model and the trainer raise.
        """
        samples = self.samples(seed)
        model = MLP(
            self.layer_sizes,
            self.activation,
            self.output_activation,
            dtype=self.dtype,
            init=self.init,
            seed=seed,
            normalize=self.normalize,
        )
        trainer = Trainer(
            model,
            Adam(learning_rate=self.learning_rate) if self.optimizer is None else self.optimizer,
            value_weight=self.value_weight,
            derivative_weight=self.derivative_weight,
            batch_size=self.batch_size,
            n_threads=n_threads,
            seed=seed,
        )
        data = samples["train"], samples.get("validation")
        history, *times = timed_fit(trainer, *data, epochs=self.epochs, callbacks=callbacks, stop=stop)
        shift = None if self.value_trained else fix_constant(model, samples["train"])
        evaluations = {name: metrics.evaluate(model, those) for name, those in samples.items()}
        return FitResult(self, seed, model, history, samples, evaluations, shift, *times)

    def configuration(self) -> dict[str, Any]:
        """Return what determines the fit besides the seed, as plain numbers, strings, lists and dicts."""
        training = (
            {"optimizer": "Adam", "learning_rate": described(self.learning_rate)}
            if self.optimizer is None
            else {"optimizer": described(self.optimizer)}
        )
        return {
            "function": name_of(self.function),
            "derivative": name_of(self.derivative),
            "data": self._described_data(),
            "layer_sizes": list(self.layer_sizes),
            "activation": self.activation,
            "output_activation": self.output_activation,
            "init": self.init,
            "dtype": self.dtype,
            # Named where it is on: the published fits, and PyTorch's with the same configuration, know none.
            **({"normalize": True} if self.normalize else {}),
            "value_weight": self.value_weight,
            "derivative_weight": self.derivative_weight,
            **training,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
        }

    def _described_data(self) -> dict[str, Any]:
        if isinstance(self.data, MeasuredData):
            return {"kind": "MeasuredData", "n": len(self.data.samples)}
        data: dict[str, Any] = described(self.data)
        return data


def label_of_possible(label: str) -> str:
    """Return the name of the fit beside one of this name."""
    return f"{label}, possible"


def fits_with_possible(fits: Mapping[str, FitExperiment]) -> dict[str, FitExperiment]:
    """Return fits by name, and after them those to run beside them."""
    pairs = ((label_of_possible(label), fit.possible_fit) for label, fit in fits.items())
    return {**fits, **{label: fit for label, fit in pairs if fit is not None}}


@dataclass(frozen=True, eq=False)
class FitResult:
    """A fitted model with its errors.

    Attributes
    ----------
    experiment : FitExperiment
        What was run.
    seed : int
        Of the run.
    model : MLP
        The fitted model. Where values were not trained but are known, the output bias has been moved by
        `value_shift`.
    history : History
        Losses of every epoch; those of a free constant are before it was fixed.
    samples : dict of str to Samples
        "train", "validation", sometimes "test", and the points to measure on, by name; the densest last.
    evaluations : dict of str to evaluation
        What `jetmlp.metrics.evaluate` says for each of the samples.
    value_shift : ndarray (m,), or None
        Where derivatives alone were trained: the mean residual of the values over the training samples,
        which fixes the constant that the loss does not see. Errors of values mean little more than how
        well the integral of the derivative fits. None where values were trained or are not known.
    time_s : float
        Duration of the fit, with one validation an epoch, on the wall's clock [s]. It contains what the fit
        had to wait for others.
    cpu_time_s : float
        What the thread of the fit worked [s]: with one thread, what the fit takes on an idle machine.
    """

    experiment: FitExperiment
    seed: int
    model: MLP
    history: History
    samples: dict[str, Samples]
    evaluations: dict[str, Evaluation]
    value_shift: NDArray[np.float64] | None
    time_s: float
    cpu_time_s: float

    @property
    def points(self) -> str:
        """Name of the samples on which errors are compared: the published ones, or else `dense_points`."""
        published = self.experiment.published
        return self.dense_points if published is None else published.points

    @property
    def dense_points(self) -> str:
        """Name of the many points on which every fit is measured; for arrays the validation samples."""
        return list(self.samples)[-1]

    @property
    def errors(self) -> dict[str, float | None]:
        """Errors on `points`: "value_mse", "value_max", "derivative_mse", "derivative_max"."""
        return self.errors_on(self.points)

    def errors_on(self, points: str) -> dict[str, float | None]:
        """Return the four errors on samples of a name; None for what is not known."""
        errors: dict[str, float | None] = {}
        for name in ERRORS:
            quantity, _, metric = name.partition("_")
            errors[name] = self.evaluations[points].get(quantity, {}).get(_METRICS[metric])
        return errors

    @property
    def ratios(self) -> dict[str, float | None]:
        """Measured errors divided by the published ones; None where there is nothing to compare."""
        published = self.experiment.published
        return dict.fromkeys(ERRORS) if published is None else published.ratios(self.errors)
