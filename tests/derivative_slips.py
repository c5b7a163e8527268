"""Random smooth functions, the slips that happen to their derivatives, and how often a check finds them.

``python tests/derivative_slips.py 250 SEED`` prints a table of that many functions. Of seeds 0 and 1 together
(500 functions, 1 to 10 inputs, 1 to 3 outputs, 20 to 500 samples; a slip is in an input with an effect of at
least a tenth of the largest):

- right derivatives, as they are, with noise, without one input, with a third of them missing: 1947 checks, no
  false alarm; undecided 0, 0, 2.9 and 2.4 %.
- found and named: sign 99 %, unit 99 %, factor of 2 or 1/2 87 %, unit beside an absent input 91 %, sign
  beside an absent input 96 %, two inputs swapped 98 %, transposed 100 %, shuffled 97 %, unrelated 98 %.

``python tests/derivative_slips.py 600 SEED few``: of 5 to 51 samples, from one for each input on. Right
derivatives without gaps of seeds 41, 42 and 500 of 43, as they are and with noise: 3400 checks, no false
alarm, 10 % undecided; of 43 without one input and with a third of them missing: 942 checks, 2 false alarms,
23 % undecided. Found and named of 41 and 42: sign 81 %, unit 81 %, two inputs swapped 90 %, transposed 93 %,
shuffled 42 %. The thresholds for few samples were chosen on seeds 5, 11, 12, 21 and 31 of such functions.

Thresholds were chosen on seeds 3, 5, 11, 12 and the first 60 functions of seed 0. Right derivatives of 500
more functions, seed 99: 1956 checks, no false alarm.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jetmlp import check_derivatives

Array = NDArray[np.float64]
#: Values (n,) and derivatives (n, d) of one output.
Output = tuple[Array, Array]
#: Part of the root mean square of slope × spread that an input must have for a slip in it to be counted.
LEAST_EFFECT = 0.1


@dataclass
class Data:
    X: Array
    Y: Array
    J: Array

    @property
    def effects(self) -> Array:
        """Root mean square of slope × spread of the input, of the largest of each output: (m, d)."""
        sizes = np.sqrt(np.mean(self.J**2, axis=0)) * self.X.std(axis=0)
        return np.asarray(sizes / sizes.max(axis=1, keepdims=True))


def ridges(X: Array, random: np.random.Generator) -> Output:
    """Sines of a few linear forms."""
    a = random.normal(size=(3, X.shape[1])) / np.sqrt(X.shape[1]) * random.uniform(0.5, 2)
    phase = random.uniform(0, 6, 3)
    return np.sin(X @ a.T + phase).sum(axis=1), np.cos(X @ a.T + phase) @ a


def quadratic(X: Array, random: np.random.Generator) -> Output:
    """A quadratic form and a linear one."""
    d = X.shape[1]
    Q, b = random.normal(size=(d, d)), random.normal(size=d) * random.uniform(0, 3)
    return X @ b + 0.5 * np.einsum("nk,kl,nl->n", X, Q, X), b + X @ (Q + Q.T) / 2


def bumps(X: Array, random: np.random.Generator) -> Output:
    """Gaussians as wide as the data, on a slope."""
    d = X.shape[1]
    value, slope = X @ (b := random.normal(size=d) * 0.3), np.tile(b, (len(X), 1))
    for _ in range(4):
        away = X - random.uniform(-1, 1, d)
        bump = random.normal() * np.exp(-0.5 * (away**2).sum(axis=1) / (0.7 * d))
        value, slope = value + bump, slope - away * bump[:, None] / (0.7 * d)
    return value, slope


def power_law(X: Array, random: np.random.Generator) -> Output:
    """A product of powers, as of engineering: (2 + x)^p."""
    powers = random.uniform(-2, 2, X.shape[1])
    value = np.prod((3 + X) ** powers, axis=1)
    return value, value[:, None] * powers / (3 + X)


def network(X: Array, random: np.random.Generator) -> Output:
    """A perceptron of tanh."""
    W, b = random.normal(size=(8, X.shape[1])) / np.sqrt(X.shape[1]), random.normal(size=8)
    v, a = random.normal(size=8), np.tanh(X @ W.T + b)
    return a @ v, ((1 - a**2) * v) @ W


def cubic(X: Array, random: np.random.Generator) -> Output:
    """Each input by itself: a cubic, of sizes that fall tenfold in all."""
    d = X.shape[1]
    sizes = np.geomspace(1, 0.1, d)
    b, c, e = random.normal(size=(3, d)) * sizes
    return X @ b + X**2 @ c + X**3 @ e, b + 2 * c * X + 3 * e * X**2


def softened(X: Array, random: np.random.Generator) -> Output:
    """A payoff: softplus of a basket."""
    w = random.dirichlet(np.ones(X.shape[1]))
    z = 4 * (X @ w)
    return np.logaddexp(0, z), 4 * w / (1 + np.exp(-z))[:, None]


FAMILIES = (ridges, quadratic, bumps, power_law, network, cubic, softened)


def random_data(random: np.random.Generator, d: int, n: int, m: int) -> Data:
    """Outputs of random kinds in random units at random points."""
    points = random.uniform(-1, 1, (n, d))
    if random.random() < 0.3:
        points = np.clip(random.normal(size=(n, d)) / 1.5, -2, 2)
    outputs = [random.choice(np.array(FAMILIES, dtype=object))(points, random) for _ in range(m)]
    x_unit, y_unit = 10.0 ** random.uniform(-3, 3, d), 10.0 ** random.uniform(-3, 3, m)
    Y = np.stack([value for value, _ in outputs], axis=1) * y_unit
    J = np.stack([slope for _, slope in outputs], axis=1) * y_unit[:, None] / x_unit
    return Data(points * x_unit + random.normal(size=d) * x_unit, Y, J)


# ---- Slips: what becomes of the derivatives, and the verdict that is right; None where it cannot happen ----

Slip = Callable[[Data, np.random.Generator], tuple[Array, str] | None]


def _column(data: Data, random: np.random.Generator) -> tuple[int, int]:
    """Choose an output and an input of it that has an effect."""
    return tuple(random.choice(np.argwhere(data.effects >= LEAST_EFFECT)))


def right(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    return data.J, "agree"


def noisy(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    """Each slope wrong by a tenth of its column's size."""
    return data.J + 0.1 * data.J.std(axis=0) * random.normal(size=data.J.shape), "agree"


