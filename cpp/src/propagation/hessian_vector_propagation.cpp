#include "propagation/hessian_vector_propagation.hpp"

#include "kernels/activations.hpp"

#include <algorithm>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::store;
using kernels::Vector;

template <class T>
HessianVectorPropagation<T>::HessianVectorPropagation(const PackedLayout<T>& layout)
    : ForwardPropagation<T>(layout, 2 * layout.layers().back().n_out - 1),
      n_outputs_(layers_.back().n_out) {
    const Index n_samples = this->block_samples();
    const Index in_stride = layers_.front().in_stride;
    z_ = this->layer_rows(2 * n_samples);
    a_ = this->layer_rows(2 * n_samples);
    s1_ = this->layer_rows(n_samples);
    s1_dot_ = this->layer_rows(n_samples);
    direction_ = this->zeros(n_samples, in_stride);
    gradient_ = this->zeros(2 * n_outputs_ * n_samples, this->widest());
    next_gradient_ = this->zeros(2 * n_outputs_ * n_samples, this->widest());
    result_ = this->zeros(n_outputs_ * n_samples, in_stride);
}

template <class T>
void HessianVectorPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index in_stride = layers_.front().in_stride;
    this->second_derivatives_ = {result_.data(), in_stride, n_samples * in_stride, 1};
}

template <class T>
void HessianVectorPropagation<T>::forward(const PackedParameters<T>& parameters) {
    const PackedLayer& first = layers_.front();
    T* const z = z_.front().data();
    this->set_first_values(parameters, z);
    this->multiply_by_transposed(parameters, first, n_samples_, direction_.data(), 0,
                                 z + n_samples_ * first.out_stride);
    this->through_layers(parameters, 2 * n_samples_, z_, a_,
                         [this](std::size_t l) { activate(l); });
    sweep_gradients(parameters);
}

template <class T>
void HessianVectorPropagation<T>::activate(std::size_t l) {
    const Index next = n_samples_ * layers_[l].out_stride;
    const T* const z = z_[l].data();
    T* const a = a_[l].data();
    T* const s1 = s1_[l].data();
    T* const s1_dot = s1_dot_[l].data();
    kernels::visit(layers_[l].activation, [=]<class Sigma>(Sigma) {
        kernels::for_each_pack<T, Sigma::pack>(
            next, [=]<int N>(Index at) __attribute__((always_inline)) {
                const kernels::ActivationJet<T, N> jet = Sigma::at(load_pack<N>(z + at));
                const kernels::Pack<T, N> tangent = load_pack<N>(z + at + next);
                store(a + at, jet.a);
                store(a + at + next, jet.s1 * tangent);
                store(s1 + at, jet.s1);
                store(s1_dot + at, jet.s2 * tangent);
            });
    });
}

template <class T>
void HessianVectorPropagation<T>::sweep_gradients(const PackedParameters<T>& parameters) {
    const Index n_rows = n_outputs_ * n_samples_;
    const Index out_stride = layers_.back().out_stride;
    std::fill_n(gradient_.begin(), 2 * n_rows * out_stride, T(0));
    for (Index row = 0; row < n_rows; ++row) {
        gradient_[static_cast<std::size_t>(row * out_stride + row / n_samples_)] = T(1);
    }
    for (std::size_t l = layers_.size(); l-- > 1;) {
        scale_gradients(l);
        this->multiply(parameters, layers_[l], 2 * n_rows, gradient_.data(), next_gradient_.data());
        std::swap(gradient_, next_gradient_);
    }
    scale_gradients(0);
    this->multiply(parameters, layers_.front(), n_rows,
                   gradient_.data() + n_rows * layers_.front().out_stride, result_.data());
}

// From g and ġ of layer l+1 to u and u̇ of layer l.
template <class T>
void HessianVectorPropagation<T>::scale_gradients(std::size_t l) {
    const Index size = n_samples_ * layers_[l].out_stride;
    for (Index o = 0; o < n_outputs_; ++o) {
        T* const g = gradient_.data() + o * size;
        T* const g_dot = g + n_outputs_ * size;
        for (Index at = 0; at < size; at += lanes<T>) {
            const Vector<T> s1 = load(s1_[l].data() + at);
            const Vector<T> gradient = load(g + at);
            store(g_dot + at, load(g_dot + at) * s1 + gradient * load(s1_dot_[l].data() + at));
            store(g + at, gradient * s1);
        }
    }
}

template class HessianVectorPropagation<float>;
template class HessianVectorPropagation<double>;

}  // namespace jetmlp
