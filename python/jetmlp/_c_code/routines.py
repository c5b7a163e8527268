"""What computes in the C code: templates of functions, which know the networks as tables."""

from __future__ import annotations

#: A layer and a network as tables; `units` are all outputs of all layers.
TYPES = """
typedef struct {
    int n_in, n_out, activation;
    const $real *weights; /* n_out numbers for each input */
    const $real *bias;
} ${n}_layer;

typedef struct {
    int n_layers, n_units;
    const ${n}_layer *layers;
    const $real *x_mean, $rest_field*x_scale;
    const $real *factor; /* of each output */
$unit_field} ${n}_network;
"""

UNIT_FIELD = "    const $real *unit; /* factor over x_scale, for each output and input */\n"

STANDARDISE = """
static void ${n}_standardise(const ${n}_network *network, const $real *x, $real *u)
{
    int k;
    for (k = 0; k < $D; ++k) {
        u[k] = $difference / network->x_scale[k];
    }
}
"""

DENSE = """
/* z = W a + b, without b if it is NULL; the inner loop runs along the outputs, side by side in memory */
static void ${n}_dense(const ${n}_layer *layer, const $real *bias, const $real *a, $real *z)
{
    const int n_in = layer->n_in, n_out = layer->n_out;
    int i, j;
    for (j = 0; j < n_out; ++j) {
        z[j] = bias != NULL ? bias[j] : 0.0$f;
    }
    for (i = 0; i < n_in; ++i) {
        const $real *w = layer->weights + i * n_out;
        const $real factor = a[i];
        for (j = 0; j < n_out; ++j) {
            z[j] += factor * w[j];
        }
    }
}
"""

ACTIVATE = """
static void ${n}_activate(const ${n}_layer *layer, const $real *z, $real *a$derivative_arguments)
{
    const int n = layer->n_out;
    int j;
    for (j = 0; j < n; ++j) {
$places        switch (layer->activation) {
$cases        default:
            a[j] = z[j];
            break;
        }
    }
}
"""

#: Forward, with the derivatives of z by the inputs where they are asked for: ż = W ȧ, ȧ⁺ = σ'(z) ż.
FORWARD = """
/* The outputs a of a network at standardised inputs u$forward_remark */
static void ${n}_forward(const ${n}_network *network, const $real *u, $real *a$forward_arguments)
{
    $real z[$W];
    int number, i, at = 0;
    for (i = 0; i < $D; ++i) {
        a[i] = u[i];
    }
    for (number = 0; number < network->n_layers; ++number) {
        const ${n}_layer *layer = network->layers + number;
$tangents        ${n}_dense(layer, layer->bias, a, z);
        ${n}_activate(layer, z, a$activate_arguments);
        at += layer->n_out;
    }
    (void)at;
}
"""

TANGENTS = """        if (tangent != NULL) {
            int k;
            for (k = 0; k < $D; ++k) {
                $real *here = tangent + k * $U + at;
                if (number == 0) {
                    for (i = 0; i < layer->n_out; ++i) {
                        here[i] = layer->weights[k * layer->n_out + i];
                    }
                } else {
                    const int before = at - layer->n_in;
                    for (i = 0; i < layer->n_in; ++i) {
                        z[i] = slope[before + i] * tangent[k * $U + before + i];
                    }
                    ${n}_dense(layer, NULL, z, here);
                }
            }
        }
"""

