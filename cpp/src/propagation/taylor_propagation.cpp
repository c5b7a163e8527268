#include "propagation/taylor_propagation.hpp"

#include "kernels/activations.hpp"

#include <algorithm>

namespace jetmlp {

using kernels::load_pack;
using kernels::Pack;
using kernels::store;

template <class T>
TaylorPropagation<T>::TaylorPropagation(const PackedLayout<T>& layout)
    : ForwardPropagation<T>(layout, n_orders) {
    const Index n_samples = this->block_samples();
    direction_ = this->zeros(n_samples, layers_.front().in_stride);
    z_ = this->layer_rows((1 + n_orders) * n_samples);
    a_ = this->layer_rows((1 + n_orders) * n_samples);
}

template <class T>
void TaylorPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
}

template <class T>
void TaylorPropagation<T>::forward(const PackedParameters<T>& parameters) {
    const PackedLayer& first = layers_.front();
    const Index next = n_samples_ * first.out_stride;
    T* const z = z_.front().data();
    this->set_first_values(parameters, z);
    this->multiply_by_transposed(parameters, first, n_samples_, direction_.data(), 0, z + next);
    std::fill_n(z + 2 * next, 2 * next, T(0));
    this->through_layers(parameters, (1 + n_orders) * n_samples_, z_, a_,
                         [this](std::size_t l) { activate(l); });
}

template <class T>
void TaylorPropagation<T>::activate(std::size_t l) {
    const Index next = n_samples_ * layers_[l].out_stride;
    const T* const z = z_[l].data();
    T* const a = a_[l].data();
    kernels::visit(layers_[l].activation, [=]<class Sigma>(Sigma) {
        kernels::for_each_pack<T, Sigma::pack>(
            next, [=]<int N>(Index at) __attribute__((always_inline)) {
                const kernels::ActivationJet<T, N> jet = Sigma::at(load_pack<N>(z + at));
                const Pack<T, N> first = load_pack<N>(z + at + next);
                const Pack<T, N> second = load_pack<N>(z + at + 2 * next);
                const Pack<T, N> third = load_pack<N>(z + at + 3 * next);
                const Pack<T, N> bent = jet.s2 * first;
                store(a + at, jet.a);
                store(a + at + next, jet.s1 * first);
                store(a + at + 2 * next, jet.s1 * second + bent * first);
                store(a + at + 3 * next,
                      jet.s1 * third + T(3) * bent * second + jet.s3 * first * first * first);
            });
    });
}

template class TaylorPropagation<float>;
template class TaylorPropagation<double>;

}  // namespace jetmlp
