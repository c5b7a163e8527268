// The loss of a block of samples and its adjoint seed, in one function so that the two cannot
// disagree.
#pragma once

#include "propagation/propagation.hpp"

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/loss/objective.hpp>

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

// sum + ω x²
inline double add_weighted_square(double sum, double weight, double x) {
#ifdef __FP_FAST_FMA
    return std::fma(weight * x, x, sum);
#else
    return sum + weight * x * x;
#endif
}

// Scales of the seed: 2 · weight / Σω over the entries that the mean runs over.
template <class T>
struct SeedScales {
    T value = 0;
    T derivative = 0;
    T second_derivative = 0;
};

// Sums ω(Ŷ−Y)² and ω(Ĵ−J)² over the samples rows[first] … that are propagated, and writes
// ∂loss/∂Ŷ = scale ω(Ŷ−Y) and ∂loss/∂Ĵ = scale ω(Ĵ−J) as the seed of the backward pass if asked to.
// What is NaN counts neither here nor there. Squares are summed in double.
template <bool weighted, class T>
SquaredErrors weighted_loss_and_seed(const Dataset<T>& data, Rows rows, Index first,
                                     Index n_samples, SeedScales<T> scales, bool with_seed,
                                     Propagation<T>& propagation) {
    const Index d = data.n_tangents();
    const Index m = data.n_outputs();
    SquaredErrors sums;
    for (Index i = 0; i < n_samples; ++i) {
        const Index sample = rows[first + i];
        if (data.has_values()) {
            const T* target = data.value(sample);
            for (Index o = 0; o < m; ++o) {
                if (std::isnan(target[o])) {
                    continue;
                }
                const T error = propagation.output(i, o) - target[o];
                T scale = scales.value;
                if constexpr (weighted) {
                    const T weight = data.sample_weight(sample);
                    sums.value = add_weighted_square(sums.value, weight, error);
                    scale *= weight;
                } else {
                    sums.value = add_square(sums.value, error);
                }
                if (with_seed) {
                    propagation.output_adjoint(i, o) = scale * error;
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
                    T scale = scales.derivative;
                    if constexpr (weighted) {
                        const T weight = data.derivative_weight(sample, o, k);
                        sums.derivative = add_weighted_square(sums.derivative, weight, error);
                        scale *= weight;
                    } else {
                        sums.derivative = add_square(sums.derivative, error);
                    }
                    if (with_seed) {
                        propagation.derivative_adjoint(i, o, k) = scale * error;
                    }
                }
            }
        }
    }
    return sums;
}

// The same, at no cost where nothing has a weight.
template <class T>
SquaredErrors loss_and_seed(const Dataset<T>& data, Rows rows, Index first, Index n_samples,
                            SeedScales<T> scales, bool with_seed, Propagation<T>& propagation) {
    const auto of =
        data.has_weights() ? weighted_loss_and_seed<true, T> : weighted_loss_and_seed<false, T>;
    return of(data, rows, first, n_samples, scales, with_seed, propagation);
}

}  // namespace jetmlp
