// The parts of LeastSquares that make J Jᵀ of the layers' factors.
#include "kernels/product.hpp"
#include "kernels/vector.hpp"
#include "least_squares/least_squares.hpp"
#include "least_squares/split_counts.hpp"
#include "loss/penalty.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::store;
using kernels::Vector;

namespace {

// A row of the inner products of the δ and one of those of the inputs, for each split of a slot.
template <int n_rows>
struct FactorRows {
    const double* deltas[n_rows];
    const double* inputs[n_rows];
};

// sum += Σ over the splits of both slots, in `size` columns.
template <int n_rows, int n_columns>
[[gnu::always_inline]] inline void add_products(const FactorRows<n_rows>& rows,
                                                const JetSlots::Split* columns, Index size,
                                                double* sum) {
    Index left[n_columns];
    Index right[n_columns];
    for (int c = 0; c < n_columns; ++c) {
        left[c] = columns[c].left;
        right[c] = columns[c].right;
    }
    for (Index j = 0; j < size; j += lanes<double>) {
        Vector<double> total = load(sum + j);
#pragma GCC unroll 4
        for (int r = 0; r < n_rows; ++r) {
#pragma GCC unroll 4
            for (int c = 0; c < n_columns; ++c) {
                total += load(rows.deltas[r] + left[c] + j) * load(rows.inputs[r] + right[c] + j);
            }
        }
        store(sum + j, total);
    }
}

}  // namespace

// With a penalty, whose rows of J are √l2 I on the weights: [J Jᵀ, √l2 J; √l2 Jᵀ, l2 I].
void LeastSquares::gram(SymmetricMatrix& result, Execution& execution) {
    if (result.size != n_residuals()) {
        result.resize(n_residuals());
    }
    gram_of_errors(result, nullptr, execution);
    if (l2_ == 0.0) {
        return;
    }
    const double root = std::sqrt(l2_);
    const Index n_errors = layout_.n_errors();
    for (Index b = 0; b < layout_.n_blocks(); ++b) {
        execution.interrupt.poll();
        jacobian_block(b);
        Index row = layout_.block(b).first_residual;
        for (const std::uint32_t at : layout_.block(b).present) {
            double* to = result.row(row++) + n_errors;
            for_penalized(architecture_,
                          [&](Index p) { *to++ = root * jacobian_transposed_.row(p)[at]; });
        }
    }
    for (Index i = n_errors; i < n_residuals(); ++i) {
        std::fill(result.row(i) + i, result.row(i) + result.size, 0.0);
        result.row(i)[i] = l2_;
    }
}

void LeastSquares::split_gram(SymmetricMatrix& by_weights, SymmetricMatrix& by_biases,
                              Execution& execution) {
    for (SymmetricMatrix* const matrix : {&by_weights, &by_biases}) {
        if (matrix->size != layout_.n_errors()) {
            matrix->resize(layout_.n_errors());
        }
    }
    gram_of_errors(by_weights, &by_biases, execution);
}

// Blocks of samples against blocks of samples, on and above the diagonal.
void LeastSquares::gram_of_errors(SymmetricMatrix& result, SymmetricMatrix* by_biases,
                                  Execution& execution) {
    const Index width = layout_.column_width();
    while (tiles_.size() < static_cast<std::size_t>(execution.team.n_threads())) {
        Tile tile;
        tile.inputs.resize(layout_.jet_width(), layout_.jet_width());
        tile.deltas.resize(width, width);
        tile.sum.resize(width, width);
        tiles_.push_back(std::move(tile));
    }
    for (Tile& tile : tiles_) {
        if (by_biases != nullptr && tile.by_biases.columns == 0) {
            tile.by_biases.resize(width, width);
        }
    }
    std::vector<std::pair<Index, Index>> pairs;
    for (Index i = 0; i < layout_.n_blocks(); ++i) {
        for (Index j = i; j < layout_.n_blocks(); ++j) {
            pairs.emplace_back(i, j);
        }
    }
    execution.team.run(static_cast<Index>(pairs.size()), [&](Index task, int member) {
        execution.interrupt.poll();
        const auto [i, j] = pairs[static_cast<std::size_t>(task)];
        Tile& tile = tiles_[static_cast<std::size_t>(member)];
        gram_tile(i, j, tile, by_biases != nullptr);
        scatter(i, j, tile.sum, result);
        if (by_biases != nullptr) {
            scatter(i, j, tile.by_biases, *by_biases);
        }
    });
}

