"""The C code of a model as one text."""

from __future__ import annotations

from string import Template

from .. import _checks, _core
from .._network_sum import NetworkSum, Term
from . import routines
from .names import as_name
from .sigmas import BORDERS, SIGMAS, sigma_functions
from .tables import TYPES, Type, tables

#: Bytes of the stack besides the arrays: of the frames of a call, its registers and its counters.
_FRAMES = 768
#: What each function gives, by its order.
_RESULTS = {
    "predict": ("y",),
    "jacobian": ("y", "jacobian"),
    "hessian": ("y", "jacobian", "hessian"),
}


def c_code(
    model: NetworkSum,
    name: str = "model",
    *,
    real: str = "double",
    jacobian: bool = True,
    hessian: bool = False,
) -> str:
    """Return one file of C99 that computes the model, and is C++17 as well; the same model, the same text.

    Parameters
    ----------
    model : NetworkSum
        What is computed.
    name : str, default "model"
        What every name in the file begins with: the function for the values is ``model_predict``.
    real : {"double", "float"}, default "double"
        The type of all numbers.
    jacobian : bool, default True
        Whether there is a function for values and derivatives.
    hessian : bool, default False
        Whether there is one for the second derivatives, too.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of these, or a number of the model is beyond the type.
    """
    n = as_name(name)
    kind = TYPES[_checks.as_choice("real", real, tuple(TYPES))]
    order = int(_checks.as_boolean("jacobian", jacobian))
    if _checks.as_boolean("hessian", hessian):
        if not order:
            raise ValueError("hessian: expected jacobian=True with it, got jacobian=False")
        order = 2
    writer = _Writer(model, n, kind, order)
    return writer.text()


