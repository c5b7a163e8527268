#include "propagation/laplacian_propagation.hpp"

#include "kernels/activations.hpp"

#include <algorithm>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::Pack;
using kernels::store;

template <class T>
LaplacianPropagation<T>::LaplacianPropagation(const PackedLayout<T>& layout, const T* input_factors)
    : ForwardPropagation<T>(layout, layout.layers().front().n_in + 1),
      n_inputs_(layers_.front().n_in),
      input_factors_(input_factors) {
    const Index most_rows = (n_inputs_ + 2) * this->block_samples();
    z_ = this->layer_rows(most_rows);
    a_ = this->layer_rows(most_rows);
}

template <class T>
void LaplacianPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index stride = layers_.back().out_stride;
    this->second_derivatives_ = {a_.back().data() + (1 + n_inputs_) * n_samples * stride, stride, 1,
                                 0};
}

template <class T>
void LaplacianPropagation<T>::forward(const PackedParameters<T>& parameters) {
    set_first_rows(parameters);
    this->through_layers(parameters, (2 + n_inputs_) * n_samples_, z_, a_,
                         [this](std::size_t l) { activate(l); });
}

template <class T>
void LaplacianPropagation<T>::set_first_rows(const PackedParameters<T>& parameters) {
    const Index next_tangent = n_samples_ * layers_.front().out_stride;
    T* const z = z_.front().data();
    this->set_first_values(parameters, z);
    this->set_first_tangents(parameters, z + next_tangent);
    for (Index k = 0; input_factors_ != nullptr && k < n_inputs_; ++k) {
        T* const tangents = z + (1 + k) * next_tangent;
        for (Index at = 0; at < next_tangent; at += lanes<T>) {
            store(tangents + at, input_factors_[k] * load(tangents + at));
        }
    }
    std::fill_n(z + (1 + n_inputs_) * next_tangent, next_tangent, T(0));
}

template <class T>
void LaplacianPropagation<T>::activate(std::size_t l) {
    const Index next = n_samples_ * layers_[l].out_stride;
    const Index n_inputs = n_inputs_;
    const T* const z = z_[l].data();
    T* const a = a_[l].data();
    kernels::visit(layers_[l].activation, [=]<class Sigma>(Sigma) {
        kernels::for_each_pack<T, Sigma::pack>(
            next, [=]<int N>(Index at) __attribute__((always_inline)) {
                const kernels::ActivationJet<T, N> jet = Sigma::at(load_pack<N>(z + at));
                store(a + at, jet.a);
                Pack<T, N> squares{};
                for (Index k = 1; k <= n_inputs; ++k) {
                    const Pack<T, N> tangent = load_pack<N>(z + at + k * next);
                    squares = squares + tangent * tangent;
                    store(a + at + k * next, jet.s1 * tangent);
                }
                const Index last = at + (1 + n_inputs) * next;
                store(a + last, jet.s1 * load_pack<N>(z + last) + jet.s2 * squares);
            });
    });
}

template class LaplacianPropagation<float>;
template class LaplacianPropagation<double>;

}  // namespace jetmlp
