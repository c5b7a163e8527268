// The penalty on large weights: l2 · Σ W² over every layer's W. Biases are free, as they only
// shift.
#pragma once

#include <jetmlp/architecture.hpp>
#include <jetmlp/types.hpp>

namespace jetmlp {

// Returns the penalty, summed in double, and adds 2 · l2 · W to the flat gradient if it is not
// null.
template <class T>
double add_l2_penalty(const Architecture& architecture, double l2, const T* parameters,
                      T* gradient) {
    double sum = 0.0;
    const T slope = static_cast<T>(2.0 * l2);
    for (const Layer& layer : architecture.layers()) {
        for (Index at = layer.weights_offset; at < layer.bias_offset; ++at) {
            const auto weight = static_cast<double>(parameters[at]);
            sum += weight * weight;
            if (gradient != nullptr) {
                gradient[at] += slope * parameters[at];
            }
        }
    }
    return l2 * sum;
}

}  // namespace jetmlp
