"""Fits to more samples than one machine holds, on Dask. It needs dask and distributed, extra ``cluster``."""

from __future__ import annotations

from importlib import import_module as _import_module

_CURE = "expected dask and distributed, which 'pip install \"jetmlp[cluster]\"' brings"

try:
    for _name in ("dask.array", "distributed"):
        _import_module(_name)
except ModuleNotFoundError as error:
    raise ImportError(f"jetmlp.distributed: {_CURE}; got {error}") from error

from .fit import fit  # noqa: E402  after the word on what is missing

__all__ = ["fit"]
