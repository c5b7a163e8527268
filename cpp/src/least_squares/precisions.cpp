#include "least_squares/precisions.hpp"

#include "linear_algebra/sums.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace jetmlp {

namespace {

// The logarithms of α and β move at most by this in an update.
constexpr double largest_move = 3.0;
constexpr double least_alpha = 1e-8;
constexpr double greatest_alpha = 1e8;
// A group without anything to determine keeps this much, and parameters of 0 count as this large.
constexpr double least_effective = 1e-3;
constexpr double least_square = 1e-12;
// What is effective of the data leaves at least this part of them for the noise.
constexpr double least_noise_share = 1e-3;
// Noise is taken to be at least this part of a kind's size, and that size at least this part of the
// size of its sort: else a column of zeros, which any network fits, rules the evidence.
constexpr double least_noise = 1e-8;
constexpr double least_size = 1e-3;
// A row of J̃ is at most this long, squared: the identity beside J̃ᵀJ̃ is not to be lost in rounding.
constexpr double longest_row = 1e12;

void move(double& precision, double wanted) {
    precision *= std::exp(std::clamp(std::log(wanted / precision), -largest_move, largest_move));
}

}  // namespace

Precisions::Precisions(const ResidualLayout& layout, const Architecture& architecture,
                       bool by_input, double prior, double noise)
    : groups_(parameter_groups(architecture, by_input)),
      kind_of_(layout.kinds()),
      alphas_(groups_.sizes.size(), prior),
      row_scales_(kind_of_.size()),
      column_scales_(groups_.group_of.size()) {
    const auto n_kinds = static_cast<std::size_t>(layout.n_kinds());
    std::vector<double> squares(n_kinds, 0.0);
    kind_sizes_.assign(n_kinds, 0.0);
    const std::vector<double> targets = layout.error_targets();
    const std::vector<double> scales = layout.error_scales();
    for (std::size_t i = 0; i < kind_of_.size(); ++i) {
        const auto k = static_cast<std::size_t>(kind_of_[i]);
        kind_sizes_[k] += 1.0;
        squares[k] = add_square(squares[k], scales[i] * targets[i]);
    }
    for (std::size_t k = 0; k < n_kinds; ++k) {
        sort_of_.push_back(layout.sort_of_kind(static_cast<Index>(k)));
    }
    betas_.assign(n_kinds, noise);
    least_variances_.assign(n_kinds, 0.0);
    inert_.assign(n_kinds, false);
    for (std::size_t k = 0; k < n_kinds; ++k) {
        double count = 0.0;
        double sum = 0.0;
        for (std::size_t other = 0; other < n_kinds; ++other) {
            if (same_sort(k, other)) {
                count += kind_sizes_[other];
                sum += squares[other];
            }
        }
        const double pooled = sum > 0.0 ? sum / count : 1.0;
        const double own = kind_sizes_[k] > 0.0 ? squares[k] / kind_sizes_[k] : 0.0;
        const double least = least_size * least_size * pooled;
        sort_squares_.push_back(pooled);
        betas_[k] = noise / pooled;
        least_variances_[k] = least_noise * least_noise * std::max(own, least);
        inert_[k] = own < least;
    }
    set_scales();
}

bool Precisions::same_sort(std::size_t one, std::size_t other) const {
    return sort_of_[one] == sort_of_[other];
}

void Precisions::set(std::vector<double> alphas, std::vector<double> betas) {
    const auto above_zero = [](double number) { return number > 0.0 && std::isfinite(number); };
    if (alphas.size() != alphas_.size() || betas.size() != betas_.size() ||
        !std::ranges::all_of(alphas, above_zero) || !std::ranges::all_of(betas, above_zero)) {
        throw std::invalid_argument(
            "prior_precisions, noise_precisions: expected " + std::to_string(alphas_.size()) +
            " and " + std::to_string(betas_.size()) + " finite numbers above 0, got " +
            std::to_string(alphas.size()) + " and " + std::to_string(betas.size()));
    }
    alphas_ = std::move(alphas);
    betas_ = std::move(betas);
    set_scales();
}

void Precisions::set_scales() {
    for (std::size_t i = 0; i < kind_of_.size(); ++i) {
        row_scales_[i] = std::sqrt(betas_[static_cast<std::size_t>(kind_of_[i])]);
    }
    for (std::size_t p = 0; p < column_scales_.size(); ++p) {
        column_scales_[p] = 1.0 / std::sqrt(alphas_[static_cast<std::size_t>(groups_.group_of[p])]);
    }
}

