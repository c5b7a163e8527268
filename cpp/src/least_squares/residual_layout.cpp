#include "least_squares/residual_layout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace jetmlp {

namespace {

// Products of blocks about this wide run at full speed, and their results stay in the caches.
constexpr Index wanted_width = 32;
// Block lengths are multiples of the longest vectors of doubles, at every level.
constexpr Index granule = 8;

// What an entry counts: the one place that knows of weights. 0 means that it is absent.
double value_weight_of(const Dataset<double>& data, Index sample, Index o) {
    const bool present = data.has_values() && !std::isnan(data.value(sample)[o]);
    return present ? data.sample_weight(sample) : 0.0;
}
double derivative_weight_of(const Dataset<double>& data, Index sample, Index o, Index k) {
    const Index at = o * data.n_inputs() + k;
    const bool present = data.has_derivatives() && !std::isnan(data.derivative(sample)[at]);
    return present ? data.derivative_weight(sample, o, k) : 0.0;
}

}  // namespace

ResidualLayout::ResidualLayout(const Dataset<double>& data, LossWeights weights)
    : n_samples_(data.n_samples()),
      n_outputs_(data.n_outputs()),
      n_tangents_(data.has_derivatives() ? data.n_inputs() : 0),
      weights_(weights),
      has_values_(data.has_values()) {
    const Index wanted = std::max(granule, wanted_width / n_groups() / granule * granule);
    const Index n_blocks = (n_samples_ + wanted - 1) / wanted;
    const Index even_share = (n_samples_ + n_blocks - 1) / n_blocks;
    block_samples_ = (even_share + granule - 1) / granule * granule;
    blocks_.resize(static_cast<std::size_t>((n_samples_ + block_samples_ - 1) / block_samples_));
    order_samples(data);
    set_entries(data);
}

// Samples with the same entries present stand together, so that most blocks are whole.
void ResidualLayout::order_samples(const Dataset<double>& data) {
    std::vector<std::vector<bool>> patterns(static_cast<std::size_t>(n_samples_));
    for (Index sample = 0; sample < n_samples_; ++sample) {
        std::vector<bool>& pattern = patterns[static_cast<std::size_t>(sample)];
        for (Index o = 0; o < n_outputs_; ++o) {
            pattern.push_back(value_weight_of(data, sample, o) > 0.0);
            for (Index k = 0; k < n_tangents_; ++k) {
                pattern.push_back(derivative_weight_of(data, sample, o, k) > 0.0);
            }
        }
    }
    samples_.resize(static_cast<std::size_t>(n_samples_));
    std::iota(samples_.begin(), samples_.end(), Index{0});
    std::ranges::sort(samples_, [&patterns](Index one, Index other) {
        const std::vector<bool>& pattern = patterns[static_cast<std::size_t>(one)];
        const std::vector<bool>& other_pattern = patterns[static_cast<std::size_t>(other)];
        return pattern == other_pattern ? one < other : pattern > other_pattern;
    });
    samples_.resize(static_cast<std::size_t>(n_blocks() * block_samples_), -1);
}

void ResidualLayout::set_entries(const Dataset<double>& data) {
    const auto size = static_cast<std::size_t>(n_positions());
    targets_.assign(size, 0.0);
    weight_of_.assign(size, 0.0);
    scales_.assign(size, 0.0);
    const Index d = data.n_inputs();
    const auto visit = [&](auto&& visitor) {  // visitor(position, sample, o, k, ω)
        Index position = 0;
        for (Index b = 0; b < n_blocks(); ++b) {
            for (Index o = 0; o < n_outputs_; ++o) {
                for (Index k = 0; k <= n_tangents_; ++k) {
                    for (Index i = 0; i < block_samples_; ++i, ++position) {
                        const Index at = sample(b * block_samples_ + i);
                        if (at >= 0) {
                            visitor(position, at, o, k,
                                    k == 0 ? value_weight_of(data, at, o)
                                           : derivative_weight_of(data, at, o, k - 1));
                        }
                    }
                }
            }
        }
    };
    visit([&](Index, Index, Index, Index k, double weight) {
        sum_of_weights_[k == 0 ? 0 : 1] += weight;
    });
    visit([&](Index position, Index at, Index o, Index k, double weight) {
        if (weight == 0.0) {
            return;
        }
        const double of_kind = k == 0 ? weights_.value : weights_.derivative;
        const auto here = static_cast<std::size_t>(position);
        targets_[here] = k == 0 ? data.value(at)[o] : data.derivative(at)[o * d + k - 1];
        weight_of_[here] = weight;
        scales_[here] = std::sqrt(of_kind * weight / sum_of_weights_[k == 0 ? 0 : 1]);
        if (scales_[here] > 0.0) {
            Block& block = blocks_[static_cast<std::size_t>(position / block_width())];
            if (block.present.empty()) {
                block.first_residual = n_residuals();
            }
            block.present.push_back(static_cast<std::uint32_t>(position % block_width()));
            const Index n_values = has_values_ ? n_samples_ * n_outputs_ : 0;
            entries_.push_back(k == 0 ? at * n_outputs_ + o
                                      : n_values + (at * n_outputs_ + o) * d + k - 1);
        }
    });
}

Losses ResidualLayout::residuals(const double* predictions, double* residuals) const {
    double sums[2] = {0.0, 0.0};
    Index position = 0;
    for (Index b = 0; b < n_blocks(); ++b) {
        for (Index group = 0; group < n_groups(); ++group) {
            double sum = 0.0;
            for (Index i = 0; i < block_samples_; ++i, ++position) {
                const auto here = static_cast<std::size_t>(position);
                if (weight_of_[here] > 0.0) {
                    const double error = predictions[position] - targets_[here];
                    sum += weight_of_[here] * error * error;
                }
            }
            sums[group % (1 + n_tangents_) == 0 ? 0 : 1] += sum;
        }
        for (const std::uint32_t at : block(b).present) {
            const auto here = static_cast<std::size_t>(b * block_width() + at);
            *residuals++ = scales_[here] * (predictions[here] - targets_[here]);
        }
    }
    constexpr double absent = std::numeric_limits<double>::quiet_NaN();
    Losses losses{0.0, absent, absent};
    if (sum_of_weights_[0] > 0.0) {
        losses.value = sums[0] / sum_of_weights_[0];
        losses.total += weights_.value * losses.value;
    }
    if (sum_of_weights_[1] > 0.0) {
        losses.derivative = sums[1] / sum_of_weights_[1];
        losses.total += weights_.derivative * losses.derivative;
    }
    return losses;
}

}  // namespace jetmlp
