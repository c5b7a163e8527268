"""jetmlp as a scikit-learn estimator. It needs scikit-learn 1.6 or later, the extra ``sklearn``."""

from __future__ import annotations

_CURE = "expected scikit-learn 1.6 or later, which 'pip install \"jetmlp[sklearn]\"' brings"

try:
    import sklearn as _sklearn
except ModuleNotFoundError as error:
    if error.name != "sklearn":
        raise
    raise ImportError(f"jetmlp.sklearn: {_CURE}; got none") from error

if tuple(map(int, _sklearn.__version__.split(".")[:2])) < (1, 6):
    raise ImportError(f"jetmlp.sklearn: {_CURE}; got {_sklearn.__version__}")

from .regressor import SobolevRegressor  # noqa: E402  after the word on what is missing

__all__ = ["SobolevRegressor"]
