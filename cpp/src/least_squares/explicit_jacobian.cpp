// The parts of LeastSquares that write J down, a block of samples at a time.
#include "kernels/product.hpp"
#include "kernels/transpose.hpp"
#include "kernels/vector.hpp"
#include "least_squares/least_squares.hpp"
#include "least_squares/split_counts.hpp"
#include "loss/penalty.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::padded;
using kernels::store;
using kernels::Vector;

namespace {

// row = scales · Σ δ_left a_right over the splits of a slot, in `size` columns.
template <int n_splits>
[[gnu::always_inline]] inline void set_entries(const double* deltas, const double* inputs,
                                               const JetSlots::Split* offsets, Index size,
                                               const double* scales, double* row) {
    Index left[n_splits];
    Index right[n_splits];
    for (int i = 0; i < n_splits; ++i) {
        left[i] = offsets[i].left;
        right[i] = offsets[i].right;
    }
    for (Index s = 0; s < size; s += lanes<double>) {
        Vector<double> entry = load(deltas + left[0] + s) * load(inputs + right[0] + s);
#pragma GCC unroll 3
        for (int i = 1; i < n_splits; ++i) {
            entry += load(deltas + left[i] + s) * load(inputs + right[i] + s);
        }
        store(row + s, load(scales + s) * entry);
    }
}

}  // namespace

// Rows are parameters, columns the positions of the block; absent ones are zero.
void LeastSquares::jacobian_block(Index block) {
    const Index size = layout_.block_samples();
    const Index width = layout_.jet_width();
    const Index n_outputs = layout_.n_outputs();
    // Looked up once: this is the inner loop of the primal form.
    struct Splits {
        int count;
        const JetSlots::Split* offsets;
    };
    std::vector<Splits> parts;
    for (const ResidualLayout::Part& part : layout_.parts()) {
        parts.push_back({layout_.slots().n_splits(part.slot), layout_.slots().offsets(part.slot)});
    }
    if (jacobian_transposed_.columns == 0) {
        jacobian_transposed_.resize(n_parameters(), layout_.block_width());
        jacobian_rows_.resize(layout_.block_width(), n_parameters());
    }
    for (std::size_t l = 0; l < architecture_.layers().size(); ++l) {
        const Layer& layer = architecture_.layers()[l];
        for (Index j = 0; j < layer.n_out; ++j) {
            for (Index i = 0; i <= layer.n_in; ++i) {
                const double* deltas = backward_.deltas(l).row(j) + block * n_outputs * width;
                const double* const inputs = forward_.inputs(l).row(i) + block * width;
                const double* scales = layout_.scales() + block * layout_.block_width();
                double* to = jacobian_transposed_.row(i < layer.n_in ? layer.weights_offset +
                                                                           j * layer.n_in + i
                                                                     : layer.bias_offset + j);
                for (Index o = 0; o < n_outputs; ++o, deltas += width) {
                    for (const auto [count, offsets] : parts) {
                        with_split_count(count, [&]<int n_splits>() {
                            set_entries<n_splits>(deltas, inputs, offsets, size, scales, to);
                        });
                        scales += size;
                        to += size;
                    }
                }
            }
        }
    }
}

void LeastSquares::normal_matrix(SymmetricMatrix& result, Execution& execution) {
    constexpr Index task_rows = 48;
    result.resize(n_parameters());
    const Index width = layout_.block_width();
    const Index columns = padded<double>(n_parameters());
    for (Index b = 0; b < layout_.n_blocks(); ++b) {
        jacobian_block(b);
        kernels::transpose(n_parameters(), width, jacobian_transposed_.row(0),
                           jacobian_transposed_.stride, jacobian_rows_.row(0),
                           jacobian_rows_.stride);
        execution.team.run((n_parameters() + task_rows - 1) / task_rows, [&](Index task, int) {
            execution.interrupt.poll();
            const Index first = task * task_rows;
            kernels::product<double>(
                std::min(task_rows, n_parameters() - first), columns - first, width,
                {jacobian_transposed_.row(first), jacobian_transposed_.stride, 1},
                jacobian_rows_.row(0) + first, jacobian_rows_.stride, result.row(first) + first,
                result.stride, true);
        });
    }
    for (Index p = 0; p < n_parameters(); ++p) {
        result.row(p)[p] += penalties_[static_cast<std::size_t>(p)];
    }
}

void LeastSquares::jacobian(double* result, Execution& execution) {
    for (Index b = 0; b < layout_.n_blocks(); ++b) {
        execution.interrupt.poll();
        jacobian_block(b);
        kernels::transpose(n_parameters(), layout_.block_width(), jacobian_transposed_.row(0),
                           jacobian_transposed_.stride, jacobian_rows_.row(0),
                           jacobian_rows_.stride);
        for (const std::uint32_t at : layout_.block(b).present) {
            result = std::copy_n(jacobian_rows_.row(at), n_parameters(), result);
        }
    }
    if (l2_ > 0.0) {
        const double root = std::sqrt(l2_);
        for_penalized(architecture_, [&](Index at) {
            std::fill_n(result, n_parameters(), 0.0);
            result[at] = root;
            result += n_parameters();
        });
    }
}

}  // namespace jetmlp
