"""The command ``jetmlp``: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .console import EXIT_FAILED, EXIT_INTERRUPTED, complain
from .parser import make_parser

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit code: 0; 1 if a fit diverged; 2 for anything wrong with the call, such as an unknown name, a
        folder that cannot be written or a library that is not there, always with one line on standard
        error; 130 after Ctrl-C.
    """
    try:
        options = make_parser().parse_args(arguments)
        code: int = options.run(options)
        return code
    except KeyboardInterrupt:
        return complain("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read standard output has left; what Python still wants to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
