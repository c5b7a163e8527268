"""One experiment: a function or data, a network, a loss, a training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import numpy as np

from .. import metrics
from ..fitting.callbacks import Callback
from ..fitting.history import History
from ..fitting.trainer import Trainer
from ..models.mlp import MLP
from ..optimizers.adam import Adam
from .published import Published
from .result import FitResult
from .samples import Arrays, Function, Samples
from .sampling import Sampling

# A wish to stop is looked for after so many visited samples: a tenth of a second or two.
SAMPLES_BETWEEN_STOPS = 100_000


@dataclass(frozen=True, kw_only=True)
class FitExperiment:
    """A fit that is determined by a seed.

    What the weights leave out of the loss is still measured, as far as it is known: it appears in the
    history and in the errors.

    Parameters
    ----------
    name : str
        Name of the experiment, or of its part in a larger one.
    data : Sampling or Arrays
        Where to sample the function, such as `Equispaced`; or the data themselves.
    layer_sizes : tuple of int
        Inputs, hidden widths, outputs.
    function, derivative : callable, optional
        Values (n,) or (n, m), and derivatives (n,), (n, d) or (n, m, d), at inputs (n,) or (n, d).
        None with `Arrays`.
    activation, output_activation, init, dtype : str
        As for `jetmlp.MLP`.
    value_weight, derivative_weight : float
        Weights of the two parts of the loss. With a value weight of 0 the constant of the function is free;
        it is fixed after the fit, see `FitResult`.
    learning_rate : float or callable
        Of Adam: a number, or a schedule of `jetmlp.schedules`.
    epochs : int
        Passes over the training samples.
    batch_size : int, optional
        Samples per update; default all of them.
    published : Published, optional
        Errors to compare with.
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
    data: Sampling | Arrays
    layer_sizes: tuple[int, ...]
    function: Function | None = None
    derivative: Function | None = None
    activation: str = "tanh"
    output_activation: str = "identity"
    init: str = "glorot_uniform"
    dtype: str = "float32"
    value_weight: float = 1.0
    derivative_weight: float = 1.0
    learning_rate: float | Callable[[int], float] = 1e-3
    epochs: int
    batch_size: int | None = None
    published: Published | None = None
    description: str = ""

    #: A single fit needs no more seeds than the user asks for.
    least_seeds = 1

    def __post_init__(self) -> None:
        given = self.function is not None or self.derivative is not None
        if isinstance(self.data, Arrays) and given:
            raise ValueError("function, derivative: expected None with data of arrays, got a function")
        if not isinstance(self.data, Arrays) and not given:
            raise ValueError("function, derivative: expected at least one of the two, got neither")

    @property
    def fits(self) -> dict[str, FitExperiment]:
        """The fits of this experiment by name: only itself."""
        return {self.name: self}

    @property
    def value_trained(self) -> bool:
        """Whether the loss contains the values."""
        return self.value_weight > 0.0 and (isinstance(self.data, Arrays) or self.function is not None)

    @property
    def derivative_trained(self) -> bool:
        """Whether the loss contains the derivatives."""
        return self.derivative_weight > 0.0 and (isinstance(self.data, Arrays) or self.derivative is not None)

    def samples(self, seed: int = 0) -> dict[str, Samples]:
        """Compute the samples of a seed: "train", "validation", sometimes "test", and those to measure on."""
        compared = None if self.published is None else self.published.points
        if isinstance(self.data, Arrays):
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
        return {name: Samples.of(X, self.function, self.derivative) for name, X in inputs.items()}

    def run(
        self,
        seed: int = 0,
        *,
        n_threads: int = 1,
        callbacks: Iterable[Callback] | Callback = (),
        stop: Callable[[], bool] | None = None,
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
        stop : callable, optional
            Asked every tenth of a second or two, in the thread of the fit, whether to give up.

        Returns
        -------
        FitResult

        Raises
        ------
        concurrent.futures.CancelledError
            If `stop` said so.
        TypeError, ValueError, jetmlp.DivergenceError
            What the model and the trainer raise.
        """
        samples = self.samples(seed)
        model = MLP(
            self.layer_sizes,
            self.activation,
            self.output_activation,
            dtype=self.dtype,
            init=self.init,
            seed=seed,
        )
        trainer = Trainer(
            model,
            Adam(learning_rate=self.learning_rate),
            value_weight=self.value_weight,
            derivative_weight=self.derivative_weight,
            batch_size=self.batch_size,
            n_threads=n_threads,
            seed=seed,
        )
        started, worked = time.perf_counter(), time.thread_time()
        history = self._fit(trainer, samples, callbacks, stop)
        times = time.perf_counter() - started, time.thread_time() - worked

        shift = None if self.value_trained else _fix_constant(model, samples["train"])
        evaluations = {name: metrics.evaluate(model, *those) for name, those in samples.items()}
        return FitResult(self, seed, model, history, samples, evaluations, shift, *times)

    def _fit(
        self,
        trainer: Trainer,
        samples: dict[str, Samples],
        callbacks: Iterable[Callback] | Callback,
        stop: Callable[[], bool] | None,
    ) -> History:
        data = samples["train"], samples.get("validation")
        return fit_until_stopped(trainer, *data, epochs=self.epochs, callbacks=callbacks, stop=stop)

    def configuration(self) -> dict[str, Any]:
        """Return what determines the fit besides the seed, as plain numbers, strings, lists and dicts."""
        return {
            "function": _name_of(self.function),
            "derivative": _name_of(self.derivative),
            "data": _describe_data(self.data),
            "layer_sizes": list(self.layer_sizes),
            "activation": self.activation,
            "output_activation": self.output_activation,
            "init": self.init,
            "dtype": self.dtype,
            "value_weight": self.value_weight,
            "derivative_weight": self.derivative_weight,
            "optimizer": "Adam",
            "learning_rate": plain(self.learning_rate),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
        }


def fit_until_stopped(
    trainer: Trainer,
    train: Samples,
    validation: Samples | None,
    *,
    epochs: int,
    callbacks: Iterable[Callback] | Callback = (),
    stop: Callable[[], bool] | None = None,
) -> History:
    """Fit for all epochs, or raise a `concurrent.futures.CancelledError` once `stop` says so."""
    if stop is None:
        return trainer.fit(*train, epochs=epochs, validation_data=validation, callbacks=callbacks)
    # A callback would do, but would need Python's lock after every epoch, and wait for it while another
    # thread draws a figure. A second fit continues where the first stopped, so pieces do the same.
    piece = max(1, SAMPLES_BETWEEN_STOPS // len(train.X))
    histories = []
    for first in range(0, epochs, piece):
        if stop():
            raise CancelledError
        histories.append(
            trainer.fit(
                *train, epochs=min(piece, epochs - first), validation_data=validation, callbacks=callbacks
            )
        )
    return History({name: np.concatenate([one[name] for one in histories]) for name in histories[0]})


def _fix_constant(model: MLP, train: Samples) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Add the mean residual of the values (m,) to the output bias; return it.

    A loss of derivatives alone does not see the constant of the function.
    """
    if train.Y is None or model.output_activation != "identity":
        return None
    predicted = model.predict(train.X).astype(np.float64)
    shift: np.ndarray[Any, np.dtype[np.float64]] = np.mean(
        train.Y.reshape(predicted.shape) - predicted, axis=0
    )
    parameters = model.parameters.astype(np.float64)
    parameters[-model.n_outputs :] += shift  # the output layer's biases come last
    model.parameters = parameters
    return shift


def _name_of(function: object) -> str | None:
    if function is None:
        return None
    return str(
        getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or repr(function)
    )


def _describe_data(data: Sampling | Arrays) -> dict[str, Any]:
    if isinstance(data, Arrays):
        return {"kind": "Arrays", "n": len(np.asarray(data.X))}
    described: dict[str, Any] = plain(data)
    return described


def plain(value: object) -> Any:  # noqa: ANN401  numbers, strings, lists, dicts
    """Turn a dataclass into a dictionary with its kind; name other callables."""
    if is_dataclass(value) and not isinstance(value, type):
        fields = {
            name: list(entry) if isinstance(entry, tuple) else _name_of(entry) if callable(entry) else entry
            for name, entry in asdict(value).items()
        }
        return {"kind": type(value).__name__, **fields}
    return _name_of(value) if callable(value) else value