void Precisions::bound(const double* jacobian) {
    std::vector<double> longest(betas_.size(), 0.0);
    Buffer<double> scaled(column_scales_.size());
    const auto n_parameters = static_cast<Index>(column_scales_.size());
    for (std::size_t i = 0; i < kind_of_.size(); ++i) {
        const double* const row = jacobian + static_cast<Index>(i) * n_parameters;
        for (Index p = 0; p < n_parameters; ++p) {
            scaled[p] = column_scales_[static_cast<std::size_t>(p)] * row[p];
        }
        double& most = longest[static_cast<std::size_t>(kind_of_[i])];
        most = std::max(most, inner_product(n_parameters, scaled.data(), scaled.data()));
    }
    for (std::size_t k = 0; k < betas_.size(); ++k) {
        if (longest[k] * betas_[k] > longest_row) {
            betas_[k] = longest_row / longest[k];
        }
    }
    set_scales();
}

// A kind of next to no size is fitted by next to any network: its β is at most that of another kind
// of its sort, or its evidence would outweigh that of all others.
void Precisions::bound_inert() {
    for (std::size_t k = 0; k < betas_.size(); ++k) {
        double most = 0.0;
        for (std::size_t other = 0; inert_[k] && other < betas_.size(); ++other) {
            if (!inert_[other] && kind_sizes_[other] > 0.0 && same_sort(k, other)) {
                most = std::max(most, betas_[other]);
            }
        }
        if (most > 0.0) {
            betas_[k] = std::min(betas_[k], most);
        }
    }
}

void Precisions::update(const Buffer<double>& of_parameters, const Buffer<double>& of_residuals,
                        const std::vector<double>& parameters, const Buffer<double>& residuals) {
    std::vector<double> effective = by_group(of_parameters);
    std::vector<double> squares(alphas_.size(), 0.0);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
        const auto g = static_cast<std::size_t>(groups_.group_of[p]);
        squares[g] = add_square(squares[g], parameters[p]);
    }
    for (std::size_t g = 0; g < alphas_.size(); ++g) {
        move(alphas_[g], std::max(effective[g], least_effective) / (squares[g] + least_square));
        alphas_[g] = std::clamp(alphas_[g], least_alpha, greatest_alpha);
    }
    effective = by_kind(of_residuals);
    squares.assign(betas_.size(), 0.0);
    for (std::size_t i = 0; i < residuals.size(); ++i) {
        const auto k = static_cast<std::size_t>(kind_of_[i]);
        squares[k] = add_square(squares[k], residuals[i]);
    }
    for (std::size_t k = 0; k < betas_.size(); ++k) {
        const double count = kind_sizes_[k];
        if (count > 0.0) {
            move(betas_[k], std::max(count - effective[k], least_noise_share * count) /
                                std::max(squares[k], count * least_variances_[k]));
        }
    }
    bound_inert();
    set_scales();
}

std::vector<double> Precisions::by_group(const Buffer<double>& of_parameters) const {
    std::vector<double> sums(alphas_.size(), 0.0);
    for (std::size_t p = 0; p < of_parameters.size(); ++p) {
        sums[static_cast<std::size_t>(groups_.group_of[p])] += of_parameters[p];
    }
    return sums;
}

std::vector<double> Precisions::by_kind(const Buffer<double>& of_residuals) const {
    std::vector<double> sums(betas_.size(), 0.0);
    for (std::size_t i = 0; i < of_residuals.size(); ++i) {
        sums[static_cast<std::size_t>(kind_of_[i])] += of_residuals[i];
    }
    return sums;
}

double Precisions::noise_beyond(double share, const std::vector<double>& betas) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < betas.size(); ++k) {
        const double squared = 1.0 / (betas[k] * share * share * sort_squares_[k]);
        sum += kind_sizes_[k] * std::max(0.0, 0.5 * std::log(squared));
    }
    return sum;
}

double Precisions::log_noise() const {
    double sum = 0.0;
    for (std::size_t k = 0; k < betas_.size(); ++k) {
        sum += kind_sizes_[k] * std::log(betas_[k]);
    }
    return sum;
}

}  // namespace jetmlp
