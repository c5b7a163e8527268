#include "propagation/jet_propagation.hpp"

#include "kernels/activations.hpp"

namespace jetmlp {

using kernels::CurvatureFollows;
using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::store;
using kernels::Vector;

template <class T>
JetPropagation<T>::JetPropagation(const PackedLayout<T>& layout, Index n_tangents, Passes passes,
                                  Tangents tangents)
    : StackedPropagation<T>(layout, {n_tangents, 0}, passes, tangents) {
    if (passes == Passes::forward_and_backward) {
        s2_ = this->layer_rows(this->block_samples());
    }
}

template <class T>
void JetPropagation<T>::activate(std::size_t l) {
    kernels::visit(layers_[l].activation,
                   [&]<class Sigma>(Sigma) { this->template activate_by<Sigma>(l); });
}

template <class T>
template <class Sigma>
void JetPropagation<T>::activate_by(std::size_t l) {
    const Index size = n_samples_ * layers_[l].out_stride;  // of the values, and of each tangent
    const Index n_tangents = groups_.tangents;
    T* const z = z_[l].data();
    T* const a = a_[l].data();
    const bool keep_slopes = passes_ == Passes::forward_and_backward;
    const bool keep_curvatures =
        keep_slopes && n_tangents > 0 && !CurvatureFollows<Sigma, Vector<T>>;
    T* const s2 = keep_curvatures ? s2_[l].data() : nullptr;
    kernels::for_each_pack<T, Sigma::pack>(
        size, [=]<int N>(Index at) __attribute__((always_inline)) {
            const kernels::ActivationJet<T, N> jet = Sigma::at(load_pack<N>(z + at));
            store(a + at, jet.a);
            if (keep_slopes) {
                store(z + at, jet.s1);
            }
            if (keep_curvatures) {
                store(s2 + at, jet.s2);
            }
            for (Index k = 1; k <= n_tangents; ++k) {
                store(a + at + k * size, jet.s1 * load_pack<N>(z + at + k * size));
            }
        });
}

template <class T>
void JetPropagation<T>::activate_adjoint(std::size_t l) {
    kernels::visit(layers_[l].activation,
                   [&]<class Sigma>(Sigma) { this->template activate_adjoint_by<Sigma>(l); });
}

template <class T>
template <class Sigma>
void JetPropagation<T>::activate_adjoint_by(std::size_t l) {
    const Index size = n_samples_ * layers_[l].out_stride;
    const Index n_tangents = groups_.tangents;
    const T* const z = z_[l].data();  // s1, then the ż_k
    const T* const a = a_[l].data();
    const T* const s2 = s2_[l].data();
    T* const adjoint = adjoint_.data();
    for (Index at = 0; at < size; at += lanes<T>) {
        const Vector<T> s1 = load(z + at);
        Vector<T> z_adjoint = s1 * load(adjoint + at);
        if (n_tangents > 0) {
            Vector<T> through_slope{};
            for (Index k = 1; k <= n_tangents; ++k) {
                const Vector<T> tangent_adjoint = load(adjoint + at + k * size);
                through_slope += load(z + at + k * size) * tangent_adjoint;
                store(adjoint + at + k * size, s1 * tangent_adjoint);
            }
            if constexpr (CurvatureFollows<Sigma, Vector<T>>) {
                z_adjoint += Sigma::curvature(load(a + at), s1) * through_slope;
            } else {
                z_adjoint += load(s2 + at) * through_slope;
            }
        }
        store(adjoint + at, z_adjoint);
    }
}

template class JetPropagation<float>;
template class JetPropagation<double>;

}  // namespace jetmlp
