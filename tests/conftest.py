"""What holds for all tests."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from hypothesis import settings

# Shared machines are slow now and then: an example may take as long as it needs. The same examples every
# time, so that a failure elsewhere can be seen here.
settings.register_profile("jetmlp", deadline=None, derandomize=True)
settings.load_profile("jetmlp")

# A shell that runs the tests in the background has them ignore Ctrl-C, and every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers of this test alone, seeded by its name: no other test and no order changes them."""
    return np.random.default_rng(list(f"{request.path.stem}::{request.node.name}".encode()))
