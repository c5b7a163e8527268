"""A regressor for GEMSEO, which finds it by itself where both are installed; the extra ``gemseo``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..export.models import Exportable
from ._fits import as_fit, fitted
from ._models import FittedModel
from ._needed import say_what_is_missing

try:
    from gemseo.algos.database import Database
    from gemseo.mlearning.regression.algos.base_regressor import BaseRegressor
    from gemseo.mlearning.regression.algos.base_regressor_settings import BaseRegressorSettings
    from pydantic import Field
except ModuleNotFoundError as error:
    say_what_is_missing(error, "gemseo", "GEMSEO 6.3")

__all__ = ["JetMLPRegressor", "JetMLPRegressorSettings"]

Array = NDArray[np.float64]


class JetMLPRegressorSettings(BaseRegressorSettings):  # type: ignore[misc]
    """The settings of `JetMLPRegressor`."""

    _TARGET_CLASS_NAME = "JetMLPRegressor"

    fit: Callable[..., Any] | None = Field(
        default=None,
        description="""A function of samples X, Y and dYdX that gives a new fitted model.

If ``None``, a ``jetmlp.Surrogate`` without a setting.""",
    )


class JetMLPRegressor(BaseRegressor):  # type: ignore[misc]
    """A regressor of GEMSEO from values and, where the dataset has them, their gradients.

    Gradients are those of the group ``"gradients"``, called ``"@f"`` for the output ``f``, as
    ``to_dataset(export_gradients=True)`` of an optimization problem writes them; NaN is for one that was not
    computed. GEMSEO scales inputs and outputs and leaves gradients as they are: where a group has a
    transformer, they are brought into its units here. None is needed.

    Parameters
    ----------
    data : IODataset
        What to learn from.
    settings_model : JetMLPRegressorSettings, optional
        The settings; or, one by one, as arguments of their names.
    fit : callable, optional
        A function of samples X (n, d), Y (n, m) and dYdX (n, m, d) or None that gives a new fitted model.
        Default: a `jetmlp.Surrogate` without a setting, which alone has standard deviations.

    Raises
    ------
    TypeError
        If `fit` is no such function.
    ValueError
        By ``learn``, if gradients do not belong to inputs and outputs; the message says why.
    """

    SHORT_ALGO_NAME: ClassVar[str] = "JetMLP"
    LIBRARY: ClassVar[str] = "jetmlp"
    DEFAULT_TRANSFORMER: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    Settings: ClassVar[type[JetMLPRegressorSettings]] = JetMLPRegressorSettings

    algo: Exportable | None
    _fitted: FittedModel

    def _post_init(self) -> None:
        # Past the base class, which asks for the gradients of every output: some may have none.
        super(BaseRegressor, self)._post_init()
        self._jacobian_data = None
        as_fit(self._settings.fit)

    def _fit(self, input_data: Array, output_data: Array) -> None:
        gradients = self._transformed_gradients(input_data)
        self._fitted = fitted(as_fit(self._settings.fit), input_data, output_data, gradients)
        self.algo = self._fitted.model

    def _predict(self, input_data: Array) -> Array:
        """Compute the values at inputs (n, d): (n, m)."""
        return self._fitted.predict(input_data)

    def _predict_jacobian(self, input_data: Array) -> Array:
        """Compute the derivatives at inputs (n, d): (n, m, d)."""
        return self._fitted.jacobian(input_data)

    def predict_std(self, input_data: Array | Mapping[str, Array]) -> Array:
        """Compute the standard deviations of the outputs, in the units of the transformed ones.

        Parameters
        ----------
        input_data : ndarray, (d,) or (n, d), or mapping of names to arrays
            Where to evaluate.

        Returns
        -------
        ndarray, (n, m)
            Standard deviations of the function, without the noise of the data.

        Raises
        ------
        TypeError
            If the model is no `jetmlp.Surrogate`.
        RuntimeError
            If nothing was learned before.
        """
        self._check_is_trained()
        if isinstance(input_data, Mapping):
            input_data = np.concatenate(
                [np.atleast_1d(input_data[name]) for name in self.input_names], axis=-1
            )
        inputs = np.atleast_2d(input_data)
        transformer = self.transformer.get(self.learning_set.INPUT_GROUP)
        return self._fitted.deviations(inputs if transformer is None else transformer.transform(inputs))

    def _transformed_gradients(self, transformed_inputs: Array) -> Array | None:
        """Return the gradients (n, m, d) of transformed outputs by transformed inputs, None without any.

        Raises
        ------
        ValueError
            If a single variable has a transformer, or there are not as many as of outputs times inputs.
        """
        gradients = self._gradients()
        if gradients is None:
            return None
        if self._input_variables_to_transform or self._output_variables_to_transform:
            raise ValueError(
                "transformer: expected those of the groups 'inputs' and 'outputs' where there are gradients, "
                f"got {list(self.transformer)}; none is needed, transformer={{}}"
            )
        of_outputs = self.transformer.get(self.learning_set.OUTPUT_GROUP)
        if of_outputs is not None:
            gradients = of_outputs.compute_jacobian(self.output_data) @ gradients
        of_inputs = self.transformer.get(self.learning_set.INPUT_GROUP)
        if of_inputs is not None:
            gradients = gradients @ of_inputs.compute_jacobian_inverse(transformed_inputs)
        return np.asarray(gradients)

    def _gradients(self) -> Array | None:
        """Return the gradients of the dataset (n, m, d), NaN where an output has none; None without any."""
        data = self.learning_set
        if data.GRADIENT_GROUP not in data.group_names:
            return None
        known = data.get_variable_names(data.GRADIENT_GROUP)
        inputs = data.get_variable_names(data.INPUT_GROUP)
        if list(inputs) != self.input_names:
            raise ValueError(
                f"input_names: expected all inputs in their order, {inputs}, where there are gradients, got "
                f"{self.input_names}"
            )
        n, d = len(self._learning_samples_indices), self.input_dimension
        blocks = []
        for output in self.output_names:
            size = self.sizes[output]
            name = Database.get_gradient_name(output)
            if name not in known:
                blocks.append(np.full((n, size, d), np.nan))
                continue
            rows = data.get_view(
                group_names=data.GRADIENT_GROUP,
                variable_names=name,
                indices=self._learning_samples_indices,
            ).to_numpy(dtype=np.float64)
            if rows.shape[1] != size * d:
                raise ValueError(
                    f"gradients: expected {size * d} columns of {name!r}, {size} outputs by {d} inputs, "
                    f"got {rows.shape[1]}"
                )
            blocks.append(rows.reshape(n, size, d))
        return np.concatenate(blocks, axis=1)