// The biases' part of a·a' is the 1 of [a; 1], and no other slot of the inputs has any: it is the
// inner product of the δ.
void LeastSquares::gram_tile(Index row_block, Index column_block, Tile& tile,
                             bool biases_apart) const {
    std::ranges::fill(tile.sum.numbers, 0.0);
    if (biases_apart) {
        std::ranges::fill(tile.by_biases.numbers, 0.0);
    }
    for (std::size_t l = 0; l < architecture_.layers().size(); ++l) {
        const auto inner_products = [&](const Panel& panel, Index inner, Index width, Panel& to) {
            kernels::product<double>(
                width, width, inner, {panel.row(0) + row_block * width, 1, panel.stride},
                panel.row(0) + column_block * width, panel.stride, to.row(0), to.stride, false);
        };
        const Layer& layer = architecture_.layers()[l];
        inner_products(forward_.inputs(l), biases_apart ? layer.n_in : layer.n_in + 1,
                       tile.inputs.columns, tile.inputs);
        inner_products(backward_.deltas(l), layer.n_out, tile.deltas.columns, tile.deltas);
        add_layer(tile);
        if (biases_apart) {
            std::ranges::transform(tile.by_biases.numbers, tile.deltas.numbers,
                                   tile.by_biases.numbers.begin(), std::plus{});
        }
    }
}

// Every row of J is a sum over the splits of its slot, Σ δ_left ⊗ a_right, so the inner product of
// two is Σ (δ_left·δ'_left)(a_right·a'_right) over the splits of both: with a a' for
// ([a; 1]·[a'; 1]) and so on,
//   value·value             (δ·δ')(a·a')
//   value·derivative        (δ·δ̇')(a·a') + (δ·δ')(a·ȧ')
//   derivative·derivative   (δ̇·δ̇')(a·a') + (δ̇·δ')(a·ȧ') + (δ·δ̇')(ȧ·a') + (δ·δ')(ȧ·ȧ')
void LeastSquares::add_layer(Tile& tile) const {
    const JetSlots& slots = layout_.slots();
    for (Index o = 0; o < layout_.n_outputs(); ++o) {
        for (Index slot = 0; slot < slots.size(); ++slot) {
            with_split_count(slots.n_splits(slot),
                             [&]<int n_rows>() { add_group<n_rows>(o, slot, tile); });
        }
    }
}

// The rows of a slot of an output. Of each output's columns first those of the values, whose slot
// has one split, then those of the tangents, then those of the second derivatives.
template <int n_rows>
void LeastSquares::add_group(Index output, Index slot, Tile& tile) const {
    const Index size = layout_.block_samples();
    const Index width = layout_.jet_width();
    const Index all_columns = layout_.column_width();
    const Index end_of_tangents = (1 + layout_.slots().n_tangents()) * size;
    const JetSlots::Split* const of_row = layout_.slots().offsets(slot);
    const JetSlots::Split* const of_columns = layout_.slots().offsets(0);
    FactorRows<n_rows> first;
    for (int r = 0; r < n_rows; ++r) {
        first.deltas[r] = tile.deltas.row(output * width + of_row[r].left);
        first.inputs[r] = tile.inputs.row(of_row[r].right);
    }
    double* sum = tile.sum.row(output * width + slot * size);
    const Index deltas_stride = tile.deltas.stride;
    const Index inputs_stride = tile.inputs.stride;
    const Index sum_stride = tile.sum.stride;
    for (Index i = 0; i < size; ++i) {
        FactorRows<n_rows> rows = first;
        for (Index from = 0; from < all_columns; from += width) {
            const JetSlots::Split* columns = of_columns;
            add_products<n_rows, 1>(rows, columns, size, sum + from);
            columns += 1;
            Index at = size;
            for (; at < end_of_tangents; at += size, columns += 2) {
                add_products<n_rows, 2>(rows, columns, size, sum + from + at);
            }
            for (; at < width; at += size, columns += 4) {
                add_products<n_rows, 4>(rows, columns, size, sum + from + at);
            }
            for (int r = 0; r < n_rows; ++r) {
                rows.deltas[r] += width;
            }
        }
        for (int r = 0; r < n_rows; ++r) {
            first.deltas[r] += deltas_stride;
            first.inputs[r] += inputs_stride;
        }
        sum += sum_stride;
    }
}

void LeastSquares::scatter(Index row_block, Index column_block, const Panel& tile,
                           SymmetricMatrix& result) const {
    const Index width = layout_.block_width();
    const ResidualLayout::Block& rows = layout_.block(row_block);
    const ResidualLayout::Block& columns = layout_.block(column_block);
    const double* const row_scales = layout_.scales() + row_block * width;
    const double* const column_scales = layout_.scales() + column_block * width;
    for (std::size_t i = 0; i < rows.present.size(); ++i) {
        const double* const from = tile.row(rows.columns[i]);
        double* const to =
            result.row(rows.first_residual + static_cast<Index>(i)) + columns.first_residual;
        const double scale = row_scales[rows.present[i]];
        if (columns.whole) {
            for (Index j = 0; j < width; j += lanes<double>) {
                store(to + j, scale * load(column_scales + j) * load(from + j));
            }
        } else {
            for (std::size_t j = 0; j < columns.present.size(); ++j) {
                to[j] = scale * column_scales[columns.present[j]] * from[columns.columns[j]];
            }
        }
    }
}

}  // namespace jetmlp
