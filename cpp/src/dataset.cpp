#include <jetmlp/dataset.hpp>

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

}  // namespace

template <class T>
Dataset<T>::Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs,
                    const T* values, const T* derivatives, SampleWeights<T> weights,
                    Directions<T> directions)
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
    if (values == nullptr && derivatives == nullptr) {
        throw std::invalid_argument("Y and dYdX: expected at least one of them");
    }
    inputs_.assign(inputs, inputs + n_samples * n_inputs);
    if (directions.data != nullptr) {
        directions_.assign(directions.data, directions.data + n_samples * n_tangents_ * n_inputs);
    }
    if (values != nullptr) {
        take_values(values, weights.values);
    }
    if (derivatives != nullptr) {
        take_derivatives(derivatives, weights.derivatives);
    }
}

// What counts nothing becomes NaN: one way to be absent is enough for all that follows.
template <class T>
void Dataset<T>::take_values(const T* values, const T* weights) {
    values_.assign(values, values + n_samples_ * n_outputs_);
    if (weights != nullptr) {
        value_weights_.assign(weights, weights + n_samples_);
        for (Index i = 0; i < n_samples_; ++i) {
            if (weights[i] == T(0)) {
                std::fill_n(values_.begin() + i * n_outputs_, n_outputs_,
                            std::numeric_limits<T>::quiet_NaN());
            }
        }
    }
    if (weights == nullptr && !any_missing(values_)) {
        return;
    }
    for (Index i = 0; i < n_samples_; ++i) {
        double total = 0.0;
        for (Index o = 0; o < n_outputs_; ++o) {
            total += std::isnan(value(i)[o]) ? 0.0 : static_cast<double>(value_weight(i));
        }
        value_totals_.push_back(total);
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
