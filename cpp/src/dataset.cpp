#include <jetmlp/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace jetmlp {

template <class T>
Dataset<T>::Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs,
                    const T* values, const T* derivatives)
    : n_samples_(n_samples), n_inputs_(n_inputs), n_outputs_(n_outputs) {
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
    if (values != nullptr) {
        values_.assign(values, values + n_samples * n_outputs);
    }
    if (derivatives != nullptr) {
        const Index per_sample = n_outputs * n_inputs;
        derivatives_.assign(derivatives, derivatives + n_samples * per_sample);
        for (Index i = 0; i < n_samples; ++i) {
            derivatives_present_.push_back(static_cast<std::uint32_t>(
                std::count_if(derivative(i), derivative(i) + per_sample,
                              [](T entry) { return !std::isnan(entry); })));
        }
    }
}

template class Dataset<float>;
template class Dataset<double>;

}  // namespace jetmlp
