#include <jetmlp/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

// How many of each sample's numbers are not NaN.
template <class T>
std::vector<std::uint32_t> count_present(const std::vector<T>& numbers, Index per_sample) {
    std::vector<std::uint32_t> counts;
    for (auto at = numbers.begin(); at != numbers.end(); at += per_sample) {
        counts.push_back(static_cast<std::uint32_t>(
            std::count_if(at, at + per_sample, [](T entry) { return !std::isnan(entry); })));
    }
    return counts;
}

}  // namespace

template <class T>
Dataset<T>::Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs,
                    const T* values, const T* derivatives, const T* second_derivatives)
    : n_samples_(n_samples), n_inputs_(n_inputs), n_outputs_(n_outputs) {
    if (n_samples < 1) {
        throw std::invalid_argument("X: expected at least one sample");
    }
    if (!std::in_range<std::uint32_t>(n_samples)) {
        throw std::invalid_argument("X: expected fewer than 2³² samples");
    }
    if (values == nullptr && derivatives == nullptr && second_derivatives == nullptr) {
        throw std::invalid_argument("Y, dYdX and d2YdX2: expected at least one of them");
    }
    inputs_.assign(inputs, inputs + n_samples * n_inputs);
    if (values != nullptr) {
        values_.assign(values, values + n_samples * n_outputs);
    }
    if (derivatives != nullptr) {
        const Index per_sample = n_outputs * n_inputs;
        derivatives_.assign(derivatives, derivatives + n_samples * per_sample);
        derivatives_present_ = count_present(derivatives_, per_sample);
    }
    if (second_derivatives != nullptr) {
        const Index per_sample = n_outputs * n_inputs * n_inputs;
        second_derivatives_.assign(second_derivatives, second_derivatives + n_samples * per_sample);
        second_derivatives_present_ = count_present(second_derivatives_, per_sample);
    }
}

template class Dataset<float>;
template class Dataset<double>;

}  // namespace jetmlp
