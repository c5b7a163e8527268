"""Models inside other packages' frameworks: a module for each, which needs that package."""

from __future__ import annotations
