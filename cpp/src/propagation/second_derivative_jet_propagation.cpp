#include "propagation/second_derivative_jet_propagation.hpp"

#include "kernels/activations.hpp"
#include "propagation/predictive_propagation.hpp"
#include "propagation/symmetric_pairs.hpp"

#include <algorithm>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::store;
using kernels::Vector;

template <class T>
SecondDerivativeJetPropagation<T>::SecondDerivativeJetPropagation(const PackedLayout<T>& layout,
                                                                  Passes passes)
    : Propagation<T>(layout, layout.layers().front().n_in + n_pairs(layout.layers().front().n_in)),
      n_inputs_(layers_.front().n_in),
      n_pairs_(n_pairs(n_inputs_)),
      passes_(passes),
      buffers_(layers_.size()) {
    const Index n_samples = this->block_samples();
    const Index most_rows = (1 + n_inputs_ + n_pairs_) * n_samples;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Index width = layers_[l].out_stride;
        buffers_[l].z = this->zeros(most_rows, width);
        buffers_[l].a = this->zeros(most_rows, width);
        if (passes == Passes::forward_and_backward) {
            buffers_[l].s2 = this->zeros(n_samples, width);
            buffers_[l].s3 = this->zeros(n_samples, width);
        }
    }
    if (passes == Passes::forward_and_backward) {
        adjoint_ = this->zeros(most_rows, this->widest());
        next_adjoint_ = this->zeros(most_rows, this->widest());
    }
}

template <class T>
void SecondDerivativeJetPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index stride = layers_.back().out_stride;
    const Index next = n_samples * stride;
    const T* const outputs = buffers_.back().a.data();
    this->outputs_ = {outputs, stride, 1, 0};
    this->derivatives_ = {outputs + next, stride, 1, next};
    this->second_derivatives_ = {outputs + (1 + n_inputs_) * next, stride, 1, next};
    if (passes_ == Passes::forward_and_backward) {
        T* const adjoint = adjoint_.data();
        std::fill_n(adjoint, n_rows() * stride, T(0));
        this->output_adjoints_ = {adjoint, stride, 1, 0};
        this->derivative_adjoints_ = {adjoint + next, stride, 1, next};
        this->second_derivative_adjoints_ = {adjoint + (1 + n_inputs_) * next, stride, 1, next};
    }
}

template <class T>
void SecondDerivativeJetPropagation<T>::forward(const PackedParameters<T>& parameters) {
    first_products(parameters);
    activate(0);
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        this->multiply_by_transposed(parameters, layers_[l], n_rows(), buffers_[l - 1].a.data(),
                                     n_samples_, buffers_[l].z.data());
        activate(l);
    }
}

// The z̈_kl of the first layer are zero.
template <class T>
void SecondDerivativeJetPropagation<T>::first_products(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    const Index next = n_samples_ * layer.out_stride;
    T* const z = buffers_.front().z.data();
    this->multiply_by_transposed(parameters, layer, n_samples_, input_.data(), n_samples_, z);
    set_first_tangents(parameters, layer, n_inputs_, n_samples_, z + next);
    std::fill_n(z + (1 + n_inputs_) * next, n_pairs_ * next, T(0));
}

template <class T>
void SecondDerivativeJetPropagation<T>::activate(std::size_t l) {
    kernels::visit(layers_[l].activation,
                   [&]<class Sigma>(Sigma) { this->template activate_by<Sigma>(l); });
}

template <class T>
template <class Sigma>
void SecondDerivativeJetPropagation<T>::activate_by(std::size_t l) {
    const Index next = n_samples_ * layers_[l].out_stride;
    const Index n_inputs = n_inputs_;
    T* const z = buffers_[l].z.data();
    T* const a = buffers_[l].a.data();
    T* const s2 = buffers_[l].s2.data();
    T* const s3 = buffers_[l].s3.data();
    const bool keep_slopes = passes_ == Passes::forward_and_backward;
    kernels::for_each_pack<T, Sigma::pack>(
        next, [=]<int N>(Index at) __attribute__((always_inline)) {
            const kernels::ActivationJet<T, N> jet = Sigma::at(load_pack<N>(z + at));
            store(a + at, jet.a);
            if (keep_slopes) {
                store(z + at, jet.s1);
                store(s2 + at, jet.s2);
                store(s3 + at, jet.s3);
            }
            const T* const tangents = z + at + next;
            Index pair = at + (1 + n_inputs) * next;
            for (Index k = 0; k < n_inputs; ++k) {
                const kernels::Pack<T, N> tangent = load_pack<N>(tangents + k * next);
                const kernels::Pack<T, N> bent = jet.s2 * tangent;
                store(a + at + (1 + k) * next, jet.s1 * tangent);
                for (Index other = k; other < n_inputs; ++other, pair += next) {
                    store(a + pair, jet.s1 * load_pack<N>(z + pair) +
                                        bent * load_pack<N>(tangents + other * next));
                }
            }
        });
}

