"""Surrogates to files and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, TypeVar

from .. import _checks
from .._files import Container, write_container
from .._files.errors import place_of
from .._files.fields import made_of, object_of, of
from .file import described, outcome_from
from .names import described_names, names_from
from .rounds import Rounds, read_rounds
from .searching import Searching

Self = TypeVar("Self", bound="Keeping")


class Keeping(Searching):
    """The part of `Surrogate` that knows files."""

    #: What a file of such a model is called in its metadata.
    FILE_KIND: ClassVar[str] = "jetmlp.Surrogate"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the surrogate to one ``.safetensors`` file, which `jetmlp.load` reads back, with its samples.

        Parameters
        ----------
        path : path
            Of the file; what stands there is replaced only once the new file is whole.

        Raises
        ------
        OSError
            If the file cannot be written.
        RuntimeError
            If nothing was fitted before.
        """
        write_container(path, self._container())

    def _container(self) -> Container:
        """Return what stands in a file."""
        description, tensors = described(self._fitted())
        settings = self._settings()
        names = described_names(self._input_names, self._output_names)
        return Container(self.FILE_KIND, {"settings": settings, **names, **description}, tensors)

    @classmethod
    def _from_container(cls: type[Self], container: Container) -> Self:
        """Build one from what `_container` gave; a ``TypeError`` or ``ValueError`` if it is not that."""
        fields = ("settings", "candidates", "rows", "seconds_taken")
        description = object_of(container.description, "description", fields, ("names",))
        settings = object_of(description["settings"], "settings", ("seed", "seconds", "check"))
        with of("settings"):
            surrogate = cls(**settings)
        surrogate._outcome = outcome_from(description, container.tensors)
        surrogate.input_names, surrogate.output_names = names_from(description)
        return surrogate

    @classmethod
    def resume(cls: type[Self], path: str | os.PathLike[str], *, n_threads: int | None = None) -> Self:
        """Take a surrogate back from a checkpoint of ``fit(checkpoint=...)``.

        It is not fitted yet: the next ``fit``, with the same samples, goes on after the last round of the
        search that was kept. The surrogate is then that of a fit that was never interrupted; with a limit of
        `seconds`, those before count.

        Parameters
        ----------
        path : path
            Of the file.
        n_threads : int, optional
            Networks fitted at a time; default one for each processor.

        Returns
        -------
        Surrogate
            With the settings of the one that wrote the file.

        Raises
        ------
        OSError
            If the file cannot be read.
        ModelFileError
            If it is not such a checkpoint, or is damaged; the message says in what.
        """
        threads = None if n_threads is None else _checks.as_threads(n_threads)
        rounds = read_rounds(Path(path))
        surrogate = made_of(
            rounds.container(),
            place_of(Path(path)),
            lambda _: cls(**rounds.settings, n_threads=threads),  # type: ignore[call-arg]
            lambda made: Rounds(made._settings(), rounds.samples, rounds.kept).container(),
        )
        surrogate._resumed = rounds
        return surrogate
