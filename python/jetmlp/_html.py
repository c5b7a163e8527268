"""What objects show in a notebook: small tables and a line, in the colours of the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

MOST_ROWS = 24
MOST_POINTS = 240
WIDTH, HEIGHT, MARGIN = 240, 56, 3

# Colours are those of the page, and a grey that shows on light and dark: themes differ.
_CELL = "padding:1px 10px;text-align:{};border:0;border-bottom:1px solid rgba(128,128,128,0.35)"
_TABLE = "border-collapse:collapse;background:transparent;color:inherit;margin:4px 0"


def block(title: str, *parts: str) -> str:
    """Put parts that are HTML below a title that is text."""
    return f"<div><div><strong>{escape(title)}</strong></div>{''.join(parts)}</div>"


def line(text: str) -> str:
    """Return one line of text as HTML."""
    return f"<div>{escape(text)}</div>"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with its first column to the left; of many rows the first and the last."""
    listed = [[show(cell) for cell in row] for row in rows]
    if len(listed) > MOST_ROWS:
        half = MOST_ROWS // 2
        listed = [*listed[:half], ["…"] * len(heads), *listed[-half:]]
    head = "".join(_cell("th", text, place) for place, text in enumerate(heads))
    body = "".join(
        f"<tr>{''.join(_cell('td', text, place) for place, text in enumerate(row))}</tr>" for row in listed
    )
    return f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def show(value: object) -> str:
    """Show a number with five digits and anything else as its text."""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _cell(tag: str, text: str, place: int) -> str:
    return f'<{tag} style="{_CELL.format("left" if place == 0 else "right")}">{escape(text)}</{tag}>'


def sparkline(curves: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Draw curves of positive numbers over a logarithmic axis: the first solid, others dashed.

    What is not positive and finite leaves a gap. Nothing is drawn where there are not two points.
    """
    logs = [(name, [_log10(number) for number in numbers]) for name, numbers in curves]
    known = [number for _, numbers in logs for number in numbers if number is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    span = high - low or 1.0
    drawn = []
    for place, (name, numbers) in enumerate(logs):
        dashed = ' stroke-dasharray="3 2"' if place > 0 else ""
        for points in _runs(numbers, low if high > low else low - 0.5, span):
            drawn.append(
                f'<polyline points="{points}" fill="none" stroke="currentColor"{dashed}>'
                f"<title>{escape(name)}</title></polyline>"
            )
    title = f"{', '.join(name for name, _ in curves)} from 1e{low:.1f} to 1e{high:.1f}, logarithmic"
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img">'
        f"<title>{escape(title)}</title>{''.join(drawn)}</svg>"
    )


def _runs(numbers: Sequence[float | None], low: float, span: float) -> Iterable[str]:
    """Points of each stretch without a gap."""
    count = len(numbers)
    chosen = sorted({round(i * (count - 1) / max(1, MOST_POINTS - 1)) for i in range(MOST_POINTS)})
    chosen = chosen if count > MOST_POINTS else list(range(count))
    run: list[str] = []
    for at in chosen:
        number = numbers[at]
        if number is None:
            if run:
                yield " ".join(run)
            run = []
            continue
        x = MARGIN + (WIDTH - 2 * MARGIN) * at / max(1, count - 1)
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (number - low) / span
        run.append(f"{x:.1f},{y:.1f}")
    if run:
        yield " ".join(run)


def _log10(number: float) -> float | None:
    return math.log10(number) if 0.0 < number < math.inf else None
