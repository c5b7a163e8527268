"""What to fit where the samples come in parts: on other machines, or in files larger than memory.

The loss of all is put together from those of the parts. Each term is a mean over every entry that is present,
so a part's term counts as the part's share of Σω; losses and gradients are added in the fixed order of a
binary tree over the parts' numbers, whoever computes which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..data.arrays import TARGETS, SampleNames
from ..data.balance import Balance, balance_from
from ..data.moments import Kinds, PartMoments, SizesOfParts, moments_of_part
from ..data.presence import WEIGHTS, counting, largest_weights, present, weights_of
from ..data.samples import Samples
from ..data.sizes import row_weights
from ..data.standardise import check_units, learn_from, standardised
from ..models.mlp import MLP
from ..models.normalization import Normalization
from ..optimizers.adam import Adam
from ..optimizers.auto import Choice
from ..optimizers.base import Optimizer
from ..optimizers.chain import Chain
from ..optimizers.lbfgs import LBFGS
from ..optimizers.self_scaled_broyden import SelfScaledBroyden
from .problem import LossWeights, Problem, check_weight_of_given, in_core, of_held_out, weighed

Array = NDArray[np.float64]
N_TERMS = len(_core.TERMS)


class Recipe(NamedTuple):
    """How a part is brought to the network; it travels to where the part is."""

    model: MLP  # its architecture, type and normalization are looked at
    weights: LossWeights
    largest: Mapping[str, float] = dict.fromkeys(WEIGHTS, 1.0)
    normalization: Normalization | None = None
    balanced: Balance | None = None
    totals: tuple[float, ...] = (0.0,) * N_TERMS  # Σω of each term over all parts


class Sum(NamedTuple):
    """What some parts add to the loss: their shares of each mean squared error, and to its gradient."""

    means: Array
    gradient: NDArray[Any] | None

    def __add__(self, other: Sum) -> Sum:  # type: ignore[override]
        """Return what both add."""
        with np.errstate(over="ignore", invalid="ignore"):
            gradient = None if self.gradient is None else self.gradient + other.gradient
            return Sum(self.means + other.means, gradient)


class Parts(ABC):
    """Samples in parts, which are called by their numbers."""

    names: SampleNames
    example: Samples  # a sample, for the kinds of what there is
    weighted: bool
    of_their_own = False  # whether each part is a loss of its own, not a share of that of all

    @abstractmethod
    def each(self, function: Callable[..., Any], *arguments: object) -> Sequence[Any]:
        """Call ``function(samples, *arguments)`` with each part; return what it gives in the parts' order."""

    @abstractmethod
    def objective(self, recipe: Recipe) -> Objective:
        """Make what evaluates the parts by a recipe that is complete."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a hash that tells these samples from any others."""

    @abstractmethod
    def choice(self, model: MLP, batch_size: int | None, epochs: int) -> Choice:
        """Say what "auto" is."""

    @abstractmethod
    def expect_optimizer(self, optimizer: Optimizer, batch_size: int | None) -> None:
        """Raise a ``ValueError`` for an optimizer that these samples cannot be had for."""

    def begin(self, epoch: int) -> None:  # noqa: B027  most have nothing to begin
        """Get ready for the epochs of a fit, from this one on since the trainer was made."""


class Objective(ABC):
    """Evaluates samples in parts for the core."""

    n_samples: int  # 0 where nobody knows: they come batch by batch

    @abstractmethod
    def evaluate(
        self,
        parameters: NDArray[Any],
        first: int,
        count: int,
        order: NDArray[np.uint32] | None,
        with_gradient: bool,
    ) -> tuple[Sequence[float], NDArray[Any] | None]:
        """Return mean squared errors of each term, and the gradient of their weighted sum.

        Of the samples ``order``, or if that is None of `count` samples from `first` on.
        """

    def next_batch(self) -> int:
        """Go on to the next batch; return its number of samples, 0 at the end of an epoch."""
        raise NotImplementedError


