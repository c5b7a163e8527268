// The part of loss.hpp that second derivatives add: again the loss and its adjoint seed in one
// function.
#pragma once

#include "loss/squared_errors.hpp"
#include "propagation/propagation.hpp"
#include "propagation/symmetric_pairs.hpp"

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/loss/objective.hpp>

#include <cmath>

namespace jetmlp {

// The sum of ω(Ĥ−H)² over the samples rows[first] … that are propagated, ω the sample's weight,
// with ∂loss/∂Ĥ = scale ω(Ĥ−H) as the seed of the backward pass if asked for. Every entry of the
// matrices counts, so a mixed derivative twice where both of its places are filled, but not those
// that are NaN.
template <class T>
double second_derivative_loss_and_seed(const Dataset<T>& data, Rows rows, Index first,
                                       Index n_samples, T scale, bool with_seed,
                                       Propagation<T>& propagation) {
    const Index d = data.n_inputs();
    double sum = 0.0;
    for (Index i = 0; i < n_samples; ++i) {
        const Index sample = rows[first + i];
        const T weight = data.sample_weight(sample);
        const T* wanted = data.second_derivative(sample);
        for (Index o = 0; o < data.n_outputs(); ++o) {
            for (Index k = 0; k < d; ++k) {
                for (Index l = 0; l < d; ++l, ++wanted) {
                    if (std::isnan(*wanted)) {
                        continue;
                    }
                    const Index pair = pair_of(d, k, l);
                    const T error = propagation.second_derivative(i, o, pair) - *wanted;
                    sum = add_weighted_square(sum, weight, error);
                    if (with_seed) {
                        propagation.second_derivative_adjoint(i, o, pair) += scale * weight * error;
                    }
                }
            }
        }
    }
    return sum;
}

}  // namespace jetmlp
