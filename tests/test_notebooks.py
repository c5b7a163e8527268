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
        "10_your_own_data",
        "11_few_samples",
        "12_past_four_digits",
        "13_cross_validation_and_error_bars",
        "14_sweep",
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
    assert 'find_spec("jetmlp") is None' in first.source
    # From the repository, not from an index where nothing is published yet; by default for this processor.
    assert '"jetmlp[report] @ git+https://github.com/jetmlp/jetmlp"' in first.source
    assert "%pip install" in first.source
    assert "JETMLP_LEVELS" not in first.source
    assert any("plotting.plot_" in cell.source for cell in others)


@pytest.mark.parametrize("path", NOTEBOOKS[3:10], ids=lambda path: path.stem)
def test_the_real_lines_are_shown_before_any_study(path: Path) -> None:
    """A model, a trainer, a fit and its errors, before `study.run` hides them."""
    code = "\n".join(cell.source for cell in code_of(path))
    before, *_ = code.split("study.run(")
    places = [before.find(call) for call in ("jetmlp.MLP(", "jetmlp.Trainer(", ".fit(", "metrics.evaluate(")]
    assert -1 not in places
    assert places == sorted(places)


def test_few_samples_are_fitted_by_the_one_call_and_its_error_bars_are_checked() -> None:
    code = "\n".join(cell.source for cell in code_of(NOTEBOOKS[10]))
    calls = ["jetmlp.Surrogate().fit(samples)", ".plot(", "return_std=True", ".suggest(", ".update("]
    assert [call for call in calls if call not in code] == []


def test_digits_are_won_by_the_optimizer_and_then_by_a_second_network() -> None:
    code = "\n".join(cell.source for cell in code_of(NOTEBOOKS[11]))
    calls = ["plotting.LiveLoss(", "jetmlp.LevenbergMarquardt()", "jetmlp.StagedMLP(", "plot_contours("]
    assert [call for call in calls if call not in code] == []


def test_error_bars_stand_beside_cross_validation_and_the_truth() -> None:
    code = "\n".join(cell.source for cell in code_of(NOTEBOOKS[12]))
    calls = ["cross_val_score(", "SobolevRegressor(", ".left_out()", "return_std=True", "plot_profiles("]
    assert [call for call in calls if call not in code] == []


def test_a_sweep_is_kept_shown_and_gone_on_with() -> None:
    code = "\n".join(cell.source for cell in code_of(NOTEBOOKS[13]))
    calls = ["jetmlp.sweep(space, samples, path=runs", ".summary()", "jetmlp.sweep(larger,", ".model(best)"]
    assert [call for call in calls if call not in code] == []