def pose_parts(model: MLP, parts: Parts, held_out: Parts | Samples | None, weights: LossWeights) -> Problem:
    """Standardise and weigh samples in parts, as `pose` does those at hand; the model does not change."""
    example = parts.example
    check_weight_of_given(example, weights)
    recipe = Recipe(model, weights, _largest(parts))
    normalization = model.normalization
    if weights.balanced and not model.normalize:
        raise ValueError("derivative_weight: expected a model with normalize=True, got 'balanced' without")
    if (model.normalize and normalization is None) or weights.balanced:
        moments = reduce(PartMoments.__add__, parts.each(_moments, recipe))
        kinds = Kinds.of(example)
        if normalization is None:

            def each(function: Callable[..., Any], *arguments: object) -> Sequence[Any]:
                return parts.each(_of_weighed, recipe, function, *arguments)

            seen = moments._replace(**_unseen(weights))
            normalization = learn_from(SizesOfParts(each, parts.names, kinds, seen))
        check_units(weighed(example, weights), normalization)
        recipe = recipe._replace(normalization=normalization)
        if weights.balanced:
            if moments.derivatives is None:
                raise ValueError("derivative_weight: expected derivatives to balance, got none")
            balanced = balance_from(
                moments.derivatives, normalization, model.dtype, parts.names, directed=kinds.directed
            )
            weights = weights._replace(value=balanced.value_weight, derivative=balanced.derivative_weight)
            recipe = recipe._replace(weights=weights, balanced=balanced)
    elif model.normalize:
        assert normalization is not None
        check_units(weighed(example, weights), normalization)
        recipe = recipe._replace(normalization=normalization)
    recipe = recipe if parts.of_their_own else _with_totals(parts, recipe)
    validation = None
    if held_out is not None:
        of_them = of_held_out(
            held_out if isinstance(held_out, Samples) else held_out.example, example, weights
        )
        theirs = recipe._replace(weights=of_them)
        if isinstance(held_out, Samples):
            theirs = theirs._replace(largest=largest_weights(held_out))
            validation = in_core(model, brought(held_out, theirs), of_them)
        else:
            theirs = _with_totals(held_out, theirs._replace(largest=_largest(held_out)))
            validation = _elsewhere(held_out, theirs)
    return Problem(_elsewhere(parts, recipe), validation, normalization)


def brought(samples: Samples, recipe: Recipe) -> Samples:
    """Bring a part to what the network is to map, with the weights of its columns."""
    counted = counting(samples, recipe.model.dtype, recipe.largest)
    if recipe.normalization is not None:
        counted = standardised(counted, recipe.normalization)
    return counted if recipe.balanced is None else recipe.balanced.apply(counted)


class PosedPart:
    """A part in the core, with its share of every term."""

    def __init__(self, samples: Samples, recipe: Recipe) -> None:
        samples = brought(samples, recipe)
        totals = _totals_of(samples)
        shares = [
            own / of_all if of_all > 0 else 0.0 for own, of_all in zip(totals, recipe.totals, strict=True)
        ]
        self.shares = np.array(shares)
        absent = {
            name: None
            for name, array in _targets(samples).items()
            if array is not None and not present(array).any()
        }
        samples = samples.replace(**absent)
        self._n_parameters, self._dtype = recipe.model.n_parameters, recipe.model.dtype
        weights = recipe.weights
        value, derivative, second = (w * share for w, share in zip(weights[:N_TERMS], shares, strict=True))
        scaled = LossWeights(value, derivative, second)
        nothing = all(target is None for target in samples.targets)
        self._core = None if nothing else in_core(recipe.model, samples, scaled)

    def evaluate(self, parameters: NDArray[Any], with_gradient: bool, n_threads: int) -> Sum:
        """Return what this part adds to loss and gradient."""
        if self._core is None:
            return Sum(
                np.zeros(N_TERMS), np.zeros(self._n_parameters, self._dtype) if with_gradient else None
            )
        gradient = None
        if with_gradient:
            means, gradient = self._core.terms_and_gradient(parameters, n_threads)
        else:
            means = self._core.losses(parameters, n_threads)[1]
        return Sum(np.where(self.shares > 0, self.shares * np.asarray(means), 0.0), gradient)


def expect_first_order(optimizer: Optimizer, where: str) -> None:
    """Raise a ``ValueError`` for an optimizer that wants residuals: those have to be at hand."""
    for one in optimizer.optimizers if isinstance(optimizer, Chain) else (optimizer,):
        if not isinstance(one, (Adam, LBFGS, SelfScaledBroyden)):
            raise ValueError(
                f"optimizer: expected Adam, LBFGS or SelfScaledBroyden for samples {where}, as these need "
                f"loss and gradient alone, got {type(one).__name__}"
            )


#: What is known of nodes of the tree over the parts: level and number there.
Nodes = dict[tuple[int, int], Any]