class _Writer:
    """Fills the templates for one model."""

    def __init__(self, model: NetworkSum, n: str, kind: Type, order: int) -> None:
        self.model, self.n, self.kind, self.order = model, n, kind, order
        self.d, self.m = model.n_inputs, model.n_outputs
        self.widest = max(self.d, *(_widest(term) for term in model.terms))
        self.units = max(sum(len(layer.bias) for layer in term.layers) for term in model.terms)
        #: Back from the outputs where these are fewer, else forward from the inputs.
        self.back = self.m < self.d
        used = {layer.activation for term in model.terms for layer in term.layers}
        self.activations = [activation for activation in SIGMAS if activation in used]

    def text(self) -> str:
        functions = list(_RESULTS)[: self.order + 1]
        parts = [self._opening(functions), self._filled(routines.TYPES)]
        kinds = ", ".join(f"{self.n}_{activation.upper()}" for activation in self.activations)
        parts.append(f"\nenum {{ {kinds} }};\n")
        parts.append(tables(self.model, self.n, self.kind, with_units=self.order > 0))
        parts.append(self._filled(routines.STANDARDISE + routines.DENSE))
        parts.append(self._filled(sigma_functions(self.activations, self.order)))
        parts.append(self._filled(routines.ACTIVATE))
        parts.append(self._filled(routines.FORWARD))
        if self.order == 2 or (self.order == 1 and self.back):
            parts.append(self._filled(routines.REVERSE))
        parts += [self._called(function) for function in functions]
        return "".join(parts)

    def stack(self, function: str) -> int:
        """Bytes of the stack that a call takes: its arrays, and something for the frames."""
        d, w, u = self.d, self.widest, self.units
        of_tangents = 0
        numbers, deepest = d + w, w
        if function == "jacobian":
            numbers += u + (d if self.back else d * u)
            deepest = 2 * w if self.back else w
        elif function == "hessian":
            of_tangents = d * u
            numbers += 2 * u + d + d * d
            deepest = 2 * w
        return (numbers + of_tangents + deepest) * self.kind.dtype().itemsize + _FRAMES

    def _opening(self, functions: list[str]) -> str:
        d, m = self.d, self.m
        shapes = {
            "x": f"{d}",
            "y": f"{m}",
            "jacobian": f"{m} x {d}, output by output: dy[o]/dx[k] is jacobian[o * {d} + k]",
            "hessian": f"{m} x {d} x {d}: d2y[o]/dx[k]dx[l] is hessian[(o * {d} + k) * {d} + l]",
        }
        names = ["x", *_RESULTS[functions[-1]]]
        lines = [
            f"{d} input{'s'[: d > 1]} to {m} output{'s'[: m > 1]} by {self._networks()}.",
            f"Written by jetmlp {_core.build_info()['version']}.",
            "",
            *(f"    {self._prototype(function)}" for function in functions),
            "",
            *(f"{name}: {shapes[name]}" for name in names),
            "",
            "Results must not overlap x. Nothing is allocated, nothing is kept between calls, and calls may",
            "run at the same time. Link with -lm. Bytes of the stack, at most:",
            *(f"    {self.n}_{function}: {self.stack(function)}" for function in functions),
        ]
        comment = "\n".join(f" * {line}".rstrip() for line in lines)
        declared = "\n".join(f"{self._prototype(function)};" for function in functions)
        return (
            f"/*\n{comment}\n */\n#include <math.h>\n#include <stddef.h>\n\n"
            f'#ifdef __cplusplus\nextern "C" {{\n#endif\n{declared}\n#ifdef __cplusplus\n}}\n#endif\n'
        )

    def _networks(self) -> str:
        terms = self.model.terms
        shapes = list(dict.fromkeys(_shape(term) for term in terms))
        said = "; ".join(shapes[:4]) + ("; ..." if len(shapes) > 4 else "")
        return f"{len(terms)} network{'s'[: len(terms) > 1]} ({said})"

    def _prototype(self, function: str) -> str:
        arguments = ", ".join(f"{self.kind.real} *{result}" for result in _RESULTS[function])
        return f"void {self.n}_{function}(const {self.kind.real} *x, {arguments})"

    def _called(self, function: str) -> str:
        order = list(_RESULTS).index(function)
        # What `forward` takes besides grows with the order of the file, not of the function.
        given = {
            "slope": order > 0,
            "curvature": order > 1,
            "tangent": order > 1 or (order and not self.back),
        }
        arrays, body, zeros, indices = "", "", "", ""
        if order:
            arrays += ", slope[$U]"
            zeros, indices = routines.ZERO_JACOBIAN, ", k"
            body = routines.JACOBIAN_REVERSE if self.back else routines.JACOBIAN_FORWARD
        if order == 2:
            arrays += ", curvature[$U], tangent[$D * $U], gradient[$D], second[$D * $D]"
            zeros += routines.ZERO_HESSIAN
            indices, body = ", k, i", routines.HESSIAN
        elif order:
            arrays += ", gradient[$D]" if self.back else ", tangent[$D * $U]"
        results = "".join(f", {self.kind.real} *{name}" for name in _RESULTS[function][1:])
        forward = "".join(f", {name if given[name] else 'NULL'}" for name in self._forward_names())
        template = routines.CALLED.replace("$zeros", zeros).replace("$body", body)
        template = template.replace("$arrays", arrays).replace("$forward", forward)
        return self._filled(template, function=function, results=results, indices=indices)

    def _forward_names(self) -> list[str]:
        """Return what `forward` gives besides the values."""
        with_tangents = self.order == 2 or (self.order == 1 and not self.back)
        names = ["slope"] * (self.order > 0) + ["curvature"] * (self.order > 1)
        return names + ["tangent"] * with_tangents

    def _filled(self, template: str, **more: str) -> str:
        n, real, suffix, order = self.n, self.kind.real, self.kind.suffix, self.order
        names = self._forward_names()
        derivatives = [("slope", "s1"), ("curvature", "s2")][:order]
        calls = "".join(f", {short}" for _, short in derivatives)
        cases = "".join(
            f"        case {n}_{activation.upper()}:\n"
            f"            a[j] = {n}_sigma_{activation}(z[j]{calls});\n            break;\n"
            for activation in self.activations
        )
        places = "".join(
            f"        {real} *{short} = {long} != NULL ? {long} + j : NULL;\n" for long, short in derivatives
        )
        second = order == 2
        blocks = {
            "unit_field": routines.UNIT_FIELD if order else "",
            "tangents": routines.TANGENTS if "tangent" in names else "",
            "accumulate": routines.ACCUMULATE if second else "",
        }
        values = {
            "n": n,
            "real": real,
            "f": suffix,
            "D": str(self.d),
            "M": str(self.m),
            "W": str(self.widest),
            "U": str(self.units),
            "N": str(len(self.model.terms)),
            "rest_field": "*x_rest, " if real == "float" else "",
            "difference": "((x[k] - network->x_mean[k]) - network->x_rest[k])"
            if real == "float"
            else "(x[k] - network->x_mean[k])",
            "cases": cases,
            "places": places,
            "derivative_arguments": "".join(f", {real} *{long}" for long, _ in derivatives),
            "forward_arguments": "".join(f", {real} *{name}" for name in names),
            "forward_remark": "".join(
                f";\n   where asked for, {what}"
                for name, what in (
                    ("slope", "sigma'(z) of every unit"),
                    ("curvature", "sigma''(z)"),
                    ("tangent", "dz/du, unit by unit for each input"),
                )
                if name in names
            ),
            "activate_arguments": "".join(
                f", {long} != NULL ? {long} + at : NULL" for long, _ in derivatives
            ),
            "reverse_arguments": f", const {real} *curvature, const {real} *tangent, {real} *hessian"
            if second
            else "",
            "reverse_remark": ", and its second derivatives where they are asked for" if second else "",
            "nothing": ", NULL, NULL, NULL" if second else "",
            **BORDERS[real],
            **more,
        }
        for name, block in blocks.items():
            template = template.replace(f"${name}", block)
        return Template(template).substitute(values)


def _widest(term: Term) -> int:
    return max(len(layer.bias) for layer in term.layers)


def _shape(term: Term) -> str:
    sizes = [term.layers[0].weights.shape[1], *(len(layer.bias) for layer in term.layers)]
    activations = list(dict.fromkeys(layer.activation for layer in term.layers))
    return f"{'-'.join(map(str, sizes))} {', '.join(activations)}"
