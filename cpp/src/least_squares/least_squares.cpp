#include "least_squares/least_squares.hpp"

#include "kernels/product.hpp"
#include "kernels/transpose.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::padded;
using kernels::store;
using kernels::Vector;

namespace {

// Columns that a pull-back takes between two looks at whether to end.
constexpr Index slice_columns = 4096;

void expect_squares(const Objective<double>& objective) {
    const std::string_view beyond = objective.beyond_least_squares();
    if (!beyond.empty()) {
        throw std::invalid_argument(std::string(beyond) +
                                    ": expected none for residuals, got some");
    }
}

ResidualLayout layout_of_batches(const Objective<double>& objective, Index most_samples) {
    expect_squares(objective);
    return {objective.data(), objective.weights(), most_samples};
}

}  // namespace

ResidualLayout layout_of(const Objective<double>& objective) {
    expect_squares(objective);
    return {objective.data(), objective.weights()};
}

LeastSquares::LeastSquares(const Objective<double>& objective)
    : LeastSquares(objective, layout_of(objective)) {}

LeastSquares::LeastSquares(const Objective<double>& objective, Index most_samples)
    : LeastSquares(objective, layout_of_batches(objective, most_samples)) {}

LeastSquares::LeastSquares(const Objective<double>& objective, ResidualLayout layout)
    : architecture_(objective.architecture()),
      layout_(std::move(layout)),
      trial_(architecture_, layout_, objective.data()),
      forward_(trial_),
      backward_(architecture_, layout_),
      predictions_(static_cast<std::size_t>(layout_.n_positions())),
      weights_(static_cast<std::size_t>(layout_.n_positions())),
      transposed_(architecture_.layers().size()) {
    Index widest = 0;
    Index most_inputs = 0;
    const Index columns = forward_.inputs(0).columns;
    for (std::size_t l = 0; l < transposed_.size(); ++l) {
        const Layer& layer = architecture_.layers()[l];
        transposed_[l].resize(columns, padded<double>(layer.n_in + 1));
        widest = std::max(widest, layer.n_out);
        most_inputs = std::max(most_inputs, layer.n_in + 1);
    }
    seeds_.resize(widest, columns);
    layer_gradient_.resize(widest, most_inputs);
}

// Both passes get the inputs, since linearize() exchanges them.
void LeastSquares::take(const Dataset<double>& data, Rows batch) {
    layout_.assign(data, batch);
    trial_.set_inputs(data);
    forward_.set_inputs(data);
}

Losses LeastSquares::evaluate(const double* parameters, double* residuals, Execution& execution) {
    trial_.run(parameters, execution);
    trial_.gather(predictions_.data());
    return layout_.residuals(predictions_.data(), residuals);
}

void LeastSquares::linearize(const double* parameters, Execution& execution) {
    std::swap(trial_, forward_);
    backward_.run(parameters, forward_, execution);
    const Index width = (1 + layout_.n_tangents()) * layout_.block_samples();
    for_blocks(layout_, execution, [&](Index first, Index end) {
        for (std::size_t l = 0; l < transposed_.size(); ++l) {
            const Panel& inputs = forward_.inputs(l);
            kernels::transpose(architecture_.layers()[l].n_in + 1, (end - first) * width,
                               inputs.row(0) + first * width, inputs.stride,
                               transposed_[l].row(first * width), transposed_[l].stride);
        }
    });
}

// Blocks of samples against blocks of samples, on and above the diagonal.
void LeastSquares::gram(SymmetricMatrix& result, Execution& execution) {
    if (result.size != n_residuals()) {
        result.resize(n_residuals());
    }
    const Index width = layout_.block_width();
    const Index of_inputs = (1 + layout_.n_tangents()) * layout_.block_samples();
    while (tiles_.size() < static_cast<std::size_t>(execution.team.n_threads())) {
        Tile tile;
        tile.inputs.resize(of_inputs, of_inputs);
        tile.deltas.resize(width, width);
        tile.sum.resize(width, width);
        tiles_.push_back(std::move(tile));
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
        gram_tile(i, j, tiles_[static_cast<std::size_t>(member)], result);
    });
}

void LeastSquares::gram_tile(Index row_block, Index column_block, Tile& tile,
                             SymmetricMatrix& result) const {
    std::ranges::fill(tile.sum.numbers, 0.0);
    for (std::size_t l = 0; l < architecture_.layers().size(); ++l) {
        const auto inner_products = [&](const Panel& panel, Index inner, Index width, Panel& to) {
            kernels::product<double>(
                width, width, inner, {panel.row(0) + row_block * width, 1, panel.stride},
                panel.row(0) + column_block * width, panel.stride, to.row(0), to.stride, false);
        };
        const Layer& layer = architecture_.layers()[l];
        inner_products(forward_.inputs(l), layer.n_in + 1, tile.inputs.columns, tile.inputs);
        inner_products(backward_.deltas(l), layer.n_out, tile.deltas.columns, tile.deltas);
        add_layer(tile);
    }
    scatter(row_block, column_block, tile.sum, result);
}

