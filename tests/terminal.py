"""Commands in processes of their own, one with a terminal."""

from __future__ import annotations

import os
import pty
import sys

#: The code that is the command, for ``python -c``: the processes of tests need not find it installed.
RUN = "import sys; from jetmlp.cli import main; sys.exit(main(sys.argv[1:]))"


def on_a_terminal(arguments: list[str], **variables: str) -> str:
    """What a command writes where both of its streams are a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "COLUMNS": "100", **variables})
        os.execv(sys.executable, [sys.executable, "-c", RUN, *arguments])
    text = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            break
        text += part
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return text.decode()
