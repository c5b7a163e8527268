"""Figures of fits, losses and experiments, ready for a paper.

Every function takes matplotlib axes or makes its own, draws, and returns the axes; none calls ``show``,
none needs a display and none changes matplotlib's settings. Colours are those of Okabe and Ito, and curves
also differ in line style and marker, so that the figures survive colour blindness and a grey printer.

matplotlib is imported at the first figure, not with this package.
"""

from ._ablation import plot_ablation
from ._bands import plot_bands
from ._contours import plot_contours
from ._figure import offscreen, save_figure
from ._fit import plot_fit
from ._goodness import plot_goodness_of_fit
from ._gradient_check import plot_gradient_check
from ._left_out import plot_left_out
from ._live import LiveLoss
from ._loss import plot_loss
from ._loss_terms import plot_loss_terms
from ._monomials import plot_monomials
from ._predictions import plot_predictions
from ._prices import plot_prices
from ._profiles import plot_profiles
from ._ratios import plot_ratios
from ._sample_errors import plot_sample_errors
from ._style import style
from ._sweep import plot_sweep

__all__ = [
    "LiveLoss",
    "offscreen",
    "plot_ablation",
    "plot_bands",
    "plot_contours",
    "plot_fit",
    "plot_goodness_of_fit",
    "plot_gradient_check",
    "plot_left_out",
    "plot_loss",
    "plot_loss_terms",
    "plot_monomials",
    "plot_predictions",
    "plot_prices",
    "plot_profiles",
    "plot_ratios",
    "plot_sample_errors",
    "plot_sweep",
    "save_figure",
    "style",
]
