"""What every model has for C."""

from __future__ import annotations

from .._network_sum import NetworkSum
from .source import c_code


class Coded:
    """A model that can be written as C; a part of every model."""

    def _network_sum(self) -> NetworkSum:
        """Return what the model is for other programs."""
        raise NotImplementedError

    def c_code(
        self,
        name: str = "model",
        *,
        real: str = "double",
        jacobian: bool = True,
        hessian: bool = False,
    ) -> str:
        """Return the model as one file of C, of which the comment at its top says how it is called.

        It is C99 and C++17, allocates nothing, keeps nothing between calls and needs the mathematical library
        alone. Inputs and outputs are in the units of the data. Of a `Surrogate` it is the mean.

        Parameters
        ----------
        name : str, default "model"
            What every name in the file begins with: the values are computed by ``model_predict(x, y)``.
        real : {"double", "float"}, default "double"
            The type of all numbers in it.
        jacobian : bool, default True
            Whether there is ``model_jacobian(x, y, jacobian)`` for values and derivatives.
        hessian : bool, default False
            Whether there is ``model_hessian(x, y, jacobian, hessian)`` for the second derivatives, too.

        Returns
        -------
        str
            The file; the same model gives the same text.

        Raises
        ------
        TypeError, ValueError
            If an argument is not one of these, or a number of the model is beyond the type.
        RuntimeError
            If a `Surrogate` has not been fitted.

        Examples
        --------
        >>> import jetmlp
        >>> text = jetmlp.MLP([2, 8, 1]).c_code("beam")
        >>> [line for line in text.splitlines() if line.startswith("void")][0]
        'void beam_predict(const double *x, double *y);'
        """
        return c_code(self._network_sum(), name, real=real, jacobian=jacobian, hessian=hessian)
