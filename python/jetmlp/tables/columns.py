"""Which columns of a table are inputs, outputs and derivatives."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..data.derivative_names import match_derivatives, readings_among
from .errors import TableError

Pairs = dict[tuple[str, str], str]

#: By habit an input is called x, x1, x_2, …, an output y or f, with or without a number.
_INPUT, _OUTPUTS = re.compile(r"[xX]_?\d*"), (re.compile(r"[yY]_?\d*"), re.compile(r"[fF]_?\d*"))


class Columns(NamedTuple):
    """Which columns hold what.

    Parameters
    ----------
    inputs, outputs : dict of str to str
        The column of each input and output, by its name; "" for an output of which only derivatives are
        known.
    derivatives : dict of (output, input) to str
        The column of each derivative that is there.
    """

    inputs: dict[str, str]
    outputs: dict[str, str]
    derivatives: Pairs

    def used(self) -> set[str]:
        """Return the columns that are used."""
        return {*self.inputs.values(), *filter(None, self.outputs.values()), *self.derivatives.values()}


def chosen(names: Sequence[str], text: str, option: str, source: str, also: Sequence[str] = ()) -> list[str]:
    """Return the columns that a text names: between commas, each a name or a pattern such as ``x*``.

    `also` are names that are accepted without a column. Raises a `TableError` for any other that there is
    none of.
    """
    found: list[str] = []
    for part in [text] if text in names else [part.strip() for part in text.split(",")]:
        if not part:
            raise TableError(f"{option}: expected names between commas, got {text!r}")
        matching = (
            [part] if part in names or part in also else [name for name in names if fnmatchcase(name, part)]
        )
        if not matching:
            raise TableError(
                f"{option}: expected columns of {source}, which has {listed(names)}; got {part!r}"
            )
        twice = next((name for name in matching if name in found), None)
        if twice is not None:
            raise TableError(f"{option}: expected each column once, got {twice!r} twice")
        found += matching
    return found


def assign(
    names: Sequence[str],
    source: str,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> Columns:
    """Find out which columns hold what, from their names and from what is known.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    source : str
        What messages call the file.
    inputs, outputs : sequence of str, optional
        Columns that are known to be such. An output may be one of which there are only derivatives.

    Returns
    -------
    Columns
        Inputs and outputs are called like their columns.

    Raises
    ------
    TableError
        If a column can be more than one thing, or may be an input or output; the candidates are named.
    """
    if inputs is None or outputs is None:
        inputs, outputs = _found(names, source, inputs, outputs)
    _expect_apart(source, inputs, outputs)
    derivatives = derivatives_among(names, source, inputs, outputs)
    own = {output: output if output in names else "" for output in outputs}
    for output, column in own.items():
        if not column and not any(output == of for of, _ in derivatives):
            raise TableError(
                f"{source}: expected a column {output!r} or derivatives of it, got {listed(names)}"
            )
    return Columns({name: name for name in inputs}, own, derivatives)


def derivatives_among(
    names: Sequence[str], source: str, inputs: Sequence[str], outputs: Sequence[str]
) -> Pairs:
    """Return the columns of derivatives, as `match_derivatives` does."""
    try:
        return match_derivatives(names, inputs, outputs)
    except ValueError as error:
        raise TableError(f"{source}: {error}, or say which with --map") from None


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return names for a message, the first few of many."""
    names = list(names)
    rest = len(names) - most
    return ", ".join(names if rest <= 0 else [*names[:most], f"and {rest} more"])


def _found(
    names: Sequence[str], source: str, inputs: Sequence[str] | None, outputs: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Find inputs, outputs or both: what derivatives are of, then what is called like these, or by habit."""
    partners = {name: _partners(name, names, source, inputs, outputs) for name in names}
    pairs = [pair for pair in partners.values() if pair is not None]
    of, by = [output for output, _ in pairs], [input_ for _, input_ in pairs]
    found_inputs, found_outputs = list(inputs or by), list(outputs or of)
    _expect_apart(source, found_inputs, found_outputs)
    taken = {*found_inputs, *found_outputs}
    rest = [name for name in names if partners[name] is None and name not in taken]
    if inputs is None:
        more = [
            name for name in rest if _same_stem(name, by) or (not by and _INPUT.fullmatch(name) is not None)
        ]
        found_inputs += more
        rest = [name for name in rest if name not in more]
    if outputs is None:
        if of:
            more = [name for name in rest if _same_stem(name, of)]
        elif inputs is not None and len(rest) == 1:
            more = rest
        else:
            kinds = [[name for name in rest if habit.fullmatch(name)] for habit in _OUTPUTS]
            more = [] if all(kinds) else kinds[0] or kinds[1]
        found_outputs += more
        rest = [name for name in rest if name not in more]
    if rest or not found_inputs or not found_outputs:
        cure = "say --x and --y, or --map"
        if found_inputs and found_outputs:
            x, y = (
                shlex.quote(",".join(_ordered(names, found, known)))
                for found, known in ((found_inputs, inputs), (found_outputs, outputs))
            )
            cure = f"to leave {'it' if len(rest) == 1 else 'them'} alone: --x {x} --y {y}; or say --map"
        raise TableError(
            f"{source}: expected to know inputs and outputs by the names of the columns, got "
            f"{listed(names)}; undecided: {listed(rest or names)}; {cure}"
        )
    return _ordered(names, found_inputs, inputs), _ordered(names, found_outputs, outputs)


def _partners(
    name: str,
    names: Sequence[str],
    source: str,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
) -> tuple[str, str] | None:
    """Return of which output and by which input a column is the derivative, None if it is none."""
    if name in (inputs or ()) or name in (outputs or ()):
        return None
    by = names if inputs is None else inputs
    possible = readings_among(name, by, outputs)
    with_values = readings_among(name, by, names if outputs is None else [f for f in outputs if f in names])
    if not with_values and possible and outputs is None:
        # The output has no column of its own; parentheses are none of its name.
        shortest = min(len(output) for output, _ in possible)
        if len({input_ for _, input_ in possible}) == 1:
            possible = [pair for pair in possible if len(pair[0]) == shortest]
    possible = with_values or possible
    if len(possible) > 1:
        either = " or ".join(f"d({output})/d({input_})" for output, input_ in possible)
        raise TableError(f"{source}: column {name!r} can be {either}; say --x and --y, or --map")
    return possible[0] if possible else None


def _expect_apart(source: str, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    both = next((name for name in inputs if name in outputs), None)
    if both is not None:
        raise TableError(
            f"{source}: expected {both!r} to be an input or an output, got it as both; say --x and --y"
        )


def _same_stem(name: str, found: Sequence[str]) -> bool:
    """Say whether a name is one of those found but for its number."""
    stem = name.rstrip("0123456789")
    return stem != name and any(other.rstrip("0123456789") == stem != other for other in found)


def _ordered(names: Sequence[str], found: Iterable[str], known: Sequence[str] | None) -> list[str]:
    """Return each once, in the order of the columns, those without one at the end; what is known as it is."""
    if known is not None:
        return list(known)
    unique = dict.fromkeys(found)
    return [name for name in names if name in unique] + [name for name in unique if name not in names]
