#include <jetmlp/loss/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

template <class T>
bool any_missing(const std::vector<T>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](T entry) { return std::isnan(entry); });
}

// What counts nothing becomes NaN: one way to be absent is enough for all that follows.
//
// Takes entries that have the weight of their sample, and Σω of every sample unless all are there
// and count 1.
template <class T>
void take_by_sample(const T* from, Index n_samples, Index per_sample, const std::vector<T>& weights,
                    std::vector<T>& entries, std::vector<double>& totals) {
    entries.assign(from, from + n_samples * per_sample);
    for (Index i = 0; i < static_cast<Index>(weights.size()); ++i) {
        if (weights[static_cast<std::size_t>(i)] == T(0)) {
            std::fill_n(entries.begin() + i * per_sample, per_sample,
                        std::numeric_limits<T>::quiet_NaN());
        }
    }
    if (weights.empty() && !any_missing(entries)) {
        return;
    }
    for (Index i = 0; i < n_samples; ++i) {
        const auto begin = entries.begin() + i * per_sample;
        const double weight = weights.empty() ? 1.0 : weights[static_cast<std::size_t>(i)];
        const auto present =
            std::count_if(begin, begin + per_sample, [](T entry) { return !std::isnan(entry); });
        totals.push_back(weight * static_cast<double>(present));
    }
}

}  // namespace

template <class T>
Dataset<T>::Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs,
                    const T* values, const T* derivatives, const T* second_derivatives,
                    SampleWeights<T> weights, Directions<T> directions)
    : n_samples_(n_samples),
      n_inputs_(n_inputs),
      n_outputs_(n_outputs),
      n_tangents_(directions.data == nullptr ? n_inputs : directions.count) {
    if (n_samples < 1) {
        throw std::invalid_argument("X: expected at least one sample");
    }
    if (!std::in_range<std::uint32_t>(n_samples)) {
        throw std::invalid_argument("X: expected fewer than 2³² samples");
    }
    if (values == nullptr && derivatives == nullptr && second_derivatives == nullptr) {
        throw std::invalid_argument("Y, dYdX and d2YdX2: expected at least one of them");
    }
    if (second_derivatives != nullptr && directions.data != nullptr) {
        throw std::invalid_argument("d2YdX2: expected no directions beside it");
    }
    inputs_.assign(inputs, inputs + n_samples * n_inputs);
    if (directions.data != nullptr) {
        directions_.assign(directions.data, directions.data + n_samples * n_tangents_ * n_inputs);
    }
    if (weights.samples != nullptr) {
        sample_weights_.assign(weights.samples, weights.samples + n_samples);
    }
    if (values != nullptr) {
        take_by_sample(values, n_samples, n_outputs, sample_weights_, values_, value_totals_);
    }
    if (derivatives != nullptr) {
        take_derivatives(derivatives, weights.derivatives);
    }
    if (second_derivatives != nullptr) {
        take_by_sample(second_derivatives, n_samples, n_outputs * n_inputs * n_inputs,
                       sample_weights_, second_derivatives_, second_derivative_totals_);
    }
}

template <class T>
void Dataset<T>::take_derivatives(const T* derivatives, const T* weights) {
    const Index per_sample = n_outputs_ * n_tangents_;
    const Index size = n_samples_ * per_sample;
    derivatives_.assign(derivatives, derivatives + size);
    if (weights != nullptr) {
        derivative_weights_.assign(weights, weights + size);
        for (std::size_t at = 0; at < derivatives_.size(); ++at) {
            if (derivative_weights_[at] == T(0)) {
                derivatives_[at] = std::numeric_limits<T>::quiet_NaN();
            }
        }
    }
    if (weights == nullptr && !any_missing(derivatives_)) {
        return;
    }
    for (Index i = 0; i < n_samples_; ++i) {
        double total = 0.0;
        for (Index at = 0; at < per_sample; ++at) {
            const T weight = weights == nullptr ? T(1) : weights[i * per_sample + at];
            total += std::isnan(derivative(i)[at]) ? 0.0 : static_cast<double>(weight);
        }
        derivative_totals_.push_back(total);
    }
}

template class Dataset<float>;
template class Dataset<double>;

}  // namespace jetmlp
