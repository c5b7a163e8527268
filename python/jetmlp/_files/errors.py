"""The error of a file that is no model, or no longer."""

from __future__ import annotations

from pathlib import Path

#: No message is longer, whatever the file says.
LONGEST_MESSAGE = 500
_LONGEST_PLACE = 200
_LONGEST_VALUE = 100


class ModelFileError(ValueError):
    """A file is not what this library reads: it is no model, is damaged, or is of another version.

    The message has the path, the field where there is one, what was expected and what came, in at most 500
    characters. A file that cannot be read at all is an ``OSError``.
    """


def refusal(place: str, reason: str) -> ModelFileError:
    """Make the error of a file; `place` says which one it is, the reason what is wrong."""
    place = shortened(place, _LONGEST_PLACE)
    return ModelFileError(f"{place}: {shortened(reason, LONGEST_MESSAGE - len(place) - 2)}")


def place_of(path: Path) -> str:
    """Return what messages about a file begin with."""
    return f"path: {path}"


def brief(value: object) -> str:
    """Show a value of a file, in one line."""
    return shortened(" ".join(repr(value).split()), _LONGEST_VALUE)


def shortened(text: str, longest: int) -> str:
    """Take the middle out of a text that is too long; of a path both ends matter."""
    if len(text) <= longest:
        return text
    end = (longest - 3) // 2
    return f"{text[: longest - 3 - end]}...{text[len(text) - end :]}"
