#include "propagation/stacked_propagation.hpp"

#include <algorithm>
#include <utility>

namespace jetmlp {

template <class T>
StackedPropagation<T>::StackedPropagation(const PackedLayout<T>& layout, DerivativeGroups groups,
                                          Passes passes, Tangents tangents)
    : Propagation<T>(layout, groups.tangents + groups.second_derivatives),
      groups_(groups),
      passes_(passes),
      tangents_(tangents) {
    const Index most_rows = n_groups() * this->block_samples();
    z_ = this->layer_rows(most_rows);
    a_ = this->layer_rows(most_rows);
    if (tangents == Tangents::given) {
        input_ = this->zeros(most_rows, layers_.front().in_stride);
    }
    if (passes == Passes::forward_and_backward) {
        adjoint_ = this->zeros(most_rows, this->widest());
        next_adjoint_ = this->zeros(most_rows, this->widest());
    }
}

template <class T>
void StackedPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index stride = layers_.back().out_stride;
    const Index group = n_samples * stride;
    const Index second = (1 + groups_.tangents) * group;
    const T* const outputs = a_.back().data();
    this->outputs_ = {outputs, stride, 1, 0};
    this->derivatives_ = {outputs + group, stride, 1, group};
    this->second_derivatives_ = {outputs + second, stride, 1, group};
    if (passes_ == Passes::forward_and_backward) {
        T* const adjoints = adjoint_.data();
        std::fill_n(adjoints, n_groups() * group, T(0));
        this->output_adjoints_ = {adjoints, stride, 1, 0};
        this->derivative_adjoints_ = {adjoints + group, stride, 1, group};
        this->second_derivative_adjoints_ = {adjoints + second, stride, 1, group};
    }
}

template <class T>
void StackedPropagation<T>::forward(const PackedParameters<T>& parameters) {
    set_first_rows(parameters);
    this->through_layers(parameters, n_groups() * n_samples_, z_, a_,
                         [this](std::size_t l) { activate(l); });
}

// Given directions stand behind the inputs: ż_k = W v_k. The ä_p of the inputs are zero.
template <class T>
void StackedPropagation<T>::set_first_rows(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    const Index group = n_samples_ * layer.out_stride;
    T* const z = z_.front().data();
    if (tangents_ == Tangents::given) {
        this->multiply_by_transposed(parameters, layer, (1 + groups_.tangents) * n_samples_,
                                     input_.data(), n_samples_, z);
    } else {
        this->set_first_values(parameters, z);
        if (groups_.tangents > 0) {
            this->set_first_tangents(parameters, z + group);
        }
    }
    std::fill_n(z + (1 + groups_.tangents) * group, groups_.second_derivatives * group, T(0));
}

template <class T>
void StackedPropagation<T>::backward(const PackedParameters<T>& parameters, T* packed_gradient) {
    const Index n_rows = n_groups() * n_samples_;
    for (std::size_t l = layers_.size(); l > 0;) {
        --l;
        activate_adjoint(l);
        this->add_bias_gradient(layers_[l], n_samples_, adjoint_.data(), packed_gradient);
        if (l > 0) {
            this->add_weights_gradient(l, n_rows, adjoint_.data(), a_[l - 1].data(),
                                       packed_gradient);
            this->multiply(parameters, layers_[l], n_rows, adjoint_.data(), next_adjoint_.data());
            std::swap(adjoint_, next_adjoint_);
        }
    }
    if (tangents_ == Tangents::given) {  // W̄ᵀ += Σ x z̄ᵀ + Σ v_k ż̄_kᵀ
        this->add_weights_gradient(0, n_rows, adjoint_.data(), input_.data(), packed_gradient);
    } else {
        this->add_first_weights_gradient(groups_.tangents, adjoint_.data(), packed_gradient);
    }
}

template class StackedPropagation<float>;
template class StackedPropagation<double>;

}  // namespace jetmlp
