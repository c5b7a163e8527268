"""The rounds of a search in a file, so that one that was interrupted does none of them twice.

A search is a program: which networks go on depends on how good all were after each round. So what each fit of
a round came to is kept, round by round, and a search that is resumed runs through them again without a step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .._files import Container, pack, read_container, unpack, write_container
from .._files.errors import place_of
from .._files.fields import list_of, made_of, object_of
from ..fitting.checkpoint import as_sha256
from .fit import CandidateFit

#: What a file of it is called in its metadata, and the state of a fit in it.
FILE_KIND, _FIT_KIND = "jetmlp.SurrogateCheckpoint", "jetmlp.CandidateFit"
#: A search has fewer, and no more fits than this.
_MOST_ROUNDS, _MOST_FITS = 100, 1000


class Stopped(NamedTuple):
    """A fit after a round."""

    place: int  # among all fits of the search
    seconds: float  # that it took so far
    state: NDArray[np.uint8]  # a container of its own


class Round(NamedTuple):
    """What a round came to, so many seconds after the search began."""

    elapsed: float
    fits: tuple[Stopped, ...]


class Timed(Protocol):
    """What `search.Clock` is to rounds."""

    limited: bool

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        ...

    def go_on_from(self, seconds: float) -> None:
        """Count from so many seconds on."""
        ...


class Rounds:
    """Keeps rounds in a file, and gives back those that are kept.

    Parameters
    ----------
    settings : mapping
        Of the surrogate.
    samples : str
        Their SHA-256.
    kept : sequence of Round
        Those of a search that is resumed.
    path : Path, optional
        Where to write them after each round; default nowhere.
    """

    def __init__(
        self, settings: Mapping[str, Any], samples: str, kept: Sequence[Round] = (), path: Path | None = None
    ) -> None:
        self.settings, self.samples = dict(settings), samples
        self.path = path
        self.kept = list(kept)
        self._next = 0

    def give_back(self, every: Sequence[CandidateFit], fits: Sequence[CandidateFit], clock: Timed) -> bool:
        """Bring fits to where the next round that is kept left them; False if there is none.

        Raises a ``ValueError`` if it is one of other fits.
        """
        if self._next == len(self.kept):
            return False
        found = self.kept[self._next]
        if sorted(every.index(fit) for fit in fits) != [stopped.place for stopped in found.fits]:
            if clock.limited:  # which fits are begun depends on the time
                del self.kept[self._next :]
                return False
            raise ValueError("checkpoint: expected the rounds of a search in these samples, got others")
        for stopped in found.fits:
            state = unpack(stopped.state.tobytes(), (_FIT_KIND,), "checkpoint").tensors
            every[stopped.place].go_on_from(state, stopped.seconds)
        clock.go_on_from(found.elapsed)
        self._next += 1
        return True

    def add(self, every: Sequence[CandidateFit], fits: Sequence[CandidateFit], clock: Timed) -> None:
        """Keep what a round came to."""
        if self.path is None:
            return
        stopped = []
        for place in sorted(every.index(fit) for fit in fits):
            state = pack(Container(_FIT_KIND, {}, every[place].state()))
            stopped.append(Stopped(place, every[place].seconds, np.frombuffer(state, np.uint8)))
        self.kept.append(Round(clock.elapsed, tuple(stopped)))
        self._next = len(self.kept)
        write_container(self.path, self.container())

    def container(self) -> Container:
        """Return what stands in the file."""
        description = {
            "settings": self.settings,
            "samples": self.samples,
            "rounds": [
                {"elapsed": each.elapsed, "fits": [[fit.place, fit.seconds] for fit in each.fits]}
                for each in self.kept
            ],
        }
        tensors = {
            f"round.{number}.{fit.place}": fit.state
            for number, each in enumerate(self.kept)
            for fit in each.fits
        }
        return Container(FILE_KIND, description, tensors)


def read_rounds(path: Path) -> Rounds:
    """Read what a search kept.

    Raises
    ------
    OSError
        If the file cannot be read.
    ModelFileError
        If it is not that.
    """
    return made_of(read_container(path, (FILE_KIND,)), place_of(path), _from_container, Rounds.container)


def _from_container(container: Container) -> Rounds:
    said = object_of(container.description, "description", ("settings", "samples", "rounds"))
    settings = object_of(said["settings"], "settings", ("seed", "seconds", "check"))
    entries = list_of(said["rounds"], "rounds", _MOST_ROUNDS)
    kept = [_round(entry, number, container) for number, entry in enumerate(entries)]
    return Rounds(settings, as_sha256("samples", said["samples"]), kept)


def _round(entry: object, number: int, container: Container) -> Round:
    said = object_of(entry, f"rounds[{number}]", ("elapsed", "fits"))
    fits = []
    for pair in list_of(said["fits"], f"rounds[{number}].fits", _MOST_FITS):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"rounds[{number}].fits: expected places and seconds, got {_checks.brief(pair)}")
        place = _checks.as_integer("place", pair[0], 0, _MOST_FITS)
        state = container.tensors.get(f"round.{number}.{place}")
        if state is None or state.dtype != np.uint8 or state.ndim != 1:
            raise ValueError(f"round.{number}.{place}: expected the bytes of a fit, got none")
        unpack(state.tobytes(), (_FIT_KIND,), f"round.{number}.{place}")
        fits.append(Stopped(place, _checks.as_number("seconds", pair[1], least=0.0), state))
    return Round(_checks.as_number("elapsed", said["elapsed"], least=0.0), tuple(fits))
