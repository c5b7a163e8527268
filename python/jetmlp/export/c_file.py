"""A file of C."""

from __future__ import annotations

import os
from pathlib import Path

from .._c_code import c_code
from .._files import write_bytes
from .models import Exportable, network_sum


def c(
    model: Exportable,
    path: str | os.PathLike[str],
    real: str = "double",
    jacobian: bool = True,
    hessian: bool = False,
    *,
    name: str | None = None,
) -> None:
    """Write a model as one file of C, of which the comment at its top says how it is called.

    It is C99 and C++17, allocates nothing, keeps nothing between calls and needs the mathematical library
    alone. Inputs and outputs are in the units of the data.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or sequence of them
        Of a `Surrogate` the mean is written, of a sequence the mean of its models.
    path : path
        Of the file; what stands there is replaced only once the new file is whole.
    real : {"double", "float"}, default "double"
        The type of all numbers in it.
    jacobian : bool, default True
        Whether there is a function for values and derivatives.
    hessian : bool, default False
        Whether there is one for the second derivatives, too.
    name : str, optional
        What every name in the file begins with; default the name of the file without its ending.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of these, or a number of the model is beyond the type.
    RuntimeError
        If a `Surrogate` has not been fitted.
    OSError
        If the file cannot be written.
    """
    text = c_code(network_sum(model), name_for(path, name), real=real, jacobian=jacobian, hessian=hessian)
    write_bytes(path, text.encode("ascii"))


def name_for(path: str | os.PathLike[str], name: str | None) -> str:
    """Return what names begin with, of a file where none is given."""
    return Path(path).stem if name is None else name
