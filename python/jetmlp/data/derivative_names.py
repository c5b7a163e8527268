"""How a column that holds a derivative is named.

The derivative of the output ``f`` with respect to the input ``x1`` is found under each of the names

    df_dx1   df/dx1   d(f)/d(x1)   ∂f/∂x1   f:x1   f!x1

with blanks around the parts, and parentheses around either, at will. Units may stand behind the names, as in
``Load [N]``, ``Stress [Pa]`` and ``dStress/dLoad [Pa/N]``. Capitals count: ``T`` and ``t`` are two names. A
name is read in every possible way, and what the inputs and outputs are called decides which of these is
meant; where two are possible the name is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

#: The forms, for messages and help.
FORMS = ("df_dx1", "df/dx1", "d(f)/d(x1)", "f:x1", "f!x1")

_PLAIN = re.compile(r"\w+")

#: A unit behind a name: "Load [N]", "Load[N]", "Load (N)"; "f(x)" has none.
_UNIT = re.compile(r"(?:\s*\[[^\[\]]+\]|\s+\([^()]+\))$")


def readings(column: str) -> list[tuple[str, str]]:
    """Return every way to read a column's name as that of a derivative.

    Parameters
    ----------
    column : str

    Returns
    -------
    list of (output, input)
        Without repetition; empty if the name has none of the forms.

    Examples
    --------
    >>> readings("df/dx1")
    [('f', 'x1')]
    >>> readings("da_db_dc")
    [('a', 'b_dc'), ('a_db', 'c')]
    """
    name = column.strip()
    pairs = [
        (name[: at.start()], name[at.end() :])
        for separator in (":", "!")
        for at in re.finditer(separator, name)
    ]
    if name[:1] in ("d", "∂"):
        # Looked for one by one, as separators may share characters: "d/d/dx".
        for at in range(1, len(name)):
            found = re.compile(r"\s*[/_]\s*[d∂]").match(name, at)
            if found:
                pairs.append((name[1:at], name[found.end() :]))
    found_pairs = [
        (output, input_)
        for left, right in pairs
        for output in _without_parentheses(left)
        for input_ in _without_parentheses(right)
    ]
    return list(dict.fromkeys(found_pairs))


def readings_among(
    column: str, inputs: Iterable[str], outputs: Iterable[str] | None = None
) -> list[tuple[str, str]]:
    """Return the ways to read a column's name as the derivative of an output by an input that there are.

    Names that agree as they stand come first. Where none do, units are looked past: those of inputs and
    outputs, which derivatives need not repeat, and one at the end, which is then the derivative's own. A unit
    that is repeated must be the same.

    Parameters
    ----------
    column : str
    inputs : iterable of str
        What the inputs are called.
    outputs : iterable of str, optional
        What the outputs are called. Default: anything.

    Returns
    -------
    list of (output, input)

    Examples
    --------
    >>> readings_among("dStress/dLoad [Pa/N]", ["Load [N]"], ["Stress [Pa]"])
    [('Stress [Pa]', 'Load [N]')]
    """
    inputs, outputs = list(inputs), None if outputs is None else list(outputs)
    as_it_stands = readings(column)
    exact = [(f, x) for f, x in as_it_stands if x in inputs and (outputs is None or f in outputs)]
    if exact:
        return exact
    # "df [m]/dx [s]" gives each its own unit, so that the last one is not that of the whole.
    bare = [(f, x) for f, x in readings(_without_unit(column)) if f == _without_unit(f)]
    pairs = [
        (output, input_)
        for f, x in dict.fromkeys([*as_it_stands, *bare])
        for output in ([f] if outputs is None else _meant(f, outputs))
        for input_ in _meant(x, inputs)
    ]
    return list(dict.fromkeys(pairs))


def spelled(output: str, input_: str) -> str:
    """Return the name of the column of a derivative, as this package writes it.

    Parameters
    ----------
    output, input_ : str

    Returns
    -------
    str
        ``df/dx1``; ``d(f 1)/d(x)`` where a name is more than letters, digits and underscores.
    """
    return "/".join(f"d{name}" if _PLAIN.fullmatch(name) else f"d({name})" for name in (output, input_))


def match_derivatives(
    columns: Iterable[str],
    inputs: Sequence[str],
    outputs: Sequence[str] | None = None,
    *,
    input_alone: bool = False,
) -> dict[tuple[str, str], str]:
    """Find out which columns hold which derivatives.

    Parameters
    ----------
    columns : iterable of str
        Names of columns. Those that are names of inputs or outputs themselves are no derivatives, and others
        that have none of the forms, or are derivatives of something else, are left alone.
    inputs : sequence of str
        What the inputs are called.
    outputs : sequence of str, optional
        What the outputs are called. Default: anything, see `outputs_of`.
    input_alone : bool, default False
        Whether the name of an input means the derivative with respect to it, as in a table that holds nothing
        but the derivatives of one output. It needs `outputs` with one name.

    Returns
    -------
    dict of (output, input) to str
        The column of each derivative that has one, outputs first, in the order in which they are called.

    Raises
    ------
    ValueError
        If a name can be read in two ways, or if two columns hold one derivative; both are named.

    Examples
    --------
    >>> match_derivatives(["x", "t", "f", "df/dt", "f:x"], ["x", "t"], ["f"])
    {('f', 'x'): 'f:x', ('f', 't'): 'df/dt'}
    """
    if input_alone and (outputs is None or len(outputs) != 1):
        raise ValueError("outputs: expected one name where an input alone names a derivative")
    own = {*(() if input_alone else inputs), *(() if outputs is None else outputs)}
    found: dict[tuple[str, str], str] = {}
    for column in columns:
        if column in own:
            continue
        if input_alone and outputs is not None and column in inputs:
            pairs = [(outputs[0], column)]
        else:
            pairs = readings_among(column, inputs, outputs)
        if outputs is None:
            # "d(f)/d(x)" is the derivative of f, not of "(f)", and "d(a)b(c)/dx" that of "(a)b(c)".
            whole = {output for output, _ in pairs if _enclosed(output)}
            pairs = [pair for pair in pairs if pair[0] not in whole and _balanced(pair[0])] or pairs
        if len(pairs) > 1:
            raise ValueError(
                f"column {column!r}: expected the name of one derivative, got one that can be read as "
                f"{_listed(pairs)}; rename it"
            )
        for pair in pairs:
            if pair in found:
                raise ValueError(
                    f"columns {found[pair]!r} and {column!r}: expected one column of {spelled(*pair)}, "
                    "got two; leave one out"
                )
            found[pair] = column
    order = list(outputs if outputs is not None else outputs_of(found))
    return {(f, x): found[f, x] for f in order for x in inputs if (f, x) in found}


def outputs_of(derivatives: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    """Return the outputs of what `match_derivatives` found, in the order of the columns."""
    return tuple(dict.fromkeys(output for output, _ in derivatives))


def _without_unit(name: str) -> str:
    return _UNIT.sub("", name.strip())


def _meant(part: str, names: Iterable[str]) -> list[str]:
    """Return the names that a part can mean: itself, or itself with a unit."""
    return [name for name in names if part in (name, _without_unit(name))]


def _without_parentheses(part: str) -> list[str]:
    """Return what a part can mean: as it is, and without parentheses around it."""
    part = part.strip()
    inner = part[1:-1].strip() if part.startswith("(") and part.endswith(")") else ""
    return [name for name in (part, inner) if name]


def _depths(part: str) -> list[int]:
    return list(accumulate((c == "(") - (c == ")") for c in part))


def _balanced(part: str) -> bool:
    depths = _depths(part)
    return min(depths) >= 0 and depths[-1] == 0


def _enclosed(part: str) -> bool:
    """Say whether parentheses are around all of a part: not so in "(a)b(c)"."""
    return part[0] == "(" and _balanced(part) and 0 not in _depths(part)[:-1]


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    return " and as ".join(f"d({output})/d({input_})" for output, input_ in pairs)
