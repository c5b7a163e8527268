// The parts of LeastSquares that write J down, a block of samples at a time.
#include "kernels/product.hpp"
#include "kernels/transpose.hpp"
#include "least_squares/least_squares.hpp"

#include <algorithm>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::padded;
using kernels::store;
using kernels::Vector;

// Rows are parameters, columns the positions of the block; absent ones are zero.
void LeastSquares::jacobian_block(Index block) {
    const Index width = layout_.block_width();
    const Index size = layout_.block_samples();
    const Index n_slots = 1 + layout_.n_tangents();
    const double* const scales = layout_.scales() + block * width;
    if (jacobian_transposed_.columns == 0) {
        jacobian_transposed_.resize(n_parameters(), width);
        jacobian_rows_.resize(width, n_parameters());
    }
    for (std::size_t l = 0; l < architecture_.layers().size(); ++l) {
        const Layer& layer = architecture_.layers()[l];
        for (Index j = 0; j < layer.n_out; ++j) {
            const double* const deltas = backward_.deltas(l).row(j) + block * width;
            for (Index i = 0; i <= layer.n_in; ++i) {
                const double* const inputs = forward_.inputs(l).row(i) + block * n_slots * size;
                double* const to = jacobian_transposed_.row(i < layer.n_in ? layer.weights_offset +
                                                                                 j * layer.n_in + i
                                                                           : layer.bias_offset + j);
                for (Index group = 0; group < layout_.n_groups(); ++group) {
                    const Index slot = group % n_slots * size;
                    for (Index s = 0; s < size; s += lanes<double>) {
                        const Index at = group * size + s;
                        Vector<double> entry = load(deltas + at) * load(inputs + s);
                        if (slot > 0) {
                            entry += load(deltas + at - slot) * load(inputs + slot + s);
                        }
                        store(to + at, load(scales + at) * entry);
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
}

}  // namespace jetmlp
