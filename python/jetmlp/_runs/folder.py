"""The folder of runs: one file for each that is done."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from .._files import remove_leftovers, write_bytes
from .record import Record, Settings, decode, encode, key_of

_ENDING = ".npz"


class RunFolder:
    """Finished runs on disk, one file each, named by the key of the run's settings.

    A file is whole or not there, so that whatever ends the process leaves the runs that were done. Several
    threads may use one folder at a time; processes must have it alone, see `alone_in`.

    Parameters
    ----------
    path : Path
        Of the folder; made with the first run that is kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __len__(self) -> int:
        return len(self._files())

    def get(self, settings: Settings) -> Record | None:
        """Return what was kept of the run of these settings; None if nothing was, or it is damaged."""
        try:
            content = self._file(settings).read_bytes()
        except FileNotFoundError:
            return None
        return decode(content, settings)

    def put(self, settings: Settings, record: Record) -> None:
        """Keep a run that is done.

        Raises
        ------
        OSError
            If that is not possible; what was kept of it before is as it was.
        """
        self.path.mkdir(exist_ok=True)
        write_bytes(self._file(settings), encode(settings, record))

    def clear(self) -> None:
        """Remove the runs, and the folder if nothing else is in it.

        Also what a process that was killed had begun to write.
        """
        for file in self._files():
            file.unlink(missing_ok=True)
        remove_leftovers(self.path)
        self.remove_if_empty()

    def remove_if_empty(self) -> None:
        """Remove the folder if nothing is in it."""
        with suppress(OSError):  # it is not there, or not empty
            self.path.rmdir()

    def _files(self) -> list[Path]:
        return [file for file in self.path.glob(f"*{_ENDING}") if not file.name.startswith(".")]

    def _file(self, settings: Settings) -> Path:
        return self.path / f"{key_of(settings)}{_ENDING}"
