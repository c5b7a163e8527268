// The loss of a block of samples and its adjoint seed, in one function so that the two cannot
// disagree.
#pragma once

#include "linear_algebra/sums.hpp"
#include "propagation/propagation.hpp"
#include "propagation/symmetric_pairs.hpp"

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/loss/terms.hpp>

#include <cmath>

namespace jetmlp {

// Samples rows[first] … that a propagation holds, and the seed that it wants of them.
template <class T>
struct ErrorBlock {
    const Dataset<T>& data;
    Rows rows;
    Index first;
    Index n_samples;
    bool with_seed;
};

// Sums ω(Ŷ−Y)² over the entries of a term that are present, and if asked for adds the seed of the
// backward pass, ∂loss/∂Ŷ = scale ω(Ŷ−Y), with scale = 2w / Σω over the entries that the mean runs
// over. predicted(i, o, k) is Ŷ of sample i, entry k of output o; adjoint(i, o, k) where its seed
// belongs: second derivatives along k, l and along l, k are one prediction, so their seeds add up.
// Squares are summed in double.
template <bool weighted, class T, class Predicted, class Adjoint>
double squared_errors(const ErrorBlock<T>& block, Term term, T scale, const Predicted& predicted,
                      const Adjoint& adjoint) {
    const Dataset<T>& data = block.data;
    const Index m = data.n_outputs();
    const Index per_output = data.per_output(term);
    double sum = 0.0;
    for (Index i = 0; i < block.n_samples; ++i) {
        const Index sample = block.rows[block.first + i];
        const T* const targets = data.entries(term, sample);
        [[maybe_unused]] const EntryWeights<T> weights = data.weights(term, sample);
        Index at = 0;
        for (Index o = 0; o < m; ++o) {
            for (Index k = 0; k < per_output; ++k, ++at) {
                if (std::isnan(targets[at])) {
                    continue;
                }
                const T error = predicted(i, o, k) - targets[at];
                T seed = scale;
                if constexpr (weighted) {
                    const T weight = weights[at];
                    sum = add_weighted_square(sum, weight, error);
                    seed *= weight;
                } else {
                    sum = add_square(sum, error);
                }
                if (block.with_seed) {
                    adjoint(i, o, k) += seed * error;
                }
            }
        }
    }
    return sum;
}

// The squared errors of a term in a block that has been propagated forward, and their seed.
template <class T>
double loss_and_seed(const ErrorBlock<T>& block, Term term, T scale, Propagation<T>& propagation) {
    const auto of_entries = [&](const auto& predicted, const auto& adjoint) {
        return block.data.has_weights(term)  // weights cost nothing where there are none
                   ? squared_errors<true>(block, term, scale, predicted, adjoint)
                   : squared_errors<false>(block, term, scale, predicted, adjoint);
    };
    switch (term) {
        case Term::value:
            return of_entries(
                [&](Index i, Index o, Index) { return propagation.output(i, o); },
                [&](Index i, Index o, Index) -> T& { return propagation.output_adjoint(i, o); });
        case Term::derivative:
            return of_entries(
                [&](Index i, Index o, Index k) { return propagation.derivative(i, o, k); },
                [&](Index i, Index o, Index k) -> T& {
                    return propagation.derivative_adjoint(i, o, k);
                });
        case Term::second_derivative: {
            const Index d = block.data.n_inputs();
            return of_entries(
                [&, d](Index i, Index o, Index k) {
                    return propagation.second_derivative(i, o, pair_of(d, k / d, k % d));
                },
                [&, d](Index i, Index o, Index k) -> T& {
                    return propagation.second_derivative_adjoint(i, o, pair_of(d, k / d, k % d));
                });
        }
    }
    return 0.0;
}

}  // namespace jetmlp
