"""How a trainer runs a fit: from checked samples into the core and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks, _core
from .._claims import Claim, abandon
from .._memory import fits_memory, require_memory
from ..data.samples import Samples
from ..optimizers.auto import Choice, choose_optimizer
from ..optimizers.base import Optimizer
from .anchor import Anchor
from .callbacks import Callback, Hook
from .errors import DivergenceError
from .evidence import Evidence
from .finite import in_doubt, predicts_finite, undone_is_finite
from .history import History
from .parts import Parts
from .plan import Ending, FitPlan, plan_fit, plan_parts
from .progress import ProgressBar
from .resuming import Keeper, Resumable


class Running(Resumable):
    """The part of `Trainer` that steps."""

    _claim: Claim

    @property
    def n_epochs(self) -> int:
        """Whole epochs done since the trainer was made."""
        return 0 if self._core is None else int(self._core.n_epochs)

    def _check_optimizer(self, optimizer: Optimizer) -> None:
        if self._batch_size is not None and optimizer.full_batch:
            raise ValueError(
                f"batch_size: expected None for {type(optimizer).__name__}, which takes all samples in every "
                f"step, got {self._batch_size}"
            )

    def _start(self, optimizer: Optimizer) -> None:
        started = optimizer.started()
        self._core = self._in_core(started, self._batch_size)
        self._optimizer = started

    def _in_core(self, optimizer: Optimizer, batch_size: int | None) -> Any:  # noqa: ANN401  a Trainer32 or 64
        options, n_parameters = optimizer.in_core(), self._model.n_parameters
        need = options.state_numbers(n_parameters) * self._model.dtype.itemsize
        require_memory(f"optimizer: {type(optimizer).__name__} of {n_parameters} parameters", need)
        trainer = _core.Trainer32 if self._model.dtype == np.float32 else _core.Trainer64
        return trainer(options, n_parameters, batch_size or optimizer.default_batch_size or 0, *self._order)

    def _fits(self, choice: Choice, plan: FitPlan) -> bool:
        """Whether what "auto" thinks of finds the memory that it needs."""
        core = self._in_core(choice.optimizer.started(), choice.batch_size)
        return fits_memory(core.workspace_bytes(plan.problem.training, _checks.as_threads(self._n_threads)))

    def _need(self, plan: FitPlan, n_threads: int) -> float:
        """About how many bytes a fit takes besides its data, which are there."""
        return float(self._core.workspace_bytes(plan.problem.training, n_threads))

    def _fit(
        self,
        samples: Samples,
        ending: Ending,
        epochs: int,
        callbacks: tuple[Callback, ...] = (),
        stop: _core.StopFlag | None = None,
        *,
        progress: bool = False,
        keeper: Keeper | None = None,
    ) -> History:
        """Fit to samples that have been checked, with the trainer claimed; `stop` ends it from outside."""
        plan = self._plan(samples, ending, epochs)
        return self._follow(plan, callbacks, stop, progress=progress, keeper=keeper)

    def _follow(
        self,
        plan: FitPlan,
        callbacks: tuple[Callback, ...],
        stop: _core.StopFlag | None = None,
        *,
        progress: bool,
        keeper: Keeper | None,
    ) -> History:
        """Run what was planned, with whoever looks on."""
        epochs = plan.epochs
        with ProgressBar(epochs, type(self._optimizer).__name__, shown=progress, done=plan.done) as bar:
            hook = self._hook(callbacks, bar, plan, keeper)
            return self._run(plan, hook, stop, n_threads=self._n_threads)

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        """Keep the trainer from fitting twice at a time, and its model from everybody else."""
        with (
            self._claim.hold(
                "this trainer is already fitting; wait for that fit to end, or make another one for "
                "model.copy()"
            ),
            self._model._claim.hold(
                "model: expected one that nobody else fits meanwhile, but another trainer is already fitting "
                "it; wait for that fit to end, or make this trainer for model.copy()"
            ),
        ):
            self._start_anew_where_torn()
            yield

    def _start_anew_where_torn(self) -> None:
        """In a child that was forked in the middle of a fit, begin with a new state of the optimizer."""
        if self._claim.torn:
            self._claim.torn = False
            abandon(self._core)
            self._core = None
            if isinstance(self._optimizer, Optimizer):
                self._start(self._optimizer)

    def _plan(self, samples: Samples, ending: Ending, epochs: int) -> FitPlan:
        """Check everything and hand it to the core; of trainer and model only "auto" is settled."""
        plan = plan_fit(self._model, samples, ending, self._weights, epochs)
        if not isinstance(self._optimizer, Optimizer):
            choice = choose_optimizer(
                batch_size=self._batch_size,
                n_parameters=self._model.n_parameters,
                n_numbers=samples.n_numbers,
                n_errors=plan.problem.n_errors,
                n_samples=len(samples),
                penalized=self._weights.l2 > 0,
                epochs=epochs,
                fits=lambda choice: self._fits(choice, plan),
            )
            self._batch_size = choice.batch_size
            self._start(choice.optimizer)
        assert isinstance(self._optimizer, Optimizer)
        self._core.check(plan.problem.training)
        what = f"{type(self._optimizer).__name__} with {len(samples)} samples"
        cure = "fewer samples, or an optimizer that steps by batches such as Adam, need less"
        require_memory(what, self._need(plan, _checks.as_threads(self._n_threads)), cure)
        return plan if self._pending is None else plan._replace(done=self._pending.check(plan, self._model))

    def _fit_parts(
        self,
        parts: Parts,
        held_out: Parts | None,
        ending: Ending,
        epochs: int,
        callbacks: tuple[Callback, ...] = (),
        *,
        progress: bool = False,
        keeper: Keeper | None = None,
    ) -> History:
        """Fit to samples in parts, with the trainer claimed."""
        if isinstance(self._optimizer, Optimizer):
            parts.expect_optimizer(self._optimizer, self._batch_size)
        if keeper is not None or self._pending is not None:
            for samples in (parts, held_out):
                if samples is not None:
                    samples.fingerprint()  # before the core has them
        plan = plan_parts(self._model, parts, held_out, ending, self._weights, epochs)
        if not isinstance(self._optimizer, Optimizer):
            choice = parts.choice(self._model, self._batch_size, epochs)
            parts.expect_optimizer(choice.optimizer, choice.batch_size)
            self._batch_size = choice.batch_size
            self._start(choice.optimizer)
        self._core.check(plan.problem.training)
        if self._pending is not None:
            plan = plan._replace(done=self._pending.check(plan, self._model))
        parts.begin(self.n_epochs)
        return self._follow(plan, callbacks, progress=progress, keeper=keeper)

    def _run(
        self,
        plan: FitPlan,
        hook: Hook | None = None,
        stop: _core.StopFlag | None = None,
        *,
        n_threads: int | None = None,
    ) -> History:
        """Run a fit and keep what it came to, however it ends."""
        assert isinstance(self._optimizer, Optimizer)
        if plan.problem.normalization is not None:
            self._model._normalization = plan.problem.normalization
        stopping, start = plan.stopping, self._model._parameters
        self.evidence = None
        n_threads = _checks.as_threads(n_threads)
        rate = self._optimizer.rate_of_fit(self.n_epochs - plan.done, plan.epochs)
        self._pending, self._running = None, plan
        parameters, table, end, error = self._core.fit(
            plan.problem.training,
            plan.problem.validation,
            plan.epochs,
            rate,
            start,
            stopping.patience or 0,
            stopping.min_delta,
            stopping.restore_best,
            n_threads,
            hook,
            stop,
        )
        self._running = None
        self._take(parameters, plan.anchor)
        self.history = plan.history(table)
        self.history.stopped_because = end
        self.history.optimizer = type(self._optimizer).__name__
        if error is not None:
            raise error
        if end != "diverged" and not self._is_finite(plan.samples):
            self._model._parameters = start
            end = self.history.stopped_because = "diverged"
        if end == "diverged":
            raise DivergenceError(self.history.n_epochs)
        if self._model.dtype == np.float64:
            report = self._core.evidence(parameters, n_threads)
            self.evidence = None if report is None else self._evidence(report, plan)
        return self.history

    def _is_finite(self, samples: Samples | Parts) -> bool:
        if isinstance(samples, Samples):
            return undone_is_finite(self._model, samples)
        return not in_doubt(self._model, samples.example) or all(samples.each(predicts_finite, self._model))

    def _evidence(self, report: dict[str, Any], plan: FitPlan) -> Evidence:
        n_layers = len(self._model.layer_sizes) - 1
        assert isinstance(plan.samples, Samples)
        return Evidence.from_report(report, plan.samples, plan.problem.normalization, n_layers)

    def _take(self, parameters: NDArray[Any], anchor: Anchor | None) -> None:
        """Give the model the parameters of a fit."""
        self._model._parameters = parameters  # the core's own, and finite
        if anchor is not None:
            anchor.hold(self._model)

    def _hook(
        self,
        callbacks: tuple[Callback, ...],
        bar: ProgressBar | None,
        plan: FitPlan,
        keeper: Keeper | None = None,
    ) -> Hook | None:
        """Make what the core calls after every epoch: None, so no call at all, where nobody listens."""
        optimizer = self._optimizer
        assert isinstance(optimizer, Optimizer)
        shown = bar is not None and bar.shown
        if not callbacks and not shown and not optimizer.observes and keeper is None:
            return None
        epoch = plan.done - 1

        def after_epoch(row: NDArray[np.float64], parameters: NDArray[Any]) -> bool:
            nonlocal epoch
            epoch += 1
            losses = {name: float(column[0]) for name, column in plan.history(row).items()}
            if optimizer.observes:
                optimizer.observe(losses)
            if bar is not None:
                bar.advance(losses)
            if not callbacks and not (keeper is not None and keeper.is_due(epoch)):
                return False
            self._take(parameters, plan.anchor)
            with self._rest():
                answers = [callback(epoch, losses) for callback in callbacks]  # all, also after a True
            last = any(isinstance(answer, (bool, np.bool_)) and bool(answer) for answer in answers)
            if keeper is not None:
                with self._rest():
                    keeper.after_epoch(epoch, last=last)
            return last

        return after_epoch
