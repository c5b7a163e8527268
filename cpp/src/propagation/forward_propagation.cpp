#include "propagation/forward_propagation.hpp"

#include "kernels/product.hpp"

#include <jetmlp/machine/checked_size.hpp>

#include <algorithm>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::product;
using kernels::store;

template <class T>
ForwardPropagation<T>::ForwardPropagation(const PackedLayout<T>& layout, Index n_derivative_rows)
    : layers_(layout.layers()) {
    block_samples_ = std::max<Index>(1, block_rows / (1 + n_derivative_rows));
    input_ = zeros(block_samples_, layers_.front().in_stride);
}

template <class T>
Buffer<T> ForwardPropagation<T>::zeros(Index rows, Index width) {
    return Buffer<T>(count_of(rows, width), T(0));
}

template <class T>
typename ForwardPropagation<T>::LayerRows ForwardPropagation<T>::layer_rows(Index rows) const {
    LayerRows of_layers;
    of_layers.reserve(layers_.size());
    for (const PackedLayer& layer : layers_) {
        of_layers.push_back(zeros(rows, layer.out_stride));
    }
    return of_layers;
}

template <class T>
void ForwardPropagation<T>::multiply_by_transposed(const PackedParameters<T>& parameters,
                                                   const PackedLayer& layer, Index rows, const T* a,
                                                   Index biased, T* c) {
    const T* const bias = parameters.bias(layer);
    if (layer.n_out <= kernels::most_dots<T>) {
        kernels::product_of_rows<T>(rows, layer.n_out, layer.in_stride, a,
                                    parameters.weights(layer), bias, biased, c, layer.out_stride);
    } else {
        product<T>(rows, layer.out_stride, layer.n_in, {a, layer.in_stride, 1},
                   parameters.transposed(layer), layer.out_stride, {bias, 0, biased}, c,
                   layer.out_stride);
    }
}

template <class T>
void ForwardPropagation<T>::multiply(const PackedParameters<T>& parameters,
                                     const PackedLayer& layer, Index rows, const T* a, T* c) {
    product<T>(rows, layer.in_stride, layer.n_out, {a, layer.out_stride, 1},
               parameters.weights(layer), layer.in_stride, c, layer.in_stride, false);
}

template <class T>
void ForwardPropagation<T>::set_first_values(const PackedParameters<T>& parameters, T* z) const {
    multiply_by_transposed(parameters, layers_.front(), n_samples_, input_.data(), n_samples_, z);
}

template <class T>
void ForwardPropagation<T>::set_first_tangents(const PackedParameters<T>& parameters, T* z) const {
    const PackedLayer& layer = layers_.front();
    for (Index k = 0; k < layer.n_in; ++k) {
        const T* const column = parameters.transposed(layer) + k * layer.out_stride;
        for (Index i = 0; i < n_samples_; ++i, z += layer.out_stride) {
            for (Index j = 0; j < layer.out_stride; j += lanes<T>) {
                store(z + j, load(column + j));
            }
        }
    }
}

template <class T>
Index ForwardPropagation<T>::widest() const {
    Index width = layers_.front().in_stride;
    for (const PackedLayer& layer : layers_) {
        width = std::max(width, layer.out_stride);
    }
    return width;
}

template class ForwardPropagation<float>;
template class ForwardPropagation<double>;

}  // namespace jetmlp
