"""How a scikit-learn user spoils slopes without a word, and how often `SobolevRegressor.fit` says so.

``python tests/sklearn_slips.py 250 SEED`` prints a table for that many functions of derivative_slips.py.
Of 250 functions of seed 1 (1 to 10 inputs, 1 to 3 outputs, 20 to 500 samples, in random units):

- right derivatives, as they are, with noise, with a third missing, beside weights of which a third are 0,
  and in columns of any order: 1250 fits, no warning.
- warned of: a StandardScaler in a pipeline 98.8 %, a MinMaxScaler 99.6 %, standardised targets 98.4 %, the
  logarithm of the target 84.8 %, two swapped columns of a DataFrame 99.1 %. The rest is undecided:
  neighbours too far apart, or values that differ more than such small slopes allow, as noisy ones do.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import jetmlp
from derivative_slips import Data, cases, noisy, sparse, swapped
from jetmlp.sklearn import SobolevRegressor

Array = NDArray[np.float64]
Random = np.random.Generator
#: Fits the data in some way; False where that cannot happen to it.
Way = Callable[[SobolevRegressor, Data, Random], object]


def quick() -> SobolevRegressor:
    """One step of a small network: what is asked is whether `fit` warns before it."""
    return SobolevRegressor(jetmlp.Adam(), hidden_layer_sizes=(2,), max_iter=1)


# ---- Right ----


def as_it_is(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    return regressor.fit(data.X, data.Y, data.J)


def with_noise(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    """Each slope wrong by a tenth of its column's size."""
    made = noisy(data, random)
    return made and regressor.fit(data.X, data.Y, made[0])


def with_gaps(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    made = sparse(data, random)
    return made and regressor.fit(data.X, data.Y, made[0])


def weighted(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    """Weights of 0 to 2; what weighs 0 is wrong."""
    weight = random.integers(0, 3, len(data.X))
    J = data.J.copy()
    J[weight == 0] *= -3.0
    return regressor.fit(data.X, data.Y, J, sample_weight=weight)


def frames(data: Data, random: Random, *, shuffle: bool) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Name everything, the columns of the slopes in another order than inputs and outputs."""
    inputs = [f"in {k}" for k in range(data.X.shape[1])]
    outputs = [f"out_{o}" for o in range(data.Y.shape[1])]
    columns = {f"d({f})/d({x})": data.J[:, o, k] for o, f in enumerate(outputs) for k, x in enumerate(inputs)}
    names = list(columns)
    if shuffle:
        random.shuffle(names)
    slopes = pd.DataFrame({name: columns[name] for name in names})
    return pd.DataFrame(data.X, columns=inputs), pd.DataFrame(data.Y, columns=outputs), slopes


def columns_in_any_order(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    return regressor.fit(*frames(data, random, shuffle=True))


RIGHT: tuple[Way, ...] = (as_it_is, with_noise, with_gaps, weighted, columns_in_any_order)

# ---- Wrong ----


def scaler(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    pipeline = make_pipeline(StandardScaler(), regressor)
    return pipeline.fit(data.X, data.Y, sobolevregressor__dydx=data.J)


def min_max_scaler(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    pipeline = make_pipeline(MinMaxScaler(), regressor)
    return pipeline.fit(data.X, data.Y, sobolevregressor__dydx=data.J)


def transformed_target(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    """Standardised values."""
    whole = TransformedTargetRegressor(regressor, transformer=StandardScaler())
    return whole.fit(data.X, data.Y, dydx=data.J)


def logarithm_of_target(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    """The logarithm of values that are made positive, of the order of their spread."""
    Y = data.Y - data.Y.min(axis=0) + 0.3 * data.Y.std(axis=0)
    whole = TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)
    return whole.fit(data.X, Y, dydx=data.J)


def swapped_columns(regressor: SobolevRegressor, data: Data, random: Random) -> object:
    """Two columns of a DataFrame in each other's place, under names that say nothing or the wrong thing."""
    one = Data(data.X, data.Y[:, :1], data.J[:, :1])
    made = swapped(one, random)
    if made is None:
        return False
    X, Y, _ = frames(one, random, shuffle=False)
    names = X.columns if random.random() < 0.5 else [f"g{k}" for k in range(X.shape[1])]
    return regressor.fit(X, Y.iloc[:, 0], pd.DataFrame(made[0][:, 0], columns=names))


WRONG: tuple[Way, ...] = (scaler, min_max_scaler, transformed_target, logarithm_of_target, swapped_columns)


def study(count: int, seed: int = 0) -> dict[str, tuple[int, int]]:
    """For each way, how many fits there were and how many warned."""
    table = dict.fromkeys((way.__name__ for way in (*RIGHT, *WRONG)), (0, 0))
    for data, random in cases(count, seed):
        for way in (*RIGHT, *WRONG):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                happened = way(quick(), data, random)
            if happened:
                fits, warned = table[way.__name__]
                doubted = any("do not seem to belong to y" in str(warning.message) for warning in caught)
                table[way.__name__] = fits + 1, warned + doubted
    return table


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for name, (fits, warned) in study(count, *map(int, sys.argv[2:3])).items():
        print(f"{name:20s} {fits:5d} fits, {100 * warned / max(fits, 1):5.1f} % warned")
