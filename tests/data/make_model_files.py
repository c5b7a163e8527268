"""Write a file of each kind of model as this version of the format has it, and what the models predict.

Run from the repository's root when the version of the format has changed, once:

    PYTHONPATH=tests python tests/data/make_model_files.py

What is there stays: files of old versions are read for ever, and none is written again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from jetmlp._files.header import FORMAT_VERSION
from small_models import SMALL_MODELS, predictions

FOLDER = Path(__file__).parent / "models"


def main() -> None:
    folder = FOLDER / f"version_{FORMAT_VERSION}"
    folder.mkdir(parents=True)
    for kind, make in SMALL_MODELS.items():
        model = make()
        model.save(folder / f"{kind}.safetensors")
        d = 2 if kind == "mlp" else 1
        X = np.linspace(-1.0, 1.5, 4 * d).reshape(4, d)
        arrays = {"X": X, **predictions(model, X)}
        text = json.dumps({name: array.tolist() for name, array in arrays.items()}, indent=1)
        (folder / f"{kind}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
