"""The cases of the benchmark of speed can be made: they are taken from experiments, which change."""

from __future__ import annotations

from collections import Counter

from figures import all_cases


def test_every_case_can_be_made_and_no_figure_stands_twice() -> None:
    cases = all_cases()
    figures = Counter(figure.name for case in cases.values() for figure in case.figures)
    assert {"mini-batch", "levenberg-marquardt-1e-6", "staged"} <= cases.keys()
    assert max(figures.values()) == 1
