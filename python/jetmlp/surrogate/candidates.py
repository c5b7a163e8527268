"""The networks that a surrogate tries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

#: Widths of the hidden layers that a search begins with, small ones first: where there is noise these win.
HIDDEN = ((4,), (8,), (16,), (32,), (6, 6), (12, 12), (8, 8, 8))

#: A network with more parameters than this times the equations is not worth its time, …
MOST_PARAMETERS = 2.0
#: … unless it has no more than this: few samples of a smooth function want a rich network all the same.
ALWAYS_BEARABLE = 200
#: Up to so many equations a fit takes next to no time, and tanh is tried from the start.
FEW_EQUATIONS = 200

#: Nor is one of more parameters than this: a step takes a large part of a second.
LARGEST = 1200

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
        most = min(max(MOST_PARAMETERS * n_equations, ALWAYS_BEARABLE), LARGEST)
        return self.n_parameters(n_inputs, n_outputs) <= most

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.hidden))} {self.activation}, {self.start} start, seed {self.seed}"


def first_candidates(n_equations: int, n_inputs: int, n_outputs: int, seed: int) -> list[Candidate]:
    """Return what a search begins with: every size that the data can bear, from both starts."""
    first = Candidate(HIDDEN[0], "silu", "noisy", seed)
    fitting = [
        candidate.hidden
        for candidate in (replace(first, hidden=hidden) for hidden in HIDDEN)
        if candidate == first or candidate.bearable(n_equations, n_inputs, n_outputs)
    ]
    activations = ("silu", "tanh") if n_equations <= FEW_EQUATIONS else ("silu",)
    return [
        Candidate(hidden, activation, start, seed)
        for activation in activations
        for hidden in fitting
        for start in STARTS
    ]


def relatives(candidate: Candidate, n_equations: int, n_inputs: int, n_outputs: int) -> list[Candidate]:
    """Return what resembles a good candidate: a wider network, another activation, another seed."""
    wider = replace(candidate, hidden=tuple(round(WIDER * width) for width in candidate.hidden))
    other = "silu" if candidate.activation == "tanh" else "tanh"
    others = [replace(candidate, activation=other), replace(candidate, seed=candidate.seed + 1)]
    return [wider, *others] if wider.bearable(n_equations, n_inputs, n_outputs) else others
