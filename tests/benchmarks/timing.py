"""Contenders by turns, medians, and what figures come to."""

from __future__ import annotations

import math
from contextlib import ExitStack, closing
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median

import numpy as np
from figures import Case, Figure
from worker import Contender
from workload import Outcome

import jetmlp

# Losses of two contenders may differ by these factors (starts of scikit-learn and orders of batches differ,
# late losses of Adam scatter): an error in loss, steps or data gives more.
EARLY_FACTOR = 3.0
LATE_FACTOR = 10.0


@dataclass(frozen=True)
class Result:
    """A figure as measured; `value` is None where it could not be, and `note` says why."""

    figure: Figure
    value: float | None
    low: float | None = None  # of single rounds
    high: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the figure is as good as it must be; None where there is no such number or no value."""
        return self._meets(self.figure.reach)

    @property
    def aim_reached(self) -> bool | None:
        """Whether it is as good as it should be."""
        return self._meets(self.figure.aim)

    def _meets(self, bound: float | None) -> bool | None:
        if self.value is None or bound is None:
            return None
        return self.value <= bound if self.figure.kind == "seconds" else self.value >= bound


@dataclass(frozen=True)
class Measurement:
    """All that came of a case."""

    case: Case
    outcomes: dict[str, list[Outcome]]
    results: list[Result]
    checks: list[str]


def measure(case: Case, repeats: int) -> Measurement:
    """Run the contenders of a case by turns, `repeats` times each, and compute its figures."""
    missing = [name for name in case.needs if not _available(name)]
    if missing:
        note = f"not available: {', '.join(missing)}"
        return Measurement(case, {}, [Result(figure, None, note=note) for figure in case.figures], [])
    outcomes: dict[str, list[Outcome]] = {label: [] for label in case.entries}
    with ExitStack() as stack:
        contenders = {}
        for label, entry in case.entries.items():
            workload = None if entry.workload is None else entry.workload()
            contender = Contender(entry.peer, workload, entry.options, entry.processors)
            contenders[label] = stack.enter_context(closing(contender))
        if case.warm_up:
            for contender in contenders.values():
                contender.run()
        for round_ in range(repeats):
            labels = list(contenders)
            # Every other round backwards: nobody always runs after the same neighbour.
            for label in labels[:: 1 if round_ % 2 == 0 else -1]:
                outcomes[label].append(contenders[label].run())
    checks = _compare_losses({label: runs[0].losses for label, runs in outcomes.items()})
    return Measurement(case, outcomes, [_result(case, figure, outcomes) for figure in case.figures], checks)


def _available(name: str) -> bool:
    module, _, attribute = name.partition(".")
    return hasattr(jetmlp, attribute) if attribute else find_spec(module) is not None


def scaled_seconds(case: Case, label: str, outcomes: dict[str, list[Outcome]]) -> list[float]:
    """Times of a contender for all epochs, also if it did a part of them."""
    return [outcome.seconds * case.entries[label].scale for outcome in outcomes[label]]


def _result(case: Case, figure: Figure, outcomes: dict[str, list[Outcome]]) -> Result:
    if figure.kind == "accuracy":
        return _accuracy(figure, outcomes)
    own = scaled_seconds(case, figure.of, outcomes)
    other = [0.0] * len(own)
    if figure.kind == "share":
        assert figure.against is not None
        other = [outcome.rate or math.nan for outcome in outcomes[figure.against]]
    elif figure.against is not None:
        other = scaled_seconds(case, figure.against, outcomes)

    def value(mine: float, theirs: float) -> float:
        if figure.kind == "share":
            return figure.flops / mine / theirs
        return theirs / mine if figure.kind == "speedup" else mine - theirs

    rounds = [value(mine, theirs) for mine, theirs in zip(own, other, strict=True)]
    return Result(figure, value(median(own), median(other)), min(rounds), max(rounds))


def _accuracy(figure: Figure, outcomes: dict[str, list[Outcome]]) -> Result:
    """Compare median errors over the seeds; the range is that of single seeds, in the first round."""
    assert figure.against is not None
    own, other = (outcomes[label][0].errors[figure.error] for label in (figure.of, figure.against))
    ratios = [theirs / mine for mine, theirs in zip(own, other, strict=True)]
    return Result(figure, median(other) / median(own), min(ratios), max(ratios))


def _compare_losses(losses: dict[str, list[float]]) -> list[str]:
    """Check that all contenders solved the same problem: the losses of their epochs, against the first's."""
    trained = {label: np.asarray(values) for label, values in losses.items() if values}
    if len(trained) < 2:
        return []
    reference_label = next(iter(trained))
    lines = []
    for label, values in trained.items():
        if label == reference_label:
            continue
        n = len(values)
        assert n <= len(trained[reference_label]), f"{label} did more epochs than {reference_label}"
        ratios = np.log(values / trained[reference_label][:n])
        early, late = (
            float(np.exp(np.median(part))) for part in (ratios[: max(n // 10, 1)], ratios[n // 2 :])
        )
        lines.append(
            f"{label}, {n} epochs: loss {values[-1]:.2e}, that of {reference_label} "
            f"{trained[reference_label][n - 1]:.2e}; median ratio {early:.3g} in the first tenth, "
            f"{late:.3g} in the second half"
        )
        for ratio, factor in ((early, EARLY_FACTOR), (late, LATE_FACTOR)):
            assert 1 / factor <= ratio <= factor, f"another problem? {lines[-1]}"
    return lines
