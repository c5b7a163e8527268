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

// Rows are parameters, columns the positions of the block; absent ones are zero.
void LeastSquares::jacobian_block(Index block) {
    const JetSlots& slots = layout_.slots();
    const std::vector<ResidualLayout::Part>& parts = layout_.parts();
    const double* const scales = layout_.scales() + block * layout_.block_width();
    if (jacobian_transposed_.columns == 0) {
        jacobian_transposed_.resize(n_parameters(), layout_.block_width());
        jacobian_rows_.resize(layout_.block_width(), n_parameters());
    }
    for (std::size_t l = 0; l < architecture_.layers().size(); ++l) {
        const Layer& layer = architecture_.layers()[l];
        for (Index j = 0; j < layer.n_out; ++j) {
            const double* const deltas =
                backward_.deltas(l).row(j) + block * layout_.column_width();
            for (Index i = 0; i <= layer.n_in; ++i) {
                const double* const inputs =
                    forward_.inputs(l).row(i) + block * layout_.jet_width();
                double* const to = jacobian_transposed_.row(i < layer.n_in ? layer.weights_offset +
                                                                                 j * layer.n_in + i
                                                                           : layer.bias_offset + j);
                for (Index group = 0; group < layout_.n_groups(); ++group) {
                    const Index slot =
                        parts[static_cast<std::size_t>(group % std::ssize(parts))].slot;
                    with_split_count(slots.splits(slot), [&]<int n_splits>() {
                        jacobian_row<n_splits>(group, deltas, inputs, scales, to);
                    });
                }
            }
        }
    }
}

// The entries of a parameter for a group of positions: Σ δ_left a_right over the splits of its
// slot.
template <int n_splits>
void LeastSquares::jacobian_row(Index group, const double* deltas, const double* inputs,
                                const double* scales, double* row) const {
    const Index size = layout_.block_samples();
    const auto n_parts = std::ssize(layout_.parts());
    const Index slot = layout_.parts()[static_cast<std::size_t>(group % n_parts)].slot;
    const JetSlots::Split* const splits = layout_.slots().splits(slot).data();
    deltas += group / n_parts * layout_.jet_width();
    for (Index s = 0; s < size; s += lanes<double>) {
        Vector<double> entry =
            load(deltas + splits[0].left * size + s) * load(inputs + splits[0].right * size + s);
#pragma GCC unroll 3
        for (int i = 1; i < n_splits; ++i) {
            entry += load(deltas + splits[i].left * size + s) *
                     load(inputs + splits[i].right * size + s);
        }
        store(row + group * size + s, load(scales + group * size + s) * entry);
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
        for (const std::uint32_t at : layout_.block(b).present) {
            for (Index p = 0; p < n_parameters(); ++p) {
                *result++ = jacobian_transposed_.row(p)[at];
            }
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
