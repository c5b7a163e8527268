#include "least_squares/residual_layout.hpp"

#include "linear_algebra/sums.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace jetmlp {

namespace {

// Products of blocks about this wide run at full speed, and their results stay in the caches.
constexpr Index wanted_width = 32;
// Block lengths are multiples of the longest vectors of doubles, at every level.
constexpr Index granule = 8;
constexpr Index samples_of_a_look = 1 << 10;

// Whether any sample has a second derivative of any output along inputs k and l, or l and k.
bool has_pair(const Dataset<double>& data, Index k, Index l) {
    const Index d = data.n_inputs();
    for (Index o = 0; o < data.n_outputs(); ++o) {
        for (const Index entry : {k * d + l, l * d + k}) {
            if (data.count_present(Term::second_derivative, o * d * d + entry) > 0) {
                return true;
            }
        }
    }
    return false;
}

JetSlots slots_of(const Dataset<double>& data) {
    const Index d = data.n_inputs();
    std::vector<TangentPair> pairs;
    for (Index k = 0; data.has(Term::second_derivative) && k < d; ++k) {
        for (Index l = k; l < d; ++l) {
            if (has_pair(data, k, l)) {
                pairs.push_back({k, l});
            }
        }
    }
    const bool any_tangents = data.has(Term::derivative) || data.has(Term::second_derivative);
    return {any_tangents ? data.n_tangents() : 0, std::move(pairs)};
}

}  // namespace

ResidualLayout::ResidualLayout(const Dataset<double>& data, const LossWeights& weights,
                               Index n_penalized)
    : ResidualLayout(data, weights, n_penalized, data.n_samples()) {
    order_samples(data);
    set_entries(data, data.all_rows());
}

ResidualLayout::ResidualLayout(const Dataset<double>& data, const LossWeights& weights,
                               Index n_penalized, Index most_samples)
    : ResidualLayout(weights, n_penalized, data, most_samples) {
    blocks_.resize(static_cast<std::size_t>(n_blocks_));
    slots_.place(block_samples_);
    samples_.assign(count_of(n_blocks_, block_samples_), -1);
    for (Buffer<double>* const numbers : {&targets_, &weight_of_, &scales_}) {
        zero_in_parts(*numbers, n_positions());
    }
    entries_.reserve(static_cast<std::size_t>(n_positions()));
}

ResidualSizes ResidualLayout::most_sizes(const Dataset<double>& data, const LossWeights& weights,
                                         Index n_penalized, Index most_samples) {
    ResidualSizes sizes = ResidualLayout(weights, n_penalized, data, most_samples).sizes();
    sizes.errors = sizes.positions;
    return sizes;
}

// Without the arrays.
ResidualLayout::ResidualLayout(const LossWeights& weights, Index n_penalized,
                               const Dataset<double>& data, Index most_samples)
    : n_samples_(data.n_samples()),
      n_outputs_(data.n_outputs()),
      n_penalized_(n_penalized),
      weights_(weights),
      slots_(slots_of(data)) {
    const Index wanted =
        std::max(granule, wanted_width / (n_outputs_ * slots_.size()) / granule * granule);
    const Index n_blocks = (most_samples + wanted - 1) / wanted;
    const Index even_share = (most_samples + n_blocks - 1) / n_blocks;
    block_samples_ = (even_share + granule - 1) / granule * granule;
    n_blocks_ = (most_samples + block_samples_ - 1) / block_samples_;
    set_parts(data);
}

void ResidualLayout::assign(const Dataset<double>& data, Rows rows) {
    std::ranges::fill(samples_, -1);
    for (Index i = 0; i < rows.count; ++i) {
        samples_[static_cast<std::size_t>(i)] = rows[i];
    }
    set_entries(data, rows);
}

