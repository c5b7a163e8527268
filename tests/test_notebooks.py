"""What the notebooks are, as committed. nbmake runs each of them from a clean kernel."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def code_of(path: Path) -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_they_are_all_there(request: pytest.FixtureRequest) -> None:
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
    # Or they would be a part of no run, and nobody would see it.
    assert request.config.option.nbmake
    assert "notebooks" in request.config.getini("testpaths")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs_are_kept(path: Path) -> None:
    """They would be those of some earlier run. `nbstripout --keep-id` takes them out."""
    for cell in code_of(path):
        assert (cell.outputs, cell.execution_count, dict(cell.metadata)) == ([], None, {}), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_package_is_installed_first_where_it_is_missing_and_figures_are_its_own(path: Path) -> None:
    first, *others = code_of(path)
    assert '%pip install --quiet "jetmlp[report]"' in first.source
    assert any("plotting.plot_" in cell.source for cell in others)
