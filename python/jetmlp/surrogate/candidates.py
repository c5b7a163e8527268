"""The networks that a surrogate tries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

#: Widths of the hidden layers that a search begins with, small ones first: where there is noise these win.
HIDDEN = ((4,), (8,), (16,), (32,), (6, 6), (12, 12), (8, 8, 8))
#: Up to so many equations a fit takes next to no time: these and tanh are tried from the start.
FEW_EQUATIONS = 200
RICHER = ((64,), (128,), (24, 24), (16, 16, 16))
#: Up to so many, each network is begun twice, from different random numbers.
TWICE = 400

#: A network with more parameters than this times the equations is not worth its time, …
MOST_PARAMETERS = 2.0
#: … unless it has no more than this: few samples of a smooth function want a rich network all the same.
ALWAYS_BEARABLE = 200
#: So many where there are few equations.
BEARABLE_WHERE_FEW = 700
#: Nor is one whose matrix takes more than so many multiply-adds a step, N P².
MOST_WORK = 1e9

#: Nor is one of more parameters than this: a step takes a large part of a second.
LARGEST = 1200

#: What a search begins with, and what else a network that did well is tried with.
FIRST_ACTIVATIONS = ("silu", "sin")
ACTIVATIONS = (*FIRST_ACTIVATIONS, "tanh")

#: How much wider the layers of a relative are.
WIDER = 1.5


@dataclass(frozen=True)
class Start:
    """Precisions that a fit by evidence begins with: of the prior, and of the noise over the data's size."""

    prior_precision: float
    noise_precision: float
    first_update: int


#: "noisy": all is noise to begin with, and what is not shows. "exact": the network first interpolates.
STARTS = {"noisy": Start(1e-2, 1.0, 5), "exact": Start(1.0, 1e6, 15)}


@dataclass(frozen=True)
class Candidate:
    """A network and how its fit begins."""

    hidden: tuple[int, ...]
    activation: str
    start: str
    seed: int

    def layer_sizes(self, n_inputs: int, n_outputs: int) -> tuple[int, ...]:
        """From the inputs to the outputs."""
        return (n_inputs, *self.hidden, n_outputs)

    def n_parameters(self, n_inputs: int, n_outputs: int) -> int:
        """How many numbers such a network has."""
        return sum((a + 1) * b for a, b in pairwise(self.layer_sizes(n_inputs, n_outputs)))

    def bearable(self, n_equations: int, n_inputs: int, n_outputs: int) -> bool:
        """Whether there is enough to fit for so many parameters, and time for them."""
        always = BEARABLE_WHERE_FEW if n_equations <= FEW_EQUATIONS else ALWAYS_BEARABLE
        most = min(max(MOST_PARAMETERS * n_equations, always), LARGEST)
        count = self.n_parameters(n_inputs, n_outputs)
        return count <= most and n_equations * count * min(n_equations, count) <= MOST_WORK

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.hidden))} {self.activation}, {self.start} start, seed {self.seed}"


def first_candidates(n_equations: int, n_inputs: int, n_outputs: int, seed: int) -> list[Candidate]:
    """Return what a search begins with: every size that the data can bear, from both starts."""
    first = Candidate(HIDDEN[0], "silu", "noisy", seed)
    few = n_equations <= FEW_EQUATIONS
    fitting = [
        candidate.hidden
        for candidate in (replace(first, hidden=hidden) for hidden in (HIDDEN + RICHER if few else HIDDEN))
        if candidate == first or candidate.bearable(n_equations, n_inputs, n_outputs)
    ]
    activations = ACTIVATIONS if few else FIRST_ACTIVATIONS
    return [
        Candidate(hidden, activation, start, number)
        for number in range(seed, seed + (2 if n_equations <= TWICE else 1))
        for activation in activations
        for hidden in fitting
        for start in STARTS
    ]


def relatives(candidate: Candidate, n_equations: int, n_inputs: int, n_outputs: int) -> list[Candidate]:
    """Return what resembles a good candidate: a wider network, another activation, another seed."""
    wider = replace(candidate, hidden=tuple(round(WIDER * width) for width in candidate.hidden))
    others = [replace(candidate, activation=name) for name in ACTIVATIONS if name != candidate.activation]
    others.append(replace(candidate, seed=candidate.seed + 1))
    return [wider, *others] if wider.bearable(n_equations, n_inputs, n_outputs) else others
