"""What must hold of every file: it is refused in one clear message, or is what saving its model writes."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import safetensors.numpy

import jetmlp
from jetmlp._files import pack, unpack
from jetmlp.files.load import MODELS, model_of
from small_models import Model, predictions


def assert_sound(model: Model, content: bytes) -> None:
    """Of a file that is accepted: it predicts, and saving writes the same bytes."""
    d = model.samples.X.shape[1] if isinstance(model, jetmlp.Surrogate) else model.n_inputs
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of the largest numbers
        found = predictions(model, np.linspace(-1.0, 1.0, 3 * d).reshape(3, d))
        if isinstance(model, jetmlp.Surrogate):
            assert str(model.summary())
            model.goodness()
            model.sensitivities()
    m = found["values"].shape[1]
    for name, array in found.items():
        assert array.shape == ((3, m, d) if name.startswith("slope") else (3, m))
    assert pack(model._container()) == content
    assert safetensors.numpy.load(content), "to other programs it is a file as well"


def refused_or_sound(content: bytes, path: Path | None = None) -> bool:
    """Whether the content of a file is refused, or the file itself."""
    try:
        if path is None:
            model = model_of(unpack(content, tuple(MODELS), "path: file"), "path: file")
        else:
            path.write_bytes(content)
            model = jetmlp.load(path)
    except jetmlp.ModelFileError as error:
        message = str(error)
        assert message.startswith(f"path: {path or 'file'}: "), message
        assert re.search(r"expected .+, got ", message, re.DOTALL), message
        assert len(message) <= 500
        return True
    assert_sound(model, content)
    return False