def folded(nodes: Nodes, n_parts: int) -> Nodes:
    """Add up what stands side by side in the tree, as far as it is known; all of it leaves the root alone."""
    nodes, level, width = dict(nodes), 0, n_parts
    while width > 1:
        for at in sorted(number for depth, number in nodes if depth == level):
            if at % 2 == 1:
                continue
            if at + 1 == width:  # the last has nobody beside it
                nodes[level + 1, at // 2] = nodes.pop((level, at))
            elif (level, at + 1) in nodes:
                nodes[level + 1, at // 2] = nodes.pop((level, at)) + nodes.pop((level, at + 1))
        level, width = level + 1, (width + 1) // 2
    return nodes


def means_of(total: Sum, totals: Sequence[float]) -> list[float]:
    """Return mean squared errors, NaN for a term of which there is nothing, infinite for no number."""
    means = np.where(np.isnan(total.means), np.inf, total.means)
    return [float(mean) if of_all > 0 else np.nan for mean, of_all in zip(means, totals, strict=True)]


def _elsewhere(parts: Parts, recipe: Recipe) -> Any:  # noqa: ANN401  an Objective32 or Objective64
    objective = parts.objective(recipe)
    core = _core.Objective32 if recipe.model.dtype == np.float32 else _core.Objective64
    return core.elsewhere(
        recipe.model._architecture,
        objective.n_samples,
        [target is not None for target in parts.example.targets],
        recipe.weights[:N_TERMS],
        recipe.weights.l2,
        objective.evaluate,
        objective.next_batch,
    )


def _largest(parts: Parts) -> dict[str, float]:
    """Return the largest weights of all parts by name."""
    if not parts.weighted:
        return dict.fromkeys(WEIGHTS, 1.0)
    of_parts = parts.each(largest_weights)
    largest = {name: max(of_part[name] for of_part in of_parts) for name in WEIGHTS}
    for name, number in largest.items():
        if number == 0:
            raise ValueError(f"{name}: expected at least one weight above zero, got 0 throughout")
    return largest


def _with_totals(parts: Parts, recipe: Recipe) -> Recipe:
    """Put the Σω of every term over all parts into a recipe; a ``ValueError`` where one has none."""
    totals = [sum(of_term) for of_term in zip(*parts.each(_totals, recipe), strict=True)]
    for name, total in zip(_targets(parts.example), totals, strict=True):
        if total == 0 and _targets(parts.example)[name] is not None:
            its = parts.names.of_target(name)
            why = f" with a weight above 0 ({TARGETS[name]})" if parts.weighted else ""
            raise ValueError(
                f"{its}: expected at least one number that is not NaN{why}, got none in any part"
            )
    return recipe._replace(totals=tuple(totals))


def _targets(samples: Samples) -> dict[str, NDArray[Any] | None]:
    """Return what there is to fit by name, in the order of the core's terms."""
    derivatives = "dYdX" if samples.directions is None else "dYdV"
    return {name: getattr(samples, name) for name in ("Y", derivatives, "d2YdX2")}


def _totals(samples: Samples, recipe: Recipe) -> tuple[float, ...]:
    counted = counting(samples, recipe.model.dtype, recipe.largest)
    return _totals_of(counted if recipe.balanced is None else recipe.balanced.apply(counted))


def _totals_of(samples: Samples) -> tuple[float, ...]:
    """Σω of each term over the entries that are present."""
    return tuple(
        0.0
        if array is None
        else float(np.sum(weights_of(getattr(samples, TARGETS[name]), array) * present(array)))
        for name, array in _targets(samples).items()
    )


def _moments(samples: Samples, recipe: Recipe) -> PartMoments:
    counted = counting(samples, recipe.model.dtype, recipe.largest)
    # How much a row counts for the inputs is said by what the loss sees.
    return moments_of_part(counted, row_weights(weighed(counted, recipe.weights)))


def _of_weighed(samples: Samples, recipe: Recipe, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
    """Call a function with what the loss sees of a part."""
    counted = counting(samples, recipe.model.dtype, recipe.largest)
    return function(weighed(counted, recipe.weights), *arguments)


def _unseen(weights: LossWeights) -> dict[str, None]:
    """Name the moments of what the loss does not see."""
    names = ("Y", "derivatives", "d2YdX2")
    return {name: None for name, weight in zip(names, weights[:N_TERMS], strict=True) if weight == 0}