#: Back from one output: δ = σ'(z) g, g⁻ = Wᵀ δ; of the second derivatives Σ g σ''(z) ż żᵀ over all units.
REVERSE = """
/* The gradient of one output by the standardised inputs$reverse_remark */
static void ${n}_reverse(const ${n}_network *network, int output, $real *gradient,
    const $real *slope$reverse_arguments)
{
    $real g[$W], delta[$W];
    int number, i, j, k, at = network->n_units;
    for (j = 0; j < $M; ++j) {
        g[j] = j == output ? 1.0$f : 0.0$f;
    }
    for (number = network->n_layers - 1; number >= 0; --number) {
        const ${n}_layer *layer = network->layers + number;
        const int n_in = layer->n_in, n_out = layer->n_out;
        at -= n_out;
$accumulate        for (j = 0; j < n_out; ++j) {
            delta[j] = g[j] * slope[at + j];
        }
        for (i = 0; i < n_in; ++i) {
            const $real *w = layer->weights + i * n_out;
            $real sum = 0.0$f;
            for (j = 0; j < n_out; ++j) {
                sum += w[j] * delta[j];
            }
            g[i] = sum;
        }
    }
    for (k = 0; k < $D; ++k) {
        gradient[k] = g[k];
    }
}
"""

ACCUMULATE = """        if (hessian != NULL) {
            for (j = 0; j < n_out; ++j) {
                delta[j] = g[j] * curvature[at + j];
            }
            for (k = 0; k < $D; ++k) {
                const $real *one = tangent + k * $U + at;
                for (i = 0; i <= k; ++i) {
                    const $real *other = tangent + i * $U + at;
                    $real sum = 0.0$f;
                    for (j = 0; j < n_out; ++j) {
                        sum += delta[j] * one[j] * other[j];
                    }
                    hessian[k * $D + i] += sum;
                }
            }
        }
"""

#: The functions that users call differ in what they do with each network.
CALLED = """
void ${n}_$function(const $real *x, $real *y$results)
{
    $real u[$D], a[$W]$arrays;
    int number, o$indices;
    for (o = 0; o < $M; ++o) {
        y[o] = 0.0$f;
    }
    ${n}_standardise(${n}_networks, x, u);
$zeros    for (number = 0; number < $N; ++number) {
        const ${n}_network *network = ${n}_networks + number;
        if (number > 0 && network->x_mean != network[-1].x_mean) {
            ${n}_standardise(network, x, u);
        }
        ${n}_forward(network, u, a$forward);
        for (o = 0; o < $M; ++o) {
            y[o] += network->factor[o] * a[o];
        }
$body    }
    for (o = 0; o < $M; ++o) {
        y[o] += ${n}_offset[o];
    }
}
"""

ZERO_JACOBIAN = """    for (k = 0; k < $M * $D; ++k) {
        jacobian[k] = 0.0$f;
    }
"""

JACOBIAN_FORWARD = """        for (o = 0; o < $M; ++o) {
            const int at = network->n_units - $M + o;
            for (k = 0; k < $D; ++k) {
                jacobian[o * $D + k] += network->unit[o * $D + k] * (slope[at] * tangent[k * $U + at]);
            }
        }
"""

JACOBIAN_REVERSE = """        for (o = 0; o < $M; ++o) {
            ${n}_reverse(network, o, gradient, slope$nothing);
            for (k = 0; k < $D; ++k) {
                jacobian[o * $D + k] += network->unit[o * $D + k] * gradient[k];
            }
        }
"""

ZERO_HESSIAN = """    for (k = 0; k < $M * $D * $D; ++k) {
        hessian[k] = 0.0$f;
    }
"""

HESSIAN = """        for (o = 0; o < $M; ++o) {
            for (k = 0; k < $D * $D; ++k) {
                second[k] = 0.0$f;
            }
            ${n}_reverse(network, o, gradient, slope, curvature, tangent, second);
            for (k = 0; k < $D; ++k) {
                const $real unit = network->unit[o * $D + k];
                jacobian[o * $D + k] += unit * gradient[k];
                for (i = 0; i <= k; ++i) {
                    const $real sum = (unit / network->x_scale[i]) * second[k * $D + i];
                    hessian[(o * $D + k) * $D + i] += sum;
                    if (i != k) {
                        hessian[(o * $D + i) * $D + k] += sum;
                    }
                }
            }
        }
"""
