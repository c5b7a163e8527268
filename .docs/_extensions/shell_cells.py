"""Cells of a page that a shell runs: ``%load_ext shell_cells``, then ``%%sh``.

IPython's own prints what it gets in pieces, which a page then shows as lines. This one prints all at once; as
that one, it fails where the shell does.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def sh(line: str, cell: str) -> None:
    """Run a cell and print what it says, errors and warnings included."""
    done = subprocess.run(
        ["sh", "-e"], input=cell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout, end="")  # noqa: T201  the cell's output
    done.check_returncode()


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Put it in the place of IPython's own."""
    ipython.register_magic_function(sh, magic_kind="cell")
