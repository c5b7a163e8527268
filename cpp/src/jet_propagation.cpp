#include "jet_propagation.hpp"

#include "kernels/activations.hpp"
#include "kernels/product.hpp"

#include <algorithm>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::product;
using kernels::store;
using kernels::Vector;

namespace {

// Sum over rows: total[j] += Σ_i rows[i·stride + j] for j < width, a multiple of the vector length.
template <class T>
void add_column_sums(Index n_rows, Index width, const T* rows, T* total) {
    for (Index j = 0; j < width; j += lanes<T>) {
        Vector<T> sum{};
        for (Index i = 0; i < n_rows; ++i) {
            sum += load(rows + i * width + j);
        }
        store(total + j, load(total + j) + sum);
    }
}

}  // namespace

template <class T>
Index JetPropagation<T>::block_samples(Index n_tangents) {
    // About 128 rows of 64 numbers are a product large enough to run at full speed, and a few
    // such matrices per layer stay in the second-level cache.
    constexpr Index rows = 128;
    return std::max<Index>(1, rows / (1 + n_tangents));
}

template <class T>
JetPropagation<T>::JetPropagation(const PackedLayout<T>& layout, Index n_tangents, Passes passes)
    : layers_(layout.layers()),
      n_tangents_(n_tangents),
      passes_(passes),
      input_stride_(layers_.front().in_stride),
      buffers_(layers_.size()) {
    const Index n_samples = block_samples(n_tangents);
    const Index n_rows = (1 + n_tangents) * n_samples;
    const auto sized = [](Index rows, Index width) {
        return Buffer<T>(static_cast<std::size_t>(rows * width), T(0));
    };
    input_ = sized(n_samples, input_stride_);
    Index widest = 0;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Index width = layers_[l].out_stride;
        widest = std::max(widest, width);
        buffers_[l].z = sized(n_rows, width);
        buffers_[l].a = sized(n_rows, width);
        if (passes == Passes::forward_and_backward) {
            buffers_[l].s1 = sized(n_samples, width);
            buffers_[l].s2 = sized(n_samples, width);
        }
    }
    if (passes == Passes::forward_and_backward) {
        adjoint_ = sized(n_rows, widest);
        next_adjoint_ = sized(n_rows, widest);
    }
}

template <class T>
void JetPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    if (passes_ == Passes::forward_and_backward) {
        // The padding of the seed must be zero; what an earlier layer left there is not.
        std::fill_n(adjoint_.begin(), n_rows() * layers_.back().out_stride, T(0));
    }
}

template <class T>
void JetPropagation<T>::forward(const PackedParameters<T>& parameters) {
    first_products(parameters);
    activate(parameters.bias(layers_.front()), 0);
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        const PackedLayer& layer = layers_[l];
        if (layer.n_out <= kernels::most_dots<T>) {
            kernels::product_of_rows<T>(n_rows(), layer.n_out, layer.in_stride,
                                        buffers_[l - 1].a.data(), parameters.weights(layer),
                                        buffers_[l].z.data(), layer.out_stride);
        } else {
            product<T>(n_rows(), layer.out_stride, layer.n_in,
                       {buffers_[l - 1].a.data(), layer.in_stride, 1}, parameters.transposed(layer),
                       layer.out_stride, buffers_[l].z.data(), layer.out_stride, false);
        }
        activate(parameters.bias(layer), l);
    }
}

// In the first layer ȧ_k is the unit vector e_k, so ż_k is column k of W for every sample.
template <class T>
void JetPropagation<T>::first_products(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    const T* transposed = parameters.transposed(layer);
    T* z = buffers_.front().z.data();
    product<T>(n_samples_, layer.out_stride, layer.n_in, {input_.data(), input_stride_, 1},
               transposed, layer.out_stride, z, layer.out_stride, false);
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
        const PackedLayer& layer = layers_[l];
        activate_adjoint(l);
        add_column_sums(n_samples_, layer.out_stride, adjoint_.data(),
                        packed_gradient + layer.bias_gradient);
        T* const weights_gradient = packed_gradient + layer.weights_gradient;
        if (l == 0) {
            first_gradient(weights_gradient);
            return;
        }
        product<T>(layer.n_out, layer.in_stride, n_rows(), {adjoint_.data(), 1, layer.out_stride},
                   buffers_[l - 1].a.data(), layer.in_stride, weights_gradient, layer.in_stride,
                   true);
        product<T>(n_rows(), layer.in_stride, layer.n_out, {adjoint_.data(), layer.out_stride, 1},
                   parameters.weights(layer), layer.in_stride, next_adjoint_.data(),
                   layer.in_stride, false);
        std::swap(adjoint_, next_adjoint_);
    }
}

// W̄ᵀ += Σ x z̄ᵀ, and to row k of it the sum of ż̄_k, whose ȧ_k is e_k. Transposed, because with few
// inputs the rows of W̄ would fill few lanes.
template <class T>
void JetPropagation<T>::first_gradient(T* transposed_gradient) {
    const PackedLayer& layer = layers_.front();
    product<T>(layer.n_in, layer.out_stride, n_samples_, {input_.data(), 1, input_stride_},
               adjoint_.data(), layer.out_stride, transposed_gradient, layer.out_stride, true);
    for (Index k = 0; k < n_tangents_; ++k) {
        add_column_sums(n_samples_, layer.out_stride,
                        adjoint_.data() + (1 + k) * n_samples_ * layer.out_stride,
                        transposed_gradient + k * layer.out_stride);
    }
}

template class JetPropagation<float>;
template class JetPropagation<double>;

}  // namespace jetmlp
