"""The networks that a surrogate tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Widths of the hidden layers, small ones first: where there is noise these win, and with exact data in
#: plenty the large ones do.
HIDDEN = ((4,), (8,), (16,), (32,), (6, 6), (12, 12), (8, 8, 8), (20, 20), (14, 14, 14), (28, 28))

#: Networks with more parameters than this times the equations are not worth their time.
MOST_PARAMETERS = 1.7

#: More parameters than this take a step past what is comfortable.
LARGEST = 1200


@dataclass(frozen=True)
class Start:
    """Precisions that a fit by evidence begins with: of the prior, and of the noise over the data's size."""

    prior_precision: float
    noise_precision: float
    first_update: int


#: "noisy": all is noise to begin with, and what is not shows. "exact": the network first interpolates.
STARTS = {"noisy": Start(1e-2, 1.0, 5), "exact": Start(1.0, 1e6, 20)}


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

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.hidden))} {self.activation}, {self.start} start, seed {self.seed}"


def first_candidates(n_equations: int, n_inputs: int, n_outputs: int, seed: int) -> list[Candidate]:
    """Return what a search begins with: every size that the data can bear, from both starts."""
    sizes = [Candidate(hidden, "silu", "noisy", seed) for hidden in HIDDEN]
    kept = [
        candidate.hidden
        for place, candidate in enumerate(sizes)
        if place == 0
        or candidate.n_parameters(n_inputs, n_outputs) <= min(MOST_PARAMETERS * n_equations, LARGEST)
    ]
    return [Candidate(hidden, "silu", start, seed) for hidden in kept for start in STARTS]


def relatives(candidate: Candidate, tried: Sequence[Candidate]) -> list[Candidate]:
    """Return what resembles a good candidate: another activation, another seed."""
    others = [
        Candidate(candidate.hidden, "tanh", candidate.start, candidate.seed),
        Candidate(candidate.hidden, candidate.activation, candidate.start, candidate.seed + 1),
    ]
    return [other for other in others if other not in tried]