def absent(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    if data.X.shape[1] < 2:
        return None
    J = data.J.copy()
    J[:, :, random.integers(J.shape[2])] = np.nan
    return J, "agree"


def sparse(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    """A third of the partial derivatives were not measured."""
    return np.where(random.random(data.J.shape) < 1 / 3, np.nan, data.J), "agree"


def sign(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    J, (o, k) = data.J.copy(), _column(data, random)
    J[:, o, k] *= -1
    return J, "sign"


def unit(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    J, (o, k) = data.J.copy(), _column(data, random)
    J[:, o, k] *= random.choice([1e-3, 1 / 57.3, 0.1, 10.0, 25.4, 1e3])
    return J, "units"


def factor_2(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    J, (o, k) = data.J.copy(), _column(data, random)
    J[:, o, k] *= random.choice([0.5, 2.0])
    return J, "units"


def unit_beside_absent(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    if data.X.shape[1] < 2:
        return None
    J, (o, k) = data.J.copy(), _column(data, random)
    J[:, o, k] *= random.choice([1e-3, 1 / 57.3, 0.1, 10.0, 25.4, 1e3])
    J[:, :, (k + random.integers(1, J.shape[2])) % J.shape[2]] = np.nan
    return J, "units"


def sign_beside_absent(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    if data.X.shape[1] < 2:
        return None
    J, (o, k) = data.J.copy(), _column(data, random)
    J[:, o, k] *= -1
    J[:, :, (k + random.integers(1, J.shape[2])) % J.shape[2]] = np.nan
    return J, "sign"


def swapped(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    """Two inputs that have an effect on every output."""
    able = np.flatnonzero((data.effects >= LEAST_EFFECT).all(axis=0))
    if len(able) < 2:
        return None
    k, other = random.choice(able, 2, replace=False)
    J = data.J.copy()
    J[:, :, [k, other]] = J[:, :, [other, k]]
    return J, "swapped"


def transposed(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    n, m, d = data.J.shape
    if 1 in (m, d):
        return None
    return np.ascontiguousarray(data.J.transpose(0, 2, 1)).reshape(n, m, d), "transposed"


def shuffled(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    return data.J[random.permutation(len(data.J))], "shuffled"


def unrelated(data: Data, random: np.random.Generator) -> tuple[Array, str] | None:
    """Slopes of another function, ten times as large."""
    size = 10 * np.sqrt(np.mean(data.J**2, axis=0))
    return size * random.normal(size=data.J.shape), "disagree"


RIGHT: tuple[Slip, ...] = (right, noisy, absent, sparse)
SLIPS: tuple[Slip, ...] = (
    sign,
    unit,
    factor_2,
    unit_beside_absent,
    sign_beside_absent,
    swapped,
    transposed,
    shuffled,
    unrelated,
)

#: The shares of 30 slips of which fewer are found once in a hundred times, at the rates above.
LEAST_FOUND = {
    "sign": 0.93,
    "unit": 0.93,
    "factor_2": 0.7,
    "unit_beside_absent": 0.76,
    "sign_beside_absent": 0.86,
    "swapped": 0.9,
    "transposed": 0.93,
    "shuffled": 0.86,
    "unrelated": 0.9,
}


def cases(count: int, seed: int = 0, *, few: bool = False) -> Iterator[tuple[Data, np.random.Generator]]:
    """Functions of 1 to 10 inputs and 1 to 3 outputs at 20 to 500 samples, at least 4 for each input.

    Of few samples 5 to 51, from one for each input to 12 more than 4 of these.
    """
    for case in range(count):
        random = np.random.default_rng([seed, case])
        d, m = int(random.integers(1, 11)), int(random.integers(1, 4))
        if few:
            n = int(random.integers(max(5, d), max(6, 4 * d) + 12))
        else:
            n = int(np.exp(random.uniform(np.log(max(20, 4 * d)), np.log(500))))
        yield random_data(random, d, n, m), random


def study(
    count: int, seed: int = 0, slips: Sequence[Slip] = (*RIGHT, *SLIPS), *, few: bool = False
) -> dict[str, Counter[str]]:
    """Count the verdicts on each slip: "found" for the right one."""
    table: dict[str, Counter[str]] = {}
    for data, random in cases(count, seed, few=few):
        for slip in slips:
            made = slip(data, random)
            if made is not None:
                verdict = check_derivatives(data.X, data.Y, made[0]).verdict
                counts = table.setdefault(slip.__name__, Counter())
                counts["found" if verdict == made[1] else verdict] += 1
    return table


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for name, counts in study(count, *map(int, sys.argv[2:3]), few="few" in sys.argv[3:]).items():
        total = counts.total()
        shares = ", ".join(f"{verdict} {100 * k / total:.1f} %" for verdict, k in counts.most_common())
        print(f"{name:20s} {total:5d}  {shares}")
