#include "propagation/second_derivative_jet_propagation.hpp"

#include "kernels/activations.hpp"
#include "propagation/symmetric_pairs.hpp"

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::store;
using kernels::Vector;

template <class T>
SecondDerivativeJetPropagation<T>::SecondDerivativeJetPropagation(const PackedLayout<T>& layout,
                                                                  Passes passes)
    : StackedPropagation<T>(layout,
                            {layout.layers().front().n_in, n_pairs(layout.layers().front().n_in)},
                            passes, Tangents::along_inputs) {
    if (passes == Passes::forward_and_backward) {
        s2_ = this->layer_rows(this->block_samples());
        s3_ = this->layer_rows(this->block_samples());
    }
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
    const Index n_inputs = groups_.tangents;
    T* const z = z_[l].data();
    T* const a = a_[l].data();
    const bool keep_slopes = passes_ == Passes::forward_and_backward;
    T* const s2 = keep_slopes ? s2_[l].data() : nullptr;
    T* const s3 = keep_slopes ? s3_[l].data() : nullptr;
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
    const Index n_inputs = groups_.tangents;
    const T* const slopes = z_[l].data();  // s1, then the ż_k and the z̈_kl
    const T* const curvatures = s2_[l].data();
    const T* const s3 = s3_[l].data();
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

template class SecondDerivativeJetPropagation<float>;
template class SecondDerivativeJetPropagation<double>;

}  // namespace jetmlp
