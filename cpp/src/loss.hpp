// The loss of a block of samples and its adjoint seed, in one function so that the two cannot
// disagree.
#pragma once

#include "propagation.hpp"

#include <jetmlp/dataset.hpp>
#include <jetmlp/objective.hpp>

#include <cmath>

namespace jetmlp {

struct SquaredErrors {
    double value = 0.0;
    double derivative = 0.0;
    double second_derivative = 0.0;

    void add(const SquaredErrors& other) {
        value += other.value;
        derivative += other.derivative;
        second_derivative += other.second_derivative;
    }
};

// sum + x², fused where the processor can: left to itself, the compiler fuses at one level and
// vectorizes at another, and the levels would differ in the last bit.
inline double add_square(double sum, double x) {
#ifdef __FP_FAST_FMA
    return std::fma(x, x, sum);
#else
    return sum + x * x;
#endif
}

// Scales of the seed: 2 · weight / (number of entries that the mean runs over).
template <class T>
struct SeedScales {
    T value = 0;
    T derivative = 0;
    T second_derivative = 0;
};

// Sums (Ŷ−Y)² and (Ĵ−J)² over the samples rows[first] … that are propagated, and writes
// ∂loss/∂Ŷ = scale (Ŷ−Y) and ∂loss/∂Ĵ = scale (Ĵ−J) as the seed of the backward pass if asked to.
// Derivatives that are NaN count neither here nor there. Squares are summed in double.
template <class T>
SquaredErrors loss_and_seed(const Dataset<T>& data, Rows rows, Index first, Index n_samples,
                            SeedScales<T> scales, bool with_seed, Propagation<T>& propagation) {
    const Index d = data.n_inputs();
    const Index m = data.n_outputs();
    SquaredErrors sums;
    for (Index i = 0; i < n_samples; ++i) {
        const Index sample = rows[first + i];
        if (data.has_values()) {
            const T* target = data.value(sample);
            for (Index o = 0; o < m; ++o) {
                const T error = propagation.output(i, o) - target[o];
                sums.value = add_square(sums.value, error);
                if (with_seed) {
                    propagation.output_adjoint(i, o) = scales.value * error;
                }
            }
        }
        if (data.has_derivatives()) {
            const T* target = data.derivative(sample);
            for (Index o = 0; o < m; ++o) {
                for (Index k = 0; k < d; ++k) {
                    const T wanted = target[o * d + k];
                    if (std::isnan(wanted)) {
                        continue;
                    }
                    const T error = propagation.derivative(i, o, k) - wanted;
                    sums.derivative = add_square(sums.derivative, error);
                    if (with_seed) {
                        propagation.derivative_adjoint(i, o, k) = scales.derivative * error;
                    }
                }
            }
        }
    }
    return sums;
}

}  // namespace jetmlp
