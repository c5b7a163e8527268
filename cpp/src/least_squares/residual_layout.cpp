#include "least_squares/residual_layout.hpp"

#include "linear_algebra/sums.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace jetmlp {

namespace {

// Products of blocks about this wide run at full speed, and their results stay in the caches.
constexpr Index wanted_width = 32;
// Block lengths are multiples of the longest vectors of doubles, at every level.
constexpr Index granule = 8;

// Group k of an output: its value, then its derivative along input k − 1.
struct Entry {
    Term term;
    Index at;  // among the entries of a sample
};
Entry entry_of(Index o, Index k, Index n_inputs) {
    return k == 0 ? Entry{Term::value, o} : Entry{Term::derivative, o * n_inputs + k - 1};
}

}  // namespace

ResidualLayout::ResidualLayout(const Dataset<double>& data, const LossWeights& weights)
    : ResidualLayout(data, weights, data.n_samples()) {
    order_samples(data);
    set_entries(data, data.all_rows());
}

ResidualLayout::ResidualLayout(const Dataset<double>& data, const LossWeights& weights,
                               Index most_samples)
    : n_samples_(data.n_samples()),
      n_outputs_(data.n_outputs()),
      n_tangents_(data.has(Term::derivative) ? data.n_inputs() : 0),
      weights_(weights),
      has_values_(data.has(Term::value)) {
    const Index wanted = std::max(granule, wanted_width / n_groups() / granule * granule);
    const Index n_blocks = (most_samples + wanted - 1) / wanted;
    const Index even_share = (most_samples + n_blocks - 1) / n_blocks;
    block_samples_ = (even_share + granule - 1) / granule * granule;
    blocks_.resize(static_cast<std::size_t>((most_samples + block_samples_ - 1) / block_samples_));
    const auto size = static_cast<std::size_t>(n_positions());
    samples_.assign(static_cast<std::size_t>(this->n_blocks() * block_samples_), -1);
    targets_.resize(size);
    weight_of_.resize(size);
    scales_.resize(size);
    entries_.reserve(size);
}

void ResidualLayout::assign(const Dataset<double>& data, Rows rows) {
    std::ranges::fill(samples_, -1);
    for (Index i = 0; i < rows.count; ++i) {
        samples_[static_cast<std::size_t>(i)] = rows[i];
    }
    set_entries(data, rows);
}

// Samples with the same entries present stand together, so that most blocks are whole.
void ResidualLayout::order_samples(const Dataset<double>& data) {
    std::vector<std::vector<bool>> patterns(static_cast<std::size_t>(n_samples_));
    for (Index sample = 0; sample < n_samples_; ++sample) {
        std::vector<bool>& pattern = patterns[static_cast<std::size_t>(sample)];
        for (Index o = 0; o < n_outputs_; ++o) {
            for (Index k = 0; k <= n_tangents_; ++k) {
                const auto [term, at] = entry_of(o, k, data.n_inputs());
                pattern.push_back(data.weight_or_absence(term, sample, at) > 0.0);
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

void ResidualLayout::set_entries(const Dataset<double>& data, Rows rows) {
    std::ranges::fill(targets_, 0.0);
    std::ranges::fill(weight_of_, 0.0);
    std::ranges::fill(scales_, 0.0);
    entries_.clear();
    const Index d = data.n_inputs();
    for (const Term term : {Term::value, Term::derivative}) {
        total_weights_[term] = data.total_weight(term, rows);
    }
    const Index n_values = has_values_ ? n_samples_ * n_outputs_ : 0;
    Index position = 0;
    for (Index b = 0; b < n_blocks(); ++b) {
        Block& block = blocks_[static_cast<std::size_t>(b)];
        block.first_residual = n_residuals();
        block.present.clear();
        for (Index group = 0; group < n_groups(); ++group) {
            const Index o = group / (1 + n_tangents_);
            const Index k = group % (1 + n_tangents_);
            const auto [term, at] = entry_of(o, k, d);
            for (Index i = 0; i < block_samples_; ++i, ++position) {
                const Index its_sample = sample(b * block_samples_ + i);
                const double weight =
                    its_sample < 0 ? 0.0 : data.weight_or_absence(term, its_sample, at);
                if (weight == 0.0) {
                    continue;
                }
                const auto here = static_cast<std::size_t>(position);
                targets_[here] = data.entries(term, its_sample)[at];
                weight_of_[here] = weight;
                scales_[here] = std::sqrt(weights_.terms[term] * weight / total_weights_[term]);
                if (scales_[here] > 0.0) {
                    block.present.push_back(static_cast<std::uint32_t>(position % block_width()));
                    entries_.push_back(term == Term::value
                                           ? its_sample * n_outputs_ + at
                                           : n_values + its_sample * n_outputs_ * d + at);
                }
            }
        }
    }
}

Losses ResidualLayout::residuals(const double* predictions, double* residuals) const {
    Terms<double> sums;
    Index position = 0;
    for (Index b = 0; b < n_blocks(); ++b) {
        for (Index group = 0; group < n_groups(); ++group) {
            double sum = 0.0;
            for (Index i = 0; i < block_samples_; ++i, ++position) {
                const auto here = static_cast<std::size_t>(position);
                if (weight_of_[here] > 0.0) {
                    const double error = predictions[position] - targets_[here];
                    sum = add_weighted_square(sum, weight_of_[here], error);
                }
            }
            sums[group % (1 + n_tangents_) == 0 ? Term::value : Term::derivative] += sum;
        }
        for (const std::uint32_t at : block(b).present) {
            const auto here = static_cast<std::size_t>(b * block_width() + at);
            *residuals++ = scales_[here] * (predictions[here] - targets_[here]);
        }
    }
    return losses_from(sums, total_weights_, weights_);
}

}  // namespace jetmlp
