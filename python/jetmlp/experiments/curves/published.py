"""What was published for each experiment, and on which points: the only place of these numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Names of the errors that are compared: mean squares and maxima.
ERRORS = ("value_mse", "value_max", "derivative_mse", "derivative_max")


@dataclass(frozen=True)
class Published:
    """Errors that somebody reported for an experiment.

    Parameters
    ----------
    points : str
        Where they were taken: "validation", "test" or, for example, "500 equispaced".
    value_mse, value_max : float, optional
        Mean square and maximum of the error of the value.
    derivative_mse, derivative_max : float, optional
        The same of the derivative.
    """

    points: str
    value_mse: float | None = None
    value_max: float | None = None
    derivative_mse: float | None = None
    derivative_max: float | None = None

    @property
    def errors(self) -> dict[str, float | None]:
        """The four errors by name; None for one that was not reported."""
        return {name: getattr(self, name) for name in ERRORS}

    def ratios(self, measured: Mapping[str, float | None]) -> dict[str, float | None]:
        """Divide measured errors by the published ones: below 1 is better than published."""
        ratios: dict[str, float | None] = {}
        for name, published in self.errors.items():
            error = measured.get(name)
            ratios[name] = None if published is None or error is None else error / published
        return ratios


PUBLISHED: dict[str, Published] = {
    "derivative-only": Published("validation", derivative_mse=5.602e-6, derivative_max=9.157e-3),
    "value-and-derivative": Published(
        "500 equispaced",
        value_mse=2.79e-4,
        value_max=3.555e-2,
        derivative_mse=3.994e-3,
        derivative_max=2.167e-1,
    ),
    "weighted-sobolev": Published(
        "2001 equispaced",
        value_mse=2.31e-8,
        value_max=2.87e-4,
        derivative_mse=9.18e-6,
        derivative_max=8.66e-3,
    ),
    "value-only": Published("test", value_mse=1.2e-5, value_max=6.753e-3),
    "mini-batch": Published(
        "1001 equispaced",
        value_mse=6.509e-7,
        value_max=1.397e-3,
        derivative_mse=4.825e-6,
        derivative_max=5.622e-3,
    ),
    "relu-vs-tanh/relu": Published(
        "validation", value_mse=2.65e-5, value_max=2.46e-2, derivative_mse=3.43e-2, derivative_max=9.38e-1
    ),
    "relu-vs-tanh/tanh": Published(
        "validation", value_mse=7.24e-8, value_max=8.13e-4, derivative_mse=2.94e-5, derivative_max=1.70e-2
    ),
}