// With a a' for ([a; 1]·[a'; 1]) and so on:
//   value·value             (δ·δ')(a·a')
//   value·derivative        (δ·δ̇')(a·a') + (δ·δ')(a·ȧ')
//   derivative·derivative   (δ̇·δ̇')(a·a') + (δ̇·δ')(a·ȧ') + (δ·δ̇')(ȧ·a') + (δ·δ')(ȧ·ȧ')
void LeastSquares::add_layer(Tile& tile) const {
    const Index size = layout_.block_samples();
    const Index n_slots = 1 + layout_.n_tangents();
    for (Index group = 0; group < layout_.n_groups(); ++group) {
        const Index k = group % n_slots;
        for (Index i = 0; i < size; ++i) {
            const double* const own = tile.deltas.row(group * size + i);          // δ, δ̇_k
            const double* const value = tile.deltas.row((group - k) * size + i);  // δ
            const double* const inputs = tile.inputs.row(i);                      // a
            const double* const tangents = tile.inputs.row(k * size + i);         // ȧ_k
            double* const sum = tile.sum.row(group * size + i);
            for (Index other = 0; other < layout_.n_groups(); ++other) {
                const Index of_other = other * size;
                const Index slot = other % n_slots * size;
                const Index of_value = of_other - slot;
                for (Index j = 0; j < size; j += lanes<double>) {
                    Vector<double> total = load(sum + of_other + j);
                    total += load(own + of_other + j) * load(inputs + j);
                    if (slot > 0) {
                        total += load(own + of_value + j) * load(inputs + slot + j);
                    }
                    if (k > 0) {
                        total += load(value + of_other + j) * load(tangents + j);
                        if (slot > 0) {
                            total += load(value + of_value + j) * load(tangents + slot + j);
                        }
                    }
                    store(sum + of_other + j, total);
                }
            }
        }
    }
}

void LeastSquares::scatter(Index row_block, Index column_block, const Panel& tile,
                           SymmetricMatrix& result) const {
    const Index width = layout_.block_width();
    const ResidualLayout::Block& rows = layout_.block(row_block);
    const ResidualLayout::Block& columns = layout_.block(column_block);
    const double* const row_scales = layout_.scales() + row_block * width;
    const double* const column_scales = layout_.scales() + column_block * width;
    Index to_row = rows.first_residual;
    for (const std::uint32_t row : rows.present) {
        const double* const from = tile.row(row);
        double* to = result.row(to_row++) + columns.first_residual;
        const double scale = row_scales[row];
        if (std::ssize(columns.present) == width) {
            for (Index j = 0; j < width; j += lanes<double>) {
                store(to + j, scale * load(column_scales + j) * load(from + j));
            }
        } else {
            for (const std::uint32_t column : columns.present) {
                *to++ = scale * column_scales[column] * from[column];
            }
        }
    }
}

// With u the weights times the scales, the columns of [a; 1] get Σ_o (u_o δ_o + Σ_k u_ok δ̇_ok),
// those of [ȧ_k; 0] get Σ_o u_ok δ_o; their product with the inputs is [W̄ b̄].
void LeastSquares::pull_back(const double* weights, double* result, Execution& execution) {
    const Index width = layout_.block_width();
    const Index size = layout_.block_samples();
    const Index n_slots = 1 + layout_.n_tangents();
    std::ranges::fill(weights_, 0.0);
    for (Index b = 0; b < layout_.n_blocks(); ++b) {
        for (const std::uint32_t at : layout_.block(b).present) {
            const Index position = b * width + at;
            weights_[static_cast<std::size_t>(position)] = layout_.scales()[position] * *weights++;
        }
    }
    for (std::size_t l = 0; l < transposed_.size(); ++l) {
        const Layer& layer = architecture_.layers()[l];
        for (Index j = 0; j < layer.n_out; ++j) {
            for (Index b = 0; b < layout_.n_blocks(); ++b) {
                double* const seeds = seeds_.row(j) + b * n_slots * size;
                const double* const deltas = backward_.deltas(l).row(j) + b * width;
                const double* const u = weights_.data() + b * width;
                for (Index i = 0; i < size; i += lanes<double>) {
                    Vector<double> of_value{};
                    for (Index at = i; at < width; at += size) {
                        of_value += load(u + at) * load(deltas + at);
                    }
                    store(seeds + i, of_value);
                    for (Index k = 1; k < n_slots; ++k) {
                        Vector<double> of_tangent{};
                        for (Index at = i; at < width; at += n_slots * size) {
                            of_tangent += load(u + at + k * size) * load(deltas + at);
                        }
                        store(seeds + k * size + i, of_tangent);
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
        for (Index j = 0; j < layer.n_out; ++j) {
            const double* const row = layer_gradient_.row(j);
            std::copy_n(row, n_in, result + layer.weights_offset + j * n_in);
            result[layer.bias_offset + j] = row[n_in];
        }
    }
}

// Two operations for a multiply-add, half of a square for its triangle. With N residuals, P
// positions of δ and Q columns of a (absent ones included): the Cholesky factorization, N³/3; in
// each layer the inner products of its inputs, Q² (n_in + 1), and of its δ, P² n_out, and what
// add_layer makes of them, at most four multiply-adds an entry.
double LeastSquares::dual_cost() const {
    const auto n = static_cast<double>(n_residuals());
    const auto columns = static_cast<double>(forward_.inputs(0).columns);
    const auto positions = static_cast<double>(layout_.n_positions());
    double cost = n * n * n / 3.0;
    for (const Layer& layer : architecture_.layers()) {
        cost += columns * columns * static_cast<double>(layer.n_in + 1) +
                positions * positions * (static_cast<double>(layer.n_out) + 4.0);
    }
    return cost;
}

// Likewise with p parameters: the factorization, p³/3, and the triangle of JᵀJ, P p².
double LeastSquares::primal_cost() const {
    const auto p = static_cast<double>(n_parameters());
    return p * p * p / 3.0 + static_cast<double>(layout_.n_positions()) * p * p;
}

}  // namespace jetmlp
