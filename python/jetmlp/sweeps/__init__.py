"""Sweeps: the same fit with many settings, on any executor, kept on disk run by run."""

from .result import SweepResult
from .summary import SweepSummary
from .sweep import sweep

__all__ = ["SweepResult", "SweepSummary", "sweep"]
