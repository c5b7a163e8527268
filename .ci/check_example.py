"""The example in C++ at the points of a file of models: ``python check_example.py PROGRAM MODEL``.

Beside the model stand the values and derivatives that it had in Python when it was written.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run the command."""
    program, model = sys.argv[1], Path(sys.argv[2])
    expected = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    for x, values, slopes in zip(expected["X"], expected["values"], expected["slopes"], strict=True):
        command = [program, str(model), *(repr(float(number)) for number in x)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows = [[float(number) for number in line.split()] for line in printed.splitlines()]
        for row, value, slope in zip(rows, values, slopes, strict=True):
            for ours, theirs in zip(row, [value, *slope], strict=True):
                # Kernels of other instruction sets round otherwise.
                assert math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-14), (x, ours, theirs)
    print(f"{model.name}: {len(expected['X'])} points as in Python")
    return 0


if __name__ == "__main__":
    sys.exit(main())
