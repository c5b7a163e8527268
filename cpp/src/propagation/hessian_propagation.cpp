#include "propagation/hessian_propagation.hpp"

#include "kernels/activations.hpp"
#include "kernels/product.hpp"
#include "kernels/transpose.hpp"
#include "propagation/symmetric_pairs.hpp"

#include <algorithm>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::padded;
using kernels::store;
using kernels::Vector;

template <class T>
HessianPropagation<T>::HessianPropagation(const PackedParameters<T>& parameters)
    : ForwardPropagation<T>(parameters.layout(),
                            std::max(parameters.layout().layers().front().n_in,
                                     parameters.layout().layers().back().n_out)),
      n_inputs_(layers_.front().n_in),
      n_outputs_(layers_.back().n_out),
      n_pairs_(n_pairs(n_inputs_)),
      pairs_stride_(padded<T>(n_pairs_)) {
    const Index n_samples = this->block_samples();
    z_ = this->layer_rows((1 + n_inputs_) * n_samples);
    a_ = this->layer_rows((1 + n_inputs_) * n_samples);
    s1_ = this->layer_rows(n_samples);
    s2_ = this->layer_rows(n_samples);
    const Index widest = this->widest();
    gradient_ = this->zeros(n_outputs_ * n_samples, widest);
    next_gradient_ = this->zeros(n_outputs_ * n_samples, widest);
    curvature_ = this->zeros(n_outputs_ * n_samples, widest);
    hessian_ = this->zeros(n_outputs_ * n_samples, pairs_stride_);
    if (sums_by_dots()) {
        scaled_ = this->zeros(1, widest);
        square_first_weights(parameters);
    } else {
        scaled_ = this->zeros(n_inputs_, widest);
        transposed_ = this->zeros(widest, layers_.front().in_stride);
        squares_ = this->zeros(n_outputs_ * n_samples * n_inputs_, layers_.front().in_stride);
    }
}

// With few inputs a product of matrices (d, width) and (width, d) would leave most lanes empty:
// below 8 they fill at most half of the widest vector of floats. Not by the lanes at hand: how sums
// are grouped must not depend on the level.
template <class T>
bool HessianPropagation<T>::sums_by_dots() const {
    constexpr Index few_inputs = 8;
    return n_inputs_ < few_inputs;
}

// In the first layer ∂z_j/∂x_k = W_jk for every sample.
template <class T>
void HessianPropagation<T>::square_first_weights(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    first_squares_ = this->zeros(layer.n_out, pairs_stride_);
    for (Index j = 0; j < layer.n_out; ++j) {
        const T* const weights = parameters.weights(layer) + j * layer.in_stride;
        T* square = first_squares_.data() + j * pairs_stride_;
        for (Index k = 0; k < n_inputs_; ++k) {
            for (Index l = k; l < n_inputs_; ++l) {
                *square++ = weights[k] * weights[l];
            }
        }
    }
}

template <class T>
void HessianPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    this->second_derivatives_ = {hessian_.data(), pairs_stride_, n_samples * pairs_stride_, 1};
    std::fill(hessian_.begin(), hessian_.end(), T(0));
    std::fill(squares_.begin(), squares_.end(), T(0));
}

template <class T>
void HessianPropagation<T>::forward(const PackedParameters<T>& parameters) {
    T* const z = z_.front().data();
    this->set_first_values(parameters, z);
    this->set_first_tangents(parameters, z + n_samples_ * layers_.front().out_stride);
    this->through_layers(parameters, (1 + n_inputs_) * n_samples_, z_, a_,
                         [this](std::size_t l) { activate(l); });
    sweep_gradients(parameters);
    if (!sums_by_dots()) {
        gather_upper_triangles();
    }
}

template <class T>
void HessianPropagation<T>::activate(std::size_t l) {
    const Index next = n_samples_ * layers_[l].out_stride;
    const Index n_inputs = n_inputs_;
    const T* const z = z_[l].data();
    T* const a = a_[l].data();
    T* const s1 = s1_[l].data();
    T* const s2 = s2_[l].data();
    kernels::visit(layers_[l].activation, [=]<class Sigma>(Sigma) {
        kernels::for_each_pack<T, Sigma::pack>(
            next, [=]<int N>(Index at) __attribute__((always_inline)) {
                const kernels::ActivationJet<T, N> jet = Sigma::at(load_pack<N>(z + at));
                store(a + at, jet.a);
                store(s1 + at, jet.s1);
                store(s2 + at, jet.s2);
                for (Index k = 1; k <= n_inputs; ++k) {
                    store(a + at + k * next, jet.s1 * load_pack<N>(z + at + k * next));
                }
            });
    });
}

template <class T>
void HessianPropagation<T>::sweep_gradients(const PackedParameters<T>& parameters) {
    const Index n_rows = n_outputs_ * n_samples_;
    const Index out_stride = layers_.back().out_stride;
    std::fill_n(gradient_.begin(), n_rows * out_stride, T(0));
    for (Index row = 0; row < n_rows; ++row) {
        gradient_[static_cast<std::size_t>(row * out_stride + row / n_samples_)] = T(1);
    }
    for (std::size_t l = layers_.size(); l > 0;) {
        --l;
        const Index width = layers_[l].out_stride;
        if (kernels::is_curved(layers_[l].activation)) {
            scale_gradients(s2_[l], width, curvature_.data());
            if (l == 0) {
                add_first_neurons(parameters);
            } else {
                add_neurons(l);
            }
        }
        if (l > 0) {
            scale_gradients(s1_[l], width, gradient_.data());
            this->multiply(parameters, layers_[l], n_rows, gradient_.data(), next_gradient_.data());
            std::swap(gradient_, next_gradient_);
        }
    }
}