void ResidualLayout::set_parts(const Dataset<double>& data) {
    parts_.push_back({Term::value, 0, 0});
    for (Index k = 0; data.has(Term::derivative) && k < slots_.n_tangents(); ++k) {
        parts_.push_back({Term::derivative, k, JetSlots::tangent(k)});
    }
    const Index d = data.n_inputs();
    for (Index p = 0; p < std::ssize(slots_.pairs()); ++p) {
        const auto [k, l] = slots_.pairs()[static_cast<std::size_t>(p)];
        parts_.push_back({Term::second_derivative, k * d + l, slots_.pair(p)});
        if (k != l) {
            parts_.push_back({Term::second_derivative, l * d + k, slots_.pair(p)});
        }
    }
}

// Samples with the same entries present stand together, so that most blocks are whole.
void ResidualLayout::order_samples(const Dataset<double>& data) {
    std::vector<std::vector<bool>> patterns(static_cast<std::size_t>(n_samples_));
    for (Index sample = 0; sample < n_samples_; ++sample) {
        if (sample % samples_of_a_look == 0) {
            poll_here();
        }
        std::vector<bool>& pattern = patterns[static_cast<std::size_t>(sample)];
        for (Index o = 0; o < n_outputs_; ++o) {
            for (const auto [term, entry, slot] : parts_) {
                const Index at = o * data.per_output(term) + entry;
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
    samples_.resize(count_of(n_blocks(), block_samples_), -1);
}

void ResidualLayout::set_entries(const Dataset<double>& data, Rows rows) {
    for (Buffer<double>* const numbers : {&targets_, &weight_of_, &scales_}) {
        zero_in_parts(*numbers, n_positions());
    }
    entries_.clear();
    kinds_.clear();
    sample_of_error_.clear();
    Terms<Index> first_entries;
    Index n_entries = 0;
    for (const Term term : all_terms) {
        total_weights_[term] = data.total_weight(term, rows);
        first_entries[term] = n_entries;
        n_entries += data.has(term) ? n_samples_ * n_outputs_ * data.per_output(term) : 0;
    }
    Index position = 0;
    for (Index b = 0; b < n_blocks(); ++b) {
        if (b * block_samples_ % samples_of_a_look == 0) {
            poll_here();
        }
        Block& block = blocks_[static_cast<std::size_t>(b)];
        block.first_residual = n_residuals();
        block.present.clear();
        block.columns.clear();
        for (Index group = 0; group < n_groups(); ++group) {
            const Index o = group / std::ssize(parts_);
            const auto [term, entry, slot] =
                parts_[static_cast<std::size_t>(group % std::ssize(parts_))];
            const Index per_output = data.per_output(term);
            const Index at = o * per_output + entry;
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
                    block.columns.push_back(static_cast<std::uint32_t>(
                        (o * slots_.size() + slot) * block_samples_ + i));
                    entries_.push_back(first_entries[term] + its_sample * n_outputs_ * per_output +
                                       at);
                    kinds_.push_back(group);
                    sample_of_error_.push_back(its_sample);
                }
            }
        }
        std::vector<std::uint32_t> all(static_cast<std::size_t>(column_width()));
        std::iota(all.begin(), all.end(), 0U);
        block.whole = block.present == all && block.columns == all;
    }
    entries_.resize(entries_.size() + static_cast<std::size_t>(n_penalized_), -1);
}

std::vector<double> ResidualLayout::by_error(const Buffer<double>& by_position) const {
    std::vector<double> numbers;
    numbers.reserve(entries_.size());
    for (Index b = 0; b < n_blocks(); ++b) {
        for (const std::uint32_t at : block(b).present) {
            numbers.push_back(by_position[static_cast<std::size_t>(b * block_width() + at)]);
        }
    }
    return numbers;
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
            sums[parts_[static_cast<std::size_t>(group % std::ssize(parts_))].term] += sum;
        }
        for (const std::uint32_t at : block(b).present) {
            const auto here = static_cast<std::size_t>(b * block_width() + at);
            *residuals++ = scales_[here] * (predictions[here] - targets_[here]);
        }
    }
    return losses_from(sums, total_weights_, weights_);
}

}  // namespace jetmlp
