#include "directional_propagation.hpp"

#include "kernels/activations.hpp"

#include <algorithm>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::store;
using kernels::Vector;

template <class T>
DirectionalPropagation<T>::DirectionalPropagation(const PackedLayout<T>& layout)
    : PredictivePropagation<T>(layout, n_orders) {
    const Index n_samples = this->block_samples();
    direction_ = this->zeros(n_samples, layers_.front().in_stride);
    z_ = this->zeros((1 + n_orders) * n_samples, this->widest());
    a_ = this->zeros((1 + n_orders) * n_samples, this->widest());
}

template <class T>
void DirectionalPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index stride = layers_.back().out_stride;
    this->outputs_ = {a_.data(), stride, 1, 0};
}

template <class T>
void DirectionalPropagation<T>::forward(const PackedParameters<T>& parameters) {
    const PackedLayer& first = layers_.front();
    const Index next = n_samples_ * first.out_stride;
    this->multiply_by_transposed(parameters, first, n_samples_, input_.data(), z_.data());
    this->multiply_by_transposed(parameters, first, n_samples_, direction_.data(),
                                 z_.data() + next);
    std::fill_n(z_.begin() + 2 * next, 2 * next, T(0));
    activate(parameters.bias(first), first);
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        this->multiply_by_transposed(parameters, layers_[l], (1 + n_orders) * n_samples_, a_.data(),
                                     z_.data());
        activate(parameters.bias(layers_[l]), layers_[l]);
    }
}

template <class T>
void DirectionalPropagation<T>::activate(const T* bias, const PackedLayer& layer) {
    const Index next = n_samples_ * layer.out_stride;
    kernels::visit(layer.activation, [&]<class Sigma>(Sigma) {
        for (Index at = 0; at < next; at += lanes<T>) {
            const T* const z = z_.data() + at;
            T* const a = a_.data() + at;
            const kernels::ActivationJet<T> jet =
                Sigma::template at<T>(load(z) + load(bias + at % layer.out_stride));
            const Vector<T> first = load(z + next);
            const Vector<T> second = load(z + 2 * next);
            const Vector<T> bent = jet.s2 * first;
            store(a, jet.a);
            store(a + next, jet.s1 * first);
            store(a + 2 * next, jet.s1 * second + bent * first);
            store(a + 3 * next, jet.s1 * load(z + 3 * next) + T(3) * bent * second +
                                    jet.s3 * first * first * first);
        }
    });
}

template class DirectionalPropagation<float>;
template class DirectionalPropagation<double>;

}  // namespace jetmlp
