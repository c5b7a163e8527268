#include "jet_propagation.hpp"

#include "kernels/activations.hpp"

#include <algorithm>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
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
            buffers_[l].s1 = this->zeros(n_samples, width);
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
    activate(parameters.bias(layers_.front()), 0);
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        this->multiply_by_transposed(parameters, layers_[l], n_rows(), buffers_[l - 1].a.data(),
                                     buffers_[l].z.data());
        activate(parameters.bias(layers_[l]), l);
    }
}

// In the first layer ȧ_k is the unit vector e_k, so ż_k is column k of W for every sample. Given
// directions stand behind the inputs: ż_k = W v_k.
template <class T>
void JetPropagation<T>::first_products(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    const T* transposed = parameters.transposed(layer);
    T* z = buffers_.front().z.data();
    if (tangents_ == Tangents::given) {
        this->multiply_by_transposed(parameters, layer, n_rows(), input_.data(), z);
        return;
    }
    this->multiply_by_transposed(parameters, layer, n_samples_, input_.data(), z);
    for (Index row = n_samples_; row < n_rows(); ++row) {
        const Index k = row / n_samples_ - 1;
        std::copy_n(transposed + k * layer.out_stride, layer.out_stride,
                    z + row * layer.out_stride);
    }
}

template <class T>
void JetPropagation<T>::activate(const T* bias, std::size_t l) {
    const Index width = layers_[l].out_stride;
    const Index next_tangent = n_samples_ * width;
    LayerBuffers& buffers = buffers_[l];
    const bool keep_slopes = passes_ == Passes::forward_and_backward;
    const bool keep_curvatures = keep_slopes && n_tangents_ > 0;
    kernels::visit(layers_[l].activation, [&]<class Sigma>(Sigma) {
        for (Index i = 0; i < n_samples_; ++i) {
            for (Index j = 0; j < width; j += lanes<T>) {
                const Index at = i * width + j;
                const Vector<T> z = load(buffers.z.data() + at) + load(bias + j);
                const kernels::ActivationJet<T> jet = Sigma::template at<T>(z);
                store(buffers.a.data() + at, jet.a);
                if (keep_slopes) {
                    store(buffers.s1.data() + at, jet.s1);
                }
                if (keep_curvatures) {
                    store(buffers.s2.data() + at, jet.s2);
                }
                for (Index k = 0; k < n_tangents_; ++k) {
                    const Index at_tangent = at + (1 + k) * next_tangent;
                    store(buffers.a.data() + at_tangent,
                          jet.s1 * load(buffers.z.data() + at_tangent));
                }
            }
        }
    });
}

template <class T>
void JetPropagation<T>::activate_adjoint(std::size_t l) {
    const Index width = layers_[l].out_stride;
    const Index next_tangent = n_samples_ * width;
    const LayerBuffers& buffers = buffers_[l];
    for (Index at = 0; at < next_tangent; at += lanes<T>) {
        const Vector<T> s1 = load(buffers.s1.data() + at);
        Vector<T> z_adjoint = s1 * load(adjoint_.data() + at);
        if (n_tangents_ > 0) {
            Vector<T> through_slope{};
            for (Index k = 0; k < n_tangents_; ++k) {
                const Index at_tangent = at + (1 + k) * next_tangent;
                const Vector<T> tangent_adjoint = load(adjoint_.data() + at_tangent);
                through_slope += load(buffers.z.data() + at_tangent) * tangent_adjoint;
                store(adjoint_.data() + at_tangent, s1 * tangent_adjoint);
            }
            z_adjoint += load(buffers.s2.data() + at) * through_slope;
        }
        store(adjoint_.data() + at, z_adjoint);
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
    add_first_weights_gradient(packed_gradient);
}

// W̄ᵀ += Σ x z̄ᵀ, and to row k of it the sum of ż̄_k, whose ȧ_k is e_k; of given directions
// Σ v_k ż̄_kᵀ.
template <class T>
void JetPropagation<T>::add_first_weights_gradient(T* packed_gradient) const {
    if (tangents_ == Tangents::given) {
        this->add_weights_gradient(0, n_rows(), adjoint_.data(), input_.data(), packed_gradient);
        return;
    }
    this->add_weights_gradient(0, n_samples_, adjoint_.data(), input_.data(), packed_gradient);
    const PackedLayer& layer = layers_.front();
    for (Index k = 0; k < n_tangents_; ++k) {
        add_column_sums(n_samples_, layer.out_stride,
                        adjoint_.data() + (1 + k) * n_samples_ * layer.out_stride,
                        packed_gradient + layer.weights_gradient + k * layer.out_stride);
    }
}

template class JetPropagation<float>;
template class JetPropagation<double>;

}  // namespace jetmlp
