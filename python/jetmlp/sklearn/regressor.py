"""The estimator."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import _checks
from ..data.derivative_check import doubts
from ..optimizers.base import Optimizer
from ..surrogate.surrogate import Surrogate
from .columns import by_columns, expect_order, output_names
from .rows import distinct_rows
from .scores import input_spread, slopes_explained
from .solvers import SURROGATE, solver_of

Array = NDArray[np.float64]

_LIKELY = (
    "A scaler before the regressor and a TransformedTargetRegressor around it change X or y, and not dydx; "
    "the regressor needs neither. A DataFrame whose columns do not name outputs and inputs is taken in its "
    "order. See jetmlp.check_derivatives, or check=False if they are right."
)


class SobolevRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    r"""Regression on values and derivatives, as a scikit-learn estimator.

    By default a `jetmlp.Surrogate`: the best fit from few samples, with error bars, without a setting. With
    another `solver`, one network of the given size fitted by `jetmlp.Trainer`.

    Derivatives are an argument of `fit`, ``dydx``, which cross-validation and searches cut with the rows:
    ``cross_val_score(regressor, X, y, params={"dydx": D})``. With scikit-learn's metadata routing they are
    asked for by `fit` and `score`; without it they go to `fit` alone.

    X, y and dydx are in the units of the data: nothing has to be scaled. A scaler before this regressor, in a
    pipeline, would change X and leave ``dydx``.

    Parameters
    ----------
    solver : str or optimizer, default "surrogate"
        "surrogate"; or the optimizer of one network: "auto", which chooses by the size of the data, "adam",
        "lbfgs", "levenberg_marquardt", "evidence" (Levenberg-Marquardt with regularization by evidence),
        "self_scaled_broyden", "stochastic_gauss_newton"; or a setting of its own such as
        ``jetmlp.Adam(learning_rate=1e-2)``.
    hidden_layer_sizes : sequence of int, default (32, 32)
        Widths of the hidden layers. This and all to `dtype` only with a network.
    activation : str, default "tanh"
        Of the hidden layers, as of `jetmlp.MLP`.
    derivative_weight : float or "balanced", default 1.0
        How much derivatives count beside values, as of `jetmlp.Trainer`.
    l2 : float, default 0.0
        Penalty on the squares of the weights, as of `jetmlp.Trainer`.
    batch_size : int, optional
        Samples per update, as of `jetmlp.Trainer`.
    max_iter : int, optional
        Most epochs. By default 2000 with "adam", 500 with "lbfgs", 300 with "self_scaled_broyden", 100 with
        "levenberg_marquardt", 50 with "stochastic_gauss_newton" and 200 else.
    dtype : {"float64", "float32"}, default "float64"
        Of the network.
    seconds : float, optional
        Limit of the search; only with "surrogate". What is found then depends on how fast the machine is.
    check : bool, default True
        Whether `fit` warns of derivatives that do not belong to the values, see `jetmlp.check_derivatives`.
    n_threads : int, optional
        Most threads of a fit; default one for each processor. The result is the same for any number. 1 where
        scikit-learn runs fits side by side (``n_jobs``).
    random_state : int, RandomState or None, default 0
        Of the starting parameters and of random orders. An integer is the seed itself; None means another
        fit each time.

    Attributes
    ----------
    model_ : jetmlp.Surrogate or jetmlp.MLP
        What was fitted; it has more to say, such as `Surrogate.summary`, `Surrogate.plot` or `MLP.hessian`.
    history_ : jetmlp.History or None
        Losses of the fit of a network; None of a surrogate.
    n_iter_ : int
        Epochs done; of a surrogate the most steps of a network that is used.
    rows_ : ndarray, (n_distinct,)
        The row of X that each sample of the model is: `Surrogate.left_out` has its errors in this order. Rows
        of weight 0 are not among them, and equal rows are one.
    n_features_in_ : int
        Number of inputs, d.
    feature_names_in_ : ndarray of str, (d,)
        Names of the columns of X; only where it had names.
    n_outputs_ : int
        Number of outputs, m.

    Notes
    -----
    Parameters are checked by `fit`. Rows of weight 0 are dropped before anything is learned from them. Equal
    rows are joined into one with the sum of their weights, and the order of rows has no effect: repeated rows
    and weights give the same fit, to the last bit.

    Examples
    --------
    >>> import numpy as np
    >>> from jetmlp.sklearn import SobolevRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    >>> y = np.sin(2 * X[:, 0]) + X[:, 0] * X[:, 1]
    >>> dydx = np.column_stack([2 * np.cos(2 * X[:, 0]) + X[:, 1], X[:, 0]])
    >>> regressor = SobolevRegressor().fit(X, y, dydx)
    >>> regressor.predict([[0.1, 0.2]]).shape, regressor.predict_jacobian([[0.1, 0.2]]).shape
    ((1,), (1, 2))
    >>> regressor.score(X, y, dydx) > 0.999
    True
    """

    #: With metadata routing, derivatives are asked for without a word.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"dydx": True}
    __metadata_request__score: ClassVar[dict[str, bool]] = {"dydx": True}

    def __init__(
        self,
        solver: str | Optimizer = SURROGATE,
        *,
        hidden_layer_sizes: tuple[int, ...] = (32, 32),
        activation: str = "tanh",
        derivative_weight: float | str = 1.0,
        l2: float = 0.0,
        batch_size: int | None = None,
        max_iter: int | None = None,
        dtype: str = "float64",
        seconds: float | None = None,
        check: bool = True,
        n_threads: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.solver = solver
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.derivative_weight = derivative_weight
        self.l2 = l2
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.dtype = dtype
        self.seconds = seconds
        self.check = check
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        dydx: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> SobolevRegressor:
        """Fit values, and derivatives where they are given.

        Parameters
        ----------
        X : array_like, (n, d)
            Inputs.
        y : array_like, (n,) or (n, m)
            Values.
        dydx : array_like, (n, m, d), optional
            Derivatives [sample, output, input]; NaN for one that was not measured. With one output, (n, d)
            will do. A DataFrame has a column for each, by name where X and it have names: that of the input,
            or such as ``df_dx``, ``df/dx``, ``d(f)/d(x)``, ``f:x`` or ``f!x`` for output f and input x. A
            derivative without a column was not measured.
        sample_weight : array_like, (n,), optional
            How much each row counts: not negative.

        Returns
        -------
        SobolevRegressor
            Itself.

        Raises
        ------
        TypeError, ValueError
            If a parameter or an argument is of the wrong kind, shape or range; the message names it.

        Warns
        -----
        UserWarning
            If the derivatives do not belong to the values.
        """
        before = self.__dict__.copy()
        try:
            self._fit(X, y, dydx, sample_weight)
        except BaseException:  # Ctrl-C too: what was fitted before stays whole
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def _fit(self, X: Any, y: Any, dydx: Any, sample_weight: ArrayLike | None) -> None:  # noqa: ANN401
        check = _checks.as_boolean("check", self.check)
        solver = solver_of(self.get_params(deep=False), _as_seed(self.random_state))
        self._outputs = output_names(y)
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        names = getattr(self, "feature_names_in_", None)
        self._flat = y.ndim == 1
        slopes = by_columns(dydx, names, self._outputs, 1 if self._flat else y.shape[1])
        samples, self.rows_ = distinct_rows(X, y, slopes, sample_weight)
        doubt = doubts(samples) if check else ""
        if doubt:
            warnings.warn(f"{doubt} {_LIKELY}", UserWarning, stacklevel=3)
        self.model_, self.n_iter_, self.history_ = solver.fit(samples)
        self.n_outputs_ = samples.n_outputs
        self._spread = input_spread(samples)

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:  # noqa: ANN401  one array or two
        """Compute the values at `X`.

        Parameters
        ----------
        X : array_like, (n, d)
            Where to evaluate.
        return_std : bool, default False
            Whether to return standard deviations as well: of the function, without the noise of the data.
            Only with ``solver="surrogate"``.

        Returns
        -------
        values : ndarray, (n,) or (n, m), as y was
            Values.
        deviation : ndarray of that shape
            Their standard deviations; only with `return_std`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing was fitted before.
        TypeError, ValueError
            If `X` is of the wrong kind, shape or names.
        """
        return self._evaluate("predict", X, return_std)

    def predict_jacobian(self, X: ArrayLike, return_std: bool = False) -> Any:  # noqa: ANN401  one or two
        """Compute the derivatives by the inputs at `X`.

        Parameters
        ----------
        X, return_std
            As for `predict`.

        Returns
        -------
        derivatives : ndarray, (n, m, d); (n, d) where y was (n,)
            Derivatives [sample, output, input].
        deviation : ndarray of that shape
            Their standard deviations; only with `return_std`.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As for `predict`.
        """
        return self._evaluate("jacobian", X, return_std)

    def score(
        self,
        X: ArrayLike,
        y: ArrayLike,
        dydx: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        r"""Compute R² of the values; with derivatives, its mean with what is explained of these.

        That is :math:`1 - \sum (s_k e_{ik})^2 / \sum (s_k g_{ik})^2` of each output, averaged over these: e
        errors of the derivatives g by input k, and s the spreads of the inputs in `fit`, so that no unit
        matters.

        Parameters
        ----------
        X, y, dydx, sample_weight
            As for `fit`. A derivative that is NaN is left out.

        Returns
        -------
        float
            1 for a perfect prediction.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As for `predict`.
        """
        check_is_fitted(self)
        outputs = output_names(y)
        expect_order(outputs, self._outputs)
        of_values = float(super().score(X, y, sample_weight=sample_weight))
        if dydx is None:
            return of_values
        names = getattr(self, "feature_names_in_", None)
        true = by_columns(dydx, names, outputs or self._outputs, self.n_outputs_)
        slopes = self.predict_jacobian(X)
        slopes = slopes.reshape(len(slopes), self.n_outputs_, -1)
        return 0.5 * (of_values + slopes_explained(true, slopes, self._spread, sample_weight))

    def _evaluate(self, method: str, X: ArrayLike, return_std: object) -> Any:  # noqa: ANN401  one or two
        """Call a method of the model; what it gives has no axis of the outputs where y had none."""
        check_is_fitted(self)
        wanted = _checks.as_boolean("return_std", return_std)
        inputs = validate_data(self, X, dtype=np.float64, reset=False)
        evaluate = getattr(self.model_, method)
        if isinstance(self.model_, Surrogate):
            result = evaluate(inputs, return_std=wanted)
        elif wanted:
            raise ValueError(
                f"return_std: expected False with solver={self.solver!r}, as one network has no error bars, "
                f"got True; solver={SURROGATE!r} has them"
            )
        else:
            result = evaluate(inputs, n_threads=self.n_threads)
        if not self._flat:
            return result
        return tuple(array[:, 0] for array in result) if wanted else result[:, 0]


def _as_seed(random_state: object) -> int:
    """Take an integer as it is; draw one from anything else that scikit-learn takes."""
    generator = check_random_state(random_state)
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(generator.randint(2**31))
