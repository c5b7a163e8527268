"""Words, numbers, tables and figures as Typst writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Whatever begins a piece of markup somewhere: "1." a list, ":" a term, "//" a comment or an address.
_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\#$*_`<>@[]~/=+-.:'\""})
# Typst's strings know no others than these.
_CONTROLS = str.maketrans({code: " " for code in range(32) if chr(code) not in "\n\t"} | {127: " "})

_WORDS = tuple("no one two three four five six seven eight nine ten eleven twelve".split())  # noqa: SIM905

#: More rows make no page to hand in; the rest is counted.
MOST_ROWS = 12

#: Stands where nothing was published or measured.
NOTHING = "–"


def text(words: str) -> str:
    """Return words that Typst takes as they are."""
    return " ".join(words.translate(_CONTROLS).split()).translate(_SPECIAL)


def quoted(words: str) -> str:
    """Return words as a string of Typst's."""
    return json.dumps(words.translate(_CONTROLS), ensure_ascii=False)


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with so many digits that count: 0.031, 47, 2.3·10⁻⁹."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0.0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -3 < power < 5:
        decimals = max(0, digits - 1 - power)
        return f"{float(f'{value:.{digits - 1}e}'):.{decimals}f}".replace("-", "−")
    return f"{mantissa.replace('-', '−')}·10{str(power).translate(_SUPERSCRIPTS)}"


def factor(value: float) -> str:
    """Write how many times one thing is the other, with two digits."""
    return f"{number(value)} times"


def span(low: float, high: float) -> str:
    """Write from where to where; one number where both read the same."""
    return number(low) if number(low) == number(high) else f"{number(low)} to {number(high)}"


def percent(share: float) -> str:
    """Write a share."""
    return f"{100.0 * share:.0f} %"


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(count: int, noun: str) -> str:
    """Say how many, in words up to twelve."""
    return f"{_WORDS[count] if count < len(_WORDS) else count} {noun}{'' if count == 1 else 's'}"


def call(function: str, *arguments: str) -> str:
    """Return a call of a function of the template."""
    return f"#{function}({', '.join(arguments)})"


def content(words: str) -> str:
    """Return markup as an argument."""
    return f"[{words}]"


def formula(words: str, symbols: str) -> str:
    """Return a formula of its own, with what a screen reader says."""
    return call("formula", quoted(words), f"$ {symbols} $")


def inline(words: str, symbols: str) -> str:
    """Return a formula in the line."""
    return call("m", quoted(words), f"${symbols}$")


def table(
    label: str, caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1
) -> str:
    """Return a table whose first `left` columns hold words; cells are text."""
    cells = [content(text(cell)) for row in rows for cell in row]
    head = f"({', '.join(content(text(one)) for one in heads)},)"
    return f"{call('numbers', content(caption), f'left: {left}', head, *cells)} <{label}>"


def picture(label: str, alt: str, caption: str, width: str = "100%") -> str:
    """Return a figure whose file has the name of its label; `width` is that on paper."""
    return f"{call('picture', quoted(label), quoted(alt), content(caption), f'width: {width}')} <{label}>"


def and_more(count: int, shown: int, noun: str) -> str:
    """Say how many rows are left out, or nothing."""
    return "" if count == shown else f" {counted(count - shown, noun).capitalize()} more are not shown."


#: Symbols that the texts of all reports share.
F = inline("f", "f")
DF = inline("f prime", "f'")