// g ⊙ what is given for each sample.
template <class T>
void HessianPropagation<T>::scale_gradients(const Buffer<T>& slopes, Index width, T* to) const {
    const Index size = n_samples_ * width;
    for (Index o = 0; o < n_outputs_; ++o) {
        for (Index at = 0; at < size; at += lanes<T>) {
            store(to + o * size + at,
                  load(gradient_.data() + o * size + at) * load(slopes.data() + at));
        }
    }
}

template <class T>
void HessianPropagation<T>::add_first_neurons(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    const Index n_rows = n_outputs_ * n_samples_;
    if (sums_by_dots()) {
        kernels::product<T>(n_rows, pairs_stride_, layer.n_out,
                            {curvature_.data(), layer.out_stride, 1}, first_squares_.data(),
                            pairs_stride_, {hessian_.data(), pairs_stride_, n_rows},
                            hessian_.data(), pairs_stride_);
        return;
    }
    for (Index row = 0; row < n_rows; ++row) {  // W is the transpose of the tangents as it stands
        add_by_product(curvature_.data() + row * layer.out_stride, parameters.transposed(layer),
                       layer.out_stride, layer.n_out, parameters.weights(layer), row);
    }
}

template <class T>
void HessianPropagation<T>::add_neurons(std::size_t l) {
    const PackedLayer& layer = layers_[l];
    const Index width = layer.out_stride;
    const Index in_stride = layers_.front().in_stride;
    for (Index i = 0; i < n_samples_; ++i) {
        const T* const tangents = z_[l].data() + (n_samples_ + i) * width;
        if (!sums_by_dots()) {
            kernels::transpose(n_inputs_, layer.n_out, tangents, n_samples_ * width,
                               transposed_.data(), in_stride);
        }
        for (Index o = 0; o < n_outputs_; ++o) {
            const Index row = o * n_samples_ + i;
            if (sums_by_dots()) {
                add_by_dots(l, i, row);
            } else {
                add_by_product(curvature_.data() + row * width, tangents, n_samples_ * width,
                               layer.n_out, transposed_.data(), row);
            }
        }
    }
}

// For one sample and output: Σ_j c_j ż_kj ż_k'j for k ≤ k'.
template <class T>
void HessianPropagation<T>::add_by_dots(std::size_t l, Index sample, Index row) {
    const Index width = layers_[l].out_stride;
    const T* const curvatures = curvature_.data() + row * width;
    T* sum = hessian_.data() + row * pairs_stride_;
    Vector<T> partial[lanes<T>] = {};
    Index n_partial = 0;
    const auto add_sums = [&] {
        const Vector<T> sums = kernels::sums_of_lanes<T>(partial);
        for (Index i = 0; i < n_partial; ++i) {
            *sum++ += sums[i];
        }
        n_partial = 0;
    };
    const auto tangent = [&](Index k) {
        return z_[l].data() + ((1 + k) * n_samples_ + sample) * width;
    };
    for (Index k = 0; k < n_inputs_; ++k) {
        for (Index j = 0; j < width; j += lanes<T>) {
            store(scaled_.data() + j, load(curvatures + j) * load(tangent(k) + j));
        }
        for (Index other = k; other < n_inputs_; ++other) {
            partial[n_partial++] = kernels::partial_dot(width, scaled_.data(), tangent(other));
            if (n_partial == lanes<T>) {
                add_sums();
            }
        }
    }
    add_sums();
}

// The same as a product of (d, width) and (width, d), of which only blocks on and above the
// diagonal are computed.
template <class T>
void HessianPropagation<T>::add_by_product(const T* curvatures, const T* tangents,
                                           Index tangent_stride, Index width, const T* transposed,
                                           Index row) {
    const Index stride = layers_.front().in_stride;
    const Index scaled_stride = padded<T>(width);
    for (Index k = 0; k < n_inputs_; ++k) {
        for (Index j = 0; j < scaled_stride; j += lanes<T>) {
            store(scaled_.data() + k * scaled_stride + j,
                  load(curvatures + j) * load(tangents + k * tangent_stride + j));
        }
    }
    T* const square = squares_.data() + row * n_inputs_ * stride;
    constexpr Index block = kernels::tile_vectors * lanes<T>;
    for (Index k = 0; k < n_inputs_; k += block) {
        const Index rows = std::min(block, n_inputs_ - k);
        T* const sums = square + k * stride + k;
        kernels::product<T>(rows, stride - k, width,
                            {scaled_.data() + k * scaled_stride, scaled_stride, 1}, transposed + k,
                            stride, {sums, stride, rows}, sums, stride);
    }
}

template <class T>
void HessianPropagation<T>::gather_upper_triangles() {
    const Index stride = layers_.front().in_stride;
    for (Index row = 0; row < n_outputs_ * n_samples_; ++row) {
        const T* const square = squares_.data() + row * n_inputs_ * stride;
        T* pair = hessian_.data() + row * pairs_stride_;
        for (Index k = 0; k < n_inputs_; ++k) {
            pair = std::copy(square + k * stride + k, square + k * stride + n_inputs_, pair);
        }
    }
}

template class HessianPropagation<float>;
template class HessianPropagation<double>;

}  // namespace jetmlp
