"""Models in OpenMDAO: a component, and a surrogate of `MetaModelUnStructuredComp`; the extra ``openmdao``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..export.models import Exportable
from ._fits import as_fit, fitted
from ._models import FittedModel
from ._needed import say_what_is_missing

try:
    from openmdao.core.explicitcomponent import ExplicitComponent
    from openmdao.surrogate_models.surrogate_model import SurrogateModel
except ModuleNotFoundError as error:
    say_what_is_missing(error, "openmdao", "OpenMDAO 3.45")

__all__ = ["JetMLPComponent", "JetMLPSurrogate"]

Array = NDArray[np.float64]


class JetMLPComponent(ExplicitComponent):  # type: ignore[misc]
    """A fitted model as an explicit component with exact partial derivatives.

    Each column of the model's inputs and outputs is a variable, or several columns together are one. With
    `vec_size` above 1 every variable has an entry, or a row, for each point, and the pattern of the partials
    is declared: a point's outputs depend on its own inputs alone. Under complex step, values carry the
    derivatives of the model.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or sequence of them
        Fitted; of several the mean is taken.
    inputs, outputs : sequence of str or mapping, optional
        What the columns are called, in their order; of a mapping, ``{"x": 3, "mach": 1}``, the values are the
        columns of each variable. Default: as a `Surrogate` has its names, else x, or x1, x2, …, and y, or
        y1, y2, …
    units : mapping of str to str, optional
        OpenMDAO's units of variables, by name: those of the samples.
    vec_size : int, default 1
        Points.
    **options
        OpenMDAO's own.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        By ``Problem.setup``, if an option is of the wrong kind, or does not belong to the model; the message
        names it.
    """

    def __init__(
        self,
        model: Exportable | None = None,
        *,
        inputs: Sequence[str] | Mapping[str, int] | None = None,
        outputs: Sequence[str] | Mapping[str, int] | None = None,
        units: Mapping[str, str] | None = None,
        vec_size: int = 1,
        **options: Any,  # noqa: ANN401  of OpenMDAO's own
    ) -> None:
        super().__init__(
            model=model, inputs=inputs, outputs=outputs, units=units, vec_size=vec_size, **options
        )

    def initialize(self) -> None:
        """Declare the options, as OpenMDAO asks for."""
        declare = self.options.declare
        declare("model", default=None, recordable=False, desc="what was fitted, or several")
        declare("inputs", default=None, desc="names of the inputs' columns")
        declare("outputs", default=None, desc="names of the outputs' columns")
        declare("units", default=None, desc="units of variables by name")
        declare("vec_size", default=1, types=int, lower=1, desc="points")

    def setup(self) -> None:
        """Declare the variables, as OpenMDAO asks for."""
        options = self.options
        self._fitted = model = FittedModel(options["model"])
        self._columns_in = _columns("inputs", options["inputs"], model.input_names)
        self._columns_out = _columns("outputs", options["outputs"], model.output_names)
        units = _units(options["units"], [*self._columns_in, *self._columns_out])
        n = options["vec_size"]
        places = (
            ("inputs", self._columns_in, self.add_input),
            ("outputs", self._columns_out, self.add_output),
        )
        for option, columns, add in places:
            for name, column in columns.items():
                width = column.stop - column.start
                start = np.tile(model.centre[column], (n, 1)) if option == "inputs" else np.ones((n, width))
                shape = tuple(size for size in (n, width) if size > 1) or (1,)
                _add(option, add, name, start.reshape(shape), units.get(name))

    def setup_partials(self) -> None:
        """Declare where partial derivatives are not 0, as OpenMDAO asks for."""
        n = self.options["vec_size"]
        for output, of in self._columns_out.items():
            for name, column in self._columns_in.items():
                height, width = of.stop - of.start, column.stop - column.start
                if n == 1:
                    self.declare_partials(output, name)
                    continue
                blocks = (n, height, width)
                point, row, place = np.indices(blocks).reshape(3, -1)
                self.declare_partials(output, name, rows=point * height + row, cols=point * width + place)

    def compute(self, inputs: Any, outputs: Any) -> None:  # noqa: ANN401  vectors of OpenMDAO
        """Compute the values."""
        X = self._points(inputs)
        Y = self._fitted.predict(X.real)
        if np.iscomplexobj(X):
            Y = Y + 1j * np.einsum("nmd,nd->nm", self._fitted.jacobian(X.real), X.imag)
        for name, column in self._columns_out.items():
            outputs[name] = Y[:, column].reshape(np.shape(outputs[name]))

    def compute_partials(self, inputs: Any, partials: Any) -> None:  # noqa: ANN401  of OpenMDAO
        """Compute the partial derivatives."""
        jacobian = self._fitted.jacobian(self._points(inputs).real)
        one_point = len(jacobian) == 1
        for output, of in self._columns_out.items():
            for name, column in self._columns_in.items():
                block = jacobian[:, of, column]
                partials[output, name] = block[0] if one_point else block.ravel()

    def _points(self, inputs: Any) -> NDArray[Any]:  # noqa: ANN401  a vector of OpenMDAO
        """Return the inputs as (n, d)."""
        n = self.options["vec_size"]
        return np.concatenate([np.reshape(inputs[name], (n, -1)) for name in self._columns_in], axis=1)


class JetMLPSurrogate(SurrogateModel):  # type: ignore[misc]
    """What `MetaModelUnStructuredComp` fits to its training data, with exact derivatives.

    Its training data are values alone; slopes, where there are any, are fitted by `jetmlp.Surrogate` and
    brought in as a `JetMLPComponent`.

    Parameters
    ----------
    fit : callable, optional
        A function of samples X (n, d), Y (n, m) and dYdX, here None, that gives a new fitted model. Default:
        a `jetmlp.Surrogate` without a setting.
    eval_rmse : bool, default False
        Whether `predict` returns standard deviations besides, as OpenMDAO's kriging does; they are then
        ``metadata["rmse"]`` of the output. Only with a `jetmlp.Surrogate`.
    **options
        OpenMDAO's own.

    Attributes
    ----------
    model : MLP, StagedMLP, Surrogate, sequence of them or None
        What was fitted.

    Raises
    ------
    TypeError
        If `fit` is no such function.
    """

    def __init__(
        self,
        fit: Callable[..., Exportable] | None = None,
        *,
        eval_rmse: bool = False,
        **options: Any,  # noqa: ANN401  of OpenMDAO's own
    ) -> None:
        super().__init__(eval_rmse=eval_rmse, **options)
        self._fit = as_fit(fit)
        self._fitted: FittedModel | None = None

    def _declare_options(self) -> None:
        self.options.declare("eval_rmse", types=bool, default=False, desc="whether to return deviations")

    @property
    def model(self) -> Exportable | None:
        """What was fitted, None before."""
        return None if self._fitted is None else self._fitted.model

    def train(self, x: ArrayLike, y: ArrayLike) -> None:
        """Fit training data.

        Parameters
        ----------
        x : array_like, (n, d)
            Inputs.
        y : array_like, (n, m)
            Values.

        Raises
        ------
        TypeError, ValueError
            If they are not that, or what `fit` gives is no model of them.
        """
        self._fitted = fitted(self._fit, x, y)
        super().train(x, y)

    def predict(self, x: ArrayLike) -> Any:  # noqa: ANN401  one array or two
        """Compute the values at one point (d,), or at several (n, d): (m,) or (n, m).

        Raises
        ------
        RuntimeError
            If nothing was fitted before.
        """
        super().predict(x)
        return self._at(x)

    def linearize(self, x: ArrayLike) -> Array:
        """Compute the derivatives at one point (d,): (m, d).

        Raises
        ------
        RuntimeError
            If nothing was fitted before.
        """
        super().predict(x)
        assert self._fitted is not None
        jacobian: Array = self._fitted.jacobian(np.atleast_2d(x))[0]
        return jacobian

    def _at(self, x: ArrayLike) -> Any:  # noqa: ANN401  one array or two
        assert self._fitted is not None
        points = np.atleast_2d(x)
        shape = (*np.shape(x)[:-1], self._fitted.n_outputs)
        values = self._fitted.predict(points).reshape(shape)
        if not self.options["eval_rmse"]:
            return values
        return values, self._fitted.deviations(points).reshape(shape)


def _columns(option: str, given: object, names: Sequence[str]) -> dict[str, slice]:
    """Take the names of columns, and return the columns of each."""
    count = len(names)
    expected = f"{option}: expected {count} different names, or a mapping of names to {count} columns in all"
    if given is None:
        given = names
    if isinstance(given, (str, bytes)) or not isinstance(given, (Mapping, Sequence)):
        raise TypeError(f"{expected}, got {given!r:.60}")
    widths = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given, 1)
    if not all(isinstance(name, str) for name in widths):
        raise TypeError(f"{expected}, got {given!r:.60}")
    if not all(type(width) is int and width > 0 for width in widths.values()):
        raise TypeError(f"{expected}, of at least 1 each, got {given!r:.60}")
    if sum(widths.values()) != count or len(widths) < len(given):
        raise ValueError(f"{expected}, got {given!r:.60}")
    ends = np.cumsum(list(widths.values())).tolist()
    return {name: slice(end - width, end) for (name, width), end in zip(widths.items(), ends, strict=True)}


def _units(given: object, names: Sequence[str]) -> dict[str, str]:
    """Take units by name."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"units: expected a mapping of names to units, got {given!r:.60}")
    for name in given:
        if name not in names:
            raise ValueError(f"units: expected names among {', '.join(names)}, got {name!r}")
    return dict(given)


def _add(option: str, add: Callable[..., Any], name: str, value: Array, units: str | None) -> None:
    """Add a variable; OpenMDAO's word on its units or its name is said of the option that they come from."""
    try:
        add(name, val=value, units=units)
    except NameError as error:
        others = f"others are given as {option}=[...]"
        raise ValueError(
            f"{option}: expected names that OpenMDAO takes, got {name!r} ({error}); {others}"
        ) from error
    except (TypeError, ValueError) as error:  # the name and the shape are right by then
        raise ValueError(f"units: expected units that OpenMDAO knows, got {units!r} for {name}") from error
