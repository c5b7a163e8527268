"""A figure of a report, with the words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Of the text on paper [inch].
TEXT_WIDTH = 6.85


@dataclass(frozen=True)
class Picture:
    """A figure of a report.

    Attributes
    ----------
    label : str
        Name of its file, and what the text refers to.
    draw : callable
        Draws it and returns its axes.
    alt : str
        What is to be seen, in words.
    caption : str
        As markup.
    inches : float
        How wide it is drawn, and so wide it is on paper where it stands alone: letters keep their size.
    """

    label: str
    draw: Callable[[], Any]
    alt: str
    caption: str
    inches: float = TEXT_WIDTH

    @property
    def width(self) -> str:
        """Its width on paper, where it stands alone."""
        return f"{min(1.0, self.inches / TEXT_WIDTH):.0%}"
