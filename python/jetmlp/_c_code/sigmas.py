"""Activations in C: σ and, of whatever order the code has, σ' and σ'', none of which cancels for large |z|.

The formulas are those of the core, ``kernels/activations.hpp``, in the functions of ``math.h``.
"""

from __future__ import annotations

from typing import NamedTuple


class Sigma(NamedTuple):
    """The statements of one activation, which have z.

    Parameters
    ----------
    value : str
        They set a; what they declare is there for the others.
    slope, curvature : str
        They set ``*s1`` and ``*s2``.
    shared : str
        What these two need besides.
    decays : bool
        Whether they call the function ``decay``.
    """

    value: str
    slope: str
    curvature: str
    shared: str = ""
    decays: bool = False


#: exp(−x) for x of at least 0 and, as `less_one`, exp(−x) − 1, by one exponential without cancellation.
DECAY = """
static $real ${n}_decay($real x, $real *less_one)
{
    if (x < 0.7$f) {
        *less_one = expm1$f(-x);
        return 1.0$f + *less_one;
    } else {
        const $real e = exp$f(-x);
        *less_one = e - 1.0$f;
        return e;
    }
}
"""

_LOGISTIC = """
    $real p;
    const $real size = fabs$f(z);
    const $real e = ${n}_decay(size, &p);
"""
_INVERSE = "    const $real inverse = 1.0$f / (1.0$f + e);\n"
_RISE = "z < 0.0$f ? e * inverse : inverse"
_FALL = "e * (inverse * inverse)"
_TURN = "copysign$f(p * inverse, z)"  # tanh(z/2) = 2g - 1

SIGMAS: dict[str, Sigma] = {
    "tanh": Sigma(
        """
    $real p;
    const $real e = ${n}_decay(2.0$f * fabs$f(z), &p);
    const $real h = 1.0$f / (1.0$f + e);
    a = copysign$f(p * h, z);
""",
        "*s1 = e * ((h + h) * (h + h));",
        "*s2 = -2.0$f * a * (e * ((h + h) * (h + h)));",
        decays=True,
    ),
    "sigmoid": Sigma(
        f"{_LOGISTIC}{_INVERSE}    a = {_RISE};\n",
        f"*s1 = {_FALL};",
        f"*s2 = -({_FALL}) * {_TURN};",
        decays=True,
    ),
    "softplus": Sigma(
        f"{_LOGISTIC}    a = (z > 0.0$f ? z : 0.0$f) + log1p$f(e);\n",
        f"*s1 = {_RISE};",
        f"*s2 = {_FALL};",
        shared=_INVERSE,
        decays=True,
    ),
    "silu": Sigma(
        f"""{_LOGISTIC}{_INVERSE}
    if (z < -$deep) {{
        /* exp(z) alone would be below all numbers before z exp(z) is */
        const $real half = exp$f(-0.5$f * (size > $bottom ? $bottom : size));
        a = (z < -$bottom ? -$bottom : z) * half * half * inverse;
    }} else {{
        a = z * ({_RISE});
    }}
""",
        f"*s1 = ({_RISE}) + (size > $bottom ? copysign$f($bottom, z) : z) * ({_FALL});",
        f"*s2 = ({_FALL}) * (2.0$f - (size > $bottom ? $bottom : size) * fabs$f(p * inverse));",
        decays=True,
    ),
    "gelu": Sigma(
        """
    const $real x = fabs$f(z) > $edge ? copysign$f($edge, z) : z;
    const $real normal = 0.5$f * erfc$f(-0.70710678118654752440$f * x);
    a = (z < 0.0$f ? x : z) * normal;
""",
        "*s1 = normal + x * density;",
        "*s2 = (2.0$f - x * x) * density;",
        shared="    const $real density = 0.39894228040143267794$f * exp$f(-0.5$f * (x * x));\n",
    ),
    "sin": Sigma("    a = sin$f(z);\n", "*s1 = cos$f(z);", "*s2 = -a;"),
    # NaN stays NaN; the slope at 0 is 0.
    "relu": Sigma("    a = z <= 0.0$f ? 0.0$f : z;\n", "*s1 = z <= 0.0$f ? 0.0$f : 1.0$f;", "*s2 = 0.0$f;"),
    "identity": Sigma("    a = z;\n", "*s1 = 1.0$f;", "*s2 = 0.0$f;"),
}

#: By the type: from where exp(z) is no normal number, where nothing is left of z exp(z), and of the normal
#: distribution's tail.
BORDERS = {
    "double": {"deep": "700.0", "bottom": "1600.0", "edge": "40.0"},
    "float": {"deep": "80.0f", "bottom": "250.0f", "edge": "15.0f"},
}


def sigma_functions(activations: list[str], order: int) -> str:
    """Return a function ``NAME_sigma_ACTIVATION(z, s1, s2)`` for each, and what they call."""
    parts = [DECAY] if any(SIGMAS[activation].decays for activation in activations) else []
    arguments = "".join(f", $real *s{k}" for k in range(1, order + 1))
    for activation in activations:
        sigma = SIGMAS[activation]
        lines = [
            f"\nstatic $real ${{n}}_sigma_{activation}($real z{arguments})\n{{\n    $real a;",
            sigma.value,
        ]
        lines.append(sigma.shared if order else "")
        for k, statement in enumerate((sigma.slope, sigma.curvature)[:order], start=1):
            lines.append(f"    if (s{k} != NULL) {{\n        {statement}\n    }}\n")
        parts.append("".join(lines) + "    return a;\n}\n")
    return "".join(parts)
