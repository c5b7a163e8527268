// The penalty on large weights: l2 · Σ W² over every layer's W. Biases are free, as they only
// shift.
#pragma once

#include "linear_algebra/sums.hpp"

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

namespace jetmlp {

// visit(at) for the place of every parameter that the penalty takes, in ascending order, to the
// end.
template <class Visit>
void for_penalized(const Architecture& architecture, const Visit& visit) {
    for (const Layer& layer : architecture.layers()) {
        const Index begin = layer.weights_offset;
        in_parts_to_the_end(layer.bias_offset - begin, [&visit, begin](Index first, Index last) {
            for (Index at = begin + first; at < begin + last; ++at) {
                visit(at);
            }
        });
    }
}

// Σ W², in double.
template <class T>
double penalized_squares(const Architecture& architecture, const T* parameters) {
    double sum = 0.0;
    for_penalized(architecture, [&sum, parameters](Index at) {
        sum = add_square(sum, static_cast<double>(parameters[at]));
    });
    return sum;
}

// Returns the penalty, and adds 2 · l2 · W to the flat gradient if it is not null. Not inlined: so
// its product is rounded before it is added to a loss.
template <class T>
[[gnu::noinline]] double add_l2_penalty(const Architecture& architecture, double l2,
                                        const T* parameters, T* gradient) {
    const double sum = penalized_squares(architecture, parameters);
    // A loop of its own, so that the sum is rounded the same with and without a gradient.
    if (gradient != nullptr) {
        const T slope = static_cast<T>(2.0 * l2);
        for_penalized(architecture, [slope, parameters, gradient](Index at) {
            gradient[at] += slope * parameters[at];
        });
    }
    return l2 * sum;
}

}  // namespace jetmlp
