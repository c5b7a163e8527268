#include "models/parts.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/models/model.hpp>
#include <jetmlp/predict/predict.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace jetmlp {

namespace {

// Rows at a time: what a network computes in its own units is kept for no more.
constexpr Index block_rows = 4096;

template <class T>
void add_term(const Term& term, const std::vector<T>& parameters, Index n, const double* inputs,
              double* values, double* jacobian, Execution& execution) {
    const Index d = term.architecture.n_inputs();
    const Index m = term.architecture.n_outputs();
    std::vector<T> standardised(count_of(n, d));
    for (Index i = 0; i < n; ++i) {
        for (Index k = 0; k < d; ++k) {
            standardised[i * d + k] =
                static_cast<T>((inputs[i * d + k] - term.x_mean[k]) / term.x_scale[k]);
        }
    }
    std::vector<T> own_values(values == nullptr ? 0 : count_of(n, m));
    std::vector<T> own_slopes(jacobian == nullptr ? 0 : count_of(n, m, d));
    predict(term.architecture, parameters.data(), n, standardised.data(),
            values == nullptr ? nullptr : own_values.data(),
            jacobian == nullptr ? nullptr : own_slopes.data(), execution);
    for (Index i = 0; i < n; ++i) {
        for (Index o = 0; o < m; ++o) {
            const Index at = i * m + o;
            if (values != nullptr) {
                values[at] += term.factor[o] * static_cast<double>(own_values[at]);
            }
            for (Index k = 0; jacobian != nullptr && k < d; ++k) {
                jacobian[at * d + k] += static_cast<double>(own_slopes[at * d + k]) *
                                        (term.factor[o] / term.x_scale[k]);
            }
        }
    }
}

}  // namespace

Model::Model(Parts parts) : parts_(std::make_unique<const Parts>(std::move(parts))) {}
Model::Model(Model&& other) noexcept = default;
Model& Model::operator=(Model&& other) noexcept = default;
Model::~Model() = default;

Index Model::n_inputs() const { return parts_->terms.front().architecture.n_inputs(); }
Index Model::n_outputs() const { return parts_->terms.front().architecture.n_outputs(); }

Prediction Model::predict(std::span<const double> inputs, int n_threads) const {
    const Index d = n_inputs();
    const auto count = static_cast<Index>(inputs.size());
    if (count % d != 0) {
        throw std::invalid_argument("inputs: expected " + std::to_string(d) +
                                    " numbers for each row, got " + std::to_string(count) +
                                    " in all");
    }
    const Index n = count / d;
    Prediction prediction{std::vector<double>(count_of(n, n_outputs())),
                          std::vector<double>(count_of(n, n_outputs(), d))};
    Execution execution(n_threads);
    predict(n, inputs.data(), prediction.values.data(), prediction.jacobian.data(), execution);
    return prediction;
}

void Model::predict(Index n_samples, const double* inputs, double* values, double* jacobian,
                    Execution& execution) const {
    const Index d = n_inputs();
    const Index m = n_outputs();
    for (Index begin = 0; begin < n_samples; begin += block_rows) {
        const Index n = std::min(block_rows, n_samples - begin);
        double* const block_values = values == nullptr ? nullptr : values + begin * m;
        double* const block_slopes = jacobian == nullptr ? nullptr : jacobian + begin * m * d;
        if (values != nullptr) {
            std::fill_n(block_values, n * m, 0.0);
        }
        if (jacobian != nullptr) {
            std::fill_n(block_slopes, n * m * d, 0.0);
        }
        for (const Term& term : parts_->terms) {
            std::visit(
                [&](const auto& parameters) {
                    add_term(term, parameters, n, inputs + begin * d, block_values, block_slopes,
                             execution);
                },
                term.parameters);
        }
        for (Index at = 0; values != nullptr && at < n * m; ++at) {
            block_values[at] += parts_->offset[at % m];
        }
    }
}

}  // namespace jetmlp
