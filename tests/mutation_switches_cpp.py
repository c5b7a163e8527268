"""C++ sources in which every change stands behind a switch.

An expression ``a + b`` becomes ``(::mutation::on(7) ? (a - b) : (a + b))``, the whole of what stands
between two delimiters, so that nothing has to be known of how strongly operators bind. What the compiler does
not take so, such as a sum and a difference of Eigen's, which are of two types, is asked for as arrays, and
what it does not take so either wants a build of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mutants import Mutant

_COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'', re.DOTALL)
_CONSTANT = re.compile(r"(?:inline )?constexpr [\w:<>]+ (\w+) = (.*);$")
_STOPS_BEFORE = re.compile(
    r"[;,?]|(?<!:):(?!:)|(?<= )(?:=|[-+*/]=)(?=\s)|\breturn\b|\belse\b|\bcase\b|}(?=\s*\n)"
)
_STOPS_AFTER = re.compile(r"[;,?]|(?<!:):(?!:)")
ASSIGNING = ("+=", "-=", "*=", "/=")


class Place:
    """What of a source is doubled for one change, and how."""

    def __init__(self, number: int, start: int, end: int, changed: str) -> None:
        self.number = number
        self.start = start
        self.end = end
        self.changed = changed
        self.as_arrays = False


class Switched:
    """One source, whose switches become fewer until it compiles."""

    def __init__(self, path: Path, changes: Sequence[tuple[int, Mutant]], header: Path) -> None:
        self.path = path
        self.header = header
        self.text = path.read_text(encoding="utf-8")
        # Comments are blank, texts are letters; offsets stay.
        self.code = _COMMENT_OR_TEXT.sub(_blank, self.text)
        self.without_comments = _COMMENT_OR_TEXT.sub(
            lambda m: _blank(m) if m[0].startswith("/") else m[0], self.text
        )
        starts = [0]
        for line in self.text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self.starts = starts
        self.places = [self._place(number, mutant) for number, mutant in changes]

    def numbers(self) -> set[int]:
        return {place.number for place in self.places}

    def write(self) -> None:
        """Write the source with its switches; lines keep their numbers."""
        self.path.write_text(f'#include "{self.header}"\n#line 1\n{self._rendered()}', encoding="utf-8")

    def give_up(self, lines: set[int]) -> None:
        """These lines did not compile: their expressions become arrays, or lose their switches."""
        kept = []
        for place in self.places:
            first = self._line(place.start)
            last = self._line(place.end)
            if any(first <= line <= last for line in lines):
                if place.as_arrays or not self._is_expression(place):
                    continue
                place.as_arrays = True
            kept.append(place)
        if len(kept) == len(self.places) and not any(place.as_arrays for place in kept):
            kept = []  # nothing here is at fault that can be found
        self.places = kept

    def _is_expression(self, place: Place) -> bool:
        text = self.code[place.start : place.end]
        return not text.replace(".", "").isalnum() and not any(f" {word} " in text for word in ASSIGNING)

    def _line(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def _place(self, number: int, mutant: Mutant) -> Place:
        at = self.starts[mutant.line - 1] + mutant.column
        end = at + len(mutant.before)
        line = self.text[self.starts[mutant.line - 1] : self.starts[mutant.line]].rstrip("\n")
        start_of_line = self.starts[mutant.line - 1]
        constant = _CONSTANT.match(line)
        if constant and self.path.suffix == ".cpp":
            first, last = (start_of_line + place for place in constant.span(2))
            return Place(number, first, last, self.text[first:at] + mutant.after + self.text[end:last])
        if mutant.before[0].isdigit() or mutant.before in ("true", "false"):
            return Place(number, at, end, mutant.after)
        if mutant.before == "!":
            return Place(number, at, end, "!")
        if mutant.before.startswith("std::"):
            last = self._after_brackets(self.code.index("(", at))
            return Place(number, at, last, mutant.after + self.without_comments[end:last].replace("\n", " "))
        first, last = self._left(at), self._right(end)
        changed = self.without_comments[first:at] + mutant.after + self.without_comments[end:last]
        return Place(number, first, last, changed.replace("\n", " "))

    def _after_brackets(self, at: int) -> int:
        depth = 0
        for i in range(at, len(self.code)):
            depth += (self.code[i] in "([{") - (self.code[i] in ")]}")
            if depth == 0:
                return i + 1
        return len(self.code)

    def _left(self, at: int) -> int:
        """Where the expression begins that has this operator."""
        depth = 0
        stops = {m.end() for m in _STOPS_BEFORE.finditer(self.code, max(0, at - 2000), at)}
        for i in range(at, 0, -1):
            if depth == 0 and i in stops:
                return self._skip_blanks(i)
            character = self.code[i - 1]
            depth += (character in ")]}") - (character in "([{")
            if depth < 0:
                return self._skip_blanks(i)
        return 0

    def _skip_blanks(self, at: int) -> int:
        while self.code[at].isspace():
            at += 1
        return at

    def _right(self, at: int) -> int:
        depth = 0
        stops = {m.start() for m in _STOPS_AFTER.finditer(self.code, at, at + 2000)}
        for i in range(at, len(self.code)):
            character = self.code[i]
            if depth == 0 and (i in stops or character in ")]}"):
                return i
            depth += (character in "([{") - (character in ")]}")
        return len(self.code)

    def _rendered(self) -> str:
        # Outer ones first; a place that is partly in another is left out.
        ordered = sorted(self.places, key=lambda place: (place.start, -place.end))
        kept: list[Place] = []
        open_places: list[Place] = []
        for place in ordered:
            while open_places and open_places[-1].end <= place.start:
                open_places.pop()
            if not open_places or place.end <= open_places[-1].end:
                kept.append(place)
                open_places.append(place)
        self.places = kept
        text = self._within(0, len(self.text), kept)
        # A constant cannot be switched while the program runs, what stands for it can.
        return re.sub(
            r"^(?:inline )?constexpr ([\w:<>]+) (\w+) = (.*::mutation::.*);$",
            r"#define \2 (static_cast<\1>(\3))",
            text,
            flags=re.MULTILINE,
        )

    def _within(self, start: int, end: int, places: list[Place]) -> str:
        """The text of a range with the choices in it."""
        parts, at, i = [], start, 0
        while i < len(places):
            first = places[i]
            j = i
            while j < len(places) and places[j].end <= first.end and places[j].start < first.end:
                j += 1
            inner = places[i:j]
            same = [place for place in inner if (place.start, place.end) == (first.start, first.end)]
            rest = [place for place in inner if (place.start, place.end) != (first.start, first.end)]
            parts += [self.text[at : first.start], self._choice(first, same, rest)]
            at, i = first.end, j
        return "".join([*parts, self.text[at:end]])

    def _choice(self, first: Place, same: list[Place], rest: list[Place]) -> str:
        text = self._within(first.start, first.end, rest)
        if self.text[first.start : first.end] == "!":
            return f"::mutation::on({first.number}) != !"
        for place in same:
            if place.as_arrays:
                both = (f"[&] {{ return ::mutation::plain({one}); }}" for one in (place.changed, text))
                text = f"::mutation::either({place.number}, {', '.join(both)})"
            else:
                text = f"(::mutation::on({place.number}) ? ({place.changed}) : ({text}))"
        return text


def _blank(match: re.Match[str]) -> str:
    filler = " " if match[0].startswith("/") else "_"
    return "".join("\n" if character == "\n" else filler for character in match[0])
