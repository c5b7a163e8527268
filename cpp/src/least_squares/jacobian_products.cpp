// The products of LeastSquares with J and Jᵀ, from the layers' factors: each takes a product with
// W's shape for every slot, a third of what loss and gradient take where jets are carried forward.
#include "kernels/product.hpp"
#include "kernels/vector.hpp"
#include "least_squares/least_squares.hpp"
#include "least_squares/split_counts.hpp"
#include "loss/penalty.hpp"

#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <cmath>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::padded;
using kernels::store;
using kernels::Vector;

namespace {

// Columns that a pull-back takes between two looks at whether to end.
constexpr Index slice_columns = 4096;

// sums += Σ δ_left u_right over the splits of a slot, in `size` columns.
template <int n_splits>
[[gnu::always_inline]] inline void add_products(const double* deltas, const double* u,
                                                const JetSlots::Split* offsets, Index size,
                                                double* sums) {
    Index left[n_splits];
    Index right[n_splits];
    for (int i = 0; i < n_splits; ++i) {
        left[i] = offsets[i].left;
        right[i] = offsets[i].right;
    }
    for (Index at = 0; at < size; at += lanes<double>) {
        Vector<double> sum = load(sums + at);
#pragma GCC unroll 4
        for (int i = 0; i < n_splits; ++i) {
            sum += load(deltas + left[i] + at) * load(u + right[i] + at);
        }
        store(sums + at, sum);
    }
}

}  // namespace

// With u the weights times the scales, the columns of a slot s of the inputs get the sum of
// u_oq δ_o,left over the uses of s: those of [a; 1] Σ_o (u_o δ_o + Σ_k u_ok δ̇_ok + …), those of
// [ȧ_k; 0] Σ_o (u_ok δ_o + …). Their product with the inputs is [W̄ b̄]. The penalty adds √l2 times
// its own weights.
void LeastSquares::pull_back(const double* weights, double* result, Execution& execution) {
    const Index size = layout_.block_samples();
    const Index width = layout_.column_width();
    const Index of_output = layout_.jet_width();
    const JetSlots& slots = layout_.slots();
    const Index n_slots = slots.size();
    std::ranges::fill(of_columns_, 0.0);
    for (Index b = 0; b < layout_.n_blocks(); ++b) {
        const ResidualLayout::Block& block = layout_.block(b);
        const double* const scales = layout_.scales() + b * layout_.block_width();
        for (std::size_t i = 0; i < block.present.size(); ++i) {
            of_columns_[static_cast<std::size_t>(b * width + block.columns[i])] +=
                scales[block.present[i]] * *weights++;
        }
    }
    for (std::size_t l = 0; l < transposed_.size(); ++l) {
        const Layer& layer = architecture_.layers()[l];
        for (Index j = 0; j < layer.n_out; ++j) {
            for (Index b = 0; b < layout_.n_blocks(); ++b) {
                double* const seeds = seeds_.row(j) + b * of_output;
                const double* const deltas = backward_.deltas(l).row(j) + b * width;
                const double* const u = of_columns_.data() + b * width;
                for (Index i = 0; i < size; i += lanes<double>) {
                    Vector<double> of_value{};  // used by every slot, beside δ's own
                    for (Index at = i; at < width; at += size) {
                        of_value += load(u + at) * load(deltas + at);
                    }
                    store(seeds + i, of_value);
                    for (Index slot = 1; slot < n_slots; ++slot) {
                        Vector<double> sum{};
                        for (Index at = i; at < width; at += of_output) {
                            for (const auto [product, left] : slots.uses(slot)) {
                                sum +=
                                    load(u + at + product * size) * load(deltas + at + left * size);
                            }
                        }
                        store(seeds + slot * size + i, sum);
                    }
                }
            }
        }
        const Index n_in = layer.n_in;
        const Index columns = forward_.inputs(l).columns;
        for (Index first = 0; first < columns; first += slice_columns) {
            execution.interrupt.poll();
            kernels::product<double>(
                layer.n_out, padded<double>(n_in + 1), std::min(slice_columns, columns - first),
                {seeds_.row(0) + first, seeds_.stride, 1}, transposed_[l].row(first),
                transposed_[l].stride, layer_gradient_.row(0), layer_gradient_.stride, first > 0);
        }
        in_rows(layer.n_out, n_in, [&](Index first, Index count) {
            for (Index j = first; j < first + count; ++j) {
                const double* const row = layer_gradient_.row(j);
                std::copy_n(row, n_in, result + layer.weights_offset + j * n_in);
                result[layer.bias_offset + j] = row[n_in];
            }
        });
    }
    if (l2_ > 0.0) {
        const double root = std::sqrt(l2_);
        for_penalized(architecture_, [&](Index at) { result[at] += root * *weights++; });
    }
}

// With u = V a + v_b and u_s = V a_s for the other slots of the inputs, the product for slot q of
// output o is the sum over the layers and the splits of q of δ_o,left·u_right:
//   (Jv)_o = Σ_l δ_o·u,   (Jv)_ok = Σ_l δ̇_ok·u + δ_o·u_k,   and so on.
void LeastSquares::push_forward(const double* direction, double* result, Execution& execution) {
    const Index size = layout_.block_samples();
    const Index width = layout_.column_width();
    const Index of_output = layout_.jet_width();
    const JetSlots& slots = layout_.slots();
    const Index n_slots = slots.size();
    std::ranges::fill(of_columns_, 0.0);
    for_blocks(layout_, execution, [&](Index first, Index end) {
        for (std::size_t l = 0; l < transposed_.size(); ++l) {
            const Layer& layer = architecture_.layers()[l];
            const Panel& inputs = forward_.inputs(l);
            kernels::product<double>(layer.n_out, (end - first) * of_output, layer.n_in,
                                     {direction + layer.weights_offset, layer.n_in, 1},
                                     inputs.row(0) + first * of_output, inputs.stride,
                                     seeds_.row(0) + first * of_output, seeds_.stride, false);
            for (Index j = 0; j < layer.n_out; ++j) {
                const double bias = direction[layer.bias_offset + j];
                for (Index b = first; b < end; ++b) {
                    double* const u = seeds_.row(j) + b * of_output;
                    const double* const deltas = backward_.deltas(l).row(j) + b * width;
                    double* const sums = of_columns_.data() + b * width;
                    for (Index i = 0; i < size; ++i) {
                        u[i] += bias;
                    }
                    for (Index at = 0; at < width; at += of_output) {
                        for (Index slot = 0; slot < n_slots; ++slot) {
                            with_split_count(slots.n_splits(slot), [&]<int n_splits>() {
                                add_products<n_splits>(deltas + at, u, slots.offsets(slot), size,
                                                       sums + at + slot * size);
                            });
                        }
                    }
                }
            }
        }
    });
    for (Index b = 0; b < layout_.n_blocks(); ++b) {
        const ResidualLayout::Block& block = layout_.block(b);
        const double* const scales = layout_.scales() + b * layout_.block_width();
        for (std::size_t i = 0; i < block.present.size(); ++i) {
            *result++ = scales[block.present[i]] *
                        of_columns_[static_cast<std::size_t>(b * width + block.columns[i])];
        }
    }
    if (l2_ > 0.0) {
        const double root = std::sqrt(l2_);
        for_penalized(architecture_, [&](Index at) { *result++ = root * direction[at]; });
    }
}

}  // namespace jetmlp
