import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

LEVEL: str
ALL_LEVELS: tuple[str, ...]
REINSTALL: str
LEVELS_BUILT: list[str]
LEVELS_SUPPORTED: list[str]
LEVELS_AVAILABLE: list[str]
ACTIVATIONS: Final[tuple[str, ...]]
INITIALIZATIONS: Final[tuple[str, ...]]
TERMS: Final[tuple[str, ...]]
NORMAL_FORMS: Final[tuple[str, ...]]
BROYDEN_UPDATES: Final[tuple[str, ...]]
HISTORY_COLUMNS: Final[tuple[str, ...]]
FIT_ENDS: Final[tuple[str, ...]]

_Float = TypeVar("_Float", np.float32, np.float64)
_Float32 = NDArray[np.float32]
_Float64 = NDArray[np.float64]
_FitResult32 = tuple[_Float32, _Float64, str, BaseException | None]
_FitResult64 = tuple[_Float64, _Float64, str, BaseException | None]

def build_info() -> dict[str, str]: ...
def activation(
    name: str, z: NDArray[_Float]
) -> tuple[NDArray[_Float], NDArray[_Float], NDArray[_Float], NDArray[_Float]]: ...
def replace_file(
    folder: str | os.PathLike[str],
    name: str | os.PathLike[str],
    temporary_name: str | os.PathLike[str],
    content: bytes,
    kept: tuple[int, int, int] | None,
) -> int: ...
def try_folder(folder: str | os.PathLike[str], temporary_name: str | os.PathLike[str]) -> int: ...
def philox4x32(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
def predict(
    architecture: Architecture,
    parameters: NDArray[_Float],
    X: NDArray[_Float],
    values: bool,
    jacobian: bool,
    n_threads: int,
) -> tuple[NDArray[_Float] | None, NDArray[_Float] | None]: ...
def hessian(
    architecture: Architecture, parameters: NDArray[_Float], X: NDArray[_Float], n_threads: int
) -> NDArray[_Float]: ...
def laplacian(
    architecture: Architecture,
    parameters: NDArray[_Float],
    X: NDArray[_Float],
    input_factors: NDArray[_Float] | None,
    n_threads: int,
) -> NDArray[_Float]: ...
def hessian_vector_product(
    architecture: Architecture,
    parameters: NDArray[_Float],
    X: NDArray[_Float],
    V: NDArray[_Float],
    n_threads: int,
) -> NDArray[_Float]: ...
def directional_derivatives(
    architecture: Architecture,
    parameters: NDArray[_Float],
    X: NDArray[_Float],
    V: NDArray[_Float],
    n_threads: int,
) -> NDArray[_Float]: ...

class Generator:
    def __init__(self, seed: int, purpose: int, index: int) -> None: ...
    def words(self, count: int) -> NDArray[np.uint32]: ...
    def uniform(self, count: int) -> _Float64: ...
    def normal(self, count: int) -> _Float64: ...
    def permutation(self, count: int) -> NDArray[np.int64]: ...

class Architecture:
    def __init__(self, layer_sizes: Sequence[int], activation: str, output_activation: str) -> None: ...
    @property
    def layer_sizes(self) -> list[int]: ...
    @property
    def n_parameters(self) -> int: ...
    @property
    def layer_offsets(self) -> list[tuple[int, int]]: ...
    def initial_parameters32(self, init: str, seed: int) -> _Float32: ...
    def initial_parameters64(self, init: str, seed: int) -> _Float64: ...

class OptimizerOptions: ...

def optimizer_options(
    name: str, settings: Mapping[str, bool | int | float | str | Sequence[float]]
) -> OptimizerOptions: ...
def chain_options(optimizers: Sequence[OptimizerOptions], epochs: Sequence[int]) -> OptimizerOptions: ...

class StopFlag:
    def __init__(self) -> None: ...
    def set(self) -> None: ...

class Objective32:
    def __init__(
        self,
        architecture: Architecture,
        X: _Float32,
        targets: Sequence[_Float32 | None],
        term_weights: Sequence[float],
        l2: float,
        sample_weights: Sequence[_Float32 | None],
        directions: _Float32 | None,
    ) -> None: ...
    @property
    def terms(self) -> tuple[str, ...]: ...
    def losses(self, parameters: _Float32, n_threads: int) -> tuple[float, list[float]]: ...
    def loss_and_gradient(self, parameters: _Float32, n_threads: int) -> tuple[float, _Float32]: ...

class Objective64:
    def __init__(
        self,
        architecture: Architecture,
        X: _Float64,
        targets: Sequence[_Float64 | None],
        term_weights: Sequence[float],
        l2: float,
        sample_weights: Sequence[_Float64 | None],
        directions: _Float64 | None,
    ) -> None: ...
    @property
    def terms(self) -> tuple[str, ...]: ...
    def losses(self, parameters: _Float64, n_threads: int) -> tuple[float, list[float]]: ...
    def loss_and_gradient(self, parameters: _Float64, n_threads: int) -> tuple[float, _Float64]: ...
    @property
    def n_errors(self) -> int: ...
    @property
    def n_residuals(self) -> int: ...

class Residuals:
    def __init__(self, objective: Objective64) -> None: ...
    def residuals(self, parameters: _Float64, n_threads: int) -> _Float64: ...
    def residual_jacobian(self, parameters: _Float64, n_threads: int) -> _Float64: ...
    def gram(self, parameters: _Float64, n_threads: int) -> _Float64: ...
    def jacobian_product(self, parameters: _Float64, v: _Float64, n_threads: int) -> _Float64: ...
    def jacobian_transpose_product(self, parameters: _Float64, u: _Float64, n_threads: int) -> _Float64: ...

class EvidenceFit:
    def __init__(self, objective: Objective64, parameters: _Float64, options: OptimizerOptions) -> None: ...
    def set_precisions(
        self, prior_precisions: Sequence[float] | _Float64, noise_precisions: Sequence[float] | _Float64
    ) -> None: ...
    def run(self, n_steps: int, n_threads: int) -> bool: ...
    def report(self, with_covariance: bool, n_threads: int) -> dict[str, Any]: ...
    @property
    def prior_precisions(self) -> _Float64: ...
    @property
    def noise_precisions(self) -> _Float64: ...
    @property
    def log_evidence(self) -> float: ...
    def noise_beyond(self, share: float) -> float: ...
    @property
    def n_steps(self) -> int: ...
    @property
    def parameters(self) -> _Float64: ...

class Trainer32:
    def __init__(
        self, optimizer: OptimizerOptions, n_parameters: int, batch_size: int, shuffle: bool, seed: int
    ) -> None: ...
    @property
    def n_epochs(self) -> int: ...
    def check(self, training: Objective32) -> None: ...
    def fit(
        self,
        training: Objective32,
        validation: Objective32 | None,
        n_epochs: int,
        learning_rate: float | Callable[[int], float],
        parameters: _Float32,
        patience: int,
        min_delta: float,
        restore_best: bool,
        n_threads: int,
        hook: Callable[[_Float64, _Float32], bool] | None,
        stop: StopFlag | None,
    ) -> _FitResult32: ...

class Trainer64:
    def __init__(
        self, optimizer: OptimizerOptions, n_parameters: int, batch_size: int, shuffle: bool, seed: int
    ) -> None: ...
    @property
    def n_epochs(self) -> int: ...
    def check(self, training: Objective64) -> None: ...
    def fit(
        self,
        training: Objective64,
        validation: Objective64 | None,
        n_epochs: int,
        learning_rate: float | Callable[[int], float],
        parameters: _Float64,
        patience: int,
        min_delta: float,
        restore_best: bool,
        n_threads: int,
        hook: Callable[[_Float64, _Float64], bool] | None,
        stop: StopFlag | None,
    ) -> _FitResult64: ...
    def evidence(self, parameters: _Float64, n_threads: int) -> dict[str, Any] | None: ...
