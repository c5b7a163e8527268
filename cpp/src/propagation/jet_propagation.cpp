#include "propagation/jet_propagation.hpp"

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
JetPropagation<T>::JetPropagation(const PackedLayout<T>& layout, Index n_tangents, Passes passes,
                                  Tangents tangents)
    : Propagation<T>(layout, n_tangents),
      n_tangents_(n_tangents),
      passes_(passes),
      tangents_(tangents),
      buffers_(layers_.size()) {
    const Index n_samples = this->block_samples();
    const Index most_rows = (1 + n_tangents) * n_samples;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Index width = layers_[l].out_stride;
        buffers_[l].z = this->zeros(most_rows, width);
        buffers_[l].a = this->zeros(most_rows, width);
        if (passes == Passes::forward_and_backward) {
            buffers_[l].s2 = this->zeros(n_samples, width);
        }
    }
    if (tangents == Tangents::given) {
        input_ = this->zeros(most_rows, layers_.front().in_stride);
    }
    if (passes == Passes::forward_and_backward) {
        adjoint_ = this->zeros(most_rows, this->widest());
        next_adjoint_ = this->zeros(most_rows, this->widest());
    }
}

template <class T>
void JetPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index stride = layers_.back().out_stride;
    const Index next_tangent = n_samples * stride;
    const T* outputs = buffers_.back().a.data();
    this->outputs_ = {outputs, stride, 1, 0};
    this->derivatives_ = {outputs + next_tangent, stride, 1, next_tangent};
    if (passes_ == Passes::forward_and_backward) {
        std::fill_n(adjoint_.begin(), n_rows() * stride, T(0));
        this->output_adjoints_ = {adjoint_.data(), stride, 1, 0};
        this->derivative_adjoints_ = {adjoint_.data() + next_tangent, stride, 1, next_tangent};
    }
}

template <class T>
void JetPropagation<T>::forward(const PackedParameters<T>& parameters) {
    first_products(parameters);
    activate(0);
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        this->multiply_by_transposed(parameters, layers_[l], n_rows(), buffers_[l - 1].a.data(),
                                     n_samples_, buffers_[l].z.data());
        activate(l);
    }
}

// In the first layer ȧ_k is the unit vector e_k, so ż_k is column k of W for every sample. Given
// directions stand behind the inputs: ż_k = W v_k.
template <class T>
void JetPropagation<T>::first_products(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    T* z = buffers_.front().z.data();
    if (tangents_ == Tangents::given) {
        this->multiply_by_transposed(parameters, layer, n_rows(), input_.data(), n_samples_, z);
        return;
    }
    this->multiply_by_transposed(parameters, layer, n_samples_, input_.data(), n_samples_, z);
    set_first_tangents(parameters, layer, n_tangents_, n_samples_,
                       z + n_samples_ * layer.out_stride);
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
    const Index n_tangents = n_tangents_;
    T* const z = buffers_[l].z.data();
    T* const a = buffers_[l].a.data();
    T* const s2 = buffers_[l].s2.data();
    const bool keep_slopes = passes_ == Passes::forward_and_backward;
    const bool keep_curvatures = keep_slopes && n_tangents > 0 && Sigma::curvature_is_kept;
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
    const Index n_tangents = n_tangents_;
    const T* const z = buffers_[l].z.data();  // s1, then the ż_k
    const T* const a = buffers_[l].a.data();
    const T* const s2 = buffers_[l].s2.data();
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
            if constexpr (Sigma::curvature_is_kept) {
                z_adjoint += load(s2 + at) * through_slope;
            } else {
                z_adjoint += Sigma::curvature(load(a + at), s1) * through_slope;
            }
        }
        store(adjoint + at, z_adjoint);
    }
}

template <class T>
void JetPropagation<T>::backward(const PackedParameters<T>& parameters, T* packed_gradient) {
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
    if (tangents_ == Tangents::given) {  // W̄ᵀ += Σ x z̄ᵀ + Σ v_k ż̄_kᵀ
        this->add_weights_gradient(0, n_rows(), adjoint_.data(), input_.data(), packed_gradient);
    } else {
        this->add_first_weights_gradient(n_tangents_, adjoint_.data(), packed_gradient);
    }
}

template class JetPropagation<float>;
template class JetPropagation<double>;

}  // namespace jetmlp
