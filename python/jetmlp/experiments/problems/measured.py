"""Samples that were measured, where no function is known."""

from __future__ import annotations

from dataclasses import dataclass

from ... import _checks
from ...data.samples import Samples
from ...random import DATA, Generator


@dataclass(frozen=True, eq=False)
class MeasuredData:
    """Samples to train with, and samples to validate with.

    Parameters
    ----------
    samples : Samples
        At least two.
    validation : Samples, optional
        To validate with. Without them a part of `samples` is put aside.
    validation_fraction : float, default 0.2
        How large a part: above 0 and below 1; which samples, the seed decides.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or range, or the two do not have the same inputs and outputs.

    Examples
    --------
    >>> import jetmlp
    >>> from jetmlp.experiments import MeasuredData
    >>> data = MeasuredData(jetmlp.Samples([0.0, 0.5, 1.0, 1.5], [0.0, 0.3, 1.0, 2.2]))
    >>> {name: len(part) for name, part in data.split(seed=0).items()}
    {'train': 3, 'validation': 1}
    """

    samples: Samples
    validation: Samples | None = None
    validation_fraction: float = 0.2

    def __post_init__(self) -> None:
        _checks.as_number("validation_fraction", self.validation_fraction, above=0.0, below=1.0)
        _check_samples("samples", self.samples)
        if len(self.samples) < 2:
            raise ValueError(f"samples: expected at least two, got {self.samples!r}")
        if self.validation is not None:
            _check_samples("validation", self.validation)
            if _sizes(self.validation) != _sizes(self.samples):
                raise ValueError(
                    f"validation: expected inputs and outputs like samples, got {self.validation!r} "
                    f"beside {self.samples!r}"
                )

    def split(self, seed: int) -> dict[str, Samples]:
        """Return the training and the validation samples for a seed."""
        if self.validation is not None:
            return {"train": self.samples, "validation": self.validation}
        n = len(self.samples)
        n_validation = min(n - 1, max(1, round(self.validation_fraction * n)))
        order = Generator(seed, DATA, 0).permutation(n)
        return {"train": self.samples[order[n_validation:]], "validation": self.samples[order[:n_validation]]}


def _check_samples(name: str, samples: object) -> None:
    if not isinstance(samples, Samples):
        raise TypeError(f"{name}: expected jetmlp.Samples, got {samples!r}")


def _sizes(samples: Samples) -> tuple[int, int]:
    return samples.n_inputs, samples.n_outputs
