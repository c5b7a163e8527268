#include "least_squares/least_squares.hpp"

#include "kernels/transpose.hpp"
#include "kernels/vector.hpp"
#include "linear_algebra/sums.hpp"
#include "loss/penalty.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace jetmlp {

using kernels::padded;

namespace {

Buffer<double> penalties_of(const Architecture& architecture, double l2) {
    auto penalties = zeros_in_parts<Buffer<double>>(count_of(architecture.n_parameters(), 1));
    for_penalized(architecture, [&](Index at) { penalties[static_cast<std::size_t>(at)] = l2; });
    return penalties;
}

Index count_penalized(const Objective<double>& objective) {
    Index count = 0;
    if (objective.weights().l2 > 0.0) {
        for (const Layer& layer : objective.architecture().layers()) {
            count += layer.bias_offset - layer.weights_offset;
        }
    }
    return count;
}

}  // namespace

ResidualLayout layout_of(const Objective<double>& objective) {
    if (objective.elsewhere() != nullptr) {
        throw std::invalid_argument("X: expected samples at hand to have residuals of");
    }
    return {objective.data(), objective.weights(), count_penalized(objective)};
}

// Of what the data have counted: no pass over the samples, and no memory for them.
ResidualSizes sizes_of(const Objective<double>& objective) {
    const Dataset<double>& data = objective.data();
    ResidualSizes sizes = ResidualLayout::most_sizes(data, objective.weights(),
                                                     count_penalized(objective), data.n_samples());
    sizes.errors = 0;
    for (const Term term : all_terms) {
        const Index per_sample = data.n_outputs() * data.per_output(term);
        if (!data.has(term) || !(objective.weights().terms[term] > 0.0)) {
            continue;
        }
        for (Index at = 0; at < per_sample; ++at) {
            sizes.errors += data.count_present(term, at);
        }
    }
    return sizes;
}

LeastSquares::LeastSquares(const Objective<double>& objective)
    : LeastSquares(objective, layout_of(objective)) {}

LeastSquares::LeastSquares(const Objective<double>& objective, Index most_samples)
    : LeastSquares(objective, {objective.data(), objective.weights(), 0, most_samples}) {}

LeastSquares::LeastSquares(const Objective<double>& objective, ResidualLayout layout)
    : architecture_(objective.architecture()),
      l2_(objective.weights().l2),
      penalties_(penalties_of(architecture_, l2_)),
      layout_(std::move(layout)),
      trial_(architecture_, layout_, objective.data()),
      forward_(trial_),
      backward_(architecture_, layout_),
      predictions_(zeros_in_parts<Buffer<double>>(count_of(layout_.n_positions(), 1))),
      of_columns_(zeros_in_parts<Buffer<double>>(count_of(layout_.n_columns(), 1))),
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
    Losses losses = layout_.residuals(predictions_.data(), residuals);
    if (l2_ > 0.0) {
        const double root = std::sqrt(l2_);
        residuals += layout_.n_errors();
        for_penalized(architecture_, [&](Index at) { *residuals++ = root * parameters[at]; });
        losses.total = add_product(losses.total, l2_, penalized_squares(architecture_, parameters));
    }
    return losses;
}

void LeastSquares::linearize(const double* parameters, Execution& execution) {
    std::swap(trial_, forward_);
    backward_.run(parameters, forward_, execution);
    const Index width = layout_.jet_width();
    for_blocks(layout_, execution, [&](Index first, Index end) {
        for (std::size_t l = 0; l < transposed_.size(); ++l) {
            const Panel& inputs = forward_.inputs(l);
            kernels::transpose(architecture_.layers()[l].n_in + 1, (end - first) * width,
                               inputs.row(0) + first * width, inputs.stride,
                               transposed_[l].row(first * width), transposed_[l].stride);
        }
    });
}

// Two operations for a multiply-add, half of a square for its triangle. With N errors, P columns of
// δ and Q columns of a (absent ones included): the Cholesky factorization, N³/3; in each layer the
// inner products of its inputs, Q² (n_in + 1), and of its δ, P² n_out, and what add_layer makes of
// them, at most four multiply-adds an entry, or sixteen with second derivatives. The penalty takes
// no more: see NormalEquations.
double LeastSquares::dual_cost(const Architecture& architecture, const ResidualSizes& sizes) {
    const auto n = static_cast<double>(sizes.errors);
    const auto columns = static_cast<double>(sizes.jet_columns);
    const auto positions = static_cast<double>(sizes.delta_columns);
    const double products = sizes.with_pairs ? 16.0 : 4.0;
    double cost = n * n * n / 3.0;
    for (const Layer& layer : architecture.layers()) {
        cost += columns * columns * static_cast<double>(layer.n_in + 1) +
                positions * positions * (static_cast<double>(layer.n_out) + products);
    }
    return cost;
}

// Likewise with p parameters: the factorization, p³/3, and the triangle of JᵀJ, P p² for P
// positions.
double LeastSquares::primal_cost(const Architecture& architecture, const ResidualSizes& sizes) {
    const auto p = static_cast<double>(architecture.n_parameters());
    return p * p * p / 3.0 + static_cast<double>(sizes.positions) * p * p;
}

// The jets of two forward passes with their slopes, δ of one backward pass, the inputs transposed.
double LeastSquares::bytes(const Architecture& architecture, const ResidualSizes& sizes) {
    const auto columns = static_cast<double>(sizes.jet_columns);
    const auto of_outputs = static_cast<double>(sizes.delta_columns);
    double numbers = static_cast<double>(architecture.n_parameters()) +
                     6.0 * static_cast<double>(sizes.positions) + of_outputs;
    for (const Layer& layer : architecture.layers()) {
        const auto n_in = static_cast<double>(layer.n_in);
        const auto n_out = static_cast<double>(layer.n_out);
        numbers += columns * (3.0 * (n_in + 1.0) + 2.0 * n_out) + of_outputs * n_out;
    }
    return numbers * static_cast<double>(sizeof(double));
}

}  // namespace jetmlp
