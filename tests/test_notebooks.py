"""The notebooks run from a clean kernel, call the library only, and say what they install."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_they_are_all_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01_runge_value_and_derivative",
        "02_relu_vs_tanh",
        "03_gradient_of_a_network",
        "04_rosenbrock",
        "05_wing_weight",
        "06_robot_arm",
        "07_water_flow",
        "08_black_scholes",
        "09_bachelier_basket",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_a_clean_kernel(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_first_code_installs_the_package_where_it_is_missing(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert '%pip install --quiet "jetmlp[report]"' in first.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_is_shown(path: Path) -> None:
    """As committed: a cell that ends in a plot has its picture."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "plotting.plot_" in cell.source:
            assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.source
