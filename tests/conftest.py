"""What holds for all tests."""

from __future__ import annotations

import signal

from hypothesis import settings

# Shared machines are slow now and then: an example may take as long as it needs. The same examples every
# time, so that a failure elsewhere can be seen here.
settings.register_profile("jetmlp", deadline=None, derandomize=True)
settings.load_profile("jetmlp")

# A shell that runs the tests in the background has them ignore Ctrl-C, and every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
