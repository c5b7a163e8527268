"""Trainers to files and back: what `Trainer` has of checkpoints."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from numpy.typing import NDArray

from .. import _checks
from .._files import Container, packed, read_container, unpack, write_container
from .._files.errors import place_of, refusal
from .._files.fields import check_same
from .._files.writing import path_text
from .._parts import for_pickle, from_pickle
from ..models.mlp import MLP
from ..optimizers.auto import AUTO
from ..optimizers.base import Optimizer
from ..optimizers.describing import described_optimizer, let_see, optimizer_from
from .checkpoint import FILE_KIND, Call, Checkpoint, parts_of, records_of
from .evidence import Evidence
from .history import History
from .plan import FitPlan
from .problem import LossWeights

Self = TypeVar("Self", bound="Resumable")

#: Epochs from one checkpoint to the next where none were asked for.
EVERY = 100


class Pending(NamedTuple):
    """A fit that is to be gone on with."""

    call: Call
    done: int  # epochs
    parameters: NDArray[Any]  # of the model, as the checkpoint has them

    def check(self, plan: FitPlan, model: MLP) -> int:
        """Raise a ``ValueError`` unless a planned fit is that one; return its epochs done."""
        if model._parameters is not self.parameters:
            raise ValueError(
                "model.parameters: expected those of the checkpoint, from which its fit goes on, got others; "
                "to fit from these make a new Trainer"
            )
        self.call.check(plan, self.done)
        return self.done


class Keeper:
    """Writes a checkpoint of a trainer every so many epochs of a fit, and after its last."""

    def __init__(self, trainer: Resumable, path: object, every: object, epochs: int) -> None:
        self._trainer, self._epochs = trainer, epochs
        self._path = as_checkpoint_path(path)
        self._every = EVERY if every is None else _checks.as_integer("checkpoint_every", every, 1, 2**31)
        trainer._expect_kept()

    def after_epoch(self, epoch: int, *, last: bool) -> None:
        """Write one if it is time to, or the fit ends here."""
        if last or self.is_due(epoch):
            self._trainer.save_checkpoint(self._path)

    def is_due(self, epoch: int) -> bool:
        """Whether there will be one after this epoch, counted from 0, whatever callbacks say."""
        return (epoch + 1) % self._every == 0 or epoch + 1 == self._epochs


def as_keeper(trainer: Resumable, path: object, every: object, epochs: int) -> Keeper | None:
    """Check what `Trainer.fit` was asked for of checkpoints; None for none."""
    if path is None:
        if every is not None:
            raise ValueError(f"checkpoint_every: expected a checkpoint to write with it, got {every!r} alone")
        return None
    return Keeper(trainer, path, every, epochs)


def as_checkpoint_path(path: object) -> Path:
    """Take a path that can be written to as far as can be seen before the fit."""
    try:
        found = Path(path)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"checkpoint: expected a path, got {path!r}") from None
    if found.is_dir():
        raise IsADirectoryError(f"checkpoint: expected the path of a file, got the folder {found}")
    if not found.parent.is_dir():
        raise FileNotFoundError(f"checkpoint: expected a path in a folder that is there, got {found}")
    return found


class Resumable:
    """The part of `Trainer` that knows checkpoints."""

    _model: MLP
    _optimizer: Optimizer | str
    _weights: LossWeights
    _batch_size: int | None
    _n_threads: int | None
    _order: tuple[bool, int]
    _core: Any
    history: History
    evidence: Evidence | None
    _pending: Pending | None = None
    _running: FitPlan | None = None
    _resting: int | None = None  # the thread that waits between two epochs for callbacks

    def _claimed(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def save_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Write all that the next epoch depends on, but for the samples, to one ``.safetensors`` file.

        `Trainer.resume` goes on from it: model, settings, optimizer state, random stream, history, early
        stopping and schedules. Called by a callback, the file is of a fit in its midst, which is resumed
        there; else it is of a trainer between two fits.

        Parameters
        ----------
        path : path
            Of the file; what stands there is replaced only once the new file is whole.

        Raises
        ------
        OSError
            If the file cannot be written.
        TypeError
            If a learning rate is a function other than those of `jetmlp.schedules`: a file holds none.
        RuntimeError
            If this trainer is fitting, and the call does not come from a callback of that fit.
        """
        write_container(path, self._container())

    @classmethod
    def resume(cls: type[Self], path: str | os.PathLike[str], *, n_threads: int | None = None) -> Self:
        """Take a trainer back from a checkpoint, with its model.

        Of a checkpoint from the midst of a fit, the next ``fit`` goes on with that fit: call it with the same
        samples and settings, and all the ``epochs`` that it was asked for. It runs those that are left and
        returns the history of all. Model and history are then, byte for byte, those of a fit that was never
        interrupted, in another process and with any number of threads. Other samples are refused; more
        ``epochs`` than before are not, and are the same fit where the learning rate does not depend on them.

        Parameters
        ----------
        path : path
            Of a file that `save_checkpoint` or ``fit(checkpoint=...)`` wrote.
        n_threads : int, optional
            As for `Trainer`; default what the trainer had.

        Returns
        -------
        Trainer
            With a new `model`, which predicts as it did when the checkpoint was taken.

        Raises
        ------
        OSError
            If the file cannot be read.
        ModelFileError
            If it is no checkpoint, or is damaged; the message says in what.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> import jetmlp
        >>> x = np.linspace(-1, 1, 50)
        >>> path = Path(tempfile.mkdtemp()) / "fit.safetensors"
        >>> trainer = jetmlp.Trainer(jetmlp.MLP([1, 16, 1]), jetmlp.Adam())
        >>> def stop(epoch, losses):
        ...     return epoch == 40
        >>> history = trainer.fit(x, np.sin(x), epochs=200, checkpoint=path, callbacks=stop)
        >>> trainer = jetmlp.Trainer.resume(path)
        >>> trainer.n_epochs
        41
        >>> trainer.fit(x, np.sin(x), epochs=200).n_epochs
        200
        """
        n_threads = None if n_threads is None else _checks.as_threads(n_threads)
        place = Path(path_text(path))
        trainer = cls._from_container(read_container(place, (FILE_KIND,)), place_of(place))
        if n_threads is not None:
            trainer._n_threads = n_threads
        return trainer

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._from_bytes, (for_pickle(packed(self._container())),)

    @classmethod
    def _from_bytes(cls: type[Self], data: Any) -> Self:  # noqa: ANN401  what a pickle has
        place = "pickle of a jetmlp.Trainer"
        return cls._from_container(unpack(from_pickle(data), (FILE_KIND,), place), place)

    @classmethod
    def _from_container(cls: type[Self], container: Container, place: str) -> Self:
        """Make a trainer; what it is made of must be what it would write itself."""
        try:
            trainer = cls._from_parts(container)
            check_same(trainer._container(), container)
            return trainer
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
            raise refusal(place, f"description: expected that of a trainer, got {error!r}") from error
        except ValueError as error:
            raise refusal(place, str(error)) from error

    @classmethod
    def _from_parts(cls: type[Self], container: Container) -> Self:
        parts = parts_of(container)
        settled = parts.optimizer != AUTO
        optimizer = optimizer_from(parts.optimizer) if settled else AUTO
        trainer = cls(parts.model, optimizer, **parts.settings)  # type: ignore[call-arg]
        if settled:
            assert isinstance(trainer._optimizer, Optimizer)
            let_see(trainer._optimizer, parts.optimizer)
            trainer._core.restore(parts.state, parts.model.n_parameters)
        trainer.history, trainer.evidence = parts.history, parts.evidence
        if parts.call is not None:
            trainer._pending = Pending(parts.call, parts.history.n_epochs, parts.model._parameters)
        return trainer

    def _container(self) -> Container:
        """Return what a file of this trainer holds."""
        if self._resting == threading.get_ident():
            assert self._running is not None
            return self._checkpoint(Call.of(self._running), self._running).container()
        with ExitStack() as claim:
            try:
                claim.enter_context(self._claimed())
            except RuntimeError:
                raise RuntimeError(
                    "this trainer is fitting: it can be kept between two epochs, in a callback or by "
                    "fit(checkpoint=...)"
                ) from None
            return self._checkpoint(None if self._pending is None else self._pending.call).container()

    def _checkpoint(self, call: Call | None, plan: FitPlan | None = None) -> Checkpoint:
        state: dict[str, NDArray[Any]] = (
            {} if self._core is None else self._core.state(self._model.n_parameters)
        )
        # Where a fit runs, the core has its epochs.
        history = self.history if plan is None else plan.history(records_of(state))
        return Checkpoint(
            self._model,
            self._optimizer,
            self._weights,
            self._batch_size,
            *self._order,
            self._n_threads,
            history,
            self.evidence,
            call,
            state,
        )

    def _expect_kept(self) -> None:
        """Raise a ``TypeError`` if there is something that no file can hold."""
        if isinstance(self._optimizer, Optimizer):
            described_optimizer(self._optimizer)

    @contextmanager
    def _rest(self) -> Iterator[None]:
        """Let callbacks of this thread take the state of the fit that waits for them."""
        self._resting = threading.get_ident()
        try:
            yield
        finally:
            self._resting = None