template <class T>
void SecondDerivativeJetPropagation<T>::activate_adjoint(std::size_t l) {
    const Index next = n_samples_ * layers_[l].out_stride;
    const Index n_inputs = n_inputs_;
    const T* const slopes = buffers_[l].z.data();  // s1, then the ż_k and the z̈_kl
    const T* const curvatures = buffers_[l].s2.data();
    const T* const s3 = buffers_[l].s3.data();
    T* const adjoints = adjoint_.data();
    for (Index at = 0; at < next; at += lanes<T>) {
        const Vector<T> s1 = load(slopes + at);
        const Vector<T> s2 = load(curvatures + at);
        const T* const z = slopes + at;
        T* const adjoint = adjoints + at;
        Vector<T> by_s2{};  // what σ'' multiplies in z̄
        Vector<T> by_s3{};
        for (Index k = 0; k < n_inputs; ++k) {
            const Vector<T> tangent_adjoint = load(adjoint + (1 + k) * next);
            by_s2 += load(z + (1 + k) * next) * tangent_adjoint;
            store(adjoint + (1 + k) * next, s1 * tangent_adjoint);
        }
        Index pair = (1 + n_inputs) * next;
        for (Index k = 0; k < n_inputs; ++k) {
            const Vector<T> tangent = load(z + (1 + k) * next);
            // What the pairs add to ż̄_k, kept out of memory; both halves of a square go there, as
            // ∂(ż_k²)/∂ż_k = 2ż_k.
            Vector<T> tangent_adjoint = load(adjoint + (1 + k) * next);
            for (Index other = k; other < n_inputs; ++other, pair += next) {
                const Vector<T> other_tangent = load(z + (1 + other) * next);
                const Vector<T> pair_adjoint = load(adjoint + pair);
                const Vector<T> bent = s2 * pair_adjoint;
                by_s2 += load(z + pair) * pair_adjoint;
                by_s3 += tangent * other_tangent * pair_adjoint;
                store(adjoint + pair, s1 * pair_adjoint);
                tangent_adjoint += bent * other_tangent;
                if (other == k) {
                    tangent_adjoint += bent * tangent;
                } else {
                    T* const of_other = adjoint + (1 + other) * next;
                    store(of_other, load(of_other) + bent * tangent);
                }
            }
            store(adjoint + (1 + k) * next, tangent_adjoint);
        }
        store(adjoint, s1 * load(adjoint) + s2 * by_s2 + load(s3 + at) * by_s3);
    }
}

template <class T>
void SecondDerivativeJetPropagation<T>::backward(const PackedParameters<T>& parameters,
                                                 T* packed_gradient) {
    for (std::size_t l = layers_.size(); l-- > 0;) {
        activate_adjoint(l);
        this->add_bias_gradient(layers_[l], n_samples_, adjoint_.data(), packed_gradient);
        if (l > 0) {
            this->add_weights_gradient(l, n_rows(), adjoint_.data(), buffers_[l - 1].a.data(),
                                       packed_gradient);
            this->multiply(parameters, layers_[l], n_rows(), adjoint_.data(), next_adjoint_.data());
            std::swap(adjoint_, next_adjoint_);
        }
    }
    this->add_first_weights_gradient(n_inputs_, adjoint_.data(), packed_gradient);  // ä_kl are zero
}

template class SecondDerivativeJetPropagation<float>;
template class SecondDerivativeJetPropagation<double>;

}  // namespace jetmlp
