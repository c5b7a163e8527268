"""What a report to hand in needs besides the library."""

from __future__ import annotations

from importlib.util import find_spec

#: Typesetting, interactive figures, figures; no system tool among them.
NEEDED = ("typst", "bokeh", "matplotlib")
CURE = 'pip install "jetmlp[paper]"'


def missing(names: tuple[str, ...] = NEEDED) -> list[str]:
    """Return what is not installed."""
    return [name for name in names if find_spec(name) is None]


def expect_installed(called: str, names: tuple[str, ...] = NEEDED) -> None:
    """Raise an ``ImportError`` that says what to install."""
    absent = missing(names)
    if absent:
        raise ImportError(f"{called} needs {' and '.join(absent)}: {CURE}")
