#include "network/packed_parameters.hpp"
#include "predict/units.hpp"
#include "propagation/factory.hpp"

#include <jetmlp/predict/predictor.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace jetmlp {

template <class T>
struct Predictor<T>::Network {
    explicit Network(const Architecture& architecture) : parameters(architecture) {}

    PackedParameters<T> parameters;
    // Of values alone and with the Jacobian, each made when it is first asked for.
    std::unique_ptr<ForwardPropagation<T>> propagations[2];
    std::vector<T> row;  // results of one sample
};

template <class T>
Predictor<T>::Predictor(const Architecture& architecture, const T* parameters, Units units)
    : n_inputs_(architecture.n_inputs()),
      n_outputs_(architecture.n_outputs()),
      units_(std::move(units)),
      network_(std::make_unique<Network>(architecture)) {
    network_->parameters.assign(architecture, parameters);
    network_->row.resize(static_cast<std::size_t>(n_outputs_ * n_inputs_));
    for (const double y_scale : units_.y_scale) {
        for (const double x_scale : units_.x_scale) {
            slope_units_.push_back(y_scale / x_scale);
        }
    }
}

template <class T>
Predictor<T>::Predictor(Predictor&&) noexcept = default;

template <class T>
Predictor<T>::~Predictor() = default;

template <class T>
template <class Number>
void Predictor<T>::predict(Index n_samples, const double* inputs, Number* values,
                           Number* jacobian) {
    const Index d = n_inputs_;
    const Index m = n_outputs_;
    const bool slopes = jacobian != nullptr;
    const double* const mean = has_units() ? units_.x_mean.data() : nullptr;
    auto& propagation = network_->propagations[slopes ? 1 : 0];
    if (!propagation) {
        propagation = make_forward_propagation(network_->parameters.layout(), slopes);
    }
    T* const row = network_->row.data();
    const auto give = [&](Index count, Number* to, [[maybe_unused]] const auto& undo) {
        if constexpr (std::is_same_v<Number, double>) {
            if (has_units()) {
                undo(to);
                return;
            }
        }
        std::copy_n(row, count, to);
    };
    for (Index first = 0; first < n_samples; first += propagation->block_samples()) {
        const Index count = std::min(propagation->block_samples(), n_samples - first);
        propagation->begin(count);
        for (Index i = 0; i < count; ++i) {
            standardise(d, inputs + (first + i) * d, mean, units_.x_scale.data(),
                        propagation->input(i));
        }
        propagation->forward(network_->parameters);
        for (Index i = 0; i < count; ++i) {
            for (Index o = 0; o < m; ++o) {
                row[o] = propagation->output(i, o);
            }
            give(m, values + (first + i) * m, [&](double* to) {
                undo_values(m, row, units_.y_mean.data(), units_.y_scale.data(), to);
            });
            for (Index o = 0; slopes && o < m; ++o) {
                for (Index k = 0; k < d; ++k) {
                    row[o * d + k] = propagation->derivative(i, o, k);
                }
            }
            if (slopes) {
                give(m * d, jacobian + (first + i) * m * d,
                     [&](double* to) { undo_slopes(m * d, row, slope_units_.data(), to); });
            }
        }
    }
}

template class Predictor<float>;
template class Predictor<double>;
template void Predictor<float>::predict(Index, const double*, float*, float*);
template void Predictor<float>::predict(Index, const double*, double*, double*);
template void Predictor<double>::predict(Index, const double*, double*, double*);

}  // namespace jetmlp
